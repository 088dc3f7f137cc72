/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_LANDLOCK_H
#define POLICYD_LANDLOCK_H

#include "lib/error.h"

/* landlock_enter - from now on this thread, and those that it starts, can
 * open, make and remove no file, reach no TCP port and no abstract socket of
 * others, and signal nobody else. What is open stays open. Needs
 * PR_SET_NO_NEW_PRIVS. Returns the version of Landlock, 0: the kernel has
 * none, or -1. */
int landlock_enter(struct error *error);

#endif
