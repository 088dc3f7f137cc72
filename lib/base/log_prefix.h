/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_LOG_PREFIX_H
#define LIB_BASE_LOG_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

/* The parts of a log line before its text. They point into the line; an absent
 * one has the length 0. */
struct log_prefix {
	const char *stamp, *host, *name, *pid;
	size_t stamp_length, host_length, name_length, pid_length;
	const char *text; /* of the program */
};

/* log_prefix_read - the parts of a line that a program wrote, in any of the
 * formats of lib/base/log_prefix.c; false: there is no name with a process
 * number, or it is uncertain whose. Its time stamp is set even then, if it
 * begins with one. */
bool log_prefix_read(struct log_prefix *prefix, const char *line);

/* log_prefix_text - the text of a log line that a program with this name wrote,
 * after "name[PID]: "; NULL: another program wrote it, or it is uncertain. Only
 * a time stamp and one host name may precede the name. */
const char *log_prefix_text(const char *line, const char *name);

#endif
