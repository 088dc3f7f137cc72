/* SPDX-License-Identifier: ISC */
/* reject_sender_login_mismatch - reject a sender address of another user
 *
 * A client that is logged in must own it; a client that is not logged in must
 * not use an address that has an owner. See postconf(5), and
 * lib/decision/sender_login.h. */

#include "lib/decision/restrictions.h"
#include "lib/decision/sender_login.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	return sender_login_evaluate(
		state, subject, decision,
		restriction_reject_sender_login_mismatch.name,
		SENDER_CHECK_AUTHENTICATED | SENDER_CHECK_UNAUTHENTICATED);
}

const struct restriction restriction_reject_sender_login_mismatch = {
	.name = "reject_sender_login_mismatch",
	.parameter = "sender_login_maps",
	.open = sender_login_open,
	.close = sender_login_close,
	.evaluate = evaluate,
};
