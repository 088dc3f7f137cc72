/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SETTLE_STORE_H
#define POLICYD_SERVE_SETTLE_STORE_H

#include "policyd/serve/settle.h"

/* Questions to the stores. Only for policyd/serve/settle.c. */

/* settle_store_ask - ask the stores; done() follows. NULL: the question has its
 * results: nothing has to be asked, or the stores are away. */
struct stores_call *settle_store_ask(const struct settle *settle,
				     struct charges_question *question,
				     stores_done *done, void *context);

/* settle_store_answer - the stores have answered; answered and passed: as
 * stores_done. For those that have not, this host decides, as their away says.
 * The question has its results afterwards. */
void settle_store_answer(const struct settle *settle,
			 struct charges_question *question,
			 const bool answered[], bool passed, uint64_t asked_us);

/* settle_store_give_back - the message is refused after all. */
void settle_store_give_back(const struct settle *settle,
			    const struct charges_question *question);

#endif
