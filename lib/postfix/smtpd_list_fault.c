/* SPDX-License-Identifier: ISC */
/* smtpd_list_fault - a word in a list of restrictions that ends smtpd(8)
 *
 * It connects to no policy server, and looks nothing up, when it starts; but it
 * reads all lists and classes, used or not, for their servers and tables. */

#include "lib/postfix/smtpd_list_fault.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_parameter.h"

/* is_server - a type that Postfix can connect to, and where? */
static bool is_server(const char *server)
{
	static const char *const types[] = { "inet:", "local:", "unix:" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(server, types[i], strlen(types[i])) == 0)
			return server[strlen(types[i])] != '\0';
	return false;
}

/* attribute_fault - of check_policy_service { ... } */
static char *attribute_fault(const struct postfix_value *attribute)
{
	static const char *const names[] = {
		"default_action", "max_idle",	 "max_ttl", "policy_context",
		"request_limit",  "retry_delay", "timeout", "try_limit",
	};
	bool known = false;
	char *parameter, *wants, *text = NULL;
	size_t i;

	if (*attribute->name == '\0')
		return xstrdup("an attribute of check_policy_service has no "
			       "\"=\"; white space around that needs braces: "
			       "{ NAME = VALUE }");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known |= strcmp(attribute->name, names[i]) == 0;
	if (!known)
		return xasprintf("check_policy_service has no attribute %.80s",
				 attribute->name);
	parameter = xasprintf("smtpd_policy_service_%s", attribute->name);
	wants = smtpd_parameter_try(parameter, attribute->value);
	if (wants == NULL && *attribute->value == '\0')
		wants = xstrdup("a value, not an empty one");
	if (wants != NULL)
		text = xasprintf("%s of check_policy_service is \"%.80s\", and "
				 "must be %s",
				 attribute->name, attribute->value, wants);
	free(wants);
	free(parameter);
	return text;
}

/* policy_fault - of the argument of check_policy_service */
static char *policy_fault(const char *argument)
{
	struct postfix_policy policy;
	char *text = NULL;
	size_t i;

	postfix_policy_parse(&policy, argument);
	if (!is_server(policy.server))
		text = xasprintf("check_policy_service %.80s is no "
				 "unix:PATH or inet:HOST:PORT",
				 policy.server);
	for (i = 0; i < policy.attributes.count && text == NULL; i++)
		text = attribute_fault(&policy.attributes.list[i]);
	postfix_policy_clear(&policy);
	return text;
}

/* table_fault - of a word with a colon, which is a table wherever it is */
static char *table_fault(const char *word)
{
	const char *colon = strchr(word, ':');

	if (colon == NULL || *word == '{' ||
	    (colon != word && colon[1] != '\0'))
		return NULL;
	return xasprintf("%.80s is no table TYPE:NAME", word);
}

/* list_fault - of one list */
static char *list_fault(const struct smtpd_port *port, const char *name)
{
	struct smtpd_restrictions list = { 0 };
	char *text = NULL;
	size_t i;

	smtpd_restrictions_parse(
		&list, postfix_get(port->postfix, port->service, name), name);
	for (i = 0; i < list.count && text == NULL; i++) {
		const struct postfix_restriction *item = &list.items[i];

		text = table_fault(item->word);
		if (text != NULL || item->argument == NULL)
			continue;
		text = strcasecmp(item->word, "check_policy_service") == 0
			       ? policy_fault(item->argument)
			       : table_fault(item->argument);
	}
	smtpd_restrictions_clear(&list);
	return text;
}

/* name_of - a parameter as the settings have it, which outlive the port */
static const char *name_of(const struct smtpd_port *port, const char *name)
{
	const struct postfix_values *const all[] = {
		&port->postfix->effective, &port->service->overrides
	};
	size_t i, k;

	for (k = 0; k < sizeof(all) / sizeof(all[0]); k++)
		for (i = 0; i < all[k]->count; i++)
			if (strcmp(all[k]->list[i].name, name) == 0)
				return all[k]->list[i].name;
	return "smtpd_restriction_classes";
}

/* smtpd_list_fault - of all lists, and then of the classes */
char *smtpd_list_fault(const struct smtpd_port *port, const char **parameter)
{
	const char *rest = postfix_get(port->postfix, port->service,
				       "smtpd_restriction_classes");
	char *text = NULL, *name;
	size_t i;

	for (i = 0; i < SMTPD_ALL_LISTS && text == NULL; i++) {
		*parameter = smtpd_list_name((enum smtpd_list)i);
		text = list_fault(port, *parameter);
	}
	while (text == NULL && (name = postfix_next_word(&rest)) != NULL) {
		*parameter = name_of(port, name);
		text = list_fault(port, name);
		free(name);
	}
	return text;
}
