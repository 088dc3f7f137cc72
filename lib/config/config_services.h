/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_SERVICES_H
#define LIB_CONFIG_CONFIG_SERVICES_H

#include "lib/config/config_messages.h"
#include "lib/config/config_options.h"
#include "lib/decision/service.h"

/* config_services - make the services from completed settings: those of the
 * file in order, then "default". context is for their lists. Errors are added
 * to notes. The caller clears the list in any case. Only for
 * lib/config/config.c. */
void config_services(struct service_list *list,
		     const struct config_settings *settings,
		     const struct restriction_context *context,
		     struct config_notes *notes);

/* config_line_of - the line of the option that text is about: the last one that
 * it begins with ("myorigin: mydomain: reason"), or the one that it mentions
 * first among those from first up to but not including end. 0 when none of them
 * is set. This adds a line to the errors of modules that do not know lines. */
int config_line_of(const struct config_section *section, const char *text,
		   int first, int end);

#endif
