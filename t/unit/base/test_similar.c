/* SPDX-License-Identifier: ISC */
/* test_similar - the name that was meant, or none */

#include <check.h>
#include <stdio.h>

#include "lib/base/similar.h"
#include "t/unit/test.h"

static const char *const names[] = {
	"log",	  "relay_domains",     "mydestination",
	"permit", "permit_mynetworks", "to"
};

static const struct {
	const char *word;
	const char *advice;
} rows[] = {
	{ "logg", "; did you mean log?" },
	{ "LOG", "; did you mean log?" },
	{ "relay_domain", "; did you mean relay_domains?" },
	{ "relay-domains", "; did you mean relay_domains?" },
	{ "mydestinatoin", "; did you mean mydestination?" },
	{ "permit_mynetwork", "; did you mean permit_mynetworks?" },
	{ "premit", "; did you mean permit?" },
	{ "permit_all", "" },
	{ "x", "" },
	{ "", "" },
	{ "smtpd_banner", "" },
	{ "smtpd_relay_domains", "; did you mean relay_domains?" },
	{ "my_log", "" },
	{ "the_permit", "; did you mean permit?" },
	{ "0123456789012345678901234567890123456789012345678901234567890123456",
	  "" },
};

START_TEST(finds_the_name_that_was_meant)
{
	struct similar similar;
	char advice[64];
	size_t i;

	similar_init(&similar, rows[_i].word);
	for (i = 0; i < COUNT(names); i++)
		similar_try(&similar, names[i]);
	ck_assert_str_eq(similar_advice(&similar, advice, sizeof(advice)),
			 rows[_i].advice);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("similar");

	tcase_add_loop_test(tests, finds_the_name_that_was_meant, 0,
			    COUNT(rows));
	return run_tests("similar", tests);
}
