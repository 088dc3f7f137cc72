/* SPDX-License-Identifier: ISC */
/* permit_tls_clientcerts - permit when the client's certificate is listed
 *
 * relay_clientcerts lists fingerprints of certificates or of their public keys,
 * as Postfix writes them: pairs of hex digits separated by colons. In a /file,
 * the first word of a line is used, so the source of a Postfix table will do.
 * In a type:table, the result is ignored, but must not be empty. Digests
 * shorter than SHA-256 are refused, and never looked up: certificates can be
 * made to collide under MD5 and SHA-1. Subject and issuer never permit
 * anything. Neither does a session that does not count as encrypted: there, a
 * certificate may arrive without encryption. */

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/decision/restrictions.h"
#include "lib/table/table.h"
#include "lib/text/casefold.h"
#include "lib/text/string_set.h"

#define DIGEST_MAX 64 /* SHA-512 */
#define TEXT_MAX   (3 * DIGEST_MAX)

struct fingerprint_list {
	struct string_set *fingerprints; /* folded */
	struct table **tables;
	size_t table_count;
	struct table_loader *loader; /* while it is being read */
};

/* fingerprint_length - the number of bytes of a fingerprint "AB:CD:..."; 0: it
 * is not of that form */
static size_t fingerprint_length(const char *text)
{
	size_t length = 0;

	for (;;) {
		if (length == DIGEST_MAX || !isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return 0;
		length++;
		if (text[2] == '\0')
			return length;
		if (text[2] != ':')
			return 0;
		text += 3;
	}
}

/* is_strong - is a digest of that length safe against collisions? */
static bool is_strong(size_t length)
{
	return length == 32 || length == 48 || length == 64;
}

/* check_length - refuse a digest that is not safe against collisions */
static int check_length(size_t length, const char *word, struct error *error)
{
	if (is_strong(length))
		return 0;
	if (length == 16 || length == 20)
		return error_set(error,
				 "\"%s\": MD5 and SHA-1 fingerprints are not "
				 "accepted; set smtpd_tls_fingerprint_digest "
				 "= sha256 in main.cf and list those",
				 word);
	return error_set(error,
			 "\"%s\": a fingerprint of %zu bytes; 32, 48 or 64 "
			 "are accepted (SHA-256, SHA-384, SHA-512)",
			 word, length);
}

/* add_fingerprint - add one word that is not a file */
static int add_fingerprint(void *context, const char *word, struct error *error)
{
	struct fingerprint_list *list = context;
	size_t length = fingerprint_length(word);
	char folded[CASEFOLD_SIZE(TEXT_MAX)];

	if (length == 0)
		return error_set(error,
				 "\"%s\": not a fingerprint (hex pairs with "
				 "colons between, at most 64)",
				 word);
	if (check_length(length, word, error) < 0)
		return -1;
	length = casefold(folded, word, strlen(word), false);
	return string_set_add(list->fingerprints, folded, length, false,
			      error) < 0
		       ? -1
		       : 0;
}

/* read_line - read a fingerprint followed by a comment, or a comment */
static int read_line(void *context, const char *line, struct error *error)
{
	size_t blank = strspn(line, " \t");
	char *word;
	int result;

	if (line[blank] == '#' || line[blank] == '\0')
		return 0;
	if (blank > 0)
		return error_set(error,
				 "white space before the fingerprint; "
				 "Postfix would read it as part of the line "
				 "above");
	word = xstrndup(line, strcspn(line, " \t"));
	result = add_fingerprint(context, word, error);
	free(word);
	return result;
}

/* add_table - add type:table */
static int add_table(struct fingerprint_list *list, const char *word,
		     struct error *error)
{
	struct table *table =
		table_admit(table_new_map(word, list->loader, error), word,
			    "relay_clientcerts", false, list->loader, error);

	if (table == NULL)
		return -1;
	list->tables = xreallocarray(list->tables, list->table_count + 1,
				     sizeof(struct table *));
	list->tables[list->table_count++] = table;
	return 0;
}

/* is_table - is it type:table, and not the first byte of a fingerprint? */
static bool is_table(const char *word)
{
	size_t type = strcspn(word, ":");

	return word[type] == ':' &&
	       (strspn(word, "0123456789abcdefABCDEF") < type ||
		word[type + 1] == '/') &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz") == type;
}

/* read_word - read one word of relay_clientcerts */
static int read_word(void *context, const char *word, struct error *error)
{
	if (is_table(word))
		return add_table(context, word, error);
	if (word[0] == '/')
		return words_each_line(word, read_line, context, error);
	return add_fingerprint(context, word, error);
}

/* close - free the list */
static void close_list(void *state)
{
	struct fingerprint_list *list = state;

	if (list == NULL)
		return;
	for (size_t i = 0; i < list->table_count; i++)
		table_free(list->tables[i]);
	free(list->tables);
	string_set_free(list->fingerprints);
	free(list);
}

/* open - read relay_clientcerts */
static int open_list(const char *argument,
		     const struct restriction_context *context, void **state,
		     struct error *error)
{
	struct fingerprint_list *list = xcalloc(1, sizeof(*list));

	*state = NULL;
	list->loader = context->loader;
	list->fingerprints = string_set_new(false, error);
	if (list->fingerprints == NULL ||
	    words_each_braced(argument, WORDS_SEPARATORS, read_word, list,
			      error) < 0) {
		close_list(list);
		return -1;
	}
	list->loader = NULL;
	string_set_fit(list->fingerprints);
	*state = list;
	return 0;
}

/* is_usable - is it a fingerprint that could be in the list? */
static bool is_usable(const char *text)
{
	return is_strong(fingerprint_length(text));
}

/* is_listed - is the fingerprint from Postfix in the list? */
static bool is_listed(const struct fingerprint_list *list, const char *text)
{
	char folded[CASEFOLD_SIZE(TEXT_MAX)];
	size_t length;

	if (!is_usable(text))
		return false;
	length = casefold(folded, text, strlen(text), false);
	return string_set_find(list->fingerprints, folded, length) == 1;
}

/* why_not - explain why the certificate does not permit */
static const char *why_not(const struct request *request)
{
	if (request->ccert_fingerprint[0] == '\0' &&
	    request->ccert_pubkey_fingerprint[0] == '\0')
		return "no certificate";
	if (!is_usable(request->ccert_fingerprint) &&
	    !is_usable(request->ccert_pubkey_fingerprint))
		return "Postfix sends no SHA-256 fingerprint: set "
		       "smtpd_tls_fingerprint_digest = sha256";
	return "not in relay_clientcerts";
}

/* look_up - look up the fingerprint from Postfix in the tables */
static enum table_answer look_up(const struct fingerprint_list *list,
				 const char *text, size_t *steps,
				 struct decision *decision)
{
	enum table_answer answer = TABLE_NOT_FOUND;
	char folded[CASEFOLD_SIZE(TEXT_MAX)];
	size_t i;

	if (!is_usable(text))
		return TABLE_NOT_FOUND;
	casefold(folded, text, strlen(text), false);
	for (i = 0; i < list->table_count && answer == TABLE_NOT_FOUND; i++) {
		const struct table *table = list->tables[i];
		const char *key = table_is_pattern(table) ? text : folded;

		answer = table_lookup_shared(table, key, steps);
		if (answer == TABLE_FOUND || answer == TABLE_NOT_FOUND)
			continue;
		decision->table = table_name(table);
		decision->why = table_why(table, key, *steps);
	}
	return answer;
}

/* look_up_both - the certificate first, then its key */
static enum table_answer look_up_both(const struct fingerprint_list *list,
				      const struct request *request,
				      struct decision *decision)
{
	size_t steps = 0;
	enum table_answer answer =
		look_up(list, request->ccert_fingerprint, &steps, decision);

	return answer != TABLE_NOT_FOUND
		       ? answer
		       : look_up(list, request->ccert_pubkey_fingerprint,
				 &steps, decision);
}

/* evaluate - see above */
static enum verdict evaluate(const struct subject *subject, void *state,
			     struct decision *decision)
{
	const struct request *request = subject->request;

	if (subject->facts->weak != NULL) {
		decision->reason = subject->facts->weak;
		return VERDICT_DUNNO;
	}
	decision->reason = "the certificate or its key is in relay_clientcerts";
	if (is_listed(state, request->ccert_fingerprint) ||
	    is_listed(state, request->ccert_pubkey_fingerprint))
		return VERDICT_PERMIT;
	switch (look_up_both(state, request, decision)) {
	case TABLE_NOT_FOUND:
		decision->reason = why_not(request);
		return VERDICT_DUNNO;
	case TABLE_FOUND:
		return VERDICT_PERMIT;
	default:
		decision->refusal = REFUSAL_LOOKUP;
		decision->reason = "a table in relay_clientcerts cannot be "
				   "looked up";
		return VERDICT_DEFER;
	}
}

const struct restriction restriction_permit_tls_clientcerts = {
	.name = "permit_tls_clientcerts",
	.parameter = "relay_clientcerts",
	.open = open_list,
	.close = close_list,
	.evaluate = evaluate,
};
