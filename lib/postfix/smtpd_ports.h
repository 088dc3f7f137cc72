/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_PORTS_H
#define LIB_POSTFIX_SMTPD_PORTS_H

#include "lib/postfix/smtpd_outcome.h"

/* All that a Postfix lets through: every port of smtpd(8), each client, each
 * recipient. */

/* A port and what becomes of messages there. */
struct smtpd_row {
	struct smtpd_port port;
	struct smtpd_outcome outcomes[SMTPD_CLIENTS][SMTPD_RECIPIENTS];

	/* Does mail come back here from a filter: does this Postfix itself
	 * deliver to the port, or do its options say so, or is it private, or
	 * without the filter of the others, and are all but clients in
	 * mynetworks and on this host refused there? */
	bool is_return;
};

struct smtpd_ports {
	struct smtpd_row *rows; /* as in master.cf */
	size_t count;
};

/* smtpd_ports_judge - all ports. postfix must outlive them; knowledge may be
 * NULL. */
void smtpd_ports_judge(struct smtpd_ports *ports, const struct postfix *postfix,
		       const struct smtpd_knowledge *knowledge);

/* smtpd_ports_clear - free what the struct holds. */
void smtpd_ports_clear(struct smtpd_ports *ports);

#endif
