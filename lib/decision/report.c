/* SPDX-License-Identifier: ISC */
/* report - request, facts and decision as one line
 *
 * key=value, in Postfix's style: [ADDRESS]:PORT for a client, <> around
 * addresses. Text from the network is escaped by log_quote(), so that a line
 * cannot be forged or broken. */

#include "lib/decision/report.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/decision/charges.h"
#include "lib/text/xtext.h"

/* A line that grows; text that does not fit is cut. */
struct line {
	char *text;
	size_t length;
};

/* add_bytes - append length bytes without escaping, as many as fit */
static void add_bytes(struct line *line, const char *bytes, size_t length)
{
	size_t room = REPORT_MAX - 1 - line->length;

	if (length > room)
		length = room;
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
}

/* add - append text without escaping */
static void add(struct line *line, const char *text)
{
	add_bytes(line, text, strlen(text));
}

/* ADD - append a string literal */
#define ADD(line, text) add_bytes(line, "" text, sizeof(text) - 1)

/* add_number - append a number in decimal digits */
static void add_number(struct line *line, unsigned long number)
{
	char digits[3 * sizeof(number)]; /* a byte has fewer than 3 of them */
	size_t start = sizeof(digits);

	do {
		digits[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	add_bytes(line, digits + start, sizeof(digits) - start);
}

/* add_last - append text that may be cut by the end of the line */
static void add_last(struct line *line, const char *text, size_t limit)
{
	char quoted[REPORT_FINGERPRINT_MAX + 1];

	limit = log_quote(quoted, limit, text);
	add_bytes(line, quoted, limit);
}

/* add_quoted - append escaped text, at most limit bytes of it */
static void add_quoted(struct line *line, const char *text, size_t limit)
{
	if (REPORT_MAX - line->length > limit)
		line->length +=
			log_quote(line->text + line->length, limit, text);
	else
		add_last(line, text, limit);
}

/* add_value - append a key, " name=", and escaped text */
static void add_value(struct line *line, const char *key, const char *text)
{
	add(line, key);
	add_quoted(line, text, REPORT_NAME_MAX);
}

/* add_decision - service, verdict, restriction */
static void add_decision(struct line *line, const char *service,
			 const struct facts *facts,
			 const struct decision *decision)
{
	ADD(line, " service=");
	add(line, service);
	ADD(line, " verdict=");
	add(line, verdict_name(decision->verdict));
	ADD(line, " restriction=");
	add(line, decision->restriction);
	ADD(line, " destination=");
	add(line, facts_class(facts));
	if (facts->has_recipient && facts->destination.status == RESOLVE_DONE &&
	    facts->destination.routed)
		ADD(line, ",routed");
}

/* add_client - append the client, in Postfix's form */
static void add_client(struct line *line, const struct request *request)
{
	ADD(line, " client=[");
	add_quoted(line, request->client_address, REPORT_NAME_MAX);
	ADD(line, "]:");
	add_quoted(line, request->client_port, REPORT_NUMBER_MAX);
	add_value(line, " helo=", request->helo_name);
}

/* add_addresses - append sender and recipient */
static void add_addresses(struct line *line, const struct request *request)
{
	ADD(line, " from=<");
	add_quoted(line, request->sender, REPORT_ADDRESS_MAX);
	ADD(line, "> to=<");
	add_quoted(line, request->recipient, REPORT_ADDRESS_MAX);
	ADD(line, ">");
}

/* add_session - encryption and login */
static void add_session(struct line *line, const struct request *request)
{
	if (request->encryption_protocol[0] == '\0') {
		ADD(line, " tls=none");
	} else {
		ADD(line, " tls=");
		add_quoted(line, request->encryption_protocol, 16);
		ADD(line, "/");
		add_quoted(line, request->encryption_cipher, 48);
		ADD(line, "/");
		add_quoted(line, request->encryption_keysize, 8);
	}
	if (request->sasl_method[0] == '\0') {
		ADD(line, " sasl=none");
	} else {
		ADD(line, " sasl=");
		add_quoted(line, request->sasl_method, 24);
		ADD(line, "/");
		add_quoted(line, request->sasl_username, REPORT_NAME_MAX);
	}
}

/* add_fingerprint - append a key and a fingerprint, if there is one */
static void add_fingerprint(struct line *line, const char *key,
			    const char *text)
{
	if (text[0] == '\0')
		return;
	add(line, key);
	add_quoted(line, text, REPORT_FINGERPRINT_MAX);
}

/* add_subject - append a key and a name in the certificate, if there is one */
static void add_subject(struct line *line, const char *key, const char *xtext)
{
	char text[REPORT_NAME_MAX +
		  2]; /* one byte more, to see that it is too long */

	if (xtext[0] == '\0')
		return;
	xtext_decode(text, sizeof(text), xtext);
	add_value(line, key, text);
}

/* add_certificate - append the client's certificate, most important parts
 * first */
static void add_certificate(struct line *line, const struct request *request)
{
	add_fingerprint(line, " cert=", request->ccert_fingerprint);
	add_fingerprint(line, " key=", request->ccert_pubkey_fingerprint);
	add_subject(line, " subject=", request->ccert_subject);
	add_subject(line, " issuer=", request->ccert_issuer);
}

/* add_rate - what the fullest rate counts, and how much this was */
static void add_rate(struct line *line, const struct request *request,
		     const struct charge *charge)
{
	char usage[CHARGE_TEXT_MAX];

	ADD(line, " rate=");
	add(line, charge_usage(charge, charge->rate->name, usage));
	add_value(line, " rate_key=", charge->key);
	ADD(line, " recipients=");
	add_quoted(line, request->recipient_count, REPORT_NUMBER_MAX);
	ADD(line, " size=");
	add_quoted(line, request->size, 16);
}

/* report_write - write the decision line of the log */
size_t report_write(char *buffer, const char *id, const struct service *service,
		    const struct request *request, const struct facts *facts,
		    const struct decision *decision, unsigned long us)
{
	struct line line = { .text = buffer };

	ADD(&line, "id=");
	add(&line, id);
	add_decision(&line, service->name, facts, decision);
	add_client(&line, request);
	add_addresses(&line, request);
	add_session(&line, request);
	if (facts->weak != NULL && request->encryption_protocol[0] != '\0') {
		ADD(&line, " session=\"");
		add(&line, facts->weak);
		ADD(&line, "\"");
	}
	add_certificate(&line, request);
	if (decision->charge != NULL)
		add_rate(&line, request, decision->charge);
	if (decision->owners[0] != '\0')
		add_value(&line, " owners=", decision->owners);
	add_value(&line, " instance=", request->instance);
	if (request->queue_id[0] != '\0')
		add_value(&line, " queue_id=", request->queue_id);
	if (request->protocol_state[0] != '\0' &&
	    strcmp(request->protocol_state, "RCPT") != 0)
		add_value(&line, " state=", request->protocol_state);
	if (request->server_port[0] != '\0')
		add_value(&line, " port=", request->server_port);
	if (request->policy_context[0] != '\0')
		add_value(&line, " context=", request->policy_context);
	if (service->reply.observe)
		ADD(&line, " mode=observe");
	ADD(&line, " us=");
	add_number(&line, us);
	buffer[line.length] = '\0';
	return line.length;
}
