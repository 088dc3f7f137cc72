/* SPDX-License-Identifier: ISC */
/* store_answered - what follows the answer of the store
 *
 * The oldest question is answered. An error that is about this request alone
 * makes only this one fail, and a probe find out about the others. Every other
 * error, and every answer that does not belong to its question, ends the
 * connection. */

#include "lib/store/store_internal.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

/* is_text - is the answer that text? */
static bool is_text(const struct store_values *values, int kind,
		    const char *text)
{
	return values->value[0].kind == kind && text[0] != '\0' &&
	       strcmp(values->value[0].text, text) == 0;
}

/* is_one - is the answer this number? */
static bool is_one(const struct store_values *values)
{
	return values->value[0].kind == REDIS_REPLY_INTEGER &&
	       values->value[0].number == 1;
}

/* fail_with - an error of the store, or an answer to something else */
static void fail_with(struct store *store, const struct store_values *values)
{
	char why[STORE_WHY_SIZE];

	if (values->value[0].kind == REDIS_REPLY_ERROR)
		store_error_why(values->value[0].text, why);
	else
		snprintf(why, sizeof(why),
			 "the store's answer is to another question");
	store_fail(store, why);
}

/* repeat - the script was lost; nothing was done. It is dropped if nobody
 * waits for it. False: once is enough */
static bool repeat(struct store_call *again)
{
	struct store *store = again->store;

	if (again->repeated || again->kind == STORE_AUTH ||
	    again->kind == STORE_LOAD)
		return false;
	TAILQ_REMOVE(&store->sent, again, link);
	if (again->kind == STORE_CHARGES && again->done == NULL) {
		store_call_free(again);
		return true;
	}
	if (store->loads == 0)
		store_call_load(store);
	if (again->kind == STORE_PROBE)
		store->probes--;
	again->repeated = true;
	store_call_send(again);
	return true;
}

/* answer_charges - to somebody who waits, or nobody */
static void answer_charges(struct store_call *call,
			   const struct store_values *values)
{
	struct store *store = call->store;
	const char *wrong = NULL;
	bool passed = false;

	if (store_error_of(values) == STORE_ONE_ERROR) {
		char why[STORE_WHY_SIZE];

		store_copy_why(why, values->value[0].text);
		if (store->state == STORE_UP && store->probes == 0)
			store_call_probe(store);
		store_call_end(call, why, false);
		return;
	}
	if (call->done != NULL)
		wrong = store_answer_read(values, call->windows, call->charges,
					  call->count, &passed);
	store_call_end(call, wrong, passed);
	if (wrong != NULL && store_link_is_open(store))
		store_fail(store, wrong);
}

/* answer_own - to one of ours */
static void answer_own(struct store_call *call,
		       const struct store_values *values)
{
	struct store *store = call->store;
	enum store_kind kind = call->kind;
	uint64_t us = clock_us() - call->since_us;
	bool good;

	if (kind == STORE_LOAD)
		store->loads--;
	else if (kind == STORE_PROBE)
		store->probes--;
	store_call_free(call);
	if (kind == STORE_AUTH)
		good = is_text(values, REDIS_REPLY_STATUS, "OK");
	else if (kind == STORE_LOAD)
		good = is_text(values, REDIS_REPLY_STRING, store->settings.sha);
	else
		good = is_one(values) ||
		       (kind == STORE_BACK &&
			store_error_of(values) == STORE_ONE_ERROR);
	if (!good) {
		fail_with(store, values);
		return;
	}
	if (kind == STORE_LOAD && !store->ready) {
		store->ready = true;
		store_call_probe(store);
	}
	if (kind == STORE_PROBE &&
	    us <= (uint64_t)store->settings.timeout_ms * STORE_MS)
		store_come_up(store);
}

/* store_answered - the oldest question is answered */
void store_answered(struct store *store, const struct store_values *values)
{
	struct store_call *call = TAILQ_FIRST(&store->sent);
	enum store_error error = store_error_of(values);

	if (call == NULL) {
		store_fail(store, "the store sends what nobody asked for");
		return;
	}
	if (error == STORE_NO_SCRIPT && repeat(call))
		return;
	if (error == STORE_ALL_ERRORS || error == STORE_NO_SCRIPT) {
		fail_with(store, values);
		return;
	}
	TAILQ_REMOVE(&store->sent, call, link);
	if (call->kind == STORE_CHARGES)
		answer_charges(call, values);
	else
		answer_own(call, values);
}
