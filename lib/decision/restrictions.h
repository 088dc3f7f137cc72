/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_RESTRICTIONS_H
#define LIB_DECISION_RESTRICTIONS_H

#include "lib/decision/restriction.h"

/* All restrictions; lib/decision/restriction.c lists them. */
extern const struct restriction restriction_permit_auth_destination;
extern const struct restriction restriction_reject_unauth_destination;
extern const struct restriction restriction_permit_sasl_authenticated;
extern const struct restriction restriction_permit_tls_clientcerts;
extern const struct restriction restriction_reject_plaintext_session;
extern const struct restriction restriction_permit_mynetworks;
extern const struct restriction restriction_reject_sender_login_mismatch;
extern const struct restriction
	restriction_reject_authenticated_sender_login_mismatch;
extern const struct restriction
	restriction_reject_unauthenticated_sender_login_mismatch;
extern const struct restriction restriction_reject_known_sender_login_mismatch;
extern const struct restriction restriction_check_rate;
extern const struct restriction restriction_permit;
extern const struct restriction restriction_reject;
extern const struct restriction restriction_defer;

#endif
