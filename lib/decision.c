/* SPDX-License-Identifier: ISC */
/* decision - what was decided, by which restriction, and why */

#include "lib/decision.h"

/* verdict_name - the word for the log and for people */
const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_DUNNO] = "dunno",   [VERDICT_PERMIT] = "permit",
		[VERDICT_REJECT] = "reject", [VERDICT_DEFER] = "defer",
		[VERDICT_WAIT] = "wait",
	};

	return names[verdict];
}
