/* SPDX-License-Identifier: ISC */
/* test_config_dump - -T prints what loads to the same again */

#include <check.h>

#include "lib/config/config_assign.h"
#include "t/unit/test.h"
#include "t/unit/config/printing.h"

static const char *const round_trips[] = {
	"",
	"reject_reply = '554 5.7.1 a \\ b \\\\ c \\d \\' \" # // /* ${x} $$'\n",
	"reject_reply = \"554 it's \\\" \\\\ $x\"\n",
	"plaintext_reply = '554 b\xc3\xbc cher \\'quoted\\''\n",
	"service \"a\\\"b'c\\\\\" { policy_context = { '${x}', '\\\\', \"'\", '' } }\n",
	"empty_address_recipient = 'a$$b$$' myorigin = x\n",
	"empty_address_recipient = 'a$${myhostname}b'\n",
	"mydestination = { \"$myhostname\", '${mydomain}', 'x' }\n",
	"log = \"/var/log/a b\"\npid_file = '/run/x y.pid'\n",
	"log_verdicts = {}\nmynetworks = { '10.0.0.0/8', \"::1\" }\n",
	"reply = ok service \"a\" { reply = lock } service \"b\" { }\n",
	"reply = ok\nservice \"a\" {\nreply = lock\n}\nservice \"b\" { }\n",
	"group = \"nogroup\" listen \"unix:/x\" { group = \"nogroup\" }\n",
	("allow_users = { root }\nlisten \"unix:/x\" { }\n"
	 "listen \"unix:/y\" { allow_users = { } }\n"),
	"listen \"inet:localhost:1\" { }\nlisten \"unix:/a b\" { mode = 600 }\n",
	"tls_protocols = ''\ntls_ciphers = \"\"\ntls_keysize = 0\n",
};

START_TEST(prints_what_loads_to_the_same)
{
	char *first = dump_text(round_trips[_i], true);
	char *second = dump_text(first, true);
	char *brief = dump_text(round_trips[_i], false);
	char *third = dump_text(brief, true);

	ck_assert_ptr_null(strstr(brief, "\t# default"));
	ck_assert_ptr_null(strstr(brief, ": any\n"));
	strip_comments(first);
	strip_comments(second);
	strip_comments(third);
	ck_assert_str_eq(first, second);
	ck_assert_str_eq(first, third);
	free(first);
	free(second);
	free(brief);
	free(third);
}
END_TEST

START_TEST(prints_every_option_so_that_it_loads)
{
	char *first = dump_path(FULL, true);
	char *second = dump_text(first, true);

	ck_assert_ptr_nonnull(
		strstr(first, "log = \"stderr\"\t# " FULL ":12\n"));
	ck_assert_ptr_nonnull(strstr(first, "user = "));
	ck_assert_ptr_nonnull(strstr(first, "myorigin = \"mail.local.test\""
					    "\t# default\n"));
	strip_comments(first);
	strip_comments(second);
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

/* Without -v: what somebody has set, and nothing else. */
START_TEST(prints_only_what_was_set)
{
	char *dump = dump_text("tls_keysize = 128\nreply = ok\n"
			       "listen \"unix:/x\" { mode = \"0600\" }\n"
			       "service \"a\" {\nserver_port = 25\n}\n",
			       false);

	strip_comments(dump);
	ck_assert_str_eq(dump, "\nreply = ok\t\ntls_keysize = 128\t\n\n\n"
			       "listen \"unix:/x\" {\t\n"
			       "\tmode = \"0600\"\t\n}\n\n"
			       "service \"a\" {\t\n"
			       "\tserver_port = 25\t\n}\n");
	free(dump);
}
END_TEST

/* Every default is a value that its own row allows, and what is kept fits. */
START_TEST(rows_allow_their_defaults)
{
	enum config_option option = (enum config_option)_i;
	const struct config_value *row = config_option_value(option);
	const char *standard = config_option_standard(option);
	unsigned long value;
	struct error error = { "" };

	if (row->home != 0 && row->unit == UNIT_PATH)
		ck_assert_uint_eq(row->size, sizeof(char *));
	else if (row->home != 0)
		ck_assert(row->size == sizeof(bool) ||
			  row->size == sizeof(unsigned));
	if (row->unit == UNIT_TEXT)
		ck_assert_int_eq(row->home, 0);
	if (row->unit == UNIT_TEXT || row->unit == UNIT_PATH ||
	    standard == NULL || *standard == '\0')
		return;
	ck_assert_msg(config_read(option, standard, &value, &error) == 0,
		      "%s: %s", config_option_name(option), error.text);
}
END_TEST

/* Every option is printed, with its source. */
START_TEST(prints_every_option_with_its_source)
{
	char *dump = dump_text("listen \"unix:/x\" { }\n"
			       "listen \"inet:[::1]:1\" { }\n"
			       "service \"a\" { }\n"
			       "rate \"r\" { limit = \"1/1h\" }\n"
			       "store \"unix:/x\" { }\n",
			       true);
	int i;

	for (i = 0; i < OPTION_COUNT; i++) {
		enum config_option option = (enum config_option)i;
		unsigned scopes = config_option_scopes(option);
		const unsigned tls = SCOPE_TLS | SCOPE_STORE_TLS;
		/* An expectation has only what it sets. */
		if (scopes == SCOPE_EXPECT)
			continue;
		char *line = xasprintf(
			"\n%s%s = ", (scopes & SCOPE_TOP) != 0 ? "" : "\t",
			config_option_name(option));
		char *any = xasprintf("\n\t# %s: any\n",
				      config_option_name(option));
		const char *found = strstr(dump, line);

		/* A tls section is only printed where there is one, see
		 * t/integration/test_manual.py. */
		ck_assert_msg((scopes | tls) == tls || found != NULL ||
				      strstr(dump, any) != NULL,
			      "%s", line);
		if (found != NULL)
			ck_assert_ptr_nonnull(strstr(found, "\t# default\n"));
		free(line);
		free(any);
	}
	free(dump);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_dump");

	tcase_add_loop_test(tests, prints_what_loads_to_the_same, 0,
			    COUNT(round_trips));
	tcase_add_test(tests, prints_every_option_so_that_it_loads);
	tcase_add_test(tests, prints_only_what_was_set);
	tcase_add_loop_test(tests, rows_allow_their_defaults, 0,
			    OPTION_PARAMETER);
	tcase_add_test(tests, prints_every_option_with_its_source);
	return run_tests("config_dump", tests);
}
