/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_STORE_THREAD_H
#define POLICYD_SERVE_STORE_THREAD_H

#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/store/stores.h"

/* The connections of each thread to the stores where several hosts count
 * together. A server may not connect to anything: the monitor does. */

/* The questions to a store, since this process was started. */
struct store_questions {
	_Alignas(8) uint64_t answered;
	uint64_t unanswered; /* too late, or it was away */
	uint64_t us;	     /* until the answers */
};

/* One store, for all threads, each of which may read it. */
struct store_state {
	unsigned away; /* threads for which it is away; the log says so when the
			* first one begins, and when the last one ends */
	_Alignas(8) uint64_t since_ms; /* clock_ms(), when that began */
	const char *address;	       /* for the log */
	enum config_away instead;      /* likewise */
	struct store_questions questions;
};

/* store_state_is_up - is it up, for all threads? Otherwise *away_s is how long
 * it has been away. */
bool store_state_is_up(const struct store_state *state, uint64_t *away_s);

/* store_state_questions - so far. */
struct store_questions store_state_questions(const struct store_state *state);

/* The same for all threads; it stays. */
struct store_threads {
	const struct config_store *stores; /* with their passwords */
	size_t count;
	struct store_state *states; /* of each store */
	int channel;	/* to the monitor; -1: there is none, then */
	const int *fds; /* are the only connections there will be; -1: none */
};

struct store_thread;

/* store_thread_new - for one thread, whose loop is that of server, and does not
 * run yet. number: of the thread, 0 for the first. NULL: error. */
struct store_thread *store_thread_new(const struct store_threads *all,
				      struct server *server, unsigned number,
				      struct error *error);

/* store_thread_free - before the server; its loop does not run any more. NULL
 * is allowed. */
void store_thread_free(struct store_thread *thread);

/* store_thread_get - its stores. */
struct stores *store_thread_get(struct store_thread *thread);

/* store_thread_give - in the first thread: the monitor has connected a thread
 * to the store with that number, or has not (fd -1), and why. The thread owns
 * fd then. */
void store_thread_give(struct store_thread *thread, size_t store, int fd,
		       const char *why);

#endif
