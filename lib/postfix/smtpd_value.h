/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_VALUE_H
#define LIB_POSTFIX_SMTPD_VALUE_H

#include <stdbool.h>

#include "lib/postfix/smtpd_port.h"

/* A text with which smtpd(8) ends as soon as it has started. */
struct smtpd_value_fault {
	const char *parameter; /* lives as long as the port */
	char *word;	       /* the one that is wrong */
	char *what;	       /* "is no table (TYPE:NAME)": behind the word */
	const char *meant;     /* the word that was probably meant, or NULL */
	char *advice;
};

/* smtpd_value_find - the first fault in what an open port has; false: there is
 * none. The caller clears it in any case. */
bool smtpd_value_find(const struct smtpd_port *port,
		      struct smtpd_value_fault *fault);

/* smtpd_value_clear - free what the struct holds. */
void smtpd_value_clear(struct smtpd_value_fault *fault);

#endif
