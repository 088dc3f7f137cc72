/* SPDX-License-Identifier: ISC */
/* test_resolve - what Postfix concluded, row by row
 *
 * t/data/vectors holds recorded verdicts of a real Postfix for many main.cf
 * variants (the headings of the files), type:table entries included. Each file
 * is judged here, and no row may differ, in neither direction. After that come
 * forms that no row has. */

#include "lib/address/address.h"
#include "lib/address/resolve.h"

#include <string.h>
#include <unistd.h>

#include "t/unit/test.h"

#define VECTORS TEST_DATA "/vectors"

static const char *const variants[] = {
	"broken-mydest",
	"broken-relay",
	"compat0",
	"everything",
	"lists",
	"lists-dot",
	"literals",
	"literals-v4only",
	"min-user",
	"mydest",
	"no-bang",
	"no-dequoted",
	"no-origin",
	"no-origin-remote",
	"no-percent",
	"no-percent-no-bang",
	"null-domain",
	"numeric-domain",
	"origin",
	"origin-file",
	"relay-dot",
	"relay-parent",
	"strict",
	"tables",
	"tables-dot",
	"untrusted-plain",
	"untrusted-routing",
	"utf8-declared",
	"utf8-off",
	"utf8-undeclared",
	"virtual",
};

/* The result for one file. */
struct tally {
	int rows; /* judged */
	int permitted;
	int permissive; /* we permit, Postfix did not */
	int stricter;
	int smoked; /* never asked about; only looked for a crash */
};

/* hex - value of a hexadecimal digit */
static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* decode - undo \xNN and \\ in place */
static void decode(char *text)
{
	char *out = text;

	while (*text != '\0') {
		if (text[0] == '\\' && text[1] == 'x') {
			*out++ = (char)(hex(text[2]) * 16 + hex(text[3]));
			text += 4;
		} else if (text[0] == '\\') {
			*out++ = text[1];
			text += 2;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* make_directory - a new one, and in it the configuration that postmap wants
 * to see, and the files of a variant, with their data bases */
static void make_directory(char path[64], const char *variant)
{
	strcpy(path, "/tmp/policyd-resolve.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	run_shell("echo compatibility_level = 3.6 >%s/main.cf", path);
	/* Postfix waits until it has not changed for a while. */
	run_shell("touch -d '1 hour ago' %s/main.cf", path);
	run_shell("if [ -d %s/files/%s ]; then cp -r %s/files/%s/. %s; fi",
		  VECTORS, variant, VECTORS, variant, path);
	run_shell("for f in %s/*.hash; do if [ -e $f ]; then "
		  "postmap -c %s hash:$f; fi; done",
		  path, path);
}

/* replace_dir - a copy of value with @DIR@ replaced */
static char *replace_dir(const char *value, const char *directory)
{
	char *out = calloc(1, strlen(value) * 40 + 1000);
	const char *at;

	while ((at = strstr(value, "@DIR@")) != NULL) {
		strncat(out, value, (size_t)(at - value));
		strcat(out, directory);
		value = at + strlen("@DIR@");
	}
	strcat(out, value);
	return out;
}

/* read_setting - one "NAME = VALUE" of the heading */
static void read_setting(struct parameters *parameters, char *line,
			 const char *directory)
{
	char *equals = strstr(line, " = ");
	char *value;
	int parameter;

	ck_assert_msg(equals != NULL, "no \" = \" in \"%s\"", line);
	*equals = '\0';
	parameter = parameter_find(line);
	if (parameter < 0)
		return;
	value = replace_dir(equals + 3, directory);
	parameters_set(parameters, (enum parameter)parameter, value, "heading");
	free(value);
}

/* load - parameters of a variant out of the heading of its file */
static void load(struct parameters *parameters, FILE *file,
		 const char *directory)
{
	static const char prefix[] = "# effective: ";
	char line[8192];
	struct error error;

	parameters_init(parameters);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
			read_setting(parameters, line + sizeof(prefix) - 1,
				     directory);
	}
	rewind(file);
	ck_assert_msg(parameters_complete(parameters, &error) == 0, "%s",
		      error.text);
}

/* verdict_of - what resolution_authorized() should say */
static int verdict_of(const char *word)
{
	if (strcmp(word, "permit") == 0)
		return 1;
	if (strcmp(word, "temp") == 0)
		return -1;
	ck_assert_str_eq(word, "deny");
	return 0;
}

/* judge_row - one row: text, recipient attribute, verdict */
static void judge_row(const struct resolver *resolver, const char *variant,
		      char *line, struct tally *tally)
{
	struct resolution *resolution = malloc(sizeof(*resolution));
	char *attribute = strchr(line, '\t');
	char *word = attribute != NULL ? strchr(attribute + 1, '\t') : NULL;
	const char *recipient;
	int got;

	ck_assert_msg(word != NULL, "%s: %s", variant, line);
	*attribute++ = '\0';
	*word++ = '\0';
	recipient = attribute;
	decode(line);
	decode(attribute);
	if (strcmp(attribute, "=") == 0 || strcmp(attribute, "-") == 0) {
		size_t length = strlen(line);

		if (line[0] == '<' && line[length - 1] == '>') {
			line[length - 1] = '\0';
			line++;
		}
		recipient = line;
	}
	resolve_address(resolver, recipient, resolution);
	got = resolution_authorized(resolver, resolution);
	if (strcmp(attribute, "-") == 0) {
		tally->smoked++;
		free(resolution);
		return;
	}
	tally->rows++;
	tally->permitted += got == 1;
	if (got != verdict_of(word)) {
		printf("%s: <%s> Postfix %s, we %d (%s)\n", variant, recipient,
		       word, got, resolution->address);
		if (got == 1)
			tally->permissive++;
		else
			tally->stricter++;
	}
	free(resolution);
}

/* judge_file - all rows of a file */
static void judge_file(const struct resolver *resolver, const char *variant,
		       FILE *file, struct tally *tally)
{
	char line[16384];

	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#' && line[0] != '\0')
			judge_row(resolver, variant, line, tally);
	}
}

START_TEST(test_vectors)
{
	const char *variant = variants[_i];
	bool broken = strncmp(variant, "broken-", 7) == 0;
	char directory[64];
	struct table_loader loader = {
		.config_directory = directory,
		.lenient = broken,
	};
	struct tally tally = { 0, 0, 0, 0, 0 };
	struct parameters parameters;
	struct resolver *resolver;
	struct error error;
	char path[4096];
	FILE *file;

	make_directory(directory, variant);
	snprintf(path, sizeof(path), VECTORS "/%s.tsv", variant);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	load(&parameters, file, directory);
	resolver = resolver_new(&parameters, &loader, &error);
	ck_assert_msg(resolver != NULL, "%s: %s", variant, error.text);
	parameters_clear(&parameters);
	judge_file(resolver, variant, file, &tally);
	resolver_free(resolver);
	fclose(file);
	run_shell("rm -r %s", directory);
	printf("%-20s rows %d, permitted %d, more permissive %d, stricter %d, "
	       "not asked %d\n",
	       variant, tally.rows, tally.permitted, tally.permissive,
	       tally.stricter, tally.smoked);
	ck_assert_int_eq(tally.permissive, 0);
	ck_assert_int_eq(tally.stricter, 0);
	ck_assert_int_gt(tally.rows, 100);
	ck_assert_int_gt(tally.permitted, 20);
}
END_TEST

struct setting {
	const char *name;
	const char *value;
};

/* make - a resolver: the settings of a small mail server, and more (up to a
 * NULL name). NULL when refused. */
static struct resolver *make(const struct setting *more, struct error *error)
{
	static const struct setting usual[] = {
		{ "myhostname", "mail.local.test" },
		{ "mydestination", "$myhostname, $mydomain, localhost" },
		{ "inet_interfaces", "127.0.0.1" },
		{ "proxy_interfaces", "192.0.2.10" },
		{ "inet_protocols", "ipv4" },
		{ "virtual_alias_domains", "valias.test" },
		{ "virtual_mailbox_domains", "VMail.test" },
		{ "relay_domains", "!neg.relay.test, relay.test" },
	};
	struct parameters parameters;
	struct resolver *resolver;

	parameters_init(&parameters);
	for (int i = 0; i < COUNT(usual); i++)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(usual[i].name),
			       usual[i].value, "usual");
	for (; more != NULL && more->name != NULL; more++)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(more->name),
			       more->value, "more");
	ck_assert_msg(parameters_complete(&parameters, error) == 0, "%s",
		      error->text);
	resolver = resolver_new(&parameters, NULL, error);
	parameters_clear(&parameters);
	return resolver;
}

/* must_make - the same, where it must not be refused */
static struct resolver *must_make(const struct setting *more)
{
	struct error error;
	struct resolver *resolver = make(more, &error);

	ck_assert_msg(resolver != NULL, "%s", error.text);
	return resolver;
}

struct form {
	const char *recipient;
	enum resolve_status status;
	enum destination_class class;
	bool routed;
	const char *address;
	const char *list;
	const char *pattern; /* NULL: none */
};

#define LOCAL	RESOLVE_DONE, DESTINATION_LOCAL
#define RELAY	RESOLVE_DONE, DESTINATION_RELAY
#define OTHER	RESOLVE_DONE, DESTINATION_DEFAULT
#define INVALID RESOLVE_INVALID, DESTINATION_DEFAULT

static const struct form forms[] = {
	{ "user", LOCAL, false, "user@mail.local.test", "mydestination",
	  "mail.local.test" },
	{ "User@Local.Test.", LOCAL, false, "User@Local.Test", "mydestination",
	  "local.test" },
	{ "user@valias.test", RESOLVE_DONE, DESTINATION_VIRTUAL_ALIAS, false,
	  "user@valias.test", "virtual_alias_domains", "valias.test" },
	{ "user@vmail.test", RESOLVE_DONE, DESTINATION_VIRTUAL_MAILBOX, false,
	  "user@vmail.test", "virtual_mailbox_domains", "VMail.test" },
	{ "user@a.relay.test", RELAY, false, "user@a.relay.test",
	  "relay_domains", "relay.test" },
	{ "user@neg.relay.test", OTHER, false, "user@neg.relay.test", "",
	  NULL },
	{ "user@remote.example", OTHER, false, "user@remote.example", "",
	  NULL },
	{ "user%relay.test@local.test", RELAY, false, "user@relay.test",
	  "relay_domains", "relay.test" },
	{ "user%x@relay.test", RELAY, true, "user%x@relay.test",
	  "relay_domains", "relay.test" },
	{ "user@remote.example@local.test", OTHER, false, "user@remote.example",
	  "", NULL },
	{ "user@relay.test@", RELAY, false, "user@relay.test", "relay_domains",
	  "relay.test" },
	{ "first last@local.test", LOCAL, false, "first last@local.test",
	  "mydestination", "local.test" },
	{ "@local.test", LOCAL, false, "MAILER-DAEMON@local.test",
	  "mydestination", "local.test" },
	{ "user@[127.0.0.1]", LOCAL, false, "user@[127.0.0.1]",
	  "inet_interfaces", NULL },
	{ "user@[0177.0.0.1]", LOCAL, false, "user@[0177.0.0.1]",
	  "inet_interfaces", NULL },
	{ "user@[IPv6:::ffff:127.0.0.1]", LOCAL, false,
	  "user@[IPv6:::ffff:127.0.0.1]", "inet_interfaces", NULL },
	{ "user@[192.0.2.10]", LOCAL, false, "user@[192.0.2.10]",
	  "proxy_interfaces", NULL },
	{ "user@[10.9.8.7]", OTHER, false, "user@[10.9.8.7]", "", NULL },
	{ "user@relay.test@[127.0.0.1]", RELAY, false, "user@relay.test",
	  "relay_domains", "relay.test" },
	{ "user@relay.test@[000000000000000000000000000000000000000000000000"
	  "0000000000000000000000000000000000000000000177.0.0.1]",
	  RELAY, false, "user@relay.test", "relay_domains", "relay.test" },
	{ "user@[127.0.0.1", LOCAL, false, "user@[127.0.0.1]",
	  "inet_interfaces", NULL },
	{ "user@127.0.0.1", INVALID, false, "user@127.0.0.1", "", NULL },
	/* as much as Postfix takes between brackets, and one byte more */
	{ "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.25.25.25]", OTHER, false,
	  "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.25.25.25]", "", NULL },
	{ "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.255.25.25]", INVALID,
	  false, "user@[IPv6:0000:0000:0000:0000:0000:ffff:1.255.25.25]", "",
	  NULL },
	{ "user@", INVALID, false, "user@", "", NULL },
	{ "user@local.test..", INVALID, false, "user@local.test..", "", NULL },
	{ "user@-x.relay.test", INVALID, false, "user@-x.relay.test", "",
	  NULL },
	{ "user@[127.0.0.1].relay.test", INVALID, false,
	  "user@[127.0.0.1].relay.test", "", NULL },
	{ "user@relay .\ttest", RELAY, false, "user@relay.test",
	  "relay_domains", "relay.test" },
	{ "user@rel ay.test", INVALID, false, "user@rel ay.test", "", NULL },
	{ "-user@local.test", INVALID, false, "-user@local.test", "", NULL },
	{ "local.test!-user", INVALID, false, "-user@local.test", "", NULL },
	{ "x-user@local.test", LOCAL, false, "x-user@local.test",
	  "mydestination", "local.test" },
	{ "us\xff"
	  "er@local.test",
	  INVALID, false,
	  "us\xff"
	  "er@local.test",
	  "", NULL },
	{ "user@sub\xe3\x80\x82relay.test", OTHER, false,
	  "user@sub\xe3\x80\x82relay.test", "", NULL },
	{ "user@\xcc\x88x.relay.test", INVALID, false,
	  "user@\xcc\x88x.relay.test", "", NULL },
	{ "\"", LOCAL, false, "\"@mail.local.test", "mydestination",
	  "mail.local.test" },
};

START_TEST(test_form)
{
	const struct form *c = &forms[_i];
	struct resolver *resolver = must_make(NULL);
	struct resolution got;

	resolve_address(resolver, c->recipient, &got);
	resolver_free(resolver);
	ck_assert_int_eq(got.status, c->status);
	ck_assert_int_eq(got.class, c->class);
	ck_assert_int_eq(got.routed, c->routed);
	ck_assert_str_eq(got.address, c->address);
	ck_assert_str_eq(got.domain, strrchr(c->address, '@') + 1);
	ck_assert_ptr_eq(got.domain, strrchr(got.address, '@') + 1);
	ck_assert_str_eq(got.list, c->list);
	ck_assert_int_eq(got.match.pattern == NULL, c->pattern == NULL);
}
END_TEST

/* The trace of an address, one line a step. */
static const struct {
	struct setting settings[2];
	const char *recipient, *told;
} explained[] = {
	{ { { NULL, NULL } },
	  "user%relay.test@local.test",
	  "mydestination local.test 1 local.test\n"
	  "2052 user@relay.test\n"
	  "mydestination relay.test 0 -\n"
	  "virtual_alias_domains relay.test 0 -\n"
	  "virtual_mailbox_domains relay.test 0 -\n"
	  "relay_domains relay.test 1 relay.test\n" },
	{ { { NULL, NULL } },
	  "user",
	  "8 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { "append_at_myorigin", "no" } },
	  "a!user",
	  "2 user@a\n"
	  "mydestination a 0 -\n"
	  "virtual_alias_domains a 0 -\n"
	  "virtual_mailbox_domains a 0 -\n"
	  "relay_domains a 0 -\n" },
	{ { { "append_at_myorigin", "no" } },
	  "user",
	  "256 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { NULL, NULL } },
	  "@a:user@local.test.",
	  "33 user@local.test\n"
	  "mydestination local.test 1 local.test\n" },
	{ { { NULL, NULL } },
	  "@[127.0.0.1]",
	  "mydestination [127.0.0.1] 0 -\n"
	  "inet_interfaces [127.0.0.1] 1 -\n"
	  "2176 MAILER-DAEMON\n" },
	{ { { "swap_bangpath", "no" } },
	  "a b@c@local.test",
	  "mydestination local.test 1 local.test\n"
	  "2112 a b@c\n"
	  "mydestination c 0 -\n"
	  "virtual_alias_domains c 0 -\n"
	  "virtual_mailbox_domains c 0 -\n"
	  "relay_domains c 0 -\n" },
	{ { { "append_dot_mydomain", "yes" } },
	  "user@mail",
	  "16 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { "resolve_null_domain", "yes" } },
	  "user@",
	  "768 user@mail.local.test\n"
	  "mydestination mail.local.test 1 mail.local.test\n" },
	{ { { "resolve_numeric_domain", "yes" } },
	  "user@127.0.0.1",
	  "mydestination 127.0.0.1 0 -\n"
	  "1024 user@[127.0.0.1]\n"
	  "mydestination [127.0.0.1] 0 -\n"
	  "inet_interfaces [127.0.0.1] 1 -\n" },
};

/* tell - append one step */
static void tell(void *context, const struct resolve_step *step)
{
	char *text = context;

	text += strlen(text);
	if (step->list == NULL)
		snprintf(text, 200, "%u %s\n", step->changes, step->address);
	else
		snprintf(text, 200, "%s %s %d %s\n", step->list, step->domain,
			 step->answer,
			 step->match.pattern != NULL ? step->match.pattern
						     : "-");
}

START_TEST(test_explained)
{
	struct resolver *resolver = must_make(
		explained[_i].settings[0].name != NULL ? explained[_i].settings
						       : NULL);
	struct resolution told, silent;
	char text[4096] = "";

	resolve_explain(resolver, explained[_i].recipient, &told, tell, text);
	resolve_address(resolver, explained[_i].recipient, &silent);
	ck_assert_str_eq(text, explained[_i].told);
	ck_assert_str_eq(told.address, silent.address);
	ck_assert_int_eq(told.status, silent.status);
	ck_assert_int_eq(told.class, silent.class);
	resolver_free(resolver);
}
END_TEST

struct under {
	struct setting settings[4];
	const char *recipient;
	int authorized;
};

static const struct under unders[] = {
	{ { { NULL, NULL } }, "user%x@relay.test", 0 },
	{ { { "allow_untrusted_routing", "yes" } }, "user%x@relay.test", 1 },
	{ { { "allow_untrusted_routing", "yes" } },
	  "user%x@remote.example",
	  0 },
	{ { { "allow_untrusted_routing", "yes" } }, "user%x@-.relay.test", 0 },
	{ { { "allow_min_user", "yes" } }, "-user@local.test", 1 },
	{ { { "resolve_null_domain", "yes" } }, "user@", 1 },
	{ { { "resolve_numeric_domain", "yes" } }, "user@127.0.0.1", 1 },
	{ { { "resolve_numeric_domain", "yes" } }, "user@10.9.8.7", 0 },
	{ { { "resolve_numeric_domain", "yes" },
	    { "mydestination", "!10.9.8.7, fail:x" } },
	  "user@10.9.8.7",
	  -1 },
	{ { { "resolve_numeric_domain", "yes" },
	    { "mydestination", "!10.9.8.7, [10.9.8.7]" } },
	  "user@10.9.8.7",
	  1 },
	{ { { "resolve_numeric_domain", "yes" }, { "relay_domains", "[::1]" } },
	  "user@::1",
	  1 },
	{ { { "smtputf8_enable", "no" } },
	  "us\xff"
	  "er@local.test",
	  1 },
	{ { { "smtputf8_enable", "no" }, { "relay_domains", "\xc3\xbc.test" } },
	  "user@\xc3\xbc.test",
	  0 },
	{ { { "relay_domains", "\xc3\xbc.test" } }, "user@\xc3\x9c.test", 1 },
	{ { { "myorigin", "remote.example" } }, "user", 0 },
	{ { { "myorigin", "remote.example" }, { "append_at_myorigin", "no" } },
	  "user",
	  1 },
	{ { { "append_dot_mydomain", "yes" },
	    { "mydestination", "sub.local.test" } },
	  "user@sub",
	  1 },
	{ { { "mydestination", "" }, { "relay_domains", "" } },
	  "user@local.test",
	  0 },
	{ { { "parent_domain_matches_subdomains", "" } },
	  "user@a.relay.test",
	  0 },
	{ { { "parent_domain_matches_subdomains", "!relay_domains" } },
	  "user@a.relay.test",
	  0 },
	{ { { "parent_domain_matches_subdomains", "RELAY_domains" } },
	  "user@a.relay.test",
	  1 },
	{ { { "inet_interfaces", "192.0.2.99" } }, "user@[192.0.2.99]", 1 },
	{ { { "inet_interfaces", "loopback-only" } }, "user@[127.0.0.1]", 1 },
	{ { { "inet_interfaces", "all" } }, "user@[127.0.0.1]", 1 },
	/* what is put for an empty local part is resolved once more */
	{ { { "empty_address_recipient", "x@remote.example" } },
	  "@local.test",
	  0 },
	{ { { "empty_address_recipient", "x@relay.test" } }, "@local.test", 1 },
	/* and if that is empty again, there is no end: unknown */
	{ { { "empty_address_recipient", "\"\"" } }, "@local.test", -1 },
	{ { { "empty_address_recipient", "@local.test" } }, "@local.test", -1 },
};

#define ASKS(list)                                         \
	{                                                  \
		list, "relay.test, socketmap:x, ours.test" \
	}
#define MYDEST                                                        \
	{                                                             \
		"mydestination", "local.test, socketmap:x, late.test" \
	}

/* Lists with a table that only Postfix can look up: 2 is AUTHORIZED_ASK. */
static const struct under asks[] = {
	/* another class: what another list has is ours either way */
	{ { ASKS("relay_domains") }, "user@local.test", 1 },
	{ { ASKS("relay_domains") }, "user@vmail.test", 1 },
	{ { ASKS("relay_domains") }, "user@relay.test", 1 },
	{ { ASKS("relay_domains") }, "user@sub.relay.test", 1 },
	{ { ASKS("relay_domains") }, "user@ours.test", 1 },
	{ { ASKS("relay_domains") }, "user@remote.example", 2 },
	{ { ASKS("relay_domains") }, "user%x@remote.example", 2 },
	{ { ASKS("relay_domains") }, "user%x@relay.test", 0 },
	{ { ASKS("relay_domains") }, "user%x@ours.test", 0 },
	{ { ASKS("relay_domains"), { "allow_untrusted_routing", "yes" } },
	  "user%x@ours.test",
	  1 },
	{ { ASKS("relay_domains") }, "user%remote.example@local.test", 2 },
	{ { ASKS("relay_domains") }, "user%relay.test@local.test", 1 },
	{ { ASKS("relay_domains") }, "user@a..b", 0 },
	{ { ASKS("relay_domains") }, "-user@remote.example", 0 },
	{ { ASKS("virtual_alias_domains") }, "user@vmail.test", 1 },
	{ { ASKS("virtual_alias_domains") }, "user@neg.relay.test", 2 },
	{ { ASKS("virtual_mailbox_domains") }, "user@sub.relay.test", 1 },
	{ { ASKS("virtual_mailbox_domains") }, "user@valias.test", 1 },
	{ { ASKS("virtual_alias_domains"), { "relay_domains", "fail:x" } },
	  "user@remote.example",
	  2 },
	{ { ASKS("relay_domains"), { "virtual_alias_domains", "fail:x" } },
	  "user@remote.example",
	  -1 },
	/* negation: then both answers are open */
	{ { { "relay_domains", "!socketmap:x, relay.test" } },
	  "user@relay.test",
	  2 },
	{ { { "relay_domains", "relay.test, !socketmap:x" } },
	  "user@relay.test",
	  1 },
	{ { { "relay_domains", "!socketmap:x" } }, "user@remote.example", 2 },
	{ { { "relay_domains", "socketmap:x, !a.test, relay.test" } },
	  "user@a.test",
	  2 },
	{ { { "relay_domains", "socketmap:x, fail:x, relay.test" } },
	  "user@relay.test",
	  2 },
	{ { { "relay_domains", "fail:x, socketmap:x, relay.test" } },
	  "user@relay.test",
	  -1 },
	{ { { "relay_domains", "fail:x, socketmap:x" } },
	  "user@relay.test",
	  -1 },
	/* mydestination: if it is local what is left is followed */
	{ { MYDEST }, "user@local.test", 1 },
	{ { MYDEST }, "user@late.test", 1 },
	{ { MYDEST }, "user@relay.test", 1 },
	{ { MYDEST }, "user@vmail.test.", 1 },
	{ { MYDEST }, "user@remote.example", 2 },
	{ { MYDEST }, "user%x@relay.test", 2 },
	{ { MYDEST }, "x!user@relay.test", 2 },
	{ { MYDEST }, "user@x@relay.test", 2 },
	{ { MYDEST }, "@relay.test", 2 },
	{ { MYDEST }, "user%relay.test@local.test", 1 },
	{ { MYDEST }, "user%relay.test@remote.example", 2 },
	{ { MYDEST }, "user%remote.example@local.test", 2 },
	{ { MYDEST }, "user%remote.example@relay.test", 2 },
	{ { MYDEST, { "allow_untrusted_routing", "yes" } },
	  "user%x@relay.test",
	  2 },
	{ { MYDEST }, "user@[127.0.0.1]", 1 },
	{ { MYDEST }, "user@relay.test@[127.0.0.1]", 1 },
	{ { MYDEST }, "user@remote.example@[127.0.0.1]", 2 },
	{ { MYDEST }, "user@[10.9.8.7]", 2 },
	{ { MYDEST }, "user@10.9.8.7", 0 },
	{ { MYDEST }, "user%x@10.9.8.7", 2 },
	{ { MYDEST }, "user@a..b", 0 },
	{ { MYDEST }, "user%relay.test@a..b", 2 },
	{ { MYDEST }, "-user@relay.test", 0 },
	{ { MYDEST }, "-user%x@relay.test", 2 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } },
	  "user@127.0.0.1",
	  1 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } },
	  "user%x@127.0.0.1",
	  2 },
	{ { MYDEST, { "resolve_numeric_domain", "yes" } }, "user@10.9.8.7", 2 },
	{ { { "mydestination", "!10.9.8.7, socketmap:x" },
	    { "resolve_numeric_domain", "yes" } },
	  "user@10.9.8.7",
	  2 },
	/* one list is open, and another cannot be searched */
	{ { { "virtual_alias_domains", "socketmap:x" },
	    { "relay_domains", "fail:x" } },
	  "-user@remote.example",
	  0 },
	{ { { "mydestination", "local.test, !socketmap:x, late.test" } },
	  "user@late.test",
	  2 },
	{ { { "mydestination", "local.test, !socketmap:x" } },
	  "user@vmail.test",
	  1 },
};

START_TEST(test_asks)
{
	const struct under *c = &asks[_i];
	struct resolver *resolver = must_make(c->settings);
	struct resolution got;
	const char *list, *why;

	resolve_address(resolver, c->recipient, &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), c->authorized);
	ck_assert_int_eq(got.status == RESOLVE_ASK,
			 c->authorized == AUTHORIZED_ASK);
	ck_assert_pstr_eq(resolver_asks(resolver, &list, &why), "socketmap:x");
	ck_assert_ptr_nonnull(why);
	if (got.status == RESOLVE_ASK) {
		ck_assert_str_eq(got.list, list);
		ck_assert_ptr_nonnull(strstr(got.match.pattern, "socketmap:x"));
	}
	resolver_free(resolver);
}
END_TEST

START_TEST(test_under)
{
	const struct under *c = &unders[_i];
	struct resolver *resolver = must_make(c->settings);
	struct resolution got;

	resolve_address(resolver, c->recipient, &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), c->authorized);
	resolver_free(resolver);
}
END_TEST

static const struct setting refused[] = {
	{ "myhostname", "-x" },
	{ "myhostname", "127.0.0.1" },
	{ "mydomain", "a..b" },
	{ "myorigin", "" },
	{ "myorigin", "a b" },
	{ "myorigin", "a,b" },
	{ "myorigin", "/nonexistent/mailname" },
	{ "myorigin", "/dev" },
	{ "myorigin", "/dev/null" },
	{ "myorigin", "/proc/self/mem" }, /* cannot be read at 0 */
	{ "empty_address_recipient", "" },
	{ "inet_interfaces", "no.such.name.invalid" },
	{ "proxy_interfaces", "1.2.3.4.5" },
	{ "inet_protocols", "ipx" },
	{ "allow_percent_hack", "maybe" },
	{ "swap_bangpath", "" },
	{ "smtputf8_enable", "1" },
	{ "mydestination", "/nonexistent/list" },
	{ "virtual_alias_domains", "hash:/x" },
	{ "virtual_mailbox_domains", "!" },
	{ "relay_domains", "a, cdb:/x" },
	{ "parent_domain_matches_subdomains", "!" },
	{ "parent_domain_matches_subdomains", "fail:x" },
	{ "parent_domain_matches_subdomains", "socketmap:x" },
};

START_TEST(test_refused)
{
	struct setting settings[2] = { refused[_i], { NULL, NULL } };
	size_t length = strlen(refused[_i].name);
	struct error error;

	ck_assert_ptr_null(make(settings, &error));
	ck_assert_msg(strncmp(error.text, refused[_i].name, length) == 0 &&
			      error.text[length] == ':',
		      "%s", error.text);
}
END_TEST

START_TEST(test_long_origin)
{
	char origin[5001] = "";
	struct setting settings[2] = { { "myorigin", origin }, { NULL, NULL } };
	struct error error;

	memset(origin, 'a', sizeof(origin) - 1);
	ck_assert_ptr_null(make(settings, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "myorigin: is longer than"));
}
END_TEST

START_TEST(test_sizes)
{
	static const struct setting settings[] = {
		{ "mydestination", "a, b, c" },
		{ "virtual_alias_domains", "d, e" },
		{ "virtual_mailbox_domains", "f" },
		{ "relay_domains", "!g, h, i, j" },
		{ NULL, NULL },
	};
	struct resolver *resolver = must_make(settings);

	ck_assert_uint_eq(resolver_size(resolver, PARAMETER_MYDESTINATION), 3);
	ck_assert_uint_eq(
		resolver_size(resolver, PARAMETER_VIRTUAL_ALIAS_DOMAINS), 2);
	ck_assert_uint_eq(
		resolver_size(resolver, PARAMETER_VIRTUAL_MAILBOX_DOMAINS), 1);
	ck_assert_uint_eq(resolver_size(resolver, PARAMETER_RELAY_DOMAINS), 4);
	ck_assert_uint_eq(resolver_size(resolver, PARAMETER_MYHOSTNAME), 0);
	resolver_free(resolver);
}
END_TEST

struct origin_case {
	const char *text;   /* of the file */
	const char *domain; /* that is appended; NULL: refused */
};

static const struct origin_case origins[] = {
	{ "origin.test\nlocal.test\n", "origin.test" },
	{ " \torigin.test \r\n", "origin.test" },
	{ "origin.test", "origin.test" },
	{ "\norigin.test\n", NULL },
	{ "", NULL },
	{ "a b\n", NULL },
};

START_TEST(test_origin_file)
{
	const struct origin_case *c = &origins[_i];
	char path[] = "/tmp/policyd-origin.XXXXXX";
	struct setting settings[2] = { { "myorigin", path }, { NULL, NULL } };
	size_t length = strlen(c->text);
	struct resolver *resolver;
	struct resolution got;
	struct error error;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, c->text, length), (ssize_t)length);
	close(fd);
	resolver = make(settings, &error);
	unlink(path);
	ck_assert_int_eq(resolver == NULL, c->domain == NULL);
	if (resolver == NULL)
		return;
	resolve_address(resolver, "user", &got);
	ck_assert_str_eq(got.domain, c->domain);
	resolver_free(resolver);
}
END_TEST

/* check_nothing - refused, and no address is left of it */
static void check_nothing(const struct resolution *got)
{
	ck_assert_int_eq(got->status, RESOLVE_INVALID);
	ck_assert_int_eq(got->class, DESTINATION_DEFAULT);
	ck_assert(!got->routed);
	ck_assert_str_eq(got->list, "");
	ck_assert_ptr_null(got->match.pattern);
	ck_assert_ptr_null(got->match.domains);
	ck_assert_ptr_null(got->match.table);
	ck_assert_str_eq(got->address, "");
	ck_assert_str_eq(got->domain, "");
}

/* Room is for as many pieces as there are bytes, in the local part and in a
 * domain of ours that is taken off and put on again. */
START_TEST(test_many_pieces)
{
	char domain[256] = "";
	struct setting ours[] = { { "mydestination", domain }, { NULL, NULL } };
	struct resolver *resolver;
	struct resolution got;

	while (strlen(domain) < 200)
		strcat(domain, "a.");
	strcat(domain, "test");
	resolver = must_make(ours);
	for (size_t n = 1; n < 1500; n += 9) {
		char address[4096];
		char recipient[4200];

		memset(address, 'b', n);
		for (size_t i = 1; i < n; i += 2)
			address[i] = '.';
		address[n - 1] = 'b';
		sprintf(address + n, "@%s", domain);
		sprintf(recipient, "@route.test:%s.", address);
		resolve_address(resolver, recipient, &got);
		ck_assert_str_eq(got.address, address);
		ck_assert_int_eq(got.class, DESTINATION_LOCAL);
		ck_assert_int_eq(resolution_authorized(resolver, &got), 1);
	}
	resolver_free(resolver);
}
END_TEST

/* Lengths around those where the room changes, and where it ends. */
START_TEST(test_lengths)
{
	static const char domain[] = "@relay.test";
	struct resolver *resolver = must_make(NULL);
	struct resolution got;
	char recipient[2 * RESOLUTION_ADDRESS_MAX];

	for (size_t n = 1; n < 5000; n += n < 300 ? 1 : 37) {
		bool fits = n + strlen(domain) < RESOLUTION_ADDRESS_MAX;

		memset(recipient, 'a', n);
		strcpy(recipient + n, domain);
		resolve_address(resolver, recipient, &got);
		ck_assert_int_eq(got.status,
				 fits ? RESOLVE_DONE : RESOLVE_INVALID);
		ck_assert_int_eq(resolution_authorized(resolver, &got), fits);
		if (fits)
			ck_assert_str_eq(got.address, recipient);
		else
			check_nothing(&got);
	}
	/* every byte is quoted, and the domain is still to come */
	memset(recipient, '"', RESOLUTION_ADDRESS_MAX - 1);
	recipient[RESOLUTION_ADDRESS_MAX - 1] = '\0';
	resolve_address(resolver, recipient, &got);
	check_nothing(&got);
	recipient[RESOLUTION_ADDRESS_MAX - 100] = '\0';
	resolve_address(resolver, recipient, &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), 1);
	resolver_free(resolver);
}
END_TEST

/* Brackets that would not fit are not put. */
START_TEST(test_brackets_fit)
{
	static const struct setting numeric[] = {
		{ "resolve_numeric_domain", "yes" }, { NULL, NULL }
	};
	struct resolver *resolver = must_make(numeric);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX];

	for (size_t size = sizeof(recipient) - 4; size < sizeof(recipient);
	     size++) {
		bool fits = size + 2 < sizeof(recipient);

		memset(recipient, 'a', size);
		strcpy(recipient + size - strlen("@127.0.0.1"), "@127.0.0.1");
		resolve_address(resolver, recipient, &got);
		ck_assert_int_eq(got.status,
				 fits ? RESOLVE_DONE : RESOLVE_INVALID);
		ck_assert_int_eq(resolution_authorized(resolver, &got), fits);
	}
	resolver_free(resolver);
}
END_TEST

/* Long chains end, and in the right place: those of "@" at the domain ahead of
 * them; the others make one odd domain of all. */
START_TEST(test_chains)
{
	static const char *const links[] = {
		"@local.test",	"%local.test", "@",
		"@[127.0.0.1]", "\"@",	       "@local.test.",
	};
	struct setting null[] = { { "resolve_null_domain", "yes" },
				  { NULL, NULL } };
	struct resolver *resolver = must_make(null);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX];

	for (int i = 0; i < COUNT(links); i++) {
		size_t length = strlen(links[i]) < 2 ? 500 : 2000;

		strcpy(recipient, "user@remote.example");
		while (strlen(recipient) < length)
			strcat(recipient, links[i]);
		resolve_address(resolver, recipient, &got);
		ck_assert_msg(resolution_authorized(resolver, &got) == 0, "%s",
			      links[i]);
		memcpy(recipient, "user@rel.relay.test", 19);
		resolve_address(resolver, recipient, &got);
		ck_assert_msg(resolution_authorized(resolver, &got) ==
				      (links[i][0] == '@'),
			      "%s", links[i]);
	}
	resolver_free(resolver);
}
END_TEST

/* Where to follow a chain to its end would cost a thread milliseconds, the
 * lookup fails, whatever is ahead of it. */
START_TEST(test_endless_chain)
{
	struct setting null[] = { { "resolve_null_domain", "yes" },
				  { NULL, NULL } };
	struct resolver *resolver = must_make(null);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX] = "user@local.test";

	while (strlen(recipient) < 2000)
		strcat(recipient, "@");
	resolve_address(resolver, recipient, &got);
	ck_assert_int_eq(got.status, RESOLVE_FAILED);
	ck_assert(resolution_authorized(resolver, &got) < 0);
	/* No list failed. */
	ck_assert_str_eq(got.list, "");
	ck_assert_ptr_nonnull(strstr(got.why, "too many domains"));
	resolver_free(resolver);
}
END_TEST

/* next - a small generator of pseudo-random numbers */
static unsigned next(uint64_t *state, unsigned limit)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return (unsigned)(*state >> 33) % limit;
}

/* same - are two outcomes one? */
static bool same(const struct resolution *a, const struct resolution *b)
{
	return a->status == b->status && a->class == b->class &&
	       a->routed == b->routed && strcmp(a->list, b->list) == 0 &&
	       a->match.pattern == b->match.pattern &&
	       a->match.table == b->match.table &&
	       strcmp(a->address, b->address) == 0 &&
	       strcmp(a->domain, b->domain) == 0;
}

/* Settings under which an address could be resolved differently. */
static const struct setting plain_settings[][5] = {
	{ { NULL, NULL } },
	{ { "resolve_numeric_domain", "yes" },
	  { "mydestination", "local.test, 1.2.3.4, [1.2.3.4]" },
	  { NULL, NULL } },
	{ { "smtputf8_enable", "no" },
	  { "resolve_null_domain", "yes" },
	  { "allow_min_user", "yes" },
	  { "append_dot_mydomain", "yes" },
	  { NULL, NULL } },
	{ { "swap_bangpath", "no" },
	  { "allow_percent_hack", "no" },
	  { "resolve_dequoted_address", "no" },
	  { "allow_untrusted_routing", "yes" },
	  { NULL, NULL } },
	{ { "mydestination", "!x.local.test, local.test" },
	  { "virtual_alias_domains", "a.local.test, local.test" },
	  { "parent_domain_matches_subdomains", "" },
	  { NULL, NULL } },
};

/* The short way for plain addresses gives the same result as the long way, the
 * only one that traces its steps. Texts are plain mostly, or nearly. */
START_TEST(test_plain)
{
	static const char *const parts[] = {
		"a",	 "User",     "1",	 ".",	".",	 "@",
		"@",	 "-",	     "_",	 "+x",	"=",	 "local.test",
		"Local", "test",     "relay",	 "sub", "1.2.3", "relay.test",
		"/",	 "\x7f",     "\xc3\xbc", " ",	"%",	 "!",
		"\"",	 "@x.local", "@1.2.3",	 "{a}", "#",	 "valias.test",
	};
	struct resolver *resolver = must_make(plain_settings[_i]);
	uint64_t state = (uint64_t)_i;
	struct resolution fast, full;
	const int count = mutants(100000);
	int plain = 0;

	for (int i = 0; i < count; i++) {
		char text[256] = "";

		for (unsigned n = 1 + next(&state, 6); n > 0; n--)
			strcat(text,
			       parts[next(&state, next(&state, 4) > 0
							  ? 22
							  : COUNT(parts))]);
		plain += address_plain(text) != NULL;
		resolve_address(resolver, text, &fast);
		resolve_explain(resolver, text, &full, NULL, NULL);
		ck_assert_msg(same(&fast, &full), "%s", text);
	}
	ck_assert_int_gt(plain, count / 100);
	resolver_free(resolver);
}
END_TEST

/* Random texts of the bytes that mean something: no crash, and the outcome is
 * one that makes sense. */
START_TEST(test_random)
{
	static const char bytes[] =
		"@@@@%%!!..\"\"\\\\()<>[]{}:;, |#\t\r\x7f-a1\xc3\xbc\xff";
	static const char *const ends[] = { "", "@local.test", "relay.test",
					    "@[127.0.0.1]", "local.test!" };
	struct resolver *resolver = must_make(NULL);
	struct resolution got;
	const int count = mutants(200000);
	uint64_t state = 1;
	int permitted = 0;

	for (int i = 0; i < count; i++) {
		char recipient[128];
		unsigned length = 1 + next(&state, 40);

		for (unsigned n = 0; n < length; n++)
			recipient[n] = bytes[next(&state, sizeof(bytes) - 1)];
		strcpy(recipient + length, ends[next(&state, COUNT(ends))]);
		resolve_address(resolver, recipient, &got);
		if (resolution_authorized(resolver, &got) != 1)
			continue;
		permitted++;
		ck_assert_int_eq(got.status, RESOLVE_DONE);
		ck_assert(!got.routed);
		ck_assert_ptr_eq(strpbrk(got.address, "@!%") + 1, got.domain);
		ck_assert_str_ne(got.list, "");
		ck_assert_int_ne(got.address[0], '-');
	}
	resolver_free(resolver);
	printf("%d random addresses permitted\n", permitted);
	ck_assert_int_gt(permitted, count / 200);
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(destination_name(DESTINATION_DEFAULT), "default");
	ck_assert_str_eq(destination_name(DESTINATION_LOCAL), "local");
	ck_assert_str_eq(destination_name(DESTINATION_VIRTUAL_ALIAS),
			 "virtual_alias");
	ck_assert_str_eq(destination_name(DESTINATION_VIRTUAL_MAILBOX),
			 "virtual_mailbox");
	ck_assert_str_eq(destination_name(DESTINATION_RELAY), "relay");
	resolver_free(NULL);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("resolve");

	tcase_add_loop_test(tests, test_vectors, 0, COUNT(variants));
	tcase_add_loop_test(tests, test_form, 0, COUNT(forms));
	tcase_add_loop_test(tests, test_explained, 0, COUNT(explained));
	tcase_add_loop_test(tests, test_under, 0, COUNT(unders));
	tcase_add_loop_test(tests, test_asks, 0, COUNT(asks));
	tcase_add_test(tests, test_long_origin);
	tcase_add_test(tests, test_sizes);
	tcase_add_loop_test(tests, test_refused, 0, COUNT(refused));
	tcase_add_loop_test(tests, test_origin_file, 0, COUNT(origins));
	tcase_add_test(tests, test_lengths);
	tcase_add_test(tests, test_many_pieces);
	tcase_add_test(tests, test_brackets_fit);
	tcase_add_test(tests, test_chains);
	tcase_add_test(tests, test_endless_chain);
	tcase_add_test(tests, test_random);
	tcase_add_loop_test(tests, test_plain, 0, COUNT(plain_settings));
	tcase_add_test(tests, test_names);
	return run_tests("resolve", tests);
}
