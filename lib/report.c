/* SPDX-License-Identifier: ISC */
/* report - request, facts and decision as one line
 *
 * key=value, in Postfix's manner: [ADDRESS]:PORT for a client, <> around
 * addresses. What came from the network is escaped by log_quote(), so that a
 * line cannot be forged or broken. */

#include "lib/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

/* The longest value of a kind in the log; longer ones are cut. */
#define NAME_MAX_LOGGED	   80
#define ADDRESS_MAX_LOGGED 160

/* A line that grows; what does not fit is cut. */
struct line {
	char *text;
	size_t length;
};

/* add - append formatted text that needs no escaping */
__attribute__((format(printf, 2, 3))) static void add(struct line *line,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line->text + line->length, REPORT_MAX - line->length, format,
		  arguments);
	va_end(arguments);
	line->length += strlen(line->text + line->length);
}

/* add_quoted - append text from the network, at most limit bytes of it */
static void add_quoted(struct line *line, const char *text, size_t limit)
{
	char quoted[ADDRESS_MAX_LOGGED + 1];

	log_quote(quoted, limit, text);
	add(line, "%s", quoted);
}

/* add_value - append " key=" and text from the network */
static void add_value(struct line *line, const char *key, const char *text)
{
	add(line, " %s=", key);
	add_quoted(line, text, NAME_MAX_LOGGED);
}

/* add_decision - service, verdict, restriction */
static void add_decision(struct line *line, const char *service,
			 const struct facts *facts,
			 const struct decision *decision)
{
	add(line, "service=%s verdict=%s restriction=%s destination=", service,
	    verdict_name(decision->verdict), decision->restriction);
	if (!facts->has_recipient)
		add(line, "none");
	else if (facts->destination.status == RESOLVE_FAILED)
		add(line, "unknown");
	else if (facts->destination.status == RESOLVE_ASK)
		add(line, "ask");
	else if (facts->destination.status == RESOLVE_INVALID)
		add(line, "invalid");
	else
		add(line, "%s%s", destination_name(facts->destination.class),
		    facts->destination.routed ? ",routed" : "");
}

/* add_client - who asks, in Postfix's form */
static void add_client(struct line *line, const struct request *request)
{
	add(line, " client=[");
	add_quoted(line, request->client_address, NAME_MAX_LOGGED);
	add(line, "]:");
	add_quoted(line, request->client_port, 8);
	add_value(line, "helo", request->helo_name);
}

/* add_addresses - from whom to whom */
static void add_addresses(struct line *line, const struct request *request)
{
	add(line, " from=<");
	add_quoted(line, request->sender, ADDRESS_MAX_LOGGED);
	add(line, "> to=<");
	add_quoted(line, request->recipient, ADDRESS_MAX_LOGGED);
	add(line, ">");
}

/* add_session - encryption and login */
static void add_session(struct line *line, const struct request *request)
{
	if (request->encryption_protocol[0] == '\0') {
		add(line, " tls=none");
	} else {
		add(line, " tls=");
		add_quoted(line, request->encryption_protocol, 16);
		add(line, "/");
		add_quoted(line, request->encryption_cipher, 48);
		add(line, "/");
		add_quoted(line, request->encryption_keysize, 8);
	}
	if (request->sasl_method[0] == '\0') {
		add(line, " sasl=none");
	} else {
		add(line, " sasl=");
		add_quoted(line, request->sasl_method, 24);
		add(line, "/");
		add_quoted(line, request->sasl_username, NAME_MAX_LOGGED);
	}
}

/* report_write - the decision line of the log */
size_t report_write(char *buffer, const char *id, const char *service,
		    const struct request *request, const struct facts *facts,
		    const struct decision *decision, unsigned long us)
{
	struct line line = { .text = buffer };

	add(&line, "id=%s ", id);
	add_decision(&line, service, facts, decision);
	add_client(&line, request);
	add_addresses(&line, request);
	add_session(&line, request);
	if (decision->owners[0] != '\0')
		add_value(&line, "owners", decision->owners);
	add_value(&line, "instance", request->instance);
	if (request->queue_id[0] != '\0')
		add_value(&line, "queue_id", request->queue_id);
	if (request->protocol_state[0] != '\0' &&
	    strcmp(request->protocol_state, "RCPT") != 0)
		add_value(&line, "state", request->protocol_state);
	add(&line, " us=%lu", us);
	return line.length;
}

/* report_why - one line for people */
size_t report_why(char *buffer, const char *service,
		  const struct request *request, const struct facts *facts,
		  const struct decision *decision)
{
	struct line line = { .text = buffer };

	add_decision(&line, service, facts, decision);
	if (facts->has_recipient && facts->destination.list[0] != '\0')
		add(&line, " list=%s", facts->destination.list);
	if (facts->has_recipient && facts->destination.match.pattern != NULL)
		add_value(&line, "entry", facts->destination.match.pattern);
	if (facts->has_recipient) {
		add(&line, " address=<");
		add_quoted(&line, facts->destination.address,
			   ADDRESS_MAX_LOGGED);
		add(&line, ">");
	}
	add_session(&line, request);
	if (facts->weak != NULL)
		add(&line, " session=\"%s\"", facts->weak);
	if (decision->reason[0] != '\0')
		add(&line, " why=\"%s\"", decision->reason);
	return line.length;
}
