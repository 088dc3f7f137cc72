/* SPDX-License-Identifier: ISC */
/* test_config_sample - the sample loads, has every option, and says the
 * defaults; neither it nor another file permits more when it is cut short
 * anywhere */

#include <check.h>

#include "lib/config/config_assign.h"
#include "lib/config/config_scan.h"
#include "t/unit/test.h"
#include "t/unit/config/printing.h"

#define SAMPLE TEST_DATA "/../../etc/policyd.conf"

/* ---- the sample */

START_TEST(the_sample_loads)
{
	struct config_messages messages;
	struct config *config;
	struct file_place place;
	char *text = read_path(SAMPLE);

	file_place_make(&place);
	write_file(place.path, text, strlen(text));
	config = config_load(place.path, &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(messages.errors, 0);
	config_free(config);
	config_messages_clear(&messages);
	file_place_remove(&place);
	free(text);
}
END_TEST

/* left_out - its default depends on where we are */
static bool left_out(const char *line)
{
	return strncmp(line, "#myhostname ", 12) == 0 ||
	       strncmp(line, "#mydomain ", 10) == 0 ||
	       (geteuid() != 0 && strncmp(line, "#user ", 6) == 0);
}

/* drop_remote - a listener or a store in TLS: without its files it is
 * refused */
static void drop_remote(char *text, const char *start)
{
	char *from = strstr(text, start);
	char *to = from != NULL ? strstr(from, "\n#}") : NULL;

	ck_assert_ptr_nonnull(to);
	memmove(from, to + 3, strlen(to + 3) + 1);
}

/* sample_settings - the sample with its settings uncommented, its prose gone;
 * the caller frees it */
static char *sample_settings(void)
{
	char *text = read_path(SAMPLE);
	char *from = text;
	char *to = text;

	drop_remote(text, "\n#listen \"inet:");
	drop_remote(text, "\n#store \"inet:");
	while (*from != '\0') {
		size_t length = strcspn(from, "\n") + 1;
		bool setting = from[0] == '#' && from[1] != ' ' &&
			       from[1] != '\n' && !left_out(from);

		if (setting) {
			memmove(to, from + 1, length - 1);
			to += length - 1;
		}
		from += length;
	}
	*to = '\0';
	return text;
}

/* All that the sample says is what is in effect without it. */
START_TEST(the_sample_says_the_defaults)
{
	static const char bare[] =
		"listen \"unix:/var/spool/postfix/private/policyd\" { }\n"
		"metrics \"inet:127.0.0.1:9154\" { }\n"
		"service \"submission\" {\n"
		"	server_port = { 465, 587 }\n"
		"	policy_context = \"submission\"\n"
		"}\n"
		"rate \"outgoing\" { limit = { \"200/1h\", \"1000/1d\" } }\n"
		"store \"unix:/run/valkey/valkey.sock\" { }\n";
	char *settings = sample_settings();
	char *sample = dump_text(settings, true);
	char *standard = dump_text(bare, true);

	strip_comments(sample);
	strip_comments(standard);
	ck_assert_str_eq(sample, standard);
	free(settings);
	free(sample);
	free(standard);
}
END_TEST

/* Every option is in the sample, in each place where it is allowed. */
START_TEST(the_sample_has_every_option)
{
	static const struct {
		enum config_scope scope;
		const char *from;
		const char *to;
		const char *indent;
	} parts[] = {
		{ SCOPE_TOP, "", NULL, "" },
		{ SCOPE_LISTEN, "\n#listen ", "\n#metrics ", "\t" },
		{ SCOPE_TLS, "\n#\ttls {", "\n#\t}", "\t\t" },
		{ SCOPE_SERVICE, "\n#service ", "\n#}", "\t" },
		{ SCOPE_RATE, "\n#rate ", "\n#}", "\t" },
		{ SCOPE_STORE, "\n#store ", "\n#}", "\t" },
		{ SCOPE_STORE_TLS, "\n#store \"inet:", "\n#\t}", "\t\t" },
	};
	char *text = read_path(SAMPLE);
	int part = _i / OPTION_COUNT;
	enum config_option option = (enum config_option)(_i % OPTION_COUNT);
	const char *from = strstr(text, parts[part].from);
	const char *to = NULL;
	const char *found;
	char *line;

	ck_assert_ptr_nonnull(from);
	if (parts[part].to != NULL)
		to = strstr(from, parts[part].to);
	line = xasprintf("\n#%s%s = ", parts[part].indent,
			 config_option_name(option));
	found = strstr(from, line);
	if ((config_option_scopes(option) & (unsigned)parts[part].scope) != 0)
		ck_assert_msg(found != NULL && (to == NULL || found < to), "%s",
			      line);
	free(line);
	free(text);
}
END_TEST

/* ---- cut short */

#define CUT_MAX 65536 /* the largest text that is cut */

/* is_strict - does every list end in a refusal, and permit no stranger? */
static bool is_strict(const struct config *config)
{
	size_t i;
	size_t k;

	for (i = 0; i < config->services.count; i++) {
		const struct restriction_list *list =
			&config->services.services[i].restrictions;

		for (k = 0; k < list->count; k++)
			if (strcmp(list->uses[k].restriction->name, "permit") ==
			    0)
				return false;
		if (list->count < 2 ||
		    strncmp(list->uses[list->count - 1].restriction->name,
			    "reject", 6) != 0)
			return false;
	}
	return true;
}

/* count - how often text contains part */
static int count(const char *text, const char *part)
{
	int found = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		found++;
	return found;
}

/* cut_child - the exit status says what loading it gave */
static _Noreturn void cut_child(const char *path)
{
	struct config_messages messages;
	struct config *config = config_load(path, &messages);
	int status;

	if (config == NULL)
		status = messages.errors > 0 ? 1 : 2;
	else
		status = is_strict(config) ? 0 : 3;
	config_free(config);
	config_messages_clear(&messages);
	_exit(status);
}

/* load_cut - 0 loaded, 1 refused; anything else fails the test */
static int load_cut(const char *path)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		cut_child(path);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_le(WEXITSTATUS(status), 1);
	return WEXITSTATUS(status);
}

/* check_cut - the first length bytes of text: refused, or whole */
static int check_cut(const char *path, const char *text, size_t length)
{
	static char part[CUT_MAX];
	struct config_scan scan;
	struct error error;
	int line = 0;
	int refused;

	memcpy(part, text, length);
	part[length] = '\0';
	refused = config_scan(&scan, part, length, &line, &error) < 0;
	config_scan_clear(&scan);
	if (refused) {
		ck_assert_int_ge(line, 1);
	} else {
		/* Comments are gone now: what is left must be whole. */
		ck_assert_int_eq(count(part, "{"), count(part, "}"));
		memcpy(part, text, length);
		write_file(path, part, length);
		refused = load_cut(path);
	}
	return refused;
}

/* cut_everywhere - the text cut at every byte; frees it. What the processes
 * of the cuts inherit is static, so that it does not look lost in them. */
static void cut_everywhere(char *heap)
{
	static char text[CUT_MAX];
	size_t length = strlen(heap);
	size_t step = length / (size_t)mutants((int)length);
	struct file_place place;
	int refused = 0;
	size_t i;

	ck_assert_uint_lt(length, sizeof(text));
	strcpy(text, heap);
	free(heap);
	file_place_make(&place);
	for (i = 0; i <= length; i += step)
		refused += check_cut(place.path, text, i);
	ck_assert_int_gt(refused, (int)(length / step / 2));
	ck_assert_int_eq(check_cut(place.path, text, length), 0);
	file_place_remove(&place);
}

START_TEST(a_cut_file_never_permits_more)
{
	char *text = read_path(FULL);
	char *single = strstr(text, "${mydomain}");

	ck_assert_ptr_nonnull(single);
	/* Single quotes with ${ } would spoil the counting of braces. */
	memcpy(single, "$(mydomain)", 11);
	cut_everywhere(text);
}
END_TEST

START_TEST(a_cut_sample_never_permits_more)
{
	cut_everywhere(sample_settings());
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_sample");

	tcase_add_test(tests, the_sample_loads);
	tcase_add_test(tests, the_sample_says_the_defaults);
	tcase_add_loop_test(tests, the_sample_has_every_option, 0,
			    7 * OPTION_COUNT);
	tcase_add_test(tests, a_cut_file_never_permits_more);
	tcase_add_test(tests, a_cut_sample_never_permits_more);
	return run_tests("config_sample", tests);
}
