/* SPDX-License-Identifier: ISC */
/* test_replay - requests of the past: what is read, what is skipped, what would
 * change; and that no damage to a file can do harm */

#include "policyd/query/replay.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "lib/base/trust.h"
#include "lib/decision/judgement.h"
#include "policyd/query/replay_group.h"
#include "policyd/query/replay_input.h"
#include "policyd/serve/capture.h"
#include "t/unit/place_config.h"

#define CAPTURES	  TEST_DATA "/captures"
#define REQUEST		  "request=smtpd_access_policy\n"
#define DOCKER(log, rest) "{\"log\":\"" log "\"," rest "}\n"
#define LINE		  LINE_TEXT "\n"
#define LINE_TEXT                                                            \
	"policyd[1]: id=1 service=s verdict=reject restriction=reject "      \
	"destination=default client=[192.0.2.1]:1 helo=h from=<a> to=<b@c> " \
	"tls=none sasl=none instance=i us=1"

/* The results of the reader. */
struct seen {
	unsigned long requests;
	unsigned long reported;
	char text[1024]; /* recipients, with the lines where they begin */
};

static void see(void *context, const struct request *request,
		const struct reported *reported,
		const struct replay_place *place)
{
	struct seen *seen = context;
	size_t length = strlen(seen->text);

	seen->requests++;
	seen->reported += reported != NULL;
	snprintf(seen->text + length, sizeof(seen->text) - length, "%lu:%s ",
		 place->line, request->recipient);
}

/* read_text - a text as a file */
static void read_text(struct replay_reader *reader, struct seen *seen,
		      const char *bytes, size_t length)
{
	char *path = place_path("input");
	FILE *file = fopen(path, "w");
	struct error error;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
	memset(seen, 0, sizeof(*seen));
	*reader = (struct replay_reader){ .context = seen,
					  .request = see,
					  .quiet = true };
	ck_assert_int_eq(replay_read(reader, path, &error), 0);
	free(path);
}

static const struct {
	const char *text, *seen;
	unsigned long skipped[SKIP_COUNT];
} inputs[] = {
	{ "", "", { 0 } },
	{ "\n\n\n", "", { 0 } },
	{ REQUEST "recipient=a\n\n" REQUEST "recipient=b\n\n",
	  "1:a 4:b ",
	  { 0 } },
	{ "recipient=a\n" REQUEST "\n", "1:a ", { 0 } },
	{ "\n\n" REQUEST "recipient=a\n\n\n", "3:a ", { 0 } },
	{ LINE LINE, "1:b@c 2:b@c ", { 0 } },
	{ LINE REQUEST "recipient=a\n\n" LINE, "1:b@c 2:a 5:b@c ", { 0 } },
	/* From a system with other line ends. */
	{ "request=smtpd_access_policy\r\nrecipient=a\r\n\r\n"
	  "policyd[1]: id=1\r\n" LINE,
	  "1:a 5:b@c ",
	  { [SKIP_FOREIGN] = 1 } },
	{ REQUEST "recipient=a\r\n\n", "1:a\r ", { 0 } },
	/* Of a container. */
	{ DOCKER(LINE_TEXT "\\n", "\"stream\":\"stderr\",\"time\":\"\""),
	  "1:b@c ",
	  { 0 } },
	{ DOCKER(LINE_TEXT "\\n" LINE_TEXT "\\n", "\"stream\":\"x\""),
	  "",
	  { [SKIP_FOREIGN] = 1 } },
	{ DOCKER("Nov 24 15:00:00 mx dovecot: " LINE_TEXT "\\n",
		 "\"stream\":\"x\""),
	  "",
	  { [SKIP_FOREIGN] = 1 } },
	{ DOCKER(LINE_TEXT, "\"stream\":1"), "", { [SKIP_FOREIGN] = 1 } },
	{ "{\"log\":\n{\"\n{}\n", "", { [SKIP_FOREIGN] = 3 } },
	{ "2026-11-24T15:00:00.123456789+01:00 stderr F " LINE,
	  "1:b@c ",
	  { 0 } },
	{ "2026-11-24T15:00:00Z stdout F " LINE, "1:b@c ", { 0 } },
	{ "2026-11-24T15:00:00Z stdout P " LINE, "", { [SKIP_FOREIGN] = 1 } },
	{ "2026-11-24T15:00:00Z other F " LINE, "", { [SKIP_FOREIGN] = 1 } },
	/* Without an end. */
	{ REQUEST "recipient=a\n", "", { [SKIP_TRUNCATED] = 1 } },
	{ REQUEST "recipient=a", "", { [SKIP_TRUNCATED] = 1 } },
	{ REQUEST "recipient=a\n" REQUEST "recipient=b\n\n",
	  "3:b ",
	  { [SKIP_TRUNCATED] = 1 } },
	{ REQUEST "recipient=a\n" LINE, "3:b@c ", { [SKIP_TRUNCATED] = 1 } },
	{ REQUEST "helo_name=x " LINE "\n", "1: ", { 0 } },
	/* No request that a server would answer. */
	{ REQUEST "recipient=a\nrecipient=b\n\n" REQUEST "recipient=c\n\n",
	  "5:c ",
	  { [SKIP_MALFORMED] = 1 } },
	{ REQUEST "word\n\n", "", { [SKIP_MALFORMED] = 1 } },
	{ "request=x\nrecipient=a\n\n", "", { [SKIP_MALFORMED] = 1 } },
	{ "recipient=a\n\n", "", { [SKIP_MALFORMED] = 1 } },
	/* Other lines. */
	{ "word\n" LINE, "2:b@c ", { [SKIP_FOREIGN] = 1 } },
	{ "mx postfix/smtpd[1]: connect from x\n" LINE,
	  "2:b@c ",
	  { [SKIP_FOREIGN] = 1 } },
	{ "mx postfix/smtpd[1]: helo=<" LINE, "", { [SKIP_FOREIGN] = 1 } },
	{ "policyd[1]: id=1 service=s verdict=permit\n" LINE,
	  "2:b@c ",
	  { [SKIP_DAMAGED] = 1 } },
	{ REQUEST "recipient=a\nmx dovecot: user=<" LINE "\n", "1:a ", { 0 } },
};

START_TEST(reads_requests_and_log_lines)
{
	struct replay_reader reader;
	struct seen seen;
	int i;

	read_text(&reader, &seen, inputs[_i].text, strlen(inputs[_i].text));
	ck_assert_str_eq(seen.text, inputs[_i].seen);
	for (i = 0; i < SKIP_COUNT; i++)
		ck_assert_uint_eq(reader.skipped[i], inputs[_i].skipped[i]);
	ck_assert_uint_eq(reader.judged, seen.requests);
}
END_TEST

/* A log in which other programs quote what looks like lines of ours. */
START_TEST(believes_no_forged_line)
{
	struct seen seen = { 0 };
	struct replay_reader reader = { .context = &seen,
					.request = see,
					.quiet = true };
	struct error error;

	ck_assert_int_eq(replay_read(&reader, TEST_DATA "/log/forged", &error),
			 0);
	ck_assert_str_eq(seen.text, "1:user@far.example ");
	ck_assert_uint_eq(reader.skipped[SKIP_FOREIGN], 4);
}
END_TEST

/* Limits are those of the server. */
START_TEST(has_the_limits_of_the_server)
{
	static char big[3 * REQUEST_BYTES_MAX];
	struct replay_reader reader;
	struct seen seen;
	char *end;
	int i;

	/* A line with one byte too many. */
	end = stpcpy(big, REQUEST "recipient=");
	memset(end, 'a', REQUEST_LINE_MAX - 9);
	strcpy(end + REQUEST_LINE_MAX - 9, "\n\n" LINE);
	read_text(&reader, &seen, big, strlen(big));
	ck_assert_uint_eq(reader.skipped[SKIP_MALFORMED], 1);
	ck_assert_uint_eq(seen.requests, 1);
	/* More lines than allowed, of a request that grows too large. */
	end = stpcpy(big, REQUEST);
	for (i = 0; i < 10000; i++)
		end = stpcpy(end, "a=b c d e\n");
	strcpy(end, "\n" LINE);
	read_text(&reader, &seen, big, strlen(big));
	ck_assert_uint_eq(reader.skipped[SKIP_MALFORMED], 1);
	ck_assert_uint_eq(seen.requests, 1);
	/* A line longer than anything, and a NUL. */
	memset(big, 'x', sizeof(big));
	memcpy(big + sizeof(big) - strlen(LINE) - 1, "\n" LINE,
	       strlen(LINE) + 1);
	read_text(&reader, &seen, big, sizeof(big));
	ck_assert_uint_eq(reader.skipped[SKIP_FOREIGN], 1);
	ck_assert_uint_eq(seen.requests, 1);
	read_text(&reader, &seen, REQUEST "recipient=a\0b\n\n",
		  strlen(REQUEST) + 15);
	ck_assert_uint_eq(reader.skipped[SKIP_MALFORMED], 1);
	read_text(&reader, &seen, "policyd[1]: id=1\0 x\n" LINE,
		  strlen(LINE) + 20);
	ck_assert_uint_eq(reader.skipped[SKIP_DAMAGED], 1);
	ck_assert_uint_eq(seen.requests, 1);
}
END_TEST

START_TEST(says_what_cannot_be_read)
{
	struct replay_reader reader = { .quiet = true };
	struct error error;

	ck_assert_int_eq(replay_read(&reader, "/nonexistent/log", &error), -1);
	ck_assert_str_eq(error.text,
			 "/nonexistent/log: No such file or directory");
	ck_assert_int_eq(replay_read(&reader, "/", &error), -1);
	ck_assert_str_eq(error.text, "/: is a directory");
}
END_TEST

/* ---- damage */

/* random_below - repeatable */
static unsigned random_below(unsigned limit)
{
	static unsigned long long state = 20261124;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state >> 33) % limit;
}

/* read_captures - all of them, one behind the other, and some lines */
static char *read_captures(size_t *length)
{
	DIR *directory = opendir(CAPTURES);
	char *all = xcalloc(1, 1);
	struct dirent *entry;

	*length = 0;
	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		char *path;
		char *bytes;
		size_t size;

		if (strstr(entry->d_name, ".req") == NULL)
			continue;
		path = xasprintf(CAPTURES "/%s", entry->d_name);
		bytes = read_whole(path, &size);
		all = xreallocarray(all, *length + size + sizeof(LINE), 1);
		memcpy(all + *length, bytes, size);
		memcpy(all + *length + size, LINE, sizeof(LINE) - 1);
		*length += size + sizeof(LINE) - 1;
		free(bytes);
		free(path);
	}
	closedir(directory);
	return all;
}

/* mutate - one damage; returns the new length */
static size_t mutate(char *bytes, size_t length, const char *from,
		     size_t from_length)
{
	static const char interesting[] = "\n=\0\\[]<>: \xff\xc3";
	size_t at = random_below((unsigned)length);
	size_t part = 1 + random_below(64);
	size_t source = random_below((unsigned)(from_length - 64));

	switch (random_below(5)) {
	case 0:
		bytes[at] = (char)random_below(256);
		return length;
	case 1:
		bytes[at] = interesting[random_below(
			(unsigned)sizeof(interesting) - 1)];
		return length;
	case 2: /* cut out */
		part = part < length - at ? part : length - at;
		memmove(bytes + at, bytes + at + part, length - at - part);
		return length - part > 0 ? length - part : 1;
	case 3: /* overwrite with something from elsewhere */
		part = part < length - at ? part : length - at;
		memcpy(bytes + at, from + source, part);
		return length;
	default:
		return at > 0 ? at : 1; /* cut off */
	}
}

/* The requests of a damaged file that are judged: the whole way. */
static void judge_mutant(void *context, const struct request *request,
			 const struct reported *reported,
			 const struct replay_place *place)
{
	const struct config *config = *(struct config **)context;
	static struct judgement judgement;
	const struct service *service =
		replay_service(config, request, reported);
	char reply[REPLY_MAX];
	char client[REPLY_CLIENT_MAX];
	size_t length;

	(void)place;
	ck_assert_int_eq(judgement_now(&judgement, service, config->resolver,
				       request, 0),
			 0);
	length = reply_write(reply, &judgement.evaluation.decision,
			     &judgement.facts, &service->reply, "ID");
	ck_assert_uint_lt(length, REPLY_MAX);
	ck_assert_str_eq(reply + length - 2, "\n\n");
	reply_client(client, reply + strlen("action="), request);
}

START_TEST(survives_damaged_input)
{
	struct config_load_options how = { .unserved = true };
	struct config_messages messages = { 0 };
	size_t all_length;
	char *all = read_captures(&all_length);
	struct config *config;
	char *mutant = xmalloc(4096);
	unsigned long judged = 0;
	unsigned long skipped = 0;
	/* In memory: that many files would keep a busy disk busy. */
	int fd = memfd_create("mutant", MFD_CLOEXEC);
	char *path = xasprintf("/proc/self/fd/%d", fd);
	const int count = mutants(100000);
	struct error error;
	int i, k;

	place_write("conf", "mydestination = 'local.test, localhost'\n"
			    "service 's' { server_port = 25 }\n");
	config = place_load("conf", &how, &messages);
	for (i = 0; i < count; i++) {
		struct replay_reader reader = { .context = &config,
						.request = judge_mutant,
						.quiet = true };
		size_t length = 1024 + random_below(2048);
		size_t from = random_below((unsigned)(all_length - length));

		memcpy(mutant, all + from, length);
		for (k = (int)random_below(6); k >= 0; k--)
			length = mutate(mutant, length, all, all_length);
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(pwrite(fd, mutant, length, 0), (int)length);
		if (replay_read(&reader, path, &error) < 0)
			ck_abort_msg("%s", error.text);
		judged += reader.judged;
		for (k = 0; k < SKIP_COUNT; k++)
			skipped += reader.skipped[k];
	}
	/* Most have something left that can be judged, all have damage. */
	ck_assert_uint_gt(judged, (unsigned long)count / 4);
	ck_assert_uint_gt(skipped, (unsigned long)count / 2);
	printf("%d damaged files: %lu judged, %lu skipped\n", count, judged,
	       skipped);
	close(fd);
	free(path);
	free(mutant);
	free(all);
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* ---- capture */

/* size_of - a file of the ring; -1: there is none */
static long size_of(unsigned number)
{
	char name[32];
	struct stat status;
	char *path;
	int result;

	snprintf(name, sizeof(name), "ring/capture.%u", number);
	path = place_path(name);
	result = stat(path, &status);
	free(path);
	if (result < 0)
		return -1;
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	return (long)status.st_size;
}

START_TEST(reads_a_ring_of_captures_in_order)
{
	static char request[40000];
	char *path = place_path("ring");
	struct capture *capture;
	struct replay_reader reader;
	struct seen seen;
	struct error error;
	mode_t mask;
	unsigned i;

	ck_assert_int_eq(mkdir(path, 0755), 0);
	mask = umask(0);
	capture = capture_new(path, 3, TRUST_NOBODY, &error);
	umask(mask);
	ck_assert_msg(capture != NULL, "%s", error.text);
	memset(request, 'a', sizeof(request));
	memcpy(request, REQUEST "recipient=x\nstress=", 47);
	memcpy(request + sizeof(request) - 2, "\n\n", 2);
	ck_assert_int_eq(size_of(0), 0);
	/* Enough for the first file to be written twice. */
	for (i = 0; i < 3 * (CAPTURE_FILE_BYTES / sizeof(request)) + 1; i++)
		capture_write(capture, request, sizeof(request));
	ck_assert_int_eq(size_of(0), (long)sizeof(request));
	ck_assert_int_gt(size_of(1),
			 (long)(CAPTURE_FILE_BYTES - sizeof(request)));
	ck_assert_int_le(size_of(1), (long)CAPTURE_FILE_BYTES);
	ck_assert_int_eq(size_of(3), -1);
	capture_free(capture);
	/* The next one continues where this one was, not where it began. */
	capture = capture_new(path, 3, TRUST_NOBODY, &error);
	capture_write(capture, REQUEST "recipient=y\n\n",
		      strlen(REQUEST "recipient=y\n\n"));
	ck_assert_int_eq(size_of(0), (long)(sizeof(request) +
					    strlen(REQUEST "recipient=y\n\n")));
	capture_free(capture);
	capture_write(NULL, request, sizeof(request));
	reader = (struct replay_reader){ .context = &seen,
					 .request = see,
					 .quiet = true };
	memset(&seen, 0, sizeof(seen));
	free(path);
	path = place_path("ring/capture.0");
	ck_assert_int_eq(replay_read(&reader, path, &error), 0);
	/* The long one has a line over the limit, as it would have had then. */
	ck_assert_uint_eq(reader.skipped[SKIP_MALFORMED], 1);
	ck_assert_str_eq(seen.text, "5:y ");
	free(path);
}
END_TEST

/* Directories and files that will not do. */
START_TEST(refuses_what_is_no_ring)
{
	static const struct {
		const char *command, *reason;
	} bad[] = {
		{ "true", "No such file" },
		{ "touch ring", "Not a directory" },
		{ "mkdir d; ln -s d ring", "Not a directory" },
		{ "mkdir -m 777 ring", "written by everybody" },
		{ "mkdir ring; touch x; ln x ring/capture.1", "regular file" },
		{ "mkdir ring; ln -s ../x ring/capture.0", "Too many levels" },
		{ "mkdir -p ring/capture.0", "Is a directory" },
		{ "mkdir ring; mkfifo ring/capture.1", "No such device" },
	};
	char *path = place_path("ring");
	struct error error;

	run_shell("cd %s && { %s; }", place_directory, bad[_i].command);
	ck_assert_ptr_null(capture_new(path, 2, TRUST_NOBODY, &error));
	ck_assert_msg(strstr(error.text, bad[_i].reason) != NULL, "%s",
		      error.text);
	free(path);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("replay");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, reads_requests_and_log_lines, 0,
			    COUNT(inputs));
	tcase_add_test(tests, believes_no_forged_line);
	tcase_add_test(tests, has_the_limits_of_the_server);
	tcase_add_test(tests, says_what_cannot_be_read);
	tcase_add_test(tests, survives_damaged_input);
	tcase_add_test(tests, reads_a_ring_of_captures_in_order);
	tcase_add_loop_test(tests, refuses_what_is_no_ring, 0, 8);
	return run_tests("replay", tests);
}
