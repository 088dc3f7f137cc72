/* SPDX-License-Identifier: ISC */
/* init_ports - the ports of a Postfix, and how narrow each one is
 *
 * The lists of a port are judged for a client that encrypts, and for one that
 * has logged in, whether or not TLS and AUTH are switched on now. Where they
 * refuse a stranger or a login, policyd is to refuse it, too. */

#include "policyd/init/init_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "policyd/check/ports.h"

/* init_demands_tls - is it a port for users? */
bool init_demands_tls(const struct smtpd_port *port)
{
	return port->wraps || port->demands_tls;
}

/* A client and a recipient of the lists alone. */
static bool lists_pass(const struct smtpd_port *real, enum smtpd_client client,
		       enum smtpd_recipient recipient)
{
	struct smtpd_knowledge knowledge = ports_knowledge(NULL);
	struct smtpd_port port = *real;

	knowledge.certificate = NULL;
	port.works = SMTPD_YES;
	port.tls = SMTPD_YES;
	port.auth = SMTPD_YES;
	port.plain_auth = SMTPD_YES;
	port.wraps = false;
	port.demands_tls = false;
	port.asks_certificate = false;
	port.demands_certificate = false;
	port.filter = NULL;
	return smtpd_outcome(&port, client, recipient, &knowledge).passes !=
	       SMTPD_NO;
}

/* measure - how narrow are the lists of a port? */
static void measure(struct init_port *port)
{
	const struct smtpd_port *real = &port->row->port;

	port->ours = lists_pass(real, SMTPD_STRANGER_TLS, SMTPD_OURS);
	port->plain =
		!port->ours || lists_pass(real, SMTPD_STRANGER, SMTPD_OURS);
	port->logins = lists_pass(real, SMTPD_LOGIN_TLS, SMTPD_ELSEWHERE);
	port->inside = lists_pass(real, SMTPD_LOGIN_TLS, SMTPD_OURS);
}

/* share - ports with the same number have one service section */
static void share(struct init *init)
{
	size_t i, k;

	for (i = 0; i < init->port_count; i++)
		for (k = 0; k < init->port_count; k++)
			if (init->ports[i].number == init->ports[k].number)
				init->ports[i].users &= init->ports[k].users;
}

/* init_ports - find the ports that are changed */
void init_ports(struct init *init)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(init->config);
	size_t i;

	smtpd_ports_judge(&init->before, &init->postfix, &knowledge);
	init->ports = xcalloc(init->before.count + 1, sizeof(*init->ports));
	for (i = 0; i < init->before.count; i++) {
		const struct smtpd_row *row = &init->before.rows[i];
		struct init_port *port = &init->ports[init->port_count];

		if (row->is_return)
			continue;
		port->row = row;
		port->service = row->port.service;
		port->number = row->port.number;
		port->users = init_demands_tls(&row->port) ||
			      port->number == 465 || port->number == 587;
		measure(port);
		init->port_count++;
	}
	share(init);
}

/* The sections of policyd.conf. */
static const struct init_kind kinds[] = {
	{ true, true, true, false, true, "mx",
	  "For other mail servers, and strangers.", NULL },
	{ true, true, true, true, true, "submission", "For our users.", NULL },
	{ true, true, false, false, true, "encrypted",
	  "For other mail servers, and strangers: only with TLS.",
	  "reject_plaintext_session, permit_auth_destination, "
	  "permit_sasl_authenticated, reject_unauth_destination" },
	{ true, false, true, false, true, "inbound",
	  "Mail for us only: no one may relay here, and no login could before.",
	  "permit_auth_destination, reject_unauth_destination" },
	{ true, false, false, false, true, "inbound-encrypted",
	  "Mail for us only, and only with TLS.",
	  "reject_plaintext_session, permit_auth_destination, "
	  "reject_unauth_destination" },
	{ false, true, true, false, true, "logins",
	  "For users who log in, as before: nobody else may send here.",
	  "reject_plaintext_session, permit_sasl_authenticated, reject" },
	{ false, false, true, false, true, "logins-inbound",
	  "Mail for us only, from users who log in, as before.",
	  "reject_unauth_destination, reject_plaintext_session, "
	  "permit_sasl_authenticated, reject" },
	{ false, false, true, false, false, "closed",
	  "Nobody may send here: neither strangers nor logins could before.",
	  "reject" },
};

/* is_kind - does the section do for a port? The first one that does is used. */
static bool is_kind(const struct init_kind *kind, const struct init_port *port)
{
	if (kind->ours != port->ours || kind->logins != port->logins)
		return false;
	if (!port->ours)
		return port->logins || kind->inside == port->inside;
	return kind->plain == port->plain &&
	       (kind->restrictions != NULL || kind->users == port->users);
}

/* init_kind - the section of a port */
const struct init_kind *init_kind(const struct init_port *port)
{
	const size_t count = sizeof(kinds) / sizeof(kinds[0]);
	size_t i = 0;

	while (i + 1 < count && !is_kind(&kinds[i], port))
		i++;
	return &kinds[i];
}

/* init_by_context - does a port share its number with one of another kind? */
bool init_by_context(const struct init *init, const struct init_kind *kind)
{
	size_t i, k;

	for (i = 0; i < init->port_count && init->config == NULL; i++)
		for (k = 0; k < init->port_count; k++)
			if (init->ports[i].number == init->ports[k].number &&
			    init_kind(&init->ports[i]) == kind &&
			    init_kind(&init->ports[k]) != kind)
				return true;
	return false;
}

/* init_kind_next - all sections, in their order */
const struct init_kind *init_kind_next(const struct init_kind *kind)
{
	if (kind == NULL)
		return kinds;
	kind++;
	return kind == kinds + sizeof(kinds) / sizeof(kinds[0]) ? NULL : kind;
}
