/* SPDX-License-Identifier: ISC */
/* reject_known_sender_login_mismatch - reject a sender address of another user
 *
 * Like reject_sender_login_mismatch, but anyone may use an address without an
 * owner. See postconf(5), and lib/decision/sender_login.h. */

#include "lib/decision/restrictions.h"
#include "lib/decision/sender_login.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	return sender_login_evaluate(
		state, subject, decision,
		restriction_reject_known_sender_login_mismatch.name,
		SENDER_CHECK_AUTHENTICATED | SENDER_CHECK_UNAUTHENTICATED |
			SENDER_CHECK_KNOWN);
}

const struct restriction restriction_reject_known_sender_login_mismatch = {
	.name = "reject_known_sender_login_mismatch",
	.parameter = "sender_login_maps",
	.open = sender_login_open,
	.close = sender_login_close,
	.evaluate = evaluate,
};
