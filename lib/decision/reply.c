/* SPDX-License-Identifier: ISC */
/* reply - from a decision to the action that Postfix reads
 *
 * The only file that knows the words of access(5). A permit is sent as the name
 * of the restriction that permitted ("lock"), which Postfix evaluates again: a
 * mistake here can refuse mail, but never open a relay. If only Postfix knows
 * the destination, the reply is a list of such names. */

#include "lib/decision/reply.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/log.h"
#include "lib/base/utf8.h"

#define ASK_MAX	     50 /* bytes of a restriction's name */
#define ID_MAX	     16 /* bytes of an id */
#define ADVICE_MAX   80 /* bytes of a weakness, and of the advice */
#define RELAY_DENIED "554 5.7.1 Relay access denied"

static const char *const mode_names[] = {
	[REPLY_LOCK] = "lock",
	[REPLY_OK] = "ok",
	[REPLY_DUNNO] = "dunno",
};

/* reply_mode_name - the word of the configuration */
const char *reply_mode_name(unsigned mode)
{
	return mode < sizeof(mode_names) / sizeof(mode_names[0])
		       ? mode_names[mode]
		       : NULL;
}

/* is_code - "4NN text" or "5NN text", with reply codes as in RFC 5321 */
static bool is_code(const char *text)
{
	return (text[0] == '4' || text[0] == '5') && text[1] >= '0' &&
	       text[1] <= '5' && text[2] >= '0' && text[2] <= '9' &&
	       text[3] == ' ' && text[4 + strspn(text + 4, " ")] != '\0';
}

/* is_refusing_word - an access(5) word that never lets the recipient pass */
static bool is_refusing_word(const char *text)
{
	static const char *const words[] = { "REJECT", "DEFER",
					     "DEFER_IF_PERMIT" };
	size_t length = strcspn(text, " ");
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == length &&
		    strncasecmp(words[i], text, length) == 0)
			return true;
	return false;
}

/* status_length - the length of an enhanced status code (RFC 3463) at the
 * beginning of a text, "5.7.1"; 0: none */
static size_t status_length(const char *text)
{
	size_t length = 1;
	int part;

	if (strchr("245", text[0]) == NULL || text[0] == '\0')
		return 0;
	for (part = 0; part < 2; part++) {
		size_t digits;

		if (text[length++] != '.')
			return 0;
		digits = strspn(text + length, "0123456789");
		if (digits < 1 || digits > 3)
			return 0;
		length += digits;
	}
	return text[length] == ' ' || text[length] == '\0' ? length : 0;
}

/* check_characters - one line of printable UTF-8 */
static int check_characters(const char *text, struct error *error)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t point;
		size_t used = utf8_next(text, left, &point);

		if (used == 0)
			return error_set(error, "is not valid UTF-8");
		if (point < 0x20 || (point >= 0x7f && point < 0xa0) ||
		    point == 0x2028 || point == 0x2029)
			return error_set(error, "has a control character; it "
						"must be one printable line");
		text += used;
		left -= used;
	}
	return 0;
}

/* check_status - does the enhanced status code agree with the reply code?
 * Postfix would change it silently. */
static int check_status(const char *text, struct error *error)
{
	const char *status = text + strcspn(text, " ");
	char class = text[0];

	status += strspn(status, " ");
	if (strncasecmp(text, "REJECT", 6) == 0)
		class = '5';
	else if (strncasecmp(text, "DEFER", 5) == 0)
		class = '4';
	if (status_length(status) == 0 || status[0] == class)
		return 0;
	return error_set(error,
			 "says %.*s: the enhanced status code of such an "
			 "action begins with %c (RFC 3463)",
			 (int)status_length(status), status, class);
}

/* reply_check - may text be configured as a refusal? */
int reply_check(const char *text, struct error *error)
{
	if (strlen(text) > REPLY_TEXT_MAX)
		return error_set(error, "is longer than %d bytes",
				 REPLY_TEXT_MAX);
	if (check_characters(text, error) != 0)
		return -1;
	if (!is_code(text) && !is_refusing_word(text))
		return error_set(error,
				 "is not an access(5) action that refuses: "
				 "write \"554 5.7.1 text\", \"450 4.7.1 text\","
				 " REJECT, DEFER or DEFER_IF_PERMIT");
	return check_status(text, error);
}

/* permit_action - the action for a permit */
static const char *permit_action(const struct decision *decision,
				 const struct reply_options *options)
{
	switch (options->mode) {
	case REPLY_LOCK:
		return decision->restriction;
	case REPLY_OK:
		return "OK";
	case REPLY_DUNNO:
		break;
	}
	return "DUNNO";
}

/* refusal_text - a configured text; NULL: the default */
static const char *refusal_text(enum refusal refusal,
				const struct reply_options *options)
{
	switch (refusal) {
	case REFUSAL_RELAY:
		return options->reject_reply;
	case REFUSAL_PLAINTEXT:
		return options->plaintext_reply;
	case REFUSAL_LOOKUP:
		return "451 4.3.0 Temporary lookup failure";
	case REFUSAL_OWNER:
		return "553 5.7.1 Sender address rejected: not owned by user";
	case REFUSAL_LOGIN:
		return "553 5.7.1 Sender address rejected: not logged in";
	case REFUSAL_DEFER:
	case REFUSAL_RATE:
		break;
	}
	return "450 4.3.2 Try again later";
}

/* add - append at most max bytes of a text; returns the new length */
static size_t add(char *buffer, size_t length, const char *text, size_t max)
{
	size_t room = REPLY_MAX - 1 - length;
	size_t more = strnlen(text, max < room ? max : room);

	memcpy(buffer + length, text, more);
	return length + more;
}

/* add_asks - append the restrictions that Postfix has to try. They let Postfix
 * decide, so they are never a reply that Postfix must obey */
static size_t add_asks(char *buffer, size_t length,
		       const struct decision *decision,
		       const struct reply_options *options)
{
	if (options->mode != REPLY_LOCK)
		return add(buffer, length,
			   refusal_text(REFUSAL_LOOKUP, options),
			   REPLY_TEXT_MAX);
	length = add(buffer, length, decision->asks[0], ASK_MAX);
	for (size_t i = 1; i < DECISION_ASKS; i++) {
		if (decision->asks[i] == NULL)
			continue;
		length = add(buffer, length, ", ", 2);
		length = add(buffer, length, decision->asks[i], ASK_MAX);
	}
	return length;
}

/* add_advice - append the default text: what the client can change */
static size_t add_advice(char *buffer, size_t length, const struct facts *facts)
{
	length = add(buffer, length, RELAY_DENIED, REPLY_MAX);
	if (facts->weak != NULL) {
		length = add(buffer, length, "; ", REPLY_MAX);
		length = add(buffer, length, facts->weak, ADVICE_MAX);
		length = add(buffer, length, ": ", REPLY_MAX);
		return add(buffer, length, facts->advice, ADVICE_MAX);
	}
	return facts->authenticated
		       ? length
		       : add(buffer, length, "; log in first", REPLY_MAX);
}

/* add_refusal - append a refusal, with the id that identifies the log line */
static size_t add_refusal(char *buffer, size_t length,
			  const struct decision *decision,
			  const struct facts *facts,
			  const struct reply_options *options, const char *id)
{
	const char *text = decision->refusal == REFUSAL_RATE
				   ? decision->text
				   : refusal_text(decision->refusal, options);

	/* A single word, such as "REJECT", makes Postfix use its own text. */
	if (text != NULL && strchr(text, ' ') == NULL)
		return add(buffer, length, text, REPLY_TEXT_MAX);
	length = text != NULL ? add(buffer, length, text, REPLY_TEXT_MAX)
			      : add_advice(buffer, length, facts);
	length = add(buffer, length, " (id ", REPLY_MAX);
	length = add(buffer, length, id, ID_MAX);
	return add(buffer, length, ")", REPLY_MAX);
}

/* reply_write - write one reply for Postfix */
size_t reply_write(char *buffer, const struct decision *decision,
		   const struct facts *facts,
		   const struct reply_options *options, const char *id)
{
	size_t length = add(buffer, 0, "action=", REPLY_MAX);

	if (options->observe ||
	    (decision->asks[0] == NULL && decision->verdict == VERDICT_DUNNO))
		length = add(buffer, length, "DUNNO", REPLY_MAX);
	else if (decision->asks[0] != NULL)
		length = add_asks(buffer, length, decision, options);
	else if (decision->verdict == VERDICT_PERMIT)
		length = add(buffer, length, permit_action(decision, options),
			     REPLY_TEXT_MAX);
	else
		length = add_refusal(buffer, length, decision, facts, options,
				     id);
	length = add(buffer, length, "\n\n", REPLY_MAX);
	buffer[length] = '\0';
	return length;
}

/* Postfix's name for what it refuses, by protocol state. */
static const struct {
	const char *state, *name;
} classes[] = {
	{ "CONNECT", "Client host" },	 { "HELO", "Helo command" },
	{ "EHLO", "Helo command" },	 { "MAIL", "Sender address" },
	{ "DATA", "Data command" },	 { "END-OF-MESSAGE", "End-of-data" },
	{ "ETRN", "Etrn command" },	 { "VRFY", "Recipient address" },
	{ "RCPT", "Recipient address" },
};

/* refused_class - the kind of thing that is refused */
static const char *refused_class(const struct request *request)
{
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strcmp(classes[i].state, request->protocol_state) == 0)
			return classes[i].name;
	return "Recipient address";
}

/* refused_thing - the thing that is refused */
static const char *refused_thing(const struct request *request,
				 const char *class)
{
	switch (class[0]) {
	case 'C':
		return request->client_address;
	case 'H':
		return request->helo_name;
	case 'S':
		return request->sender;
	case 'R':
		return request->recipient;
	default:
		return request->protocol_state;
	}
}

/* The parts of a refusal. */
struct refusal_parts {
	char code[4];
	char status[12]; /* the longest is 5.123.123 */
	const char *text;
};

/* fix_status - a status about an address must fit the thing that is refused:
 * see Postfix smtpd_dsn_fix(3) */
static void fix_status(char *status, const char *class)
{
	bool single = status[5] == '\0';

	if (strncmp(status + 1, ".1.", 3) != 0)
		return;
	if (class[0] != 'R')
		memcpy(status + 1, ".0.0", 5);
	else if (single && status[4] == '7')
		status[4] = '3';
	else if (single && status[4] == '8')
		status[4] = '2';
	else if (!single || status[4] == '0' || status[4] == '9')
		memcpy(status + 1, ".1.0", 5);
}

/* take_apart - code, status and text, as Postfix completes them; false: the
 * action does not refuse */
static bool take_apart(struct refusal_parts *parts, const char *action)
{
	const char *text = action + strcspn(action, " ");
	size_t length;

	memset(parts, 0, sizeof(*parts));
	text += strspn(text, " ");
	if (is_code(action))
		memcpy(parts->code, action, 3);
	else if (!is_refusing_word(action))
		return false;
	else if (strncasecmp(action, "REJECT", 6) == 0)
		memcpy(parts->code, "554", 4);
	else
		memcpy(parts->code, "450", 4);
	length = status_length(text);
	if (length > 0)
		memcpy(parts->status, text, length);
	else
		memcpy(parts->status, "x.7.1", 6);
	parts->status[0] = parts->code[0];
	parts->text = text + length + strspn(text + length, " ");
	if (*parts->text == '\0')
		parts->text = strncasecmp(action, "DEFER_IF", 8) == 0
				      ? "Service unavailable"
				      : "Access denied";
	return true;
}

/* reply_client - the reply to the SMTP client */
size_t reply_client(char buffer[REPLY_CLIENT_MAX], const char *action,
		    const struct request *request)
{
	const char *class = refused_class(request);
	struct refusal_parts parts;
	char thing[321];

	buffer[0] = '\0';
	if (!take_apart(&parts, action))
		return 0;
	fix_status(parts.status, class);
	log_quote(thing, sizeof(thing) - 1, refused_thing(request, class));
	snprintf(buffer, REPLY_CLIENT_MAX, "%s %s <%s>: %s rejected: %.*s",
		 parts.code, parts.status, thing, class, REPLY_MAX, parts.text);
	return strlen(buffer);
}
