/* SPDX-License-Identifier: ISC */
/* reject_plaintext_session - reject when the session is not encrypted
 *
 * Or weaker than tls_protocols, tls_ciphers and tls_keysize require. Postfix
 * has this word for the first part: reject_plaintext_session, postconf(5). */

#include "lib/decision/restrictions.h"

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	(void)state;
	if (subject->facts->weak == NULL) {
		decision->reason = "encrypted";
		return VERDICT_DUNNO;
	}
	decision->refusal = REFUSAL_PLAINTEXT;
	decision->reason = subject->facts->weak;
	return VERDICT_REJECT;
}

const struct restriction restriction_reject_plaintext_session = {
	.name = "reject_plaintext_session",
	.evaluate = evaluate,
};
