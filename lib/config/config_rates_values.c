/* SPDX-License-Identifier: ISC */
/* config_rates_values - are the values of limit_maps limits of their rate?
 *
 * A bad one would defer all mail of its key, so it is refused like a table that
 * cannot be read. With client_networks, they also say how many networks of a
 * key there must be room for. */

#include "lib/config/config_internal.h"

#define SHOWN_MAX 3 /* of one table */

/* A table that is checked. */
struct check {
	struct rate *rate;
	const struct table *table;
	struct config_notes *notes;
	int line;
	bool lenient;
	unsigned bad;
};

/* need_networks - a key may have that many */
static void need_networks(struct rate *rate, uint64_t number)
{
	if (rate->count != RATE_CLIENT_NETWORKS || number == RATE_UNLIMITED)
		return;
	if (number > rate->networks)
		rate->networks = (unsigned)number;
}

/* check_value - one key and its value */
static void check_value(void *context, const char *key, const char *value)
{
	struct check *check = context;
	struct error error = { "" };
	struct rate_limits limits;
	char shown[CONFIG_SHOWN];

	if (rate_value_check(check->rate, check->table, value, &limits,
			     &error) == 0) {
		for (unsigned i = 0; i < limits.count; i++)
			need_networks(check->rate, limits.limit[i].number);
		return;
	}
	if (++check->bad > SHOWN_MAX)
		return;
	if (*key != '\0')
		config_show(shown, key);
	if (check->lenient)
		config_warning(
			check->notes, check->line, "limit_maps: %s: %s%s%s",
			table_name(check->table), *key != '\0' ? shown : "",
			*key != '\0' ? ": " : "", error.text);
	else
		config_error(check->notes, check->line,
			     "limit_maps: %s: %s%s%s", table_name(check->table),
			     *key != '\0' ? shown : "",
			     *key != '\0' ? ": " : "", error.text);
}

/* config_rates_values - all of a rate */
void config_rates_values(struct rate *rate, struct config_notes *notes,
			 int line, bool lenient)
{
	for (size_t i = 0; i < rate->limit_maps.count; i++) {
		struct check check = {
			.rate = rate,
			.table = rate->limit_maps.tables[i],
			.notes = notes,
			.line = line,
			.lenient = lenient,
		};

		table_each(check.table, check_value, &check);
		/* Its values may depend on what it matched. */
		if (table_is_pattern(check.table))
			need_networks(rate, RATE_NETWORKS_MAX);
	}
}
