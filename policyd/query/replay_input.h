/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_INPUT_H
#define POLICYD_QUERY_REPLAY_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/base/error.h"
#include "lib/request/request.h"
#include "policyd/query/progress.h"
#include "policyd/query/report_read.h"

/* Why something cannot be judged again. */
enum replay_skip {
	SKIP_FOREIGN,	/* neither a log line of policyd nor a request */
	SKIP_DAMAGED,	/* a damaged or truncated decision line */
	SKIP_TRUNCATED, /* an incomplete request */
	SKIP_MALFORMED, /* a request that a server would not answer */
	SKIP_COUNT
};

/* A place in a file. */
struct replay_place {
	const char *file;   /* "-": standard input */
	unsigned long line; /* 0: unknown, only the end of the file was read */
	time_t written;	    /* when the file was last written */
	int64_t time;	    /* of a decision, if it is asked for (timed); or
			       POSTLOG_NO_TIME */
};

/* The caller of the reader. request is called for each request; reported: the
 * decision in the log; NULL: the request is from a capture. */
struct replay_reader {
	void *context;
	void (*request)(void *context, const struct request *request,
			const struct reported *reported,
			const struct replay_place *place);
	/* other is called for each line that is neither; it may change the
	 * line. True: it was used, so it is not skipped. May be NULL. */
	bool (*other)(void *context, char *line,
		      const struct replay_place *place);
	bool quiet;	   /* only count skipped items */
	bool timed;	   /* the time of each decision is wanted */
	bool stop;	   /* set it to read no more of the file */
	long long tail;	   /* read only these last bytes of a file; 0: all */
	uint64_t until_ms; /* of clock_ms(): read no more then; 0: ever */
	bool cut;	   /* one of these limits was met */
	struct progress progress;
	unsigned long skipped[SKIP_COUNT];
	unsigned long judged;
	unsigned long used; /* lines that other has used */
};

/* replay_read - read one file of captured requests or log lines, or a mixture;
 * see policyd/query/log_file.h for names. Skipped items are counted, and the
 * first few of each kind are reported on standard error. 0, or -1: the file
 * cannot be read. */
int replay_read(struct replay_reader *reader, const char *file,
		struct error *error);

/* replay_read_all - several files; without any, log_file_default() for a
 * configuration that logs there. Errors are printed; -1 if there was one. */
int replay_read_all(struct replay_reader *reader, const char *log, int count,
		    char **files);

/* replay_summary - one line on standard error about skipped items, if there
 * were any. */
void replay_summary(const struct replay_reader *reader);

#endif
