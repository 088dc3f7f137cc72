/* SPDX-License-Identifier: ISC */
/* past_suggest - limits that would have met nobody, as lines for policyd.conf
 *
 * A limit is a quarter above the largest hour or day of any login, and a round
 * number. test_forecast_rates.py writes the lines, and tries again. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "policyd/query/figure.h"
#include "policyd/query/forecast_advice.h"
#include "policyd/query/json.h"
#include "policyd/query/past_usage.h"

#define LOGINS_SHOWN 10

static const char *const span_names[PAST_SPANS] = { "1h", "1d" };

/* The lines to write. */
struct suggestion {
	uint64_t median[PAST_SPANS], high[PAST_SPANS], most[PAST_SPANS];
	uint64_t limit[PAST_SPANS];
	char name[RATE_NAME_MAX + 1]; /* of the rate */
	bool exists;		      /* it is there, with other limits */
};

/* ascending - for qsort(3) */
static int ascending(const void *one, const void *other)
{
	const uint64_t *a = one;
	const uint64_t *b = other;

	return (*a > *b) - (*a < *b);
}

/* round_up - to a round number */
static uint64_t round_up(uint64_t number)
{
	static const uint64_t steps[] = { 10, 15, 20, 25, 30,
					  40, 50, 60, 80, 100 };
	uint64_t unit = 1;
	size_t i = 0;

	while (number > 100 * unit)
		unit *= 10;
	while (steps[i] * unit < number)
		i++;
	return steps[i] * unit;
}

/* measure - the distribution of one span over the logins */
static void measure(struct suggestion *suggestion,
		    const struct past_usage *usage, size_t span)
{
	uint64_t *used = xcalloc(usage->count, sizeof(*used));
	uint64_t most;
	size_t i;

	for (i = 0; i < usage->count; i++)
		used[i] = usage->logins[i]->most[span].used;
	qsort(used, usage->count, sizeof(*used), ascending);
	most = used[usage->count - 1];
	suggestion->median[span] = used[(usage->count - 1) / 2];
	suggestion->high[span] = used[(usage->count * 99 + 99) / 100 - 1];
	suggestion->most[span] = most;
	suggestion->limit[span] = round_up(most + (most + 3) / 4);
	if (suggestion->limit[span] > RATE_NUMBER_MAX)
		suggestion->limit[span] = RATE_NUMBER_MAX;
	free(used);
}

/* find_rate - a rate that counts what is counted here, or NULL */
static const struct rate *find_rate(const struct rate_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct rate *rate = &list->rates[i];

		if (rate->part_count == 1 &&
		    rate->parts[0] == RATE_SASL_USERNAME &&
		    rate->key_maps.count == 0 && rate->count == RATE_RECIPIENTS)
			return rate;
	}
	return NULL;
}

/* make - for at least one login */
static void make(struct suggestion *suggestion, const struct past_usage *usage,
		 const struct config *config)
{
	const struct rate *rate = find_rate(&config->rates);
	unsigned number = 2;
	size_t i;

	for (i = 0; i < PAST_SPANS; i++)
		measure(suggestion, usage, i);
	suggestion->exists = rate != NULL;
	snprintf(suggestion->name, sizeof(suggestion->name), "%s",
		 rate != NULL ? rate->name : "login");
	if (rate != NULL)
		return;
	while (rate_named(&config->rates, suggestion->name) != NULL)
		snprintf(suggestion->name, sizeof(suggestion->name), "login%u",
			 number++);
}

/* is_inherited - has a service the list of the top level? */
static bool is_inherited(const struct service *service,
			 const struct service *top)
{
	const struct restriction_list *a = &service->restrictions;
	const struct restriction_list *b = &top->restrictions;

	return service != top && a->count > 0 && a->count == b->count &&
	       a->uses[0].line == b->uses[0].line;
}

/* lists - each place where the rate must be named, and the list of restrictions
 * to write there */
static void lists(const struct config *config,
		  const struct suggestion *suggestion,
		  const struct advice_lines *to)
{
	const struct service_list *all = &config->services;
	const struct service *top = &all->services[all->count - 1];
	char *word = xasprintf("check_rate:%s", suggestion->name);
	size_t i;

	/* A rate that exists is named where it is to count. */
	for (i = 0; i < all->count && !suggestion->exists; i++) {
		const struct service *service = &all->services[i];
		char *where, *text;

		if (!restriction_list_has(&service->restrictions,
					  "permit_sasl_authenticated") ||
		    is_inherited(service, top))
			continue;
		where = forecast_advice_where(service);
		text = forecast_advice_list(
			&service->restrictions, word,
			restriction_use_word(&service->restrictions.uses[0]));
		to->put(to->context, where, text);
		free(text);
		free(where);
	}
	free(word);
}

/* descending - for qsort(3): the largest hour first */
static int descending(const void *one, const void *other)
{
	const struct past_login *a = *(struct past_login *const *)one;
	const struct past_login *b = *(struct past_login *const *)other;
	size_t i;

	for (i = 0; i < PAST_SPANS; i++)
		if (a->most[i].used != b->most[i].used)
			return a->most[i].used > b->most[i].used ? -1 : 1;
	return strcmp(a->login, b->login);
}

/* put_row - of the distribution */
static void put_row(FILE *out, const char *name,
		    const uint64_t numbers[PAST_SPANS])
{
	fprintf(out, "  %-8s %12s %12s\n", name, figure(numbers[0]).text,
		figure(numbers[1]).text);
}

/* put_logins - those with the largest hours */
static void put_logins(const struct past_usage *usage, FILE *out)
{
	size_t i;

	for (i = 0; i < usage->count && i < LOGINS_SHOWN; i++) {
		const struct past_login *login = usage->logins[i];

		fprintf(out, "  %-8s %12s %12s  %s (hour to %s)\n", "",
			figure(login->most[0].used).text,
			figure(login->most[1].used).text,
			quoted(login->login).text,
			figure_time(login->most[0].time).text);
	}
	if (usage->count > LOGINS_SHOWN)
		fprintf(out, "  and %s more (--format=json has all)\n",
			figure(usage->count - LOGINS_SHOWN).text);
}

/* put_list - one place, as text */
static void put_list(void *context, const char *where, const char *restrictions)
{
	fprintf(context, "%s: %s\n", where, restrictions);
}

/* put_lines - what to write */
static void put_lines(const struct suggestion *suggestion,
		      const struct config *config, FILE *out)
{
	const struct advice_lines to = { put_list, out };

	if (suggestion->exists) {
		fprintf(out,
			"these limits would have met nobody; write into %s:\n"
			"in rate \"%s\": limit = { \"%" PRIu64 "/%s\", "
			"\"%" PRIu64 "/%s\" }\n",
			config->path, suggestion->name, suggestion->limit[0],
			span_names[0], suggestion->limit[1], span_names[1]);
		return;
	}
	fprintf(out,
		"these limits would have met nobody; write into %s:\n"
		"rate \"%s\" {\n"
		"\tkey = sasl_username\n"
		"\tlimit = { \"%" PRIu64 "/%s\", \"%" PRIu64 "/%s\" }\n"
		"}\n",
		config->path, suggestion->name, suggestion->limit[0],
		span_names[0], suggestion->limit[1], span_names[1]);
	lists(config, suggestion, &to);
	fputs("Postfix must ask at DATA, too: see rate in policyd.conf(5).\n",
	      out);
}

/* put_left - logins whose mail is not in the figures, or not all of it */
static void put_left(const struct past_usage *usage, FILE *out)
{
	size_t i;

	if (usage->left_recipients == 0)
		return;
	fprintf(out,
		"note: mail of %s login%s to %s recipient%s is not in these "
		"figures, since this configuration refuses it:",
		figure(usage->left_count).text,
		usage->left_count == 1 ? "" : "s",
		figure(usage->left_recipients).text,
		usage->left_recipients == 1 ? "" : "s");
	for (i = 0; i < usage->left_count && i < LOGINS_SHOWN; i++)
		fprintf(out, "%s %s", i > 0 ? "," : "",
			quoted(usage->left[i]).text);
	fputs(usage->left_count > LOGINS_SHOWN ? ", ...\n" : "\n", out);
}

/* past_usage_print - as text */
void past_usage_print(struct past_usage *usage, const struct config *config,
		      FILE *output)
{
	struct suggestion suggestion;
	struct printable all;

	printable_open(&all);
	if (usage->count == 0) {
		fputs("no limits are suggested: the log has no mail of clients "
		      "that logged in and are not refused\n",
		      all.stream);
	} else {
		make(&suggestion, usage, config);
		qsort(usage->logins, usage->count, sizeof(struct past_login *),
		      descending);
		fprintf(all.stream,
			"%s login%s sent mail; recipients in the largest "
			"hour and day of each:\n  %-8s %12s %12s\n",
			figure(usage->count).text, usage->count == 1 ? "" : "s",
			"", span_names[0], span_names[1]);
		put_row(all.stream, "median", suggestion.median);
		put_row(all.stream, "99 %", suggestion.high);
		put_row(all.stream, "largest", suggestion.most);
		put_logins(usage, all.stream);
		figure_note(usage->others,
			    "message is of one more login, and not in these "
			    "figures",
			    "messages are of still more logins, and not in "
			    "these figures",
			    all.stream);
		put_lines(&suggestion, config, all.stream);
	}
	put_left(usage, all.stream);
	printable_close(&all, output);
}

/* login_object - what one login has sent */
static json_t *login_object(const struct past_login *login)
{
	json_t *object = json_object();

	json_set(object, "kind", json_text("login"));
	json_set(object, "login", json_text(login->login));
	json_set(object, "messages", json_integer((json_int_t)login->messages));
	json_set(object, "recipients",
		 json_integer((json_int_t)login->recipients));
	json_set(object, "largest_hour",
		 json_integer((json_int_t)login->most[0].used));
	json_set(object, "largest_hour_to", json_integer(login->most[0].time));
	json_set(object, "largest_day",
		 json_integer((json_int_t)login->most[1].used));
	json_set(object, "largest_day_to", json_integer(login->most[1].time));
	return object;
}

/* pair - a number for each span */
static json_t *pair(const uint64_t numbers[PAST_SPANS])
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < PAST_SPANS; i++)
		json_append(array, json_integer((json_int_t)numbers[i]));
	return array;
}

/* left_object - what is not in the figures */
static json_t *left_object(const struct past_usage *usage)
{
	json_t *object = json_object();
	json_t *logins = json_array();
	size_t i;

	json_set(object, "kind", json_text("left_out"));
	json_set(object, "recipients",
		 json_integer((json_int_t)usage->left_recipients));
	for (i = 0; i < usage->left_count; i++)
		json_append(logins, json_text(usage->left[i]));
	json_set(object, "logins", logins);
	return object;
}

/* past_usage_print_json - as JSON Lines */
void past_usage_print_json(struct past_usage *usage,
			   const struct config *config, FILE *output)
{
	struct suggestion suggestion;
	json_t *object, *places, *limits;
	size_t i;

	for (i = 0; i < usage->count; i++)
		json_print(login_object(usage->logins[i]), output);
	if (usage->left_recipients > 0)
		json_print(left_object(usage), output);
	if (usage->count == 0)
		return;
	make(&suggestion, usage, config);
	object = json_object();
	json_set(object, "kind", json_text("suggestion"));
	json_set(object, "logins", json_integer((json_int_t)usage->count));
	json_set(object, "others", json_integer((json_int_t)usage->others));
	json_set(object, "median", pair(suggestion.median));
	json_set(object, "p99", pair(suggestion.high));
	json_set(object, "largest", pair(suggestion.most));
	json_set(object, "rate", json_text(suggestion.name));
	limits = json_array();
	for (i = 0; i < PAST_SPANS; i++) {
		char *text = xasprintf("%" PRIu64 "/%s", suggestion.limit[i],
				       span_names[i]);

		json_append(limits, json_text(text));
		free(text);
	}
	json_set(object, "limit", limits);
	places = json_array();
	lists(config, &suggestion,
	      &(struct advice_lines){ json_append_line, places });
	json_set(object, "places", places);
	json_print(object, output);
}
