/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_PORTS_H
#define POLICYD_CHECK_PORTS_H

#include "lib/config/config.h"
#include "lib/postfix/smtpd_outcome.h"

/* Knowledge about a Postfix in addition to its main.cf and master.cf: the
 * clients in mynetworks, and the answers of policyd where it is asked. */

/* ports_knowledge - for smtpd_ports_judge(). config: the configuration of the
 * policyd that is asked, which must be running; its domains and those of
 * Postfix must be the same. NULL: unknown, so any policy server may answer
 * anything. It is kept, not copied. */
struct smtpd_knowledge ports_knowledge(const struct config *config);

#endif
