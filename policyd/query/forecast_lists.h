/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_LISTS_H
#define POLICYD_QUERY_FORECAST_LISTS_H

#include <stdbool.h>

#include "lib/postfix/smtpd_port.h"

/* forecast_lists_access - in which ways smtpd_relay_restrictions of a port,
 * which policyd replaces, may say "Access denied". */
unsigned forecast_lists_access(const struct smtpd_port *port);

/* forecast_lists_remains - has another list said this reply, if that one can
 * say access? Then it goes on to say it. */
bool forecast_lists_remains(unsigned access, const char *reply);

/* forecast_lists_refuse - may smtpd_recipient_restrictions of a port refuse to
 * relay, whatever smtpd_relay_restrictions say? */
bool forecast_lists_refuse(const struct smtpd_port *port);

#endif
