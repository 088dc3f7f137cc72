/* SPDX-License-Identifier: ISC */
/* settle_away - what this host decides while a store is away
 *
 * The charges may belong to several stores, each with an away of its own. They
 * are taken in the order of how strict that is, and nothing is counted once one
 * of them refuses: so all are counted, or none. */

#include "policyd/serve/settle_away.h"

#include "lib/rate/rate_table.h"

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

/* settle_beyond - see above */
void settle_beyond(struct charges_question *question)
{
	for (size_t i = 0; i < question->count; i++)
		question->charges[i].beyond = true;
	rate_take(question->charges, question->count, rate_now_us());
}

/* decide - charges with the same away; true: the message may pass */
static bool decide(struct charges_question *question, enum config_away away)
{
	uint64_t now_us = rate_now_us();

	switch (away) {
	case CONFIG_AWAY_LOCAL:
		return charges_ask(question, now_us);
	case CONFIG_AWAY_PERMIT:
		if (question->takes)
			settle_beyond(question);
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

/* away_of - what the store of a charge says */
static enum config_away away_of(const struct settle *settle,
				const struct rate_charge *charge)
{
	return settle->sections[stores_find(settle->stores, charge->key)].away;
}

/* decide_some - those whose store says this; true: they may pass */
static bool decide_some(const struct settle *settle,
			struct charges_question *question,
			enum config_away away, bool takes)
{
	struct charges_question some = *question;
	size_t from[CHARGES_MAX] = { 0 };
	bool passed;

	some.takes = takes;
	some.count = 0;
	for (size_t i = 0; i < question->count; i++) {
		if (away_of(settle, &question->charges[i]) != away)
			continue;
		from[some.count] = i;
		some.charges[some.count++] = question->charges[i];
	}
	if (some.count == 0)
		return true;
	passed = decide(&some, away);
	for (size_t i = 0; i < some.count; i++)
		question->charges[from[i]].result = some.charges[i].result;
	return passed;
}

/* settle_away - the strictest first */
bool settle_away(const struct settle *settle, struct charges_question *question)
{
	static const enum config_away order[] = { CONFIG_AWAY_DEFER,
						  CONFIG_AWAY_LOCAL,
						  CONFIG_AWAY_PERMIT };
	bool passed = true;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (!decide_some(settle, question, order[i],
				 question->takes && passed))
			passed = false;
	return passed;
}

/* settle_unasked - nothing is remembered of it */
void settle_unasked(const struct settle *settle,
		    struct charges_question *question)
{
	rate_look(question->charges, question->count, false, rate_now_us());
	for (size_t i = 0; i < question->count; i++) {
		struct rate_result *result = &question->charges[i].result;

		result->notice = RATE_SILENT;
		if (result->outcome != RATE_BLOCKED &&
		    away_of(settle, &question->charges[i]) ==
			    CONFIG_AWAY_PERMIT)
			*result = (struct rate_result){ 0 };
	}
}
