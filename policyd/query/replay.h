/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_H
#define POLICYD_QUERY_REPLAY_H

#include "lib/config/config.h"
#include "policyd/query/query.h"
#include "policyd/query/report_read.h"

/* replay - judge captured or logged requests under config (-q --replay). With
 * options->against, print only what would change, grouped by service and
 * restriction; otherwise what would be decided, and for a log how that differs
 * from it. Returns the exit status: 0; 1 if anything is permitted, or no longer
 * refused, that was not before; 66 a file cannot be read; 78 the other
 * configuration is refused. */
int replay(const struct config *config, const struct query_options *options);

/* replay_id - find the decision with this id in the log, and explain it under
 * config (-q --id). 0; 1: not found; 64: not an id; 66: a file cannot be read.
 */
int replay_id(const struct config *config, const struct query_options *options);

/* replay_service - the service that a request belongs to. In a log without
 * port= it is given by name. reported NULL: the request is from a capture. */
const struct service *replay_service(const struct config *config,
				     const struct request *request,
				     const struct reported *reported);

#endif
