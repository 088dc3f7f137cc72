/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_ASKS_H
#define POLICYD_QUERY_FORECAST_ASKS_H

#include <stdbool.h>

#include "lib/config/config.h"
#include "lib/postfix/smtpd_port.h"

/* forecast_asks - does a port ask policyd already, and do what it says? */
bool forecast_asks(const struct config *config, const struct smtpd_port *port);

/* forecast_ends_plain_login - will a login without TLS be impossible at a port
 * once it asks policyd, because --init sets smtpd_tls_auth_only? */
bool forecast_ends_plain_login(const struct config *config,
			       const struct smtpd_port *port);

#endif
