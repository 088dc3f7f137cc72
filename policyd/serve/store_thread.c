/* SPDX-License-Identifier: ISC */
/* store_thread - the connection of a thread to the store
 *
 * When a connection is needed, the thread asks the monitor for one. The answer
 * arrives in the first thread, which passes it on through a pipe. */

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

/* The answer of the monitor, which the first thread passes on. */
struct news {
	int fd; /* -1: none */
	char why[WHY_MAX];
};

struct store_thread {
	struct store_state *state;
	struct store *store;
	unsigned number;
	int channel; /* to the monitor, or -1 */
	int fd;	     /* the only connection, not used yet, or -1 */
	int pipe[2]; /* -1 in the first thread */
	bool away;
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
	struct store_thread *thread = context;
	struct store_state *state = thread->state;

	if (!up && !thread->away) {
		thread->away = true;
		if (__atomic_fetch_add(&state->away, 1, __ATOMIC_RELAXED) == 0)
			log_away(state, why);
	} else if (up && thread->away) {
		thread->away = false;
		if (__atomic_sub_fetch(&state->away, 1, __ATOMIC_RELAXED) == 0)
			log_back(state);
	}
}

/* on_connect - a connection is needed */
static void on_connect(void *context)
{
	struct store_thread *thread = context;
	int fd = thread->fd;

	thread->fd = -1;
	if (thread->channel >= 0)
		/* Without room for it now, the store asks again. */
		(void)channel_ask(thread->channel, CHANNEL_CONNECT,
				  (int64_t)thread->number);
	else if (fd >= 0)
		store_connected(thread->store, fd);
	else
		store_unreachable(thread->store,
				  "this process may not connect again");
}

/* use - the answer of the monitor */
static void use(struct store_thread *thread, int fd, const char *why)
{
	if (fd >= 0)
		store_connected(thread->store, fd);
	else
		store_unreachable(thread->store, why);
}

/* on_pipe - the first thread passes it on */
static void on_pipe(void *context, int fd)
{
	struct store_thread *thread = context;
	struct news news;

	if (read(fd, &news, sizeof(news)) == (ssize_t)sizeof(news))
		use(thread, news.fd, news.why);
}

/* store_thread_give - in the first thread */
void store_thread_give(struct store_thread *thread, int fd, const char *why)
{
	struct news news = { .fd = fd };

	if (thread->pipe[1] < 0) {
		use(thread, fd, why);
		return;
	}
	snprintf(news.why, sizeof(news.why), "%s", why);
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
	return server_watch(server, thread->pipe[0], on_pipe, thread, error);
}

/* store_thread_new - it asks for a connection when the loop runs */
struct store_thread *store_thread_new(struct store_state *state,
				      const struct config_store *config,
				      struct server *server, unsigned number,
				      int channel, int fd, struct error *error)
{
	struct store_thread *thread = xcalloc(1, sizeof(*thread));
	struct store_options options = { .prefix = config->prefix,
					 .username = config->login.username,
					 .password = config->login.password,
					 .timeout_ms = config->timeout_ms };
	struct store_handler handler = { thread, on_connect, on_changed };

	if (config->tls != NULL) {
		options.tls = config->tls->client;
		options.server_name = config->tls->server_name;
	}
	state->address = config->address.address;
	state->instead = config->away;
	thread->state = state;
	thread->number = number;
	thread->channel = channel;
	thread->fd = fd;
	thread->pipe[0] = thread->pipe[1] = -1;
	if (open_pipe(thread, server, error) < 0) {
		store_thread_free(thread);
		return NULL;
	}
	thread->store = store_new(server_base(server), &options, &handler);
	return thread;
}

/* store_thread_free - with what was not used */
void store_thread_free(struct store_thread *thread)
{
	struct news news;

	if (thread == NULL)
		return;
	store_free(thread->store);
	while (thread->pipe[0] >= 0 &&
	       read(thread->pipe[0], &news, sizeof(news)) ==
		       (ssize_t)sizeof(news))
		if (news.fd >= 0)
			close(news.fd);
	for (int i = 0; i < 2; i++)
		if (thread->pipe[i] >= 0)
			close(thread->pipe[i]);
	if (thread->fd >= 0)
		close(thread->fd);
	free(thread);
}

/* store_thread_get - its store */
struct store *store_thread_get(struct store_thread *thread)
{
	return thread->store;
}
