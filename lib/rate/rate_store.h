/* SPDX-License-Identifier: ISC */
#ifndef LIB_RATE_RATE_STORE_H
#define LIB_RATE_RATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/rate/rate_limit.h"

/* One request takes from several rates, all of it or nothing. */

struct rate_table;

/* RATE_CHARGES_MAX - in one call; a longer list is refused as a whole
 * (RATE_UNKNOWN). */
#define RATE_CHARGES_MAX 16

/* The hashes of a charge, which say where its counts are; zero: unknown. */
struct rate_hashes {
	uint64_t key, instance;
};

/* In the order of how bad it is. */
enum rate_outcome {
	RATE_WITHIN,	 /* it fits */
	RATE_OVER,	 /* it fits again in free_s seconds */
	RATE_NEVER_FITS, /* the amount alone is more than a limit, though some
			  * of it may have been counted before */
	RATE_BLOCKED,	 /* the administrator blocked this key */
	RATE_UNKNOWN	 /* the counts cannot be used now: defer */
};

/* A key is warned of once for each window, until it was below half of its
 * limit. */
enum rate_notice { RATE_SILENT, RATE_FIRST_NEAR, RATE_FIRST_OVER };

/* The answer for one charge. The window that it describes is the one that
 * waits longest if it is over, and otherwise about the fullest one. */
struct rate_result {
	enum rate_outcome outcome;
	enum rate_notice notice; /* about that window */
	bool counted_before;	 /* this instance had been counted in full */
	uint64_t used;	   /* in the window: with this amount, if it was counted
			    * now or before; otherwise without it */
	uint64_t number;   /* its limit; RATE_UNLIMITED: there is none */
	uint32_t length_s; /* of the window */
	uint64_t free_s; /* until this amount fits, rounded up; 0: it fits now.
			  * Blocked: until it ends. UINT64_MAX: never */
};

/* One charge. The caller owns all of it; texts are only read during the call.
 */
struct rate_charge {
	struct rate_table *table;
	const char *key;      /* folded; any length, "" too */
	const char *place;    /* a table of networks: the network or its name;
			       * otherwise not looked at */
	const char *instance; /* counts once; "": each call counts */
	struct rate_hashes hashes; /* of rate_expect(), or zero */
	uint64_t amount;	   /* a table of networks: not looked at */
	struct rate_limits limits; /* by length: one that the table does not
				    * have is not enforced */
	unsigned near; /* percent of a limit for RATE_FIRST_NEAR; 0: never */
	bool beyond;   /* count it though it is over or never fits, and let it
			* not stop the others; its result says so all the same.
			* A blocked key stops in any case */
	struct rate_result result;
};

/* rate_now_us - the time for the functions below, in microseconds: a clock that
 * cannot be set, and that runs while the machine sleeps. Read it just before
 * the call. No system call. */
uint64_t rate_now_us(void);

/* rate_expect - a charge of this table will be taken, or looked at, in a
 * moment: its hashes; they are computed now, so that what is needed of the
 * table comes into the cache meanwhile. rate_expect_cell - the same for the
 * counts themselves, once what leads to them has come. Neither is needed, nor
 * wrong if nothing follows. */
struct rate_hashes rate_expect(const struct rate_table *table, const char *key,
			       const char *instance);

void rate_expect_cell(const struct rate_table *table,
		      const struct rate_hashes *hashes);

/* rate_take - count all charges, if each is within (or beyond is set);
 * otherwise count nothing. True: they are counted, or had been: the caller may
 * let the message through. Fills each result.
 *
 * The same instance again (a request that Postfix repeats) is not counted
 * again; if its amount is larger than before, the difference is counted. At
 * least the last eight instances of a key are remembered, and usually some two
 * hundred: the 64th part of all keys share 32 buckets of eight. Safe to be
 * called from threads and processes at once; a process that is killed within it
 * leaves at most counts that are too high by this request. */
bool rate_take(struct rate_charge *charges, size_t count, uint64_t now_us);

/* rate_look - the same answer, counting nothing. notice: remember that the
 * caller warns of what result.notice says; otherwise nothing is changed in the
 * table, and notice is about what would come next. */
bool rate_look(struct rate_charge *charges, size_t count, bool notice,
	       uint64_t now_us);

/* rate_give_back - as if these charges had never been counted: the message is
 * refused by us, finally. By key and instance; one that was not counted, or is
 * forgotten, changes nothing; nor does one that was counted in two steps, or
 * before the table got a new window. Networks stay. Results are not filled. */
void rate_give_back(struct rate_charge *charges, size_t count, uint64_t now_us);

#endif
