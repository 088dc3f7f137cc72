/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_EXPECT_H
#define LIB_CONFIG_EXPECT_H

#include "lib/config.h"
#include "lib/config_messages.h"

/* config_expect - judge the request of every expect section; an error where the
 * verdict is another one. Where a table could not be read, which a lenient load
 * lets pass, an expectation that comes to it is only warned of: it is deferred.
 * Only for lib/config.c. */
void config_expect(const struct config *config, struct config_notes *notes);

#endif
