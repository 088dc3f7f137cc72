/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_LISTS_H
#define POLICYD_QUERY_FORECAST_LISTS_H

#include "lib/postfix/smtpd_port.h"

/* In which ways the lists of a port can refuse; sets of kinds of replies. */
struct forecast_lists {
	unsigned
		replaced; /* smtpd_relay_restrictions, which policyd replaces */
	unsigned others;  /* those that stay */
	bool certificates; /* a certificate is permitted now */
};

/* Whether Postfix still refuses, in that way. */
enum forecast_remains {
	FORECAST_REMAINS,    /* no list that is replaced has said it */
	FORECAST_MAY_REMAIN, /* both may have */
	FORECAST_ENDS,	     /* only one that is replaced can have */
};

/* forecast_lists_read - of a port. */
struct forecast_lists forecast_lists_read(const struct smtpd_port *port);

/* forecast_lists_unknown - where no main.cf is known. */
struct forecast_lists forecast_lists_unknown(void);

/* forecast_lists_judge - of which lists may that reply be? */
enum forecast_remains forecast_lists_judge(const struct forecast_lists *lists,
					   const char *reply);

/* forecast_lists_refuse - a list of a port, other than
 * smtpd_relay_restrictions, that may refuse to relay, whatever those say; NULL:
 * there is none. */
const char *forecast_lists_refuse(const struct smtpd_port *port);

#endif
