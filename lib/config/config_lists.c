/* SPDX-License-Identifier: ISC */
/* config_lists - load the settings that read other files: address resolution
 * and the services, with all their tables */

#include "lib/config/config_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_values.h"
#include "lib/postfix/postfix_version.h"

/* set_parameter - set a parameter that the file sets or that was imported */
static void set_parameter(struct config *config, enum parameter parameter)
{
	const struct setting *from =
		settings_parameter(config->settings, parameter);
	char *source;
	char *value;

	if (!from->set)
		return;
	if (from->source != NULL) {
		/* postconf(1) has expanded it already. */
		source = xstrdup(from->source);
		value = config_value_literal(from->values[0]);
	} else {
		source = xasprintf("%s:%d", config->path, from->line);
		value = setting_join(from);
	}
	parameters_set(&config->parameters, parameter, value, source);
	free(source);
	free(value);
}

/* watch_option - watch the files that a list at top level names */
static int watch_option(struct config *config, struct config_notes *notes,
			enum config_option option, struct error *error)
{
	const struct setting *from = settings_top(config->settings, option);
	char *text = setting_join(from);
	int result =
		config_watch_text(config, notes, config_option_name(option),
				  from->line, text, error);

	free(text);
	return result;
}

/* watch_parameter - watch the files of a parameter, wherever its value comes
 * from */
static int watch_parameter(struct config *config, struct config_notes *notes,
			   enum parameter parameter, struct error *error)
{
	const struct setting *from =
		settings_parameter(config->settings, parameter);

	return config_watch_text(
		config, notes, parameter_name(parameter), from->line,
		parameters_get(&config->parameters, parameter), error);
}

/* watch_lists - watch the files that the lists name, before they are read */
static int watch_lists(struct config *config, struct config_notes *notes)
{
	struct error error;
	int result = 0;
	int i;

	for (i = 0; i < PARAMETER_COUNT && result == 0; i++)
		result = watch_parameter(config, notes, (enum parameter)i,
					 &error);
	if (result == 0)
		result = watch_option(config, notes, OPTION_MYNETWORKS, &error);
	if (result == 0)
		result = watch_option(config, notes, OPTION_RELAY_CLIENTCERTS,
				      &error);
	if (result == 0)
		result = watch_option(config, notes, OPTION_SENDER_LOGIN_MAPS,
				      &error);
	if (result < 0)
		config_option_error(
			notes, OPTION_TABLE_REFRESH,
			settings_top(config->settings, OPTION_TABLE_REFRESH)
				->line,
			&error);
	return result;
}

/* is_imported - is text about an option whose value comes from Postfix? */
static bool is_imported(const struct config_section *top, const char *text)
{
	char *name = xstrndup(text, strcspn(text, ":"));
	int option = config_option_find(name);

	free(name);
	return option >= 0 && top->settings[option].source != NULL;
}

/* Receives the warnings while tables are read. */
struct table_notes {
	struct config *config;
	const struct table_loader *loader;
	struct config_notes *notes;
	const struct config_load_options *options;
	int line; /* of a rate whose tables are read; 0: find it */
};

/* note_failure - keep what is said of a table that could not be read */
static void note_failure(struct config *config, const char *text)
{
	config->failures =
		xreallocarray(config->failures, config->failed_tables + 1,
			      sizeof(*config->failures));
	config->failures[config->failed_tables++] = xstrdup(text);
}

/* note_table - record a warning about a table */
static void note_table(void *context, const char *text)
{
	const struct table_notes *to = context;

	if (to->loader->failures > to->config->failed_tables)
		note_failure(to->config, text);
	config_warning(to->notes,
		       to->line != 0
			       ? to->line
			       : config_line_of(&to->config->settings->top,
						text, OPTION_PARAMETER,
						OPTION_QUESTION),
		       "%s", text);
}

/* note_progress - a table is about to be read */
static void note_progress(void *context, const char *name)
{
	const struct table_notes *to = context;

	if (to->options->progress != NULL)
		to->options->progress(to->options->context, name);
}

/* load_parameters - load the parameters of address resolution */
static void load_parameters(struct config *config, struct config_notes *notes,
			    struct table_loader *loader)
{
	const struct config_section *top = &config->settings->top;
	struct error error = { "" };
	bool imported;
	int i;

	for (i = 0; i < PARAMETER_COUNT; i++)
		set_parameter(config, (enum parameter)i);
	if (parameters_complete(&config->parameters, &error) == 0 &&
	    watch_lists(config, notes) == 0)
		config->resolver =
			resolver_new(&config->parameters, loader, &error);
	if (config->resolver != NULL || *error.text == '\0')
		return;
	imported = is_imported(top, error.text);
	config_error(notes,
		     config_line_of(top, error.text, OPTION_PARAMETER,
				    OPTION_QUESTION),
		     "%s%s%s", error.text,
		     imported ? "; the value is from " : "",
		     imported ? config->main_cf : "");
}

/* config_lists - load address resolution and the services */
void config_lists(struct config *config, struct config_notes *notes,
		  const struct config_load_options *options)
{
	struct table_notes to = { config, NULL, notes, options, 0 };
	struct table_loader loader = {
		.config_directory = config->import_postfix,
		.postfix = postfix_version(config->mail_version),
		.hash_type = config->hash_type,
		.btree_type = config->btree_type,
		.type_mapping = config->type_mapping,
		.type_is_made = config->type_is_made,
		.lenient = options->lenient,
		.spent_ms = options->tables_ms > 0
				    ? TABLE_TIME_MS - options->tables_ms
				    : 0,
		.note = note_table,
		.progress = note_progress,
		.context = &to,
	};
	struct sender_login *sender_login = NULL;
	struct restriction_context context = {
		.loader = &loader,
		.sender_login = &sender_login,
		.rates = &config->rates,
	};
	struct error error;

	to.loader = &loader;
	load_parameters(config, notes, &loader);
	context.resolver = config->resolver;
	/* The resolver has reported its errors already. */
	if (config->resolver != NULL)
		parameters_get_bool(&config->parameters,
				    PARAMETER_SMTPUTF8_ENABLE, &context.utf8,
				    &error);
	config_rates(config, notes, &loader, context.utf8, &to.line);
	config_services(&config->services, config->settings, &context, notes);
}
