/* SPDX-License-Identifier: ISC */
/* check_rate:NAME - how much may be sent, see the rate section of that name
 *
 * It only records what the request has to pay, and says DUNNO: the rates are
 * asked after the walk, all at once (lib/decision/charges.c). A failed lookup
 * defers, also where there is no recipient: mail that nobody counts must not
 * pass. */

#include "lib/base/similar.h"
#include "lib/decision/charges.h"
#include "lib/decision/evaluate.h"
#include "lib/decision/restrictions.h"

/* open_rate - find the rate of that name */
static int open_rate(const char *argument,
		     const struct restriction_context *context, void **state,
		     struct error *error)
{
	const struct rate *rate = rate_named(context->rates, argument);
	struct similar similar;
	char advice[128];

	if (rate != NULL) {
		*state = (void *)(uintptr_t)rate;
		return 0;
	}
	similar_init(&similar, argument);
	similar.prefix = "check_rate:";
	for (size_t i = 0; i < context->rates->count; i++)
		similar_try(&similar, context->rates->rates[i].name);
	return error_set(error, "there is no rate section \"%.64s\"%s",
			 argument,
			 similar_advice(&similar, advice, sizeof(advice)));
}

/* recipient_of - the address that the recipient comes to */
static const char *recipient_of(const struct subject *subject)
{
	const struct facts *facts = subject->facts;

	if (!facts->has_recipient || facts->destination.status != RESOLVE_DONE)
		return subject->request->recipient;
	return facts->destination.address;
}

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	const struct evaluation *evaluation = subject->evaluation;
	struct charges *charges =
		evaluation != NULL ? evaluation->charges : NULL;
	struct table_trouble trouble = { 0 };
	struct charge *charge;

	decision->reason = "counted by a server only";
	if (charges == NULL)
		return VERDICT_DUNNO;
	if (charges->count < CHARGES_MAX) {
		charge = &charges->each[charges->count];
		switch (rate_charge(state, subject->request,
				    recipient_of(subject), charge,
				    &decision->reason, &trouble)) {
		case 1:
			charge->word = restriction_use_word(
				&evaluation->list->uses[evaluation->next]);
			charge->hashes = rate_expect(
				charges->tables[charge->rate->index],
				charge->key, charge->instance);
			charges_add(charges);
			decision->reason = "counted after the last restriction";
			return VERDICT_DUNNO;
		case 0:
			return VERDICT_DUNNO;
		default:
			break;
		}
	}
	decision->refusal = REFUSAL_LOOKUP;
	decision->reason = "key or limit of the rate cannot be looked up";
	decision->table = trouble.table;
	decision->why = trouble.why;
	return VERDICT_DEFER;
}

const struct restriction restriction_check_rate = {
	.name = "check_rate",
	.argument = "the name of a rate",
	.anytime = true,
	.open = open_rate,
	.evaluate = evaluate,
};
