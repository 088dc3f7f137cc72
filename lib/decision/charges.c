/* SPDX-License-Identifier: ISC */
/* charges - what a rate that is over makes of a request, and its texts */

#include "lib/decision/charges_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

/* charges_begin - nothing to pay yet */
void charges_begin(struct charges *charges, const struct request *request,
		   struct rate_table *const *tables)
{
	charges->count = charges->takes = 0;
	charges->request = request;
	charges->tables = tables;
	charges->limited = false;
}

/* charges_add - one more */
void charges_add(struct charges *charges)
{
	charges->takes += charges->each[charges->count++].takes;
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
	return rate_number_text(number, rate_unit_of(charge->rate), text);
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

	if (charge->result.outcome == RATE_BLOCKED)
		snprintf(text, CHARGE_TEXT_MAX, "%s:blocked", name);
	else if (charge->result.outcome == RATE_UNKNOWN)
		snprintf(text, CHARGE_TEXT_MAX, "%s:unknown", name);
	else if (of.length_s == 0)
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

/* charges_replace - a charge stops the message: it decides */
void charges_replace(struct charges *charges, const struct charge *charge,
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
