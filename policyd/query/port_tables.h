/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PORT_TABLES_H
#define POLICYD_QUERY_PORT_TABLES_H

#include "lib/postfix/smtpd_outcome.h"

/* port_tables_missing - the first table that a port of smtpd(8) needs for a
 * message to such a recipient, set in main.cf or master.cf, whose file is not
 * there, or whose type is unknown: then smtpd defers it. The caller frees it;
 * *parameter names it. NULL: there is none. */
char *port_tables_missing(const struct smtpd_port *port,
			  enum smtpd_recipient recipient,
			  const char **parameter);

/* port_tables_missing_in - the first such table in a list; the caller frees it.
 * NULL: there is none. */
char *port_tables_missing_in(const struct postfix *postfix, const char *list);

/* port_tables_file - the file that this Postfix opens for "type:/name", also
 * behind proxy:, if the word is such a table; the caller frees it. Where
 * Postfix makes that file when it first needs it (enable-reindex), it is the
 * text. NULL: it is none, has no file, or it is not known which. */
char *port_tables_file(const struct postfix *postfix, const char *word);

#endif
