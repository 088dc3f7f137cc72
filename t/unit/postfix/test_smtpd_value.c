/* SPDX-License-Identifier: ISC */
/* test_smtpd_value - values that another parameter or this host does not allow
 */

#include "lib/postfix/smtpd_value.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/test.h"

/* Settings, and which one smtpd(8) ends at, or may. */
static const struct {
	const char *settings;
	enum smtpd_answer works;
	const char *name;
} values[] = {
	{ "x = y", SMTPD_YES, NULL },
	{ "maillog_file = /tmp/x", SMTPD_YES, NULL },
	{ "maillog_file =\nmaillog_file_prefixes = /var", SMTPD_YES, NULL },
	{ "maillog_file = /var/x\nmaillog_file_prefixes = /dev, /va", SMTPD_YES,
	  NULL },
	{ "maillog_file = /tmp/x\nmaillog_file_prefixes = /dev, /var", SMTPD_NO,
	  "maillog_file" },
	{ "default_verp_delimiters = +=\nverp_delimiter_filter = -=+",
	  SMTPD_YES, NULL },
	{ "default_verp_delimiters = +=\nverp_delimiter_filter = -=", SMTPD_NO,
	  "default_verp_delimiters" },
	{ "myhostname = a_b.example-1.test", SMTPD_YES, NULL },
	{ "myhostname = 1.a", SMTPD_YES, NULL },
	{ "myhostname = 1.2.3.4", SMTPD_MAY, "myhostname" },
	{ "myhostname = a.example.", SMTPD_MAY, "myhostname" },
	{ "myhostname = a..example", SMTPD_MAY, "myhostname" },
	{ "mydomain = -a.example", SMTPD_MAY, "mydomain" },
	{ "mydomain = a b", SMTPD_MAY, "mydomain" },
	{ "mail_owner = nobody", SMTPD_YES, NULL },
	{ "mail_owner = root", SMTPD_MAY, "mail_owner" },
	{ "default_privs = no_such_user", SMTPD_MAY, "default_privs" },
	{ "setgid_group = nogroup", SMTPD_YES, NULL },
	{ "setgid_group = root", SMTPD_MAY, "setgid_group" },
	{ "setgid_group = no_such_group", SMTPD_MAY, "setgid_group" },
	{ "setgid_group = nogroup\ndefault_privs = nobody", SMTPD_MAY,
	  "setgid_group" },
	{ "queue_directory = /", SMTPD_YES, NULL },
	{ "queue_directory = /no/such", SMTPD_YES, NULL },
	{ "queue_directory = x", SMTPD_MAY, "queue_directory" },
	{ "queue_directory = /etc/passwd", SMTPD_MAY, "queue_directory" },
	/* What is certain counts. */
	{ "mydomain = x.\nmaillog_file = x\nmaillog_file_prefixes = /var",
	  SMTPD_NO, "maillog_file" },
	{ "default_verp_delimiters = ++\nverp_delimiter_filter = =\n"
	  "maillog_file = x\nmaillog_file_prefixes = /var",
	  SMTPD_NO, "maillog_file" },
};

START_TEST(knows_values)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .postfix = &postfix };
	enum smtpd_answer works;
	const char *name, *wants = NULL;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective,
					      values[_i].settings, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	port.service = &postfix.services[0];
	name = smtpd_value_check(&port, &works, &wants);
	ck_assert_msg(works == values[_i].works, "%s", values[_i].settings);
	if (values[_i].name == NULL) {
		ck_assert_ptr_null(name);
	} else {
		ck_assert_str_eq(name, values[_i].name);
		ck_assert_ptr_nonnull(wants);
	}
	postfix_clear(&postfix);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_value");

	tcase_add_loop_test(tests, knows_values, 0, COUNT(values));
	return run_tests("smtpd_value", tests);
}
