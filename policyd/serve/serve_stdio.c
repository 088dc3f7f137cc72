/* SPDX-License-Identifier: ISC */
/* serve_stdio - one connection on standard input and output, as under spawn(8);
 * there is no monitor */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/tls/tls_client.h"
#include "policyd/process/privileges.h"
#include "policyd/rates/rate_tables.h"
#include "policyd/rates/store_connect.h"
#include "policyd/serve/policy.h"
#include "policyd/serve/serve.h"
#include "policyd/serve/settle.h"
#include "policyd/serve/store_thread.h"

/* load_stdio - load the configuration; messages go to standard error */
static struct config *load_stdio(const char *path)
{
	struct config_messages messages = { 0 };
	struct config_load_options lenient = { .lenient = true,
					       .unserved = true };
	struct config *config = config_load_with(path, &lenient, &messages);

	if (config == NULL || config->failed_tables > 0)
		config_messages_print(&messages, stderr);
	config_messages_clear(&messages);
	return config;
}

/* judge - the exit status: a reply that was lost must not look like success. If
 * the client did not wait for the reply (EPIPE), it knows. */
static int judge(const struct server *server)
{
	int reason = server_write_error(server);

	if (reason != 0 && reason != EPIPE)
		log_error("the reply could not be written: %s",
			  strerror(reason));
	return reason != 0 ? EX_IOERR : EX_OK;
}

/* nobody - without a monitor there is nothing to reconnect to the log daemon */
static bool nobody(void *context)
{
	(void)context;
	return false;
}

/* note_table - a line about the counts of a rate */
static void note_table(void *context, const char *line)
{
	(void)context;
	log_warning("%s", line);
}

/* The stores, if there are any. */
struct stdio_stores {
	struct store_threads all;
	struct store_state states[STORES_MAX];
	struct config_store with[STORES_MAX];	 /* their sections */
	struct config_store_tls tls[STORES_MAX]; /* only the clients are ours */
	int fds[STORES_MAX];
	struct store_thread *thread;
	struct store_rate *rates;
};

/* read_secrets - of a copy of a section, what is not read in a process that
 * does not serve */
static int read_secrets(struct config_store *with, struct config_store_tls *tls,
			struct error *error)
{
	with->login.password = NULL;
	if (config_store_password(with, &with->login.password, error) < 0 ||
	    config_store_tls(with, &tls->client, error) < 0)
		return -1;
	if (with->tls == NULL)
		return 0;
	tls->server_name = with->tls->server_name;
	with->tls = tls;
	return 0;
}

/* read_all - the secrets of each store */
static int read_all(struct stdio_stores *stores, const struct config *config,
		    struct error *error)
{
	for (size_t i = 0; i < config->store_count; i++) {
		stores->with[i] = config->stores[i];
		if (read_secrets(&stores->with[i], &stores->tls[i], error) < 0)
			return -1;
	}
	return 0;
}

/* connect_all - now, and only once: this process may not do so later */
static int connect_all(struct stdio_stores *stores, const struct config *config,
		       struct server *server, struct error *error)
{
	struct error why;

	for (size_t i = 0; i < config->store_count; i++)
		stores->fds[i] = store_connect(&config->stores[i], 1, &why);
	stores->all = (struct store_threads){
		.stores = stores->with,
		.count = config->store_count,
		.states = stores->states,
		.channel = -1,
		.fds = stores->fds,
	};
	stores->rates = rate_tables_store(config);
	stores->thread = store_thread_new(&stores->all, server, 0, error);
	return stores->thread != NULL ? 0 : -1;
}

/* open_stores - where several hosts count together */
static int open_stores(struct stdio_stores *stores, const struct config *config,
		       struct policy *policy, struct server *server,
		       struct error *error)
{
	int result;

	if (config->store_count == 0 || config->rates.count == 0)
		return 0;
	result = read_all(stores, config, error);
	if (result == 0)
		result = connect_all(stores, config, server, error);
	for (size_t i = 0; i < config->store_count; i++)
		config_password_forget(stores->with[i].login.password);
	if (result == 0)
		policy_store(policy, store_thread_get(stores->thread),
			     stores->rates);
	return result;
}

/* close_stores - those that were opened */
static void close_stores(struct stdio_stores *stores)
{
	store_thread_free(stores->thread);
	for (size_t i = 0; i < STORES_MAX; i++)
		tls_client_free(stores->tls[i].client);
	free(stores->rates);
}

/* run_stdio - log, event loop, give up root, one connection. An exit status, or
 * -1 */
static int run_stdio(const struct config *config, struct policy *policy,
		     struct error *error)
{
	struct server_handler handler = policy_handler(policy);
	struct stdio_stores stores = { 0 };
	struct privileges privileges;
	struct server *server;
	int result = -1;

	if (privileges_find(&privileges, config->user, config->group, error) <
		    0 ||
	    log_open_for(config->log, config->uid, error) < 0)
		return -1;
	log_ask_for_socket(nobody, NULL);
	server = server_new(&config->limits, &handler, error);
	if (server == NULL)
		return -1;
	/* The loop of a pair is another one: the stores come after it. */
	if (server_serve_pair(server, STDIN_FILENO, STDOUT_FILENO, error) ==
		    0 &&
	    open_stores(&stores, config, policy, server, error) == 0 &&
	    privileges_drop(&privileges, NULL, error) == 0)
		result = server_run(server, error) < 0 ? -1 : judge(server);
	close_stores(&stores);
	server_free(server);
	return result;
}

/* serve_stdio - one connection on standard input and output */
int serve_stdio(const struct options *options)
{
	struct config *config = load_stdio(options->config);
	struct settle_seen seen = { 0 };
	struct rate_table **tables;
	struct policy *policy;
	struct error error;
	int result;

	if (config == NULL)
		return EX_CONFIG;
	policy = policy_new(config);
	tables = rate_tables_open(config, note_table, NULL, &error);
	rate_tables_begin(tables, config, note_table, NULL);
	policy_rates(policy, tables, &seen);
	result = tables != NULL || config->rates.count == 0
			 ? run_stdio(config, policy, &error)
			 : -1;
	if (result < 0)
		log_error("%s", error.text);
	policy_free(policy);
	rate_tables_close(tables, config);
	config_free(config);
	return result < 0 ? EX_TEMPFAIL : result;
}
