/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_NOTIFY_H
#define POLICYD_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define NOTIFY_UNSENT_MAX 64

/* The word with a supervisor that started us, as sd_notify(3) has it. */
struct notify {
	int fd;		      /* -1: nobody wants to know */
	uint64_t watchdog_ms; /* it wants to hear that often; 0: never */
	char *unsent[NOTIFY_UNSENT_MAX]; /* it does not read now */
	size_t unsent_count;
};

/* notify_open - as the environment says (NOTIFY_SOCKET, WATCHDOG_USEC,
 * WATCHDOG_PID), which forgets it then: it is not for those that we start.
 * -1: it cannot be reached; notify is in order all the same. */
int notify_open(struct notify *notify, struct error *error);

/* notify_send - lines of NAME=VALUE, without waiting: when the supervisor does
 * not read now, they are kept for notify_flush(). Trouble with that is not
 * told: there is nobody to tell. */
void notify_send(struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* notify_flush - send what was kept; its descriptor takes it (POLLOUT). */
void notify_flush(struct notify *notify);

/* notify_close - if it is open, after a second at most for what was kept. */
void notify_close(struct notify *notify);

#endif
