/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_REPLY_H
#define LIB_DECISION_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/decision/decision.h"
#include "lib/decision/facts.h"

/* The largest reply, with "action=" and the blank line. */
#define REPLY_MAX 512

/* The largest configured text; leaves room for the advice and an id. */
#define REPLY_TEXT_MAX 400

enum reply_mode {
	REPLY_LOCK, /* the name of the permitting restriction */
	REPLY_OK,
	REPLY_DUNNO,
};

struct reply_options {
	enum reply_mode mode;
	bool observe;	       /* always answer DUNNO */
	char *reject_reply;    /* owned; NULL: the default, with advice */
	char *plaintext_reply; /* owned; NULL: likewise */
};

/* reply_mode_name - the word of an enum reply_mode; static; NULL after the
 * last. */
const char *reply_mode_name(unsigned mode);

/* reply_check - may text be reject_reply or plaintext_reply? It must be an
 * access(5) action that refuses: 4NN or 5NN and text, REJECT, DEFER or
 * DEFER_IF_PERMIT with optional text; one line, printable, valid UTF-8, at most
 * REPLY_TEXT_MAX bytes. 0 or -1. */
int reply_check(const char *text, struct error *error);

/* reply_write - write one reply for Postfix, "action=...\n\n", into a buffer of
 * REPLY_MAX bytes; returns its length. id is put into the text of a refusal.
 * Nothing from the request is put into a reply. */
size_t reply_write(char *buffer, const struct decision *decision,
		   const struct facts *facts,
		   const struct reply_options *options, const char *id);

/* REPLY_CLIENT_MAX - size of the buffer for reply_client(). */
#define REPLY_CLIENT_MAX ((size_t)2 * REPLY_MAX)

/* reply_client - the reply to the SMTP client when Postfix gets this action
 * (without "action=") for the request: the line that smtpd(8) sends in its
 * default settings (no soft_bounce, default access_map_reject_code). Text from
 * the request is escaped as in the log. Returns its length; 0, and "": the
 * action does not refuse. */
size_t reply_client(char buffer[REPLY_CLIENT_MAX], const char *action,
		    const struct request *request);

#endif
