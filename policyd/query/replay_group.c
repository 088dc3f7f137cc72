/* SPDX-License-Identifier: ISC */
/* replay_group - groups of requests that were decided alike
 *
 * The number of groups does not depend on that of requests: at most services
 * times restrictions, before and after. */

#include "policyd/query/replay_group.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/base/log.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "policyd/query/json.h"
#include "policyd/query/example.h"

#define EXAMPLES_MAX 3

/* One group. */
struct replay_group {
	char *texts[4]; /* the strings of the outcomes */
	bool compared;
	bool opens;
	struct outcome old; /* if compared */
	struct outcome new;
	unsigned long count;
	char *examples[EXAMPLES_MAX];
	size_t example_count;
};

/* same - are they equal, apart from the reply? */
static bool same(const struct outcome *one, const struct outcome *other)
{
	return one->verdict == other->verdict &&
	       one->observed == other->observed &&
	       strcmp(one->restriction, other->restriction) == 0 &&
	       strcmp(one->service, other->service) == 0;
}

/* find - the group with these outcomes, or NULL */
static struct replay_group *find(const struct replay_groups *groups,
				 const struct outcome *old,
				 const struct outcome *new)
{
	size_t i;

	for (i = 0; i < groups->count; i++) {
		struct replay_group *group = &groups->groups[i];

		if (group->compared == (old != NULL) &&
		    same(&group->new, new) &&
		    (old == NULL || same(&group->old, old)))
			return group;
	}
	return NULL;
}

/* copy - an outcome; its strings are copied to two of the texts */
static void copy(struct outcome *to, const struct outcome *from, char **texts)
{
	texts[0] = xstrdup(from->service);
	texts[1] = xstrdup(from->restriction);
	*to = *from;
	to->service = texts[0];
	to->restriction = texts[1];
}

/* make - add a group */
static struct replay_group *make(struct replay_groups *groups,
				 const struct outcome *old,
				 const struct outcome *new)
{
	struct replay_group *group;

	groups->groups = xreallocarray(groups->groups, groups->count + 1,
				       sizeof(*groups->groups));
	group = &groups->groups[groups->count++];
	memset(group, 0, sizeof(*group));
	copy(&group->new, new, group->texts);
	if (old == NULL)
		return group;
	group->compared = true;
	group->opens = outcome_opens(old, new);
	copy(&group->old, old, group->texts + 2);
	return group;
}

/* add_example - in the notation of the log, so that it can be used with -q */
static void add_example(struct replay_group *group,
			const struct request *request,
			const struct replay_place *place)
{
	const struct example_part parts[] = {
		{ " state=", request->protocol_state, "" },
		{ " from=<", request->sender, ">" },
		{ " to=<", request->recipient, ">" },
		{ " client=", request->client_address, "" },
		{ " port=", request->server_port, "" },
		{ " context=", request->policy_context, "" },
		{ " tls=", request->encryption_protocol, "" },
		{ " login=", request->sasl_username, "" },
	};

	group->examples[group->example_count++] =
		example_text(place->file, place->line, parts,
			     sizeof(parts) / sizeof(parts[0]));
}

/* replay_groups_add - count a request */
void replay_groups_add(struct replay_groups *groups, const struct outcome *old,
		       const struct outcome *new, const struct request *request,
		       const struct replay_place *place)
{
	struct replay_group *group = find(groups, old, new);

	if (group == NULL)
		group = make(groups, old, new);
	group->count++;
	if (group->example_count < EXAMPLES_MAX)
		add_example(group, request, place);
}

/* replay_groups_changed - the number of requests answered differently */
unsigned long replay_groups_changed(const struct replay_groups *groups)
{
	unsigned long sum = 0;
	size_t i;

	for (i = 0; i < groups->count; i++)
		sum += groups->groups[i].compared ? groups->groups[i].count : 0;
	return sum;
}

/* replay_groups_opened - the number of those answered more permissively */
unsigned long replay_groups_opened(const struct replay_groups *groups)
{
	unsigned long sum = 0;
	size_t i;

	for (i = 0; i < groups->count; i++)
		sum += groups->groups[i].opens ? groups->groups[i].count : 0;
	return sum;
}

/* compare - for qsort(3): more permissive ones first, then by count */
static int compare(const void *one, const void *other)
{
	const struct replay_group *a = one;
	const struct replay_group *b = other;

	if (a->opens != b->opens)
		return a->opens ? -1 : 1;
	return a->count == b->count ? 0 : a->count > b->count ? -1 : 1;
}

/* sort - see compare() */
static void sort(struct replay_groups *groups)
{
	if (groups->count > 1)
		qsort(groups->groups, groups->count, sizeof(*groups->groups),
		      compare);
}

/* put_outcome - "verdict by restriction", and the service if requested */
static void put_outcome(const struct outcome *outcome, bool with_service,
			FILE *output)
{
	char service[81];
	char restriction[81];

	log_quote(service, sizeof(service) - 1, outcome->service);
	log_quote(restriction, sizeof(restriction) - 1, outcome->restriction);
	fprintf(output, "%s by %s", verdict_name(outcome->verdict),
		restriction);
	if (outcome->observed)
		fputs(" (only observed)", output);
	if (with_service)
		fprintf(output, ", service %s", service);
}

/* put_replies - when only the replies differ */
static void put_replies(const struct replay_group *group, FILE *output)
{
	fprintf(output, "\t\treply was: %.*s\n",
		(int)strcspn(group->old.reply, "\n"), group->old.reply);
	fprintf(output, "\t\treply is:  %.*s\n",
		(int)strcspn(group->new.reply, "\n"), group->new.reply);
}

/* print_group - count, outcomes, examples */
static void print_group(const struct replay_group *group, FILE *output)
{
	bool moved = group->compared &&
		     strcmp(group->old.service, group->new.service) != 0;
	size_t i;

	fprintf(output, "%9lu  ", group->count);
	if (group->opens)
		fputs(group->new.verdict == VERDICT_PERMIT &&
				      !group->new.observed
			      ? "NEWLY PERMITTED: "
			      : "NO LONGER REFUSED: ",
		      output);
	if (group->compared) {
		put_outcome(&group->old, moved, output);
		fputs(" -> ", output);
	}
	put_outcome(&group->new, true, output);
	putc('\n', output);
	if (group->compared && group->old.verdict == group->new.verdict &&
	    group->old.reply[0] != '\0')
		put_replies(group, output);
	for (i = 0; i < group->example_count; i++)
		fprintf(output, "\t\t%s\n", group->examples[i]);
}

/* replay_groups_print - as text */
void replay_groups_print(struct replay_groups *groups, bool changed,
			 FILE *output)
{
	struct printable all;
	size_t i;

	sort(groups);
	printable_open(&all);
	for (i = 0; i < groups->count; i++)
		if (groups->groups[i].compared == changed)
			print_group(&groups->groups[i], all.stream);
	printable_close(&all, output);
}

/* outcome_object - as JSON */
static json_t *outcome_object(const struct outcome *outcome)
{
	json_t *object = json_object();

	json_set(object, "service", json_text(outcome->service));
	json_set(object, "verdict", json_text(verdict_name(outcome->verdict)));
	json_set(object, "restriction", json_text(outcome->restriction));
	json_set(object, "observed", json_boolean(outcome->observed));
	return object;
}

/* group_object - as JSON */
static json_t *group_object(const struct replay_group *group)
{
	json_t *object = json_object();
	json_t *examples = json_array();
	size_t i;

	json_set(object, "count", json_integer((json_int_t)group->count));
	json_set(object, "changed", json_boolean(group->compared));
	json_set(object, "opens", json_boolean(group->opens));
	json_set(object, "old",
		 group->compared ? outcome_object(&group->old) : json_null());
	json_set(object, "new", outcome_object(&group->new));
	for (i = 0; i < group->example_count; i++)
		json_append(examples, json_text(group->examples[i]));
	json_set(object, "examples", examples);
	return object;
}

/* replay_groups_print_json - as JSON Lines */
void replay_groups_print_json(struct replay_groups *groups, FILE *output)
{
	size_t i;

	json_start();
	sort(groups);
	for (i = 0; i < groups->count; i++)
		json_print(group_object(&groups->groups[i]), output);
}

/* replay_groups_clear - free what it holds */
void replay_groups_clear(struct replay_groups *groups)
{
	size_t i;
	size_t k;

	for (i = 0; i < groups->count; i++) {
		struct replay_group *group = &groups->groups[i];

		for (k = 0; k < 4; k++)
			free(group->texts[k]);
		for (k = 0; k < group->example_count; k++)
			free(group->examples[k]);
	}
	free(groups->groups);
	memset(groups, 0, sizeof(*groups));
}
