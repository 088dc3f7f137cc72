/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_CHARGES_INTERNAL_H
#define LIB_DECISION_CHARGES_INTERNAL_H

#include "lib/decision/charges.h"

/* charges_replace - a charge stops the message: it decides. */
void charges_replace(struct charges *charges, const struct charge *charge,
		     struct decision *decision);

#endif
