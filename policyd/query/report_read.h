/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPORT_READ_H
#define POLICYD_QUERY_REPORT_READ_H

#include "lib/base/error.h"
#include "lib/decision/decision.h"
#include "lib/request/request_notation.h"

/* The content of a decision line. Zero it before its first use. */
struct reported {
	struct notation notation; /* the request; lax */
	enum verdict verdict;	  /* at that time */
	const char *id;		  /* these four point into the line */
	const char *service;
	const char *restriction;
	const char *destination;
	bool observed; /* mode=observe: answered DUNNO */
	bool has_port; /* false: a line of a version that did not log port=, so
			  that the service identifies the rules */
};

/* report_read - read back a line of report_write(), after the prefix of the log
 * or of a log daemon (lib/base/log_prefix.h). 1; 0: it is not a decision line,
 * but one of another program or about something else; -1: it is damaged, or a
 * value that matters was cut in the log, so that it cannot be evaluated again.
 * Changes line. Clear reported in any case. */
int report_read(struct reported *reported, char *line, struct error *error);

/* report_is_line - is this a line of policyd about a request? It may still be
 * damaged. */
bool report_is_line(const char *line);

/* report_read_clear - free what reported holds. */
void report_read_clear(struct reported *reported);

#endif
