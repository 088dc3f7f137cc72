/* SPDX-License-Identifier: ISC */
/* check_postfix_milters - can smtpd(8) reach the milters?
 *
 * smtpd(8) connects to each milter for every client. Where nobody answers, it
 * does what milter_default_action says: by default it refuses each message for
 * now (3.11 ends the session), before policyd is asked, and the log blames the
 * milter only. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"

/* get - a parameter of the port */
static const char *get(const struct smtpd_port *port, const char *name)
{
	return postfix_get(port->postfix, port->service, name);
}

/* add_milter - record one of the port; word: as in smtpd_milters */
static void add_milter(struct check *check, const struct smtpd_port *port,
		       const char *word)
{
	struct use use = { 0 };

	use.list = check_list(check, port->service, SMTPD_LIST_RELAY);
	postfix_policy_parse(&use.policy, word);
	use.server = check_server_of(use.policy.server);
	check_use_add(&check->milters, &use);
}

/* check_find_milters - those of each port */
void check_find_milters(struct check *check)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++) {
		const struct smtpd_port *port = &check->ports.rows[i].port;
		const char *rest = get(port, "smtpd_milters");
		char *word;

		if (!smtpd_port_has_milters(port))
			continue;
		while ((word = postfix_next_word(&rest)) != NULL) {
			add_milter(check, port, word);
			free(word);
		}
	}
}

/* The actions of smtpd(8) without the milter. */
static const struct consequence {
	const char *action;
	enum severity severity;
	const char *text;
} consequences[] = {
	{ "accept", SEVERITY_WARNING, "messages pass without it" },
	{ "quarantine", SEVERITY_ERROR, "each message is put on hold" },
	{ "reject", SEVERITY_ERROR, "each message is refused" },
	{ "shutdown", SEVERITY_ERROR, "each session is ended" },
	{ "", SEVERITY_ERROR, "each message is refused for now" },
};

/* consequence_of - an action */
static const struct consequence *consequence_of(const char *action)
{
	const struct consequence *found = consequences;

	while (*found->action != '\0' && strcasecmp(found->action, action) != 0)
		found++;
	return found;
}

/* action_of - milter_default_action, or that of the milter alone */
static const char *action_of(const struct check *check, const struct use *use)
{
	const char *own =
		postfix_values_get(&use->policy.attributes, "default_action");

	return own != NULL ? own
			   : postfix_get(check->postfix, use->list->service,
					 "milter_default_action");
}

/* has_transport - does smtpd(8) know where to connect? */
static bool has_transport(const char *server)
{
	static const char *const transports[] = { "inet:", "unix:", "local:" };
	size_t i;

	for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		size_t length = strlen(transports[i]);

		if (strncmp(server, transports[i], length) == 0 &&
		    server[length] != '\0')
			return true;
	}
	return false;
}

/* why_not - why it cannot be reached; NULL: it can, or that is not known */
static const char *why_not(const struct use *use)
{
	if (!has_transport(use->policy.server))
		return "it has to begin with inet: or unix:";
	return check_unreached(use);
}

/* check_milter - report one that cannot be reached */
static void check_milter(struct check *check, const struct use *use)
{
	const struct postfix_service *service = use->list->service;
	const char *why = why_not(use), *action = action_of(check, use);
	const struct consequence *consequence = consequence_of(action);
	const char *maps =
		postfix_get(check->postfix, service, "smtpd_milter_maps");
	char *on;

	if (why == NULL)
		return;
	on = check_on(check, service, "smtpd_milters");
	check_found(check,
		    &(struct mistake){
			    .severity = consequence->severity,
			    .service = service,
			    .parameter = "smtpd_milters",
			    .advice = "start that milter, or take it out" },
		    "smtpd%s cannot connect to the milter %s%s: %s: %s "
		    "(default action: %s)%s",
		    check_in_chroot(use), use->policy.server, on, why,
		    consequence->text, action,
		    *maps != '\0' ? ", but for clients in smtpd_milter_maps"
				  : "");
	free(on);
}

/* check_milters - can smtpd(8) reach them? */
void check_milters(struct check *check)
{
	size_t i;

	for (i = 0; i < check->milters.count; i++)
		check_milter(check, &check->milters.list[i]);
}
