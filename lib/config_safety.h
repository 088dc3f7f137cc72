/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_SAFETY_H
#define LIB_CONFIG_SAFETY_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* config_safety - judge a stranger under every service: a plaintext session,
 * not logged in, to a foreign domain. An error where he is permitted, unless
 * allow_open_relay is set; a warning where a login without encryption may
 * relay. Only for lib/config.c. */
void config_safety(const struct config *config, struct config_notes *notes);

#endif
