/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_SUBPROCESS_H
#define LIB_BASE_SUBPROCESS_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Run another program: postconf and postmap while a server loads, gzip to read
 * a log. */

/* The limits of a run. */
struct subprocess_limits {
	unsigned timeout_ms; /* then it is killed with its children */
	size_t output_max;   /* bytes of standard output */
};

/* subprocess_run - run argv (terminated by NULL; argv[0] is searched in
 * /usr/sbin:/usr/bin:/sbin:/bin unless it has a slash) with empty standard
 * input and a small environment, and collect its standard output. Returns its
 * exit status with *output, terminated by a NUL and owned by the caller, and
 * *length; or -1: it could not be started, was killed by a signal, took too
 * long or wrote too much. With a status, error is a line of its standard error,
 * made printable: the one with ": fatal: ", with which Postfix's programs give
 * up, the one before it if that says why, or else the first; or "". */
int subprocess_run(const char *const argv[],
		   const struct subprocess_limits *limits, char **output,
		   size_t *length, struct error *error);

/* subprocess_open - start argv in the same way, but read its output while it
 * runs. input: its standard input; -1: empty. Its standard error is dropped.
 * Returns a descriptor to read from, which the caller closes before
 * subprocess_close(); or -1. */
int subprocess_open(const char *const argv[], int input, pid_t *pid,
		    struct error *error);

/* subprocess_close - wait for the end of that process: its exit status, 127 if
 * there is no such program; -1: it was killed by a signal. */
int subprocess_close(pid_t pid);

#endif
