/* SPDX-License-Identifier: ISC */
/* postlog_tls - under which syslog_name is TLS logged?
 *
 * It depends on smtpd_tls_loglevel, of main.cf or of one port, and may change
 * while the log is written. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_internal.h"

/* tls_place - where a syslog_name is, or would be; POSTLOG_NAMES: there is no
 * room for it */
static size_t tls_place(const struct postlog *log, const char *name)
{
	size_t i = 0;

	while (i < POSTLOG_NAMES && log->tls_names[i] != NULL &&
	       strcmp(log->tls_names[i], name) != 0)
		i++;
	return i;
}

/* postlog_logs_tls - was it logged? */
bool postlog_logs_tls(const struct postlog *log, const char *name)
{
	size_t i = tls_place(log, name);

	return i < POSTLOG_NAMES && log->tls_names[i] != NULL;
}

/* postlog_tls_note - TLS is logged under this syslog_name */
void postlog_tls_note(struct postlog *log, const char *name)
{
	size_t i = tls_place(log, name);

	if (i < POSTLOG_NAMES && log->tls_names[i] == NULL)
		log->tls_names[i] = xstrdup(name);
}

/* postlog_tls_forget - it is not logged any more: the last one takes the place
 */
void postlog_tls_forget(struct postlog *log, const char *name)
{
	size_t i = tls_place(log, name);
	size_t last = i;

	if (!postlog_logs_tls(log, name))
		return;
	while (last + 1 < POSTLOG_NAMES && log->tls_names[last + 1] != NULL)
		last++;
	free(log->tls_names[i]);
	log->tls_names[i] = log->tls_names[last];
	log->tls_names[last] = NULL;
}
