/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_SUBPROCESS_H
#define LIB_BASE_SUBPROCESS_H

#include <stddef.h>

#include "lib/base/error.h"

/* Run another program to its end while a server loads: postconf, postmap. */

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
 * up, or else the first; or "". */
int subprocess_run(const char *const argv[],
		   const struct subprocess_limits *limits, char **output,
		   size_t *length, struct error *error);

#endif
