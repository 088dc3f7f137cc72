/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PAST_USAGE_H
#define POLICYD_QUERY_PAST_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/config/config.h"
#include "lib/rate/rate_window.h"
#include "policyd/query/past_mail.h"

#define PAST_LOGINS_MAX 100000 /* mail of more is only counted */
#define PAST_SPANS	2      /* an hour, and a day */

/* The most that a login sent in one span, as a rate counts it. */
struct past_most {
	uint64_t used;
	int64_t time; /* when it was reached */
};

/* The mail of one login, in recipients. */
struct past_login {
	char *login; /* folded */
	unsigned long messages, recipients;
	struct past_most most[PAST_SPANS];
	uint64_t last; /* tick */
	uint64_t counters[PAST_SPANS][RATE_NARROW_SIZE / sizeof(uint64_t)];
};

/* All logins of a log. Zero it before use. */
struct past_usage {
	struct past_login **logins;
	size_t count;
	void *index;	      /* of tsearch(3) */
	unsigned long others; /* messages of logins that have no room */

	/* Logins with mail that is not counted: the configuration refuses it */
	char **left;
	size_t left_count;
	void *left_index;	       /* of tsearch(3) */
	unsigned long left_recipients; /* of them, and of more logins */
};

/* past_usage_send - a message is sent; without a login, it does not count. */
void past_usage_send(struct past_usage *usage, const struct past_mail *mail);

/* past_usage_leave - a recipient of a login that is refused, so it does not
 * count. */
void past_usage_leave(struct past_usage *usage, const char *login);

/* past_usage_print, past_usage_print_json - the distribution over the logins,
 * and limits that would have met none of them, as lines for the file of config.
 */
void past_usage_print(struct past_usage *usage, const struct config *config,
		      FILE *output);
void past_usage_print_json(struct past_usage *usage,
			   const struct config *config, FILE *output);

/* past_usage_clear - free what it holds. */
void past_usage_clear(struct past_usage *usage);

#endif
