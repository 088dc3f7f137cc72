/* SPDX-License-Identifier: ISC */
/* test_outcome - what would be answered differently, and what more openly */

#include "lib/decision/outcome.h"
#include "t/unit/test.h"

#define R(service, verdict, observed, reply)                        \
	{                                                           \
		service, VERDICT_##verdict, "word", observed, reply \
	}

static const struct {
	struct outcome old, new;
	bool differ, opens;
} outcomes[] = {
	{ R("a", REJECT, false, "x"), R("a", REJECT, false, "x"), false,
	  false },
	{ R("a", REJECT, false, "x"), R("b", REJECT, false, "x"), false,
	  false },
	{ R("a", REJECT, false, "x"), R("a", REJECT, false, "y"), true, false },
	{ R("a", REJECT, false, "x"), R("a", DEFER, false, "y"), true, false },
	{ R("a", DEFER, false, "x"), R("a", REJECT, false, "y"), true, false },
	{ R("a", REJECT, false, "x"), R("a", PERMIT, false, "y"), true, true },
	{ R("a", DEFER, false, "x"), R("a", PERMIT, false, "y"), true, true },
	{ R("a", DUNNO, false, "x"), R("a", PERMIT, false, "y"), true, true },
	{ R("a", ASK, false, "x"), R("a", PERMIT, false, "y"), true, true },
	{ R("a", REJECT, false, "x"), R("a", ASK, false, "y"), true, true },
	{ R("a", REJECT, false, "x"), R("a", DUNNO, false, "y"), true, true },
	{ R("a", PERMIT, false, "x"), R("a", REJECT, false, "y"), true, false },
	{ R("a", PERMIT, false, "x"), R("a", ASK, false, "y"), true, false },
	{ R("a", REJECT, false, "x"), R("a", REJECT, true, "y"), true, true },
	{ R("a", REJECT, true, "x"), R("a", REJECT, false, "y"), true, false },
	{ R("a", PERMIT, true, "x"), R("a", PERMIT, false, "x"), true, true },
	/* A log does not tell the reply. */
	{ R("a", REJECT, false, ""), R("b", REJECT, false, "x"), false, false },
	{ R("a", REJECT, false, ""), R("a", DEFER, false, "x"), true, false },
	{ R("a", REJECT, false, ""), R("a", PERMIT, false, "x"), true, true },
	{ R("a", PERMIT, false, ""), R("a", PERMIT, true, "x"), true, false },
};

START_TEST(is_compared)
{
	const struct outcome *old = &outcomes[_i].old;
	const struct outcome *new = &outcomes[_i].new;

	ck_assert_int_eq(outcome_differ(old, new), outcomes[_i].differ);
	ck_assert_int_eq(outcome_opens(old, new), outcomes[_i].opens);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("outcome");

	tcase_add_loop_test(tests, is_compared, 0, COUNT(outcomes));
	return run_tests("outcome", tests);
}
