/* SPDX-License-Identifier: ISC */
/* postlog_others - messages that no client of the log sent
 *
 * Some begin on this host: by sendmail(1), a bounce, a forwarded message. Of
 * the others, the beginning is not in the log. To know which is which, those
 * that are seen to begin are remembered. */

#include "lib/postlog/postlog_others.h"

#include <stdlib.h>

#include "lib/base/xalloc.h"

/* One message. */
struct postlog_other {
	struct postlog_entry entry; /* by queue id */
	struct postlog_other *older, *newer;
};

/* drop - forget a message */
static void drop(struct postlog_others *others, struct postlog_other *other)
{
	postlog_table_remove(&others->table, &other->entry);
	*(other->older != NULL ? &other->older->newer : &others->oldest) =
		other->newer;
	*(other->newer != NULL ? &other->newer->older : &others->newest) =
		other->older;
	free(other);
}

/* postlog_others_add - remember a message */
bool postlog_others_add(struct postlog_others *others, const char *host,
			const char *queue_id)
{
	struct postlog_other *other;

	if (postlog_table_find(&others->table, host, queue_id) != NULL)
		return false;
	if (others->table.count >= POSTLOG_OTHERS_MAX)
		drop(others, others->oldest);
	other = xcalloc(1, sizeof(*other));
	postlog_table_add(&others->table, &other->entry, host, queue_id, other);
	other->older = others->newest;
	*(others->newest != NULL ? &others->newest->newer : &others->oldest) =
		other;
	others->newest = other;
	return true;
}

/* postlog_others_remove - it left the queue */
void postlog_others_remove(struct postlog_others *others, const char *host,
			   const char *queue_id)
{
	struct postlog_other *other =
		postlog_table_find(&others->table, host, queue_id);

	if (other != NULL)
		drop(others, other);
}

/* postlog_others_clear - free what it holds */
void postlog_others_clear(struct postlog_others *others)
{
	while (others->oldest != NULL)
		drop(others, others->oldest);
	postlog_table_clear(&others->table);
}
