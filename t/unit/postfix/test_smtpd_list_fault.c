/* SPDX-License-Identifier: ISC */
/* test_smtpd_list_fault - words in lists of restrictions that end smtpd(8) */

#include "lib/postfix/smtpd_list_fault.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "t/unit/test.h"

#define ASK(argument) \
	"smtpd_client_restrictions = check_policy_service " argument

/* Settings, and what is said of which list. */
static const struct {
	const char *settings, *list, *fault;
} lists[] = {
	{ ASK("unix:x"), NULL, NULL },
	{ ASK("{ inet:x:1, retry_delay=1, { default_action = 451 x } }"), NULL,
	  NULL },
	{ ASK("{ local:x policy_context=x request_limit=0 }, reject"), NULL,
	  NULL },
	{ ASK("private/x"), "smtpd_client_restrictions",
	  "check_policy_service private/x is no unix:PATH or inet:HOST:PORT" },
	{ ASK("unix:"), "smtpd_client_restrictions",
	  "check_policy_service unix: is no unix:PATH or inet:HOST:PORT" },
	{ ASK("{ unix:x, retry_delay=0 }"), "smtpd_client_restrictions",
	  "retry_delay of check_policy_service is \"0\", and must be a time of "
	  "at least 1s" },
	{ ASK("{ unix:x, policy_context= }"), "smtpd_client_restrictions",
	  "policy_context of check_policy_service is \"\", and must be a "
	  "value, not an empty one" },
	{ ASK("{ unix:x, retry_delay = 1 }"), "smtpd_client_restrictions",
	  "an attribute of check_policy_service has no \"=\"; white space "
	  "around that needs braces: { NAME = VALUE }" },
	{ ASK("{ unix:x, retry=1 }"), "smtpd_client_restrictions",
	  "check_policy_service has no attribute retry" },
	{ "smtpd_relay_restrictions = reject, ::1", "smtpd_relay_restrictions",
	  "::1 is no table TYPE:NAME" },
	{ "smtpd_etrn_restrictions = check_etrn_access hash:",
	  "smtpd_etrn_restrictions", "hash: is no table TYPE:NAME" },
	{ "smtpd_etrn_restrictions = a:b {c:d} reject", NULL, NULL },
	{ "smtpd_restriction_classes = some, other\nsome = reject\n"
	  "other = check_policy_service x",
	  "other", "check_policy_service x is no unix:PATH or inet:HOST:PORT" },
	{ "other = check_policy_service x", NULL, NULL },
};

START_TEST(knows_lists)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .postfix = &postfix };
	const char *list = NULL;
	char *fault;

	ck_assert_int_eq(postfix_values_parse(&postfix.effective,
					      lists[_i].settings, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	port.service = &postfix.services[0];
	fault = smtpd_list_fault(&port, &list);
	if (lists[_i].fault == NULL) {
		ck_assert_ptr_null(fault);
	} else {
		ck_assert_str_eq(fault, lists[_i].fault);
		ck_assert_str_eq(list, lists[_i].list);
	}
	free(fault);
	postfix_clear(&postfix);
}
END_TEST

/* A class that only the options of the port define. */
START_TEST(knows_own_classes)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .postfix = &postfix };
	const char *list = NULL;
	char *fault;

	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	port.service = &postfix.services[0];
	postfix_values_add(&postfix.services[0].overrides,
			   "smtpd_restriction_classes", "mine");
	postfix_values_add(&postfix.services[0].overrides, "mine", ":x");
	fault = smtpd_list_fault(&port, &list);
	ck_assert_str_eq(fault, ":x is no table TYPE:NAME");
	ck_assert_str_eq(list, "mine");
	free(fault);
	postfix_clear(&postfix);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_list_fault");

	tcase_add_loop_test(tests, knows_lists, 0, COUNT(lists));
	tcase_add_test(tests, knows_own_classes);
	return run_tests("smtpd_list_fault", tests);
}
