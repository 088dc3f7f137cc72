/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_QUERY_H
#define POLICYD_QUERY_QUERY_H

#include <stdbool.h>

#include "lib/config/config.h"

struct rate_table;

/* The options of -q. */
struct query_options {
	bool json;	     /* --format=json */
	bool replay;	     /* --replay: arguments are files */
	bool suggest_limits; /* --suggest-limits: of --replay */
	const char *against; /* --against OLD, or NULL */
	const char *id;	     /* --id ID, or NULL; arguments are files */
	struct rate_table *const *tables; /* of the rates, see explain() */
	int count;
	char **arguments;
};

/* query - answer the request given as NAME=VALUE arguments or, without any,
 * each request on standard input, and explain it (-q). For each: the reply's
 * "action=..." line, indented lines of explanation, a blank line; or one JSON
 * object on one line. Returns the exit status: 0 answered; 64 the input is not
 * a request. */
int query(const struct config *config, const struct query_options *options);

#endif
