/* SPDX-License-Identifier: ISC */
#ifndef LIB_TALLY_H
#define LIB_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decision/decision.h"
#include "lib/decision/facts.h"
#include "lib/decision/service.h"
#include "lib/request/request.h"

/* The statistics of one worker, for the metrics listener: decisions by service
 * and restriction, how long they took, and the last refusals. One thread
 * writes, any other may read at any time; neither waits for the other. Totals
 * read while it counts may differ by one decision. */
struct tally;

#define TALLY_SERVICES	 64 /* counted separately; others share one row */
#define TALLY_WORDS	 32 /* restrictions counted separately in a service */
#define TALLY_OTHER	 "other" /* all that are not counted separately */
#define TALLY_BOUNDS	 9
#define TALLY_REFUSALS	 12
#define TALLY_WORD_MAX	 48 /* the longest restriction, NUL included */
#define TALLY_CLIENT_MAX 64
#define TALLY_TEXT_MAX	 160

/* The upper bounds of the classes of decision times; there is one more class
 * beyond the last. */
extern const unsigned long tally_bounds_us[TALLY_BOUNDS];

struct tally_times {
	uint64_t counts[TALLY_BOUNDS + 1];
	uint64_t sum_us;
};

/* A decision that refused; the texts are arbitrary. */
struct tally_refusal {
	int64_t when; /* time(2); 0: unused */
	enum verdict verdict;
	char id[16];
	char service[SERVICE_NAME_MAX + 1];
	char restriction[TALLY_WORD_MAX];
	char client[TALLY_CLIENT_MAX];
	char from[TALLY_TEXT_MAX];
	char to[TALLY_TEXT_MAX];
	char why[TALLY_TEXT_MAX];	  /* of the decision; may be "" */
	char destination[TALLY_TEXT_MAX]; /* is it ours? */
	char reply[TALLY_TEXT_MAX];	  /* to Postfix */
};

/* tally_new - a tally for that many services, "default" included. */
struct tally *tally_new(size_t services);

/* tally_free - NULL is allowed. */
void tally_free(struct tally *tally);

/* tally_count - count one decision of the service with that index. restriction
 * is static: equal words are equal pointers. */
void tally_count(struct tally *tally, size_t service, const char *restriction,
		 enum verdict verdict, unsigned long us);

/* tally_remember - copy a refusal into the ring of the last ones, unless
 * somebody is reading it. Long texts are cut. */
struct tally_event {
	int64_t when;
	const char *id;
	const struct service *service;
	const struct decision *decision;
	const struct request *request;
	const struct facts *facts;
	const char *reply; /* may end in newlines */
};
void tally_remember(struct tally *tally, const struct tally_event *event);

/* tally_each - call visit for every count that is not 0. service is its index,
 * or -1: those that are not counted separately. */
void tally_each(const struct tally *tally,
		void (*visit)(void *context, int service,
			      const char *restriction, enum verdict verdict,
			      uint64_t count),
		void *context);

/* tally_times - add how long decisions took. */
void tally_times(const struct tally *tally, struct tally_times *times);

/* tally_refusals - a copy of the last refusals, the newest first. */
void tally_refusals(struct tally *tally,
		    struct tally_refusal refusals[TALLY_REFUSALS]);

#endif
