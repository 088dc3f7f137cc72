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

/* config_listener_same - the part of it that refuses a listener of which only
 * one can be opened with one of the first count; count is its own index, or
 * that of the metrics section, which comes after all. name is that of the
 * section. */
void config_listener_same(const struct config *config, size_t count,
			  const struct config_section *section,
			  const char *name, struct config_notes *notes);

/* config_listener_clients - the part that warns of an allow_remote that holds
 * everybody, if other hosts can come in without a certificate. */
void config_listener_clients(const struct listener_options *options,
			     const struct config_gate *gate,
			     const struct config_section *section,
			     struct config_notes *notes);

#endif
