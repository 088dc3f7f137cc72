/* SPDX-License-Identifier: ISC */
/* smtpd_ports - what a Postfix lets through, port by port */

#include "lib/postfix/smtpd_ports.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"

/* any_passes - may some client of these send something? */
static bool any_passes(const struct smtpd_row *row, int first, int last)
{
	int client, recipient;

	for (client = first; client <= last; client++)
		for (recipient = 0; recipient < SMTPD_RECIPIENTS; recipient++)
			if (row->outcomes[client][recipient].passes != SMTPD_NO)
				return true;
	return false;
}

/* is_unfiltered - is a filter switched off for this port? */
static bool is_unfiltered(const struct smtpd_port *port)
{
	const char *own =
		postfix_values_get(&port->service->overrides, "content_filter");

	return own != NULL && *own == '\0';
}

/* takes_back - do the options of the port say so? It is on loopback, has no
 * filter of its own, and nobody is to log in. */
static bool takes_back(const struct smtpd_port *port)
{
	const struct postfix_values *own = &port->service->overrides;
	const char *filter = postfix_values_get(own, "content_filter");
	const char *auth = postfix_values_get(own, "smtpd_sasl_auth_enable");

	if (!smtpd_port_is_loopback(port) ||
	    (filter != NULL && *filter != '\0') ||
	    (auth != NULL && strcasecmp(auth, "yes") == 0))
		return false;
	return filter != NULL ||
	       postfix_values_get(own, "receive_override_options") != NULL ||
	       postfix_values_get(own, "smtpd_authorized_xforward_hosts") !=
		       NULL;
}

/* is_return - does mail come back from a filter here? */
static bool is_return(const struct smtpd_row *row)
{
	return smtpd_port_is_named(&row->port) || takes_back(&row->port) ||
	       ((smtpd_port_is_private(&row->port) ||
		 is_unfiltered(&row->port)) &&
		!any_passes(row, SMTPD_STRANGER, SMTPD_LOGIN_TLS) &&
		any_passes(row, SMTPD_NETWORK, SMTPD_HOST_TLS));
}

/* ask - what becomes of each message on a port */
static void ask(struct smtpd_row *row, const struct smtpd_knowledge *knowledge)
{
	int client, recipient;

	for (client = 0; client < SMTPD_CLIENTS; client++)
		for (recipient = 0; recipient < SMTPD_RECIPIENTS; recipient++)
			row->outcomes[client][recipient] = smtpd_outcome(
				&row->port, (enum smtpd_client)client,
				(enum smtpd_recipient)recipient, knowledge);
}

/* judge - one port. A value with which smtpd(8) does not start will be put
 * right, so it does not change whether mail comes back from a filter. */
static void judge(struct smtpd_row *row,
		  const struct smtpd_knowledge *knowledge)
{
	struct smtpd_row meant;

	ask(row, knowledge);
	meant = *row;
	if (row->port.works != SMTPD_YES &&
	    strcmp(row->port.works_why, "master.cf") != 0) {
		meant.port.works = SMTPD_YES;
		ask(&meant, knowledge);
	}
	row->is_return = is_return(&meant);
}

/* smtpd_ports_judge - all ports */
void smtpd_ports_judge(struct smtpd_ports *ports, const struct postfix *postfix,
		       const struct smtpd_knowledge *knowledge)
{
	static const struct smtpd_knowledge none;
	size_t i;

	*ports = (struct smtpd_ports){
		.rows = xcalloc(postfix->service_count + 1,
				sizeof(*ports->rows)),
	};
	for (i = 0; i < postfix->service_count; i++) {
		struct smtpd_row *row = &ports->rows[ports->count];

		if (!smtpd_port_is(postfix, &postfix->services[i]))
			continue;
		ports->count++;
		smtpd_port_open(&row->port, postfix, &postfix->services[i]);
		judge(row, knowledge != NULL ? knowledge : &none);
	}
}

/* smtpd_ports_clear - free what the struct holds */
void smtpd_ports_clear(struct smtpd_ports *ports)
{
	size_t i;

	for (i = 0; i < ports->count; i++)
		smtpd_port_close(&ports->rows[i].port);
	free(ports->rows);
	*ports = (struct smtpd_ports){ 0 };
}
