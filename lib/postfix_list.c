/* SPDX-License-Identifier: ISC */
/* postfix_list - a list of restrictions, read as in smtpd(8)
 *
 * Words are separated by commas and white space; a text in braces is one word.
 * Some words take the next one as an argument, which must not be mistaken for a
 * restriction. */

#include "lib/postfix_list.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "lib/words.h"
#include "lib/xalloc.h"

/* Words that take an argument. */
static const char *const with_argument[] = {
	"check_*",	  "reject_rbl_*",   "reject_rhsbl_*",
	"permit_dnswl_*", "permit_rhswl_*", "reject_maps_rbl_*",
	"sleep",
};

/* braces_end - the byte after the brace that closes the one at text */
static const char *braces_end(const char *text)
{
	size_t depth = 0;

	for (; *text != '\0'; text++) {
		if (*text == '{')
			depth++;
		else if (*text == '}' && --depth == 0)
			return text + 1;
	}
	return text;
}

/* postfix_next_word - the next word; a text in braces is one word */
char *postfix_next_word(const char **text)
{
	const char *start = *text + strspn(*text, WORDS_SEPARATORS);

	if (*start == '\0')
		return NULL;
	*text = *start == '{' ? braces_end(start)
			      : start + strcspn(start, WORDS_SEPARATORS);
	return xstrndup(start, (size_t)(*text - start));
}

/* takes_argument - is the word after this one its argument? */
static bool takes_argument(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(with_argument) / sizeof(with_argument[0]); i++)
		if (fnmatch(with_argument[i], word, 0) == 0)
			return true;
	return false;
}

/* append - append a restriction; the list then owns word and argument */
static void append(struct postfix_list *list, char *word, char *argument,
		   const char *parameter)
{
	struct postfix_restriction *item;

	list->items = xreallocarray(list->items, list->count + 1,
				    sizeof(*list->items));
	item = &list->items[list->count++];
	item->word = word;
	item->argument = argument;
	item->parameter = xstrdup(parameter);
}

/* is_class - is the word one of smtpd_restriction_classes? */
static bool is_class(const char *classes, const char *word)
{
	bool found = false;
	char *class;

	while (!found && (class = postfix_next_word(&classes)) != NULL) {
		found = strcmp(class, word) == 0;
		free(class);
	}
	return found;
}

/* postfix_list_parse - add every restriction of a text */
void postfix_list_parse(struct postfix_list *list, const char *text,
			const char *parameter)
{
	char *word;

	while ((word = postfix_next_word(&text)) != NULL) {
		char *argument = NULL;

		if (takes_argument(word))
			argument = postfix_next_word(&text);
		append(list, word, argument, parameter);
	}
}

/* postfix_list_read - the list with that name for a service */
void postfix_list_read(struct postfix_list *list, const struct postfix *postfix,
		       const struct postfix_service *service, const char *name)
{
	const char *classes =
		postfix_get(postfix, service, "smtpd_restriction_classes");
	struct postfix_list top = { 0 };
	size_t i;

	*list = (struct postfix_list){ 0 };
	postfix_list_parse(&top, postfix_get(postfix, service, name), name);
	for (i = 0; i < top.count; i++) {
		struct postfix_restriction *item = &top.items[i];

		if (is_class(classes, item->word))
			postfix_list_parse(
				list, postfix_get(postfix, service, item->word),
				item->word);
		else
			append(list, xstrdup(item->word),
			       item->argument == NULL ? NULL
						      : xstrdup(item->argument),
			       name);
	}
	postfix_list_clear(&top);
}

/* postfix_list_text - the list in main.cf syntax */
char *postfix_list_text(const struct postfix_list *list)
{
	char *text = xstrdup("");
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct postfix_restriction *item = &list->items[i];
		bool has = item->argument != NULL;
		char *longer = xasprintf("%s%s%s%s%s", text, i > 0 ? ", " : "",
					 item->word, has ? " " : "",
					 has ? item->argument : "");

		free(text);
		text = longer;
	}
	return text;
}

/* postfix_list_clear - free what the list holds */
void postfix_list_clear(struct postfix_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->items[i].word);
		free(list->items[i].argument);
		free(list->items[i].parameter);
	}
	free(list->items);
	*list = (struct postfix_list){ 0 };
}

/* trim - remove surrounding braces and white space, in place */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t{");
	length = strlen(text);
	while (length > 0 && strchr(" \t}", text[length - 1]) != NULL)
		text[--length] = '\0';
	return text;
}

/* add_attribute - "name=value", possibly in braces of its own */
static void add_attribute(struct postfix_policy *policy, char *word)
{
	char *name = trim(word);
	char *value = strchr(name, '=');

	if (value == NULL)
		return;
	*value++ = '\0';
	postfix_values_add(&policy->attributes, trim(name), trim(value));
}

/* policy_word - the next word inside the braces. "name = value" with spaces is
 * three words to Postfix, too; "{ name = value }" is one. */
static void policy_word(struct postfix_policy *policy, char *word)
{
	if (policy->server == NULL)
		policy->server = xstrdup(word);
	else
		add_attribute(policy, word);
}

/* postfix_policy_parse - split the argument */
void postfix_policy_parse(struct postfix_policy *policy, const char *argument)
{
	char *inner, *word;
	const char *rest;

	*policy = (struct postfix_policy){ 0 };
	if (argument == NULL || *argument != '{') {
		policy->server = xstrdup(argument != NULL ? argument : "");
		return;
	}
	inner = xstrndup(argument + 1, strlen(argument + 1));
	if (*inner != '\0' && inner[strlen(inner) - 1] == '}')
		inner[strlen(inner) - 1] = '\0';
	rest = inner;
	while ((word = postfix_next_word(&rest)) != NULL) {
		policy_word(policy, word);
		free(word);
	}
	free(inner);
	if (policy->server == NULL)
		policy->server = xstrdup("");
}

/* postfix_policy_clear - free what the struct holds */
void postfix_policy_clear(struct postfix_policy *policy)
{
	free(policy->server);
	postfix_values_clear(&policy->attributes);
	*policy = (struct postfix_policy){ 0 };
}
