/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PAST_RATES_H
#define POLICYD_QUERY_PAST_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/error.h"
#include "lib/config/config.h"
#include "lib/decision/charges.h"
#include "policyd/query/past_mail.h"

#define PAST_KEYS_MAX 10000 /* that were over; of more, only the number */

/* A key that a rate would have met, at one of its limits. */
struct past_met {
	const struct rate *rate;
	char *key;
	struct rate_limit limit;
	bool never;		/* one message alone was more than the limit */
	unsigned long messages; /* that it met */
	uint64_t most;		/* with the message that was most */
	int64_t first, last;	/* times of the first and the last message */
	const char *file;	/* of the first one */
	unsigned long line;
	unsigned long number; /* of the last one */
};

/* The rates of a configuration, as they count the messages of a log. */
struct past_rates {
	const struct config *config;
	struct rate_table **tables; /* NULL: there are no rates */
	struct past_met **met;
	size_t met_count;
	void *index;		/* of tsearch(3) */
	unsigned long messages; /* of which a rate counted something */
	unsigned long stopped;	/* of them: deferred, rejected or held */
	unsigned long warned;	/* of them: let through, but over */
	unsigned long unknown;	/* a table could not be looked up */
	unsigned long others;	/* keys for which there is no room */
};

/* past_rates_open - new and empty counts, in files that have no name. 0, or -1:
 * they cannot be made; nothing is counted, and it can be closed. */
int past_rates_open(struct past_rates *rates, const struct config *config,
		    struct error *error);

/* past_rates_send - a message asks at RCPT, DATA and END-OF-MESSAGE. Messages
 * come in the order of time. */
void past_rates_send(struct past_rates *rates, const struct past_mail *mail);

/* past_rates_print, past_rates_print_json - the result as text, nothing if no
 * rate counted anything; as JSON Lines, each key and a summary. */
void past_rates_print(struct past_rates *rates, FILE *output);
void past_rates_print_json(struct past_rates *rates, FILE *output);

/* past_rates_close - free what it holds. */
void past_rates_close(struct past_rates *rates);

#endif
