/* SPDX-License-Identifier: ISC */
/* smtpd_walk - one message on its way through one list of restrictions
 *
 * smtpd(8) goes through a list until a word permits, which ends this list
 * only, or refuses, which ends it all; the end of a list permits. Here a word
 * has a set of effects, and a list a set of ends: all that can happen. */

#include "lib/postfix/smtpd_walk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/postfix/smtpd_word.h"

/* The effects that a word can have, or a list. */
#define PERMIT	 1u
#define REFUSE	 2u
#define NEXT	 4u /* to the next word; the end of a list */
#define LATER	 8u /* likewise, and refuse at the end in any case */
#define ANYTHING (PERMIT | REFUSE | NEXT)

#define ACTIONS_MAX 4 /* replies of policy servers in such replies */

/* is_stranger - or one that will log in? */
static bool is_stranger(enum smtpd_client client)
{
	return client == SMTPD_STRANGER || client == SMTPD_STRANGER_TLS;
}

/* is_host - at this host? */
static bool is_host(enum smtpd_client client)
{
	return client == SMTPD_HOST || client == SMTPD_HOST_TLS;
}

/* get - a parameter of the port */
static const char *get(const struct smtpd_port *port, const char *name)
{
	return postfix_get(port->postfix, port->service, name);
}

/* chosen - the effect of what is so, is not so, or is not known */
static unsigned chosen(enum smtpd_answer answer, unsigned yes, unsigned no)
{
	if (answer == SMTPD_MAY)
		return ANYTHING;
	return answer == SMTPD_YES ? yes : no;
}

/* ask_networks - is the client in mynetworks? */
static enum smtpd_answer ask_networks(const struct smtpd_walk *walk)
{
	const struct smtpd_port *port = walk->question.port;
	enum smtpd_client client = walk->question.client;
	enum smtpd_answer answer = SMTPD_MAY;
	char *address = NULL;

	if (walk->knowledge->networks == NULL)
		return SMTPD_MAY;
	if (is_host(client))
		address = smtpd_port_host(port);
	if (!is_host(client) || address != NULL)
		answer = walk->knowledge->networks(walk->knowledge->context,
						   get(port, "mynetworks"),
						   client, address);
	free(address);
	return answer;
}

/* in_networks - likewise; asked once, as it may be long */
static enum smtpd_answer in_networks(struct smtpd_walk *walk)
{
	if (!walk->has_networks)
		walk->networks = ask_networks(walk);
	walk->has_networks = true;
	return walk->networks;
}

/* on_host - is the client at an address of inet_interfaces? Somebody in
 * mynetworks may be. */
static enum smtpd_answer on_host(const struct smtpd_walk *walk)
{
	enum smtpd_client client = walk->question.client;
	const char *interfaces = get(walk->question.port, "inet_interfaces");
	enum smtpd_answer answer = SMTPD_MAY;
	char *address;

	if (client < SMTPD_NETWORK)
		return SMTPD_NO;
	if (!is_host(client))
		return SMTPD_MAY;
	address = smtpd_port_host(walk->question.port);
	if (address != NULL && (strcasecmp(interfaces, "all") == 0 ||
				strcmp(interfaces, address) == 0))
		answer = SMTPD_YES;
	free(address);
	return answer;
}

/* has_certificate - may the client have shown one? */
static bool has_certificate(const struct smtpd_walk *walk)
{
	return walk->question.tls && walk->question.port->asks_certificate;
}

/* has_listed_certificates - is there a table that smtpd(8) may fail to read? */
static bool has_listed_certificates(const struct smtpd_walk *walk)
{
	return *get(walk->question.port, "relay_clientcerts") != '\0';
}

/* of_destination - a word that looks at the recipient, if there is one */
static unsigned of_destination(const struct smtpd_walk *walk, unsigned ours,
			       unsigned elsewhere)
{
	if (walk->question.recipient == SMTPD_NO_RECIPIENT)
		return NEXT;
	return walk->question.recipient == SMTPD_OURS ? ours : elsewhere;
}

/* has_login_maps - is a sender known to belong to anybody? */
static bool has_login_maps(const struct smtpd_walk *walk)
{
	return *get(walk->question.port, "smtpd_sender_login_maps") != '\0';
}

static unsigned follow(struct smtpd_walk *walk,
		       const struct smtpd_restrictions *list, bool top);

/* of_words - a reply that is a list of restrictions */
static unsigned of_words(struct smtpd_walk *walk, const char *action)
{
	const struct smtpd_port *port = walk->question.port;
	struct smtpd_restrictions list = { 0 };
	unsigned ends;

	smtpd_restrictions_add(&list, port->postfix, port->service, action, "");
	walk->actions++;
	ends = walk->actions > ACTIONS_MAX ? ANYTHING
					   : follow(walk, &list, false);
	walk->actions--;
	smtpd_restrictions_clear(&list);
	return ends;
}

/* of_action - a reply as in access(5) */
static unsigned of_action(struct smtpd_walk *walk, const char *action)
{
	static const struct {
		const char *word;
		unsigned effect;
	} actions[] = {
		{ "ok", PERMIT },
		{ "reject", REFUSE },
		{ "defer", REFUSE },
		{ "dunno", NEXT },
		{ "defer_if_reject", NEXT },
		{ "defer_if_permit", LATER },
	};
	size_t length = strcspn(action, " \t"), i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strlen(actions[i].word) == length &&
		    strncasecmp(actions[i].word, action, length) == 0)
			return actions[i].effect;
	if ((*action == '4' || *action == '5') && length == 3 &&
	    strspn(action, "0123456789") == 3)
		return REFUSE;
	return of_words(walk, action);
}

/* of_policy - what the server says, if that is known */
static unsigned of_policy(struct smtpd_walk *walk, const char *argument)
{
	unsigned effects = ANYTHING;
	char *action = NULL;

	walk->question.argument = argument;
	if (argument != NULL && walk->knowledge->action != NULL)
		action = walk->knowledge->action(walk->knowledge->context,
						 &walk->question);
	if (action != NULL)
		effects = of_action(walk, action);
	free(action);
	return effects;
}

/* of_client - a word that looks at the client */
static unsigned of_client(struct smtpd_walk *walk, enum smtpd_word_kind kind)
{
	const struct smtpd_question *asked = &walk->question;

	switch (kind) {
	case SMTPD_WORD_LOGIN:
		return asked->login ? PERMIT : NEXT;
	case SMTPD_WORD_NETWORKS:
		return chosen(in_networks(walk), PERMIT, NEXT);
	case SMTPD_WORD_HOST:
		return chosen(on_host(walk), PERMIT, NEXT);
	case SMTPD_WORD_PLAIN:
		return asked->tls ? NEXT : REFUSE;
	case SMTPD_WORD_LISTED_CERT:
		return has_certificate(walk) && !is_stranger(asked->client)
			       ? ANYTHING
			       : NEXT;
	case SMTPD_WORD_ANY_CERT:
		return !has_certificate(walk)	       ? NEXT
		       : has_listed_certificates(walk) ? ANYTHING
						       : PERMIT | NEXT;
	case SMTPD_WORD_CERT:
		return has_certificate(walk) ? ANYTHING : NEXT;
	case SMTPD_WORD_OWNER:
		return asked->login ? REFUSE | NEXT : NEXT;
	case SMTPD_WORD_NOT_OWNER:
		return !asked->login && has_login_maps(walk) ? REFUSE | NEXT
							     : NEXT;
	case SMTPD_WORD_LOGIN_TABLE:
		return asked->login ? ANYTHING : NEXT;
	default:
		return ANYTHING;
	}
}

/* is_whole - has a word the argument that it takes? If not, each message is
 * deferred, or the word does nothing. */
static bool is_whole(const struct smtpd_word *word, const char *argument)
{
	if (!word->has_argument)
		return true;
	if (argument == NULL)
		return false;
	if (strcmp(word->name, "sleep") == 0)
		return strspn(argument, "0123456789") == strlen(argument);
	return strncmp(word->name, "check_", 6) != 0 ||
	       strchr(argument, ':') != NULL;
}

/* effects - all that a word can do */
static unsigned effects(struct smtpd_walk *walk,
			const struct postfix_restriction *item)
{
	const struct smtpd_word *word = smtpd_word_find(item->word);
	enum smtpd_word_kind kind =
		word != NULL ? word->kind : SMTPD_WORD_UNKNOWN;

	if (word != NULL && !is_whole(word, item->argument))
		return ANYTHING;
	switch (kind) {
	case SMTPD_WORD_PERMIT:
		return PERMIT;
	case SMTPD_WORD_REFUSE:
		return REFUSE;
	case SMTPD_WORD_REFUSE_LATER:
		return LATER;
	case SMTPD_WORD_FORM:
	case SMTPD_WORD_WARN:
		return NEXT;
	case SMTPD_WORD_MAY_PERMIT:
		return PERMIT | NEXT;
	case SMTPD_WORD_MAY_REFUSE:
		return REFUSE | NEXT;
	case SMTPD_WORD_OURS:
		return of_destination(walk, PERMIT, NEXT);
	case SMTPD_WORD_ELSEWHERE:
		return of_destination(walk, NEXT, REFUSE);
	case SMTPD_WORD_POLICY:
		return of_policy(walk, item->argument);
	default:
		return of_client(walk, kind);
	}
}

/* only_warned - what is left behind warn_if_reject. An error in a table
 * refuses all the same, and may even end the list. */
static unsigned only_warned(unsigned found)
{
	if (found == LATER || found == REFUSE)
		return NEXT;
	return (found & REFUSE) != 0 ? ANYTHING : found;
}

/* note - remember the word that decides, in the list itself. A word that is
 * reached for certain refuses at the end for certain. */
static void note(struct smtpd_walk *walk,
		 const struct postfix_restriction *item, unsigned found,
		 unsigned ends, bool top)
{
	bool certain = top && ends == 0;

	if ((found & LATER) != 0 && walk->later != SMTPD_YES)
		walk->later = certain ? SMTPD_YES : SMTPD_MAY;
	if (!top)
		return;
	walk->last = item;
	if (walk->first != NULL)
		return;
	if ((found & (REFUSE | LATER)) != 0) {
		walk->first = item;
		walk->is_certain = found == REFUSE;
	} else if (walk->permit == NULL && found == (PERMIT | NEXT))
		walk->permit = item;
}

/* follow - one list, or what a policy server replied; how it can end */
static unsigned follow(struct smtpd_walk *walk,
		       const struct smtpd_restrictions *list, bool top)
{
	unsigned ends = 0;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct postfix_restriction *item = &list->items[i];
		unsigned found = effects(walk, item);

		if (item->warns)
			found = only_warned(found);
		if (walk->knowledge->silent && (found & NEXT) != 0)
			found = NEXT;
		note(walk, item, found, ends, top);
		ends |= found & (PERMIT | REFUSE);
		if ((found & (NEXT | LATER)) == 0)
			return ends;
	}
	return ends | NEXT;
}

/* smtpd_walk - can a message get through a list? */
enum smtpd_answer smtpd_walk(struct smtpd_walk *walk,
			     const struct postfix_restriction **why)
{
	const struct smtpd_restrictions *list =
		&walk->question.port->lists[walk->question.list];
	enum smtpd_answer passes;
	unsigned ends;

	walk->later = SMTPD_NO;
	walk->first = walk->last = walk->permit = NULL;
	walk->is_certain = false;
	ends = follow(walk, list, true);
	if ((ends & REFUSE) == 0)
		passes = SMTPD_YES;
	else
		passes = (ends & (PERMIT | NEXT)) != 0 ? SMTPD_MAY : SMTPD_NO;
	*why = passes == SMTPD_NO ? walk->last : walk->first;
	if (passes == SMTPD_MAY && walk->is_certain && walk->permit != NULL)
		*why = walk->permit;
	if (walk->later == SMTPD_YES && passes != SMTPD_NO) {
		*why = walk->first;
		passes = SMTPD_NO;
	} else if (walk->later == SMTPD_MAY && passes == SMTPD_YES)
		passes = SMTPD_MAY;
	return passes;
}
