/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_SAFETY_H
#define LIB_CONFIG_CONFIG_SAFETY_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_safety - is this configuration safe against strangers? An error if one
 * of them may relay, unless allow_open_relay is set, or if a service depends on
 * lookups that only Postfix can do without leaving them to Postfix. Only for
 * lib/config/config.c. */
void config_safety(const struct config *config, struct config_notes *notes);

/* config_strangers - part of config_safety(): evaluate a set of strangers under
 * every service. A warning if a login without encryption may relay. */
void config_strangers(const struct config *config, struct config_notes *notes);

/* config_wide - part of config_safety(): an error for networks in mynetworks
 * that prefix_is_wide(), and warnings for lists that contain more domains or
 * certificates than anybody has. */
void config_wide(const struct config *config, struct config_notes *notes);

/* config_foreign - a domain that nobody has and that is not in our lists; any
 * domain, if the lists contain every domain. Static. */
const char *config_foreign(const struct resolver *resolver);

/* CONFIG_FINGERPRINTS - certificates that nobody has, one of each size that
 * relay_clientcerts allows. */
#define CONFIG_FINGERPRINTS 3
extern const char *const config_fingerprints[CONFIG_FINGERPRINTS];

#endif
