/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_LOG_FILE_H
#define POLICYD_QUERY_LOG_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#include "lib/base/error.h"

/* A log to read: a file, which may be compressed (gzip, xz, zstd, bzip2), a
 * FIFO; "-", standard input; or LOG_FILE_JOURNAL, what systemd has of mail
 * programs and of policyd. */
#define LOG_FILE_JOURNAL "the journal"

struct log_file {
	const char *name;
	FILE *stream;
	long long size;	     /* bytes; 0: unknown */
	time_t written;	     /* when it was last written; or now */
	pid_t pid;	     /* of the program that it comes from; 0: none */
	const char *program; /* its name */
	bool cut;	     /* its beginning was skipped */
	unsigned long lines; /* that it has at most, the last ones; 0: all */
};

/* log_file_open - name must stay. tail: skip all but about the last bytes, not
 * of a compressed file, whose size nobody knows; 0: skip nothing. 0, or -1 and
 * nothing to close. */
int log_file_open(struct log_file *file, const char *name, long long tail,
		  struct error *error);

/* log_file_close - 0, or -1: it could not be read to the end. */
int log_file_close(struct log_file *file, struct error *error);

/* log_file_has_text - is there something in the file, or in what it was
 * yesterday (.1)? */
bool log_file_has_text(const char *name);

/* log_file_has_journal - is there a program that reads it? */
bool log_file_has_journal(void);

/* log_file_default - the log to read if none was named: standard input, unless
 * that is a terminal or another device; then, for this value of the option log,
 * its file, that of mail, or the journal, which also takes the place of a file
 * of mail that is empty. The name of that log is printed on
 * standard error. */
const char *log_file_default(const char *log);

#endif
