/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_TLS_THREAD_H
#define POLICYD_SERVE_TLS_THREAD_H

#include <stdbool.h>

#include "lib/base/error.h"
#include "lib/server/server.h"
#include "lib/tls_listener/tls_listener.h"

/* The thread that does TLS, and serves no requests: a handshake takes
 * milliseconds of computing, for which only clients in TLS should wait. The
 * thread that creates it is called "first" here; all functions are for it. */
struct tls_thread;

struct tls_thread_handler {
	void *context;
	/* ready - in the first thread: a client is admitted; fd is a
	 * non-blocking connection to it, which the handler owns. */
	void (*ready)(void *context, int fd, const char *peer);
	/* failed - in the TLS thread: a client was not admitted. reason is a
	 * constant string. */
	void (*failed)(void *context, const char *peer, const char *reason);
};

/* tls_thread_new - it is not running yet; server is that of the first thread.
 * NULL: no event loop or channel could be made. */
struct tls_thread *tls_thread_new(struct server *server,
				  const struct tls_thread_handler *handler,
				  struct error *error);

/* tls_thread_start - start the thread. Call it when the process has the rights
 * that it will keep. 0 or -1. */
int tls_thread_start(struct tls_thread *thread, struct error *error);

/* tls_thread_accept - pass a client to the thread, a non-blocking TCP socket;
 * the listener must stay. 0: the thread owns fd; -1: it has too many clients,
 * and the caller keeps fd. */
int tls_thread_accept(struct tls_thread *thread, struct tls_listener *listener,
		      int fd, const char *peer);

/* tls_thread_drain - no more clients will come, handshakes are cut, and clients
 * may send nothing more; those that are ready are still passed back, then
 * done() is called. Once only. */
void tls_thread_drain(struct tls_thread *thread, void (*done)(void *context),
		      void *context);

/* tls_thread_finish - after tls_thread_drain(), when no client is served any
 * more: wait until all clients have received the rest, for at most
 * TLS_THREAD_LAST_MS, and the thread has ended. */
#define TLS_THREAD_LAST_MS 500
void tls_thread_finish(struct tls_thread *thread);

/* tls_thread_running - has it been started, and not ended? Then nothing that it
 * uses may be freed. NULL is allowed. */
bool tls_thread_running(const struct tls_thread *thread);

/* tls_thread_free - it must not be running. NULL is allowed. */
void tls_thread_free(struct tls_thread *thread);

#endif
