/* SPDX-License-Identifier: ISC */
/* postlog_order - is the newest line of a file the first?
 *
 * As with journalctl -r. A client then connects after what it has sent, and
 * no session can be followed. */

#include "lib/postlog/postlog_order.h"

#include "lib/postlog/postlog_time.h"

/* postlog_order_end - judge the file */
void postlog_order_end(struct postlog_order *order)
{
	bool backward = order->backward > order->forward;

	if (order->earlier > order->later ||
	    (backward && order->later == order->earlier))
		order->reversed++;
	else if (backward)
		order->shuffled++;
	order->later = order->earlier = 0;
	order->forward = order->backward = 0;
	order->file = NULL;
}

/* postlog_order_session - a session, whose lines may all be of one second */
void postlog_order_session(struct postlog_order *order, bool backward)
{
	order->forward += !backward;
	order->backward += backward;
}

/* postlog_order_line - compare with the line before; lines of several programs
 * may be in a slightly different order than their times */
void postlog_order_line(struct postlog_order *order, const char *file,
			int64_t time)
{
	if (time == POSTLOG_NO_TIME)
		return;
	if (order->file != file) {
		postlog_order_end(order);
		order->file = file;
		order->last = time;
	}
	order->later += time > order->last;
	order->earlier += time < order->last;
	order->last = time;
}
