/* SPDX-License-Identifier: ISC */
/* rates_counts - the counts of this host, or of several hosts */

#include <stdlib.h>
#include <string.h>

#include "lib/store/store_admin.h"
#include "lib/tls/tls_client.h"
#include "policyd/rates/rate_tables.h"
#include "policyd/rates/rates_internal.h"
#include "policyd/rates/store_connect.h"

#define PATIENCE_S 5 /* with the store */

/* open_store - connect to it */
static int open_store(struct rates_counts *counts,
		      const struct config_store *store, struct error *why)
{
	struct store_options options = { .prefix = store->prefix,
					 .username = store->login.username,
					 .timeout_ms = PATIENCE_S * 1000 };
	char *password = NULL;
	int fd = -1;

	if (store->tls != NULL)
		options.server_name = store->tls->server_name;
	if (config_store_password(store, &password, why) == 0 &&
	    config_store_tls(store, &counts->tls, why) == 0)
		fd = store_connect(store, PATIENCE_S, why);
	options.password = password;
	options.tls = counts->tls;
	if (fd >= 0)
		counts->store = store_admin_open(fd, &options, why);
	config_password_forget(password);
	return counts->store != NULL ? 0 : -1;
}

/* rates_counts_open - the files, and the store if there is one */
int rates_counts_open(struct rates_counts *counts, const struct config *config,
		      struct error *why, struct error *error)
{
	memset(counts, 0, sizeof(*counts));
	counts->config = config;
	counts->tables = rate_tables_find(config, error);
	if (counts->tables == NULL)
		return -1;
	why->text[0] = '\0';
	if (config->store_count == 0)
		return 0;
	counts->rates = rate_tables_store(config);
	if (open_store(counts, config->stores, why) < 0)
		error_prefix(why, "the store cannot be asked: ");
	return 0;
}

/* rates_counts_close - close all */
void rates_counts_close(struct rates_counts *counts)
{
	store_admin_close(counts->store);
	tls_client_free(counts->tls);
	rate_tables_close(counts->tables, counts->config);
	free(counts->rates);
}

/* each_here - the keys in the file of this host */
static void each_here(struct rate_table *table, const char *key,
		      rate_handler *handler, void *context)
{
	if (table != NULL && key == NULL)
		rate_table_each(table, rate_now_us(), handler, context);
	else if (table != NULL)
		rate_table_key(table, key, rate_now_us(), handler, context);
}

/* rates_counts_each - the keys of a rate, or one of them */
int rates_counts_each(const struct rates_counts *counts,
		      const struct rate *rate, const char *key,
		      rate_handler *handler, void *context, struct error *error)
{
	const struct store_rate *stored;
	int result;

	if (counts->store == NULL) {
		each_here(counts->tables[rate->index], key, handler, context);
		return 0;
	}
	stored = &counts->rates[rate->index];
	if (key == NULL)
		return store_admin_each(counts->store, stored, handler, context,
					&result, error);
	return store_admin_key(counts->store, stored, key, handler, context,
			       error) < 0
		       ? -1
		       : 0;
}

/* both - do the same to a key in the store, if there is one, and here */
static int both(const struct rates_counts *counts, const struct rate *rate,
		const char *key,
		int there(struct store_admin *, const struct store_rate *,
			  const char *, struct error *),
		int here(struct rate_table *, const char *, uint64_t),
		struct error *error)
{
	struct rate_table *table = counts->tables[rate->index];
	int stored = 0, local = 0;

	if (counts->store != NULL)
		stored = there(counts->store, &counts->rates[rate->index], key,
			       error);
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

	if (counts->store != NULL &&
	    store_admin_block(counts->store, &counts->rates[rate->index], key,
			      seconds, error) < 0)
		return -1;
	if (table == NULL)
		return 0;
	return rate_table_block(table, key, seconds, rate_now_us(), error);
}
