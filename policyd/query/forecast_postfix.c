/* SPDX-License-Identifier: ISC */
/* forecast_postfix - what Postfix needs to keep clients that policyd permits
 *
 * A login in plain text needs AUTH without TLS, which --init ends. And with
 * reply = lock, permit_mynetworks and permit_auth_destination are evaluated
 * again by Postfix: with the lists of main.cf, or the mynetworks of the port.
 * Nothing of this is needed before
 * Postfix asks policyd. test_forecast_newcomer.py types it. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/shell.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_options.h"
#include "lib/table/network_list.h"
#include "policyd/query/forecast_advice_internal.h"
#include "policyd/query/forecast_group_internal.h"

#define SEPARATORS ", \t\r\n"

/* command - a command of postconf(1), for this Postfix */
static char *command(const struct forecast_adviser *adviser, const char *option,
		     const char *service, const char *setting)
{
	char *directory =
		shell_option(adviser->config->import_postfix, "/etc/postfix");
	char *made = xasprintf("postconf%s %s '%s%s%s'", directory, option,
			       service, *service != '\0' ? "/" : "", setting);

	free(directory);
	return made;
}

/* plain_login - for a group of logins in plain text; NULL: it is none */
static char *plain_login(const struct forecast_adviser *adviser,
			 const struct forecast_group *group)
{
	const struct forecast_port *port =
		forecast_ports_find(adviser->ports, group->port);

	if (*group->login == '\0' || !group->weak || group->encrypted)
		return NULL;
	if (port == NULL || port->service == NULL)
		return xasprintf("smtpd_tls_auth_only = no for port %s",
				 *group->port != '\0' ? group->port
						      : group->ports);
	return command(adviser, "-P", port->service, "smtpd_tls_auth_only=no");
}

/* The networks of Postfix that are being completed. */
struct addition {
	const struct network_list *list;
	char *text;
	const char *comma;
	bool spaced;
	bool added;
};

/* put_entry - one more; postconf -P takes no spaces */
static void put_entry(struct addition *addition, const char *entry,
		      size_t length)
{
	xappend(&addition->text, "%s%.*s", addition->comma, (int)length, entry);
	addition->comma = addition->spaced ? ", " : ",";
}

/* add - a client, or a network, unless Postfix has it */
static void add(void *context, const char *text, const char *address)
{
	struct addition *addition = context;
	char entry[ADVICE_ENTRY_SIZE];

	if ((addition->list != NULL &&
	     network_list_match(addition->list, address, "") == 1) ||
	    !advice_entry(entry, text))
		return;
	put_entry(addition, entry, strlen(entry));
	addition->added = true;
}

/* is_host - are these clients that Postfix is to find in its mynetworks? */
static bool is_host(const struct forecast_group *group)
{
	if (group->locked)
		return advice_is_locked(group, ADVICE_NETWORKS);
	return *group->login == '\0' &&
	       group->service->reply.mode == REPLY_LOCK;
}

/* scope_of - the port, if it has networks of its own; NULL: main.cf has them */
static const struct forecast_port *
scope_of(const struct forecast_adviser *adviser,
	 const struct forecast_group *group)
{
	const struct forecast_port *port =
		forecast_ports_find(adviser->ports, group->port);

	return port != NULL && port->networks != NULL ? port : NULL;
}

/* put_present - the networks that Postfix has */
static void put_present(struct addition *addition, const char *now)
{
	for (now += strspn(now, SEPARATORS); *now != '\0';
	     now += strspn(now, SEPARATORS)) {
		put_entry(addition, now, strcspn(now, SEPARATORS));
		now += strcspn(now, SEPARATORS);
	}
}

/* networks - of Postfix, with the clients of all groups of a scope; NULL: it
 * has them */
static char *networks(const struct forecast_adviser *adviser,
		      const struct forecast_port *scope,
		      const struct forecast_group *const *groups, size_t count)
{
	const char *now =
		scope != NULL ? scope->networks : adviser->ports->networks;
	struct error error;
	struct network_list *list = network_list_new(now, true, NULL, &error);
	struct addition addition = { .list = list,
				     .text = xstrdup("mynetworks="),
				     .comma = "",
				     .spaced = scope == NULL };
	char *made = NULL;
	size_t i;

	if (!advice_is_first(now))
		put_present(&addition, now);
	for (i = 0; i < count; i++)
		if (is_host(groups[i]) && scope_of(adviser, groups[i]) == scope)
			advice_each(groups[i], add, &addition);
	if (advice_is_first(now))
		put_present(&addition, now);
	if (addition.added)
		made = command(adviser, scope != NULL ? "-P" : "-e",
			       scope != NULL ? scope->service : "",
			       addition.text);
	network_list_free(list);
	free(addition.text);
	;
	return made;
}

/* forecast_list_of - the list of a class */
enum config_option forecast_list_of(const char *class, const char *domain)
{
	enum parameter parameter = PARAMETER_MYDESTINATION;
	int i;

	for (i = 0; i < RESOLVER_LISTS; i++)
		if (strcmp(class, destination_name((enum destination_class)(
					  DESTINATION_LOCAL + i))) == 0)
			parameter = resolver_parameters[i];
	if (*domain == '[' || *domain == '\0')
		parameter = PARAMETER_INET_INTERFACES;
	return (enum config_option)(OPTION_PARAMETER + (int)parameter);
}

/* advice_domains - what main.cf has now, and these */
char *advice_domains(const struct forecast_adviser *adviser,
		     const struct forecast_group *const *groups, size_t count,
		     const char *class)
{
	struct forecast_texts list = { .count = 0 };
	enum config_option option = forecast_list_of(class, "x");
	char *text, *setting, *made;
	size_t i, k;

	if (adviser->ports->own == NULL)
		return NULL;
	for (i = 0; i < count; i++)
		for (k = 0; k < groups[i]->domains.count; k++)
			if (advice_is_locked(groups[i], ADVICE_DESTINATION) &&
			    strcmp(groups[i]->class, class) == 0 &&
			    advice_is_domain(groups[i]->domains.texts[k]))
				forecast_texts_add(&list,
						   groups[i]->domains.texts[k]);
	if (list.count == 0)
		return NULL;
	text = setting_join(
		settings_top(adviser->ports->own->settings, option));
	for (i = 0; i < list.count; i++)
		xappend(&text, "%s%s", *text != '\0' ? ", " : "",
			list.texts[i]);
	forecast_texts_clear(&list);
	setting = xasprintf("%s=%s", config_option_name(option), text);
	made = strpbrk(setting, "'\n") == NULL
		       ? command(adviser, "-e", "", setting)
		       : xasprintf("the same domains in %s",
				   config_option_name(option));
	free(setting);
	free(text);
	return made;
}

/* is_first - is it the first group of its scope, or with its command? */
static bool is_first(const struct forecast_adviser *adviser,
		     const struct forecast_group *const *groups, size_t index)
{
	size_t i = 0;

	while (i < index &&
	       (is_host(groups[i]) != is_host(groups[index]) ||
		(is_host(groups[i])
			 ? scope_of(adviser, groups[i]) !=
				   scope_of(adviser, groups[index])
			 : strcmp(groups[i]->port, groups[index]->port) != 0 ||
				   groups[i]->encrypted !=
					   groups[index]->encrypted ||
				   groups[i]->weak != groups[index]->weak)))
		i++;
	return i == index;
}

/* advice_postfix - each command once */
char *advice_postfix(const struct forecast_adviser *adviser,
		     const struct forecast_group *const *groups, size_t count,
		     size_t index)
{
	const struct forecast_group *group = groups[index];

	if (!is_first(adviser, groups, index))
		return NULL;
	if (!is_host(group))
		return plain_login(adviser, group);
	if (adviser->ports->networks == NULL)
		return xstrdup("the same clients in mynetworks");
	return networks(adviser, scope_of(adviser, group), groups, count);
}
