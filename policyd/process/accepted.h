/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_ACCEPTED_H
#define POLICYD_PROCESS_ACCEPTED_H

#include <stddef.h>
#include <time.h>

#include "lib/base/error.h"

/* The text of policyd.conf that was accepted last, in memory (memfd_create(2)),
 * for the replacement of a server that dies. It is sealed: nobody who has the
 * descriptor can change it. */

/* ACCEPTED_MAX - bytes of a text; as many as a configuration may have, which
 * the monitor does not read. */
#define ACCEPTED_MAX 1048576

/* accepted_put - keep a text that was read at this time; returns its
 * descriptor, close-on-exec, or -1 and the reason. SIGXFSZ must be ignored. */
int accepted_put(const char *text, size_t length, const struct timespec *read,
		 struct error *error);

/* accepted_check - is it such a text: sealed, readable, and no larger than a
 * configuration may be? 0, or -1 and the reason. */
int accepted_check(int fd, struct error *error);

/* accepted_get - the text, NUL-terminated, and the time at which it was read;
 * NULL and the reason if accepted_check() or reading fails. The caller frees
 * it; fd stays open. */
char *accepted_get(int fd, size_t *length, struct timespec *read,
		   struct error *error);

#endif
