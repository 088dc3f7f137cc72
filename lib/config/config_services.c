/* SPDX-License-Identifier: ISC */
/* config_services - make the services from completed settings
 *
 * A service is complete: options that its section does not set have the values
 * of the top level, which is itself the last service, "default". */

#include "lib/config/config_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/similar.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_assign.h"

#define DEFAULT_NAME "default"

/* The service that is being made. */
struct maker {
	const struct config_settings *settings;
	const struct config_section *section; /* of the service */
	const struct restriction_context *context;
	struct config_notes *notes;
	struct service *service;
};

/* is_name_byte - could it be part of a longer name? */
static bool is_name_byte(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

/* is_word - does a word begin at place and end after length bytes? */
static bool is_word(const char *text, const char *place, size_t length)
{
	return (place == text || !is_name_byte(place[-1])) &&
	       !is_name_byte(place[length]);
}

/* find_word - where text contains name as a word, or NULL */
static const char *find_word(const char *text, const char *name)
{
	const char *place = strstr(text, name);

	while (place != NULL && !is_word(text, place, strlen(name)))
		place = strstr(place + 1, name);
	return place;
}

/* prefix_line - the line of the innermost option that text begins with, as
 * "myorigin: mydomain: "; 0 when none of them is set */
static int prefix_line(const struct config_section *section, const char *text)
{
	int line = 0;

	for (;;) {
		size_t length = strcspn(text, " :");
		char *name = xstrndup(text, length);
		int option = config_option_find(name);

		free(name);
		if (option < 0 || strncmp(text + length, ": ", 2) != 0)
			return line;
		if (section->settings[option].line != 0)
			line = section->settings[option].line;
		text += length + 2;
	}
}

/* config_line_of - the line of the option that text is about */
int config_line_of(const struct config_section *section, const char *text,
		   int first, int end)
{
	const char *earliest = NULL;
	int line = prefix_line(section, text);
	int i;

	for (i = first; i < end && (line == 0 || earliest != NULL); i++) {
		const char *name = config_option_name((enum config_option)i);
		const char *place = find_word(text, name);

		if (place == NULL || section->settings[i].line == 0 ||
		    (earliest != NULL && place > earliest))
			continue;
		earliest = place;
		line = section->settings[i].line;
	}
	return line;
}

/* setting - an option of the service */
static const struct setting *setting(const struct maker *maker,
				     enum config_option option)
{
	return &maker->section->settings[option];
}

/* make_ports - server_port */
static void make_ports(struct maker *maker)
{
	const struct setting *from = setting(maker, OPTION_SERVER_PORT);
	struct service *service = maker->service;
	struct error error;
	unsigned long port;
	size_t i;

	if (from->set && from->count == 0)
		config_error(maker->notes, from->line,
			     "server_port: the list "
			     "is empty; leave it out to match every port");
	service->server_ports =
		xcalloc(from->count, sizeof(*service->server_ports));
	for (i = 0; i < from->count; i++) {
		if (config_read(OPTION_SERVER_PORT, from->values[i], &port,
				&error) < 0) {
			config_option_error(maker->notes, OPTION_SERVER_PORT,
					    from->lines[i], &error);
			continue;
		}
		service->server_ports[service->server_port_count++] =
			(unsigned short)port;
	}
}

/* make_contexts - policy_context */
static void make_contexts(struct maker *maker)
{
	const struct setting *from = setting(maker, OPTION_POLICY_CONTEXT);
	struct service *service = maker->service;
	size_t i;

	if (from->set && from->count == 0)
		config_error(maker->notes, from->line,
			     "policy_context: the "
			     "list is empty; leave it out to match every "
			     "context");
	service->policy_contexts =
		xcalloc(from->count, sizeof(*service->policy_contexts));
	for (i = 0; i < from->count; i++)
		service->policy_contexts[i] = xstrdup(from->values[i]);
	service->policy_context_count = from->count;
}

/* known_restrictions - all restrictions, as a list; the caller frees it */
static char *known_restrictions(void)
{
	const struct restriction *const *each;
	char *known = xstrdup("");

	for (each = restriction_each(); *each != NULL; each++)
		xappend(&known, "%s%s", *known != '\0' ? ", " : "",
			(*each)->name);
	return known;
}

/* unknown_restriction - report an unknown word, and the one that was probably
 * meant, or all */
static void unknown_restriction(struct maker *maker, const char *word, int line)
{
	char shown[CONFIG_SHOWN], advice[CONFIG_SHOWN];
	const struct restriction *const *each;
	struct similar similar;
	char *known = known_restrictions();

	similar_init(&similar, word);
	for (each = restriction_each(); *each != NULL; each++)
		similar_try(&similar, (*each)->name);
	similar_advice(&similar, advice, sizeof(advice));
	config_error(maker->notes, line, "restrictions: unknown word %s%s%s%s",
		     config_show(shown, word),
		     strpbrk(word, ", \t") != NULL
			     ? " (write each word on its own: { a, b })"
			     : "",
		     *advice != '\0' ? advice : "; there are ",
		     *advice != '\0' ? "" : known);
	free(known);
}

/* value_line - the line of the value that text quotes; otherwise, that of the
 * option */
static int value_line(const struct setting *from, const char *text)
{
	int line = from->line;
	size_t i;

	for (i = 0; i < from->count && line == from->line; i++) {
		char *quoted = xasprintf("\"%s\"", from->values[i]);

		if (strstr(text, quoted) != NULL)
			line = from->lines[i];
		free(quoted);
	}
	return line;
}

/* add_restriction - add a restriction, with its argument: what is written after
 * the word, or an option, if any */
static void add_restriction(struct maker *maker,
			    const struct restriction *restriction,
			    const char *written, int line)
{
	struct restriction_list *list = &maker->service->restrictions;
	const struct setting *argument = NULL;
	char *text = NULL;
	struct error error;
	bool imported;
	int option;

	if (restriction->parameter != NULL) {
		option = config_option_find(restriction->parameter);
		if (option >= 0)
			argument = &maker->settings->top.settings[option];
		if (argument != NULL)
			text = setting_join(argument);
		if (text == NULL || *text == '\0') {
			config_error(maker->notes,
				     setting(maker, OPTION_RESTRICTIONS)->line,
				     "restrictions: %s needs %s, which is not "
				     "set",
				     restriction->name, restriction->parameter);
			free(text);
			return;
		}
	}
	imported = argument != NULL && argument->source != NULL;
	if (restriction_list_add(list, restriction,
				 written != NULL ? written : text,
				 maker->context, &error) == 0)
		list->uses[list->count - 1].line = line;
	else
		config_error(maker->notes,
			     argument != NULL ? value_line(argument, error.text)
					      : line,
			     "%s: %s%s%s",
			     restriction->parameter != NULL
				     ? restriction->parameter
				     : restriction->name,
			     error.text, imported ? "; the value is from " : "",
			     imported ? argument->source : "");
	free(text);
}

/* find_restriction - the restriction of a word, and what is written after its
 * colon, or NULL; NULL: an error was recorded */
static const struct restriction *find_restriction(struct maker *maker,
						  const char *word, int line,
						  const char **argument)
{
	size_t length = strcspn(word, ":");
	char *name = xstrndup(word, length);
	const struct restriction *found = restriction_find(name);

	free(name);
	*argument = word[length] == ':' ? word + length + 1 : NULL;
	if (found == NULL)
		unknown_restriction(maker, word, line);
	else if (found->argument == NULL && *argument != NULL)
		config_error(maker->notes, line,
			     "restrictions: %s has no argument: leave out the "
			     "colon and what follows it",
			     found->name);
	else if (found->argument != NULL && *argument == NULL)
		config_error(maker->notes, line,
			     "restrictions: %s needs %s: write %s:NAME",
			     found->name, found->argument, found->name);
	else
		return found;
	return NULL;
}

/* make_restrictions - the list, in order */
static void make_restrictions(struct maker *maker)
{
	const struct setting *from = setting(maker, OPTION_RESTRICTIONS);
	const struct restriction *restriction;
	const char *argument;
	size_t i;

	if (from->count == 0)
		config_error(maker->notes, from->line,
			     "restrictions: the list "
			     "is empty; to refuse everything write { reject }");
	for (i = 0; i < from->count; i++) {
		restriction = find_restriction(maker, from->values[i],
					       from->lines[i], &argument);
		if (restriction != NULL)
			add_restriction(maker, restriction, argument,
					from->lines[i]);
	}
}

/* make_text - the text of a refusal; NULL: the default */
static char *make_text(struct maker *maker, enum config_option option)
{
	const struct setting *from = setting(maker, option);
	const char *text = setting_text(from);
	struct error error;

	if (*text == '\0')
		return NULL;
	if (reply_check(text, &error) < 0)
		config_option_error(maker->notes, option, from->line, &error);
	return xstrdup(text);
}

/* make_tls - how strong a session must be */
static void make_tls(struct maker *maker)
{
	const struct setting *keysize = setting(maker, OPTION_TLS_KEYSIZE);
	const char *protocols =
		setting_text(setting(maker, OPTION_TLS_PROTOCOLS));
	const char *ciphers = setting_text(setting(maker, OPTION_TLS_CIPHERS));
	struct error error = { "" };
	unsigned long bits;

	if (config_read(OPTION_TLS_KEYSIZE, setting_text(keysize), &bits,
			&error) < 0) {
		config_option_error(maker->notes, OPTION_TLS_KEYSIZE,
				    keysize->line, &error);
		return;
	}
	if (*protocols == '\0' && *ciphers == '\0' && bits == 0)
		config_warning(maker->notes, keysize->line,
			       "tls_protocols, tls_ciphers, tls_keysize: "
			       "without any of them a session counts as "
			       "encrypted even with a cipher that does not "
			       "encrypt (NULL)");
	maker->service->tls =
		session_minimum_new(protocols, ciphers, (int)bits, &error);
	if (maker->service->tls == NULL)
		config_error(maker->notes,
			     config_line_of(maker->section, error.text,
					    OPTION_TLS_PROTOCOLS,
					    OPTION_TLS_KEYSIZE + 1),
			     "%s", error.text);
}

/* check_name - is this a valid name of a service? */
static void check_name(const struct config_section *section,
		       struct config_notes *notes)
{
	const char *name = section->title;
	char shown[CONFIG_SHOWN];
	const char *byte;

	if (strcmp(name, DEFAULT_NAME) == 0)
		config_error(notes, section->line,
			     "a service cannot be called \"default\": that "
			     "is the name of the settings at top level");
	if (*name == '\0')
		config_error(notes, section->line,
			     "the name of a service "
			     "cannot be empty");
	if (strlen(name) > SERVICE_NAME_MAX)
		config_error(notes, section->line,
			     "the name of a service is "
			     "longer than %d bytes",
			     SERVICE_NAME_MAX);
	for (byte = name; *byte > ' ' && *byte <= '~'; byte++)
		;
	if (*byte != '\0')
		config_error(notes, section->line,
			     "the name of a service must be printable ASCII "
			     "without spaces, not %s",
			     config_show(shown, name));
}

/* make_service - make a service; section is the top level for "default" */
static void make_service(struct service *service,
			 const struct config_settings *settings,
			 const struct config_section *section,
			 const struct restriction_context *context,
			 struct config_notes *notes)
{
	struct maker maker = {
		.settings = settings,
		.section = section,
		.context = context,
		.notes = notes,
		.service = service,
	};

	service->name =
		xstrdup(section->title != NULL ? section->title : DEFAULT_NAME);
	service->line = section->line;
	if (section->title != NULL)
		check_name(section, notes);
	make_ports(&maker);
	make_contexts(&maker);
	make_restrictions(&maker);
	config_assign(service, SCOPE_SERVICE, section, notes);
	service->reply.reject_reply = make_text(&maker, OPTION_REJECT_REPLY);
	service->reply.plaintext_reply =
		make_text(&maker, OPTION_PLAINTEXT_REPLY);
	make_tls(&maker);
}

/* config_services - make all services, the top level last */
void config_services(struct service_list *list,
		     const struct config_settings *settings,
		     const struct restriction_context *context,
		     struct config_notes *notes)
{
	size_t i;

	list->count = settings->service_count + 1;
	list->services = xcalloc(list->count, sizeof(*list->services));
	for (i = 0; i < settings->service_count; i++)
		make_service(&list->services[i], settings,
			     &settings->services[i], context, notes);
	make_service(&list->services[i], settings, &settings->top, context,
		     notes);
}
