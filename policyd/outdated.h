/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_OUTDATED_H
#define POLICYD_OUTDATED_H

#include <sys/types.h>

#include "lib/config/config.h"

/* outdated_main_cf - has the imported main.cf changed since the running daemon
 * began to load it? 1 and the daemon's process number; 0: it has not, nothing
 * is imported, or no daemon with a pid file runs. */
int outdated_main_cf(const struct config *config, pid_t *pid);

#endif
