/* SPDX-License-Identifier: ISC */
/* past_rates - whom would the rates have met?
 *
 * Each message of a log asks as Postfix would: at RCPT for each recipient, at
 * DATA, and at END-OF-MESSAGE. It is judged and counted by what a server uses,
 * with the times of the log; only the tables are new, and go away afterwards. A
 * message that is met is not sent again, since the log does not say when its
 * sender would have tried. */

#include "policyd/query/past_rates.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/decision/judgement.h"
#include "lib/rate/rate_table.h"

#define SECOND_US 1000000

/* The fate of a message. */
struct fate {
	bool counts;  /* a rate looks at it */
	bool over;    /* a limit */
	bool stopped; /* by a rate, at least for a recipient */
};

/* open_tables - in a directory of our own */
static int open_tables(struct past_rates *rates, const char *directory,
		       struct error *error)
{
	const struct rate_list *list = &rates->config->rates;
	struct rate_clock clock = { .now_us = SECOND_US, .wall_us = SECOND_US };
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct rate *rate = &list->rates[i];
		struct rate_shape shape = rate_shape_needed(rate);
		char *path = xasprintf("%s/%zu", directory, i);

		rates->tables[i] =
			rate_table_open(path, &shape, geteuid(), &clock, error);
		unlink(path);
		free(path);
		if (rates->tables[i] == NULL)
			return -1;
	}
	return 0;
}

/* past_rates_open - new and empty counts */
int past_rates_open(struct past_rates *rates, const struct config *config,
		    struct error *error)
{
	const char *parent = getenv("TMPDIR");
	char *directory;
	int result;

	memset(rates, 0, sizeof(*rates));
	rates->config = config;
	if (config->rates.count == 0)
		return 0;
	directory =
		xasprintf("%s/policyd.XXXXXX",
			  parent != NULL && *parent != '\0' ? parent : "/tmp");
	if (mkdtemp(directory) == NULL) {
		result = error_set(error, "%s: cannot be created", directory);
	} else {
		rates->tables = xcalloc(config->rates.count,
					sizeof(struct rate_table *));
		result = open_tables(rates, directory, error);
		rmdir(directory);
	}
	free(directory);
	if (result < 0)
		past_rates_close(rates);
	return result;
}

/* compare - for tsearch(3) */
static int compare(const void *one, const void *other)
{
	const struct past_met *a = one;
	const struct past_met *b = other;

	if (a->rate->index != b->rate->index)
		return a->rate->index < b->rate->index ? -1 : 1;
	if (a->limit.length_s != b->limit.length_s)
		return a->limit.length_s < b->limit.length_s ? -1 : 1;
	if (a->never != b->never)
		return a->never ? -1 : 1;
	return strcmp(a->key, b->key);
}

/* find - the entry of a key; NULL: there is no room */
static struct past_met *find(struct past_rates *rates, struct past_met *like)
{
	void *const *found = tfind(like, &rates->index, compare);
	struct past_met *met;

	if (found != NULL)
		return *found;
	if (rates->met_count == PAST_KEYS_MAX) {
		rates->others++;
		return NULL;
	}
	met = xcalloc(1, sizeof(*met));
	*met = *like;
	met->key = xstrdup(like->key);
	rates->met = xreallocarray(rates->met, rates->met_count + 1,
				   sizeof(struct past_met *));
	rates->met[rates->met_count++] = met;
	if (tsearch(met, &rates->index, compare) == NULL)
		xalloc_failed();
	return met;
}

/* meet - a charge is over its limit */
static void meet(struct past_rates *rates, struct charge *charge,
		 const struct past_mail *mail)
{
	const struct rate_result *result = &charge->result;
	bool counted = charge->rate->action == RATE_WARN && charge->takes;
	uint64_t used = result->used + (counted ? 0 : charge->amount);
	struct past_met like = {
		.rate = charge->rate,
		.key = charge->key,
		.limit = { result->number, result->length_s },
		.never = result->outcome == RATE_NEVER_FITS,
		.first = mail->time,
		.file = mail->file,
		.line = mail->line,
		.number = mail->number,
	};
	struct past_met *met = find(rates, &like);

	if (met == NULL)
		return;
	if (met->messages == 0 || met->number != mail->number)
		met->messages++;
	met->number = mail->number;
	met->last = mail->time;
	if (used > met->most)
		met->most = used;
}

/* ask - the message at one state of the protocol, as request says: is it
 * accepted? */
static bool ask(struct past_rates *rates, const struct past_mail *mail,
		const struct request *request, struct fate *fate)
{
	static struct charges charges;
	static struct judgement judgement;
	struct decision *decision = &judgement.evaluation.decision;
	struct charges_how how = { false, (uint64_t)mail->time * SECOND_US };
	size_t i;

	memset(&judgement.evaluation, 0, sizeof(judgement.evaluation));
	charges_begin(&charges, request, rates->tables);
	judgement.evaluation.charges = &charges;
	if (judgement_now(&judgement, mail->service, rates->config->resolver,
			  request, (time_t)mail->time) < 0)
		return false;
	if (decision->verdict == VERDICT_DEFER)
		rates->unknown++;
	charges_settle(&charges, decision, &how);
	for (i = 0; i < charges.count; i++) {
		struct charge *charge = &charges.each[i];

		fate->counts |= charge->asked;
		if (!charge->asked ||
		    (charge->result.outcome != RATE_OVER &&
		     charge->result.outcome != RATE_NEVER_FITS))
			continue;
		fate->over = true;
		meet(rates, charge, mail);
	}
	fate->stopped |= charges.limited;
	return !charges.limited && decision->verdict != VERDICT_REJECT &&
	       decision->verdict != VERDICT_DEFER;
}

/* send_recipients - which of them are accepted? One of those, and how many */
static size_t send_recipients(struct past_rates *rates,
			      const struct past_mail *mail,
			      struct request *request, struct fate *fate)
{
	size_t accepted = 0;
	const char *last = "";
	size_t i;

	request->protocol_state = "RCPT";
	request->recipient_count = "0";
	for (i = 0; i < mail->count; i++) {
		request->recipient = mail->recipients[i];
		if (!ask(rates, mail, request, fate))
			continue;
		last = mail->recipients[i];
		accepted++;
	}
	if (accepted == mail->count)
		accepted = past_mail_count(mail);
	request->recipient = accepted == 1 ? last : "";
	return accepted;
}

/* send_message - DATA, and the end of the message */
static void send_message(struct past_rates *rates, const struct past_mail *mail,
			 const struct request *like, size_t accepted,
			 struct fate *fate)
{
	struct request request = *like;
	char count[24], size[24];

	snprintf(count, sizeof(count), "%zu", accepted);
	snprintf(size, sizeof(size), "%" PRIu64, mail->size);
	request.recipient_count = count;
	request.protocol_state = "DATA";
	request.size = "";
	if (!ask(rates, mail, &request, fate))
		return;
	request.protocol_state = "END-OF-MESSAGE";
	request.size = size;
	ask(rates, mail, &request, fate);
}

/* past_rates_send - a message is sent */
void past_rates_send(struct past_rates *rates, const struct past_mail *mail)
{
	struct request request = mail->request;
	struct fate fate = { 0 };
	char instance[32];
	size_t accepted;

	if (rates->tables == NULL || mail->time < 0)
		return;
	snprintf(instance, sizeof(instance), "past.%lu", mail->number);
	request.instance = instance;
	accepted = send_recipients(rates, mail, &request, &fate);
	if (accepted > 0)
		send_message(rates, mail, &request, accepted, &fate);
	rates->messages += fate.counts;
	rates->stopped += fate.stopped;
	rates->warned += fate.over && !fate.stopped;
}

/* past_rates_close - free what it holds */
void past_rates_close(struct past_rates *rates)
{
	size_t i;

	for (i = 0; rates->tables != NULL && i < rates->config->rates.count;
	     i++)
		rate_table_close(rates->tables[i]);
	free(rates->tables);
	rates->tables = NULL;
	for (i = 0; i < rates->met_count; i++) {
		tdelete(rates->met[i], &rates->index, compare);
		free(rates->met[i]->key);
		free(rates->met[i]);
	}
	free(rates->met);
	rates->met = NULL;
	rates->met_count = 0;
}
