/* SPDX-License-Identifier: ISC */
/* check_postfix_passage - what gets through if policyd has no opinion
 *
 * With the judge of lib/postfix: only the answers of policy servers and tables
 * are replaced by "no opinion". */

#include "policyd/check/check_postfix_internal.h"

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_walk.h"
#include "policyd/check/ports.h"

/* no_opinion - policyd answers DUNNO */
static char *no_opinion(void *context, const struct smtpd_question *question)
{
	const struct check *check = context;

	return check_is_us(check, question->port->service, question->argument)
		       ? xstrdup("DUNNO")
		       : NULL;
}

/* networks - as they are known */
static enum smtpd_answer networks(void *context, const char *mynetworks,
				  enum smtpd_client client, const char *address)
{
	const struct check *check = context;

	return ports_knowledge(check->config)
		.networks((void *)check->config, mynetworks, client, address);
}

/* check_passes - does such a message get through? */
enum smtpd_answer check_passes(struct passage *passage,
			       enum smtpd_client client,
			       enum smtpd_recipient recipient)
{
	const struct smtpd_knowledge knowledge = {
		.context = (void *)passage->check,
		.silent = true,
		.networks = networks,
		.action = no_opinion
	};
	struct smtpd_port port = passage->row->port;
	struct smtpd_walk walk = {
		.knowledge = &knowledge,
		.question = { .port = &port,
			      .state = "RCPT",
			      .tls = (client & 1) != 0,
			      .login = client == SMTPD_LOGIN ||
				       client == SMTPD_LOGIN_TLS,
			      .client = client,
			      .recipient = recipient },
	};

	if (passage->list == NULL)
		return smtpd_outcome(&port, client, recipient, &knowledge)
			.passes;
	walk.question.list = passage->list->kind;
	port.lists[walk.question.list].items += passage->from;
	port.lists[walk.question.list].count -= passage->from;
	return smtpd_walk(&walk, &passage->why);
}

/* check_lets_pass - may a stranger relay? */
bool check_lets_pass(const struct check *check, const struct smtpd_row *row,
		     const struct list *list, size_t from)
{
	struct passage passage = { check, row, list, from, NULL };

	return check_passes(&passage, SMTPD_STRANGER, SMTPD_ELSEWHERE) !=
		       SMTPD_NO ||
	       check_passes(&passage, SMTPD_STRANGER_TLS, SMTPD_ELSEWHERE) !=
		       SMTPD_NO;
}
