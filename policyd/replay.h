/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_REPLAY_H
#define POLICYD_REPLAY_H

#include "lib/config.h"
#include "lib/report_read.h"
#include "policyd/query.h"

/* replay - judge captured requests, or those of the log, under config (-q
 * --replay). With options->against only what would change is printed, grouped
 * by service and restriction; else what would be decided, and for a log what
 * differs from it. Returns the exit status: 0; 1 if anything is permitted, or
 * no longer refused, that was not before; 66 a file cannot be read; 78 the
 * other configuration is refused. */
int replay(const struct config *config, const struct query_options *options);

/* replay_id - find the decision with that id in the log, and explain it under
 * config (-q --id). 0; 1: it is not there; 64 that is no id; 66 a file cannot
 * be read. */
int replay_id(const struct config *config, const struct query_options *options);

/* replay_service - the service that a request belongs to. A log that has no
 * port= says it by name. reported NULL: the request is from a capture. */
const struct service *replay_service(const struct config *config,
				     const struct request *request,
				     const struct reported *reported);

#endif
