/* SPDX-License-Identifier: ISC */
/* control_time - times as people read them */

#include "policyd/control/control_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* control_time - local date and time */
const char *control_time(char buffer[CONTROL_TIME_MAX], int64_t when)
{
	time_t seconds = (time_t)when;
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(buffer, CONTROL_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buffer, CONTROL_TIME_MAX, "%" PRId64, when);
	return buffer;
}

/* control_span - the largest unit, and the next one */
const char *control_span(char buffer[CONTROL_TIME_MAX], int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t length;
	} units[] = {
		{ "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 }
	};
	size_t i = 0;
	int64_t rest;

	while (i < 3 && seconds < units[i].length)
		i++;
	rest = i < 3 ? seconds % units[i].length / units[i + 1].length : 0;
	if (rest > 0)
		snprintf(buffer, CONTROL_TIME_MAX,
			 "%" PRId64 " %s %" PRId64 " %s",
			 seconds / units[i].length, units[i].name, rest,
			 units[i + 1].name);
	else
		snprintf(buffer, CONTROL_TIME_MAX, "%" PRId64 " %s",
			 seconds / units[i].length, units[i].name);
	return buffer;
}
