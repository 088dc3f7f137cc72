/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_JSON_H
#define LIB_POSTLOG_POSTLOG_JSON_H

#include <stdint.h>

/* An entry of journald. */
struct postlog_json {
	int64_t time;
	char host[256];
	char name[160]; /* of the program */
	char pid[12];
	char *text; /* owned by the caller */
};

/* postlog_json_read - an entry as journalctl(1) -o json prints it. 0, or -1: it
 * is something else, or damaged, and nothing to free; the time is set even
 * then, if there is one. */
int postlog_json_read(struct postlog_json *entry, const char *bytes);

#endif
