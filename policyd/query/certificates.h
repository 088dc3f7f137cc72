/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_CERTIFICATES_H
#define POLICYD_QUERY_CERTIFICATES_H

#include "lib/base/error.h"
#include "lib/postfix/smtpd_port.h"

/* certificates_usable - can smtpd(8) use the files that hold the port's own
 * certificates and keys? One that it cannot use ends TLS for all. NO: a file is
 * missing, or holds no certificate or key, or the key is that of another
 * certificate; why, which may be NULL, says so. MAY: a file cannot be read by
 * us, or its key by our OpenSSL. */
enum smtpd_answer certificates_usable(const struct smtpd_port *port,
				      struct error *why);

#endif
