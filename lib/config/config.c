/* SPDX-License-Identifier: ISC */
/* config - load the configuration file
 *
 *	file -> text -> statements -> settings -> struct config
 *	config_file  config_scan   config_parse   config_process,
 *						    config_listeners,
 *						    config_lists,
 *						    config_services
 *
 * Settings are the values of the options as text, with their line numbers; only
 * the last step knows their meaning. It checks all of them and records every
 * error, so that an administrator sees them all at once.
 *
 * To be called once in a process: libconfuse leaves its scanner in a bad state
 * after some errors, and may exit. Therefore a reload is always a new process,
 * which may fail in any way while the old one continues to serve. */

#include "lib/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_assign.h"
#include "lib/config/config_file.h"
#include "lib/config/config_internal.h"
#include "lib/config/config_scan.h"
#include "lib/config/config_values.h"

#define REFRESH_MS 1000 /* the default of table_refresh */

/* load_refresh - table_refresh; before defaults are given, since it must be
 * known before any other file is read */
static void load_refresh(struct config *config, struct config_notes *notes)
{
	const struct setting *from =
		settings_top(config->settings, OPTION_TABLE_REFRESH);
	unsigned long ms;
	struct error error;
	bool yes = true;

	if (!from->set ||
	    config_value_bool(setting_text(from), &yes, &error) == 0)
		config->table_refresh_ms = yes ? REFRESH_MS : 0;
	else if (config_read(OPTION_TABLE_REFRESH, setting_text(from), &ms,
			     &error) < 0)
		config_option_error(notes, OPTION_TABLE_REFRESH, from->line,
				    &error);
	else
		config->table_refresh_ms = (unsigned)ms;
}

/* load_settings - interpret the texts */
static void load_settings(struct config *config, struct config_notes *notes,
			  const struct config_load_options *options)
{
	bool imported;

	load_refresh(config, notes);
	imported = config_import(config, notes) == 0;
	settings_complete(config->settings);
	config_process(config, notes);
	config_watch_directories(config, notes);
	config_listeners(config, notes, options->unserved);
	config_metrics(config, notes, options->unserved);
	config_stores(config, notes, options->unserved);
	if (!imported)
		return; /* the rest would only report missing values */
	config_lists(config, notes, options);
	if (notes->errors > 0)
		return;
	config_safety(config, notes);
	config_expect(config, notes);
	config_reach(config, notes);
	config_rates_used(config, notes);
	if (options->thorough && !options->overlaps_known)
		config_overlap(config, notes);
	if (options->thorough) {
		config_doubt(config, notes);
		config_doubt_ports(config, notes);
		config_doubt_tables(config, notes);
	}
}

/* is_foreign - judging by its first word, is this not a policyd.conf at all? */
static bool is_foreign(const struct config_scan *scan)
{
	return scan->count > 0 && !scan->statements[0].section &&
	       config_option_find(scan->statements[0].name) < 0;
}

/* parse_text - the values of the options as text */
static int parse_text(struct config *config, struct config_notes *notes,
		      char *text, size_t length)
{
	struct config_scan scan;
	struct error error;
	int line;
	int result = -1;

	if (config_scan(&scan, text, length, &line, &error) < 0)
		config_error(notes, line, "%s%s", error.text,
			     is_foreign(&scan) ? "; is this a policyd.conf?"
					       : "");
	else
		result = config_parse(config->settings, text, &scan, notes);
	config_scan_clear(&scan);
	return result;
}

/* get_text - the content of the file, or a copy of the caller's text */
static char *get_text(const struct config *config,
		      const struct config_load_options *options, size_t *length,
		      struct error *error)
{
	char *text;

	if (options->text == NULL)
		return config_file_read(config->path, length, error);
	*length = options->text_length;
	text = xmalloc(*length + 1);
	memcpy(text, options->text, *length + 1);
	return text;
}

/* load_text - read and parse it */
static int load_text(struct config *config, struct config_notes *notes,
		     const struct config_load_options *options)
{
	struct error error;
	size_t length;
	char *text;
	int result;

	text = get_text(config, options, &length, &error);
	if (text == NULL)
		return config_error(notes, 0, "%s", error.text);
	result = parse_text(config, notes, text, length);
	free(text);
	return result;
}

/* config_load - load a file strictly */
struct config *config_load(const char *path, struct config_messages *messages)
{
	static const struct config_load_options strict = { .lenient = false };

	return config_load_with(path, &strict, messages);
}

/* config_load_with - load a file, with options */
struct config *config_load_with(const char *path,
				const struct config_load_options *options,
				struct config_messages *messages)
{
	struct config *config = xcalloc(1, sizeof(*config));
	struct config_notes notes = { .path = path,
				      .inspected = options->inspected };

	config->path = xstrdup(path);
	config->settings = xcalloc(1, sizeof(*config->settings));
	parameters_init(&config->parameters);
	if (load_text(config, &notes, options) == 0)
		load_settings(config, &notes, options);
	if (notes.errors > 0) {
		config_free(config);
		config = NULL;
	}
	config_notes_move(&notes, messages);
	return config;
}

/* config_service_text - the effective value of an option in a service */
const char *config_service_text(const struct config *config,
				const struct service *service,
				const char *option)
{
	size_t index = (size_t)(service - config->services.services);
	const struct config_settings *settings = config->settings;
	const struct config_section *section =
		index < settings->service_count ? &settings->services[index]
						: &settings->top;
	int found = config_option_find(option);

	return found < 0 ? "" : setting_text(&section->settings[found]);
}

/* config_free - free all of it */
void config_free(struct config *config)
{
	if (config == NULL)
		return;
	service_list_clear(&config->services);
	rate_list_clear(&config->rates);
	config_stores_clear(config);
	free(config->rate_directory);
	resolver_free(config->resolver);
	parameters_clear(&config->parameters);
	config_listeners_clear(config);
	settings_clear(config->settings);
	free(config->settings);
	watched_files_clear(&config->watched);
	free(config->shadow);
	while (config->failed_tables > 0)
		free(config->failures[--config->failed_tables]);
	free(config->failures);
	free(config->capture);
	free(config->mail_version);
	free(config->hash_type);
	free(config->btree_type);
	free(config->type_mapping);
	free(config->postfix_sender_login_maps);
	free(config->queue_directory);
	free(config->main_cf);
	free(config->import_postfix);
	free(config->pid_file);
	free(config->group);
	free(config->user);
	free(config->log);
	free(config->path);
	free(config);
}
