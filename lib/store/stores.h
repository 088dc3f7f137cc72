/* SPDX-License-Identifier: ISC */
#ifndef LIB_STORE_STORES_H
#define LIB_STORE_STORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/store/store.h"
#include "lib/store/store_map.h"

/* Several stores that share the keys (lib/store/store_map.h), asked as if they
 * were one. A message whose keys are in one store is asked there, once, and all
 * of it is counted or nothing, as with one store.
 *
 * If its keys are in several, these are asked at the same time, and what some
 * of them have counted is given back when another one refuses. No store ever
 * lets through more than a limit, since each decides for its keys. But for the
 * time of an answer the keys of a message that is refused are used more than
 * they should be, so that another message may be deferred that would have
 * fitted; and for the rest of the window, if what is to be given back does not
 * arrive: the connection is lost, this process ends, or its client goes. A
 * network cannot be given back: stores with such a charge are asked when all
 * others have let it through. */
struct stores;
struct stores_call;

/* stores_new - each[i] has the keys of the number i in map. Both are copied;
 * the stores themselves stay the caller's. */
struct stores *stores_new(const struct store_map *map,
			  struct store *const each[]);

/* stores_watch - call seen() for each question to a store: was it answered, and
 * in which time? One that is away is not asked, and answers nothing in no time.
 */
typedef void stores_seen(void *context, size_t store, bool answered,
			 uint64_t us);
void stores_watch(struct stores *stores, stores_seen *seen, void *context);

/* stores_free - before its stores; done() is not called for those that wait.
 * NULL is allowed. */
void stores_free(struct stores *stores);

/* stores_find - the number of the store that has a key. */
size_t stores_find(const struct stores *stores, const char *key);

/* stores_done - the answers. Those with answered[i] have their results; the
 * others are unchanged, as their store is away. passed: no store has refused,
 * and what they have counted stays so. If the message is refused after all, for
 * one of the others, call stores_give_back(). */
typedef void stores_done(void *context, const bool answered[], bool passed);

/* stores_take - as store_take(), but that rates and texts stay, too, until
 * done() or stores_cancel(). done() comes after twice timeout_ms at the latest.
 * NULL: all of their stores are away, and done() is not called. */
struct stores_call *stores_take(struct stores *stores,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count,
				stores_done *done, void *context);

/* stores_look - as store_look(), likewise. */
struct stores_call *stores_look(struct stores *stores,
				const struct store_rate *const rates[],
				struct rate_charge charges[], size_t count,
				bool notice, stores_done *done, void *context);

/* stores_give_back - as store_give_back(), each where it was counted. */
void stores_give_back(struct stores *stores,
		      const struct store_rate *const rates[],
		      const struct rate_charge charges[], size_t count);

/* stores_cancel - nobody wants the answer any more, as store_cancel(): what was
 * counted stays. Call it before done() only. */
void stores_cancel(struct stores_call *call);

#endif
