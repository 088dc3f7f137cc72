/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_PROCESS_H
#define LIB_CONFIG_CONFIG_PROCESS_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_process - from completed settings: user, group, pid_file, log,
 * log_verdicts, threads, limits, allow_open_relay, capture, shadow. Errors are
 * added to notes. Only for lib/config/config.c. */
void config_process(struct config *config, struct config_notes *notes);

#endif
