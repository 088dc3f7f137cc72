/* SPDX-License-Identifier: ISC */
/* config_listeners - from the texts of the listen sections to listeners */

#include "lib/config_listeners.h"

#include <string.h>

#include "lib/config_options.h"
#include "lib/config_values.h"
#include "lib/xalloc.h"

/* load_access - mode, owner and group of a unix socket */
static void load_access(struct listener_options *options,
			const struct config_section *section,
			struct config_notes *notes)
{
	const struct setting *mode = &section->settings[OPTION_MODE];
	const struct setting *owner = &section->settings[OPTION_OWNER];
	const struct setting *group = &section->settings[OPTION_GROUP];
	struct error error;

	if (strncmp(options->address, "unix:", 5) != 0 &&
	    (mode->line | owner->line | group->line) != 0)
		config_error(notes, section->line,
			     "mode, owner and group are "
			     "only for \"unix:\" addresses");
	if (config_value_mode(setting_text(mode), &options->mode, &error) < 0)
		config_error(notes, mode->line, "mode: %s", error.text);
	if (*setting_text(owner) != '\0' &&
	    config_value_user(setting_text(owner), &options->uid, NULL,
			      &error) < 0)
		config_error(notes, owner->line, "owner: %s", error.text);
	if (*setting_text(group) != '\0' &&
	    config_value_group(setting_text(group), &options->gid, NULL,
			       &error) < 0)
		config_error(notes, group->line, "group: %s", error.text);
}

/* config_listeners - the listen sections */
void config_listeners(struct config *config, struct config_notes *notes)
{
	const struct config_settings *settings = config->settings;
	struct error error;
	size_t i;
	size_t k;

	config->listeners =
		xcalloc(settings->listen_count, sizeof(*config->listeners));
	config->listener_count = settings->listen_count;
	for (i = 0; i < settings->listen_count; i++) {
		const struct config_section *section = &settings->listens[i];
		struct listener_options *options = &config->listeners[i];

		if (listener_parse(options, section->title, &error) < 0) {
			config_error(notes, section->line, "listen: %s",
				     error.text);
			continue;
		}
		load_access(options, section, notes);
		for (k = 0; k < i; k++)
			if (strcmp(config->listeners[k].address,
				   options->address) == 0)
				config_error(notes, section->line,
					     "listen: "
					     "%s is already listened on, at "
					     "line %d",
					     options->address,
					     settings->listens[k].line);
	}
	if (settings->listen_count == 0)
		config_warning(notes, 0,
			       "there is no listen section; without "
			       "one policyd cannot serve");
}
