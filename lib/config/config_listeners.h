/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_LISTENERS_H
#define LIB_CONFIG_CONFIG_LISTENERS_H

#include "lib/config/config_messages.h"

/* config_listeners - make the listeners from completed settings, in the order
 * of the file. If the configuration will not be served, none is made, so that
 * no key is read. Errors are added to notes. Only for lib/config/config.c. */
void config_listeners(struct config *config, struct config_notes *notes,
		      bool unserved);

/* config_metrics - make the listener of the metrics section, if there is one,
 * after all others. */
void config_metrics(struct config *config, struct config_notes *notes,
		    bool unserved);

/* config_listeners_clear - free what these functions made. */
void config_listeners_clear(struct config *config);

/* config_listener_same - part of config_listeners(): refuse a listener that
 * cannot be open at the same time as one of the first count. count is its own
 * index, or that of the metrics section, which comes last. name is that of the
 * section. */
void config_listener_same(const struct config *config, size_t count,
			  const struct config_section *section,
			  const char *name, struct config_notes *notes);

/* config_listener_clients - part of config_listeners(): warn of an allow_remote
 * that admits everybody, if other hosts can connect without a certificate. */
void config_listener_clients(const struct listener_options *options,
			     const struct config_gate *gate,
			     const struct config_section *section,
			     struct config_notes *notes);

#endif
