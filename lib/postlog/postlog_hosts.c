/* SPDX-License-Identifier: ISC */
/* postlog_hosts - the hosts to which clients came
 *
 * A central log has those of several, each with its own ports and lists. One
 * host may be named with and without its domain. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_internal.h"

/* is_same - "mx" and "mx.example.org" are */
static bool is_same(const char *one, const char *other)
{
	size_t length = strlen(one);
	size_t size = strlen(other);
	size_t least = length < size ? length : size;

	return strncmp(one, other, least) == 0 &&
	       (one[least] == '\0' || one[least] == '.') &&
	       (other[least] == '\0' || other[least] == '.');
}

/* postlog_hosts_note - remember it */
void postlog_hosts_note(struct postlog_figures *figures, const char *host)
{
	size_t i;

	for (i = 0; i < figures->host_count; i++)
		if (is_same(figures->hosts[i], host))
			return;
	if (figures->host_count < POSTLOG_HOSTS)
		figures->hosts[figures->host_count++] = xstrdup(host);
	else
		figures->more_hosts = true;
}

/* postlog_hosts_clear - forget all */
void postlog_hosts_clear(struct postlog_figures *figures)
{
	while (figures->host_count > 0)
		free(figures->hosts[--figures->host_count]);
}
