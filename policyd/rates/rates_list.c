/* SPDX-License-Identifier: ISC */
/* rates_list - keys and what is counted for them, as a table or as JSON */

#include <inttypes.h>
#include <string.h>

#include "lib/base/printable.h"
#include "lib/decision/charges.h"
#include "policyd/query/json.h"
#include "policyd/rates/rates_internal.h"

#define WIDTH_MAX 48 /* of a column; a longer key moves the rest */

/* The widths of two columns. */
struct widths {
	int rate, key;
};

/* wider - the greater one, if it is not too wide */
static int wider(int width, size_t length)
{
	return length > (size_t)width && length <= WIDTH_MAX ? (int)length
							     : width;
}

/* is_shown - is a window at least that full? */
static bool is_shown(const struct rates_row *row, unsigned window,
		     unsigned least)
{
	uint64_t limit = rates_row_limit(row, window);

	return least < 100 ||
	       (limit != RATE_UNLIMITED && row->used[window] >= limit);
}

/* number - of what the rate counts */
static const char *number(const struct rates_row *row, uint64_t value,
			  char text[RATE_TEXT_SIZE])
{
	return rate_number_text(value, rate_unit_of(row->rate), text);
}

/* put_window - one line */
static void put_window(const struct rates_row *row, unsigned window,
		       const struct widths *widths, FILE *output)
{
	struct rate_limit limit = { rates_row_limit(row, window),
				    row->length_s[window] };
	char used[RATE_TEXT_SIZE], text[RATE_TEXT_SIZE], left[RATE_TEXT_SIZE];
	char duration[CHARGE_TEXT_MAX];

	fprintf(output, "%-*s  %-*s  %8s  %-14s", widths->rate, row->rate->name,
		widths->key, row->key, number(row, row->used[window], used),
		rate_limit_text(&limit, rate_unit_of(row->rate), text));
	if (limit.number == RATE_UNLIMITED)
		strcpy(left, "-");
	else
		number(row,
		       row->used[window] < limit.number
			       ? limit.number - row->used[window]
			       : 0,
		       left);
	fprintf(output, "  %8s  %s\n", left,
		row->used[window] > 0
			? charge_duration(row->free_s[window], duration)
			: "-");
}

/* put_block - a line about a block */
static void put_block(const struct rates_row *row, const struct widths *widths,
		      FILE *output)
{
	char duration[CHARGE_TEXT_MAX];

	if (row->blocked_s == 0)
		return;
	fprintf(output, "%-*s  %-*s  blocked %s%s\n", widths->rate,
		row->rate->name, widths->key, row->key,
		row->blocked_s == UINT64_MAX ? "until --unblock" : "for ",
		row->blocked_s == UINT64_MAX
			? ""
			: charge_duration(row->blocked_s, duration));
}

/* put_places - the networks, the latest first */
static void put_places(const struct rates_row *row, FILE *output)
{
	char duration[CHARGE_TEXT_MAX];

	for (unsigned i = 0; i < row->place_count; i++)
		fprintf(output, "    %-24s  last seen %s ago\n",
			row->places[i].name[0] != '\0' ? row->places[i].name
						       : "(another key's)",
			charge_duration(row->places[i].idle_s, duration));
}

/* rates_print - as a table */
void rates_print(const struct rates_rows *rows, bool all, unsigned least,
		 FILE *output)
{
	struct widths widths = { 4, 3 };
	struct printable printable;

	if (rows->count == 0)
		return;
	for (size_t i = 0; i < rows->count; i++) {
		widths.rate =
			wider(widths.rate, strlen(rows->rows[i].rate->name));
		widths.key = wider(widths.key, strlen(rows->rows[i].key));
	}
	printable_open(&printable);
	fprintf(printable.stream, "%-*s  %-*s  %8s  %-14s  %8s  %s\n",
		widths.rate, "RATE", widths.key, "KEY", "USED", "LIMIT", "LEFT",
		"ALL FREE IN");
	for (size_t i = 0; i < rows->count; i++) {
		const struct rates_row *row = &rows->rows[i];

		for (unsigned k = 0; k < row->windows; k++)
			if (is_shown(row, k, least))
				put_window(row, k, &widths, printable.stream);
		put_block(row, &widths, printable.stream);
		if (all)
			put_places(row, printable.stream);
	}
	printable_close(&printable, output);
}

/* seconds - a number, or null for UINT64_MAX */
static json_t *seconds(uint64_t value)
{
	return value == UINT64_MAX ? json_null()
				   : json_integer((json_int_t)value);
}

/* window_object - one window */
static json_t *window_object(const struct rates_row *row, unsigned window)
{
	json_t *object = json_object();

	json_set(object, "seconds", json_integer(row->length_s[window]));
	json_set(object, "used", json_integer((json_int_t)row->used[window]));
	json_set(object, "limit", seconds(rates_row_limit(row, window)));
	json_set(object, "free_seconds", seconds(row->free_s[window]));
	return object;
}

/* row_object - one key */
static json_t *row_object(const struct rates_row *row)
{
	json_t *object = json_object();
	json_t *windows = json_array();
	json_t *places = json_array();

	for (unsigned i = 0; i < row->windows; i++)
		json_append(windows, window_object(row, i));
	for (unsigned i = 0; i < row->place_count; i++) {
		json_t *place = json_object();

		json_set(place, "name", json_text(row->places[i].name));
		json_set(place, "idle_seconds", seconds(row->places[i].idle_s));
		json_append(places, place);
	}
	json_set(object, "rate", json_text(row->rate->name));
	json_set(object, "key", json_text(row->key));
	json_set(object, "percent", json_integer(row->fullness));
	json_set(object, "blocked", json_boolean(row->blocked_s > 0));
	json_set(object, "blocked_seconds",
		 row->blocked_s == 0 ? json_integer(0)
				     : seconds(row->blocked_s));
	json_set(object, "idle_seconds", seconds(row->idle_s));
	json_set(object, "windows", windows);
	json_set(object, "networks", places);
	return object;
}

/* rates_print_json - each key as one object */
void rates_print_json(const struct rates_rows *rows, FILE *output)
{
	json_start();
	for (size_t i = 0; i < rows->count; i++)
		json_print(row_object(&rows->rows[i]), output);
}
