/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_OTHERS_H
#define LIB_POSTLOG_POSTLOG_OTHERS_H

#include <stdbool.h>

#include "lib/postlog/postlog_table.h"

/* POSTLOG_OTHERS_MAX - messages that are remembered; the oldest are forgotten.
 */
#define POSTLOG_OTHERS_MAX 100000

struct postlog_other;

/* Messages in the queue that no client of this log sent. Zero it before use. */
struct postlog_others {
	struct postlog_table table;
	struct postlog_other *oldest, *newest;
};

/* postlog_others_add - remember a message; false: it is there already. */
bool postlog_others_add(struct postlog_others *others, const char *host,
			const char *queue_id);

/* postlog_others_remove - it left the queue; it need not be there. */
void postlog_others_remove(struct postlog_others *others, const char *host,
			   const char *queue_id);

/* postlog_others_clear - free what it holds. */
void postlog_others_clear(struct postlog_others *others);

#endif
