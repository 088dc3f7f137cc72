/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_NOTIFY_H
#define POLICYD_NOTIFY_H

#include <stdint.h>

#include "lib/error.h"

/* The word with a supervisor that started us, as sd_notify(3) has it. */
struct notify {
	int fd;		      /* -1: nobody wants to know */
	uint64_t watchdog_ms; /* it wants to hear that often; 0: never */
};

/* notify_open - as the environment says (NOTIFY_SOCKET, WATCHDOG_USEC,
 * WATCHDOG_PID), which forgets it then: it is not for those that we start.
 * -1: it cannot be reached; notify is in order all the same. */
int notify_open(struct notify *notify, struct error *error);

/* notify_send - lines of NAME=VALUE. Trouble with that is not told: there is
 * nobody to tell. */
void notify_send(const struct notify *notify, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* notify_close - if it is open. */
void notify_close(struct notify *notify);

#endif
