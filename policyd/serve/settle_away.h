/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SETTLE_AWAY_H
#define POLICYD_SERVE_SETTLE_AWAY_H

#include "policyd/serve/settle.h"

/* Decisions of this host, without a store. Only for
 * policyd/serve/settle_store.c. */

/* settle_away - the store of each of these charges is away: give them results,
 * as its away says, and count them, if the question takes and all of them pass.
 * True: they do. */
bool settle_away(const struct settle *settle,
		 struct charges_question *question);

/* settle_unasked - the message is refused for another charge: what this host
 * would say of these, and nothing that could be taken for the reason. */
void settle_unasked(const struct settle *settle,
		    struct charges_question *question);

/* settle_beyond - count here what is let through for another reason than that
 * it fits. question->charges have other results afterwards. */
void settle_beyond(struct charges_question *question);

#endif
