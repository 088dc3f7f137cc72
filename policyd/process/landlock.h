/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_LANDLOCK_H
#define POLICYD_PROCESS_LANDLOCK_H

#include "lib/base/error.h"

/* landlock_enter - from now on this thread, and threads that it starts, can
 * open, create and remove no file, reach no TCP port, connect to no abstract
 * socket of another process, and signal no other process. Open descriptors stay
 * usable. Needs PR_SET_NO_NEW_PRIVS. Returns the version of Landlock, 0: the
 * kernel has none, or -1. */
int landlock_enter(struct error *error);

#endif
