/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_VALUE_H
#define LIB_POSTFIX_SMTPD_VALUE_H

#include "lib/postfix/smtpd_port.h"

/* smtpd_value_check - a parameter with whose value smtpd(8) does not start,
 * because of another parameter, or of this host. works: SMTPD_NO; or SMTPD_MAY,
 * since Postfix may know better. wants: what it must be; static. NULL: none. */
const char *smtpd_value_check(const struct smtpd_port *port,
			      enum smtpd_answer *works, const char **wants);

#endif
