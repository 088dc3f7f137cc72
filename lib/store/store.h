/* SPDX-License-Identifier: ISC */
#ifndef LIB_STORE_STORE_H
#define LIB_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/rate/rate_store.h"
#include "lib/rate/rate_table.h"

/* The counts of several hosts, in one Valkey or Redis. One struct store is one
 * connection, in one event loop; all functions are called from its thread, and
 * none of them waits. It never makes a socket: connect() asks for one.
 *
 * The store is up or away. It is away from the first answer that does not come
 * in time, or that is no answer, until a probe, which is sent once a second, is
 * answered in time. While it is away nobody waits. The counts in the store are
 * trusted, nothing else that comes from it is. */
struct store;
struct store_call;

struct event_base;
struct tls_client;

/* The texts are copied. */
struct store_options {
	const char *prefix;   /* of all keys in the store, without its ":" */
	const char *username; /* for AUTH; NULL or "": the default user */
	const char *password; /* NULL or "": no AUTH */
	unsigned timeout_ms;  /* for an answer */
	/* In TLS (lib/tls/tls_client.h), which must outlive the store; NULL: in
	 * plain text. server_name: what its certificate must be for. */
	const struct tls_client *tls;
	const char *server_name;
	/* Tests: the time of the store, in ticks (lib/rate/rate_window.h),
	 * read with each request; it stays the caller's. NULL: its own
	 * clock. */
	const uint64_t *test_tick;
};

/* The callbacks come from the event loop, never out of a function below. They
 * may call all of them but store_free(). */
struct store_handler {
	void *context;
	/* connect - a connected stream socket is needed. One of
	 * store_connected() and store_unreachable() should follow, at once or
	 * later. Called at most once in STORE_PROBE_MS; again if nothing
	 * followed. */
	void (*connect)(void *context);
	/* changed - the store is up, or away; not called for the same twice in
	 * a row. why: one line of printable text, "" if it is up. */
	void (*changed)(void *context, bool up, const char *why);
};

#define STORE_PROBE_MS 1000

/* store_new - begins to ask for a connection as soon as the loop runs. Until
 * the first one has come, or failed, requests wait for it, as long as for an
 * answer. options and handler are copied. */
struct store *store_new(struct event_base *base,
			const struct store_options *options,
			const struct store_handler *handler);

/* store_free - closes the connection; done() is not called for those that
 * wait. NULL is allowed. */
void store_free(struct store *store);

/* store_connected - the connection, without TLS so far; the store then owns fd,
 * and closes it. If it has another one, fd is closed at once. fd need not be
 * non-blocking; with TCP, TCP_NODELAY should be set. (A confined server may do
 * neither.) */
void store_connected(struct store *store, int fd);

/* store_unreachable - there is no connection now. why: for changed(). */
void store_unreachable(struct store *store, const char *why);

/* store_up - can a request be asked now? False: it is away. */
bool store_up(const struct store *store);

/* store_why - why it is away; "" otherwise. Valid until the next call of
 * anything. */
const char *store_why(const struct store *store);

/* A rate, as the store has to know it. Its keys are PREFIX:NAME:KEY. Of the
 * shape, windows, length_s and unit are used. */
struct store_rate {
	const char *name; /* has no ":" */
	struct rate_shape shape;
};

/* store_done - an answer. away NULL: the charges have their results, and passed
 * is what rate_take() or rate_look() would return. Otherwise why there are no
 * results; the charges are unchanged.
 *
 * In that case the store may have counted the charges, or may do so later. If
 * the message passes for another reason, this is right: it counts once, by its
 * instance. If it is refused, call store_give_back(), which follows the same
 * way and arrives later. */
typedef void store_done(void *context, const char *away, bool passed);

/* store_take - as rate_take(), with the clock of the store. rates[i] is that of
 * charges[i], whose table is not used. The charges stay where they are until
 * done() or store_cancel(); their texts, and the rates, are only read during
 * the call.
 *
 * NULL: the store is away, or has too much to do (store_why()); done() is not
 * called. Otherwise done() follows, at the latest after timeout_ms. */
struct store_call *store_take(struct store *store,
			      const struct store_rate *const rates[],
			      struct rate_charge charges[], size_t count,
			      store_done *done, void *context);

/* store_look - as rate_look(), likewise. */
struct store_call *store_look(struct store *store,
			      const struct store_rate *const rates[],
			      struct rate_charge charges[], size_t count,
			      bool notice, store_done *done, void *context);

/* store_give_back - as rate_give_back(). There is no answer; if the connection
 * is lost meanwhile, the counts stay. The charges are only read during the
 * call. */
void store_give_back(struct store *store,
		     const struct store_rate *const rates[],
		     const struct rate_charge charges[], size_t count);

/* store_cancel - nobody wants the answer any more: done() is not called, and
 * the charges are not touched. Counts stay: Postfix repeats
 * the request, and an instance counts once. Call it before done() only. */
void store_cancel(struct store_call *call);

#endif
