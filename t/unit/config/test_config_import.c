/* SPDX-License-Identifier: ISC */
/* test_config_import - import_postfix with a real main.cf and the real
 * postconf(1)
 *
 * A file is loaded once in a process: Check runs each case in its own. */

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/config/config.h"
#include "lib/decision/evaluate.h"
#include "t/unit/test.h"

static const char main_cf[] =
	"compatibility_level = 3.6\n"
	"myhostname = mail.local.test\n"
	"mydestination = $myhostname,\n  ${mydomain?in.$mydomain}\n"
	"\ta$$b.test\n"
	"relay_domains = relay.test\n"
	"virtual_alias_maps = inline:{ x=y }\n"
	"virtual_alias_domains =\n"
	"mynetworks = 10.1.0.0/16\n"
	"allow_percent_hack = no\n"
	"queue_directory = /var/spool/other\n";

static char directory[64];

/* path_of - a file of the directory; the caller frees it */
static char *path_of(const char *name)
{
	return xasprintf("%s/%s", directory, name);
}

/* put - write a file of the directory; DIR in text is its name */
static void put(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "w");
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	const char *mark;

	ck_assert_ptr_nonnull(file);
	while ((mark = strstr(text, "DIR")) != NULL) {
		fprintf(file, "%.*s%s", (int)(mark - text), text, directory);
		text = mark + 3;
	}
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	/* Postfix waits while the file is younger than a second or two. */
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	free(path);
}

static void set_up(void)
{
	strcpy(directory, "/tmp/test_config_import.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	put("main.cf", main_cf);
}

static void tear_down(void)
{
	static const char *const names[] = { "main.cf", "policyd.conf", "dump",
					     "again",	"list",		"inner",
					     "many" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = path_of(names[i]);

		unlink(path);
		free(path);
	}
	ck_assert_int_eq(rmdir(directory), 0);
}

/* load - a policyd.conf with that text */
static struct config *load(const char *text, struct config_messages *messages)
{
	char *path = path_of("policyd.conf");
	struct config *config;

	put("policyd.conf", text);
	config = config_load(path, messages);
	free(path);
	return config;
}

/* load_good - likewise, and it must be well */
static struct config *load_good(const char *text)
{
	struct config_messages messages;
	struct config *config = load(text, &messages);

	ck_assert_msg(config != NULL && messages.count == 0, "%s",
		      messages.count > 0 ? messages.lines[0] : "");
	config_messages_clear(&messages);
	return config;
}

/* has - is that the value of the parameter, from there? */
static void has(const struct config *config, enum parameter parameter,
		const char *value, const char *source)
{
	const char *where = config->parameters.values[parameter].source;
	size_t length = strlen(where), end = strlen(source);

	ck_assert_str_eq(parameters_get(&config->parameters, parameter), value);
	ck_assert_msg(length >= end &&
			      strcmp(where + length - end, source) == 0,
		      "%s", where);
}

#define TWO_LINES "listen \"unix:/x\" { }\nimport_postfix = \"DIR\"\n"

START_TEST(two_lines_are_enough)
{
	struct config *config = load_good(TWO_LINES);
	static struct resolution resolution;

	ck_assert_str_eq(config->import_postfix, directory);
	ck_assert_str_eq(config->queue_directory, "/var/spool/other");
	ck_assert_int_eq(strspn(config->mail_version, "0123456789") > 0, 1);
	has(config, PARAMETER_MYHOSTNAME, "mail.local.test", "/main.cf");
	has(config, PARAMETER_MYDOMAIN, "local.test", "/main.cf");
	has(config, PARAMETER_MYDESTINATION,
	    "mail.local.test, in.local.test a$b.test", "/main.cf");
	has(config, PARAMETER_RELAY_DOMAINS, "relay.test", "/main.cf");
	has(config, PARAMETER_ALLOW_PERCENT_HACK, "no", "/main.cf");
	has(config, PARAMETER_SMTPUTF8_ENABLE, "yes", "/main.cf");
	resolve_address(config->resolver, "user@in.local.test", &resolution);
	ck_assert_int_eq(resolution_authorized(config->resolver, &resolution),
			 1);
	resolve_address(config->resolver, "user@other.test", &resolution);
	ck_assert_int_eq(resolution_authorized(config->resolver, &resolution),
			 0);
	config_free(config);
}
END_TEST

START_TEST(what_is_set_here_counts)
{
	struct config *config = load_good(
		TWO_LINES "relay_domains = '$mydestination, own.test'\n"
			  "myhostname = \"other.test\"\n"
			  "virtual_mailbox_domains = \"\"\n");

	has(config, PARAMETER_RELAY_DOMAINS,
	    "mail.local.test, in.local.test a$b.test, own.test",
	    "/policyd.conf:3");
	has(config, PARAMETER_MYHOSTNAME, "other.test", "/policyd.conf:4");
	has(config, PARAMETER_MYDOMAIN, "local.test", "/main.cf");
	has(config, PARAMETER_MYORIGIN, "mail.local.test", "/main.cf");
	has(config, PARAMETER_VIRTUAL_MAILBOX_DOMAINS, "", "/policyd.conf:5");
	config_free(config);
}
END_TEST

START_TEST(nothing_is_read_unless_asked_for)
{
	struct config *config =
		load_good("listen \"unix:/x\" { }\nimport_postfix = \"\"\n");

	ck_assert_ptr_null(config->import_postfix);
	ck_assert_ptr_null(config->main_cf);
	ck_assert_ptr_null(config->queue_directory);
	ck_assert_ptr_null(config->mail_version);
	has(config, PARAMETER_RELAY_DOMAINS, "", "default");
	config_free(config);
}
END_TEST

START_TEST(restrictions_have_their_arguments)
{
	struct config *config = load_good(
		TWO_LINES "restrictions = { permit_mynetworks, reject }\n");

	ck_assert_uint_eq(config->services.services[0].restrictions.count, 2);
	config_free(config);
}
END_TEST

/* watches - is the file of the directory, with that ending, in the list? */
static bool watches(const struct config *config, const char *name)
{
	char *path = path_of(name);
	bool found = false;
	size_t i;

	for (i = 0; i < config->watched.count; i++)
		if (strcmp(config->watched.items[i].path, path) == 0)
			found = true;
	free(path);
	return found;
}

#define LOGIN_MAPS                                               \
	"smtpd_sender_login_maps = texthash:DIR/list, $maps\n"   \
	"maps = pcre:{{/^(.*)@b.test$$/ $$1}}, proxy:mysql:/x\n" \
	"recipient_delimiter = -+\nowner_request_special = no\n"
#define LOGIN_LINES                                \
	TWO_LINES "restrictions = { "              \
		  "reject_sender_login_mismatch, " \
		  "permit_auth_destination }\n"

/* decide - by the first service, of one who is logged in as alice */
static struct decision decide(const struct config *config, const char *sender)
{
	const struct service *service = &config->services.services[0];
	struct evaluation evaluation = { 0 };
	static struct facts facts;
	struct request request;

	request_init(&request);
	request.sender = sender;
	request.recipient = "user@in.local.test";
	request.sasl_username = "alice";
	facts_gather(&facts, &request, config->resolver, service->tls);
	ck_assert(evaluation_start(&evaluation, &service->restrictions,
				   &request, &facts, 0, NULL));
	return evaluation.decision;
}

START_TEST(sender_login_maps_are_those_of_postfix)
{
	struct decision decision;
	struct config *config;
	char *text = xasprintf("%s%s", main_cf, LOGIN_MAPS);

	put("main.cf", text);
	put("list", "a@relay.test alice\nb@relay.test bob\n");
	config = load_good(LOGIN_LINES "table_refresh = 1m\n");
	has(config, PARAMETER_RECIPIENT_DELIMITER, "-+", "/main.cf");
	has(config, PARAMETER_OWNER_REQUEST_SPECIAL, "no", "/main.cf");
	ck_assert(watches(config, "list"));
	ck_assert_int_eq(decide(config, "a@relay.test").verdict,
			 VERDICT_PERMIT);
	decision = decide(config, "b@relay.test");
	ck_assert_int_eq(decision.verdict, VERDICT_REJECT);
	ck_assert_str_eq(decision.owners, "bob");
	ck_assert_int_eq(decide(config, "Alice@B.test").verdict,
			 VERDICT_PERMIT);
	decision = decide(config, "c@relay.test");
	ck_assert_int_eq(decision.verdict, VERDICT_ASK);
	ck_assert_str_eq(decision.asks[0], "reject_sender_login_mismatch");
	ck_assert_str_eq(decision.asks[1], "permit_auth_destination");
	config_free(config);
	free(text);
}
END_TEST

START_TEST(files_are_watched)
{
	static const char text[] =
		TWO_LINES "mynetworks = \"!DIR/nets, 10.0.0.0/8\"\n"
			  "relay_domains = { 'DIR/list', 'x.test' }\n";
	struct config *config;

	put("list", "a.test\n# /comment\nb.test !DIR/inner\n");
	put("inner", "c.test\n");
	config = load_good(text);
	ck_assert_uint_eq(config->table_refresh_ms, 1000);
	ck_assert(watches(config, "main.cf"));
	ck_assert(watches(config, "list"));
	ck_assert(watches(config, "inner"));
	ck_assert(watches(config, "nets"));
	ck_assert_uint_eq(config->watched.count, 4);
	ck_assert_ptr_null(watched_files_changed(&config->watched));
	put("inner", "d.test\n");
	ck_assert_ptr_nonnull(watched_files_changed(&config->watched));
	config_free(config);
}
END_TEST

static const struct {
	const char *value;
	unsigned ms;
} refreshes[] = {
	{ "0", 0 },	 { "no", 0 },	  { "off", 0 },	   { "1", 1000 },
	{ "60", 60000 }, { "1m", 60000 }, { "yes", 1000 },
};

START_TEST(reads_table_refresh)
{
	char *text = xasprintf("%stable_refresh = %s\n", TWO_LINES,
			       refreshes[_i].value);
	struct config *config = load_good(text);

	ck_assert_uint_eq(config->table_refresh_ms, refreshes[_i].ms);
	ck_assert_uint_eq(config->watched.count, 1);
	config_free(config);
	free(text);
}
END_TEST

/* ---- what is refused */

struct broken {
	const char *main_cf; /* NULL: there is none */
	const char *text;    /* of policyd.conf */
	const char *reason;  /* part of the message */
};

static const struct broken broken[] = {
	{ "", "import_postfix = \"etc/postfix\"\n",
	  "1: import_postfix: \"etc/postfix\" is not an absolute path" },
	{ "", "\nimport_postfix = \"DIR/main.cf\"\n",
	  "2: import_postfix: DIR/main.cf is not a directory" },
	{ "", "import_postfix = \"DIR/none\"\n",
	  "1: import_postfix: DIR/none: No such file" },
	{ NULL, "import_postfix = \"DIR\"\n",
	  "1: import_postfix: postconf -c DIR: postconf: fatal: open "
	  "DIR/main.cf: No such file" },
	{ "relay_domains = ${x\n", "import_postfix = \"DIR\"\n",
	  "1: import_postfix: postconf -c DIR: postconf: fatal: macro" },
	{ "relay_domains = $mydestination\nmydestination = $relay_domains\n",
	  "import_postfix = \"DIR\"\n", "1: import_postfix: postconf -c DIR" },
	{ "allow_percent_hack = maybe\n", "\nimport_postfix = \"DIR\"\n",
	  "2: allow_percent_hack: \"maybe\" is neither yes nor no; the value is "
	  "from DIR/main.cf" },
	{ "relay_domains = /nonexistent\n", "import_postfix = \"DIR\"\n",
	  "1: relay_domains: " },
	{ "mynetworks = 192.0.2.0/99\n",
	  "import_postfix = \"DIR\"\nrestrictions = { permit_mynetworks }\n",
	  "1: mynetworks: \"192.0.2.0/99\"" },
	{ "relay_clientcerts =\n",
	  "import_postfix = \"DIR\"\n"
	  "restrictions = { permit_tls_clientcerts }\n",
	  "2: restrictions: permit_tls_clientcerts needs relay_clientcerts" },
	{ "smtpd_sender_login_maps =\n",
	  "import_postfix = \"DIR\"\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "2: restrictions: reject_sender_login_mismatch needs "
	  "sender_login_maps, which is not set" },
	{ "smtpd_sender_login_maps = texthash:/nonexistent\n",
	  "\nimport_postfix = \"DIR\"\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "2: sender_login_maps: \"texthash:/nonexistent\": No such file or "
	  "directory; the value is from DIR/main.cf" },
	{ "smtpd_sender_login_maps = mysql:/x\n",
	  "import_postfix = \"DIR\"\nreply = ok\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "service default: reply = ok cannot be combined with mysql:/x "
	  "in sender_login_maps: only Postfix" },
	/* Not the one that Postfix would look into. */
	{ "smtpd_sender_login_maps = mysql:/y\n",
	  "import_postfix = \"DIR\"\nsender_login_maps = 'mysql:/x'\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  "2: sender_login_maps: service default leaves senders to "
	  "Postfix because of mysql:/x in sender_login_maps" },
	{ "owner_request_special = maybe\n", "import_postfix = \"DIR\"\n",
	  "1: owner_request_special: \"maybe\" is neither yes nor no; the value "
	  "is from DIR/main.cf" },
	{ "mydestination = a.test\n",
	  "import_postfix = \"DIR\"\n"
	  "mydestination = '$mydestination, b.test'\n",
	  "2: mydestination: refers to itself; write the whole value\n" },
	{ "mydestination = a.test\n",
	  "import_postfix = \"DIR\"\nallow_percent_hack = maybe\n",
	  "2: allow_percent_hack: \"maybe\" is neither yes nor no\n" },
	{ "", "\ntable_refresh = 61x\n",
	  "2: table_refresh: \"61x\" is not a time" },
	{ "",
	  "import_postfix = \"DIR\"\n\ntable_refresh = 60\n"
	  "relay_domains = \"DIR/many\"\n",
	  "3: table_refresh: DIR/many:255: more than 256 files to watch" },
	{ "", "service \"a\" {\nimport_postfix = \"DIR\"\n}\n",
	  "2: import_postfix can only be set at top level" },
};

/* with_directory - a text with DIR replaced; the caller frees it */
static char *with_directory(const char *text)
{
	char *whole = xstrdup("");
	const char *mark;
	char *longer;

	while ((mark = strstr(text, "DIR")) != NULL) {
		longer = xasprintf("%s%.*s%s", whole, (int)(mark - text), text,
				   directory);
		free(whole);
		whole = longer;
		text = mark + 3;
	}
	longer = xasprintf("%s%s", whole, text);
	free(whole);
	return longer;
}

/* put_few - a file that names the same one in more ways than may be watched */
static void put_few(const char *name)
{
	char dots[2 * WATCHED_FILES_MAX + 1] = "";
	char *text = xstrdup(""), *longer;
	int i;

	for (i = 0; i < WATCHED_FILES_MAX; i++) {
		memcpy(dots + 2 * i, "./", 3);
		longer = xasprintf("%s%s/%sinner\n", text, directory, dots);
		free(text);
		text = longer;
	}
	put(name, text);
	free(text);
}

/* What was accepted when nothing was watched by default is still accepted. */
START_TEST(too_many_by_default)
{
	struct config_messages messages;
	struct config *config;

	put("inner", "d.test\n");
	put_few("many");
	config = load(TWO_LINES "relay_domains = \"DIR/many\"\n", &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->watched.count, WATCHED_FILES_MAX);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_gt(messages.count, 0);
	ck_assert_ptr_nonnull(strstr(messages.lines[0],
				     "a change of them takes effect after a "
				     "reload"));
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* put_many - a file that names as many as may be watched */
static void put_many(const char *name)
{
	char *text = xstrdup(""), *longer;
	int i;

	for (i = 0; i < WATCHED_FILES_MAX; i++) {
		longer = xasprintf("%s/none/%d\n", text, i);
		free(text);
		text = longer;
	}
	put(name, text);
	free(text);
}

START_TEST(refused)
{
	const struct broken *row = &broken[_i];
	char *reason = with_directory(row->reason);
	char *path = path_of("main.cf");
	struct config_messages messages;
	char *all;

	put_many("many");
	if (row->main_cf != NULL)
		put("main.cf", row->main_cf);
	else
		unlink(path);
	ck_assert_ptr_null(load(row->text, &messages));
	ck_assert_uint_eq(messages.errors, 1);
	all = xasprintf("%s\n", messages.lines[0]);
	ck_assert_msg(strstr(all, reason) != NULL, "%s is not in %s", reason,
		      all);
	config_messages_clear(&messages);
	free(all);
	free(path);
	free(reason);
}
END_TEST

/* ---- -T */

/* dump - what -T prints for a file, into another, in a process of its own */
static void dump_as(const char *from, const char *to, bool all)
{
	char *input = path_of(from), *output = path_of(to);
	struct config_messages messages;
	struct config *config;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		FILE *file = fopen(output, "w");

		config = config_load(input, &messages);
		if (config == NULL || file == NULL)
			_exit(1);
		config_dump(config, all, file);
		fclose(file);
		config_free(config);
		config_messages_clear(&messages);
		/* At _exit() valgrind would look for leaks, and take the
		 * parent's memory, which the copy does not need, for some. */
		execlp("true", "true", (char *)NULL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(chmod(output, 0644), 0);
	free(input);
	free(output);
}

/* dump - with -v */
static void dump(const char *from, const char *to)
{
	dump_as(from, to, true);
}

/* read_values - of a dump, without its comments; the caller frees it */
static char *read_values(const char *name)
{
	char *path = path_of(name), *text, *from, *to;
	size_t size;

	text = read_whole(path, &size);
	for (from = to = text; *from != '\0';) {
		size_t length = strcspn(from, "\n") + 1;
		char *comment = memmem(from, length, "# ", 2);
		size_t kept =
			comment != NULL ? (size_t)(comment - from) : length;

		memmove(to, from, kept);
		to += kept;
		from += length;
	}
	*to = '\0';
	free(path);
	return text;
}

START_TEST(dump_says_where_from)
{
	char *path = path_of("dump"), *text, *line;
	size_t size;
	int i;

	put("policyd.conf", TWO_LINES);
	dump("policyd.conf", "dump");
	text = read_whole(path, &size);
	for (i = 0; i < PARAMETER_COUNT; i++) {
		char *start =
			xasprintf("\n%s = ", parameter_name((enum parameter)i));

		line = strstr(text, start);
		ck_assert_msg(line != NULL, "%s", start);
		line = xstrndup(line + 1, strcspn(line + 1, "\n"));
		ck_assert_msg(strstr(line, "/main.cf") != NULL, "%s", line);
		free(line);
		free(start);
	}
	line = with_directory("mynetworks = \"10.1.0.0/16\"\t# DIR/main.cf\n");
	ck_assert_ptr_nonnull(strstr(text, line));
	free(line);
	line = with_directory("# queue_directory = /var/spool/other"
			      "\t# DIR/main.cf\n");
	ck_assert_ptr_nonnull(strstr(text, line));
	free(line);
	free(text);
	free(path);
}
END_TEST

/* What main.cf does not change is not printed without -v. */
START_TEST(dump_may_be_brief)
{
	char *path = path_of("dump"), *text, *expected;
	size_t size;

	put("policyd.conf", TWO_LINES);
	dump_as("policyd.conf", "dump", false);
	text = read_whole(path, &size);
	expected = with_directory(
		"# effective configuration: DIR/policyd.conf; what is not here "
		"has its default\n"
		"import_postfix = \"DIR\"\t# DIR/policyd.conf:2\n"
		"mynetworks = \"10.1.0.0/16\"\t# DIR/main.cf\n"
		"# queue_directory = /var/spool/other\t# DIR/main.cf\n"
		"# mail_version = ");
	ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s",
		      text);
	free(expected);
	expected = with_directory(
		"\nmyhostname = \"mail.local.test\"\t# DIR/main.cf\n"
		"mydestination = \"mail.local.test, in.local.test a$$b.test\""
		"\t# DIR/main.cf\n"
		"relay_domains = \"relay.test\"\t# DIR/main.cf\n"
		"allow_percent_hack = \"no\"\t# DIR/main.cf\n"
		"\nlisten \"unix:/x\" {\t# DIR/policyd.conf:1\n}\n");
	ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
	free(expected);
	free(text);
	free(path);
}
END_TEST

START_TEST(dump_loads_to_the_same)
{
	char *first, *second;

	put("policyd.conf", TWO_LINES "relay_domains = 'x.test'\n");
	dump("policyd.conf", "dump");
	dump("dump", "again");
	first = read_values("dump");
	second = read_values("again");
	ck_assert_ptr_nonnull(strstr(first, "a$$b.test"));
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

/* An imported parameter may be set in the file too. */
START_TEST(dump_with_login_maps_loads_to_the_same)
{
	char *first, *second;
	char *text = xasprintf("%s%s", main_cf, LOGIN_MAPS);

	put("main.cf", text);
	put("list", "a@relay.test alice\n");
	put("policyd.conf", LOGIN_LINES);
	dump("policyd.conf", "dump");
	dump("dump", "again");
	first = read_values("dump");
	second = read_values("again");
	ck_assert_ptr_nonnull(strstr(first, "sender_login_maps = "));
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	free(text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_import");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, two_lines_are_enough);
	tcase_add_test(tests, what_is_set_here_counts);
	tcase_add_test(tests, nothing_is_read_unless_asked_for);
	tcase_add_test(tests, restrictions_have_their_arguments);
	tcase_add_test(tests, sender_login_maps_are_those_of_postfix);
	tcase_add_test(tests, files_are_watched);
	tcase_add_test(tests, too_many_by_default);
	tcase_add_loop_test(tests, reads_table_refresh, 0,
			    sizeof(refreshes) / sizeof(refreshes[0]));
	tcase_add_loop_test(tests, refused, 0, COUNT(broken));
	tcase_add_test(tests, dump_says_where_from);
	tcase_add_test(tests, dump_may_be_brief);
	tcase_add_test(tests, dump_loads_to_the_same);
	tcase_add_test(tests, dump_with_login_maps_loads_to_the_same);
	return run_tests("config_import", tests);
}
