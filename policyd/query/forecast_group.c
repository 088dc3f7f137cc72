/* SPDX-License-Identifier: ISC */
/* forecast_group - recipients of Postfix's log that are alike
 *
 * Alike are those at one port, from one network of clients, with one login, and
 * with one reason. Their number is limited: a stranger chooses the network. */

#include "policyd/query/forecast_group.h"

#include <arpa/inet.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "policyd/query/example.h"
#include "policyd/query/forecast_group_internal.h"

#define NETWORK_SIZE 64
#define DOMAIN_SIZE  256

/* network_of - the network of 256 IPv4 addresses, or the /64 of IPv6 */
static void network_of(char network[NETWORK_SIZE], const char *address)
{
	unsigned char bytes[16] = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, address, bytes) == 1) {
		snprintf(network, NETWORK_SIZE, "%u.%u.%u.0/24", bytes[0],
			 bytes[1], bytes[2]);
	} else if (inet_pton(AF_INET6, address, bytes) == 1) {
		memset(bytes + 8, 0, 8);
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
		snprintf(network, NETWORK_SIZE, "%s/64", text);
	} else {
		snprintf(network, NETWORK_SIZE, "%.60s", address);
	}
}

/* forecast_group_compare - for tsearch(3) */
int forecast_group_compare(const void *one, const void *other)
{
	const struct forecast_group *a = one;
	const struct forecast_group *b = other;
	int order = (int)a->kind - (int)b->kind;
	size_t i;

	if (order == 0)
		order = strcmp(a->reason, b->reason);
	if (order == 0)
		order = strcmp(a->login, b->login);
	if (order == 0)
		order = strcmp(a->network, b->network);
	if (order == 0)
		order = strcmp(a->domain, b->domain);
	if (order == 0)
		order = strcmp(a->class, b->class);
	if (order == 0)
		order = strcmp(a->name, b->name);
	if (order == 0)
		order = strcmp(a->port, b->port);
	if (order == 0)
		order = (int)a->ours - (int)b->ours;
	if (order == 0)
		order = (int)a->certified - (int)b->certified;
	if (order == 0)
		order = (int)a->other_count - (int)b->other_count;
	for (i = 0; i < a->other_count && order == 0; i++)
		order = strcmp(a->others[i].service->name,
			       b->others[i].service->name);
	return order == 0 ? strcmp(a->restriction, b->restriction) : order;
}

/* forecast_group_of_other - a copy, but for that */
struct forecast_group
forecast_group_of_other(const struct forecast_group *group, size_t other)
{
	struct forecast_group made = *group;

	made.service = group->others[other].service;
	made.restriction = (char *)group->others[other].restriction;
	made.other_count = 0;
	return made;
}

/* make - a group like that, with texts of its own */
static struct forecast_group *make(struct forecast_groups *groups,
				   const struct forecast_group *key)
{
	struct forecast_group *group = xcalloc(1, sizeof(*group));

	*group = *key;
	group->port = xstrdup(key->port);
	group->ports = xstrdup(key->ports);
	group->name = xstrdup(key->name);
	group->network = xstrdup(key->network);
	group->domain = xstrdup(key->domain);
	group->class = xstrdup(key->class);
	group->login = xstrdup(key->login);
	group->reason = xstrdup(key->reason);
	group->restriction = xstrdup(key->restriction);
	groups->groups = xreallocarray(groups->groups, groups->count + 1,
				       sizeof(struct forecast_group *));
	groups->groups[groups->count++] = group;
	if (tsearch(group, &groups->index, forecast_group_compare) == NULL)
		xalloc_failed();
	return group;
}

/* domain_of - in lower case; "": there is none */
static void domain_of(char domain[DOMAIN_SIZE], const char *recipient)
{
	const char *at = strrchr(recipient, '@');
	char *byte;

	snprintf(domain, DOMAIN_SIZE, "%s", at != NULL ? at + 1 : "");
	for (byte = domain; *byte != '\0'; byte++)
		if (*byte >= 'A' && *byte <= 'Z')
			*byte = (char)(*byte - 'A' + 'a');
}

/* make_room - when there are too many groups, merge them, unless that did not
 * help the last time */
static void make_room(struct forecast_groups *groups)
{
	if (groups->count < FORECAST_GROUPS || groups->full)
		return;
	forecast_groups_merge(groups);
	groups->full = groups->count > FORECAST_GROUPS / 2;
}

/* find - the group of a recipient; NULL: there are too many */
static struct forecast_group *find(struct forecast_groups *groups,
				   enum forecast_kind kind,
				   const struct forecast *forecast,
				   const struct postlog_case *taken)
{
	static char none[] = "";
	char network[NETWORK_SIZE];
	char domain[DOMAIN_SIZE];
	bool doubted = kind == FORECAST_DOUBTED;
	bool foreign = kind == FORECAST_FOREIGN;
	const char *by = *forecast->permitted_by != '\0'
				 ? forecast->permitted_by
				 : forecast->restriction;
	bool domains = strcmp(by, "permit_auth_destination") == 0;
	struct forecast_group key = {
		.kind = kind,
		.port = (char *)forecast->port,
		.ports = (char *)forecast->ports,
		.name = (char *)taken->service,
		.network = doubted || (foreign && domains) ? none : network,
		.domain = foreign && domains ? domain : none,
		.class = domains && (foreign || forecast->locked)
				 ? (char *)forecast->destination
				 : none,
		.login = doubted || foreign ? none : (char *)taken->login,
		.reason = (char *)forecast->reason,
		.restriction = kind == FORECAST_ACCEPTED
				       ? (char *)forecast->permitted_by
				       : (char *)forecast->restriction,
		.service = forecast->service,
		.other_count = doubted || foreign ? 0 : forecast->other_count,
		.ours = forecast->ours,
		.locked = forecast->locked,
		.certified = forecast->certified,
		.weak = forecast->weak,
		.encrypted = forecast->encrypted,
		.first = POSTLOG_NO_TIME,
		.last = POSTLOG_NO_TIME,
	};
	void *const *found;

	memcpy(key.others, forecast->others, sizeof(key.others));
	network_of(network, taken->address);
	domain_of(domain, taken->recipient);
	if (doubted || foreign)
		key.port = key.name = key.restriction = none;
	if (foreign)
		key.restriction = (char *)by;
	if (kind == FORECAST_ACCEPTED || foreign)
		key.reason = none;
	found = tfind(&key, &groups->index, forecast_group_compare);
	if (found != NULL)
		return *found;
	make_room(groups);
	return groups->count < FORECAST_GROUPS ? make(groups, &key) : NULL;
}

/* add_example - in the notation of -q, so that it can be asked about */
static void add_example(struct forecast_group *group,
			const struct forecast *forecast,
			const struct postlog_case *taken)
{
	bool tls = taken->tls == POSTLOG_TLS_KNOWN;
	const struct example_part parts[] = {
		{ " from=<", taken->sender, taken->has_sender ? ">" : "" },
		{ " to=<", taken->recipient, ">" },
		{ " client=", taken->address, "" },
		{ " port=", forecast->port, "" },
		{ " tls=", tls ? taken->protocol : "", "" },
		{ tls ? "/" : "", tls ? taken->cipher : "", "" },
		{ tls ? "/" : "", tls ? taken->bits : "", "" },
		{ " login=", taken->login, "" },
	};

	group->examples[group->example_count++] =
		example_text(taken->file, taken->line, parts,
			     sizeof(parts) / sizeof(parts[0]));
}

/* forecast_texts_add - unless it is there */
void forecast_texts_add(struct forecast_texts *to, const char *text)
{
	size_t i;

	for (i = 0; i < to->count; i++)
		if (strcasecmp(to->texts[i], text) == 0)
			return;
	if (to->count < FORECAST_CLIENTS)
		to->texts[to->count++] = xstrdup(text);
	else
		to->more = true;
}

/* forecast_texts_clear - free what it holds */
void forecast_texts_clear(struct forecast_texts *of)
{
	while (of->count > 0)
		free(of->texts[--of->count]);
}

/* add_names - of the client, and of the recipient's domain */
static void add_names(struct forecast_group *group,
		      const struct postlog_case *taken)
{
	const char *domain = strrchr(taken->recipient, '@');

	forecast_texts_add(&group->clients, taken->address);
	if (domain != NULL && domain[1] != '\0')
		forecast_texts_add(&group->domains, domain + 1);
}

/* add_session - how weak it is */
static void add_session(struct forecast_group *group,
			const struct postlog_case *taken)
{
	char *text;

	if (!group->weak || taken->tls != POSTLOG_TLS_KNOWN)
		return;
	text = xasprintf("%s/%s/%s", taken->protocol, taken->cipher,
			 taken->bits);
	forecast_texts_add(&group->sessions, text);
	free(text);
}

/* forecast_group_time - one more time */
void forecast_group_time(struct forecast_group *group, int64_t time)
{
	if (time == POSTLOG_NO_TIME)
		return;
	if (group->first == POSTLOG_NO_TIME || time < group->first)
		group->first = time;
	if (group->last == POSTLOG_NO_TIME || time > group->last)
		group->last = time;
}

/* forecast_groups_add - count a recipient */
void forecast_groups_add(struct forecast_groups *groups,
			 enum forecast_kind kind,
			 const struct forecast *forecast,
			 const struct postlog_case *taken)
{
	struct forecast_group *group = find(groups, kind, forecast, taken);

	groups->counts[kind] += taken->count;
	if (group == NULL) {
		groups->ungrouped[kind] += taken->count;
		return;
	}
	group->count += taken->count;
	add_names(group, taken);
	add_session(group, taken);
	if (group->example_count < FORECAST_EXAMPLES)
		add_example(group, forecast, taken);
	forecast_group_time(group, taken->time);
}

/* by_count - for qsort(3) */
static int by_count(const void *one, const void *other)
{
	const struct forecast_group *a = *(struct forecast_group *const *)one;
	const struct forecast_group *b = *(struct forecast_group *const *)other;

	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return forecast_group_compare(a, b);
}

/* forecast_groups_sort - sort the groups */
void forecast_groups_sort(struct forecast_groups *groups)
{
	if (groups->count > 1)
		qsort(groups->groups, groups->count,
		      sizeof(struct forecast_group *), by_count);
}

/* forecast_group_free - one group */
void forecast_group_free(struct forecast_group *group)
{
	size_t i;

	forecast_texts_clear(&group->clients);
	forecast_texts_clear(&group->networks);
	forecast_texts_clear(&group->domains);
	forecast_texts_clear(&group->sessions);
	for (i = 0; i < group->example_count; i++)
		free(group->examples[i]);
	free(group->port);
	free(group->ports);
	free(group->name);
	free(group->network);
	free(group->domain);
	free(group->class);
	free(group->login);
	free(group->reason);
	free(group->restriction);
	free(group);
}

/* forecast_groups_clear - free what it holds */
void forecast_groups_clear(struct forecast_groups *groups)
{
	size_t i;

	for (i = 0; i < groups->count; i++) {
		tdelete(groups->groups[i], &groups->index,
			forecast_group_compare);
		forecast_group_free(groups->groups[i]);
	}
	free(groups->groups);
	memset(groups, 0, sizeof(*groups));
}
