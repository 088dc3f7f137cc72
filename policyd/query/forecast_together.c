/* SPDX-License-Identifier: ISC */
/* forecast_together - advice on all groups together
 *
 * Several groups may need a change of one line, so that the advice for one
 * would undo that for another. Strangers are left out, see forecast_keep.c. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "policyd/query/forecast_advice_internal.h"

/* is_advised - is a group a part of what is advised for all? */
static bool is_advised(const struct forecast_adviser *adviser,
		       const struct forecast_group *group)
{
	return group->kind == FORECAST_REFUSED && !group->certified &&
	       strstr(group->restriction, "_sender_") == NULL &&
	       (group->locked || *group->login != '\0' ||
		!advice_is_of_strangers(adviser, group));
}

/* All groups that are advised on. */
struct keep {
	const struct forecast_adviser *adviser;
	const struct forecast_group **groups;
	size_t count;
	const struct advice_lines *lines;
};

/* advice_is_same - that of the top level counts for all that have none */
bool advice_is_same(const struct service *one, const struct service *other)
{
	return one == other || (one->line == 0 && other->line == 0);
}

/* keep_list - all words for the list of a service; weak: those for logins are
 * not needed. NULL: no word is. */
static char *keep_list(const struct keep *keep, const struct service *service,
		       bool weak)
{
	const struct restriction_list *list = &service->restrictions;
	const size_t none = list->count + 1;
	struct advice_word words[] = { { ADVICE_NETWORKS, none },
				       { ADVICE_LOGIN, none } };
	bool logins, hosts;
	size_t i;

	for (i = 0; i < keep->count; i++) {
		const struct forecast_group *group = keep->groups[i];
		size_t which = *group->login != '\0';
		size_t at = advice_place(list, group->restriction);

		if (!group->locked && advice_is_same(group->service, service) &&
		    at < words[which].at && !(weak && which == 1))
			words[which].at = at;
	}
	hosts = words[0].at < none &&
		words[0].at <= advice_place(list, ADVICE_NETWORKS);
	logins = words[1].at < none &&
		 words[1].at <= advice_place(list, ADVICE_LOGIN);
	if (!hosts && !logins)
		return NULL;
	return advice_list(list, words + !hosts, (size_t)hosts + logins);
}

/* keep_tls - the least TLS of a service, if that is all its logins need */
static bool keep_tls(const struct keep *keep, const struct service *service,
		     char *lines[ADVICE_TLS_LINES])
{
	const struct forecast_group **logins =
		xcalloc(keep->count, sizeof(struct forecast_group *));
	size_t count = 0;
	bool enough;
	size_t i;

	for (i = 0; i < keep->count; i++)
		if (advice_is_same(keep->groups[i]->service, service) &&
		    !keep->groups[i]->locked && *keep->groups[i]->login != '\0')
			logins[count++] = keep->groups[i];
	enough = advice_tls(keep->adviser, logins, count, lines);
	free(logins);
	return enough;
}

/* is_first - is it the first group of its service? */
static bool is_first(const struct keep *keep, size_t index)
{
	size_t i = 0;

	while (!advice_is_same(keep->groups[i]->service,
			       keep->groups[index]->service))
		i++;
	return i == index;
}

/* put - one line, which is freed; NULL: there is none */
static void put(const struct keep *keep, const char *where, char *line)
{
	if (line != NULL)
		keep->lines->put(keep->lines->context, where, line);
	free(line);
}

/* put_service - what to write into a service */
static void put_service(const struct keep *keep, const struct service *service)
{
	char *where = forecast_advice_where(service);
	char *lines[ADVICE_TLS_LINES];
	bool weak = keep_tls(keep, service, lines);
	size_t i;

	put(keep, where, keep_list(keep, service, weak));
	for (i = 0; i < ADVICE_TLS_LINES && weak; i++)
		put(keep, where, lines[i]);
	free(where);
}

/* is_first_of_class - of the locked groups of its class of destinations */
static bool is_first_of_class(const struct keep *keep, size_t index)
{
	const char *class = keep->groups[index]->class;
	size_t i = 0;

	while (strcmp(keep->groups[i]->class, class) != 0)
		i++;
	return i == index && *class != '\0';
}

/* put_all - each line to write */
static void put_all(const struct keep *keep)
{
	const struct forecast_adviser *adviser = keep->adviser;
	const struct forecast_group **groups = keep->groups;
	const struct forecast_group **hosts =
		xcalloc(keep->count, sizeof(struct forecast_group *));
	size_t count = 0;
	size_t i;

	for (i = 0; i < keep->count; i++)
		if (*groups[i]->login == '\0' && !groups[i]->locked)
			hosts[count++] = groups[i];
	put(keep, "at top level", advice_networks(adviser, hosts, count));
	free(hosts);
	for (i = 0; i < keep->count; i++)
		if (is_first(keep, i))
			put_service(keep, groups[i]->service);
	for (i = 0; i < keep->count; i++)
		put(keep, ADVICE_POSTFIX,
		    advice_postfix(adviser, groups, keep->count, i));
	for (i = 0; i < keep->count; i++)
		if (is_first_of_class(keep, i))
			put(keep, ADVICE_POSTFIX,
			    advice_domains(adviser, groups, keep->count,
					   groups[i]->class));
}

/* forecast_advice_all - for all together */
bool forecast_advice_all(const struct forecast_adviser *adviser,
			 const struct forecast_groups *groups,
			 const struct advice_lines *lines)
{
	struct forecast_group *others =
		xcalloc(FORECAST_SERVICES * groups->count + 1, sizeof(*others));
	struct keep keep = { .adviser = adviser, .lines = lines };
	size_t advised = 0;
	size_t other = 0;
	size_t i, k;

	keep.groups = xcalloc((FORECAST_SERVICES + 1) * groups->count + 1,
			      sizeof(struct forecast_group *));
	for (i = 0; i < groups->count; i++) {
		const struct forecast_group *group = groups->groups[i];

		if (!is_advised(adviser, group))
			continue;
		advised++;
		keep.groups[keep.count++] = group;
		for (k = 0; k < group->other_count; k++) {
			others[other] = forecast_group_of_other(group, k);
			keep.groups[keep.count++] = &others[other++];
		}
	}
	if (advised > 1)
		put_all(&keep);
	free(keep.groups);
	free(others);
	return advised > 1;
}
