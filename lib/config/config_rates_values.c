/* SPDX-License-Identifier: ISC */
/* config_rates_values - are the values of limit_maps limits of their rate?
 *
 * A bad one would defer all mail of its key, so it is refused like a table that
 * cannot be read. */

#include "lib/config/config_rates.h"

#define SHOWN_MAX 3 /* of one table */

/* A table that is checked. */
struct check {
	const struct rate *rate;
	const struct table *table;
	struct config_notes *notes;
	int line;
	bool lenient;
	unsigned bad;
};

/* check_value - one key and its value */
static void check_value(void *context, const char *key, const char *value)
{
	struct check *check = context;
	struct error error = { "" };
	char shown[CONFIG_SHOWN];

	if (rate_value_check(check->rate, check->table, value, &error) == 0 ||
	    ++check->bad > SHOWN_MAX)
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
void config_rates_values(const struct rate *rate, struct config_notes *notes,
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
	}
}
