/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_ORDER_H
#define LIB_POSTLOG_POSTLOG_ORDER_H

#include <stdint.h>

/* The order of the lines in each file. Zero it before use. */
struct postlog_order {
	const char *file;	      /* the current one */
	int64_t last;		      /* time of its last line */
	unsigned long later, earlier; /* than the line before, in it */
	unsigned long reversed;	      /* files in which most are earlier */
};

/* postlog_order_line - a line of a file, with its time; file must stay valid.
 */
void postlog_order_line(struct postlog_order *order, const char *file,
			int64_t time);

/* postlog_order_end - there are no more lines. */
void postlog_order_end(struct postlog_order *order);

#endif
