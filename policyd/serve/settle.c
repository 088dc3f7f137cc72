/* SPDX-License-Identifier: ISC */
/* settle - take what a request has to pay, and warn of keys that run out
 *
 * Without a store, all is settled at once. With one, a request may have to wait
 * for its answer (policyd/serve/settle_store.c): then settle_start() ends, and
 * the event loop calls on_answer().
 *
 * A key is warned of once for each window, until it was below half of its
 * limit; the counts remember it. So there is no limit of lines here. */

#include "policyd/serve/settle.h"

#include "lib/base/log.h"
#include "policyd/serve/settle_store.h"

#define KEY_SHOWN 160
#define LOOKS_MAX 500 /* before it is odd that nothing was counted */

/* result_of - how the outcome is counted */
static enum totals_result result_of(const struct charge *charge)
{
	switch (charge->result.outcome) {
	case RATE_WITHIN:
		return TOTALS_RATE_WITHIN;
	case RATE_BLOCKED:
		return TOTALS_RATE_BLOCKED;
	case RATE_UNKNOWN:
		return TOTALS_RATE_UNKNOWN;
	default:
		break;
	}
	if (charge->rate->action == RATE_WARN)
		return TOTALS_RATE_WARNED;
	return charge->rate->action == RATE_HOLD ? TOTALS_RATE_HELD
						 : TOTALS_RATE_OVER;
}

/* outcome_text - what happened to mail that is over, for the log */
static const char *outcome_text(const struct charge *charge,
				const struct decision *decision)
{
	/* A key is warned of once, and often before the message is there: not
	 * even one recipient fits now, so it will not pass. */
	if (!charge->takes && charge->rate->action == RATE_HOLD)
		return "to be held";
	if (decision->charge != charge || decision->refusal != REFUSAL_RATE)
		return "not refused";
	switch (decision->verdict) {
	case VERDICT_REJECT:
		return "rejected";
	case VERDICT_HOLD:
		return "held";
	default:
		return "deferred";
	}
}

/* warn - of a key that is near a limit, or over it */
static void warn(const struct charge *charge, const struct judgement *judgement,
		 const char *id)
{
	const struct request *request = judgement->evaluation.subject.request;
	const struct decision *decision = &judgement->evaluation.decision;
	char key[KEY_SHOWN + 1], client[KEY_SHOWN + 1], limit[CHARGE_TEXT_MAX];
	char used[CHARGE_TEXT_MAX];

	log_quote(key, KEY_SHOWN, charge->key);
	log_quote(client, KEY_SHOWN, request->client_address);
	charge_limit(charge, limit);
	if (charge->result.notice == RATE_FIRST_OVER)
		log_warning("rate %s: %s is over %s, client [%s], id=%s: %s",
			    charge->rate->name, key, limit, client, id,
			    outcome_text(charge, decision));
	else
		log_warning("rate %s: %s has used %s, client [%s], id=%s",
			    charge->rate->name, key, charge_used(charge, used),
			    client, id);
}

/* see - warn, once, if Postfix never asks when it is time to count */
static void see(const struct charges *charges, struct settle_seen *seen)
{
	if (__atomic_load_n(&seen->counts, __ATOMIC_RELAXED) != 0)
		return;
	if (charges->takes > 0)
		__atomic_store_n(&seen->counts, 1, __ATOMIC_RELAXED);
	else if (__atomic_add_fetch(&seen->looks, 1, __ATOMIC_RELAXED) ==
		 LOOKS_MAX)
		log_warning("Postfix has asked %d times at RCPT, and never at "
			    "DATA: rates count nothing; add "
			    "check_policy_service to smtpd_data_restrictions",
			    LOOKS_MAX);
}

/* note - count what came of each charge, and warn */
static void note(const struct payment *payment)
{
	const struct settle *settle = payment->settle;
	const struct charges *charges = &payment->charges;

	for (size_t i = 0; i < charges->count; i++) {
		const struct charge *charge = &charges->each[i];

		if (!charge->asked || charges->only_look)
			continue;
		if (settle->totals != NULL &&
		    (charge->takes || charge->result.outcome != RATE_WITHIN))
			totals_rate(settle->totals, charge->rate->index,
				    result_of(charge));
		if (charge->result.notice != RATE_SILENT)
			warn(charge, payment->judgement, payment->id);
	}
}

/* finish - all is answered: the decision, and what it gives back */
static void finish(struct payment *payment)
{
	struct charges *charges = &payment->charges;
	const struct charges_question *back = charges_close(
		charges, &payment->judgement->evaluation.decision);

	if (back != NULL) {
		rate_give_back(charges->question.charges, back->count,
			       rate_now_us());
		settle_store_give_back(payment->settle, back);
	}
	note(payment);
}

static void on_answer(void *context, const bool answered[], bool passed);

/* proceed - ask until all is answered. False: the store is being asked */
static bool proceed(struct payment *payment)
{
	struct charges *charges = &payment->charges;
	struct charges_question *question;

	while ((question = charges_next(charges)) != NULL) {
		if (payment->settle->stores == NULL) {
			charges_ask(question, rate_now_us());
		} else {
			payment->call = settle_store_ask(
				payment->settle, question, on_answer, payment);
			if (payment->call != NULL)
				return false;
		}
		charges_answer(charges);
	}
	finish(payment);
	return true;
}

/* on_answer - the stores have answered, or have not in time */
static void on_answer(void *context, const bool answered[], bool passed)
{
	struct payment *payment = context;

	payment->call = NULL;
	settle_store_answer(payment->settle, &payment->charges.question,
			    answered, passed, payment->asked_us);
	charges_answer(&payment->charges);
	if (proceed(payment))
		payment->done(payment->context);
}

/* settle_start - see above */
bool settle_start(struct payment *payment, struct judgement *judgement,
		  const char *id)
{
	struct charges *charges = &payment->charges;
	const struct decision *decision = &judgement->evaluation.decision;

	if (charges->count == 0)
		return true;
	payment->judgement = judgement;
	payment->id = id;
	if (decision->verdict == VERDICT_PERMIT)
		see(charges, payment->settle->seen);
	charges_open(charges, decision, judgement->service->reply.observe);
	if (payment->settle->stores != NULL)
		payment->asked_us = rate_now_us();
	return proceed(payment);
}

/* settle_cancel - nobody waits any more */
void settle_cancel(struct payment *payment)
{
	if (payment != NULL && payment->call != NULL)
		stores_cancel(payment->call);
	if (payment != NULL)
		payment->call = NULL;
}
