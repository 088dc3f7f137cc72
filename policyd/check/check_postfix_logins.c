/* SPDX-License-Identifier: ISC */
/* check_postfix_logins - can users log in, and encrypt, where Postfix sees it?
 */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "policyd/query/port_tls.h"

/* The things that a user needs and a port lacks, the worst first. */
enum lack { LACK_AUTH, LACK_TLS, LACK_CERTIFICATE, LACK_NOTHING };

/* The ports of mail, as in services(5). */
enum { SMTP = 25, SUBMISSIONS = 465, SUBMISSION = 587 };

/* For a setting of TLS that is not about the port's own certificate. */
static const char tls_advice[] =
	"write what Postfix knows, or remove the parameter, which has a good "
	"default";

/* has_level - would the port offer TLS if it had a certificate? */
static bool has_level(const struct smtpd_port *port)
{
	const char *level = postfix_get(port->postfix, port->service,
					"smtpd_tls_security_level");

	return port->demands_tls ||
	       (*level != '\0' ? strcasecmp(level, "none") != 0
			       : postfix_get_bool(port->postfix, port->service,
						  "smtpd_use_tls"));
}

/* is_certificate - is it a parameter that names the certificate of a port? */
static bool is_certificate(const char *parameter)
{
	return strcmp(parameter, "smtpd_tls_chain_files") == 0 ||
	       strcmp(parameter, "smtpd_tls_cert_file") == 0;
}

/* lack - of one port. The judgement of a login in TLS says what is missing of
 * the certificate. */
static enum lack lack(const struct smtpd_row *row)
{
	const struct smtpd_outcome *login =
		&row->outcomes[SMTPD_LOGIN_TLS][SMTPD_OURS];

	if (row->port.auth == SMTPD_NO)
		return LACK_AUTH;
	if (row->port.tls == SMTPD_NO)
		return has_level(&row->port) ? LACK_CERTIFICATE : LACK_TLS;
	return login->passes == SMTPD_NO && strcmp(login->parameter,
						   "smtpd_tls_cert_file") == 0
		       ? LACK_CERTIFICATE
		       : LACK_NOTHING;
}

/* are_wanted - does any list of ours permit clients that have logged in? */
static bool are_wanted(const struct config *config)
{
	return service_list_has(&config->services, "permit_sasl_authenticated");
}

/* may_relay - may clients send to elsewhere without a login? */
static bool may_relay(const struct check *check)
{
	size_t i;
	int client;

	for (i = 0; i < check->ports.count; i++)
		for (client = SMTPD_NETWORK; client <= SMTPD_HOST_TLS; client++)
			if (!check->ports.rows[i].is_return &&
			    check->ports.rows[i]
					    .outcomes[client][SMTPD_ELSEWHERE]
					    .passes != SMTPD_NO)
				return true;
	return false;
}

/* check_nobody - no port where anybody could log in and encrypt; true: there is
 * none */
static bool check_nobody(struct check *check)
{
	static const struct {
		const char *text, *parameter, *advice;
	} lacks[] = {
		[LACK_AUTH] = { "no port offers AUTH", "smtpd_sasl_auth_enable",
				"smtpd_sasl_auth_enable = yes, on the ports "
				"for users" },
		[LACK_TLS] = { "no port that offers AUTH offers TLS",
			       "smtpd_tls_security_level",
			       "smtpd_tls_security_level = may, or encrypt on "
			       "the ports for users" },
		[LACK_CERTIFICATE] = { "no port that offers AUTH has a "
				       "certificate",
				       "smtpd_tls_cert_file",
				       "smtpd_tls_chain_files = the key and "
				       "the certificates; the files must be "
				       "there, and the key must fit" },
	};
	const struct postfix_service *service = NULL;
	const char *parameter = NULL, *text = NULL;
	enum lack best = LACK_AUTH;
	struct error why = { "" };
	size_t i;

	if (!are_wanted(check->config) || may_relay(check))
		return false;
	for (i = 0; i < check->ports.count; i++) {
		const struct smtpd_row *row = &check->ports.rows[i];

		if (!row->is_return && lack(row) > best) {
			best = lack(row);
			service = row->port.service;
			if (best != LACK_CERTIFICATE)
				continue;
			parameter = lacks[LACK_CERTIFICATE].parameter;
			port_tls_usable(&row->port, &parameter, &why);
		}
	}
	if (check->ports.count == 0 || best == LACK_NOTHING)
		return false;
	if (best != LACK_CERTIFICATE)
		parameter = lacks[best].parameter;
	else if (!is_certificate(parameter))
		text = "TLS fails on each port that offers AUTH";
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = service,
				       .parameter = parameter,
				       .advice = text == NULL
							 ? lacks[best].advice
							 : tls_advice },
		    "nobody can log in and encrypt, so nobody can send to "
		    "elsewhere: %s%s%s",
		    text != NULL ? text : lacks[best].text,
		    *why.text != '\0' ? ": " : "", why.text);
	return true;
}

/* check_certificate - a port that is to offer TLS, with files that smtpd(8)
 * cannot use */
static void check_certificate(struct check *check,
			      const struct smtpd_port *port)
{
	const char *parameter = NULL;
	struct error why;

	if (!has_level(port) ||
	    port_tls_usable(port, &parameter, &why) != SMTPD_NO)
		return;
	check_found(check,
		    &(struct mistake){
			    .severity = are_wanted(check->config)
						? SEVERITY_ERROR
						: SEVERITY_WARNING,
			    .service = port->service,
			    .parameter = parameter,
			    .advice = is_certificate(parameter)
					      ? "every file must be there, and "
						"the key must be that of the "
						"certificate"
					      : tls_advice },
		    "there is no TLS on port %s: %s", port->service->name,
		    why.text);
}

/* is_behind - does TLS end in a front, so that Postfix sees none? */
static bool is_behind(const struct smtpd_port *port)
{
	return port->has_front && port->tls == SMTPD_NO &&
	       port->auth != SMTPD_NO;
}

/* check_front - policyd sees what Postfix sees */
static void check_front(struct check *check, const struct smtpd_port *port)
{
	const char *name = "smtpd_upstream_proxy_protocol";

	if (*postfix_get(port->postfix, port->service, name) == '\0')
		name = "smtpd_authorized_xclient_hosts";
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = port->service,
				       .parameter = name,
				       .advice = "let the front pass TLS on, "
						 "and Postfix offer it" },
		    "TLS ends in the front before port %s, so Postfix sees "
		    "every login in plain text, and policyd refuses it",
		    port->service->name);
}

/* check_plain - a port that accepts passwords in plain text. Where it has no
 * TLS either, nobody could log in with TLS alone. */
static void check_plain(struct check *check, const struct smtpd_port *port)
{
	bool has_tls = port->tls != SMTPD_NO;

	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = port->service,
				       .parameter = "smtpd_tls_auth_only",
				       .value = has_tls ? "yes" : NULL,
				       .advice = has_tls ? NULL
							 : "offer TLS there, "
							   "then set this to "
							   "yes",
				       .effect.closes = { 1u << SMTPD_LOGIN,
							  1u << SMTPD_LOGIN } },
		    "AUTH is offered without TLS on port %s: passwords travel "
		    "in plain text",
		    port->service->name);
}

/* is_inside - does mail come back from a filter there, on this host? A password
 * would not travel, and nobody logs in. */
static bool is_inside(const struct smtpd_row *row)
{
	return row->is_return && smtpd_port_is_loopback(&row->port);
}

/* check_filter - a port that demands TLS of a filter, of which few use it */
static void check_filter(struct check *check, const struct smtpd_port *port)
{
	static const unsigned near = 1u << SMTPD_NETWORK | 1u << SMTPD_HOST;
	const char *name = port->wraps ? "smtpd_tls_wrappermode"
				       : "smtpd_tls_security_level";

	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .service = port->service,
				       .parameter = name,
				       .here = port->wraps ? "no" : "may",
				       .effect.opens = { near, near },
				       .advice = "offer TLS there, and do not "
						 "require it" },
		    "mail comes back from a filter on port %s, and TLS is "
		    "required there: a filter that does not use it is refused",
		    port->service->name);
}

/* check_wrapper - TLS from the first byte is for port 465, and only for that
 * one (RFC 8314, 3.3): a client that waits for the greeting of a server that
 * waits for TLS gives up, and so does one that speaks to the wrong one */
static void check_wrapper(struct check *check, const struct smtpd_port *port)
{
	static const unsigned plain = 1u << SMTPD_STRANGER | 1u << SMTPD_LOGIN |
				      1u << SMTPD_NETWORK | 1u << SMTPD_HOST;
	bool first = port->number == SUBMISSIONS;
	struct mistake mistake = {
		.severity = SEVERITY_ERROR,
		.service = port->service,
		.parameter = "smtpd_tls_wrappermode",
		.here = first ? "yes" : "no",
	};

	if (port->wraps == first ||
	    (!first && port->number != SMTP && port->number != SUBMISSION))
		return;
	if (first)
		mistake.effect.closes[SMTPD_OURS] =
			mistake.effect.closes[SMTPD_ELSEWHERE] = plain;
	else
		mistake.effect.opens[SMTPD_OURS] = plain;
	check_found(check, &mistake,
		    first ? "TLS does not come first on port %s: clients of "
			    "port 465 begin with it, and wait in vain"
			  : "TLS comes first on port %s: clients of ports 25 "
			    "and 587 do not begin with it, and wait in vain",
		    port->service->name);
}

/* is_useless - may users log in on a port, and nobody send there? */
static bool is_useless(const struct smtpd_row *row)
{
	int client;

	if (row->is_return || row->port.works != SMTPD_YES ||
	    lack(row) != LACK_NOTHING)
		return false;
	for (client = 0; client < SMTPD_CLIENTS; client++)
		if (row->outcomes[client][SMTPD_OURS].passes != SMTPD_NO ||
		    row->outcomes[client][SMTPD_ELSEWHERE].passes != SMTPD_NO)
			return false;
	return true;
}

/* is_early - is a list used before a client can log in? */
static bool is_early(const struct smtpd_port *port, const char *parameter)
{
	return (strcmp(parameter, "smtpd_client_restrictions") == 0 ||
		strcmp(parameter, "smtpd_helo_restrictions") == 0) &&
	       !postfix_get_bool(port->postfix, port->service,
				 "smtpd_delay_reject");
}

/* asks_us - is policyd asked in this list of the port? */
static bool asks_us(const struct check *check, const struct smtpd_port *port,
		    const char *parameter)
{
	size_t i;

	for (i = 0; i < check->uses.count; i++)
		if (check->uses.list[i].list->service == port->service &&
		    strcmp(check->uses.list[i].list->name, parameter) == 0)
			return true;
	return false;
}

/* check_useless - say what refuses those who log in; with refusals at once that
 * may be a list that was meant to be used later. A list that asks policyd is
 * for check_lists(). */
static void check_useless(struct check *check, const struct smtpd_row *row)
{
	static const unsigned users = 1u << SMTPD_LOGIN | 1u << SMTPD_LOGIN_TLS;
	const struct smtpd_port *port = &row->port;
	const struct smtpd_outcome *why =
		&row->outcomes[SMTPD_LOGIN_TLS][SMTPD_ELSEWHERE];
	bool early = is_early(port, why->parameter);
	const char *name = early ? "smtpd_delay_reject" : why->parameter;

	if (!check_is_asked(check, port->service) ||
	    asks_us(check, port, why->parameter))
		return;
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .service = port->service,
				       .parameter = name,
				       .here = early ? "yes" : NULL,
				       .effect.opens = { users, users },
				       .advice = early ? "smtpd_delay_reject = "
							 "yes"
						       : "permit users in that "
							 "list, or offer no "
							 "AUTH there" },
		    "AUTH is offered on port %s, but nobody may send anything "
		    "there: %s in %s refuses all%s",
		    port->service->name,
		    why->word != NULL ? why->word : "a word", why->parameter,
		    early ? " before they can log in" : "");
}

/* confined - the port that says why users who log in may send to our domains
 * only, on each port where they can, though policyd would let them send to
 * anywhere; NULL: they may send to elsewhere somewhere, or nobody may. */
static const struct smtpd_row *confined(const struct check *check)
{
	const struct smtpd_row *found = NULL;
	size_t i;

	for (i = 0; i < check->ports.count; i++) {
		const struct smtpd_row *row = &check->ports.rows[i];
		const struct smtpd_outcome *login =
			row->outcomes[SMTPD_LOGIN_TLS];

		if (row->is_return || lack(row) != LACK_NOTHING)
			continue;
		if (row->port.works != SMTPD_YES ||
		    login[SMTPD_ELSEWHERE].passes != SMTPD_NO)
			return NULL;
		if (found == NULL && login[SMTPD_OURS].passes == SMTPD_YES &&
		    login[SMTPD_ELSEWHERE].word != NULL &&
		    check_is_asked(check, row->port.service))
			found = row;
	}
	return found;
}

/* check_confined - the word of Postfix that keeps users from sending */
static void check_confined(struct check *check)
{
	static const char ask_first[] = "put check_policy_service before it";
	static const char permit_first[] =
		"put permit_sasl_authenticated before it";
	static const unsigned users = 1u << SMTPD_LOGIN | 1u << SMTPD_LOGIN_TLS;
	const struct smtpd_row *row = confined(check);
	const struct smtpd_outcome *why;
	bool ours;

	if (row == NULL || !are_wanted(check->config))
		return;
	why = &row->outcomes[SMTPD_LOGIN_TLS][SMTPD_ELSEWHERE];
	if (strcasecmp(why->word, "check_policy_service") == 0)
		return;
	ours = asks_us(check, &row->port, why->parameter);
	check_found(
		check,
		&(struct mistake){ .severity = SEVERITY_WARNING,
				   .service = row->port.service,
				   .parameter = why->parameter,
				   .effect.opens[SMTPD_ELSEWHERE] = users,
				   .advice = ours ? ask_first : permit_first },
		"users who log in may send to our domains only: %s in %s "
		"refuses what policyd would permit",
		why->word, why->parameter);
}

/* check_logins - can users log in, and encrypt? */
void check_logins(struct check *check)
{
	bool behind = false;
	size_t i;

	for (i = 0; i < check->ports.count; i++) {
		const struct smtpd_port *port = &check->ports.rows[i].port;

		behind |= is_behind(port);
		if (is_behind(port))
			check_front(check, port);
		else if (port->plain_auth != SMTPD_NO &&
			 !is_inside(&check->ports.rows[i]))
			check_plain(check, port);
		if (!is_behind(port) && !check->ports.rows[i].is_return)
			check_wrapper(check, port);
		if (is_inside(&check->ports.rows[i]) &&
		    (port->wraps || port->demands_tls))
			check_filter(check, port);
		if (is_useless(&check->ports.rows[i]))
			check_useless(check, &check->ports.rows[i]);
	}
	if (!behind && check_nobody(check))
		return;
	check_confined(check);
	for (i = 0; i < check->ports.count; i++)
		check_certificate(check, &check->ports.rows[i].port);
}
