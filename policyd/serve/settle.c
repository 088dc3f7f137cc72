/* SPDX-License-Identifier: ISC */
/* settle - take what a request has to pay, and warn of keys that run out
 *
 * A key is warned of once for each window, until it was below half of its
 * limit; the counts remember it. So there is no limit of lines here. */

#include "policyd/serve/settle.h"

#include "lib/base/log.h"

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
	bool takes = false;

	for (size_t i = 0; i < charges->count; i++)
		takes |= charges->each[i].takes;
	if (takes)
		__atomic_store_n(&seen->counts, 1, __ATOMIC_RELAXED);
	else if (__atomic_load_n(&seen->counts, __ATOMIC_RELAXED) == 0 &&
		 __atomic_add_fetch(&seen->looks, 1, __ATOMIC_RELAXED) ==
			 LOOKS_MAX)
		log_warning("Postfix has asked %d times at RCPT, and never at "
			    "DATA: rates count nothing; add "
			    "check_policy_service to smtpd_data_restrictions",
			    LOOKS_MAX);
}

/* settle - see above */
void settle(struct charges *charges, struct judgement *judgement,
	    struct rate_table *const *tables, struct settle_seen *seen,
	    struct totals *totals, const char *id)
{
	struct charges_how how = {
		.tables = tables,
		.only_look = judgement->service->reply.observe,
	};

	if (charges->count == 0)
		return;
	if (judgement->evaluation.decision.verdict == VERDICT_PERMIT)
		see(charges, seen);
	how.now_us = rate_now_us();
	charges_settle(charges, &judgement->evaluation.decision, &how);
	for (size_t i = 0; i < charges->count; i++) {
		const struct charge *charge = &charges->each[i];

		if (!charge->asked)
			continue;
		if (totals != NULL && !how.only_look &&
		    (charge->takes || charge->result.outcome != RATE_WITHIN))
			totals_rate(totals, charge->rate->index,
				    result_of(charge));
		if (charge->result.notice != RATE_SILENT && !how.only_look)
			warn(charge, judgement, id);
	}
}
