/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_OUTCOME_H
#define LIB_POSTFIX_SMTPD_OUTCOME_H

#include "lib/postfix/smtpd_port.h"

/* The outcome of a message at a port of smtpd(8).
 *
 * The clients behave: they say EHLO with a good name, wait for replies, are
 * within all limits, and give a sender and a recipient that exist. They have no
 * certificate unless it says so. */

/* A stranger may be anybody; "login" is a stranger too, who has logged in;
 * "network" is a client at another address in mynetworks; "host" is at
 * smtpd_port_host(). */
enum smtpd_client {
	SMTPD_STRANGER,
	SMTPD_STRANGER_TLS,
	SMTPD_LOGIN,
	SMTPD_LOGIN_TLS,
	SMTPD_NETWORK,
	SMTPD_NETWORK_TLS,
	SMTPD_HOST,
	SMTPD_HOST_TLS,
	SMTPD_CLIENTS
};

enum smtpd_recipient {
	SMTPD_OURS,	 /* an authorised destination */
	SMTPD_ELSEWHERE, /* any other */
	SMTPD_RECIPIENTS,
	SMTPD_NO_RECIPIENT = SMTPD_RECIPIENTS, /* before RCPT */
};

/* smtpd_client_name - "login in TLS" */
const char *smtpd_client_name(enum smtpd_client client);

/* Asked of a policy server. */
struct smtpd_question {
	const struct smtpd_port *port;
	enum smtpd_list list;
	const char *state;    /* "RCPT", as protocol_state has it */
	const char *argument; /* of check_policy_service */
	bool tls;
	bool login; /* before AUTH even a login is none */
	enum smtpd_client client;
	enum smtpd_recipient recipient;
};

/* Knowledge that main.cf does not hold. A function may be NULL: then it may be
 * anything; but certificates and tables of recipients are there. */
struct smtpd_knowledge {
	void *context;

	/* Tables, name servers and other policy servers have no opinion: a
	 * word that may go on to the next one does. */
	bool silent;

	/* Is the client in these mynetworks? address: of a client on this
	 * host; NULL for the others: a stranger's may be any, the one of a
	 * network is there by definition if the text has any. */
	enum smtpd_answer (*networks)(void *context, const char *mynetworks,
				      enum smtpd_client client,
				      const char *address);

	/* Can smtpd(8) offer TLS: are the files there that hold the port's own
	 * certificate, and does it understand the other settings of TLS? */
	enum smtpd_answer (*certificate)(void *context,
					 const struct smtpd_port *port);

	/* Can it look up recipients? If not, *parameter says where. */
	enum smtpd_answer (*tables)(void *context,
				    const struct smtpd_port *port,
				    enum smtpd_recipient recipient,
				    const char **parameter);

	/* What does the policy server reply, as in access(5)? The caller frees
	 * it; NULL: unknown. */
	char *(*action)(void *context, const struct smtpd_question *question);
};

/* passes: NO is a refusal, for now or for good, and also where there can be no
 * such client; MAY: it depends. parameter and word say by what, unless YES;
 * the word may be NULL. They are the port's. */
struct smtpd_outcome {
	enum smtpd_answer passes;
	const char *parameter;
	const char *word;
};

/* smtpd_outcome - the outcome of one message. A message that is taken only to
 * be thrown away (DISCARD) has not passed. */
struct smtpd_outcome smtpd_outcome(const struct smtpd_port *port,
				   enum smtpd_client client,
				   enum smtpd_recipient recipient,
				   const struct smtpd_knowledge *knowledge);

#endif
