/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_ADMISSION_H
#define POLICYD_SERVE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/stats/counters.h"

/* Admission control for the listeners of one server: which clients may connect,
 * and TLS. */
struct admission;

/* admission_new - config and server must stay. NULL: there is a listener with
 * TLS, and no event loop or channel could be made for it. */
struct admission *admission_new(const struct config *config,
				struct server *server, struct error *error);

/* admission_start - if a listener uses TLS, start its thread. Call it when the
 * process has the rights that it will keep. 0 or -1. */
int admission_start(struct admission *admission, struct error *error);

/* admission_running - is the TLS thread still running? Then nothing that it
 * uses may be freed. NULL is allowed. */
bool admission_running(const struct admission *admission);

/* admission_free - the TLS thread must not be running. NULL is allowed. */
void admission_free(struct admission *admission);

/* admission_listen - accept connections at fd, the socket of this listener of
 * the configuration; on success the gates own fd. 0 or -1. */
int admission_listen(struct admission *admission, size_t listener, int fd,
		     struct error *error);

/* admission_counters - add the numbers of refused clients. */
void admission_counters(const struct admission *admission,
			struct counters *metrics);

/* admission_drain - directly before the server hands over or drains: no client
 * is admitted any more, and clients in TLS may send nothing more. done() is
 * called at once or from the event loop, when all admitted clients belong to
 * the server. Once only. */
void admission_drain(struct admission *admission, void (*done)(void *context),
		     void *context);

/* admission_finish - after admission_drain() and server_run(): pass on the last
 * answers to clients in TLS, until all have closed, or for TLS_THREAD_LAST_MS.
 */
void admission_finish(struct admission *admission);

#endif
