/* SPDX-License-Identifier: ISC */
/* status_limits - the fullest keys of each rate, with bars
 *
 * For people; the metrics of rates have no keys, see status_rates.c. */

#include <stdlib.h>
#include <string.h>

#include "lib/decision/charges.h"
#include "lib/rate/rate_table.h"
#include "policyd/status/html.h"
#include "policyd/status/status_internal.h"

#define SHOWN	    8	   /* keys of a rate */
#define SCANNED_MAX 100000 /* keys, so that nobody waits for it */
#define KEY_SIZE    128
#define FULL	    1000 /* what a limit that is used up has */

/* A key, and its fullest window. */
struct fullest {
	char key[KEY_SIZE];
	struct rate_limit limit;
	uint64_t used, free_s;
	uint64_t blocked_s;
	unsigned fullness; /* of FULL; a blocked key has more */
};

/* The fullest keys of a rate, in their order. */
struct ranking {
	const struct rate *rate;
	struct fullest keys[SHOWN];
	unsigned count;
};

/* fullness - of a window */
static unsigned fullness(uint64_t used, uint64_t number)
{
	if (number == RATE_UNLIMITED)
		return 0;
	if (used >= number)
		return FULL;
	return (unsigned)((double)used / (double)number * FULL);
}

/* number_of - the limit of a length */
static uint64_t number_of(const struct rate_limits *limits, uint32_t length_s)
{
	for (unsigned i = 0; i < limits->count; i++)
		if (limits->limit[i].length_s == length_s)
			return limits->limit[i].number;
	return RATE_UNLIMITED;
}

/* fill - the fullest window of a key */
static void fill(struct fullest *key, const struct rate *rate,
		 const struct rate_row *row)
{
	struct rate_limits limits;
	struct table_trouble trouble;

	*key = (struct fullest){ .blocked_s = row->blocked_s };
	snprintf(key->key, sizeof(key->key), "%s%s", row->key,
		 row->cut ? "..." : "");
	if (rate_key_limits(rate, row->key, &limits, &trouble) < 0)
		limits = rate->limits;
	for (unsigned i = 0; i < row->windows; i++) {
		uint64_t number = number_of(&limits, row->length_s[i]);
		unsigned full = fullness(row->used[i], number);

		if (i > 0 && full <= key->fullness)
			continue;
		key->limit = (struct rate_limit){ number, row->length_s[i] };
		key->used = row->used[i];
		key->free_s = row->free_s[i];
		key->fullness = full;
	}
	if (key->blocked_s > 0)
		key->fullness = FULL + 1;
}

/* is_fuller - does one come before the other? */
static bool is_fuller(const struct fullest *one, const struct fullest *other)
{
	if (one->fullness != other->fullness)
		return one->fullness > other->fullness;
	return one->used > other->used;
}

/* rank - a key takes its place, if it has one */
static int rank(void *context, const struct rate_row *row)
{
	struct ranking *ranking = context;
	struct fullest key;
	unsigned at = ranking->count;

	fill(&key, ranking->rate, row);
	while (at > 0 && is_fuller(&key, &ranking->keys[at - 1]))
		at--;
	if (at == SHOWN)
		return 0;
	if (ranking->count < SHOWN)
		ranking->count++;
	memmove(&ranking->keys[at + 1], &ranking->keys[at],
		(ranking->count - at - 1) * sizeof(key));
	ranking->keys[at] = key;
	return 0;
}

/* put_state - what is left of it, or that it is blocked */
static void put_state(const struct fullest *key, enum rate_unit unit,
		      FILE *output)
{
	struct rate_limit left = { 0, key->limit.length_s };
	char text[RATE_TEXT_SIZE], duration[CHARGE_TEXT_MAX];

	if (key->blocked_s == UINT64_MAX) {
		fputs("blocked", output);
		return;
	}
	if (key->blocked_s > 0) {
		fprintf(output, "blocked for %s",
			charge_duration(key->blocked_s, duration));
		return;
	}
	if (key->limit.number != RATE_UNLIMITED) {
		if (key->used < key->limit.number)
			left.number = key->limit.number - key->used;
		rate_limit_text(&left, unit, text);
		text[strcspn(text, "/")] = '\0';
		fprintf(output, "%s left, ", text);
	}
	fprintf(output, "all free in %s",
		charge_duration(key->free_s, duration));
}

/* put_key - its numbers, and its bar */
static void put_key(const struct fullest *key, const struct rate *rate,
		    FILE *output)
{
	enum rate_unit unit = rate_unit_of(rate);
	struct rate_limit used = { key->used, key->limit.length_s };
	char text[RATE_TEXT_SIZE];
	unsigned full = key->fullness < FULL ? key->fullness : FULL;

	rate_limit_text(&used, unit, text);
	text[strcspn(text, "/")] = '\0';
	fputs("<li><span>", output);
	html_put(output, *key->key != '\0' ? key->key : "(all)");
	fprintf(output, "</span><b>%s of ", text);
	fprintf(output, "%s</b><span class=\"quiet\">",
		rate_limit_text(&key->limit, unit, text));
	put_state(key, unit, output);
	fprintf(output,
		"</span><svg viewBox=\"0 0 1000 10\" "
		"preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"%u %% used\"><rect class=\"%s\" x=\"0\" y=\"0\" "
		"width=\"%u\" height=\"10\"/></svg></li>\n",
		full / 10,
		full == FULL				    ? "r"
		: rate->near > 0 && full >= rate->near * 10 ? "d"
							    : "p",
		full);
}

/* put_rate - the keys of one */
static void put_rate(const struct rate *rate, struct rate_table *table,
		     FILE *output)
{
	struct ranking ranking = { .rate = rate };
	uint64_t keys = rate_table_stats(table).keys;

	fprintf(output, "<div><h3>%s: ", rate->name);
	status_number(output, keys);
	fprintf(output, " %s</h3><ul class=\"names\">\n",
		keys == 1 ? "key" : "keys");
	if (keys > SCANNED_MAX)
		fprintf(output, "<li><code>policyd -r %s</code></li>\n",
			rate->name);
	else
		rate_table_each(table, rate_now_us(), rank, &ranking);
	for (unsigned i = 0; i < ranking.count; i++)
		put_key(&ranking.keys[i], rate, output);
	fputs("</ul></div>\n", output);
}

/* status_limits - all rates */
void status_limits(const struct status_view *view, FILE *output)
{
	const struct rate_list *list = &view->config->rates;

	if (view->tables == NULL)
		return;
	fputs("<section class=\"card\" id=\"limits\"><h2>Sending limits</h2>\n"
	      "<p class=\"quiet\">the keys that are nearest to a limit</p>"
	      "<div class=\"periods\">\n",
	      output);
	for (size_t i = 0; i < list->count; i++)
		put_rate(&list->rates[i], view->tables[i], output);
	fputs("</div></section>\n", output);
}
