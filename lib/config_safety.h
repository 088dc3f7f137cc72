/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_SAFETY_H
#define LIB_CONFIG_SAFETY_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* config_safety - is this configuration fit to stand between Postfix and
 * strangers? An error where one of them may relay, unless allow_open_relay is
 * set, and where a service depends on what only Postfix can look up and does
 * not ask it. Only for lib/config.c. */
void config_safety(const struct config *config, struct config_notes *notes);

/* config_strangers - the part of it that judges a set of strangers under every
 * service; a warning where a login without encryption may relay. */
void config_strangers(const struct config *config, struct config_notes *notes);

/* config_wide - the part of it that looks into the lists: an error for networks
 * in mynetworks that prefix_is_wide(), and warnings for lists that hold more
 * domains or certificates than anybody has. */
void config_wide(const struct config *config, struct config_notes *notes);

/* config_foreign - a domain that nobody has, and that is not in our lists. When
 * they hold every domain, any one. Static. */
const char *config_foreign(const struct resolver *resolver);

/* CONFIG_FINGERPRINTS - certificates that nobody has, in each size that
 * relay_clientcerts may have. */
#define CONFIG_FINGERPRINTS 3
extern const char *const config_fingerprints[CONFIG_FINGERPRINTS];

#endif
