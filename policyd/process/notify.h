/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_NOTIFY_H
#define POLICYD_PROCESS_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

#define NOTIFY_UNSENT_MAX 64

/* Messages to the supervisor that started us, see sd_notify(3). */
struct notify {
	int fd;				 /* -1: no supervisor */
	uint64_t watchdog_ms;		 /* its watchdog interval; 0: none */
	char *unsent[NOTIFY_UNSENT_MAX]; /* queued while it does not read */
	size_t unsent_count;
};

/* notify_open - connect as the environment says (NOTIFY_SOCKET, WATCHDOG_USEC,
 * WATCHDOG_PID) and remove these variables, which are not meant for child
 * processes. -1: it cannot be reached; notify can be used all the same. */
int notify_open(struct notify *notify, struct error *error);

/* notify_send - lines of NAME=VALUE, without waiting: while the supervisor does
 * not read, they are queued for notify_flush(). Failures are not reported. */
void notify_send(struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* notify_flush - send what is queued, when the descriptor is writable. */
void notify_flush(struct notify *notify);

/* notify_close - if it is open, after at most a second for queued messages. */
void notify_close(struct notify *notify);

#endif
