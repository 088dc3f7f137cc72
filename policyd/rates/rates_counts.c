/* SPDX-License-Identifier: ISC */
/* rates_counts - the counts of this host, or of several hosts */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/store/store_admin.h"
#include "lib/tls/tls_client.h"
#include "policyd/rates/rate_tables.h"
#include "policyd/rates/rates_internal.h"
#include "policyd/rates/store_connect.h"

#define PATIENCE_S 5 /* with the store */

/* open_store - connect to it */
static int open_store(struct rates_store *store,
		      const struct config_store *config)
{
	struct store_options options = { .prefix = config->prefix,
					 .username = config->login.username,
					 .timeout_ms = PATIENCE_S * 1000 };
	struct error *why = &store->why;
	char *password = NULL;
	int fd = -1;

	if (config->tls != NULL)
		options.server_name = config->tls->server_name;
	if (config_store_password(config, &password, why) == 0 &&
	    config_store_tls(config, &store->tls, why) == 0)
		fd = store_connect(config, PATIENCE_S, why);
	options.password = password;
	options.tls = store->tls;
	if (fd >= 0)
		store->admin = store_admin_open(fd, &options, why);
	config_password_forget(password);
	return store->admin != NULL ? 0 : -1;
}

/* explain - which store cannot be asked, and what is done instead */
static void explain(const struct config *config, size_t i, struct error *why)
{
	if (config->store_count == 1)
		error_prefix(why, "the store cannot be asked: ");
	else
		error_prefix(why, "store %s cannot be asked: ",
			     config->stores[i].address.address);
}

/* rates_counts_open - the files, and the stores if there are any */
int rates_counts_open(struct rates_counts *counts, const struct config *config,
		      struct error *error)
{
	memset(counts, 0, sizeof(*counts));
	counts->config = config;
	counts->tables = rate_tables_find(config, error);
	if (counts->tables == NULL)
		return -1;
	counts->rates = rate_tables_store(config);
	counts->stores = xcalloc(config->store_count, sizeof(*counts->stores));
	for (size_t i = 0; i < config->store_count; i++) {
		store_map_add(&counts->map, config->stores[i].name);
		if (open_store(&counts->stores[i], &config->stores[i]) < 0)
			explain(config, i, &counts->stores[i].why);
	}
	return 0;
}

/* rates_counts_close - close all */
void rates_counts_close(struct rates_counts *counts)
{
	for (size_t i = 0; i < counts->map.count; i++) {
		store_admin_close(counts->stores[i].admin);
		tls_client_free(counts->stores[i].tls);
	}
	free(counts->stores);
	rate_tables_close(counts->tables, counts->config);
	free(counts->rates);
}

/* rates_counts_away - see above */
size_t rates_counts_away(const struct rates_counts *counts, const char *key,
			 void said(const char *why))
{
	size_t away = 0;

	for (size_t i = 0; i < counts->map.count; i++) {
		if (counts->stores[i].admin != NULL ||
		    (key != NULL && store_map_find(&counts->map, key) != i))
			continue;
		said(counts->stores[i].why.text);
		away++;
	}
	return away;
}

/* The keys that a store has; it may have others, from a time when there were
 * other stores. */
struct filter {
	const struct rates_counts *counts;
	size_t store;
	rate_handler *handler;
	void *context;
};

/* pass_on - a row, if its key belongs there. The key of one that is cut is not
 * known. */
static int pass_on(void *context, const struct rate_row *row)
{
	const struct filter *filter = context;

	if (!row->cut && filter->counts->map.count > 0 &&
	    store_map_find(&filter->counts->map, row->key) != filter->store)
		return 0;
	return filter->handler(filter->context, row);
}

/* each_here - the keys in the file of this host */
static void each_here(struct rate_table *table, const char *key,
		      struct filter *filter)
{
	if (table != NULL && key == NULL)
		rate_table_each(table, rate_now_us(), pass_on, filter);
	else if (table != NULL)
		rate_table_key(table, key, rate_now_us(), pass_on, filter);
}

/* each_of - the keys of one store, or what this host knows of them */
static int each_of(struct filter *filter, const struct rate *rate,
		   const char *key, struct error *error)
{
	const struct rates_counts *counts = filter->counts;
	const struct store_rate *stored = &counts->rates[rate->index];
	struct store_admin *admin = NULL;
	int result;

	if (counts->map.count > 0)
		admin = counts->stores[filter->store].admin;
	if (admin == NULL)
		each_here(counts->tables[rate->index], key, filter);
	else if (key == NULL)
		return store_admin_each(admin, stored, pass_on, filter, &result,
					error);
	else if (store_admin_key(admin, stored, key, pass_on, filter, error) <
		 0)
		return -1;
	return 0;
}

/* rates_counts_each - the keys of a rate, or one of them */
int rates_counts_each(const struct rates_counts *counts,
		      const struct rate *rate, const char *key,
		      rate_handler *handler, void *context, struct error *error)
{
	struct filter filter = { counts, 0, handler, context };

	if (key != NULL)
		filter.store = store_map_find(&counts->map, key);
	do {
		if (each_of(&filter, rate, key, error) < 0)
			return -1;
	} while (key == NULL && ++filter.store < counts->map.count);
	return 0;
}

/* store_of - where a key is counted; NULL: on this host */
static struct store_admin *store_of(const struct rates_counts *counts,
				    const char *key)
{
	return counts->map.count > 0
		       ? counts->stores[store_map_find(&counts->map, key)].admin
		       : NULL;
}

/* both - do the same to a key in its store, if there is one, and here */
static int both(const struct rates_counts *counts, const struct rate *rate,
		const char *key,
		int there(struct store_admin *, const struct store_rate *,
			  const char *, struct error *),
		int here(struct rate_table *, const char *, uint64_t),
		struct error *error)
{
	struct rate_table *table = counts->tables[rate->index];
	struct store_admin *store = store_of(counts, key);
	int stored = 0, local = 0;

	if (store != NULL)
		stored = there(store, &counts->rates[rate->index], key, error);
	if (stored >= 0 && table != NULL)
		local = here(table, key, rate_now_us());
	return stored < 0 ? -1 : stored | local;
}

/* rates_counts_reset - forget what was counted for a key */
int rates_counts_reset(const struct rates_counts *counts,
		       const struct rate *rate, const char *key,
		       struct error *error)
{
	return both(counts, rate, key, store_admin_reset, rate_table_reset,
		    error);
}

/* rates_counts_unblock - the end of a block */
int rates_counts_unblock(const struct rates_counts *counts,
			 const struct rate *rate, const char *key,
			 struct error *error)
{
	return both(counts, rate, key, store_admin_unblock, rate_table_unblock,
		    error);
}

/* rates_counts_block - a key, for a time or for good */
int rates_counts_block(const struct rates_counts *counts,
		       const struct rate *rate, const char *key,
		       uint64_t seconds, struct error *error)
{
	struct rate_table *table = counts->tables[rate->index];
	struct store_admin *store = store_of(counts, key);

	if (store != NULL &&
	    store_admin_block(store, &counts->rates[rate->index], key, seconds,
			      error) < 0)
		return -1;
	if (table == NULL)
		return 0;
	return rate_table_block(table, key, seconds, rate_now_us(), error);
}
