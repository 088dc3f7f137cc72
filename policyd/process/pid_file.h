/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_PID_FILE_H
#define POLICYD_PROCESS_PID_FILE_H

#include <sys/types.h>
#include <time.h>

#include "lib/base/error.h"

/* The process number of a daemon, in a file that is locked while it runs. */
struct pid_file {
	char *path; /* NULL: none */
	int fd;
};

/* pid_file_check - could this user create it? 0, or -1. Whether another policyd
 * has locked it is not checked. */
int pid_file_check(const char *path, struct error *error);

/* pid_file_lock - lock the file, without changing its contents yet. -1: another
 * policyd has it, it is not a pid file, others could write it
 * (lib/base/trust.h), or it cannot be created. */
int pid_file_lock(struct pid_file *file, const char *path, struct error *error);

/* pid_file_write - write our process number. */
int pid_file_write(const struct pid_file *file, struct error *error);

/* pid_file_remove - unlink and unlock; harmless without one. */
void pid_file_remove(struct pid_file *file);

#endif
