/* SPDX-License-Identifier: ISC */
/* past_rates_print - whom the rates would have met, as text and as JSON */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "policyd/query/figure.h"
#include "policyd/query/json.h"
#include "policyd/query/past_rates.h"

#define KEYS_SHOWN 20

/* descending - for qsort(3): the keys that were met most often first, and then
 * those that were met first */
static int descending(const void *one, const void *other)
{
	const struct past_met *a = *(struct past_met *const *)one;
	const struct past_met *b = *(struct past_met *const *)other;

	if (a->messages != b->messages)
		return a->messages > b->messages ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* sort - see descending() */
static void sort(struct past_rates *rates)
{
	if (rates->met_count > 1)
		qsort(rates->met, rates->met_count, sizeof(struct past_met *),
		      descending);
}

/* fate - of a message that is over */
static const char *fate(const struct past_met *met)
{
	switch (met->rate->action) {
	case RATE_WARN:
		return "let through, with a warning";
	case RATE_HOLD:
		return "held";
	case RATE_REJECT:
		return "rejected";
	case RATE_DEFER:
		break;
	}
	return met->never ? "rejected" : "deferred";
}

/* put_met - one key */
static void put_met(const struct past_met *met, FILE *out)
{
	enum rate_unit unit = rate_unit_of(met->rate);
	struct rate_limit most = { met->most, 1 };
	char limit[RATE_TEXT_SIZE], text[RATE_TEXT_SIZE];

	rate_limit_text(&most, unit, text);
	text[strcspn(text, "/")] = '\0';
	fprintf(out,
		"%9lu  rate %s, key %s: over %s (up to %s)%s, first at %s, last at "
		"%s: %s\n\t\t%.200s:%lu\n",
		met->messages, met->rate->name, quoted(met->key).text,
		rate_limit_text(&met->limit, unit, limit), text,
		met->never ? " in a single message" : "",
		figure_time(met->first).text, figure_time(met->last).text,
		fate(met), met->file, met->line);
}

/* past_rates_print - as text */
void past_rates_print(struct past_rates *rates, FILE *out)
{
	unsigned long over = rates->stopped + rates->warned;
	unsigned long left = rates->others;
	size_t i;

	if (rates->messages == 0)
		return;
	sort(rates);
	fprintf(out,
		"of %s message%s that rates count, %s would be over a "
		"limit%s\n",
		figure(rates->messages).text, rates->messages == 1 ? "" : "s",
		figure(over).text, over > 0 ? ":" : "");
	for (i = 0; i < rates->met_count; i++)
		if (i < KEYS_SHOWN)
			put_met(rates->met[i], out);
		else
			left += rates->met[i]->messages;
	if (left > 0)
		fprintf(out, "%9lu  others (--format=json has more)\n", left);
	figure_note(rates->unknown,
		    "request of the rates could not be judged: a table could "
		    "not be looked up",
		    "requests of the rates could not be judged: a table could "
		    "not be looked up",
		    out);
}

/* met_object - one key */
static json_t *met_object(const struct past_met *met)
{
	json_t *object = json_object();
	char limit[RATE_TEXT_SIZE];

	rate_limit_text(&met->limit, rate_unit_of(met->rate), limit);
	json_set(object, "kind", json_text("rate"));
	json_set(object, "rate", json_text(met->rate->name));
	json_set(object, "key", json_text(met->key));
	json_set(object, "limit", json_text(limit));
	json_set(object, "action",
		 json_text(rate_action_name(met->rate->action)));
	json_set(object, "messages", json_integer((json_int_t)met->messages));
	json_set(object, "most", json_integer((json_int_t)met->most));
	json_set(object, "at_once", json_boolean(met->never));
	json_set(object, "first", json_integer(met->first));
	json_set(object, "last", json_integer(met->last));
	json_set(object, "file", json_text(met->file));
	json_set(object, "line", json_integer((json_int_t)met->line));
	return object;
}

/* past_rates_print_json - as JSON Lines */
void past_rates_print_json(struct past_rates *rates, FILE *output)
{
	json_t *object;
	size_t i;

	if (rates->messages == 0)
		return;
	sort(rates);
	for (i = 0; i < rates->met_count; i++)
		json_print(met_object(rates->met[i]), output);
	object = json_object();
	json_set(object, "kind", json_text("rates"));
	json_set(object, "messages", json_integer((json_int_t)rates->messages));
	json_set(object, "would_be_stopped",
		 json_integer((json_int_t)rates->stopped));
	json_set(object, "would_be_warned_of",
		 json_integer((json_int_t)rates->warned));
	json_set(object, "unknown", json_integer((json_int_t)rates->unknown));
	json_print(object, output);
}
