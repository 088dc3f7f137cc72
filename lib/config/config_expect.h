/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_EXPECT_H
#define LIB_CONFIG_CONFIG_EXPECT_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"

/* config_expect - evaluate the request of every expect section; a different
 * verdict is an error. If a table could not be read, which a lenient load
 * permits, an expectation that depends on it is deferred and only causes a
 * warning. Only for lib/config/config.c. */
void config_expect(const struct config *config, struct config_notes *notes);

#endif
