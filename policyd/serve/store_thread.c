/* SPDX-License-Identifier: ISC */
/* store_thread - the connections of a thread to the stores
 *
 * When a connection is needed, the thread asks the monitor for one. The answer
 * arrives in the first thread, which passes it on through a pipe. Each store is
 * up or away by itself. */

#include "policyd/serve/store_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/process/channel.h"

#define WHY_MAX 256

_Static_assert(STORES_MAX == CHANNEL_STORES_MAX &&
		       STORES_MAX == CONFIG_STORES_MAX,
	       "the same number everywhere");

/* The answer of the monitor, which the first thread passes on. */
struct news {
	size_t store;
	int fd; /* -1: none */
	char why[WHY_MAX];
};

/* One store. */
struct connection {
	const struct store_thread *thread;
	struct store_state *state;
	struct store *store;
	int fd; /* the only connection, not used yet, or -1 */
	bool away;
};

struct store_thread {
	const struct store_threads *all;
	struct stores *stores;
	unsigned number;
	int pipe[2]; /* -1 in the first thread */
	struct connection each[];
};

/* store_state_is_up - for all threads */
bool store_state_is_up(const struct store_state *state, uint64_t *away_s)
{
	uint64_t since = __atomic_load_n(&state->since_ms, __ATOMIC_RELAXED);

	*away_s = 0;
	if (__atomic_load_n(&state->away, __ATOMIC_RELAXED) == 0)
		return true;
	*away_s = (clock_ms() - since + 999) / 1000;
	return false;
}

/* store_state_questions - of all threads */
struct store_questions store_state_questions(const struct store_state *state)
{
	const struct store_questions *from = &state->questions;

	return (struct store_questions){
		__atomic_load_n(&from->answered, __ATOMIC_RELAXED),
		__atomic_load_n(&from->unanswered, __ATOMIC_RELAXED),
		__atomic_load_n(&from->us, __ATOMIC_RELAXED),
	};
}

/* on_question - a store has answered this thread, or has not */
static void on_question(void *context, size_t store, bool answered, uint64_t us)
{
	const struct store_thread *thread = context;
	struct store_questions *questions =
		&thread->all->states[store].questions;

	if (!answered) {
		__atomic_fetch_add(&questions->unanswered, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_fetch_add(&questions->answered, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&questions->us, us, __ATOMIC_RELAXED);
}

/* log_away - once, for all threads */
static void log_away(struct store_state *state, const char *why)
{
	static const char *const instead[] = {
		[CONFIG_AWAY_LOCAL] = "what this host has counted decides",
		[CONFIG_AWAY_DEFER] = "what a rate counts is deferred",
		[CONFIG_AWAY_PERMIT] = "nothing is limited",
	};

	__atomic_store_n(&state->since_ms, clock_ms(), __ATOMIC_RELAXED);
	log_warning("store %s is away: %s; meanwhile, %s", state->address, why,
		    instead[state->instead]);
}

/* log_back - once, for all threads */
static void log_back(const struct store_state *state)
{
	uint64_t since = __atomic_load_n(&state->since_ms, __ATOMIC_RELAXED);

	log_info("store %s is back after %" PRIu64 " s", state->address,
		 (clock_ms() - since + 999) / 1000);
}

/* on_changed - the store is up or away for this thread */
static void on_changed(void *context, bool up, const char *why)
{
	struct connection *connection = context;
	struct store_state *state = connection->state;

	if (!up && !connection->away) {
		connection->away = true;
		if (__atomic_fetch_add(&state->away, 1, __ATOMIC_RELAXED) == 0)
			log_away(state, why);
	} else if (up && connection->away) {
		connection->away = false;
		if (__atomic_sub_fetch(&state->away, 1, __ATOMIC_RELAXED) == 0)
			log_back(state);
	}
}

/* on_connect - a connection is needed */
static void on_connect(void *context)
{
	struct connection *connection = context;
	const struct store_thread *thread = connection->thread;
	int fd = connection->fd;

	connection->fd = -1;
	if (thread->all->channel >= 0)
		/* Without room for it now, the store asks again. */
		(void)channel_ask(
			thread->all->channel, CHANNEL_CONNECT,
			channel_link((size_t)(connection - thread->each),
				     thread->number));
	else if (fd >= 0)
		store_connected(connection->store, fd);
	else
		store_unreachable(connection->store,
				  "this process may not connect again");
}

/* use - the answer of the monitor */
static void use(struct store_thread *thread, const struct news *news)
{
	struct store *store = thread->each[news->store].store;

	if (news->fd >= 0)
		store_connected(store, news->fd);
	else
		store_unreachable(store, news->why);
}

/* on_pipe - the first thread passes it on */
static void on_pipe(void *context, int fd)
{
	struct store_thread *thread = context;
	struct news news;

	if (read(fd, &news, sizeof(news)) == (ssize_t)sizeof(news))
		use(thread, &news);
}

/* store_thread_give - in the first thread */
void store_thread_give(struct store_thread *thread, size_t store, int fd,
		       const char *why)
{
	struct news news = { .store = store, .fd = fd };

	if (store >= thread->all->count) {
		if (fd >= 0)
			close(fd);
		return;
	}
	snprintf(news.why, sizeof(news.why), "%s", why);
	if (thread->pipe[1] < 0) {
		use(thread, &news);
		return;
	}
	/* Less than PIPE_BUF: all of it or nothing. */
	if (write(thread->pipe[1], &news, sizeof(news)) !=
		    (ssize_t)sizeof(news) &&
	    fd >= 0)
		close(fd);
}

/* open_pipe - for every thread but the first */
static int open_pipe(struct store_thread *thread, struct server *server,
		     struct error *error)
{
	_Static_assert(sizeof(struct news) <= 512, "POSIX's PIPE_BUF");
	if (thread->number == 0)
		return 0;
	if (pipe2(thread->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set(error, "pipe: %s", strerror(errno));
	return server_on_readable(server, thread->pipe[0], on_pipe, thread,
				  error);
}

/* open_store - one of them */
static void open_store(struct store_thread *thread, struct server *server,
		       size_t i)
{
	const struct store_threads *all = thread->all;
	const struct config_store *config = &all->stores[i];
	struct connection *connection = &thread->each[i];
	struct store_options options = { .prefix = config->prefix,
					 .username = config->login.username,
					 .password = config->login.password,
					 .timeout_ms = config->timeout_ms };
	struct store_handler handler = { connection, on_connect, on_changed };

	if (config->tls != NULL) {
		options.tls = config->tls->client;
		options.server_name = config->tls->server_name;
	}
	connection->thread = thread;
	connection->state = &all->states[i];
	connection->state->address = config->address.address;
	connection->state->instead = config->away;
	connection->fd = all->channel < 0 ? all->fds[i] : -1;
	connection->store = store_new(server_base(server), &options, &handler);
}

/* open_stores - all of them */
static void open_stores(struct store_thread *thread, struct server *server)
{
	const struct store_threads *all = thread->all;
	struct store *each[STORES_MAX];
	struct store_map map = { 0 };

	for (size_t i = 0; i < all->count; i++) {
		open_store(thread, server, i);
		store_map_add(&map, all->stores[i].name);
		each[i] = thread->each[i].store;
	}
	thread->stores = stores_new(&map, each);
	stores_watch(thread->stores, on_question, thread);
}

/* store_thread_new - it asks for connections when the loop runs */
struct store_thread *store_thread_new(const struct store_threads *all,
				      struct server *server, unsigned number,
				      struct error *error)
{
	struct store_thread *thread = xcalloc(
		1, sizeof(*thread) + all->count * sizeof(struct connection));

	thread->all = all;
	thread->number = number;
	thread->pipe[0] = thread->pipe[1] = -1;
	for (size_t i = 0; i < all->count; i++)
		thread->each[i].fd = -1;
	if (open_pipe(thread, server, error) < 0) {
		store_thread_free(thread);
		return NULL;
	}
	open_stores(thread, server);
	return thread;
}

/* close_open - a descriptor, or -1 */
static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* store_thread_free - with what was not used */
void store_thread_free(struct store_thread *thread)
{
	struct news news;

	if (thread == NULL)
		return;
	stores_free(thread->stores);
	for (size_t i = 0; i < thread->all->count; i++) {
		store_free(thread->each[i].store);
		close_open(thread->each[i].fd);
	}
	while (thread->pipe[0] >= 0 &&
	       read(thread->pipe[0], &news, sizeof(news)) ==
		       (ssize_t)sizeof(news))
		close_open(news.fd);
	close_open(thread->pipe[0]);
	close_open(thread->pipe[1]);
	free(thread);
}

/* store_thread_get - its stores */
struct stores *store_thread_get(struct store_thread *thread)
{
	return thread->stores;
}
