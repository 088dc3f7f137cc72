/* SPDX-License-Identifier: ISC */
/* config_dump - print the effective configuration (-T)
 *
 * In the syntax of the file, so that it can be loaded again with the same
 * result: every option with its effective value, followed by the source of the
 * value. The parameters of address resolution are printed expanded. */

#include "lib/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_options.h"
#include "lib/config/config_values.h"

/* The configuration to print, and the output. */
struct dump {
	const struct config *config;
	FILE *output;
	const char *indent;
	bool all; /* what has its default, too */
};

/* is_plain - may the value be written without quotes? */
static bool is_plain(const char *value)
{
	return *value != '\0' &&
	       value[strspn(value, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] ==
		       '\0';
}

/* put_quoted - print a value in quotes, so that libconfuse reads it back
 * unchanged */
static void put_quoted(const struct dump *dump, const char *value)
{
	bool single =
		strpbrk(value, "\\\"") != NULL || strstr(value, "${") != NULL;
	char quote = single ? '\'' : '"';

	putc(quote, dump->output);
	for (; *value != '\0'; value++) {
		if (single && (*value == '\\' || *value == '\''))
			putc('\\', dump->output);
		putc(*value, dump->output);
	}
	putc(quote, dump->output);
}

/* put_value - print one value in the form of its option */
static void put_value(const struct dump *dump, enum config_option option,
		      const char *value)
{
	enum config_form form = config_option_form(option);

	if ((form == FORM_PLAIN_TEXT || form == FORM_PLAIN_LIST) &&
	    is_plain(value))
		fputs(value, dump->output);
	else
		put_quoted(dump, value);
}

/* put_path - print a file name in a comment, which must be one line */
static void put_path(const struct dump *dump, const char *path)
{
	const char *byte;

	for (byte = path; *byte != '\0'; byte++)
		putc((unsigned char)*byte < ' ' || *byte == 0x7f ? '?' : *byte,
		     dump->output);
}

/* put_source - print the comment with the source of a value */
static void put_source(const struct dump *dump, int line)
{
	fputs("\t# ", dump->output);
	if (line == 0) {
		fputs("default\n", dump->output);
		return;
	}
	put_path(dump, dump->config->path);
	fprintf(dump->output, ":%d\n", line);
}

/* put_origin - print the comment with the source of an option */
static void put_origin(const struct dump *dump, const struct setting *setting)
{
	if (setting->source == NULL) {
		put_source(dump, setting->line);
		return;
	}
	fputs("\t# ", dump->output);
	put_path(dump, setting->source);
	putc('\n', dump->output);
}

/* is_inherited - does a section have it from the top level? */
static bool is_inherited(enum config_option option,
			 const struct setting *setting,
			 const struct setting *top)
{
	bool may = (config_option_scopes(option) & SCOPE_TOP) != 0;
	size_t i;

	if (!may || setting == top || setting->line != top->line ||
	    setting->source != top->source || setting->count != top->count)
		return false;
	for (i = 0; i < setting->count; i++)
		if (strcmp(setting->values[i], top->values[i]) != 0)
			return false;
	return true;
}

/* is_usual - would the option have this value if it were not set there? */
static bool is_usual(const struct dump *dump, enum config_option option,
		     const struct setting *setting)
{
	const struct config_section *top = &dump->config->settings->top;

	return !setting->set || setting->line == 0 ||
	       is_inherited(option, setting, &top->settings[option]) ||
	       (setting->source != NULL && setting_is_default(setting, option));
}

/* put_setting - print one option and its source */
static void put_setting(const struct dump *dump, enum config_option option,
			const struct setting *setting)
{
	const char *name = config_option_name(option);
	size_t i;

	if (!dump->all && is_usual(dump, option, setting))
		return;
	if (!setting->set) {
		/* A service without this option matches any value. */
		fprintf(dump->output, "%s# %s: any\n", dump->indent, name);
		return;
	}
	fprintf(dump->output, "%s%s = ", dump->indent, name);
	if (setting->count == 1) {
		put_value(dump, option, setting->values[0]);
	} else {
		fputs("{", dump->output);
		for (i = 0; i < setting->count; i++) {
			fputs(i > 0 ? ", " : " ", dump->output);
			put_value(dump, option, setting->values[i]);
		}
		fputs(" }", dump->output);
	}
	put_origin(dump, setting);
}

/* is_default_parameter - would it have this value if only the others were set?
 */
static bool is_default_parameter(const struct config *config,
				 enum parameter parameter)
{
	struct parameters others;
	struct error error;
	bool same;
	int i;

	parameters_init(&others);
	for (i = 0; i < PARAMETER_COUNT; i++) {
		char *value = config_value_literal(
			parameters_get(&config->parameters, (enum parameter)i));

		if (i != (int)parameter)
			parameters_set(&others, (enum parameter)i, value, "");
		free(value);
	}
	same = parameters_complete(&others, &error) == 0 &&
	       strcmp(parameters_get(&others, parameter),
		      parameters_get(&config->parameters, parameter)) == 0;
	parameters_clear(&others);
	return same;
}

/* put_parameter - print one parameter of address resolution, expanded */
static void put_parameter(const struct dump *dump, enum parameter parameter)
{
	const struct setting *setting =
		settings_parameter(dump->config->settings, parameter);
	char *value;

	if (!dump->all && (setting->line == 0 ||
			   (setting->source != NULL &&
			    is_default_parameter(dump->config, parameter))))
		return;
	value = config_value_literal(
		parameters_get(&dump->config->parameters, parameter));
	fprintf(dump->output, "%s = ", parameter_name(parameter));
	put_quoted(dump, value);
	put_origin(dump, setting);
	free(value);
}

/* put_section - print the options of a section */
static void put_section(const struct dump *dump,
			const struct config_section *section,
			enum config_scope scope)
{
	int i;

	for (i = 0; i < OPTION_PARAMETER; i++) {
		enum config_option option = (enum config_option)i;

		if ((config_option_scopes(option) & scope) != 0)
			put_setting(dump, option, &section->settings[option]);
	}
}

/* put_imported - print a value of Postfix that cannot be set here */
static void put_imported(const struct dump *dump, const char *name,
			 const char *value)
{
	if (value == NULL)
		return;
	fprintf(dump->output, "# %s = ", name);
	put_path(dump, value);
	fputs("\t# ", dump->output);
	put_path(dump, dump->config->main_cf);
	putc('\n', dump->output);
}

/* put_tls - print the tls section of a listener or a store, if it has one */
static void put_tls(struct dump *dump, const struct config_section *section,
		    enum config_scope scope)
{
	if (section->tls_line == 0)
		return;
	fputs("\ttls {", dump->output);
	put_source(dump, section->tls_line);
	dump->indent = "\t\t";
	put_section(dump, section, scope);
	dump->indent = "\t";
	fputs("\t}\n", dump->output);
}

/* put_listen - print one listener, with the options of its kind */
static void put_listen(struct dump *dump, size_t index)
{
	const struct config_section *section =
		&dump->config->settings->listens[index];
	const char *address = dump->config->listeners[index].address;

	fputs("\nlisten ", dump->output);
	put_quoted(dump, address);
	fputs(" {", dump->output);
	put_source(dump, section->line);
	put_section(dump, section,
		    strncmp(address, "unix:", 5) == 0 ? SCOPE_UNIX
						      : SCOPE_INET);
	put_tls(dump, section, SCOPE_TLS);
	fputs("}\n", dump->output);
}

/* put_metrics - print the metrics section */
static void put_metrics(struct dump *dump)
{
	const struct config_section *section = dump->config->settings->metrics;
	const char *address = dump->config->metrics->address;

	fputs("\nmetrics ", dump->output);
	put_quoted(dump, address);
	fputs(" {", dump->output);
	put_source(dump, section->line);
	if (strncmp(address, "unix:", 5) == 0)
		put_section(dump, section, SCOPE_METRICS);
	fputs("}\n", dump->output);
}

/* put_titled - print one service, rate or store; a service with the values that
 * it inherits from the top level */
static void put_titled(struct dump *dump, const char *word,
		       const struct config_section *section,
		       enum config_scope scope)
{
	fprintf(dump->output, "\n%s ", word);
	put_quoted(dump, section->title);
	fputs(" {", dump->output);
	put_source(dump, section->line);
	put_section(dump, section, scope);
	if (scope == SCOPE_STORE)
		put_tls(dump, section, SCOPE_STORE_TLS);
	fputs("}\n", dump->output);
}

/* put_expect - print one expectation; options that are not set are left out */
static void put_expect(struct dump *dump, const struct config_section *section)
{
	int i;

	fputs("\nexpect ", dump->output);
	put_quoted(dump, section->title);
	fputs(" {", dump->output);
	put_source(dump, section->line);
	for (i = 0; i < OPTION_COUNT; i++) {
		enum config_option option = (enum config_option)i;

		if ((config_option_scopes(option) & SCOPE_EXPECT) != 0 &&
		    section->settings[i].set)
			put_setting(dump, option, &section->settings[i]);
	}
	fputs("}\n", dump->output);
}

/* config_dump - print the effective configuration */
void config_dump(const struct config *config, bool all, FILE *output)
{
	struct dump dump = {
		.config = config, .output = output, .indent = "", .all = all
	};
	const struct config_settings *settings = config->settings;
	size_t i;
	int parameter;

	fputs("# effective configuration: ", output);
	put_path(&dump, config->path);
	fputs(all ? "\n" : "; what is not here has its default\n", output);
	put_section(&dump, &settings->top, SCOPE_TOP);
	put_imported(&dump, "queue_directory", config->queue_directory);
	put_imported(&dump, "mail_version", config->mail_version);
	putc('\n', output);
	for (parameter = 0; parameter < PARAMETER_COUNT; parameter++)
		put_parameter(&dump, (enum parameter)parameter);
	dump.indent = "\t";
	for (i = 0; i < settings->listen_count; i++)
		put_listen(&dump, i);
	if (config->metrics != NULL)
		put_metrics(&dump);
	for (i = 0; i < settings->rate_count; i++)
		put_titled(&dump, "rate", &settings->rates[i], SCOPE_RATE);
	for (i = 0; i < settings->store_count; i++)
		put_titled(&dump, "store", &settings->stores[i], SCOPE_STORE);
	for (i = 0; i < settings->service_count; i++)
		put_titled(&dump, "service", &settings->services[i],
			   SCOPE_SERVICE);
	for (i = 0; i < settings->expect_count; i++)
		put_expect(&dump, &settings->expects[i]);
}
