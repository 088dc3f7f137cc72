/* SPDX-License-Identifier: ISC */
/* smtpd_outcome - what becomes of a message at a port of smtpd(8)
 *
 * It passes if nothing on its way can refuse it, and is refused if one thing
 * can do nothing else: the session (TLS, AUTH), each list when its time has
 * come, filters, and a transport that is known to refuse. */

#include "lib/postfix/smtpd_outcome.h"

#include <string.h>

#include "lib/postfix/smtpd_walk.h"

/* smtpd_client_name - for people */
const char *smtpd_client_name(enum smtpd_client client)
{
	static const char *const names[SMTPD_CLIENTS] = {
		"stranger", "stranger in TLS", "login", "login in TLS",
		"network",  "network in TLS",  "host",	"host in TLS",
	};

	return names[client];
}

/* is_tls - does the client encrypt? */
static bool is_tls(enum smtpd_client client)
{
	return (client & 1) != 0;
}

/* is_login - has it logged in? */
static bool is_login(enum smtpd_client client)
{
	return client == SMTPD_LOGIN || client == SMTPD_LOGIN_TLS;
}

/* get - a parameter of the port */
static const char *get(const struct smtpd_port *port, const char *name)
{
	return postfix_get(port->postfix, port->service, name);
}

/* narrow - by what one part says: the least answer remains */
static void narrow(struct smtpd_outcome *outcome, enum smtpd_answer passes,
		   const char *parameter, const char *word)
{
	if (passes < outcome->passes)
		*outcome = (struct smtpd_outcome){ passes, parameter, word };
}

/* narrow_by_list - one list, with the client as it is when it is used */
static void narrow_by_list(struct smtpd_outcome *outcome,
			   struct smtpd_walk *walk)
{
	const struct postfix_restriction *why;
	enum smtpd_answer passes = smtpd_walk(walk, &why);

	narrow(outcome, passes, smtpd_list_name(walk->question.list),
	       why != NULL ? why->word : NULL);
}

/* early - a list that is used before there is a recipient, when refusals are
 * not delayed */
static void early(struct smtpd_walk *walk, const char *state, bool tls,
		  bool login)
{
	walk->question.state = state;
	walk->question.tls = tls;
	walk->question.login = login;
	walk->question.recipient = SMTPD_NO_RECIPIENT;
}

/* narrow_by_helo - without smtpd_helo_required a client may leave HELO out.
 * With refusals at once it is said before TLS and before AUTH, and what is
 * refused then may be said again later. */
static void narrow_by_helo(struct smtpd_outcome *outcome,
			   struct smtpd_walk *walk)
{
	const struct smtpd_port *port = walk->question.port;
	const bool required = postfix_get_bool(port->postfix, port->service,
					       "smtpd_helo_required");
	const struct smtpd_question now = walk->question;
	struct smtpd_outcome worst = { .passes = SMTPD_YES };
	enum smtpd_answer best = SMTPD_NO;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct smtpd_outcome one = { .passes = SMTPD_YES };

		if (strcmp(now.state, "RCPT") != 0)
			early(walk, now.state, i > 0 ? now.tls : port->wraps,
			      i > 1 && now.login);
		narrow_by_list(&one, walk);
		narrow(&worst, one.passes, one.parameter, one.word);
		best = one.passes > best ? one.passes : best;
	}
	if (worst.passes == SMTPD_NO && (best != SMTPD_NO || !required))
		worst.passes = SMTPD_MAY;
	narrow(outcome, worst.passes, worst.parameter, worst.word);
}

/* narrow_by_lists - all lists, each when its time has come */
static void narrow_by_lists(struct smtpd_outcome *outcome,
			    struct smtpd_walk *walk)
{
	const struct smtpd_port *port = walk->question.port;
	const bool delayed = postfix_get_bool(port->postfix, port->service,
					      "smtpd_delay_reject");
	const struct smtpd_question all = walk->question;
	static const char *const states[SMTPD_LISTS] = {
		"CONNECT", "HELO", "MAIL",	     "RCPT",
		"RCPT",	   "DATA", "END-OF-MESSAGE",
	};
	size_t i;

	for (i = 0; i < SMTPD_LISTS && outcome->passes != SMTPD_NO; i++) {
		walk->question = all;
		walk->question.list = (enum smtpd_list)i;
		walk->question.state =
			delayed && i < SMTPD_LIST_RELAY ? "RCPT" : states[i];
		if (i == SMTPD_LIST_CLIENT && !delayed)
			early(walk, states[i], port->wraps, false);
		if (i == SMTPD_LIST_SENDER && !delayed)
			early(walk, states[i], all.tls, all.login);
		if (i == SMTPD_LIST_HELO)
			narrow_by_helo(outcome, walk);
		else
			narrow_by_list(outcome, walk);
	}
}

/* narrow_by_session - can there be such a client? */
static void narrow_by_session(struct smtpd_outcome *outcome,
			      const struct smtpd_port *port,
			      enum smtpd_client client,
			      const struct smtpd_knowledge *knowledge)
{
	const char *level = port->wraps ? "smtpd_tls_wrappermode"
					: "smtpd_tls_security_level";

	if (is_tls(client))
		narrow(outcome, port->tls, level, NULL);
	else if (port->demands_tls)
		narrow(outcome, SMTPD_NO, level, NULL);
	if (is_tls(client) && knowledge->certificate != NULL)
		narrow(outcome,
		       knowledge->certificate(knowledge->context, port),
		       "smtpd_tls_cert_file", NULL);
	if (is_tls(client) && port->demands_certificate)
		narrow(outcome, SMTPD_MAY, "smtpd_tls_req_ccert", NULL);
	if (is_login(client) && is_tls(client))
		narrow(outcome, port->auth, "smtpd_sasl_auth_enable", NULL);
	else if (is_login(client))
		narrow(outcome, port->plain_auth,
		       port->auth == SMTPD_NO ? "smtpd_sasl_auth_enable"
					      : "smtpd_tls_auth_only",
		       NULL);
}

/* has_transport - does transport_maps itself hold this transport? Tables are
 * not looked into. */
static bool has_transport(const char *maps, const char *transport)
{
	const char *at = maps;

	while ((at = strstr(at, transport)) != NULL) {
		if (at > maps && strchr("={ \t", at[-1]) != NULL &&
		    at[strlen(transport)] == ':')
			return true;
		at++;
	}
	return false;
}

/* narrow_by_delivery - a transport that refuses is known before the message is
 * taken */
static void narrow_by_delivery(struct smtpd_outcome *outcome,
			       const struct smtpd_port *port,
			       enum smtpd_recipient recipient)
{
	static const char *const names[] = { "default_transport",
					     "local_transport",
					     "virtual_transport",
					     "relay_transport" };
	size_t first = recipient == SMTPD_OURS ? 1 : 0;
	size_t last = recipient == SMTPD_OURS ? 3 : 0, i;
	const char *maps = get(port, "transport_maps");

	if (has_transport(maps, "error") || has_transport(maps, "retry"))
		narrow(outcome, SMTPD_MAY, "transport_maps", NULL);
	for (i = first; i <= last; i++) {
		const char *transport = get(port, names[i]);
		size_t length = strcspn(transport, ":");

		if (length == 5 && (strncmp(transport, "error", 5) == 0 ||
				    strncmp(transport, "retry", 5) == 0))
			narrow(outcome, SMTPD_MAY, names[i], NULL);
	}
}

/* narrow_by_tables - a recipient that cannot be looked up is deferred */
static void narrow_by_tables(struct smtpd_outcome *outcome,
			     const struct smtpd_port *port,
			     enum smtpd_recipient recipient,
			     const struct smtpd_knowledge *knowledge)
{
	const char *parameter = NULL;
	enum smtpd_answer passes;

	if (knowledge->tables == NULL || outcome->passes != SMTPD_YES)
		return;
	passes = knowledge->tables(knowledge->context, port, recipient,
				   &parameter);
	narrow(outcome, passes, parameter, NULL);
}

/* smtpd_outcome - what becomes of one message */
struct smtpd_outcome smtpd_outcome(const struct smtpd_port *port,
				   enum smtpd_client client,
				   enum smtpd_recipient recipient,
				   const struct smtpd_knowledge *knowledge)
{
	struct smtpd_outcome outcome = { .passes = SMTPD_YES };
	struct smtpd_walk walk = {
		.knowledge = knowledge,
		.question = {
			.port = port,
			.tls = is_tls(client),
			.login = is_login(client),
			.client = client,
			.recipient = recipient,
		},
	};

	narrow(&outcome, port->works, port->works_why, NULL);
	if (port->works != SMTPD_YES)
		return outcome;
	narrow_by_session(&outcome, port, client, knowledge);
	narrow_by_lists(&outcome, &walk);
	if (port->filter != NULL)
		narrow(&outcome, SMTPD_MAY, port->filter, NULL);
	narrow_by_delivery(&outcome, port, recipient);
	narrow_by_tables(&outcome, port, recipient, knowledge);
	return outcome;
}
