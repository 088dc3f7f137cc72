/* SPDX-License-Identifier: ISC */
/* test_trust - files that others could change, of every kind that root opens */

#include "lib/base/trust.h"

#include <fcntl.h>

#include "lib/base/log.h"
#include "policyd/process/pid_file.h"
#include "policyd/serve/capture.h"
#include "t/unit/place_config.h"

#define STRANGER 12345
#define SERVER	 65534 /* as whom servers run here */

/* The problem. */
enum fault {
	NOTHING = 0,
	THE_FILE = 1,
	DIRECTORY = 2, /* others can exchange the file */
	STICKY = 4,    /* others can only make it first */
	SERVERS = 8,   /* it belongs to the user of the servers */
	LINK = 16,     /* its name is a symbolic link */
};

/* A file, the directory that it is in, and perhaps a link to it elsewhere. */
static const struct {
	enum fault fault;
	uid_t owner;
	gid_t group;
	mode_t mode;
	uid_t directory_owner;
	gid_t directory_group;
	mode_t directory_mode;
	bool link;
	const char *text; /* of the complaint */
} states[] = {
	{ NOTHING, 0, 0, 0644, 0, 0, 0755, false, "" },
	{ NOTHING, 0, STRANGER, 0644, 0, STRANGER, 0755, false, "" },
	{ NOTHING, 0, 0, 0660, 0, 0, 0770, false, "" },
	{ THE_FILE, STRANGER, 0, 0600, 0, 0, 0755, false, "belongs to user" },
	{ THE_FILE, 0, 0, 0646, 0, 0, 0755, false, "written by everybody" },
	{ THE_FILE, 0, STRANGER, 0660, 0, 0, 0755, false, "written by group" },
	{ DIRECTORY, 0, 0, 0644, STRANGER, 0, 0755, false, "belongs to user" },
	{ DIRECTORY, 0, 0, 0644, 0, 0, 0757, false, "written by everybody" },
	{ DIRECTORY, 0, 0, 0644, 0, STRANGER, 0775, false, "written by group" },
	{ STICKY, 0, 0, 0644, 0, 0, 01777, false, "written by everybody" },
	{ STICKY, 0, 0, 0644, 0, STRANGER, 01775, false, "written by group" },
	{ SERVERS, SERVER, 0, 0600, 0, 0, 0755, false, "belongs to user" },
	{ LINK, 0, 0, 0644, 0, 0, 0755, true, "" },
	{ LINK | THE_FILE, STRANGER, 0, 0644, 0, 0, 0755, true,
	  "belongs to user" },
	{ LINK | DIRECTORY, 0, 0, 0644, 0, 0, 0757, true,
	  "written by everybody" },
	{ LINK | STICKY, 0, 0, 0644, 0, 0, 01777, true,
	  "written by everybody" },
};

/* warnings - of a configuration, as one text */
static void warnings(const char *text, char complaint[4096])
{
	struct config_messages messages = { 0 };
	size_t length = 0;
	size_t i;

	place_write("policyd.conf", text);
	config_free(place_load("policyd.conf",
			       &(struct config_load_options){ 0 }, &messages));
	for (i = 0; i < messages.count; i++)
		length += (size_t)snprintf(complaint + length, 4096 - length,
					   "%s\n", messages.lines[i]);
	config_messages_clear(&messages);
}

static void try_list(const char *path, char complaint[4096])
{
	(void)path;
	warnings("listen \"inet:127.0.0.1:1\" { }\nuser = \"nobody\"\n"
		 "relay_domains = \"@/f\"\n",
		 complaint);
}

static void try_table(const char *path, char complaint[4096])
{
	(void)path;
	warnings("listen \"inet:127.0.0.1:1\" { }\nuser = \"nobody\"\n"
		 "relay_domains = \"texthash:@/f\"\n",
		 complaint);
}

static void try_networks(const char *path, char complaint[4096])
{
	(void)path;
	warnings("listen \"inet:127.0.0.1:1\" { }\nuser = \"nobody\"\n"
		 "mynetworks = \"cidr:@/f\"\ntable_refresh = 0\n",
		 complaint);
}

static void try_config(const char *path, char complaint[4096])
{
	struct config_messages messages = { 0 };
	struct config *config = config_load(path, &messages);

	if (config == NULL)
		snprintf(complaint, 4096, "%s", messages.lines[0]);
	config_messages_clear(&messages);
	config_free(config);
}

static void try_log(const char *path, char complaint[4096])
{
	struct error error = { "" }, check = { "" };
	int result = log_open_for(path, SERVER, &error);

	ck_assert_int_eq(log_check(path, SERVER, &check), result);
	if (result < 0)
		snprintf(complaint, 4096, "%s", error.text);
	log_open("stderr", NULL);
}

static void try_pid_file(const char *path, char complaint[4096])
{
	struct pid_file file = { 0 };
	struct error error = { "" }, check = { "" };
	int result = pid_file_lock(&file, path, &error);

	ck_assert_int_eq(pid_file_check(path, &check), result);
	if (result < 0)
		snprintf(complaint, 4096, "%s", error.text);
	pid_file_remove(&file);
}

static void try_capture(const char *path, char complaint[4096])
{
	char *directory = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct error error = { "" };
	struct capture *capture = capture_new(directory, 2, SERVER, &error);

	if (capture == NULL)
		snprintf(complaint, 4096, "%s", error.text);
	capture_free(capture);
	free(directory);
}

/* The kinds, and what each of them complains of. */
static const struct {
	const char *content;
	void (*try)(const char *path, char complaint[4096]);
	unsigned faults;
	const char *link; /* what is said of any symbolic link, or NULL */
} kinds[] = {
	{ "relay.test\n", try_list, THE_FILE | DIRECTORY | STICKY, NULL },
	{ "relay.test x\n", try_table, THE_FILE | DIRECTORY | STICKY, NULL },
	{ "192.0.2.0/24 x\n", try_networks, THE_FILE | DIRECTORY | STICKY,
	  NULL },
	{ "log = stderr\n", try_config, THE_FILE | DIRECTORY | SERVERS,
	  "symbolic link" },
	{ "", try_log, THE_FILE, "symbolic" },
	{ "", try_pid_file, THE_FILE | SERVERS, "symbolic link" },
	{ "", try_capture, THE_FILE | DIRECTORY | STICKY, "symbolic" },
};

#define STATES COUNT(states)
#define KINDS  COUNT(kinds)

/* set - owner, group and mode */
static void set(const char *path, uid_t owner, gid_t group, mode_t mode)
{
	ck_assert_int_eq(chown(path, owner, group), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(each_kind_of_file_in_each_state)
{
	int kind = _i / STATES, state = _i % STATES;
	const char *name = kinds[kind].try == try_capture ? "capture.0" : "f";
	char *directory = place_path("d"), *safe = place_path("s");
	char *file = xasprintf("%s/%s", directory, name);
	char *link = xasprintf("%s/%s", safe, name);
	const char *path = states[state].link ? link : file;
	char *plain = place_path("f");
	char *below = xasprintf("d/%s", name);
	char complaint[4096] = "";
	unsigned faults = states[state].fault & kinds[kind].faults;
	const char *expected = faults != 0 ? states[state].text : "";

	ck_assert_int_eq(mkdir(directory, 0755), 0);
	ck_assert_int_eq(mkdir(safe, 0755), 0);
	/* Lists go through a link that root has made, in any case. */
	ck_assert_int_eq(symlink(states[state].link ? "s/f" : "d/f", plain), 0);
	ck_assert_int_eq(symlink(file, link), 0);
	place_write(below, kinds[kind].content);
	set(file, states[state].owner, states[state].group, states[state].mode);
	set(directory, states[state].directory_owner,
	    states[state].directory_group, states[state].directory_mode);
	kinds[kind].try(path, complaint);
	if (states[state].link && kinds[kind].link != NULL)
		expected = kinds[kind].link;
	ck_assert_msg(*expected != '\0' ? strstr(complaint, expected) != NULL
					: *complaint == '\0',
		      "kind %d, state %d: \"%s\", not \"%s\"", kind, state,
		      complaint, expected);
	free(below);
	free(plain);
	free(link);
	free(safe);
	free(directory);
	free(file);
}
END_TEST

/* Directories in which others can make files before us. */
START_TEST(a_shared_directory_is_warned_of)
{
	static const char *const expected[] = {
		"policyd.conf: warning: its directory",
		"2: warning: log: ",
		"3: warning: pid_file: ",
		"4: warning: capture: ",
		"1: warning: listen: the directory",
	};
	char complaint[4096] = "";
	size_t i;

	ck_assert_int_eq(chmod(place_directory, 01777), 0);
	warnings("listen \"unix:@/s\" { }\nlog = \"@/l\"\n"
		 "pid_file = \"@/p\"\ncapture = \"@\"\n",
		 complaint);
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		ck_assert_msg(strstr(complaint, expected[i]) != NULL,
			      "no \"%s\" in: %s", expected[i], complaint);
	ck_assert_ptr_null(strstr(complaint, "chmod o-w"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("trust");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, each_kind_of_file_in_each_state, 0,
			    STATES * KINDS);
	tcase_add_test(tests, a_shared_directory_is_warned_of);
	return run_tests("trust", tests);
}
