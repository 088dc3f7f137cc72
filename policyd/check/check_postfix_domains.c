/* SPDX-License-Identifier: ISC */
/* check_postfix_domains - the lists of our domains
 *
 * Only what is written in main.cf itself is checked: tables and files in a list
 * are skipped. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"
#include "lib/text/idna.h"

/* list_of - the name of one of the lists of our domains, in the order in which
 * Postfix searches them */
static const char *list_of(size_t i)
{
	return parameter_name(resolver_parameters[i]);
}

/* is_domain - is a word of a list a domain itself? */
static bool is_domain(const char *word)
{
	return strpbrk(word, "/:!#[") == NULL;
}

/* same_domain - are they equal, ignoring case? */
static bool same_domain(const char *one, const char *other)
{
	char *first = xmalloc(CASEFOLD_SIZE(strlen(one)));
	char *second = xmalloc(CASEFOLD_SIZE(strlen(other)));
	bool same;

	casefold(first, one, strlen(one), true);
	casefold(second, other, strlen(other), true);
	same = strcmp(first, second) == 0;
	free(first);
	free(second);
	return same;
}

/* has_domain - does a list contain a domain? */
static bool has_domain(const char *list, const char *domain)
{
	bool found = false;
	char *word;

	while (!found && (word = postfix_next_word(&list)) != NULL) {
		found = is_domain(word) && same_domain(word, domain);
		free(word);
	}
	return found;
}

/* are_apart - must no domain be in both? An entry of relay_domains may be meant
 * for the subdomains alone of one of mydestination, and Postfix accepts that.
 */
static bool are_apart(size_t first, size_t second)
{
	return resolver_parameters[first] != PARAMETER_MYDESTINATION ||
	       resolver_parameters[second] != PARAMETER_RELAY_DOMAINS;
}

/* check_pair - a domain in two classes: the second is never used */
static void check_pair(struct check *check, size_t first, size_t second)
{
	const struct postfix *postfix = check->postfix;
	const char *list = postfix_get(postfix, NULL, list_of(first));
	const char *other = postfix_get(postfix, NULL, list_of(second));
	char *word;

	if (postfix_where(postfix, NULL, list_of(second)) == POSTFIX_DEFAULT)
		return;
	while ((word = postfix_next_word(&list)) != NULL) {
		if (is_domain(word) && has_domain(other, word)) {
			check_found(check,
				    &(struct mistake){
					    .severity = SEVERITY_WARNING,
					    .parameter = list_of(second),
					    .advice = "take it out of one "
						      "of them" },
				    "%s is in both %s and %s: only the first "
				    "applies",
				    word, list_of(first), list_of(second));
		}
		free(word);
	}
}

/* check_two_classes - every pair of lists */
static void check_two_classes(struct check *check)
{
	size_t i, j;

	for (i = 0; i < RESOLVER_LISTS; i++)
		for (j = i + 1; j < RESOLVER_LISTS; j++)
			if (are_apart(i, j))
				check_pair(check, i, j);
}

/* in_any_class - does any of the lists contain the domain? */
static bool in_any_class(const struct check *check, const char *domain)
{
	size_t i;

	for (i = 0; i < RESOLVER_LISTS; i++)
		if (has_domain(postfix_get(check->postfix, NULL, list_of(i)),
			       domain))
			return true;
	return false;
}

/* other_spelling - the other form of an international domain, or NULL; the
 * caller frees it */
static char *other_spelling(const char *word)
{
	char ascii[IDNA_ASCII_MAX];

	if (casefold_is_ascii(word, strlen(word)))
		return idna_to_unicode(word);
	return idna_to_ascii(word, ascii) ? xstrdup(ascii) : NULL;
}

/* check_spelling - one domain of a list. Postfix does not convert one form into
 * the other; without SMTPUTF8 only the ASCII form can arrive. */
static void check_spelling(struct check *check, const char *class,
			   const char *word)
{
	bool utf8 = postfix_get_bool(check->postfix, NULL, "smtputf8_enable");
	char *other = other_spelling(word);

	if (other == NULL || in_any_class(check, other) ||
	    (!utf8 && casefold_is_ascii(word, strlen(word)))) {
		free(other);
		return;
	}
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .parameter = class,
				       .add = other },
		    "%s is in %s without its other spelling, %s: to Postfix "
		    "these are two domains",
		    word, class, other);
	free(other);
}

/* check_spellings - all international domains */
static void check_spellings(struct check *check)
{
	size_t i;

	for (i = 0; i < RESOLVER_LISTS; i++) {
		const char *list =
			postfix_get(check->postfix, NULL, list_of(i));
		char *word;

		while ((word = postfix_next_word(&list)) != NULL) {
			if (is_domain(word))
				check_spelling(check, list_of(i), word);
			free(word);
		}
	}
}

/* check_domains - the lists of domains */
void check_domains(struct check *check)
{
	check_two_classes(check);
	check_spellings(check);
}
