/* SPDX-License-Identifier: ISC */
/* check_postfix_edit - change a list of restrictions and lose no word of it
 *
 * What a list is for, only its owner knows: words are moved and added, never
 * removed. A restriction class is one word. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_word.h"

/* check_is_word - ignoring case, as Postfix does */
bool check_is_word(const struct postfix_restriction *item, const char *word)
{
	return strcasecmp(item->word, word) == 0;
}

/* check_is_permit - can it permit by itself? */
bool check_is_permit(const struct postfix_restriction *item)
{
	return strncasecmp(item->word, "permit", 6) == 0;
}

/* check_is_check - can it find something wrong with a mail? */
bool check_is_check(const struct postfix_restriction *item)
{
	const struct smtpd_word *word = smtpd_word_find(item->word);

	if (check_is_permit(item))
		return false;
	return word == NULL || (word->kind != SMTPD_WORD_REFUSE &&
				word->kind != SMTPD_WORD_ELSEWHERE);
}

/* A list that is being changed. */
struct change {
	const struct check *check;
	const struct postfix_service *service;
	const struct use *use;
	struct smtpd_restrictions list; /* classes are not replaced */
};

/* is_ours - is it the word that asks policyd, or a class that holds it? */
static bool is_ours(const struct change *change,
		    const struct postfix_restriction *item)
{
	const struct postfix *postfix = change->check->postfix;
	struct smtpd_restrictions words = { 0 };
	const char *argument;
	bool found = false;
	size_t i;

	if (change->use == NULL)
		return false;
	argument =
		change->use->list->restrictions.items[change->use->at].argument;
	if (check_is_word(item, "check_policy_service"))
		return argument != NULL && item->argument != NULL &&
		       strcmp(item->argument, argument) == 0;
	if (item->argument != NULL)
		return false;
	smtpd_restrictions_add(&words, postfix, change->service, item->word,
			       "");
	for (i = 0; i < words.count && !found; i++)
		found = words.items[i].argument != NULL && argument != NULL &&
			strcmp(words.items[i].argument, argument) == 0 &&
			check_is_word(&words.items[i], "check_policy_service");
	smtpd_restrictions_clear(&words);
	return found;
}

/* decides - can it permit, or does it always refuse? */
static bool decides(const struct postfix_restriction *item)
{
	const struct smtpd_word *word = smtpd_word_find(item->word);

	return check_is_permit(item) ||
	       (word != NULL && word->kind == SMTPD_WORD_REFUSE);
}

/* has_decision - can the word, or what it is the name of, decide? */
static bool has_decision(const struct change *change,
			 const struct postfix_restriction *item)
{
	struct smtpd_restrictions words = { 0 };
	bool found = false;
	size_t i;

	if (decides(item))
		return true;
	if (item->argument != NULL)
		return false;
	smtpd_restrictions_add(&words, change->check->postfix, change->service,
			       item->word, "");
	for (i = 0; i < words.count && !found; i++)
		found = decides(&words.items[i]);
	smtpd_restrictions_clear(&words);
	return found;
}

/* move - the restriction at one place to another one before it */
static void move(struct smtpd_restrictions *list, size_t from, size_t to)
{
	struct postfix_restriction item = list->items[from];

	memmove(&list->items[to + 1], &list->items[to],
		(from - to) * sizeof(*list->items));
	list->items[to] = item;
}

/* find_ours - the index of what asks policyd; or the length of the list */
static size_t find_ours(const struct change *change)
{
	size_t at = 0;

	while (at < change->list.count &&
	       !is_ours(change, &change->list.items[at]))
		at++;
	return at;
}

/* move_before - what asks policyd before the first word that decides. -1: it
 * is not in this list, or there is no such word.
 */
static int move_before(struct change *change)
{
	struct smtpd_restrictions *list = &change->list;
	size_t at = find_ours(change), to = 0;

	while (to < at && !has_decision(change, &list->items[to]) &&
	       !check_is_word(&list->items[to], "warn_if_reject"))
		to++;
	if (at == list->count || to == at ||
	    check_is_word(&list->items[to], "warn_if_reject"))
		return -1;
	move(list, at, to);
	return 0;
}

/* move_checks - the checks after policyd before it, each with its
 * warn_if_reject */
static int move_checks(struct change *change)
{
	struct smtpd_restrictions *list = &change->list;
	size_t at = find_ours(change);
	bool warns = false;
	size_t i;

	if (at == list->count)
		return -1;
	for (i = at + 1; i < list->count; i++) {
		bool moves = warns || check_is_check(&list->items[i]);

		warns = check_is_word(&list->items[i], "warn_if_reject");
		if (moves)
			move(list, i, at++);
	}
	return 0;
}

/* add - a word at the end of the list */
static void add(struct change *change, const char *text)
{
	smtpd_restrictions_parse(&change->list, text, "");
}

/* ask_first - policyd before everything else; a list that was empty refuses
 * the rest, as none could before */
static void ask_first(struct change *change)
{
	const struct config *config = change->check->config;
	bool empty = change->list.count == 0;
	char *server, *text;

	server = config->listener_count > 0
			 ? check_server(change->check->postfix,
					&config->listeners[0])
			 : xstrdup("unix:private/policyd");
	text = xasprintf("check_policy_service %s", server);
	add(change, text);
	move(&change->list, change->list.count - 1, 0);
	if (empty)
		add(change, "reject");
	free(text);
	free(server);
}

/* edit - all changes of one list */
static int edit(struct change *change, unsigned edits)
{
	if ((edits & EDIT_FIRST) != 0)
		ask_first(change);
	if ((edits & EDIT_BEFORE) != 0 && move_before(change) < 0)
		return -1;
	if ((edits & EDIT_CHECKS) != 0 && move_checks(change) < 0)
		return -1;
	if ((edits & EDIT_DECIDE) != 0)
		add(change, "permit_mynetworks, permit_sasl_authenticated, "
			    "reject_unauth_destination");
	else if ((edits & EDIT_REFUSE) != 0)
		add(change, "reject");
	return 0;
}

/* check_edit - the value with the edits made to it */
char *check_edit(const struct check *check, const struct fix *fix,
		 const char *value)
{
	struct change change = { .check = check,
				 .service = fix->service,
				 .use = fix->use };
	char *text = NULL;

	if (change.service == NULL && fix->use != NULL)
		change.service = fix->use->list->service;
	smtpd_restrictions_parse(&change.list, value, fix->parameter);
	if (edit(&change, fix->edits) == 0)
		text = smtpd_restrictions_text(&change.list);
	smtpd_restrictions_clear(&change.list);
	return text;
}
