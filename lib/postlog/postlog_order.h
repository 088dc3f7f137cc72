/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_ORDER_H
#define LIB_POSTLOG_POSTLOG_ORDER_H

#include <stdbool.h>
#include <stdint.h>

/* The order of the lines in each file. Zero it before use. */
struct postlog_order {
	const char *file;		 /* the current one */
	int64_t last;			 /* time of its last line */
	unsigned long later, earlier;	 /* than the line before, in it */
	unsigned long forward, backward; /* sessions in it */
	unsigned long reversed;		 /* files in which most are earlier */
	unsigned long shuffled; /* files in which only sessions are backward:
				   their lines are of one second */
};

/* postlog_order_session - a line of a session comes after its beginning, or
 * before it. */
void postlog_order_session(struct postlog_order *order, bool backward);

/* postlog_order_line - a line of a file, with its time; file must stay valid.
 */
void postlog_order_line(struct postlog_order *order, const char *file,
			int64_t time);

/* postlog_order_end - there are no more lines. */
void postlog_order_end(struct postlog_order *order);

#endif
