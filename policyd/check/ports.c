/* SPDX-License-Identifier: ISC */
/* ports - what is known of a Postfix beside main.cf and master.cf
 *
 * policyd judges a made-up request, as it would a real one, but for the
 * recipient, which is ours or not as it is asked for; if that came to a
 * restriction that looks at more of the client, the answer is not known. But if
 * that restriction can only refuse, and the others refuse without it, so does
 * policyd. */

#include "policyd/check/ports.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/decision/evaluate.h"
#include "lib/decision/judgement.h"
#include "lib/postfix/smtpd_restrictions.h"
#include "policyd/check/check_postfix_internal.h"
#include "policyd/query/port_files.h"

/* is_known - does a restriction look at no more than is known? */
static bool is_known(const struct restriction *restriction)
{
	static const char *const words[] = {
		"permit_auth_destination",
		"permit_sasl_authenticated",
		"reject_plaintext_session",
		"reject_unauth_destination",
		"check_rate",
		"permit",
		"reject",
		"defer",
	};
	bool found = false;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		found |= strcmp(words[i], restriction->name) == 0;
	return found;
}

/* came_to - a restriction on the way */
static void came_to(void *context, const struct restriction *restriction,
		    enum verdict verdict, const struct decision *decision)
{
	bool *known = context;

	(void)verdict;
	(void)decision;
	*known &= is_known(restriction);
}

/* fill - the facts of a client, which encrypts as well as it is asked to */
static void fill(struct facts *facts, const struct smtpd_question *question)
{
	*facts = (struct facts){
		.has_recipient = question->recipient != SMTPD_NO_RECIPIENT,
		.authorized = question->recipient == SMTPD_OURS ? 1 : 0,
		.weak = question->tls ? NULL : "not encrypted",
		.advice = question->tls ? NULL : "use TLS",
		.authenticated = question->login,
	};
}

/* say_by - what policyd replies by these restrictions, without "action="; the
 * caller frees it. NULL: that is not known. */
static char *say_by(const struct restriction_list *list,
		    const struct service *service,
		    const struct request *request,
		    const struct smtpd_question *question,
		    enum verdict *verdict)
{
	struct evaluation evaluation = { .trace = came_to };
	struct facts facts;
	char reply[REPLY_MAX];
	bool known = true;

	evaluation.trace_context = &known;
	fill(&facts, question);
	if (!evaluation_start(&evaluation, list, request, &facts, 0, NULL)) {
		evaluation_cancel(&evaluation);
		return NULL;
	}
	if (!known)
		return NULL;
	*verdict = evaluation.decision.verdict;
	reply_write(reply, &evaluation.decision, &facts, &service->reply, "");
	return xstrndup(reply + strlen("action="),
			strcspn(reply + strlen("action="), "\n"));
}

/* only_refuses - may it refuse, by what is not known, and never permit? */
static bool only_refuses(const struct restriction *restriction)
{
	static const char refuses[] = "reject_";

	return !is_known(restriction) &&
	       strncmp(restriction->name, refuses, strlen(refuses)) == 0;
}

/* say_refused - the refusal that the other restrictions come to, or NULL */
static char *say_refused(const struct service *service,
			 const struct request *request,
			 const struct smtpd_question *question)
{
	const struct restriction_list *all = &service->restrictions;
	struct restriction_list others = {
		.uses = xcalloc(all->count + 1, sizeof(*others.uses))
	};
	enum verdict verdict = VERDICT_DUNNO;
	char *reply;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!only_refuses(all->uses[i].restriction))
			others.uses[others.count++] = all->uses[i];
	reply = say_by(&others, service, request, question, &verdict);
	free(others.uses);
	if (verdict == VERDICT_REJECT || verdict == VERDICT_DEFER)
		return reply;
	free(reply);
	return NULL;
}

/* say - what policyd replies, or NULL */
static char *say(const struct service *service, const struct request *request,
		 const struct smtpd_question *question)
{
	enum verdict verdict;
	char *reply = say_by(&service->restrictions, service, request, question,
			     &verdict);

	if (reply != NULL || question->recipient == SMTPD_NO_RECIPIENT)
		return reply;
	return say_refused(service, request, question);
}

/* context_of - the policy_context of requests from a port */
static const char *context_of(const struct smtpd_port *port,
			      const struct postfix_policy *policy)
{
	const char *own =
		postfix_values_get(&policy->attributes, "policy_context");

	return own != NULL ? own
			   : postfix_get(port->postfix, port->service,
					 "smtpd_policy_service_policy_context");
}

/* action - what a policy server replies, if it is policyd */
static char *action(void *context, const struct smtpd_question *question)
{
	const struct config *config = context;
	const struct smtpd_port *port = question->port;
	const struct check check = { .postfix = port->postfix,
				     .config = config };
	struct postfix_policy policy;
	struct request request;
	char number[12] = "";
	char *reply;

	if (!check_reaches_us(&check, port->service, question->argument))
		return NULL;
	postfix_policy_parse(&policy, question->argument);
	if (port->number > 0)
		snprintf(number, sizeof(number), "%u", port->number);
	request_init(&request);
	request.protocol_state = question->state;
	request.server_port = number;
	request.policy_context = context_of(port, &policy);
	reply = say(service_find(&config->services, &request), &request,
		    question);
	postfix_policy_clear(&policy);
	return reply;
}

/* ports_knowledge - for smtpd_ports_judge() */
struct smtpd_knowledge ports_knowledge(const struct config *config)
{
	struct smtpd_knowledge knowledge = port_files();

	knowledge.context = (void *)config;
	knowledge.action = config != NULL ? action : NULL;
	return knowledge;
}
