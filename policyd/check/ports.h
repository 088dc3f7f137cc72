/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_PORTS_H
#define POLICYD_CHECK_PORTS_H

#include "lib/config/config.h"
#include "lib/postfix/smtpd_outcome.h"

/* What is known of a Postfix beside its main.cf and master.cf: who is in
 * mynetworks, and what policyd says where it is asked. */

/* ports_knowledge - for smtpd_ports_judge(). config: of the policyd that is
 * asked, and runs; what is ours to it is ours to Postfix, and the reverse.
 * NULL: none is known, so that policy servers may say anything. It is kept, not
 * copied. */
struct smtpd_knowledge ports_knowledge(const struct config *config);

#endif
