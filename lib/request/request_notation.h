/* SPDX-License-Identifier: ISC */
#ifndef LIB_QUESTION_H
#define LIB_QUESTION_H

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
 *	tls		1.0 to 1.3: a session as is usual then; or as in the
 *			log PROTOCOL/CIPHER/BITS; or none
 *	sasl		METHOD/USER as in the log, or none
 *	login		USER: the same as sasl=PLAIN/USER
 *	cert, key	ccert_fingerprint, ccert_pubkey_fingerprint */
#define QUESTION_SHORT_NAMES 12
#define QUESTION_NAMES	     (QUESTION_SHORT_NAMES + REQUEST_NAMES)

struct question {
	struct request request; /* points into texts */
	bool lax;     /* also accept values that Postfix would never send */
	char **texts; /* owned */
	size_t count;
};

/* question_init - at RCPT, and otherwise empty. */
void question_init(struct question *question);

/* question_name - the name with that index, from 0; the short names come first.
 * NULL at the end. */
const char *question_name(size_t index);

/* question_set - set one NAME = VALUE; a later one replaces an earlier one. 0,
 * or -1: there is no such name, or the value is impossible. */
int question_set(struct question *question, const char *name, const char *value,
		 struct error *error);

/* question_text - one argument of -q, "NAME=VALUE". */
int question_text(struct question *question, const char *text,
		  struct error *error);

/* question_clear - free the texts; the request is gone with them. */
void question_clear(struct question *question);

#endif
