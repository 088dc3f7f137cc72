/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_LIST_FAULT_H
#define LIB_POSTFIX_SMTPD_LIST_FAULT_H

#include "lib/postfix/smtpd_port.h"

/* smtpd_list_fault - what is in a list of restrictions, or in a class, at which
 * smtpd(8) ends when it starts: a policy server without a type, an attribute
 * that it does not know, or with a value that it refuses, a table that is not
 * TYPE:NAME. parameter: the list. The caller frees the text; NULL: nothing. */
char *smtpd_list_fault(const struct smtpd_port *port, const char **parameter);

#endif
