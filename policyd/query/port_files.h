/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PORT_FILES_H
#define POLICYD_QUERY_PORT_FILES_H

#include "lib/postfix/smtpd_outcome.h"

/* port_files - for smtpd_ports_judge(): the clients in mynetworks, and whether
 * there are certificates. The answers of policy servers are unknown. */
struct smtpd_knowledge port_files(void);

#endif
