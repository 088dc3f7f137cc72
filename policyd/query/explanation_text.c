/* SPDX-License-Identifier: ISC */
/* explanation_text - an explanation as text
 *
 * The answer comes first, as Postfix gets it; below it, indented, everything
 * that led to it. Text from the request is escaped as in the log, and all
 * output passes through lib/base/printable.c: no control sequence can reach the
 * terminal. */

#include "policyd/query/explanation.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/printable.h"

#define LABEL_WIDTH 14
#define QUOTED_MAX  4096 /* of any escaped text */

/* The output. */
struct printer {
	const struct explanation *explanation;
	FILE *output;
	bool colour;
	const char *label; /* of the block that begins; "" after that */
};

/* explanation_colour - are colours wanted? */
bool explanation_colour(FILE *output)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(fileno(output)) == 1 &&
	       (no_color == NULL || *no_color == '\0') && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0;
}

/* start_line - print the label of a block, or white space of the same width */
static void start_line(struct printer *printer)
{
	fprintf(printer->output, "  %-*s", LABEL_WIDTH, printer->label);
	printer->label = "";
}

/* line - one line of a block */
__attribute__((format(printf, 2, 3))) static void line(struct printer *printer,
						       const char *format, ...)
{
	va_list arguments;

	start_line(printer);
	va_start(arguments, format);
	vfprintf(printer->output, format, arguments);
	va_end(arguments);
	putc('\n', printer->output);
}

/* put_quoted - text from the request, within a line */
static void put_quoted(struct printer *printer, const char *text)
{
	char quoted[QUOTED_MAX + 1];

	log_quote(quoted, QUOTED_MAX, text);
	fputs(quoted, printer->output);
}

/* put_named - ", NAME text" unless the text is empty */
static void put_named(struct printer *printer, const char *name,
		      const char *text)
{
	if (*text == '\0')
		return;
	fprintf(printer->output, ", %s ", name);
	put_quoted(printer, text);
}

/* verdict_colour - that of a verdict */
static enum printable_colour verdict_colour(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PERMIT:
		return PRINTABLE_GREEN;
	case VERDICT_REJECT:
		return PRINTABLE_RED;
	case VERDICT_DEFER:
	case VERDICT_ASK:
	case VERDICT_HOLD:
		return PRINTABLE_YELLOW;
	default:
		return PRINTABLE_PLAIN;
	}
}

/* put_coloured - where colours are wanted */
static void put_coloured(struct printer *printer, enum printable_colour colour,
			 const char *text)
{
	if (!printer->colour || colour == PRINTABLE_PLAIN) {
		fputs(text, printer->output);
		return;
	}
	printable_colour(printer->output, colour);
	fputs(text, printer->output);
	printable_colour(printer->output, PRINTABLE_PLAIN);
}

/* put_verdict - the verdict, padded to width */
static void put_verdict(struct printer *printer, enum verdict verdict,
			int width)
{
	const char *name = verdict_name(verdict);
	int padding = width - (int)strlen(name);

	put_coloured(printer, verdict_colour(verdict), name);
	fprintf(printer->output, "%*s", padding > 0 ? padding : 0, "");
}

/* print_verdict - the verdict, and the restriction that decided */
static void print_verdict(struct printer *printer)
{
	const struct decision *decision =
		&printer->explanation->judgement.evaluation.decision;

	printer->label = "verdict";
	start_line(printer);
	put_verdict(printer, decision->verdict, 0);
	if (strcmp(decision->restriction, "end") != 0 &&
	    strcmp(decision->restriction, "none") != 0)
		fprintf(printer->output, " by %s", decision->restriction);
	if (*decision->reason != '\0')
		fprintf(printer->output, ": %s", decision->reason);
	if (printer->explanation->judgement.service->reply.observe)
		fputs("; only observed (mode = observe)", printer->output);
	putc('\n', printer->output);
}

/* print_client - what the SMTP client will read */
static void print_client(struct printer *printer)
{
	const struct explanation *explanation = printer->explanation;
	const struct judgement *judgement = &explanation->judgement;

	printer->label = "client reads";
	if (explanation->client[0] != '\0')
		line(printer, "%s", explanation->client);
	else if (judgement->evaluation.decision.verdict == VERDICT_ASK)
		line(printer, "(the result of Postfix, which evaluates this "
			      "itself)");
	else if (strcmp(explanation->action, "DUNNO") == 0)
		line(printer, "(nothing; Postfix goes on to its next "
			      "restriction)");
	else if (judgement->service->reply.mode == REPLY_LOCK)
		line(printer, "250 2.1.5 Ok, if Postfix comes to the same "
			      "result and nothing else refuses");
	else
		line(printer, "250 2.1.5 Ok, if nothing else refuses");
}

/* print_request - the request itself */
static void print_request(struct printer *printer)
{
	const struct request *request = printer->explanation->request;

	printer->label = "request";
	start_line(printer);
	if (request->protocol_state[0] != '\0')
		put_quoted(printer, request->protocol_state);
	else
		fputs("without protocol_state", printer->output);
	fputs(" from <", printer->output);
	put_quoted(printer, request->sender);
	fputs("> to <", printer->output);
	put_quoted(printer, request->recipient);
	putc('>', printer->output);
	put_named(printer, "client", request->client_address);
	put_named(printer, "helo", request->helo_name);
	put_named(printer, "port", request->server_port);
	put_named(printer, "context", request->policy_context);
	put_named(printer, "certificate", request->ccert_fingerprint);
	put_named(printer, "key", request->ccert_pubkey_fingerprint);
	putc('\n', printer->output);
}

/* print_service - the service, and why it matches */
static void print_service(struct printer *printer)
{
	const struct explanation *explanation = printer->explanation;
	const struct service *service = explanation->judgement.service;
	const struct request *request = explanation->request;

	printer->label = "service";
	start_line(printer);
	fputs(service->name, printer->output);
	if (service->line != 0)
		fprintf(printer->output, " (%s:%d)", explanation->config->path,
			service->line);
	else if (explanation->config->services.count > 1)
		fputs(": no service section matches", printer->output);
	else
		fputs(": there is no service section", printer->output);
	if (service->line != 0 && service->server_port_count > 0)
		put_named(printer, "server_port", request->server_port);
	if (service->line != 0 && service->policy_context_count > 0)
		put_named(printer, "policy_context", request->policy_context);
	putc('\n', printer->output);
}

/* print_none - successive lists that do not contain the domain; returns the
 * index of the last one */
static size_t print_none(struct printer *printer, size_t first)
{
	const struct explanation *explanation = printer->explanation;
	const char *domain = explanation->steps[first].domain;
	size_t i = first;

	start_line(printer);
	put_quoted(printer, domain);
	fputs(" is not in", printer->output);
	for (; i < explanation->step_count; i++) {
		const struct explanation_step *step = &explanation->steps[i];

		if (step->list == NULL || step->answer != 0 ||
		    step->entry != NULL || strcmp(step->domain, domain) != 0)
			break;
		fprintf(printer->output, "%s %s", i > first ? "," : "",
			step->list);
	}
	putc('\n', printer->output);
	return i - 1;
}

/* answer_text - the result of a search, between the domain and the list */
static const char *answer_text(const struct explanation_step *step)
{
	switch (step->answer) {
	case 1:
		return " is in ";
	case 0:
		return " is not in ";
	case DOMAIN_LIST_ASK:
		return " can be looked up only by Postfix, in ";
	default:
		return " could not be looked up in ";
	}
}

/* print_search - a list that contains the domain, or whose search failed */
static void print_search(struct printer *printer,
			 const struct explanation_step *step)
{
	start_line(printer);
	put_quoted(printer, step->domain);
	fprintf(printer->output, "%s%s", answer_text(step), step->list);
	if (step->entry != NULL) {
		fputs(": ", printer->output);
		put_quoted(printer, step->entry);
	}
	if (step->origin != NULL)
		fprintf(printer->output, " (%s)", step->origin);
	putc('\n', printer->output);
}

/* print_change - a change of the address */
static void print_change(struct printer *printer,
			 const struct explanation_step *step)
{
	char *how = explanation_changes(step->changes);

	start_line(printer);
	put_quoted(printer, step->before);
	fputs(" -> ", printer->output);
	put_quoted(printer, step->after);
	fprintf(printer->output, ": %s\n", how);
	free(how);
}

/* print_address - each step of the resolution */
static void print_address(struct printer *printer)
{
	const struct explanation *explanation = printer->explanation;
	size_t i;

	printer->label = "address";
	if (explanation->step_count == 0)
		line(printer, "%s",
		     explanation->judgement.facts.has_recipient
			     ? "not a valid address"
			     : "none");
	for (i = 0; i < explanation->step_count; i++) {
		const struct explanation_step *step = &explanation->steps[i];

		if (step->list == NULL)
			print_change(printer, step);
		else if (step->answer == 0 && step->entry == NULL)
			i = print_none(printer, i);
		else
			print_search(printer, step);
	}
}

/* print_destination - the class, and the list that decided */
static void print_destination(struct printer *printer)
{
	const struct facts *facts = &printer->explanation->judgement.facts;
	const struct explanation_step *list =
		explanation_list(printer->explanation);

	printer->label = "destination";
	start_line(printer);
	fprintf(printer->output, "%s: %s", facts_class(facts),
		facts_destination(facts));
	if (facts->has_recipient && facts->destination.routed)
		fputs(", routing remains in the local part (sender-routed)",
		      printer->output);
	if (list != NULL) {
		fprintf(printer->output, ", by %s", list->list);
		if (list->origin != NULL)
			fprintf(printer->output, " (%s)", list->origin);
	}
	if (facts->has_recipient && facts->destination.why != NULL &&
	    *facts->destination.list != '\0')
		fprintf(printer->output, ": %s", facts->destination.why);
	putc('\n', printer->output);
}

/* print_session - encryption and login */
static void print_session(struct printer *printer)
{
	const struct explanation *explanation = printer->explanation;
	const struct request *request = explanation->request;
	const struct facts *facts = &explanation->judgement.facts;
	const struct service *service = explanation->judgement.service;
	const char *owners = explanation->judgement.evaluation.decision.owners;

	printer->label = "session";
	start_line(printer);
	if (request->encryption_protocol[0] != '\0') {
		put_quoted(printer, request->encryption_protocol);
		putc('/', printer->output);
		put_quoted(printer, request->encryption_cipher);
		putc('/', printer->output);
		put_quoted(printer, request->encryption_keysize);
		fputs(": ", printer->output);
	}
	fputs(facts->weak != NULL ? facts->weak : "encrypted", printer->output);
	if (facts->weak != NULL && request->encryption_protocol[0] != '\0')
		fprintf(printer->output, ": %s", facts->advice);
	if (request->encryption_protocol[0] != '\0')
		fprintf(printer->output,
			" (tls_protocols %s, tls_ciphers %s, tls_keysize %s)",
			config_service_text(explanation->config, service,
					    "tls_protocols"),
			config_service_text(explanation->config, service,
					    "tls_ciphers"),
			config_service_text(explanation->config, service,
					    "tls_keysize"));
	fputs(facts->authenticated ? "; logged in" : "; not logged in",
	      printer->output);
	if (request->sasl_method[0] != '\0') {
		fputs(" as ", printer->output);
		put_quoted(printer, request->sasl_username);
		fputs(" by ", printer->output);
		put_quoted(printer, request->sasl_method);
	}
	if (*owners != '\0') {
		fputs("; the sender address belongs to ", printer->output);
		put_quoted(printer, owners);
	}
	putc('\n', printer->output);
}

/* name_width - the width of the longest name */
static int name_width(const struct restriction_list *list)
{
	size_t width = 0;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strlen(restriction_use_word(&list->uses[i])) > width)
			width = strlen(restriction_use_word(&list->uses[i]));
	return (int)width;
}

/* put_entry - the entry that made a restriction permit, and its place */
static void put_entry(struct printer *printer,
		      const struct explanation_answer *answer)
{
	if (answer->entry == NULL)
		return;
	fputs(": ", printer->output);
	put_quoted(printer, answer->entry);
	fprintf(printer->output, " (%s)", answer->origin);
}

/* put_why - the table whose lookup failed, and why */
static void put_why(struct printer *printer,
		    const struct explanation_answer *answer)
{
	if (answer->why == NULL)
		return;
	if (answer->table != NULL)
		fprintf(printer->output, ": %s", answer->table);
	fprintf(printer->output, ": %s", answer->why);
}

/* answer_reason - why a restriction answers so */
static const char *answer_reason(const struct explanation_answer *answer)
{
	return answer->usage != NULL ? answer->usage : answer->reason;
}

/* print_restrictions - the whole list, with the results of those tried */
static void print_restrictions(struct printer *printer)
{
	const struct explanation *explanation = printer->explanation;
	const struct restriction_list *list =
		&explanation->judgement.service->restrictions;
	int width = name_width(list);
	size_t i;

	printer->label = "restrictions";
	for (i = 0; i < list->count; i++) {
		const struct restriction_use *use = &list->uses[i];

		start_line(printer);
		fprintf(printer->output, "%-*s  ", width,
			restriction_use_word(use));
		if (i >= explanation->answer_count) {
			fputs("not tried", printer->output);
		} else {
			put_verdict(printer, explanation->answers[i].verdict,
				    6);
			if (answer_reason(&explanation->answers[i])[0] != '\0')
				fprintf(printer->output, "  %s",
					answer_reason(
						&explanation->answers[i]));
			put_why(printer, &explanation->answers[i]);
			put_entry(printer, &explanation->answers[i]);
		}
		if (use->line != 0)
			fprintf(printer->output, " (%s:%d)",
				explanation->config->path, use->line);
		putc('\n', printer->output);
	}
	if (explanation->judgement.evaluation.next == list->count &&
	    strcmp(explanation->judgement.evaluation.decision.restriction,
		   "end") == 0)
		line(printer, "%-*s  reject", width, "(end of the list)");
}

/* explanation_print - as text */
void explanation_print(const struct explanation *explanation, bool colour,
		       FILE *output)
{
	struct printable all;
	struct printer printer = { explanation, NULL, colour, "" };

	printable_open(&all);
	printer.output = all.stream;
	put_coloured(&printer, PRINTABLE_BOLD, "action=");
	put_coloured(&printer, PRINTABLE_BOLD, explanation->action);
	putc('\n', all.stream);
	print_verdict(&printer);
	print_client(&printer);
	print_request(&printer);
	print_service(&printer);
	print_address(&printer);
	print_destination(&printer);
	print_session(&printer);
	print_restrictions(&printer);
	putc('\n', all.stream);
	printable_close(&all, output);
}
