/* SPDX-License-Identifier: ISC */
/* log_limit - limit the number of log lines */

#include "lib/base/log_limit.h"

/* log_limit_pass - may one more line be written? */
bool log_limit_pass(struct log_limit *limit, uint64_t now_ms,
		    unsigned long *suppressed)
{
	unsigned most = limit->most > 0 ? limit->most : LOG_LIMIT_LINES;

	if (limit->lines == 0 || now_ms - limit->start_ms >= LOG_LIMIT_MS) {
		limit->start_ms = now_ms;
		limit->lines = 0;
	}
	if (limit->lines == most) {
		limit->suppressed++;
		return false;
	}
	limit->lines++;
	*suppressed = limit->suppressed;
	limit->suppressed = 0;
	return true;
}
