/* SPDX-License-Identifier: ISC */
/* check_postfix_words - words in the lists that smtpd(8) cannot use
 *
 * Postfix takes any text for a list. When a message comes to a word that is no
 * restriction, or to one without its argument, smtpd(8) defers it, and only its
 * log says why; behind warn_if_reject, too. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/similar.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_word.h"

#define MISTAKES_MAX 2 /* in a word that a command corrects */

/* check_written - a list as it is in its file */
const char *check_written(const struct check *check,
			  const struct postfix_service *service,
			  const char *parameter)
{
	const char *value = postfix_values_get(&service->overrides, parameter);

	if (value == NULL)
		value = postfix_values_get(&check->postfix->main, parameter);
	return value != NULL ? value : "";
}

/* check_replaced - a list with another word in the place of one */
char *check_replaced(const char *list, const char *old, const char *new)
{
	const size_t length = strlen(old);
	const char *at = list;

	while ((at = strstr(at, old)) != NULL) {
		if ((at == list || strchr(WORDS_SEPARATORS, at[-1]) != NULL) &&
		    strchr(WORDS_SEPARATORS, at[length]) != NULL)
			return xasprintf("%.*s%s%s", (int)(at - list), list,
					 new, at + length);
		at += length;
	}
	return NULL;
}

/* is_new - may the word be one of a later Postfix? */
static bool is_new(const char *word)
{
	static const char *const starts[] = { "permit_", "reject_", "defer_",
					      "check_" };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncasecmp(word, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* is_meant - is it certain enough for a command that a restriction was meant?
 * It takes an argument, or none, as what is written; and it does not permit
 * everything. */
static bool is_meant(const struct similar *similar, const struct list *list,
		     const struct postfix_restriction *item)
{
	const struct smtpd_word *word =
		similar->best != NULL ? smtpd_word_find(similar->best) : NULL;
	const char *next = item->argument;

	if (next == NULL &&
	    item + 1 < list->restrictions.items + list->restrictions.count)
		next = item[1].word;
	return word != NULL && similar->distance <= MISTAKES_MAX &&
	       word->kind != SMTPD_WORD_PERMIT &&
	       word->has_argument ==
		       (next != NULL && strchr(next, ':') != NULL);
}

/* check_unknown - report a word that is no restriction. Returns whether what is
 * behind it was probably meant to be its argument. */
static bool check_unknown(struct check *check, const struct list *list,
			  const struct postfix_restriction *item)
{
	struct similar similar;
	char advice[128], *value = NULL, *on;

	similar_init(&similar, item->word);
	smtpd_word_similar(&similar);
	if (is_meant(&similar, list, item))
		value = check_replaced(
			check_written(check, list->service, item->parameter),
			item->word, similar.best);
	on = check_on(check, list->service, item->parameter);
	check_found(
		check,
		&(struct mistake){
			.severity = similar.best == NULL && is_new(item->word)
					    ? SEVERITY_WARNING
					    : SEVERITY_ERROR,
			.service = list->service,
			.parameter = item->parameter,
			.value = value,
			.effect.reveals = true,
			.advice = "write a restriction, or a class of "
				  "smtpd_restriction_classes" },
		"%s%s: %.80s is no restriction of Postfix, which defers "
		"every message that comes to it%s",
		item->parameter, on, item->word,
		similar_advice(&similar, advice, sizeof(advice)));
	free(on);
	free(value);
	return similar.best != NULL && item->argument == NULL &&
	       smtpd_word_has_argument(similar.best);
}

/* needs - what a word wants behind it, and does not have; NULL: nothing. Words
 * that ask name servers do nothing then. */
static const char *needs(const struct postfix_restriction *item)
{
	const char *argument = item->argument != NULL ? item->argument : "";

	if (strcasecmp(item->word, "check_policy_service") == 0)
		return *argument == '\0' ? "a policy server" : NULL;
	if (strcasecmp(item->word, "sleep") == 0)
		return *argument == '\0' || strspn(argument, "0123456789") !=
						    strlen(argument)
			       ? "a number"
			       : NULL;
	return strncasecmp(item->word, "check_", 6) == 0 &&
			       strchr(argument, ':') == NULL
		       ? "a table, TYPE:NAME"
		       : NULL;
}

/* check_argument - report a word without what it needs */
static void check_argument(struct check *check, const struct list *list,
			   const struct postfix_restriction *item)
{
	const char *wanted = needs(item);
	char *on;

	if (wanted == NULL)
		return;
	on = check_on(check, list->service, item->parameter);
	check_found(check,
		    &(struct mistake){
			    .severity = SEVERITY_ERROR,
			    .service = list->service,
			    .parameter = item->parameter,
			    .advice = "write what it needs, or take it out" },
		    "%s%s: %s needs %s behind it: Postfix defers every message "
		    "that comes to it",
		    item->parameter, on, item->word, wanted);
	free(on);
}

/* check_list_words - up to what ends the list in any case */
static void check_list_words(struct check *check, const struct list *list)
{
	size_t i;

	for (i = 0; i < list->restrictions.count; i++) {
		const struct postfix_restriction *item =
			&list->restrictions.items[i];
		const struct smtpd_word *word = smtpd_word_find(item->word);

		if (word != NULL && word->has_argument)
			check_argument(check, list, item);
		else if (word == NULL && strchr(item->word, ':') == NULL &&
			 !list->restrictions.is_cut)
			i += check_unknown(check, list, item) ? 1 : 0;
		if (word != NULL && !item->warns &&
		    (word->kind == SMTPD_WORD_PERMIT ||
		     word->kind == SMTPD_WORD_REFUSE))
			return;
	}
}

/* check_words - of all lists */
void check_words(struct check *check)
{
	size_t i;

	for (i = 0; i < check->list_count; i++)
		check_list_words(check, &check->lists[i]);
}
