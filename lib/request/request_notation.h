/* SPDX-License-Identifier: ISC */
#ifndef LIB_REQUEST_REQUEST_NOTATION_H
#define LIB_REQUEST_REQUEST_NOTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/request/request.h"

/* A request that people make up, for -q and expect, or that is read back from
 * the log. An attribute has its name of the policy protocol, or a short one,
 * most of them keys of the decision line:
 *
 *	from, to	sender, recipient; <> around them are left out
 *	client		client_address: 192.0.2.1, or [192.0.2.1]:1025
 *	helo		helo_name
 *	port		server_port
 *	context		policy_context
 *	state		protocol_state
 *	recipients	recipient_count
 *	tls		1.0 to 1.3: a session as is usual then; or as in the
 *			log PROTOCOL/CIPHER/BITS; or none
 *	sasl		METHOD/USER as in the log, or none
 *	login		USER: the same as sasl=PLAIN/USER
 *	cert, key	ccert_fingerprint, ccert_pubkey_fingerprint */
#define NOTATION_SHORT_NAMES 13
#define NOTATION_NAMES	     (NOTATION_SHORT_NAMES + REQUEST_NAMES)

struct notation {
	struct request request; /* points into texts */
	bool lax;     /* also accept values that Postfix would never send */
	char **texts; /* owned */
	size_t count;
};

/* notation_init - at RCPT, and otherwise empty. */
void notation_init(struct notation *notation);

/* notation_name - the name with that index, from 0; the short names come first.
 * NULL at the end. */
const char *notation_name(size_t index);

/* notation_set - set one NAME = VALUE; a later one replaces an earlier one. 0,
 * or -1: there is no such name, or the value is impossible. */
int notation_set(struct notation *notation, const char *name, const char *value,
		 struct error *error);

/* notation_text - one argument of -q, "NAME=VALUE", in which \xNN is a byte, as
 * in the log. */
int notation_text(struct notation *notation, const char *text,
		  struct error *error);

/* notation_clear - free the texts; the request is gone with them. */
void notation_clear(struct notation *notation);

#endif
