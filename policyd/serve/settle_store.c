/* SPDX-License-Identifier: ISC */
/* settle_store - several hosts count together: ask their stores
 *
 * The stores decide, while they answer. The tables of this host count what they
 * let through, in any case, and learn from them which keys are blocked: so they
 * know what this host has done when a store is away, and then decide at once
 * about its keys.
 *
 * At RCPT nothing is counted, so nothing has to be asked, unless the tables of
 * this host would refuse: the store may know better, since a key was reset. So
 * a message costs one question, however many recipients it has.
 *
 * A failure permits nothing, but with away = permit. */

#include "policyd/serve/settle_store.h"

#include "lib/rate/rate_table.h"
#include "policyd/serve/settle_away.h"

/* find_rates - what a store has to know of each charge */
static void find_rates(const struct settle *settle,
		       const struct charges_question *question,
		       const struct store_rate *rates[CHARGES_MAX])
{
	for (size_t i = 0; i < question->count; i++)
		rates[i] = &settle->rates[question->from[i]->rate->index];
}

/* settle_store_give_back - a question, to the stores */
void settle_store_give_back(const struct settle *settle,
			    const struct charges_question *question)
{
	const struct store_rate *rates[CHARGES_MAX];

	if (settle->stores == NULL)
		return;
	find_rates(settle, question, rates);
	stores_give_back(settle->stores, rates, question->charges,
			 question->count);
}

/* fits_here - at RCPT: would this host let it pass? Then there is nothing to
 * ask, nor to warn of before it is counted. */
static bool fits_here(struct charges_question *question)
{
	if (question->takes || !rate_look(question->charges, question->count,
					  false, rate_now_us()))
		return false;
	for (size_t i = 0; i < question->count; i++)
		question->charges[i].result.notice = RATE_SILENT;
	return true;
}

/* settle_store_ask - NULL: the question has its results */
struct stores_call *settle_store_ask(const struct settle *settle,
				     struct charges_question *question,
				     stores_done *done, void *context)
{
	const struct store_rate *rates[CHARGES_MAX];
	struct stores_call *call;

	if (fits_here(question))
		return NULL;
	find_rates(settle, question, rates);
	if (question->takes)
		call = stores_take(settle->stores, rates, question->charges,
				   question->count, done, context);
	else
		call = stores_look(settle->stores, rates, question->charges,
				   question->count, question->notice, done,
				   context);
	if (call != NULL)
		return call;
	counters_count(&settle->metrics->store_fallback);
	settle_away(settle, question);
	return NULL;
}

/* learn_block - the table of this host knows of a block what the store does */
static void learn_block(const struct rate_charge *charge)
{
	struct rate_charge ours = *charge;
	uint64_t now_us = rate_now_us();

	if (charge->result.outcome == RATE_BLOCKED) {
		/* Without room for it, only the store knows. */
		(void)rate_table_block(charge->table, charge->key,
				       charge->result.free_s, now_us, NULL);
		return;
	}
	rate_look(&ours, 1, false, now_us);
	if (ours.result.outcome == RATE_BLOCKED)
		(void)rate_table_unblock(charge->table, charge->key, now_us);
}

/* some_of - the charges that were answered, or those that were not, and where
 * they are in the question */
static struct charges_question some_of(const struct charges_question *question,
				       const bool answered[], bool which,
				       size_t from[CHARGES_MAX])
{
	struct charges_question some = { .takes = question->takes,
					 .notice = question->notice };

	for (size_t i = 0; i < question->count; i++) {
		if (answered[i] != which)
			continue;
		from[some.count] = i;
		some.from[some.count] = question->from[i];
		some.charges[some.count++] = question->charges[i];
	}
	return some;
}

/* give_back_new - what the stores have counted, or may have, but for what had
 * been counted before */
static void give_back_new(const struct settle *settle,
			  const struct charges_question *question,
			  const bool answered[])
{
	bool given[CHARGES_MAX];
	struct charges_question back;
	size_t from[CHARGES_MAX];

	for (size_t i = 0; i < question->count; i++)
		given[i] = !answered[i] ||
			   !question->charges[i].result.counted_before;
	back = some_of(question, given, true, from);
	settle_store_give_back(settle, &back);
}

/* decide_rest - what was not answered; passed: by the stores that have. False:
 * the message is refused */
static bool decide_rest(const struct settle *settle,
			struct charges_question *question,
			const bool answered[], bool passed)
{
	size_t from[CHARGES_MAX] = { 0 };
	struct charges_question rest = some_of(question, answered, false, from);
	bool rest_passed = passed;

	if (rest.count == 0)
		return passed;
	if (passed) {
		counters_count(&settle->metrics->store_fallback);
		rest_passed = settle_away(settle, &rest);
	} else {
		settle_unasked(settle, &rest);
	}
	for (size_t i = 0; i < rest.count; i++)
		question->charges[from[i]].result = rest.charges[i].result;
	if (passed && !rest_passed && question->takes)
		give_back_new(settle, question, answered);
	return rest_passed;
}

/* settle_store_answer - what was answered is learned: the tables count here
 * what is let through */
void settle_store_answer(const struct settle *settle,
			 struct charges_question *question,
			 const bool answered[], bool passed, uint64_t asked_us)
{
	size_t from[CHARGES_MAX];
	struct charges_question known = some_of(question, answered, true, from);

	if (known.count > 0 && settle->totals != NULL)
		totals_store(settle->totals,
			     (unsigned long)(rate_now_us() - asked_us));
	for (size_t i = 0; i < known.count; i++)
		learn_block(&known.charges[i]);
	passed = decide_rest(settle, question, answered, passed);
	if (passed && known.takes && known.count > 0)
		settle_beyond(&known);
}
