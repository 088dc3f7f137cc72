/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_SYSTEM_CALLS_H
#define POLICYD_PROCESS_SYSTEM_CALLS_H

#include "lib/base/error.h"

/* system_calls_limit - from now on this thread, and threads that it starts, may
 * make only the system calls that a running server needs; any other kills the
 * process (SIGSYS). Returns 1; 0 if the kernel has no seccomp filters, or this
 * program has none for this machine; or -1. */
int system_calls_limit(struct error *error);

/* system_calls_count - the number of system calls that are allowed; 0: there is
 * no filter for this machine. */
unsigned system_calls_count(void);

#endif
