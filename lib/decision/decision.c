/* SPDX-License-Identifier: ISC */
/* decision - what was decided, by which restriction, and why */

#include "lib/decision/decision.h"

#include <stddef.h>
#include <string.h>

#include "lib/address/resolve.h"

/* decision_init - clear all but the buffers */
void decision_init(struct decision *decision)
{
	memset(decision, 0, offsetof(struct decision, owners));
	decision->owners[0] = '\0';
	decision->reason = "";
}

/* verdict_name - the word in the log and in messages */
const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_DUNNO] = "dunno",   [VERDICT_PERMIT] = "permit",
		[VERDICT_REJECT] = "reject", [VERDICT_DEFER] = "defer",
		[VERDICT_ASK] = "ask",	     [VERDICT_HOLD] = "hold",
		[VERDICT_WAIT] = "wait",
	};

	return names[verdict];
}

/* verdict_find - the verdict with that name */
int verdict_find(const char *name)
{
	int i;

	for (i = 0; i < VERDICT_COUNT; i++)
		if (strcmp(verdict_name((enum verdict)i), name) == 0)
			return i;
	return -1;
}

/* ask - record a restriction for Postfix to try; -1: there are too many */
static int ask(struct decision *decision, const char *restriction)
{
	for (size_t i = 0; i < decision->asked_count; i++)
		if (strcmp(decision->asked[i], restriction) == 0)
			return 0;
	if (decision->asked_count == DECISION_ASKED)
		return -1;
	decision->asked[decision->asked_count++] = restriction;
	return 0;
}

/* decision_authorized - is the destination ours, or assumed to be? */
int decision_authorized(struct decision *decision, int authorized,
			const char *restriction, bool assumed)
{
	if (authorized != AUTHORIZED_ASK)
		return authorized;
	if (decision->assumed != ASSUMED_NOTHING)
		return decision->assumed == ASSUMED_OURS ? 1 : 0;
	if (ask(decision, restriction) < 0)
		return -1;
	decision->assumed = assumed ? ASSUMED_OURS : ASSUMED_NOT_OURS;
	return AUTHORIZED_ASK;
}

/* decision_ask_sender - continue, and have Postfix try the restriction */
enum verdict decision_ask_sender(struct decision *decision,
				 const char *restriction)
{
	if (ask(decision, restriction) == 0)
		return VERDICT_DUNNO;
	decision->refusal = REFUSAL_LOOKUP;
	decision->reason = "too many restrictions are left to Postfix";
	return VERDICT_DEFER;
}

/* last_ask - the index of the last restriction that Postfix has to try, or -1
 */
static int last_ask(const struct decision *decision)
{
	int last = -1;
	int i;

	for (i = 0; i < DECISION_ASKS; i++)
		if (decision->asks[i] != NULL)
			last = i;
	return last;
}

/* decision_refuses - the last of the restrictions for Postfix is a refusal, if
 * there is a recipient */
bool decision_refuses(const struct decision *decision)
{
	int last = last_ask(decision);

	return last >= 0 ? strncmp(decision->asks[last], "reject", 6) == 0
			 : decision->verdict == VERDICT_REJECT;
}

/* elsewhere - what Postfix concludes from one restriction if the destination is
 * not ours; ASK: it may permit */
static enum verdict elsewhere(const char *word)
{
	if (strcmp(word, "reject") == 0 ||
	    strcmp(word, "reject_unauth_destination") == 0)
		return VERDICT_REJECT;
	if (strcmp(word, "defer") == 0)
		return VERDICT_DEFER;
	/* About the sender; it can only refuse. */
	if (strncmp(word, "reject_", 7) == 0 ||
	    strcmp(word, "permit_auth_destination") == 0)
		return VERDICT_DUNNO;
	return VERDICT_ASK;
}

/* decision_elsewhere - the verdict if the destination is not ours */
enum verdict decision_elsewhere(const struct decision *decision,
				const char **word)
{
	enum verdict verdict;
	int i;

	*word = decision->restriction;
	if (decision->verdict != VERDICT_ASK)
		return decision->verdict;
	for (i = 0; i < DECISION_ASKS; i++) {
		if (decision->asks[i] == NULL)
			continue;
		verdict = elsewhere(decision->asks[i]);
		if (verdict == VERDICT_DUNNO)
			continue;
		*word = decision->asks[i];
		return verdict;
	}
	return VERDICT_ASK;
}

/* decision_postpone - what was refused is deferred */
void decision_postpone(struct decision *decision)
{
	int last = last_ask(decision);

	if (last >= 0) {
		decision->asks[last] = "defer";
		return;
	}
	decision->verdict = VERDICT_DEFER;
	decision->refusal = REFUSAL_DEFER;
	decision->reason = "files have changed, and are not loaded yet";
}
