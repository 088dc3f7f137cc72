/* SPDX-License-Identifier: ISC */
/* test_config_origin - which line of which file makes a domain ours, and which
 * domains are in two lists */

#include "lib/base/xalloc.h"
#include "lib/config/config_origin.h"

#include "lib/request/request_notation.h"
#include "policyd/query/explanation.h"
#include "t/unit/place_config.h"

static const char text[] =
	"myhostname = 'mx.own.test'\n"
	"mydestination = {\n"
	"	'own.test, $myhostname',\n"
	"	'two.test'\n"
	"}\n"
	"inet_interfaces = '127.0.0.1'\n"
	"virtual_alias_domains = '!no.test, @/list, inline:{{in.test=x}}'\n"
	"virtual_mailbox_domains = 'texthash:@/texthash, cidr:@/cidr'\n"
	"relay_domains = 'regexp:@/regexp, pcre:@/pcre, hash:@/hash'\n"
	"import_postfix = '@'\n"; /* postmap wants a main.cf */

static const struct {
	const char *to, *list, *origin; /* "@": the directory */
} rows[] = {
	{ "own.test", "mydestination", "@/conf:3" },
	{ "mx.own.test", "mydestination", "@/conf:3" },
	{ "TWO.test.", "mydestination", "@/conf:4" },
	{ "[127.0.0.1]", "inet_interfaces", "@/conf:6" },
	{ "no.test", "virtual_alias_domains", "@/conf:7" },
	{ "one.list.test", "virtual_alias_domains", "@/list:2" },
	{ "three.list.test", "virtual_alias_domains", "@/list:4" },
	{ "in.test", "virtual_alias_domains", "@/conf:7" },
	{ "plain.test", "virtual_mailbox_domains", "@/texthash:3" },
	{ "deep.test", "virtual_mailbox_domains", "@/texthash:5" },
	{ "192.0.2.7", "virtual_mailbox_domains", NULL },
	{ "a.regexp.test", "relay_domains", "@/regexp:2" },
	{ "in.if.regexp.test", "relay_domains", "@/regexp:5" },
	{ "a.pcre.test", "relay_domains", "@/pcre:3" },
	{ "hash.test", "relay_domains", "@/hash:2" },
	{ "sub.sub.hash.test", "relay_domains", "@/hash:2" },
	{ "far.example", "", NULL },
};

/* set_up - the files; the source of hash: is folded by postmap */
static void set_up(void)
{
	place_make();
	place_write("conf", text);
	place_write("list", "# one\none.list.test\n#\nthree.list.test\n");
	place_write("texthash", "# a\n\nplain.test x\n\ndeep.test y\n");
	place_write("cidr", "192.0.2.0/24 x\n");
	place_write("regexp", "# a\n/^a\\.regexp/ x\nif /regexp/\n# b\n"
			      "/^in\\./ y\nendif\n");
	place_write("pcre", "# a\n# b\n/^A\\.pcre/ x\n");
	place_write("hash", "# a\nHASH.test x\n");
	place_write("main.cf", "compatibility_level = 3.6\n");
	run_shell("touch -d '1 hour ago' %s/main.cf && "
		  "postmap -c %s hash:%s/hash",
		  place_directory, place_directory, place_directory);
}

/* expand - "@" in an expected origin */
static char *expand(const char *origin)
{
	return origin[0] == '@' ? xasprintf("%s%s", place_directory, origin + 1)
				: xstrdup(origin);
}

/* expand_all - "@" anywhere, in one of two texts that are used by turns */
static const char *expand_all(const char *from)
{
	static char buffers[2][256];
	static size_t turn;
	char *buffer = buffers[turn++ % 2];
	const char *at = strchr(from, '@');

	if (at == NULL)
		snprintf(buffer, 256, "%s", from);
	else
		snprintf(buffer, 256, "%.*s%s%s", (int)(at - from), from,
			 place_directory, at + 1);
	return buffer;
}

/* One load: libconfuse is for once in a process. */
START_TEST(says_where_an_entry_is_from)
{
	struct config_load_options how = { .unserved = true };
	struct config_messages messages = { 0 };
	struct config *config = place_load("conf", &how, &messages);
	struct explanation explanation;
	struct notation notation;
	struct error error;
	int i;

	for (i = 0; i < COUNT(rows); i++) {
		char *to = xasprintf("to=user@%s", rows[i].to);
		const struct explanation_step *step;
		char *want;
		size_t k;

		notation_init(&notation);
		ck_assert_int_eq(notation_text(&notation, to, &error), 0);
		ck_assert_int_eq(explain(&explanation, config, NULL,
					 &notation.request, NULL, "ID", &error),
				 0);
		step = explanation_list(&explanation);
		/* A negated entry does not make a domain ours. */
		for (k = 0; step == NULL && k < explanation.step_count; k++)
			if (explanation.steps[k].origin != NULL)
				step = &explanation.steps[k];
		if (rows[i].origin == NULL) {
			ck_assert_msg(step == NULL, "%s", to);
		} else {
			want = expand(rows[i].origin);
			ck_assert_msg(step != NULL, "%s", to);
			ck_assert_str_eq(step->list, rows[i].list);
			ck_assert_str_eq(step->origin, want);
			free(want);
		}
		explanation_clear(&explanation);
		notation_clear(&notation);
		free(to);
	}
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* main.cf: continued lines, comments, a name that is set twice, $names. */
START_TEST(finds_the_line_of_main_cf)
{
	static const struct {
		const char *to, *origin;
	} imported[] = {
		{ "own.test", "@/main.cf:9" },
		{ "mx.own.test", "@/main.cf:7" },
		{ "relay.test", "@/main.cf:5" },
		{ "last.test", "@/main.cf:4" },
	};
	struct config_load_options how = { .unserved = true };
	struct config_messages messages = { 0 };
	struct explanation explanation;
	struct notation notation;
	struct config *config;
	struct error error;
	int i;

	place_write("main.cf", "compatibility_level = 3.6\n"
			       "myhostname = mx.own.test\n"
			       "mydestination = nowhere.test\n"
			       "relay_domains = last.test,\n"
			       "  relay.test\n"
			       "# mydestination = own.test\n"
			       "mydestination=$myhostname,\n"
			       "# in the middle\n"
			       "\town.test\n");
	run_shell("touch -d '1 hour ago' %s/main.cf", place_directory);
	place_write("conf", "import_postfix = '@'\n");
	config = place_load("conf", &how, &messages);
	for (i = 0; i < COUNT(imported); i++) {
		char *to = xasprintf("to=user@%s", imported[i].to);
		char *want = expand(imported[i].origin);

		notation_init(&notation);
		ck_assert_int_eq(notation_text(&notation, to, &error), 0);
		ck_assert_int_eq(explain(&explanation, config, NULL,
					 &notation.request, NULL, "ID", &error),
				 0);
		ck_assert_ptr_nonnull(explanation_list(&explanation));
		ck_assert_str_eq(explanation_list(&explanation)->origin, want);
		explanation_clear(&explanation);
		notation_clear(&notation);
		free(want);
		free(to);
	}
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* The network that permits. */
START_TEST(names_the_network_that_permits)
{
	static const struct {
		const char *client, *entry, *origin; /* NULL: none permits */
	} clients[] = {
		{ "10.1.1.1", "10.0.0.0/8", "@/conf:2" },
		{ "198.51.100.7", "198.51.100.7", "@/networks:4" },
		{ "2001:db8::9", "[2001:db8::]/32", "@/networks:4" },
		{ "203.0.113.1", "cidr:@/near", "@/near:1" },
		{ "192.0.3.1", NULL, NULL },
		{ "10.2.1.1", NULL, NULL },
	};
	struct config_load_options how = { .unserved = true };
	struct config_messages messages = { 0 };
	struct explanation explanation;
	struct notation notation;
	struct config *config;
	struct error error;
	int i;

	place_write("near", "203.0.113.0/24 x\n");
	place_write("networks", "# x\n172.16.0.0/12\n\n"
				"[2001:db8::]/32 198.51.100.7\n");
	place_write("conf", "mydestination = 'own.test'\n"
			    "mynetworks = { '!10.2.0.0/16, 10.0.0.0/8',\n"
			    "'@/networks, cidr:@/near' }\n"
			    "restrictions = { permit_mynetworks, reject }\n");
	config = place_load("conf", &how, &messages);
	for (i = 0; i < COUNT(clients); i++) {
		notation_init(&notation);
		ck_assert_int_eq(notation_set(&notation, "client",
					      clients[i].client, &error),
				 0);
		ck_assert_int_eq(
			notation_set(&notation, "to", "a@far.example", &error),
			0);
		ck_assert_int_eq(explain(&explanation, config, NULL,
					 &notation.request, NULL, "ID", &error),
				 0);
		ck_assert_pstr_eq(explanation.answers[0].entry,
				  clients[i].entry != NULL
					  ? expand_all(clients[i].entry)
					  : NULL);
		ck_assert_pstr_eq(explanation.answers[0].origin,
				  clients[i].origin != NULL
					  ? expand_all(clients[i].origin)
					  : NULL);
		explanation_clear(&explanation);
		notation_clear(&notation);
	}
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

START_TEST(warns_of_a_domain_in_two_lists)
{
	static const char *const want[] = {
		":3: warning: virtual_mailbox_domains: key.test (",
		":4: warning: relay_domains: a.test (",
		":4: warning: relay_domains: vm.test (",
	};
	struct config_load_options how = { .unserved = true, .thorough = true };
	struct config_messages messages = { 0 };
	struct config *config;
	size_t i;

	place_write("table", "key.test x\nb.test y\n");
	place_write("relay", "a.test\n!c.test\n");
	place_write("conf",
		    "mydestination = 'A.test, key.test, sub.vm.test, c.test'\n"
		    "virtual_alias_domains = ''\n"
		    "virtual_mailbox_domains = 'vm.test, texthash:@/table'\n"
		    "relay_domains = '@/relay, vm.test, sub.a.test'\n");
	config = place_load("conf", &how, &messages);
	ck_assert_uint_eq(messages.count, COUNT(want));
	for (i = 0; i < messages.count; i++)
		ck_assert_msg(strstr(messages.lines[i], want[i]) != NULL, "%s",
			      messages.lines[i]);
	ck_assert_ptr_nonnull(strstr(messages.lines[0], "/table:1) is in "
							"mydestination, too"));
	ck_assert_ptr_nonnull(strstr(messages.lines[1], "/relay:1)"));
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* relay_domains = $mydestination is usual, and no mistake. */
START_TEST(allows_a_list_within_another)
{
	static const char *const texts[][2] = {
		{ "a.test, b.test", "'$mydestination'" },
		{ "a.test, b.test", "{ '$mydestination', 'other.test' }" },
		{ "a.test, b.test", "'other.test, ${mydestination}'" },
		{ "a.test", "'$mydestination'" },
		{ "a.test", "'$mydestination, other.test'" },
		{ "a.test", "'x.a.test, other.test $mydestination'" },
	};
	struct config_load_options how = { .unserved = true, .thorough = true };
	struct config_messages messages = { 0 };
	struct config *config;
	char *written;

	written = xasprintf("mydestination = '%s'\nrelay_domains = %s\n",
			    texts[_i][0], texts[_i][1]);
	place_write("conf", written);
	free(written);
	config = place_load("conf", &how, &messages);
	ck_assert_msg(messages.count == 0, "%s", messages.lines[0]);
	config_messages_clear(&messages);
	config_free(config);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_origin");

	tcase_add_checked_fixture(tests, set_up, place_remove);
	tcase_add_test(tests, says_where_an_entry_is_from);
	tcase_add_test(tests, finds_the_line_of_main_cf);
	tcase_add_test(tests, names_the_network_that_permits);
	tcase_add_test(tests, warns_of_a_domain_in_two_lists);
	tcase_add_loop_test(tests, allows_a_list_within_another, 0, 6);
	return run_tests("config_origin", tests);
}
