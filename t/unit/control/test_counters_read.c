/* SPDX-License-Identifier: ISC */
/* test_counters_read - the counters in the text for Prometheus */

#include "policyd/control/counters_read.h"

#include "t/unit/test.h"

static const char page[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
	"# HELP policyd_decisions_total Decisions.\n"
	"# TYPE policyd_decisions_total counter\n"
	"policyd_decisions_total{service=\"a\",verdict=\"permit\",restriction="
	"\"x\"} 3\n"
	"policyd_decisions_total{service=\" } 9\",verdict=\"permit\","
	"restriction=\"y\"} 4\n"
	"policyd_decisions_total{service=\"a\",verdict=\"reject\",restriction="
	"\"x\"} 5\n"
	"policyd_decisions_total_other{verdict=\"reject\",} 100\n"
	"policyd_decision_seconds_sum 0.250000\n"
	"policyd_connections 6\n"
	"policyd_connections_total 60\n"
	"policyd_malformed_requests_total 7\n"
	"policyd_connections";

START_TEST(adds_up)
{
	struct counters_seen seen;

	counters_parse(&seen, page);
	ck_assert_uint_eq(seen.decisions[VERDICT_PERMIT], 7);
	ck_assert_uint_eq(seen.decisions[VERDICT_REJECT], 5);
	ck_assert_uint_eq(seen.decisions[VERDICT_DEFER], 0);
	ck_assert_uint_eq(seen.connections, 6);
	ck_assert_uint_eq(seen.malformed, 7);
	ck_assert(seen.seconds > 0.24 && seen.seconds < 0.26);
	counters_parse(&seen, "");
	ck_assert_uint_eq(seen.connections, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("counters_read");

	tcase_add_test(tests, adds_up);
	return run_tests("counters_read", tests);
}
