/* SPDX-License-Identifier: ISC */
/* ports_change - what a change of the configuration lets through, and what not
 * any more
 *
 * Two judgements of lib/postfix/smtpd_ports.h are compared cell by cell. For
 * people, cells that change alike are one line. */

#include "policyd/check/ports_change.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

static const struct smtpd_outcome nothing = { SMTPD_NO, "master.cf", NULL };

/* is_same - are these the same service of master.cf? */
static bool is_same(const struct smtpd_port *one, const struct smtpd_port *two)
{
	return strcmp(one->service->name, two->service->name) == 0 &&
	       strcmp(one->service->type, two->service->type) == 0;
}

/* find - the service in the other judgement; it is mostly at the same place */
static const struct smtpd_row *find(const struct smtpd_ports *ports,
				    const struct smtpd_row *wanted,
				    size_t index)
{
	size_t i;

	if (index < ports->count &&
	    is_same(&ports->rows[index].port, &wanted->port))
		return &ports->rows[index];
	for (i = 0; i < ports->count; i++)
		if (is_same(&ports->rows[i].port, &wanted->port))
			return &ports->rows[i];
	return NULL;
}

/* add - a cell, if it differs */
static void add(struct ports_changes *changes, const struct smtpd_row *before,
		const struct smtpd_row *after, int client, int recipient)
{
	struct ports_change change = {
		.before = before != NULL ? &before->port : NULL,
		.after = after != NULL ? &after->port : NULL,
		.client = (enum smtpd_client)client,
		.recipient = (enum smtpd_recipient)recipient,
		.was = before != NULL ? before->outcomes[client][recipient]
				      : nothing,
		.is = after != NULL ? after->outcomes[client][recipient]
				    : nothing,
	};

	if (change.was.passes == change.is.passes)
		return;
	changes->list = xreallocarray(changes->list, changes->count + 1,
				      sizeof(*changes->list));
	changes->list[changes->count++] = change;
}

/* compare - one port; before or after may be NULL */
static void compare(struct ports_changes *changes,
		    const struct smtpd_row *before,
		    const struct smtpd_row *after)
{
	int kind, recipient, tls;

	for (kind = 0; kind < SMTPD_CLIENTS; kind += 2)
		for (recipient = 0; recipient < SMTPD_RECIPIENTS; recipient++)
			for (tls = 0; tls < 2; tls++)
				add(changes, before, after, kind + tls,
				    recipient);
}

/* ports_changes_find - compare two judgements */
void ports_changes_find(struct ports_changes *changes,
			const struct smtpd_ports *before,
			const struct smtpd_ports *after)
{
	size_t i;

	*changes = (struct ports_changes){ 0 };
	for (i = 0; i < before->count; i++)
		compare(changes, &before->rows[i],
			find(after, &before->rows[i], i));
	for (i = 0; i < after->count; i++)
		if (find(before, &after->rows[i], i) == NULL)
			compare(changes, NULL, &after->rows[i]);
}

/* ports_changes_clear - free what the struct holds */
void ports_changes_clear(struct ports_changes *changes)
{
	free(changes->list);
	*changes = (struct ports_changes){ 0 };
}

/* ports_change_opens - may something pass that did not? */
bool ports_change_opens(const struct ports_change *change)
{
	return change->is.passes > change->was.passes;
}

/* is_alike - would the text of both have the same end? */
static bool is_alike(const struct smtpd_outcome *one,
		     const struct smtpd_outcome *two)
{
	const char *word1 = one->word != NULL ? one->word : "";
	const char *word2 = two->word != NULL ? two->word : "";

	return one->passes == two->passes &&
	       (one->passes != SMTPD_MAY ||
		(strcmp(one->parameter, two->parameter) == 0 &&
		 strcmp(word1, word2) == 0));
}

/* belongs - is it the same change as the first, for a client of the same kind?
 */
static bool belongs(const struct ports_change *first,
		    const struct ports_change *other)
{
	return first->before == other->before && first->after == other->after &&
	       first->client / 2 == other->client / 2 &&
	       is_alike(&first->was, &other->was) &&
	       is_alike(&first->is, &other->is);
}

/* is_whole - does the group have each of its clients with each of its
 * recipients? */
static bool is_whole(const struct ports_change *first, size_t count)
{
	return count == 1 || count == 4 ||
	       (count == 2 && (first[0].client == first[1].client ||
			       first[0].recipient == first[1].recipient));
}

/* ports_change_group - how many changes are one line? */
size_t ports_change_group(const struct ports_changes *changes, size_t index)
{
	const struct ports_change *first = &changes->list[index];
	size_t count = 1;

	while (index + count < changes->count && belongs(first, first + count))
		count++;
	while (!is_whole(first, count))
		count--;
	return count;
}

/* networks - what is in mynetworks, shortened; the caller frees it */
static char *networks(const struct smtpd_port *port)
{
	const char *list =
		postfix_get(port->postfix, port->service, "mynetworks");
	size_t length = strlen(list);

	return xasprintf("clients in mynetworks (%.*s%s)",
			 length > 80 ? 77 : (int)length, list,
			 length > 80 ? "..." : "");
}

/* clients - "strangers with TLS"; the caller frees it */
static char *clients(const struct ports_change *change, bool both)
{
	static const char *const names[] = { "strangers", "users who log in",
					     NULL, "this host" };
	const struct smtpd_port *port =
		change->before != NULL ? change->before : change->after;
	const char *name = names[change->client / 2];
	char *who = name != NULL ? xstrdup(name) : networks(port);
	char *text;

	if (both)
		return who;
	text = xasprintf("%s %s", who,
			 change->client % 2 != 0 ? "with TLS" : "without TLS");
	free(who);
	return text;
}

/* may - "may not", "may"; the caller frees it */
static char *may(const struct smtpd_outcome *outcome)
{
	if (outcome->passes == SMTPD_NO)
		return xstrdup("may not");
	if (outcome->passes == SMTPD_YES)
		return xstrdup("may");
	return xasprintf("may or may not (depending on %s%s%s)",
			 outcome->word != NULL ? outcome->word : "",
			 outcome->word != NULL ? " in " : "",
			 outcome->parameter);
}

/* ports_change_text - one line for people */
char *ports_change_text(const struct ports_change *change, size_t count)
{
	static const char *const verbs[] = { "send mail to our domains",
					     "relay" };
	const struct ports_change *last = &change[count - 1];
	const struct smtpd_port *port =
		change->before != NULL ? change->before : change->after;
	char *who = clients(change, change->client != last->client);
	char *now = may(&change->was), *then = may(&change->is);
	char *text = xasprintf("port %s: %s %s %s now, and %s afterwards",
			       port->service->name, who, now,
			       change->recipient != last->recipient
				       ? "send mail"
				       : verbs[change->recipient],
			       then);

	free(who);
	free(now);
	free(then);
	return text;
}

/* ports_changes_print - a line for each group */
void ports_changes_print(FILE *output, const struct ports_changes *changes,
			 const char *prefix)
{
	size_t i = 0;

	while (i < changes->count) {
		size_t count = ports_change_group(changes, i);
		char *text = ports_change_text(&changes->list[i], count);

		fprintf(output, "%s%s\n", prefix, text);
		free(text);
		i += count;
	}
}
