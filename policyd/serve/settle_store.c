/* SPDX-License-Identifier: ISC */
/* settle_store - several hosts count together: ask their store
 *
 * The store decides, while it answers. The tables of this host count what it
 * lets through, in any case, and learn from it which keys are blocked: so they
 * know what this host has done when the store is away, and then decide at once.
 *
 * At RCPT nothing is counted, so nothing has to be asked, unless the tables of
 * this host would refuse: the store may know better, since a key was reset. So
 * a message costs one question, however many recipients it has.
 *
 * A failure permits nothing, but with away = permit. */

#include "policyd/serve/settle_store.h"

#include <string.h>

#include "lib/rate/rate_table.h"

/* find_rates - what the store has to know of each charge */
static void find_rates(const struct settle *settle,
		       const struct charges_question *question,
		       const struct store_rate *rates[CHARGES_MAX])
{
	for (size_t i = 0; i < question->count; i++)
		rates[i] = &settle->rates[question->from[i]->rate->index];
}

/* give_back - a question, to the store */
void settle_store_give_back(const struct settle *settle,
			    const struct charges_question *question)
{
	const struct store_rate *rates[CHARGES_MAX];

	if (settle->store == NULL)
		return;
	find_rates(settle, question, rates);
	store_give_back(settle->store, rates, question->charges,
			question->count);
}

/* set_results - the same for all charges, and nothing to warn of; a key that is
 * blocked stays so */
static void set_results(struct charges_question *question,
			enum rate_outcome outcome)
{
	for (size_t i = 0; i < question->count; i++) {
		struct rate_result *result = &question->charges[i].result;

		if (result->outcome == RATE_BLOCKED)
			continue;
		*result = (struct rate_result){ .outcome = outcome };
	}
}

/* take_beyond - count what is let through for another reason than that it fits.
 * question->charges have other results afterwards. */
static void take_beyond(struct charges_question *question)
{
	for (size_t i = 0; i < question->count; i++)
		question->charges[i].beyond = true;
	rate_take(question->charges, question->count, rate_now_us());
}

/* decide_here - the store is away; true: the message may pass */
static bool decide_here(const struct settle *settle,
			struct charges_question *question)
{
	uint64_t now_us = rate_now_us();

	switch (settle->away) {
	case CONFIG_AWAY_LOCAL:
		return charges_ask(question, now_us);
	case CONFIG_AWAY_PERMIT:
		if (question->takes)
			take_beyond(question);
		else
			charges_ask(question, now_us);
		set_results(question, RATE_WITHIN);
		return true;
	default:
		rate_look(question->charges, question->count, false, now_us);
		set_results(question, RATE_UNKNOWN);
		return false;
	}
}

/* fall_back - count it, too */
static bool fall_back(const struct settle *settle,
		      struct charges_question *question)
{
	counters_count(&settle->metrics->store_fallback);
	return decide_here(settle, question);
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
struct store_ask *settle_store_ask(const struct settle *settle,
				   struct charges_question *question,
				   store_done *done, void *context)
{
	const struct store_rate *rates[CHARGES_MAX];
	struct store_ask *ask;

	if (fits_here(question))
		return NULL;
	find_rates(settle, question, rates);
	if (question->takes)
		ask = store_take(settle->store, rates, question->charges,
				 question->count, done, context);
	else
		ask = store_look(settle->store, rates, question->charges,
				 question->count, question->notice, done,
				 context);
	if (ask == NULL)
		fall_back(settle, question);
	return ask;
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

/* learn - the store has answered: count here what it lets through */
static void learn(const struct charges_question *question, bool passed)
{
	struct charges_question ours;

	for (size_t i = 0; i < question->count; i++)
		learn_block(&question->charges[i]);
	if (!question->takes || !passed)
		return;
	ours = *question;
	take_beyond(&ours);
}

/* settle_store_answer - an answer, or none in time */
void settle_store_answer(const struct settle *settle,
			 struct charges_question *question, bool answered,
			 bool passed, uint64_t asked_us)
{
	if (answered) {
		if (settle->totals != NULL)
			totals_store(settle->totals,
				     (unsigned long)(rate_now_us() - asked_us));
		learn(question, passed);
	} else if (!fall_back(settle, question) && question->takes) {
		/* It may have counted the message, or may do so later. */
		settle_store_give_back(settle, question);
	}
}
