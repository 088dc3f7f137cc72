/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_GATES_H
#define POLICYD_GATES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"
#include "lib/metrics.h"
#include "lib/server.h"

/* What stands before the listeners of one server: who may come in from other
 * hosts, and TLS. */
struct gates;

/* gates_new - config and server must stay. NULL: there is a listener in TLS,
 * and no event loop or no channel for it. */
struct gates *gates_new(const struct config *config, struct server *server,
			struct error *error);

/* gates_start - if there is a listener in TLS, start its thread. Call it when
 * the process has the rights that it will keep. 0 or -1. */
int gates_start(struct gates *gates, struct error *error);

/* gates_running - is the thread not at its end? Then nothing that it uses may
 * be freed. NULL is allowed. */
bool gates_running(const struct gates *gates);

/* gates_free - they must not run. NULL is allowed. */
void gates_free(struct gates *gates);

/* gates_listen - serve what comes at fd, the socket of that listener of the
 * configuration; fd is theirs on success. 0 or -1. */
int gates_listen(struct gates *gates, size_t listener, int fd,
		 struct error *error);

/* gates_metrics - add who was not let in. */
void gates_metrics(const struct gates *gates, struct metrics *metrics);

/* gates_drain - right before the server hands over or drains: nobody comes in
 * any more, and clients in TLS may say nothing more. done() is called at once
 * or from the event loop, when those that were let in are the server's. Once
 * only. */
void gates_drain(struct gates *gates, void (*done)(void *context),
		 void *context);

/* gates_finish - after gates_drain() and server_run(): pass on the last answers
 * to clients in TLS, until all have closed, or for TLS_THREAD_LAST_MS. */
void gates_finish(struct gates *gates);

#endif
