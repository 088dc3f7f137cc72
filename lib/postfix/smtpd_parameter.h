/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_PARAMETER_H
#define LIB_POSTFIX_SMTPD_PARAMETER_H

#include "lib/postfix/smtpd_port.h"

/* The parameters that smtpd(8) reads when it starts, and which of their values
 * end it: a time of 0 where there must be one, a number that is none. */

/* smtpd_parameter_get - the value that a port has; NULL: this Postfix does not
 * have the parameter. port: needs postfix and service. */
const char *smtpd_parameter_get(const struct smtpd_port *port,
				const char *name);

/* smtpd_parameter_check - the parameter at which smtpd(8) ends on that port;
 * NULL: none. works: SMTPD_NO; or SMTPD_MAY if it is not known whether smtpd
 * reads the parameter, or what its value is then. port: needs postfix,
 * service, wraps and starts_tls. */
const char *smtpd_parameter_check(const struct smtpd_port *port,
				  enum smtpd_answer *works);

/* smtpd_parameter_try - what smtpd(8) wants in place of a value: "a time of at
 * least 1s". The caller frees it; NULL: the parameter is none of these, or the
 * value is fine. */
char *smtpd_parameter_try(const char *name, const char *value);

/* smtpd_parameter_wants - likewise, for the value that a port has. */
char *smtpd_parameter_wants(const struct smtpd_port *port, const char *name);

/* smtpd_parameter_meant - in a value that must be of a set of names: the name
 * that was probably meant by the first word that is none. The caller frees it,
 * and *word. NULL: there is none, and no word. */
char *smtpd_parameter_meant(const char *name, const char *value, char **word);

#endif
