/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_SENDER_LOGIN_H
#define LIB_DECISION_SENDER_LOGIN_H

#include "lib/decision/restriction.h"

/* The owners of sender addresses: a list of maps as in smtpd_sender_login_maps,
 * and the four restrictions that use it. Immutable except for the count of its
 * users; shared between threads. */
struct sender_login;

enum sender_owner {
	SENDER_FAILED = -1, /* unknown */
	SENDER_UNKNOWN,	    /* nobody owns it */
	SENDER_OTHERS,	    /* it has owners, but not this login */
	SENDER_OWNED,
	SENDER_ASK, /* only Postfix knows */
};

/* The checks of a restriction; any combination of: */
enum sender_check {
	SENDER_CHECK_AUTHENTICATED =
		1, /* a client that is logged in must own it */
	SENDER_CHECK_UNAUTHENTICATED = 2, /* a client that is not logged in must
					     not use an address with an owner */
	SENDER_CHECK_KNOWN =
		4, /* but an address without an owner may be used by anyone */
};

/* sender_login_open, sender_login_close - open and close for each of the
 * restrictions: the first one reads the maps, and the others of the same load
 * share them. The argument is the text of sender_login_maps: type:table, any
 * number. */
int sender_login_open(const char *argument,
		      const struct restriction_context *context, void **state,
		      struct error *error);
void sender_login_close(void *state);

/* sender_login_find - look up a sender attribute, which must not be empty; is
 * login one of its owners? The owners are also copied. trouble is filled: with
 * SENDER_FAILED and SENDER_ASK it says why. */
enum sender_owner sender_login_find(const struct sender_login *maps,
				    const char *sender, const char *login,
				    char owners[DECISION_OWNERS_MAX],
				    struct table_trouble *trouble);

/* sender_login_evaluate - evaluate the restriction of that name, with a set of
 * enum sender_check. */
enum verdict sender_login_evaluate(const struct sender_login *maps,
				   const struct subject *subject,
				   struct decision *decision, const char *name,
				   unsigned checks);

/* sender_login_asks - the first table that only Postfix can look up, and why;
 * NULL: none. */
const char *sender_login_asks(const struct sender_login *maps,
			      const char **why);

#endif
