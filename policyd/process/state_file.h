/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_STATE_FILE_H
#define POLICYD_PROCESS_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* The file in which the monitor says what is loaded
 * (policyd/process/daemon_state.h). It is beside the pid file, or in the
 * runtime directory that a supervisor has made (RUNTIME_DIRECTORY); its name is
 * that of the pid file, with the suffix .state. It is locked while the monitor
 * lives. */
struct state_file {
	char *path; /* NULL: none */
	char *text; /* its contents */
	int fd;
};

/* state_file_choose - decide on its path for this pid file; without one, all
 * functions below do nothing. is_alone: the pid file is in use, so no
 * supervisor has made a directory for this process. -1: another policyd has
 * that file. */
int state_file_choose(struct state_file *file, const char *pid_file,
		      bool is_alone, struct error *error);

/* state_file_write - replace it at once by this text, which it takes over. -1:
 * that failed, and there is no file any more. */
int state_file_write(struct state_file *file, char *text, struct error *error);

/* state_file_remove - remove and unlock it. */
void state_file_remove(struct state_file *file);

/* state_file_candidates - where the file for this pid file may be, as far as
 * another process can know; the caller frees each path. Their number. */
#define STATE_FILE_CANDIDATES 3
size_t state_file_candidates(const char *pid_file,
			     char *paths[STATE_FILE_CANDIDATES]);

/* state_file_read - the text of a monitor that lives, which the caller frees,
 * and the owner of the file. NULL and no reason: there is none; NULL and a
 * reason: it cannot be read. */
char *state_file_read(const char *path, uid_t *owner, struct error *error);

#endif
