/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_LISTENERS_H
#define LIB_CONFIG_LISTENERS_H

#include "lib/config_messages.h"

/* config_listeners - make the listeners from completed settings, in the order
 * of the file; none if nobody serves with the configuration, so that no key is
 * read then. What is wrong goes into notes. Only for lib/config.c. */
void config_listeners(struct config *config, struct config_notes *notes,
		      bool unserved);

/* config_metrics - likewise the listener of the metrics section, if there is
 * one, after all others. */
void config_metrics(struct config *config, struct config_notes *notes,
		    bool unserved);

/* config_listeners_clear - free what those have made. */
void config_listeners_clear(struct config *config);

#endif
