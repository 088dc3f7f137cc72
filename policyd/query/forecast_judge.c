/* SPDX-License-Identifier: ISC */
/* forecast_judge - one recipient of Postfix's log becomes a request
 *
 * A log has less than a request: not the port, but a name; perhaps nothing of
 * TLS; never policy_context. So a recipient becomes several requests, one for
 * each way in which it can have been, and only what they agree on is said. */

#include "policyd/query/forecast_judge.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/decision/judgement.h"
#include "lib/request/request.h"
#include "policyd/query/forecast_again.h"
#include "policyd/query/forecast_sender.h"

#define NO_FINGERPRINT                                            \
	"the log has no fingerprint of the client's certificate " \
	"(write smtpd_tls_loglevel = 2 in main.cf)"

/* A recipient, as it is tried in one way after another. */
struct attempt {
	const struct config *config;
	const struct forecast_ports *ports;
	const struct postlog_case *taken;
	const struct forecast_port *port;
	struct request request;
	struct forecast *forecast;
	bool judged; /* forecast has the answer of the ways before */
};

/* unknown - the answer from now on, unless it is unknown already */
static void unknown(struct attempt *attempt, const char *why)
{
	struct forecast *forecast = attempt->forecast;

	if (attempt->judged && forecast->answer == FORECAST_UNKNOWN)
		return;
	attempt->judged = true;
	forecast->answer = FORECAST_UNKNOWN;
	snprintf(forecast->reason, sizeof(forecast->reason), "%s", why);
}

/* describe - why it is refused */
static void describe(struct forecast *forecast,
		     const struct judgement *judgement)
{
	const struct decision *decision = &judgement->evaluation.decision;
	const struct facts *facts = &judgement->facts;
	bool login = facts->authenticated;

	forecast->restriction = decision->restriction;
	forecast->weak = facts->weak != NULL;
	forecast->ours = facts->authorized == 1;
	if (forecast->locked)
		snprintf(forecast->reason, sizeof(forecast->reason), "%s",
			 forecast_again_why(decision->restriction));
	else if (strstr(decision->restriction, "sender") != NULL ||
		 strcmp(decision->restriction, "reject_plaintext_session") == 0)
		snprintf(forecast->reason, sizeof(forecast->reason), "%s",
			 decision->reason);
	else
		snprintf(forecast->reason, sizeof(forecast->reason), "%s%s",
			 facts_destination(facts),
			 login ? "" : ", and the client has not logged in");
}

/* is_certified - may its certificate be why Postfix permits it? */
static bool is_certified(const struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;

	return attempt->port->lists.certificates && *taken->login == '\0' &&
	       (taken->has_certificate || *taken->fingerprint != '\0' ||
		*taken->key_fingerprint != '\0');
}

/* answer_of - what a decision means for the recipient */
static enum forecast_answer answer_of(const struct decision *decision)
{
	switch (decision->verdict) {
	case VERDICT_PERMIT:
	case VERDICT_DUNNO:
		return FORECAST_PERMIT;
	case VERDICT_REJECT:
		return FORECAST_REFUSE;
	case VERDICT_DEFER:
		return decision->refusal == REFUSAL_LOOKUP ? FORECAST_UNKNOWN
							   : FORECAST_REFUSE;
	default:
		return FORECAST_UNKNOWN;
	}
}

/* ask_again - what Postfix makes of a permit; it is another answer if Postfix
 * refuses. However policyd replies, a client may not be able to log in. */
static enum forecast_answer ask_again(struct attempt *attempt,
				      const struct service *service,
				      const char *restriction)
{
	if (service->reply.mode != REPLY_LOCK &&
	    strcmp(restriction, "permit_sasl_authenticated") != 0)
		return FORECAST_PERMIT;
	switch (forecast_again(attempt->ports, attempt->port, restriction,
			       &attempt->request)) {
	case AGAIN_REFUSES:
		return FORECAST_REFUSE;
	case AGAIN_UNKNOWN:
		return FORECAST_UNKNOWN;
	case AGAIN_OTHERWISE:
		unknown(attempt, "Postfix decides again (reply = lock), by "
				 "parameters of master.cf which are not "
				 "looked at here");
		return FORECAST_UNKNOWN;
	case AGAIN_NO_POSTFIX:
		attempt->forecast->unsure = true;
		break;
	case AGAIN_PERMITS:
		break;
	}
	return FORECAST_PERMIT;
}

/* add_other - one more service that refuses, at a port where the client may
 * have been */
static void add_other(struct forecast *forecast, const struct service *service,
		      const char *restriction)
{
	size_t i;

	if (service == forecast->service ||
	    forecast->other_count == FORECAST_SERVICES)
		return;
	for (i = 0; i < forecast->other_count; i++)
		if (forecast->others[i].service == service)
			return;
	forecast->others[forecast->other_count++] =
		(struct forecast_refusal){ service, restriction };
}

/* may_have_certificate - one that the log does not name? */
static bool may_have_certificate(const struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;

	if (*attempt->request.encryption_protocol == '\0' ||
	    *taken->fingerprint != '\0' || *taken->key_fingerprint != '\0')
		return false;
	return taken->tls == POSTLOG_TLS_KNOWN ? taken->has_certificate
					       : !attempt->port->no_certificate;
}

/* may_permit - could a certificate permit the request before another
 * restriction refuses it? */
static bool may_permit(const struct attempt *attempt,
		       const struct service *service, const char *refusing)
{
	const struct restriction_list *list = &service->restrictions;
	size_t i;

	if (!may_have_certificate(attempt))
		return false;
	for (i = 0; i < list->count; i++) {
		const char *name = list->uses[i].restriction->name;

		if (strcmp(name, "permit_tls_clientcerts") == 0)
			return true;
		if (strcmp(name, refusing) == 0)
			return false;
	}
	return false;
}

/* judge - by the service; a sender that is not known is left out, so that no
 * restriction refuses for it */
static int judge(struct attempt *attempt, const struct service *service,
		 struct judgement *judgement, const char *unsaid)
{
	struct request *request = &attempt->request;
	int result;

	if (unsaid != NULL)
		request->sender = "";
	result = judgement_now(judgement, service, attempt->config->resolver,
			       request, 0);
	request->sender = attempt->taken->sender;
	return result;
}

/* try - judge the request as it is now; why: what may be different in it than
 * in the one before */
static void try(struct attempt *attempt, const struct service *service,
		const char *why)
{
	static struct judgement judgement;
	struct forecast *forecast = attempt->forecast;
	const struct decision *decision = &judgement.evaluation.decision;
	const char *unsaid =
		forecast_sender_unsaid(attempt->taken, attempt->ports);
	enum forecast_answer answer;
	bool locked = false;

	memset(&judgement.evaluation, 0, sizeof(judgement.evaluation));
	if (judge(attempt, service, &judgement, unsaid) < 0) {
		unknown(attempt, "a restriction replies later");
		return;
	}
	answer = answer_of(decision);
	if (decision->verdict == VERDICT_PERMIT) {
		answer = ask_again(attempt, service, decision->restriction);
		locked = answer == FORECAST_REFUSE;
	}
	if (answer == FORECAST_PERMIT && unsaid != NULL &&
	    forecast_sender_decides(service, &attempt->request,
				    decision->restriction)) {
		unknown(attempt, unsaid);
		return;
	}
	if (answer == FORECAST_PERMIT && forecast->permitting == NULL) {
		forecast->permitting = service;
		forecast->permitted_by = decision->restriction;
		forecast->destination = facts_class(&judgement.facts);
		forecast->request = attempt->request;
	}
	forecast->no_login |=
		forecast_again_no_login(attempt->port, &attempt->request);
	if (answer == FORECAST_REFUSE && !locked &&
	    may_permit(attempt, service, decision->restriction)) {
		unknown(attempt, attempt->taken->tls == POSTLOG_TLS_KNOWN
					 ? NO_FINGERPRINT
					 : forecast_port_tls(attempt->port));
	} else if (answer == FORECAST_UNKNOWN) {
		unknown(attempt, decision->verdict == VERDICT_ASK
					 ? "only Postfix can look up one of "
					   "its tables"
					 : "a table cannot be looked up");
	} else if (!attempt->judged) {
		attempt->judged = true;
		forecast->answer = answer;
		forecast->service = service;
		forecast->locked = locked;
		if (locked)
			forecast->destination = facts_class(&judgement.facts);
		if (answer == FORECAST_REFUSE)
			describe(forecast, &judgement);
		forecast->certified = is_certified(attempt);
	} else if (answer != forecast->answer) {
		unknown(attempt, why);
	} else if (answer == FORECAST_REFUSE && !locked) {
		add_other(forecast, service, decision->restriction);
	}
}

/* The context of try_kind(). */
struct kind {
	struct attempt *attempt;
	const struct service *service;
	bool plain; /* the session may be plain, too */
};

/* try_kind - a tls_visit: one kind of session */
static int try_kind(void *context, const char *protocol, const char *cipher,
		    const char *bits)
{
	const struct kind *kind = context;
	struct request *request = &kind->attempt->request;

	if (*protocol == '\0' && !kind->plain)
		return 0;
	request->encryption_protocol = protocol;
	request->encryption_cipher = cipher;
	request->encryption_keysize = bits;
	try(kind->attempt, kind->service,
	    forecast_port_tls(kind->attempt->port));
	return 0;
}

/* is_encrypted - it is certain that the session was, though not how */
static bool is_encrypted(const struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;
	const struct forecast_port *port = attempt->port;

	if (port->wraps)
		return true;
	return taken->tls == POSTLOG_TLS_UNKNOWN &&
	       (port->demands_tls ||
		(port->no_plain_login && *taken->method != '\0' &&
		 taken->login_state == POSTLOG_LOGIN_KNOWN));
}

/* try_tls - what the log says of TLS, or all that it may have been */
static void try_tls(struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;
	struct request *request = &attempt->request;
	struct kind kind = { .attempt = attempt };

	kind.service = service_find(&attempt->config->services, request);
	request->encryption_protocol = taken->protocol;
	request->encryption_cipher = taken->cipher;
	request->encryption_keysize = taken->bits;
	request->ccert_fingerprint = taken->fingerprint;
	request->ccert_pubkey_fingerprint = taken->key_fingerprint;
	kind.plain = !is_encrypted(attempt);
	if (taken->tls == POSTLOG_TLS_KNOWN ||
	    (taken->tls == POSTLOG_TLS_NONE && kind.plain))
		try(attempt, kind.service, forecast_port_tls(attempt->port));
	else
		tls_each_kind(kind.service->tls, try_kind, &kind);
}

/* try_login - what the log says of the login, or all that it may have been */
static void try_login(struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;
	struct request *request = &attempt->request;

	request->sasl_method = request->sasl_username = "";
	if (taken->login_state != POSTLOG_LOGIN_KNOWN)
		try_tls(attempt);
	if (taken->login_state == POSTLOG_LOGIN_NONE)
		return;
	request->sasl_method = *taken->method != '\0' ? taken->method : "PLAIN";
	request->sasl_username = *taken->login != '\0' ? taken->login : "?";
	if (taken->login_state == POSTLOG_LOGIN_UNKNOWN) {
		struct forecast before = *attempt->forecast;

		try_tls(attempt);
		if (before.answer != FORECAST_UNKNOWN &&
		    attempt->forecast->answer == FORECAST_UNKNOWN)
			snprintf(attempt->forecast->reason, FORECAST_REASON_MAX,
				 "the log does not say whether the client "
				 "that was refused had logged in");
		return;
	}
	try_tls(attempt);
}

/* try_contexts - each policy_context that Postfix may send */
static void try_contexts(struct attempt *attempt)
{
	const struct service_list *all = &attempt->config->services;
	enum forecast_answer before;
	size_t i;
	size_t k;

	attempt->request.policy_context = "";
	try_login(attempt);
	for (i = 0; i < all->count; i++) {
		const struct service *service = &all->services[i];

		for (k = 0; k < service->policy_context_count; k++) {
			before = attempt->forecast->answer;
			attempt->request.policy_context =
				service->policy_contexts[k];
			try_login(attempt);
			if (before != FORECAST_UNKNOWN &&
			    attempt->forecast->answer == FORECAST_UNKNOWN)
				snprintf(attempt->forecast->reason,
					 FORECAST_REASON_MAX,
					 "a log has no policy_context, and "
					 "services differ in it");
		}
	}
}

/* may_return - can it have come back from a filter there? What goes to one once
 * more has not, where that is the end of it. */
static bool may_return(const struct attempt *attempt,
		       const struct forecast_port *port)
{
	return (port->filters || !attempt->taken->filtered) &&
	       forecast_port_returns(attempt->ports, port,
				     attempt->taken->address);
}

/* is_possible - can the client have been at this port? Where TLS begins with
 * the first byte, nobody uses STARTTLS, and if TLS is logged at all, it is
 * there; where it is demanded, nobody gives a recipient without; and where a
 * login is, nothing is accepted without. */
static bool is_possible(const struct attempt *attempt,
			const struct forecast_port *port)
{
	const struct postlog_case *taken = attempt->taken;
	bool encrypted = taken->tls == POSTLOG_TLS_KNOWN;

	if (port->is_return)
		return may_return(attempt, port);
	if (port->demands_login && taken->accepted &&
	    taken->login_state == POSTLOG_LOGIN_NONE)
		return false;
	if (port->wraps)
		return !taken->starttls &&
		       (encrypted || !taken->logs_tls || !port->logs_tls);
	if (port->demands_tls && taken->tls == POSTLOG_TLS_NONE)
		return false;
	return !encrypted || !taken->counted || taken->starttls;
}

/* is_anywhere - is there such a port? If not, master.cf is not what it was. */
static bool is_anywhere(const struct attempt *attempt)
{
	const struct forecast_port *port;
	size_t at = 0;

	while ((port = forecast_ports_next(
			attempt->ports, attempt->taken->service, &at)) != NULL)
		if (is_possible(attempt, port))
			return true;
	return false;
}

/* blame_ports - why ports differ */
static void blame_ports(const struct attempt *attempt, bool wrapped)
{
	struct forecast *forecast = attempt->forecast;

	if (wrapped && attempt->taken->tls != POSTLOG_TLS_KNOWN)
		snprintf(forecast->reason, FORECAST_REASON_MAX, "%s",
			 forecast_port_tls(attempt->port));
	else
		snprintf(forecast->reason, FORECAST_REASON_MAX,
			 "several ports log as \"%.60s\" (give each its own "
			 "syslog_name in master.cf)",
			 attempt->taken->service);
}

/* try_ports - each port where the client may have been */
static void try_ports(struct attempt *attempt)
{
	struct forecast *forecast = attempt->forecast;
	bool anywhere = is_anywhere(attempt);
	bool returns = false;
	bool wrapped = false;
	size_t at = 0;

	while ((attempt->port = forecast_ports_next(attempt->ports,
						    attempt->taken->service,
						    &at)) != NULL) {
		enum forecast_answer before = forecast->answer;
		bool judged = attempt->judged;

		returns |= may_return(attempt, attempt->port);
		if (attempt->port->is_return ||
		    (anywhere && !is_possible(attempt, attempt->port)))
			continue;
		wrapped |= attempt->port->wraps;
		attempt->request.server_port = attempt->port->number;
		forecast_port_note(forecast->ports, attempt->port);
		try_contexts(attempt);
		snprintf(forecast->port, sizeof(forecast->port), "%s",
			 judged ? "" : attempt->port->number);
		if (judged && before != FORECAST_UNKNOWN &&
		    forecast->answer == FORECAST_UNKNOWN)
			blame_ports(attempt, wrapped);
	}
	if (!attempt->judged)
		forecast->answer = FORECAST_RETURN;
	else if (returns && forecast->answer == FORECAST_REFUSE)
		unknown(attempt, "it may have come back from a content filter "
				 "(give its port a syslog_name of its own in "
				 "master.cf)");
}

/* check_names - is the recipient the one that the client gave? */
static void check_names(struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;
	const char *domain = strrchr(taken->recipient, '@');

	if (domain != NULL && strchr(domain, '?') != NULL)
		unknown(attempt, "Postfix does not log all characters of the "
				 "recipient's domain");
}

/* try_names - with the recipient that the log has, and if Postfix had replaced
 * it before, with another one, too */
static void try_names(struct attempt *attempt)
{
	enum forecast_answer before;

	try_ports(attempt);
	if (!attempt->ports->recipients_renamed || !attempt->taken->accepted ||
	    attempt->forecast->answer == FORECAST_RETURN)
		return;
	before = attempt->forecast->answer;
	if (before == FORECAST_REFUSE)
		unknown(attempt, "");
	attempt->request.recipient = "postmaster@forecast.invalid";
	attempt->forecast->ports[0] = '\0';
	try_ports(attempt);
	if (before != FORECAST_UNKNOWN &&
	    attempt->forecast->answer == FORECAST_UNKNOWN)
		snprintf(attempt->forecast->reason, FORECAST_REASON_MAX,
			 "the recipient was rewritten before it was logged "
			 "(enable_original_recipient = no)");
}

/* doubt_recipient - did the client give it, or did Postfix add it? */
static void doubt_recipient(struct attempt *attempt)
{
	const struct postlog_case *taken = attempt->taken;
	const struct forecast_ports *ports = attempt->ports;

	if (taken->alone)
		return;
	if (taken->doubtful)
		unknown(attempt, "Postfix delivered to more recipients than "
				 "the client gave (always_bcc?)");
	else if (ports->copy_to != NULL &&
		 strcasecmp(ports->copy_to, taken->recipient) == 0)
		unknown(attempt, "Postfix adds this recipient to messages "
				 "(always_bcc)");
	else if (taken->copied)
		unknown(attempt, "Postfix adds this recipient to such messages "
				 "(sender_bcc_maps or recipient_bcc_maps)");
	else if (ports->adds_recipients && !taken->exact)
		unknown(attempt, "the log does not say whether the client gave "
				 "this recipient, or Postfix added it "
				 "(always_bcc?)");
}

/* forecast_judge - judge a recipient */
void forecast_judge(struct forecast *forecast, const struct config *config,
		    const struct forecast_ports *ports,
		    const struct postlog_case *taken)
{
	struct attempt attempt = { .config = config,
				   .ports = ports,
				   .taken = taken,
				   .forecast = forecast };

	memset(forecast, 0, sizeof(*forecast));
	forecast->restriction = "";
	forecast->permitted_by = "";
	forecast->destination = "";
	request_init(&attempt.request);
	attempt.request.request = "smtpd_access_policy";
	attempt.request.protocol_state = "RCPT";
	attempt.request.client_address = taken->address;
	attempt.request.sender = taken->sender;
	attempt.request.recipient = taken->recipient;
	/* Postfix accepts this one without asking. */
	if (strcasecmp(taken->recipient, "postmaster") == 0)
		return;
	check_names(&attempt);
	try_names(&attempt);
	forecast->encrypted = taken->tls == POSTLOG_TLS_KNOWN;
	if (taken->accepted && forecast->answer == FORECAST_REFUSE)
		doubt_recipient(&attempt);
}
