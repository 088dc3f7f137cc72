/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_TLS_THREAD_H
#define POLICYD_TLS_THREAD_H

#include <stdbool.h>

#include "lib/error.h"
#include "lib/server.h"
#include "lib/tls_listener.h"

/* The thread that does TLS and serves nobody: a handshake takes milliseconds
 * of computing, which only those in TLS have to wait for. The thread that makes
 * it is called "first" here: all functions are for it. */
struct tls_thread;

struct tls_thread_handler {
	void *context;
	/* ready - in the first thread: a client is known; fd speaks for it,
	 * does not block, and is the handler's. */
	void (*ready)(void *context, int fd, const char *peer);
	/* failed - in the TLS thread: a client did not get in. reason is a
	 * fixed text. */
	void (*failed)(void *context, const char *peer, const char *reason);
};

/* tls_thread_new - it does not run yet; server is that of the first thread.
 * NULL: there is no event loop, or no channel. */
struct tls_thread *tls_thread_new(struct server *server,
				  const struct tls_thread_handler *handler,
				  struct error *error);

/* tls_thread_start - from now on it takes clients. Call it when the process has
 * the rights that it will keep. 0 or -1. */
int tls_thread_start(struct tls_thread *thread, struct error *error);

/* tls_thread_accept - a client in TLS, a TCP socket that does not block; the
 * listener must stay. 0: fd is the thread's; -1: it has too many, fd is the
 * caller's. */
int tls_thread_accept(struct tls_thread *thread, struct tls_listener *listener,
		      int fd, const char *peer);

/* tls_thread_drain - nobody comes any more, handshakes are cut, and clients may
 * say nothing more; those that are ready come still, then done(). Once only. */
void tls_thread_drain(struct tls_thread *thread, void (*done)(void *context),
		      void *context);

/* tls_thread_finish - after tls_thread_drain(), when nobody is served any more:
 * wait until all clients have got the rest, for TLS_THREAD_LAST_MS at most, and
 * the thread has ended. */
#define TLS_THREAD_LAST_MS 500
void tls_thread_finish(struct tls_thread *thread);

/* tls_thread_running - has it not ended? Then nothing that it uses may be
 * freed. NULL is allowed. */
bool tls_thread_running(const struct tls_thread *thread);

/* tls_thread_free - it must not run. NULL is allowed. */
void tls_thread_free(struct tls_thread *thread);

#endif
