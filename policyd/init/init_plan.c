/* SPDX-License-Identifier: ISC */
/* init_plan - the changes that the ports need
 *
 * Postfix is to ask policyd in smtpd_relay_restrictions of each port to which
 * clients connect. That is set in master.cf, port by port, so a service that
 * takes mail back from a content filter stays as it is, and so do the other
 * restriction lists. Each change has its reverse: the previous value is put
 * back, or a new setting is removed. */

#include "policyd/init/init_internal.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "lib/postfix/smtpd_restrictions.h"

/* add - add a change, which owns text */
static void add(struct init_changes *changes, const char *option, char *text)
{
	changes->list = xreallocarray(changes->list, changes->count + 1,
				      sizeof(*changes->list));
	changes->list[changes->count++] =
		(struct postfix_change){ .option = option, .text = text };
}

/* changes_clear - free what it holds */
static void changes_clear(struct init_changes *changes)
{
	size_t i;

	for (i = 0; i < changes->count; i++)
		free(changes->list[i].text);
	free(changes->list);
	*changes = (struct init_changes){ 0 };
}

/* init_clear - free what it holds */
void init_clear(struct init *init)
{
	int i;

	changes_clear(&init->on);
	changes_clear(&init->off);
	ports_changes_clear(&init->effects);
	smtpd_ports_clear(&init->before);
	smtpd_ports_clear(&init->after);
	postfix_clear(&init->changed);
	postfix_clear(&init->postfix);
	for (i = 0; i < INIT_FILES; i++) {
		free(init->now[i]);
		free(init->then[i]);
	}
	free(init->services);
	free(init->ports);
	free(init->group);
	free(init->server);
	if (init->tried != init->config)
		config_free(init->tried);
	config_free(init->config);
}

/* find_group - the group of Postfix's user, for the socket */
static int find_group(struct init *init, struct error *error)
{
	const char *owner = postfix_get(&init->postfix, NULL, "mail_owner");
	const struct passwd *user = getpwnam(owner);
	const struct group *group =
		user != NULL ? getgrgid(user->pw_gid) : NULL;

	if (group == NULL)
		return error_set(error,
				 "mail_owner = %s: there is no such user, or "
				 "it has no group; is Postfix installed?",
				 owner);
	init->group = xstrdup(group->gr_name);
	return 0;
}

/* master_line - the line of a service in master.cf, for postconf -M; the caller
 * frees it. NULL: there is none. */
static char *master_line(const struct init *init,
			 const struct postfix_service *service)
{
	char name[256], type[16];
	const char *line = init->services;

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		if (sscanf(line, "%255s %15s", name, type) == 2 &&
		    strcmp(name, service->name) == 0 &&
		    strcmp(type, service->type) == 0)
			return xasprintf("%s/%s=%.*s", name, type, (int)length,
					 line);
		line += length + (line[length] != '\0' ? 1 : 0);
	}
	return NULL;
}

/* is_restored - is the whole line of the service going to be restored? */
static bool is_restored(const struct init *init,
			const struct postfix_service *service)
{
	const struct postfix_change *last =
		init->off.count > 0 ? &init->off.list[init->off.count - 1]
				    : NULL;
	char *start = xasprintf("%s/%s=", service->name, service->type);
	bool restored = last != NULL && strcmp(last->option, "-M") == 0 &&
			strncmp(last->text, start, strlen(start)) == 0;

	free(start);
	return restored;
}

/* is_setting - is a word of a command "NAME=VALUE", maybe in braces, for this
 * parameter? */
static bool is_setting(const char *word, const char *parameter)
{
	const size_t length = strlen(parameter);

	word += strspn(word, "{ \t");
	return strncmp(word, parameter, length) == 0 &&
	       word[length + strspn(word + length, " \t")] == '=';
}

/* is_twice - does a port set a parameter more than once? postconf -P changes
 * all of them alike. */
static bool is_twice(const struct postfix_service *service,
		     const char *parameter)
{
	const char *rest = service->command;
	size_t count = 0;
	char *word;

	while ((word = postfix_next_argument(&rest)) != NULL) {
		count += is_setting(word, parameter) ? 1 : 0;
		free(word);
	}
	return count > 1;
}

/* add_undo - restore a parameter of a port. postconf -P rejects values with
 * white space, and makes settings of one parameter equal: in these cases
 * restore the whole line of master.cf. */
static void add_undo(struct init *init, const struct postfix_service *service,
		     const char *parameter)
{
	const char *old = postfix_values_get(&service->overrides, parameter);
	char *line = NULL;

	if (is_restored(init, service))
		return;
	if (old == NULL)
		add(&init->off, "-PX",
		    xasprintf("%s/%s/%s", service->name, service->type,
			      parameter));
	else if (strpbrk(old, " \t") == NULL && !is_twice(service, parameter))
		add(&init->off, "-P",
		    xasprintf("%s/%s/%s=%s", service->name, service->type,
			      parameter, old));
	else if ((line = master_line(init, service)) != NULL)
		add(&init->off, "-M", line);
}

/* set - set a parameter of a port */
static void set(struct init *init, const struct postfix_service *service,
		const char *parameter, const char *value)
{
	add(&init->on, "-P",
	    xasprintf("%s/%s/%s=%s", service->name, service->type, parameter,
		      value));
	add_undo(init, service, parameter);
}

/* keep_passwords - offer AUTH only with TLS; where there is no TLS, nobody
 * could log in any more */
static void keep_passwords(struct init *init, const struct smtpd_port *port)
{
	if (port->tls != SMTPD_NO &&
	    postfix_get_bool(&init->postfix, port->service,
			     "smtpd_sasl_auth_enable") &&
	    !postfix_get_bool(&init->postfix, port->service,
			      "smtpd_tls_auth_only") &&
	    !init_demands_tls(port))
		set(init, port->service, "smtpd_tls_auth_only", "yes");
}

/* parameter_of - the list of the ports of a kind; the caller frees it */
static char *parameter_of(const struct init *init, const struct init_kind *kind)
{
	char *name, *at;

	if (!init_by_context(init, kind))
		return xstrdup(INIT_PARAMETER);
	name = xasprintf(INIT_PARAMETER "_%s", kind->name);
	for (at = name; *at != '\0'; at++)
		if (*at == '-')
			*at = '_';
	return name;
}

/* has_kind - is any port of that kind, or of any that has no context? */
static bool has_kind(const struct init *init, const struct init_kind *kind)
{
	size_t i;

	for (i = 0; i < init->port_count; i++) {
		const struct init_kind *own = init_kind(&init->ports[i]);

		if (kind != NULL ? own == kind : !init_by_context(init, own))
			return true;
	}
	return false;
}

/* add_parameter - a list in which Postfix asks policyd */
static void add_parameter(struct init *init, const struct init_kind *kind)
{
	const char *end = init->observe ? "" : ", reject";
	char *name = kind != NULL ? parameter_of(init, kind)
				  : xstrdup(INIT_PARAMETER);

	if (kind == NULL)
		add(&init->on, "-e",
		    xasprintf("%s = check_policy_service %s%s", name,
			      init->server, end));
	else
		add(&init->on, "-e",
		    xasprintf("%s = check_policy_service { %s, "
			      "policy_context=%s }%s",
			      name, init->server, kind->name, end));
	free(name);
}

/* each_parameter - all of them */
static void each_parameter(struct init *init,
			   void (*visit)(struct init *,
					 const struct init_kind *))
{
	const struct init_kind *kind = NULL;

	if (has_kind(init, NULL))
		visit(init, NULL);
	while ((kind = init_kind_next(kind)) != NULL)
		if (init_by_context(init, kind) && has_kind(init, kind))
			visit(init, kind);
}

/* remove_parameter - a list that was added */
static void remove_parameter(struct init *init, const struct init_kind *kind)
{
	add(&init->off, "-X",
	    kind != NULL ? parameter_of(init, kind) : xstrdup(INIT_PARAMETER));
}

/* change_port - make it ask policyd; and close ETRN, to which the relay
 * restrictions do not apply, if it is open */
static void change_port(struct init *init, const struct init_port *port)
{
	const struct postfix_service *service = port->service;
	const char *etrn =
		postfix_get(&init->postfix, service, "smtpd_etrn_restrictions");
	char *parameter = parameter_of(init, init_kind(port));
	char *list = xasprintf("$%s", parameter);

	set(init, service, INIT_RELAY, list);
	free(list);
	free(parameter);
	if (*etrn == '\0')
		set(init, service, "smtpd_etrn_restrictions", "reject");
	keep_passwords(init, &port->row->port);
}

/* written - the relay list of a port, as it is written or as it is by default
 */
static const char *written(const struct init *init,
			   const struct postfix_service *service)
{
	const char *list = postfix_values_get(&service->overrides, INIT_RELAY);

	if (list == NULL)
		list = postfix_values_get(&init->postfix.main, INIT_RELAY);
	return list != NULL ? list
			    : postfix_get(&init->postfix, NULL, INIT_RELAY);
}

/* same_list - the index of the first port with the same list */
static size_t same_list(const struct init *init, size_t index)
{
	const char *list = written(init, init->ports[index].service);
	size_t i;

	for (i = 0; i < index; i++) {
		const char *other = written(init, init->ports[i].service);

		if (other == list || strcmp(other, list) == 0)
			break;
	}
	return i;
}

/* observe_ports - make all ports ask policyd before their own lists, which are
 * kept in parameters of main.cf */
static void observe_ports(struct init *init)
{
	size_t i, first;

	for (i = 0; i < init->port_count; i++)
		if (same_list(init, i) == i)
			add(&init->on, "-e",
			    xasprintf(INIT_PREVIOUS "%zu = %s", i + 1,
				      written(init, init->ports[i].service)));
	for (i = 0; i < init->port_count; i++) {
		const struct postfix_service *service = init->ports[i].service;
		char *parameter =
			parameter_of(init, init_kind(&init->ports[i]));

		first = same_list(init, i);
		add(&init->on, "-P",
		    xasprintf("%s/%s/" INIT_RELAY "=$%s,$" INIT_PREVIOUS "%zu",
			      service->name, service->type, parameter,
			      first + 1));
		add_undo(init, service, INIT_RELAY);
		free(parameter);
	}
	for (i = 0; i < init->port_count; i++)
		if (same_list(init, i) == i)
			add(&init->off, "-X",
			    xasprintf(INIT_PREVIOUS "%zu", i + 1));
	each_parameter(init, remove_parameter);
}

/* planned - a parameter of main.cf that this would add; NULL: there is none */
static const char *planned(const struct init *init)
{
	const struct postfix_values *main = &init->postfix.main;
	size_t i;

	for (i = 0; i < main->count; i++)
		if (strncmp(main->list[i].name, INIT_PARAMETER,
			    strlen(INIT_PARAMETER)) == 0)
			return main->list[i].name;
	return NULL;
}

/* init_plan - find the ports, and plan the changes */
int init_plan(struct init *init, struct error *error)
{
	const char *directory = init->postfix.directory;
	size_t i;

	init_ports(init);
	if (init->port_count == 0)
		return error_set(error,
				 init->before.count == 0
					 ? "%s/master.cf: no smtpd service: "
					   "this Postfix receives no mail by "
					   "SMTP"
					 : "%s/master.cf: every port is for "
					   "mynetworks only, or takes mail "
					   "back from a filter: there is "
					   "nothing that policyd would decide",
				 directory);
	if (planned(init) != NULL)
		return error_set(error,
				 "%s/main.cf: %s is set: this Postfix already "
				 "asks policyd; policyd -P checks that",
				 directory, planned(init));
	if (find_group(init, error) < 0)
		return -1;
	if (init->services == NULL &&
	    postconf_text(directory, "-M", &init->services, error) < 0)
		return -1;
	each_parameter(init, add_parameter);
	if (init->observe) {
		observe_ports(init);
		return 0;
	}
	for (i = 0; i < init->port_count; i++)
		change_port(init, &init->ports[i]);
	for (i = 0; i < init->before.count; i++)
		if (init->before.rows[i].is_return &&
		    !smtpd_port_is_loopback(&init->before.rows[i].port))
			keep_passwords(init, &init->before.rows[i].port);
	each_parameter(init, remove_parameter);
	return 0;
}
