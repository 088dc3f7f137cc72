/* SPDX-License-Identifier: ISC */
#ifndef LIB_STATS_TOTALS_H
#define LIB_STATS_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decision/decision.h"
#include "lib/decision/facts.h"
#include "lib/decision/service.h"
#include "lib/request/request.h"
#include "lib/stats/frequent.h"

/* The statistics of one worker, for the metrics listener: decisions by service
 * and restriction, how long they took, and the last refusals. One thread
 * writes, any other may read at any time; neither waits for the other. Totals
 * read while it counts may differ by one decision. */
struct totals;

#define TOTALS_SERVICES	  64 /* counted separately; others share one row */
#define TOTALS_WORDS	  32 /* restrictions counted separately in a service */
#define TOTALS_OTHER	  "other" /* all that are not counted separately */
#define TOTALS_BOUNDS	  9
#define TOTALS_REFUSALS	  12
#define TOTALS_WORD_MAX	  48 /* the longest restriction, NUL included */
#define TOTALS_CLIENT_MAX 64
#define TOTALS_TEXT_MAX	  160

/* The results of a charge of a rate. */
enum totals_result {
	TOTALS_RATE_WITHIN,
	TOTALS_RATE_OVER, /* deferred or rejected */
	TOTALS_RATE_HELD,
	TOTALS_RATE_WARNED, /* over, and let through */
	TOTALS_RATE_BLOCKED,
	TOTALS_RATE_UNKNOWN, /* the counts could not be used */
};
#define TOTALS_RESULTS 6

/* The upper bounds of the classes of decision times; there is one more class
 * beyond the last. */
extern const unsigned long totals_bounds_us[TOTALS_BOUNDS];

struct totals_times {
	_Alignas(8) uint64_t counts[TOTALS_BOUNDS + 1];
	uint64_t sum_us;
};

/* A decision that refused; the texts are arbitrary. */
struct totals_refusal {
	int64_t when; /* time(2); 0: unused */
	enum verdict verdict;
	char id[16];
	char service[SERVICE_NAME_MAX + 1];
	char restriction[TOTALS_WORD_MAX];
	char client[TOTALS_CLIENT_MAX];
	char from[TOTALS_TEXT_MAX];
	char to[TOTALS_TEXT_MAX];
	char why[TOTALS_TEXT_MAX];	   /* of the decision; may be "" */
	char destination[TOTALS_TEXT_MAX]; /* is it ours? */
	char reply[TOTALS_TEXT_MAX];	   /* to Postfix */
};

/* totals_new - a tally for that many services, "default" included, and that
 * many rates. */
struct totals *totals_new(size_t services, size_t rates);

/* totals_free - NULL is allowed. */
void totals_free(struct totals *totals);

/* totals_count - count one decision of the service with that index. restriction
 * is static: equal words are equal pointers. */
void totals_count(struct totals *totals, size_t service,
		  const char *restriction, enum verdict verdict,
		  unsigned long us);

/* totals_rate - count what came of a charge. */
void totals_rate(struct totals *totals, size_t rate, enum totals_result result);

/* totals_rate_count - how often that was. */
uint64_t totals_rate_count(const struct totals *totals, size_t rate,
			   enum totals_result result);

/* totals_store - count how long an answer of the store took. */
void totals_store(struct totals *totals, unsigned long us);

/* totals_store_times - add that. */
void totals_store_times(const struct totals *totals,
			struct totals_times *times);

/* totals_result_name - "within" and so on; static. */
const char *totals_result_name(enum totals_result result);

/* totals_remember - copy a refusal into the ring of the last ones, unless
 * somebody is reading it. Long texts are cut. */
struct totals_event {
	int64_t when;
	const char *id;
	const struct service *service;
	const struct decision *decision;
	const struct request *request;
	const struct facts *facts;
	const char *reply; /* may end in newlines */
};
void totals_remember(struct totals *totals, const struct totals_event *event);

/* One count, and what is called with it. */
struct totals_entry {
	int service; /* its index; -1: those not counted separately */
	const char *restriction;
	enum verdict verdict;
	uint64_t count;
};
typedef void totals_visit(void *context, const struct totals_entry *entry);

/* totals_each - call visit for every count that is not 0. */
void totals_each(const struct totals *totals, totals_visit *visit,
		 void *context);

/* totals_times - add how long decisions took. */
void totals_times(const struct totals *totals, struct totals_times *times);

/* totals_frequent - add to sum how often each was refused, as far as it was
 * remembered. */
enum totals_about {
	TOTALS_CLIENTS, /* their addresses */
	TOTALS_DOMAINS, /* of recipients */
	TOTALS_REASONS,
	TOTALS_ABOUT
};
void totals_frequent(struct totals *totals, enum totals_about about,
		     struct frequent *sum);

/* totals_refusals - a copy of the last refusals, the newest first. */
void totals_refusals(struct totals *totals,
		     struct totals_refusal refusals[TOTALS_REFUSALS]);

#endif
