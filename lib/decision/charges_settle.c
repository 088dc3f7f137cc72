/* SPDX-License-Identifier: ISC */
/* charges_settle - take what a request has to pay, after its restrictions were
 * walked
 *
 * A restriction only adds a charge. A request that any of them refuses costs
 * nothing, and one that is permitted ahead of a rate is exempt from it. So the
 * rates are asked at the end, all at once: either every one of them counts the
 * request, or none.
 *
 * They are asked in steps, each of which is one question: the charges that only
 * look; then those that take; and these again, without the ones that hold the
 * message, since a message that is held will be sent one day, so that rates
 * that are not over count it. Whoever asks may have to wait for the answer.
 *
 * A rate that is over replaces the decision, also where there is no recipient:
 * at DATA the message is what is refused. */

#include "lib/decision/charges_internal.h"

#include <string.h>

/* put - a charge as the counts want it; until they fill the result, it
 * is unknown */
static void put(const struct charges *charges, const struct charge *charge,
		struct rate_charge *out)
{
	out->table = charges->tables[charge->rate->index];
	out->key = charge->key;
	out->place = charge->place;
	out->instance = charge->instance;
	out->hashes = charge->hashes;
	rate_expect_cell(out->table, &out->hashes);
	out->amount = charge->amount;
	rate_limits_copy(&out->limits, &charge->limits);
	out->near = charge->rate->near;
	out->beyond = charge->rate->action == RATE_WARN;
	out->result = (struct rate_result){ .outcome = RATE_UNKNOWN };
}

/* fill - all charges that take, or all that only look */
static void fill(struct charges *charges, bool takes)
{
	struct charges_question *question = &charges->question;

	question->takes = takes && !charges->only_look;
	question->notice = !charges->only_look;
	question->count = 0;
	for (size_t i = 0; i < charges->count; i++) {
		struct charge *charge = &charges->each[i];

		if (charge->takes != takes ||
		    charges->tables[charge->rate->index] == NULL)
			continue;
		put(charges, charge, &question->charges[question->count]);
		question->from[question->count++] = charge;
	}
}

/* stops - does this result let the message not pass? A message is held once it
 * is there, and not before. */
static bool stops(const struct charge *charge)
{
	enum rate_outcome outcome = charge->result.outcome;

	if (outcome == RATE_WITHIN)
		return false;
	if (outcome == RATE_BLOCKED || outcome == RATE_UNKNOWN)
		return true;
	switch (charge->rate->action) {
	case RATE_WARN:
		return false;
	case RATE_HOLD:
		return charge->takes;
	default:
		return true;
	}
}

/* holds - is this why the message is held, and not refused? */
static bool holds(const struct charge *charge)
{
	return stops(charge) && charge->rate->action == RATE_HOLD &&
	       charge->result.outcome != RATE_BLOCKED &&
	       charge->result.outcome != RATE_UNKNOWN;
}

/* spread - the results; returns the first charge that refuses, or else the
 * first that holds, or NULL */
static struct charge *spread(struct charges_question *question)
{
	struct charge *first = NULL;

	for (size_t i = 0; i < question->count; i++) {
		question->from[i]->result = question->charges[i].result;
		question->from[i]->asked = true;
		if (stops(question->from[i]) &&
		    (first == NULL ||
		     (holds(first) && !holds(question->from[i]))))
			first = question->from[i];
	}
	return first;
}

/* drop_holding - leave out the charges that hold the message */
static void drop_holding(struct charges_question *question)
{
	size_t kept = 0;

	for (size_t i = 0; i < question->count; i++) {
		if (holds(question->from[i]))
			continue;
		question->charges[kept] = question->charges[i];
		question->from[kept++] = question->from[i];
	}
	question->count = kept;
}

/* fullness - how much of its limit is used, in thousandths */
static uint64_t fullness(const struct charge *charge)
{
	const struct rate_result *result = &charge->result;

	if (result->length_s == 0 || result->number == RATE_UNLIMITED)
		return 0;
	if (result->number == 0)
		return UINT64_MAX;
	return result->used > UINT64_MAX / 1000
		       ? UINT64_MAX
		       : 1 + result->used * 1000 / result->number;
}

/* fullest - the charge to show where none decided */
static const struct charge *fullest(const struct charges *charges)
{
	const struct charge *full = NULL;

	for (size_t i = 0; i < charges->count; i++)
		if (charges->each[i].asked &&
		    (full == NULL ||
		     fullness(&charges->each[i]) > fullness(full)))
			full = &charges->each[i];
	return full;
}

/* refuses - is this the end of the message? */
static bool refuses(const struct decision *decision)
{
	return decision->verdict == VERDICT_REJECT ||
	       decision->verdict == VERDICT_DEFER;
}

/* charges_open - the walk is over */
void charges_open(struct charges *charges, const struct decision *decision,
		  bool only_look)
{
	charges->only_look = only_look;
	charges->stopping = charges->held = NULL;
	charges->refused = refuses(decision);
	charges->step = charges->refused ? CHARGES_DONE : CHARGES_LOOK;
	charges->question.count = 0;
	if (!charges->refused && charges->takes < charges->count)
		fill(charges, false);
}

/* charges_next - what to ask now, or NULL */
struct charges_question *charges_next(struct charges *charges)
{
	if (charges->step == CHARGES_LOOK && charges->question.count == 0) {
		charges->step = CHARGES_TAKE;
		fill(charges, true);
	}
	if (charges->question.count == 0)
		charges->step = CHARGES_DONE;
	return charges->step == CHARGES_DONE ? NULL : &charges->question;
}

/* stop - this charge decides, or nothing does: there is no further question */
static void stop(struct charges *charges, const struct charge *stopping)
{
	charges->stopping = stopping;
	charges->step = CHARGES_DONE;
}

/* charges_answer - the question has its results */
void charges_answer(struct charges *charges)
{
	struct charges_question *question = &charges->question;
	const struct charge *stopping = spread(question);

	if (charges->step == CHARGES_LOOK) {
		question->count = 0;
		if (stopping != NULL)
			stop(charges, stopping);
	} else if (stopping == NULL) {
		stop(charges, charges->held);
	} else if (charges->only_look || !holds(stopping)) {
		stop(charges, stopping);
	} else {
		if (charges->held == NULL)
			charges->held = stopping;
		drop_holding(question);
		if (question->count == 0)
			stop(charges, charges->held);
	}
}

/* at_end - is the whole message here? */
static bool at_end(const struct charges *charges)
{
	return strcmp(charges->request->protocol_state, "END-OF-MESSAGE") == 0;
}

/* charges_close - all is answered */
const struct charges_question *charges_close(struct charges *charges,
					     struct decision *decision)
{
	if (!charges->refused) {
		decision->charge = fullest(charges);
		if (charges->stopping != NULL)
			charges_replace(charges, charges->stopping, decision);
	}
	if (charges->only_look || !refuses(decision) || !at_end(charges))
		return NULL;
	fill(charges, true);
	return charges->question.count > 0 ? &charges->question : NULL;
}

/* charges_ask - ask the counts of this host */
bool charges_ask(struct charges_question *question, uint64_t now_us)
{
	if (question->takes)
		return rate_take(question->charges, question->count, now_us);
	return rate_look(question->charges, question->count, question->notice,
			 now_us);
}

/* charges_settle - all of it at once */
void charges_settle(struct charges *charges, struct decision *decision,
		    const struct charges_how *how)
{
	struct charges_question *question;
	const struct charges_question *back;

	if (charges->count == 0)
		return;
	charges_open(charges, decision, how->only_look);
	while ((question = charges_next(charges)) != NULL) {
		charges_ask(question, how->now_us);
		charges_answer(charges);
	}
	back = charges_close(charges, decision);
	if (back != NULL)
		rate_give_back(charges->question.charges, back->count,
			       how->now_us);
}
