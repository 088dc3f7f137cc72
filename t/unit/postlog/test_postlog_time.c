/* SPDX-License-Identifier: ISC */
/* test_postlog_time - year and zone of a time stamp */

#include "lib/postlog/postlog_time.h"

#include <string.h>

#include "t/unit/test.h"

/* 2026-11-24T14:00:00Z */
#define NOW 1795528800
/* 2099-11-24T14:00:00Z, where time_t has it */
#define LATE (sizeof(time_t) < sizeof(int64_t) ? POSTLOG_NO_TIME : 4099212000)

static const struct {
	const char *stamp;
	int64_t latest, time;
} stamps[] = {
	{ "2026-11-24T15:00:00+01:00", 0, NOW },
	{ "2026-11-24T14:00:00Z", 0, NOW },
	{ "2026-11-24T14:00:00.999999Z", 0, NOW },
	{ "2026-11-24T09:30:00.1-0430", 0, NOW },
	{ "2026-11-24 15:00:00,5 ", 0, NOW },
	{ "2026-11-24T15:00:00", 0, NOW },
	{ "Tue 2026-11-24 15:00:00 CET", 0, NOW },
	{ "Nov 24 15:00:00", NOW, NOW },
	{ "Nov  4 15:00:00", NOW, NOW - 20 * 86400 },
	/* postlogd(8) writes it like this. */
	{ "Nov 04 15:00:00", NOW, NOW - 20 * 86400 },
	{ "Nov 24 15:00:00", NOW + 40 * 86400, NOW },
	{ "Nov 24 15:00:00", NOW + 363 * 86400, NOW },
	/* A clock that is ahead of the file's. */
	{ "Nov 24 15:00:00", NOW - 3600, NOW },
	{ "Nov 24 15:00:00", NOW - 10 * 86400, NOW - 365 * 86400LL },
	{ "Feb 29 12:00:00", NOW, 1709204400 },
	/* The end of time_t of 32 bits: the next November is behind it, or even
	 * the next day. */
	{ "Nov 24 15:00:00", 2127427200, 2111148000 },
	{ "Jan 19 02:00:00", INT32_MAX - 3600, 2147475600 },
	{ "1795528800.123456", 0, NOW },
	{ "Okt 24 15:00:00", NOW, POSTLOG_NO_TIME },
	{ "x", NOW, POSTLOG_NO_TIME },
	{ "", NOW, POSTLOG_NO_TIME },
	{ "2026-11-24x15:00:00", NOW, POSTLOG_NO_TIME },
	{ "2026-11", NOW, POSTLOG_NO_TIME },
	{ "2099-11-24T14:00:00Z", 0, LATE },
	{ "2099-11-24T15:00:00", 0, LATE },
};

START_TEST(reads_the_time_of_each_format)
{
	int64_t time = postlog_time(stamps[_i].stamp, strlen(stamps[_i].stamp),
				    (time_t)stamps[_i].latest);

	ck_assert_msg(time == stamps[_i].time, "%s: %lld", stamps[_i].stamp,
		      (long long)time);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postlog_time");

	setenv("TZ", "CET-1", 1);
	tcase_add_loop_test(tests, reads_the_time_of_each_format, 0,
			    COUNT(stamps));
	return run_tests("postlog_time", tests);
}
