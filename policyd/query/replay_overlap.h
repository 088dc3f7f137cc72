/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_OVERLAP_H
#define POLICYD_QUERY_REPLAY_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of files that overlap in time. */
struct replay_overlap;

/* replay_overlap_new - for these files, in the order in which they are read,
 * with the time of the first line of each (replay_order()); both must stay. The
 * caller frees it. */
struct replay_overlap *replay_overlap_new(int count, char *const files[],
					  const int64_t times[]);

/* replay_overlap_seen - was a line, as these texts and its time, in a file
 * before the current one? If so, it is counted. file is one of files; NULL
 * instead of the overlap is allowed: no. */
bool replay_overlap_seen(struct replay_overlap *overlap, const char *file,
			 int64_t time, const char *const texts[], size_t count);

/* replay_overlap_lines - how many were. */
unsigned long replay_overlap_lines(const struct replay_overlap *overlap);

/* replay_overlap_free - NULL is allowed. */
void replay_overlap_free(struct replay_overlap *overlap);

#endif
