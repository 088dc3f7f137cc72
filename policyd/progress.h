/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROGRESS_H
#define POLICYD_PROGRESS_H

#include <stdbool.h>

/* How far long work has come: one line on standard error that is written over
 * again and again, if that is a terminal; else nothing. Zeroed: nothing. */
struct progress {
	bool terminal;
	bool shown;	   /* there is a line to be cleared */
	long long next_ms; /* when the next line is due */
};

/* progress_init - look whether standard error is a terminal. */
void progress_init(struct progress *progress);

/* progress_due - is it worth while to say something again? Cheap enough to be
 * asked for each of a million things. */
bool progress_due(const struct progress *progress);

/* progress_say - show this in place of what was shown before; as much of it as
 * goes into one line. */
void progress_say(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* progress_reading - for config_load_with(): which table is being read.
 * context: a struct progress. */
void progress_reading(void *context, const char *name);

/* progress_clear - take the line away; before anything else is printed. */
void progress_clear(struct progress *progress);

#endif
