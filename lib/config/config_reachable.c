/* SPDX-License-Identifier: ISC */
/* config_reachable - which listeners can be opened, and which clients reach
 * them
 *
 * An address that bind(2) would refuse at startup is found when the file is
 * checked, and so is a list of clients that excludes nobody. */

#include "lib/config/config_internal.h"

#include <string.h>

#include "lib/config/config_values.h"
#include "lib/table/network_list.h"

/* config_listener_same - refuse a listener that cannot be open at the same time
 * as one of the first count */
void config_listener_same(const struct config *config, size_t count,
			  const struct config_section *section,
			  const char *name, struct config_notes *notes)
{
	const struct listener_options *options =
		count < config->listener_count ? &config->listeners[count]
					       : config->metrics;

	for (size_t i = 0; i < count; i++) {
		const char *other = config->listeners[i].address;
		int line = config->settings->listens[i].line;

		if (strcmp(other, options->address) == 0)
			config_error(notes, section->line,
				     "%s: %s is already used at line %d", name,
				     options->address, line);
		else if (*other != '\0' &&
			 listener_is_same(&config->listeners[i], options))
			config_error(notes, section->line,
				     "%s: %s cannot be opened together with "
				     "%s at line %d, since both have this "
				     "address and port, or name; remove one "
				     "of them",
				     name, options->address, other, line);
	}
}

/* wide_client - warn of a network in allow_remote that contains everybody */
static void wide_client(void *context, const char *text, const char *file,
			int line)
{
	const char **found = context;

	(void)file;
	(void)line;
	if (*found == NULL)
		*found = text;
}

/* wants_certificates - does the section require client certificates? */
static bool wants_certificates(const struct config_section *section)
{
	const struct setting *must =
		&section->settings[OPTION_REQUIRE_CLIENT_CERTIFICATE];
	struct error error;
	bool require;

	return section->tls_line != 0 &&
	       config_value_bool(setting_text(must), &require, &error) == 0 &&
	       require;
}

/* config_listener_clients - does allow_remote exclude anybody? It matters where
 * other hosts can connect without a certificate. */
void config_listener_clients(const struct listener_options *options,
			     const struct config_gate *gate,
			     const struct config_section *section,
			     struct config_notes *notes)
{
	const char *wide = NULL;

	if (gate->clients == NULL || wants_certificates(section) ||
	    !listener_is_remote(options))
		return;
	network_list_each_wide(gate->clients, wide_client, &wide);
	if (wide != NULL)
		config_warning(
			notes, section->settings[OPTION_ALLOW_REMOTE].line,
			"allow_remote: %.200s: any host may ask at %s, and "
			"learn which users and domains exist; name the hosts "
			"of your Postfix, or add a tls section",
			wide, options->address);
}
