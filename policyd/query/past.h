/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PAST_H
#define POLICYD_QUERY_PAST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/config/config.h"
#include "lib/postlog/postlog.h"
#include "policyd/query/forecast_judge.h"
#include "policyd/query/past_mail.h"
#include "policyd/query/past_rates.h"
#include "policyd/query/past_usage.h"
#include "policyd/query/replay_input.h"

#define PAST_OPEN_MAX 4096 /* messages that are not complete yet */

/* The mail of a log, as rates count it. */
struct past {
	const struct config *config;
	bool counts;	  /* there are rates */
	bool suggests;	  /* what would be a good limit? */
	struct error why; /* the rates cannot be counted; or "" */
	struct past_queue queue;
	struct past_rates rates;
	struct past_usage usage;
	struct past_mail *last; /* of Postfix: to it, recipients are added */
	unsigned long message;	/* its number */
	struct past_mail *open[PAST_OPEN_MAX]; /* of policyd, by instance */
	unsigned long timeless; /* decisions whose time is not known */
};

/* past_open - begin; suggests: as above. */
void past_open(struct past *past, const struct config *config, bool suggests);

/* past_accepted - a recipient that Postfix accepted, and what the configuration
 * says about it. */
void past_accepted(struct past *past, const struct forecast *forecast,
		   const struct postlog_case *taken);

/* past_decided - a decision of policyd about a request that belongs to service;
 * passes: now it is not refused. */
void past_decided(struct past *past, const struct service *service,
		  const struct request *request,
		  const struct reported *reported, bool passes,
		  const struct replay_place *place);

/* past_end - there are no more lines. */
void past_end(struct past *past);

/* past_failed - why the rates could not be counted; NULL: they were, or there
 * are none. */
const char *past_failed(const struct past *past);

/* past_print, past_print_json - whom the rates would have met, and limits, if
 * they are wanted; nothing if there are no rates. */
void past_print(struct past *past, FILE *output);
void past_print_json(struct past *past, FILE *output);

/* past_close - free what it holds. */
void past_close(struct past *past);

#endif
