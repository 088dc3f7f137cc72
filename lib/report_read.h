/* SPDX-License-Identifier: ISC */
#ifndef LIB_REPORT_READ_H
#define LIB_REPORT_READ_H

#include "lib/decision.h"
#include "lib/error.h"
#include "lib/question.h"

/* What a decision line of the log says. Zero it before its first use. */
struct reported {
	struct question question; /* the request; lax */
	enum verdict verdict;	  /* as it was then */
	const char *id;		  /* these four point into the line */
	const char *service;
	const char *restriction;
	const char *destination;
	bool observed; /* mode=observe: answered DUNNO */
	bool has_port; /* false: a line of a version that did not log port=, so
			* that service tells which rules it was judged by */
};

/* report_read - read back what report_write() wrote, behind what the log and a
 * log daemon put before it (lib/log_prefix.h). 1; 0: it is no decision line,
 * but one of another program or about something else; -1: it is one, but
 * damaged, or a value that matters was cut in the log, so that it cannot be
 * judged again. line is changed. reported is to be cleared in any case. */
int report_read(struct reported *reported, char *line, struct error *error);

/* report_is_line - is this a line of policyd about a request? It may be damaged
 * all the same. */
bool report_is_line(const char *line);

/* report_read_clear - free what reported holds. */
void report_read_clear(struct reported *reported);

#endif
