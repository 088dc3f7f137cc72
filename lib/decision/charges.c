/* SPDX-License-Identifier: ISC */
/* charges - take what a request has to pay, after its restrictions were walked
 *
 * A restriction only adds a charge. A request that any of them refuses costs
 * nothing, and one that is permitted ahead of a rate is exempt from it. So the
 * rates are asked at the end, all at once: either every one of them counts the
 * request, or none.
 *
 * A rate that is over replaces the decision, also where there is no recipient:
 * at DATA the message is what is refused. */

#include "lib/decision/charges.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

/* The charges for the counts, and the places that they came from. */
struct basket {
	size_t count;
	struct rate_charge charges[CHARGES_MAX];
	struct charge *from[CHARGES_MAX];
};

/* charges_begin - nothing to pay yet */
void charges_begin(struct charges *charges, const struct request *request)
{
	charges->count = 0;
	charges->limited = false;
	charges->at_end =
		strcmp(request->protocol_state, "END-OF-MESSAGE") == 0;
}

/* fill - all charges that take, or all that only look */
static void fill(struct basket *basket, struct charges *charges, bool takes,
		 const struct charges_how *how)
{
	basket->count = 0;
	for (size_t i = 0; i < charges->count; i++) {
		struct charge *charge = &charges->each[i];

		if (charge->takes != takes ||
		    how->tables[charge->rate->index] == NULL)
			continue;
		basket->from[basket->count] = charge;
		basket->charges[basket->count++] = (struct rate_charge){
			.table = how->tables[charge->rate->index],
			.key = charge->key,
			.place = charge->place,
			.instance = charge->instance,
			.amount = charge->amount,
			.limits = charge->limits,
			.near = charge->rate->near,
			.beyond = charge->rate->action == RATE_WARN,
		};
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
static struct charge *spread(struct basket *basket)
{
	struct charge *first = NULL;

	for (size_t i = 0; i < basket->count; i++) {
		basket->from[i]->result = basket->charges[i].result;
		basket->from[i]->asked = true;
		if (stops(basket->from[i]) &&
		    (first == NULL ||
		     (holds(first) && !holds(basket->from[i]))))
			first = basket->from[i];
	}
	return first;
}

/* look_up - ask without counting */
static struct charge *look(struct basket *basket, const struct charges_how *how)
{
	if (basket->count > 0)
		rate_look(basket->charges, basket->count, !how->only_look,
			  how->now_us);
	return spread(basket);
}

/* drop_holding - leave out the charges that hold the message */
static void drop_holding(struct basket *basket)
{
	size_t kept = 0;

	for (size_t i = 0; i < basket->count; i++) {
		if (holds(basket->from[i]))
			continue;
		basket->charges[kept] = basket->charges[i];
		basket->from[kept++] = basket->from[i];
	}
	basket->count = kept;
}

/* take - count all, or nothing. A message that is held will be sent one day, so
 * rates that are not over count it. */
static struct charge *take(struct basket *basket, const struct charges_how *how)
{
	struct charge *held = NULL;
	struct charge *stopping;

	do {
		if (how->only_look)
			return look(basket, how);
		if (basket->count > 0)
			rate_take(basket->charges, basket->count, how->now_us);
		stopping = spread(basket);
		if (stopping == NULL)
			return held;
		if (!holds(stopping))
			return stopping;
		if (held == NULL)
			held = stopping;
		drop_holding(basket);
	} while (basket->count > 0);
	return held;
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

/* charge_duration - in the largest unit of which there are two */
const char *charge_duration(uint64_t seconds, char text[CHARGE_TEXT_MAX])
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = { { "day", DAY },
		      { "hour", HOUR },
		      { "minute", MINUTE },
		      { "second", 1 } };
	size_t i = 0;
	uint64_t count;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	count = seconds / units[i].seconds + (seconds % units[i].seconds != 0);
	snprintf(text, CHARGE_TEXT_MAX, "%" PRIu64 " %s%s", count,
		 units[i].name, count == 1 ? "" : "s");
	return text;
}

/* the_limit - of the window that the result is about */
static struct rate_limit the_limit(const struct charge *charge)
{
	return (struct rate_limit){ charge->result.number,
				    charge->result.length_s };
}

/* number_text - a number of what the rate counts, as it is written in a limit
 */
static const char *number_text(const struct charge *charge, uint64_t number,
			       char text[RATE_TEXT_SIZE])
{
	struct rate_limit limit = { number, 1 };

	rate_limit_text(&limit, rate_unit_of(charge->rate), text);
	text[strcspn(text, "/")] = '\0';
	return text;
}

/* used_now - with the amount that did not fit */
static uint64_t used_now(const struct charge *charge)
{
	const struct rate_result *result = &charge->result;

	if (result->outcome != RATE_OVER && result->outcome != RATE_NEVER_FITS)
		return result->used;
	if (charge->rate->action == RATE_WARN && charge->takes)
		return result->used; /* it was counted */
	return result->used + charge->amount;
}

/* charge_usage - for the log */
const char *charge_usage(const struct charge *charge, const char *name,
			 char text[CHARGE_TEXT_MAX])
{
	char limit[RATE_TEXT_SIZE], used[RATE_TEXT_SIZE];
	struct rate_limit of = the_limit(charge);

	if (of.length_s == 0)
		snprintf(text, CHARGE_TEXT_MAX, "%s:unlimited", name);
	else
		snprintf(text, CHARGE_TEXT_MAX, "%s:%s/%s", name,
			 number_text(charge, used_now(charge), used),
			 rate_limit_text(&of, rate_unit_of(charge->rate),
					 limit));
	return text;
}

/* noun - what is counted, in words */
static const char *noun(const struct charge *charge)
{
	return charge->rate->count == RATE_CLIENT_NETWORKS
		       ? "networks"
		       : rate_count_name(charge->rate->count);
}

/* charge_limit - "200 recipients in 1h" */
const char *charge_limit(const struct charge *charge,
			 char text[CHARGE_TEXT_MAX])
{
	char number[RATE_TEXT_SIZE], length[RATE_TEXT_SIZE];

	snprintf(text, CHARGE_TEXT_MAX, "%s %s in %s",
		 number_text(charge, charge->result.number, number),
		 noun(charge),
		 rate_length_text(charge->result.length_s, length));
	return text;
}

/* charge_used - what is used of it */
const char *charge_used(const struct charge *charge, char text[CHARGE_TEXT_MAX])
{
	char used[RATE_TEXT_SIZE], limit[CHARGE_TEXT_MAX];

	snprintf(text, CHARGE_TEXT_MAX, "%s of %.50s",
		 number_text(charge, charge->result.used, used),
		 charge_limit(charge, limit));
	return text;
}

/* charge_left - what is left of it */
const char *charge_left(const struct charge *charge, char text[CHARGE_TEXT_MAX])
{
	const struct rate_result *result = &charge->result;
	uint64_t left = result->used < result->number
				? result->number - result->used
				: 0;
	char number[RATE_TEXT_SIZE];

	snprintf(text, CHARGE_TEXT_MAX, "%s",
		 number_text(charge, left, number));
	return text;
}

/* write_never - of an amount that never fits */
static void write_never(struct charges *charges, const struct charge *charge)
{
	char limit[CHARGE_TEXT_MAX], number[RATE_TEXT_SIZE];
	char most[RATE_TEXT_SIZE], length[RATE_TEXT_SIZE];

	if (charge->result.number == 0 ||
	    charge->rate->count == RATE_CLIENT_NETWORKS)
		snprintf(charges->text, sizeof(charges->text),
			 "554 5.7.1 Sending is blocked for this account");
	else if (charge->rate->count == RATE_SIZES)
		snprintf(charges->text, sizeof(charges->text),
			 "554 5.7.1 Message too large: at most %s",
			 charge_limit(charge, limit));
	else
		snprintf(charges->text, sizeof(charges->text),
			 "554 5.7.1 Too many %s at once: %s, at most %s in %s",
			 noun(charge),
			 number_text(charge, charge->amount, number),
			 number_text(charge, charge->result.number, most),
			 rate_length_text(charge->result.length_s, length));
}

/* write_over - of an amount that fits later */
static void write_over(struct charges *charges, const struct charge *charge,
		       const char *code)
{
	char duration[CHARGE_TEXT_MAX];

	snprintf(charges->text, sizeof(charges->text), "%s %s; try again in %s",
		 code,
		 charge->rate->count == RATE_CLIENT_NETWORKS
			 ? "Too many networks for this login"
			 : "Sending limit reached",
		 charge_duration(charge->result.free_s, duration));
}

/* set - the rate decides */
static void set(struct decision *decision, enum verdict verdict,
		const char *reason)
{
	decision->verdict = verdict;
	decision->reason = reason;
}

/* write_refusal - verdict, reason and text of mail that is over */
static void write_refusal(struct charges *charges, const struct charge *charge,
			  struct decision *decision)
{
	const struct rate *rate = charge->rate;
	bool never = charge->result.outcome == RATE_NEVER_FITS;
	bool rejects = rate->action == RATE_REJECT || never;

	set(decision, rejects ? VERDICT_REJECT : VERDICT_DEFER,
	    never ? "more than the limit at once" : "over the limit");
	if (rate->over_reply != NULL && (!never || rate->action == RATE_REJECT))
		snprintf(charges->text, sizeof(charges->text), "%s",
			 rate->over_reply);
	else if (never)
		write_never(charges, charge);
	else
		write_over(charges, charge,
			   rejects ? "554 5.7.1" : "450 4.7.1");
}

/* replace - a charge stops the message: it decides */
static void replace(struct charges *charges, const struct charge *charge,
		    struct decision *decision)
{
	enum rate_outcome outcome = charge->result.outcome;

	charges->limited = true;
	memset(decision->asks, 0, sizeof(decision->asks));
	decision->restriction = charge->word;
	decision->refusal = REFUSAL_RATE;
	decision->charge = charge;
	decision->text = charges->text;
	if (outcome == RATE_UNKNOWN) {
		set(decision, VERDICT_DEFER, "the counts cannot be used");
		snprintf(charges->text, sizeof(charges->text),
			 "451 4.3.0 Temporary lookup failure");
	} else if (outcome == RATE_BLOCKED) {
		set(decision, VERDICT_REJECT, "blocked by the administrator");
		snprintf(charges->text, sizeof(charges->text),
			 "554 5.7.1 Sending is blocked for this account");
	} else if (charge->rate->action == RATE_HOLD) {
		set(decision, VERDICT_HOLD, "over the limit");
		snprintf(charges->text, sizeof(charges->text),
			 "HOLD Sending limit reached");
	} else {
		write_refusal(charges, charge, decision);
	}
}

/* refuses - is this the end of the message? */
static bool refuses(const struct decision *decision)
{
	return decision->verdict == VERDICT_REJECT ||
	       decision->verdict == VERDICT_DEFER;
}

/* give_back - a message that has arrived is refused */
static void give_back(struct basket *takes, const struct charges *charges,
		      const struct decision *decision,
		      const struct charges_how *how)
{
	if (charges->at_end && !how->only_look && refuses(decision) &&
	    takes->count > 0)
		rate_give_back(takes->charges, takes->count, how->now_us);
}

/* charges_settle - see above */
void charges_settle(struct charges *charges, struct decision *decision,
		    const struct charges_how *how)
{
	struct basket takes, looks;
	const struct charge *stopping;

	if (charges->count == 0)
		return;
	fill(&takes, charges, true, how);
	if (!refuses(decision)) {
		fill(&looks, charges, false, how);
		stopping = look(&looks, how);
		if (stopping == NULL)
			stopping = take(&takes, how);
		decision->charge = fullest(charges);
		if (stopping != NULL)
			replace(charges, stopping, decision);
	}
	give_back(&takes, charges, decision, how);
}
