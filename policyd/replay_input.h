/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_REPLAY_INPUT_H
#define POLICYD_REPLAY_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/report_read.h"
#include "lib/request.h"
#include "policyd/progress.h"

/* What cannot be judged again, by the reason. */
enum replay_skip {
	SKIP_FOREIGN,	/* a line that is neither log of ours nor a request */
	SKIP_DAMAGED,	/* a decision line that is damaged or cut */
	SKIP_TRUNCATED, /* a request without its end */
	SKIP_MALFORMED, /* a request that a server would not answer */
	SKIP_COUNT
};

/* Where something stands. */
struct replay_place {
	const char *file; /* "-": standard input */
	unsigned long line;
};

/* Who is told. reported: what the log says was decided; NULL: the request is
 * from a capture. */
struct replay_reader {
	void *context;
	void (*request)(void *context, const struct request *request,
			const struct reported *reported,
			const struct replay_place *place);
	bool quiet; /* only count what is skipped */
	struct progress progress;
	unsigned long skipped[SKIP_COUNT];
	unsigned long judged;
};

/* replay_read - read one file of captured requests or log lines, or a mixture;
 * "-" is standard input. What is skipped is counted, and the first few of each
 * kind are named on standard error. 0, or -1: the file cannot be read. */
int replay_read(struct replay_reader *reader, const char *file,
		struct error *error);

/* replay_read_all - several files; none: standard input. Errors are printed;
 * -1 if there was one. */
int replay_read_all(struct replay_reader *reader, int count, char **files);

/* replay_summary - one line on standard error about what was skipped, if
 * anything was. */
void replay_summary(const struct replay_reader *reader);

#endif
