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

/* gates_new - config must stay as long as the server accepts, the server as
 * long as they. */
struct gates *gates_new(const struct config *config, struct server *server);

/* gates_free - cut what still goes through them. NULL is allowed. */
void gates_free(struct gates *gates);

/* gates_listen - serve what comes at fd, the socket of that listener of the
 * configuration; fd is theirs on success. 0 or -1. */
int gates_listen(struct gates *gates, size_t listener, int fd,
		 struct error *error);

/* gates_metrics - who was let in, and who was not. */
const struct metrics *gates_metrics(const struct gates *gates);

/* gates_drain - right before the server hands over or drains: clients in TLS
 * may say nothing more. */
void gates_drain(struct gates *gates);

/* gates_run - after server_run(): pass on the last answers to clients in TLS,
 * until all have closed, or for limit_ms. */
int gates_run(struct gates *gates, unsigned limit_ms, struct error *error);

#endif
