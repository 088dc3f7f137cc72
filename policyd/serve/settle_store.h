/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SETTLE_STORE_H
#define POLICYD_SERVE_SETTLE_STORE_H

#include "policyd/serve/settle.h"

/* Questions to the store. Only for policyd/serve/settle.c. */

/* settle_store_ask - ask the store; done() follows. NULL: the question has its
 * results: nothing has to be asked, or the store is away. */
struct store_ask *settle_store_ask(const struct settle *settle,
				   struct charges_question *question,
				   store_done *done, void *context);

/* settle_store_answer - the store has answered; passed: as rate_take(). Or it
 * has not: then this host does, as away says. The question has its results
 * afterwards. */
void settle_store_answer(const struct settle *settle,
			 struct charges_question *question, bool answered,
			 bool passed, uint64_t asked_us);

/* settle_store_give_back - the message is refused after all. */
void settle_store_give_back(const struct settle *settle,
			    const struct charges_question *question);

#endif
