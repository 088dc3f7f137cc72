/* SPDX-License-Identifier: ISC */
#ifndef LIB_SENDER_LOGIN_H
#define LIB_SENDER_LOGIN_H

#include "lib/restriction.h"

/* Who owns a sender address: a list of maps as smtpd_sender_login_maps, and
 * the four restrictions that look into it. Immutable but for the count of its
 * users; shared between threads. */
struct sender_login;

enum sender_owner {
	SENDER_FAILED = -1, /* could not be found out */
	SENDER_UNKNOWN,	    /* nobody owns it */
	SENDER_OTHERS,	    /* somebody does, but not this login */
	SENDER_OWNED,
	SENDER_ASK, /* only Postfix can find it out */
};

/* What a restriction looks at, any of: */
enum sender_check {
	SENDER_CHECK_AUTHENTICATED = 1,	  /* who is logged in must own it */
	SENDER_CHECK_UNAUTHENTICATED = 2, /* who is not must not use what
					   * somebody owns */
	SENDER_CHECK_KNOWN = 4,		  /* but what nobody owns is free */
};

/* sender_login_open, sender_login_close - those of each of the restrictions:
 * the first one reads the maps, and the others of that load share them. The
 * argument is the text of sender_login_maps: type:table, any number. */
int sender_login_open(const char *argument,
		      const struct restriction_context *context, void **state,
		      struct error *error);
void sender_login_close(void *state);

/* sender_login_find - look up a sender attribute that is not empty, and whether
 * login is one of its owners, who are also copied. trouble is filled: with
 * SENDER_FAILED and SENDER_ASK it says why. */
enum sender_owner sender_login_find(const struct sender_login *maps,
				    const char *sender, const char *login,
				    char owners[DECISION_OWNERS_MAX],
				    struct dictionary_trouble *trouble);

/* sender_login_evaluate - for a restriction of that name, with a set of enum
 * sender_check. */
enum verdict sender_login_evaluate(const struct sender_login *maps,
				   const struct subject *subject,
				   struct decision *decision, const char *name,
				   unsigned checks);

/* sender_login_asks - the first table that only Postfix can look up, and why;
 * NULL: there is none. */
const char *sender_login_asks(const struct sender_login *maps,
			      const char **why);

#endif
