/* SPDX-License-Identifier: ISC */
/* past - the mail of a log becomes messages for rates
 *
 * The log of Postfix names the recipients of a message one after the other,
 * when it has been delivered. In that of policyd, the decisions about one
 * message have the same instance, and those of other messages are among them.
 * Both become messages in the order of time. */

#include "policyd/query/past.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/number.h"
#include "lib/base/printable.h"
#include "lib/postlog/postlog_time.h"
#include "policyd/query/figure.h"
#include "policyd/query/json.h"

/* deliver - of a struct past_queue: the next message in the order of time */
static void deliver(void *context, const struct past_mail *mail)
{
	struct past *past = context;

	if (past->counts)
		past_rates_send(&past->rates, mail);
	if (past->suggests)
		past_usage_send(&past->usage, mail);
}

/* past_open - begin */
void past_open(struct past *past, const struct config *config, bool suggests)
{
	memset(past, 0, sizeof(*past));
	past->config = config;
	past->queue.deliver = deliver;
	past->queue.context = past;
	past->queue.limit = PAST_QUEUE_BYTES;
	past->queue.latest = POSTLOG_NO_TIME;
	past->counts = config->rates.count > 0 &&
		       past_rates_open(&past->rates, config, &past->why) == 0;
	past->suggests = suggests;
}

/* finish - all recipients of a message are known */
static void finish(struct past *past, struct past_mail **mail)
{
	if (*mail != NULL)
		past_queue_add(&past->queue, *mail);
	*mail = NULL;
}

/* past_accepted - a recipient that Postfix accepted */
void past_accepted(struct past *past, const struct forecast *forecast,
		   const struct postlog_case *taken)
{
	if ((!past->counts && !past->suggests) ||
	    forecast->answer == FORECAST_RETURN)
		return;
	if (forecast->permitting == NULL ||
	    forecast->answer == FORECAST_REFUSE) {
		past_usage_leave(&past->usage, taken->login);
		return;
	}
	if (taken->begun == POSTLOG_NO_TIME) {
		past->timeless++;
		return;
	}
	if (past->last == NULL || past->message != taken->message) {
		finish(past, &past->last);
		past->last = past_mail_new(forecast->permitting,
					   &forecast->request, taken->begun);
		past->last->size = taken->size;
		past->last->file = taken->file;
		past->last->line = taken->line;
		past->message = taken->message;
	}
	/* Postfix had said how many before it added others. */
	if (taken->given == 0 || past_mail_count(past->last) < taken->given)
		past_mail_add(past->last, taken->recipient);
}

/* place_of - where the messages with that instance are */
static struct past_mail **place_of(struct past *past, const char *instance)
{
	uint32_t hash = 2166136261U;

	for (; *instance != '\0'; instance++)
		hash = (hash ^ (unsigned char)*instance) * 16777619U;
	return &past->open[hash % PAST_OPEN_MAX];
}

/* open_mail - the message that a request is about */
static struct past_mail *open_mail(struct past *past,
				   const struct service *service,
				   const struct request *request,
				   const struct replay_place *place)
{
	struct past_mail **mail = place_of(past, request->instance);

	if (*mail != NULL &&
	    (*request->instance == '\0' ||
	     strcmp((*mail)->request.instance, request->instance) != 0))
		finish(past, mail);
	if (*mail == NULL) {
		*mail = past_mail_new(service, request, place->time);
		(*mail)->file = place->file;
		(*mail)->line = place->line;
	}
	return *mail;
}

/* number - of an attribute; 0: there is none */
static uint64_t number(const char *text)
{
	uint64_t value;

	return number_parse(text, RATE_BYTES_MAX, &value) == 0 ? value : 0;
}

/* was_sent - was the message let through, or stopped by nothing but a rate? */
static bool was_sent(const struct reported *reported)
{
	return (reported->verdict != VERDICT_REJECT &&
		reported->verdict != VERDICT_DEFER) ||
	       reported->observed ||
	       strncmp(reported->restriction,
		       "check_rate:", strlen("check_rate:")) == 0;
}

/* past_decided - a decision of policyd */
void past_decided(struct past *past, const struct service *service,
		  const struct request *request,
		  const struct reported *reported, bool passes,
		  const struct replay_place *place)
{
	bool at_rcpt = strcmp(request->protocol_state, "RCPT") == 0;
	struct past_mail *mail;

	if ((!past->counts && !past->suggests) || !was_sent(reported) ||
	    (!at_rcpt && strcmp(request->protocol_state, "DATA") != 0 &&
	     strcmp(request->protocol_state, "END-OF-MESSAGE") != 0))
		return;
	if (!passes) {
		if (at_rcpt)
			past_usage_leave(&past->usage, request->sasl_username);
		return;
	}
	if (place->time == POSTLOG_NO_TIME) {
		past->timeless++;
		return;
	}
	mail = open_mail(past, service, request, place);
	if (at_rcpt) {
		past_mail_add(mail, request->recipient);
		return;
	}
	mail->said = (size_t)number(request->recipient_count);
	mail->size = number(request->size);
}

/* past_end - no more lines */
void past_end(struct past *past)
{
	size_t i;

	finish(past, &past->last);
	for (i = 0; i < PAST_OPEN_MAX; i++)
		finish(past, &past->open[i]);
	past_queue_flush(&past->queue);
}

/* past_failed - why */
const char *past_failed(const struct past *past)
{
	return past->why.text[0] != '\0' ? past->why.text : NULL;
}

/* put_notes - what was not counted */
static void put_notes(const struct past *past, FILE *out)
{
	if (past_failed(past) != NULL)
		fprintf(out, "note: the rates were not counted: %s\n",
			past_failed(past));
	figure_note(past->timeless,
		    "request was not counted for rates: the log does not say "
		    "when it was",
		    "requests were not counted for rates: the log does not say "
		    "when they were",
		    out);
	figure_note(past->queue.late,
		    "message was delivered so late that rates counted it after "
		    "later ones",
		    "messages were delivered so late that rates counted them "
		    "after later ones",
		    out);
}

/* past_print - as text */
void past_print(struct past *past, FILE *output)
{
	struct printable all;

	printable_open(&all);
	past_rates_print(&past->rates, all.stream);
	put_notes(past, all.stream);
	printable_close(&all, output);
	if (past->suggests)
		past_usage_print(&past->usage, past->config, output);
}

/* put_notes_json - the same, if there is anything */
static void put_notes_json(const struct past *past, FILE *output)
{
	json_t *object;

	if (past_failed(past) == NULL && past->timeless == 0 &&
	    past->queue.late == 0)
		return;
	object = json_object();
	json_set(object, "kind", json_text("not_counted"));
	json_set(object, "reason", json_text(past_failed(past)));
	json_set(object, "without_time",
		 json_integer((json_int_t)past->timeless));
	json_set(object, "late", json_integer((json_int_t)past->queue.late));
	json_print(object, output);
}

/* past_print_json - as JSON Lines */
void past_print_json(struct past *past, FILE *output)
{
	past_rates_print_json(&past->rates, output);
	put_notes_json(past, output);
	if (past->suggests)
		past_usage_print_json(&past->usage, past->config, output);
}

/* past_close - free what it holds */
void past_close(struct past *past)
{
	size_t i;

	past_mail_free(past->last);
	for (i = 0; i < PAST_OPEN_MAX; i++)
		past_mail_free(past->open[i]);
	past_queue_clear(&past->queue);
	past_rates_close(&past->rates);
	past_usage_clear(&past->usage);
}
