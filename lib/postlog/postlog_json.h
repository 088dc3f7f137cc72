/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_JSON_H
#define LIB_POSTLOG_POSTLOG_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* A line of the log that is a JSON object. */
struct postlog_json {
	bool has_name; /* of journald; otherwise, text is a whole line */
	int64_t time;  /* of journald */
	char host[256];
	char name[160]; /* of the program */
	char pid[12];
	char *text; /* owned by the caller */
};

/* postlog_json_read - an entry of journalctl(1) -o json, or of docker's log
 * driver json-file. 0, or -1: it is neither, or damaged, and nothing to
 * free. */
int postlog_json_read(struct postlog_json *entry, const char *bytes);

#endif
