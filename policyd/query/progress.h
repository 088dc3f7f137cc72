/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PROGRESS_H
#define POLICYD_QUERY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The progress of long work: one line on standard error that is overwritten
 * again and again, if that is a terminal; otherwise nothing. Zeroed: nothing.
 */
struct progress {
	bool terminal;
	bool shown;	  /* a line must be erased */
	uint64_t next_ms; /* when the next line is due */
};

/* progress_init - check whether standard error is a terminal. */
void progress_init(struct progress *progress);

/* progress_due - is it time to show something again? Cheap enough to be called
 * a million times. */
bool progress_due(const struct progress *progress);

/* progress_say - show this instead of the previous line, truncated to the width
 * of a line. */
void progress_say(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* progress_reading - for config_load_with(): show which table is being read.
 * context: a struct progress. */
void progress_reading(void *context, const char *name);

/* progress_clear - erase the line, before anything else is printed. */
void progress_clear(struct progress *progress);

#endif
