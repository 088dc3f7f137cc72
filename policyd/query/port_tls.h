/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PORT_TLS_H
#define POLICYD_QUERY_PORT_TLS_H

#include "lib/base/error.h"
#include "lib/postfix/smtpd_port.h"

/* port_tls_usable - can smtpd(8) offer TLS on a port that is to have it? It
 * needs the port's own certificates (certificates.h), the other files that it
 * loads with them, and settings that it understands; with others there
 * is no TLS. NO: *parameter is the one that ends it, and why says so; both
 * may be NULL. MAY: that depends on the OpenSSL of Postfix, or on a file that
 * cannot be read by us. */
enum smtpd_answer port_tls_usable(const struct smtpd_port *port,
				  const char **parameter, struct error *why);

#endif
