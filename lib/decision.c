/* SPDX-License-Identifier: ISC */
/* decision - what was decided, by which restriction, and why */

#include "lib/decision.h"

#include "lib/resolve.h"

/* verdict_name - the word for the log and for people */
const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_DUNNO] = "dunno",   [VERDICT_PERMIT] = "permit",
		[VERDICT_REJECT] = "reject", [VERDICT_DEFER] = "defer",
		[VERDICT_ASK] = "ask",	     [VERDICT_WAIT] = "wait",
	};

	return names[verdict];
}

/* decision_authorized - is the destination ours, or what is assumed */
int decision_authorized(struct decision *decision, int authorized,
			const char *restriction, bool assumed)
{
	if (authorized != AUTHORIZED_ASK)
		return authorized;
	if (decision->ask != NULL)
		return decision->assumed ? 1 : 0;
	decision->ask = restriction;
	decision->assumed = assumed;
	return AUTHORIZED_ASK;
}
