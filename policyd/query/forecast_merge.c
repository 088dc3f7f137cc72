/* SPDX-License-Identifier: ISC */
/* forecast_merge - one group for all strangers that send to a domain
 *
 * Where Postfix takes mail for a domain and policyd does not, the clients are
 * the whole world: what is of interest is the domain, and not each of their
 * networks. Strangers are those that have not logged in and are probably not
 * ours; those that are refused for another reason are another group. A network
 * that sends to several domains stays a group, since it is as likely one that
 * Postfix trusts. */

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "policyd/query/forecast_advice_internal.h"
#include "policyd/query/forecast_group_internal.h"

/* is_mergeable - strangers, and a single domain */
static bool is_mergeable(const struct forecast_groups *groups,
			 const struct forecast_group *group)
{
	return group->kind == FORECAST_REFUSED && !group->locked &&
	       *group->login == '\0' &&
	       strstr(group->restriction, "_sender_") == NULL &&
	       group->domains.count == 1 && !group->domains.more &&
	       forecast_all_strangers(groups->adviser, group);
}

/* compare - for qsort(3): alike are those that may be one group */
static int compare(const void *one, const void *other)
{
	struct forecast_group a = **(struct forecast_group *const *)one;
	struct forecast_group b = **(struct forecast_group *const *)other;
	static char none[] = "";
	int order = strcasecmp(a.domains.texts[0], b.domains.texts[0]);

	a.network = b.network = a.domain = b.domain = none;
	if (order == 0 && a.service != b.service)
		return a.service < b.service ? -1 : 1;
	return order != 0 ? order : forecast_group_compare(&a, &b);
}

/* by_domain - it is that of a domain from now on */
static void by_domain(struct forecast_group *group)
{
	if (*group->domain != '\0')
		return;
	forecast_texts_add(&group->networks, group->network);
	*group->network = '\0';
	free(group->domain);
	group->domain = xstrdup(group->domains.texts[0]);
}

/* add - what one group has to another one */
static void add(struct forecast_group *to, struct forecast_group *from)
{
	size_t i;

	to->count += from->count;
	forecast_group_time(to, from->first);
	forecast_group_time(to, from->last);
	to->clients.more |= from->clients.more;
	to->networks.more |= from->networks.more;
	for (i = 0; i < from->clients.count; i++)
		forecast_texts_add(&to->clients, from->clients.texts[i]);
	for (i = 0; i < from->networks.count; i++)
		forecast_texts_add(&to->networks, from->networks.texts[i]);
	if (*from->network != '\0')
		forecast_texts_add(&to->networks, from->network);
	for (i = 0; i < from->example_count; i++) {
		if (to->example_count >= FORECAST_EXAMPLES)
			break;
		to->examples[to->example_count++] = from->examples[i];
		from->examples[i] = NULL;
	}
}

/* unite - a sorted list: each that is like the one before becomes a part of it.
 * Its place in the list is NULL then. */
static void unite(struct forecast_group **list, size_t count)
{
	size_t first = 0;
	size_t i;

	for (i = 1; i < count; i++) {
		if (compare(&list[first], &list[i]) != 0) {
			first = i;
			continue;
		}
		by_domain(list[first]);
		add(list[first], list[i]);
		forecast_group_free(list[i]);
		list[i] = NULL;
	}
}

/* forecast_groups_merge - see above */
void forecast_groups_merge(struct forecast_groups *groups)
{
	struct forecast_group **list, **kept;
	size_t count = 0;
	size_t others = 0;
	size_t i;

	if (groups->adviser == NULL)
		return;
	list = xcalloc(groups->count + 1, sizeof(void *));
	kept = groups->groups;
	for (i = 0; i < groups->count; i++) {
		struct forecast_group *group = kept[i];

		if (!is_mergeable(groups, group)) {
			kept[others++] = group;
			continue;
		}
		list[count++] = group;
		tdelete(group, &groups->index, forecast_group_compare);
	}
	if (count > 1)
		qsort(list, count, sizeof(void *), compare);
	unite(list, count);
	for (i = 0; i < count; i++) {
		if (list[i] == NULL)
			continue;
		kept[others++] = list[i];
		if (tsearch(list[i], &groups->index, forecast_group_compare) ==
		    NULL)
			xalloc_failed();
	}
	groups->count = others;
	free(list);
}
