/* SPDX-License-Identifier: ISC */
/* store_rows - list the keys of the store, for the command line
 *
 * SCAN finds the keys of a rate, and the script reads each of them. */

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/store/store_admin_internal.h"

#define KEY_SHOWN 96

/* seconds_of - -1: without an end */
static uint64_t seconds_of(const struct store_value *value)
{
	return value->number < 0 ? UINT64_MAX : (uint64_t)value->number;
}

/* fill_windows - the numbers of a row; the count of values they take; -1 */
static int fill_windows(const struct store_values *values,
			const struct store_rate *rate, struct rate_row *row)
{
	size_t count = 3 + 2 * (size_t)rate->shape.windows;

	if (values->count < count)
		return -1;
	for (size_t i = 1; i < count; i++)
		if (values->value[i].kind != REDIS_REPLY_INTEGER)
			return -1;
	row->blocked_s = seconds_of(&values->value[1]);
	row->idle_s = seconds_of(&values->value[2]);
	row->windows = rate->shape.windows;
	for (unsigned i = 0; i < row->windows; i++) {
		row->length_s[i] = rate->shape.length_s[i];
		row->used[i] = seconds_of(&values->value[3 + 2 * i]);
		row->free_s[i] = seconds_of(&values->value[4 + 2 * i]);
	}
	return (int)count;
}

/* fill_places - the networks, from the value with that number on */
static int fill_places(const struct store_values *values, size_t from,
		       struct rate_place places[RATE_NETWORKS_MAX],
		       struct rate_row *row)
{
	row->places = places;
	row->place_count = 0;
	for (size_t i = from; i < values->count; i += 2) {
		struct rate_place *place = &places[row->place_count];

		if (row->place_count == RATE_NETWORKS_MAX ||
		    i + 1 >= values->count ||
		    values->value[i].kind != REDIS_REPLY_STRING ||
		    values->value[i + 1].kind != REDIS_REPLY_INTEGER)
			return -1;
		snprintf(place->name, sizeof(place->name), "%s",
			 values->value[i].text);
		place->idle_s = seconds_of(&values->value[i + 1]);
		row->place_count++;
	}
	return 0;
}

/* Whom the rows are for. */
struct listing {
	const struct store_admin *admin;
	const struct store_rate *rate;
	rate_handler *handler;
	void *context;
	int result;
};

/* show - one key: 1: handler was called; 0: there is nothing; -1 */
static int show(struct listing *listing, const char *key, size_t length,
		struct error *error)
{
	char lengths[RATE_WINDOWS_MAX][STORE_NUMBER_SIZE];
	const char *numbers[RATE_WINDOWS_MAX];
	struct rate_place places[RATE_NETWORKS_MAX];
	char shown[KEY_SHOWN + 1];
	struct rate_row row = { .key = shown, .cut = length > KEY_SHOWN };
	const struct store_values *values;
	unsigned windows = listing->rate->shape.windows;
	int next;

	snprintf(shown, sizeof(shown), "%.*s", (int)length, key);
	store_admin_lengths(listing->rate, lengths, numbers);
	values = store_admin_ask_key(listing->admin, "row", listing->rate, key,
				     length, numbers, windows, error);
	if (values == NULL)
		return -1;
	if (values->value[0].kind == REDIS_REPLY_ARRAY && values->count == 1)
		return 0;
	next = fill_windows(values, listing->rate, &row);
	if (next < 0 || fill_places(values, (size_t)next, places, &row) < 0)
		return store_admin_odd(error);
	listing->result = listing->handler(listing->context, &row);
	return 1;
}

/* One answer of SCAN; the keys follow each other, each with a NUL. */
struct page {
	char cursor[STORE_NUMBER_SIZE];
	size_t count;
	size_t *lengths;
	char *keys;
};

/* copy_page - 0, or -1: it is none */
static int copy_page(const struct store_values *values, size_t prefix,
		     struct page *page)
{
	size_t used = 0;

	if (values->count < 3 || values->value[0].number != 2 ||
	    values->value[2].kind != REDIS_REPLY_ARRAY)
		return -1;
	snprintf(page->cursor, sizeof(page->cursor), "%s",
		 values->value[1].text);
	page->count = values->count - 3;
	page->lengths = xcalloc(page->count + 1, sizeof(*page->lengths));
	page->keys = xmalloc(values->used + 1);
	for (size_t i = 0; i < page->count; i++) {
		const struct store_value *value = &values->value[3 + i];

		if (value->kind != REDIS_REPLY_STRING || value->length < prefix)
			return -1;
		page->lengths[i] = value->length - prefix;
		memcpy(page->keys + used, value->text + prefix,
		       page->lengths[i] + 1);
		used += page->lengths[i] + 1;
	}
	return 0;
}

/* show_page - 0, or -1 */
static int show_page(struct listing *listing, const struct page *page,
		     struct error *error)
{
	const char *key = page->keys;

	for (size_t i = 0; i < page->count && listing->result == 0; i++) {
		if (show(listing, key, page->lengths[i], error) < 0)
			return -1;
		key += page->lengths[i] + 1;
	}
	return 0;
}

/* each_page - all of them: 0, or -1. (SCAN may name a key twice while the store
 * grows.) */
static int each_page(struct listing *listing, struct error *error)
{
	const struct store_settings *settings = &listing->admin->settings;
	size_t prefix =
		strlen(settings->prefix) + strlen(listing->rate->name) + 1;
	struct page page = { .cursor = "0" };
	int result = 0;

	do {
		const struct store_values *values = store_admin_ask(
			listing->admin,
			store_command_scan(settings, listing->rate,
					   page.cursor),
			error);

		if (values == NULL)
			return -1;
		if (copy_page(values, prefix, &page) < 0)
			result = store_admin_odd(error);
		else
			result = show_page(listing, &page, error);
		free(page.lengths);
		free(page.keys);
		page.lengths = NULL;
		page.keys = NULL;
	} while (result == 0 && listing->result == 0 &&
		 strcmp(page.cursor, "0") != 0);
	return result;
}

/* store_admin_each - all keys of a rate */
int store_admin_each(struct store_admin *admin, const struct store_rate *rate,
		     rate_handler *handler, void *context, int *result,
		     struct error *error)
{
	struct listing listing = { admin, rate, handler, context, 0 };
	int failed = each_page(&listing, error);

	*result = listing.result;
	return failed;
}

/* store_admin_key - one of them */
int store_admin_key(struct store_admin *admin, const struct store_rate *rate,
		    const char *key, rate_handler *handler, void *context,
		    struct error *error)
{
	struct listing listing = { admin, rate, handler, context, 0 };

	return show(&listing, key, strlen(key), error);
}
