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
	const struct forecast_group **groups;
	size_t count;
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
static bool keep_tls(const struct forecast_adviser *adviser,
		     const struct keep *keep, const struct service *service,
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
	enough = advice_tls(adviser, logins, count, lines);
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

/* put_service - what to write into a service */
static void put_service(const struct forecast_adviser *adviser,
			const struct keep *keep, const struct service *service,
			void (*put)(void *context, const char *where,
				    const char *write),
			void *context)
{
	char *where = forecast_advice_where(service);
	char *lines[ADVICE_TLS_LINES];
	bool weak = keep_tls(adviser, keep, service, lines);
	char *text = keep_list(keep, service, weak);
	size_t i;

	if (text != NULL)
		put(context, where, text);
	for (i = 0; i < ADVICE_TLS_LINES && weak && lines[i] != NULL; i++) {
		put(context, where, lines[i]);
		free(lines[i]);
	}
	free(text);
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

/* put_domains - what main.cf needs for a class */
static void put_domains(const struct forecast_adviser *adviser,
			const struct keep *keep, const char *class,
			void (*put)(void *context, const char *where,
				    const char *write),
			void *context)
{
	char *text = advice_domains(adviser, keep->groups, keep->count, class);

	if (text != NULL)
		put(context, ADVICE_POSTFIX, text);
	free(text);
}

/* put_all - each line to write */
static void
put_all(const struct forecast_adviser *adviser, const struct keep *keep,
	void (*put)(void *context, const char *where, const char *write),
	void *context)
{
	const struct forecast_group **hosts =
		xcalloc(keep->count, sizeof(struct forecast_group *));
	size_t count = 0;
	char *text;
	size_t i;

	for (i = 0; i < keep->count; i++)
		if (*keep->groups[i]->login == '\0' && !keep->groups[i]->locked)
			hosts[count++] = keep->groups[i];
	text = advice_networks(adviser, hosts, count);
	if (text != NULL)
		put(context, "at top level", text);
	free(text);
	free(hosts);
	for (i = 0; i < keep->count; i++)
		if (is_first(keep, i))
			put_service(adviser, keep, keep->groups[i]->service,
				    put, context);
	advice_postfix(adviser, keep->groups, keep->count, put, context);
	for (i = 0; i < keep->count; i++)
		if (is_first_of_class(keep, i))
			put_domains(adviser, keep, keep->groups[i]->class, put,
				    context);
}

/* forecast_advice_all - for all together */
bool forecast_advice_all(const struct forecast_adviser *adviser,
			 const struct forecast_groups *groups,
			 void (*put)(void *context, const char *where,
				     const char *write),
			 void *context)
{
	struct forecast_group *others =
		xcalloc(FORECAST_SERVICES * groups->count + 1, sizeof(*others));
	struct keep keep = { .count = 0 };
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
		put_all(adviser, &keep, put, context);
	free(keep.groups);
	free(others);
	return advised > 1;
}
