/* SPDX-License-Identifier: ISC */
/* rate_tables - the files with the counts of all rates */

#include "policyd/rates/rate_tables.h"

#include <stdlib.h>

#include "lib/base/xalloc.h"
#include "lib/store/store.h"

/* rate_tables_path - the file of a rate */
char *rate_tables_path(const struct config *config, const struct rate *rate)
{
	return xasprintf("%s/rate.%s", config->rate_directory, rate->name);
}

/* tell_found - say how a file was found, unless it was as it was left */
static void tell_found(const struct rate_table *table, const char *path,
		       void (*note)(void *context, const char *line),
		       void *context)
{
	static const char *const texts[] = {
		[RATE_FOUND_OTHER] = "its windows or keys have changed; counts "
				     "of windows that stay were kept",
		[RATE_FOUND_WAITING] = "its windows or keys have changed; "
				       "they take effect after the reload",
		[RATE_FOUND_DAMAGED] = "it was damaged, and is kept under this "
				       "name with .damaged; counting begins "
				       "anew",
	};
	enum rate_found found = rate_table_found(table);
	char *line;

	if (found == RATE_FOUND_NONE || found == RATE_FOUND_GOOD)
		return;
	line = xasprintf("%s: %s", path, texts[found]);
	note(context, line);
	free(line);
}

/* open_one - the table of one rate */
static struct rate_table *
open_one(const struct config *config, const struct rate *rate,
	 const struct rate_clock *clock,
	 void (*note)(void *context, const char *line), void *context,
	 struct error *error)
{
	struct rate_shape shape = rate_shape_needed(rate);
	char *path = rate_tables_path(config, rate);
	struct rate_table *table =
		rate_table_open(path, &shape, config->uid, clock, error);

	if (table != NULL)
		tell_found(table, path, note, context);
	free(path);
	return table;
}

/* rate_tables_open - open or create all */
struct rate_table **rate_tables_open(const struct config *config,
				     void (*note)(void *context,
						  const char *line),
				     void *context, struct error *error)
{
	struct rate_clock clock = rate_clock_read();
	struct rate_table **tables;

	error->text[0] = '\0';
	if (config->rates.count == 0)
		return NULL;
	tables = xcalloc(config->rates.count, sizeof(struct rate_table *));
	for (size_t i = 0; i < config->rates.count; i++) {
		tables[i] = open_one(config, &config->rates.rates[i], &clock,
				     note, context, error);
		if (tables[i] == NULL) {
			rate_tables_close(tables, config);
			return NULL;
		}
	}
	return tables;
}

/* rate_tables_find - open those that exist */
struct rate_table **rate_tables_find(const struct config *config,
				     struct error *error)
{
	struct rate_clock clock = rate_clock_read();
	struct rate_table **tables;
	int found = 0;

	error->text[0] = '\0';
	if (config->rates.count == 0)
		return NULL;
	tables = xcalloc(config->rates.count, sizeof(struct rate_table *));
	for (size_t i = 0; i < config->rates.count && found >= 0; i++) {
		char *path = rate_tables_path(config, &config->rates.rates[i]);

		found = rate_table_find(path, config->uid, &clock, &tables[i],
					error);
		if (found != 1)
			tables[i] = NULL;
		free(path);
	}
	if (found >= 0)
		return tables;
	rate_tables_close(tables, config);
	return NULL;
}

/* rate_tables_migrate - other windows or keys take effect */
void rate_tables_migrate(struct rate_table **tables,
			 const struct config *config)
{
	for (size_t i = 0; tables != NULL && i < config->rates.count; i++)
		rate_table_migrate(tables[i], rate_now_us());
}

/* rate_tables_begin - nobody hands over to this process */
void rate_tables_begin(struct rate_table **tables, const struct config *config,
		       void (*note)(void *context, const char *line),
		       void *context)
{
	for (size_t i = 0; tables != NULL && i < config->rates.count; i++) {
		char *path, *line;

		if (rate_table_found(tables[i]) != RATE_FOUND_WAITING)
			continue;
		path = rate_tables_path(config, &config->rates.rates[i]);
		line = xasprintf("%s: another process has it open, and other "
				 "windows or keys take effect now: if that is "
				 "a policyd, it cannot count any more, and "
				 "defers mail",
				 path);
		note(context, line);
		free(line);
		free(path);
	}
	rate_tables_migrate(tables, config);
}

/* rate_tables_close - close all */
void rate_tables_close(struct rate_table **tables, const struct config *config)
{
	if (tables == NULL)
		return;
	for (size_t i = 0; i < config->rates.count; i++)
		rate_table_close(tables[i]);
	free(tables);
}

/* rate_tables_store - what the store has to know of each rate */
struct store_rate *rate_tables_store(const struct config *config)
{
	const struct rate_list *list = &config->rates;
	struct store_rate *rates = xcalloc(list->count, sizeof(*rates));

	for (size_t i = 0; i < list->count; i++) {
		const struct rate *rate = &list->rates[i];

		rates[i].name = rate->name;
		rates[i].shape = rate_shape_needed(rate);
	}
	return rates;
}
