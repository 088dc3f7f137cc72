/* SPDX-License-Identifier: ISC */
/* smtpd_restrictions - a list of restrictions, read as in smtpd(8)
 *
 * Words are separated by commas and white space; a text in braces is one word.
 * Some words take the next one as an argument, which must not be mistaken for a
 * restriction. */

#include "lib/postfix/smtpd_restrictions.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_word.h"

#define DEPTH_MAX 8 /* of classes in classes */

/* postfix_next_word - the next word of a list */
char *postfix_next_word(const char **text)
{
	return words_next(text, WORDS_SEPARATORS);
}

/* postfix_next_argument - of a command in master.cf */
char *postfix_next_argument(const char **text)
{
	return words_next(text, " \t\r\n");
}

/* append - append a restriction; the list then owns word and argument. Its room
 * is doubled whenever it holds a power of two. */
static struct postfix_restriction *append(struct smtpd_restrictions *list,
					  char *word, char *argument,
					  const char *parameter)
{
	struct postfix_restriction *item;

	if ((list->count & (list->count - 1)) == 0)
		list->items = xreallocarray(list->items, 2 * list->count + 1,
					    sizeof(*list->items));
	item = &list->items[list->count++];
	*item = (struct postfix_restriction){ .word = word,
					      .argument = argument,
					      .parameter = xstrdup(parameter) };
	return item;
}

/* A list that is being read, and its classes. */
struct reading {
	struct smtpd_restrictions *list;
	const struct postfix *postfix;
	const struct postfix_service *service;
	struct smtpd_restrictions names; /* of the classes, sorted by word */
	size_t used;			 /* how often one was put in */
};

/* One of its texts: the value of a parameter, or of a class. */
struct text {
	const char *rest; /* what is to be read */
	const char *parameter;
	unsigned depth; /* of classes in classes */
	bool warns;	/* behind warn_if_reject */
};

/* by_word - for qsort() and bsearch() */
static int by_word(const void *one, const void *other)
{
	const struct postfix_restriction *first = one, *second = other;

	return strcmp(first->word, second->word);
}

/* read_classes - the names in smtpd_restriction_classes */
static void read_classes(struct reading *reading)
{
	struct smtpd_restrictions *names = &reading->names;
	const char *rest = postfix_get(reading->postfix, reading->service,
				       "smtpd_restriction_classes");
	char *name;

	while ((name = postfix_next_word(&rest)) != NULL)
		append(names, name, NULL, "");
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items),
		      by_word);
}

/* is_class - smtpd(8) looks for its own words first, in any case; and for a
 * table, by its colon, even before those */
static bool is_class(const struct smtpd_restrictions *names, const char *word)
{
	struct postfix_restriction key = { .word = (char *)word };

	return names->count > 0 && strchr(word, ':') == NULL &&
	       smtpd_word_find(word) == NULL &&
	       bsearch(&key, names->items, names->count, sizeof(key),
		       by_word) != NULL;
}

static void add(struct reading *reading, struct text text);

/* add_word - one restriction, or what a class of this name holds */
static void add_word(struct reading *reading, char *word, struct text *text,
		     bool warns)
{
	bool class = is_class(&reading->names, word);
	char *argument = NULL;

	if (class && text->depth < DEPTH_MAX &&
	    reading->used < POSTFIX_LIST_MAX) {
		reading->used++;
		add(reading,
		    (struct text){ .rest = postfix_get(reading->postfix,
						       reading->service, word),
				   .parameter = word,
				   .depth = text->depth + 1,
				   .warns = warns });
		free(word);
		return;
	}
	if (class) {
		free(word);
		word = xstrdup("...");
		reading->list->is_cut = true;
	} else if (smtpd_word_has_argument(word)) {
		argument = postfix_next_word(&text->rest);
	}
	append(reading->list, word, argument, text->parameter)->warns = warns;
}

/* add - every restriction of a text; without classes those stay as they are */
static void add(struct reading *reading, struct text text)
{
	struct smtpd_restrictions *list = reading->list;
	size_t first = list->count, i;
	bool next = text.warns;
	char *word;

	while (list->count <= POSTFIX_LIST_MAX &&
	       (word = postfix_next_word(&text.rest)) != NULL) {
		const struct smtpd_word *known = smtpd_word_find(word);

		if (list->count == POSTFIX_LIST_MAX) {
			free(word);
			append(list, xstrdup("..."), NULL, text.parameter);
			list->is_cut = true;
			break;
		}
		add_word(reading, word, &text, next);
		next = text.warns ||
		       (known != NULL && known->kind == SMTPD_WORD_WARN);
	}
	for (i = first; i < list->count; i++)
		if (list->items[i].end == 0)
			list->items[i].end = list->count;
}

/* smtpd_restrictions_parse - add every restriction of a text */
void smtpd_restrictions_parse(struct smtpd_restrictions *list, const char *text,
			      const char *parameter)
{
	add(&(struct reading){ .list = list },
	    (struct text){ .rest = text, .parameter = parameter });
}

/* smtpd_restrictions_read - the list with that name for a service */
void smtpd_restrictions_read(struct smtpd_restrictions *list,
			     const struct postfix *postfix,
			     const struct postfix_service *service,
			     const char *name)
{
	*list = (struct smtpd_restrictions){ 0 };
	smtpd_restrictions_add(list, postfix, service,
			       postfix_get(postfix, service, name), name);
}

/* smtpd_restrictions_add - the restrictions of a text, with classes */
void smtpd_restrictions_add(struct smtpd_restrictions *list,
			    const struct postfix *postfix,
			    const struct postfix_service *service,
			    const char *text, const char *parameter)
{
	struct reading reading = { .list = list,
				   .postfix = postfix,
				   .service = service };

	read_classes(&reading);
	add(&reading, (struct text){ .rest = text, .parameter = parameter });
	smtpd_restrictions_clear(&reading.names);
}

/* smtpd_restrictions_text - the list in main.cf syntax */
char *smtpd_restrictions_text(const struct smtpd_restrictions *list)
{
	char *text = xstrdup("");
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct postfix_restriction *item = &list->items[i];
		bool has = item->argument != NULL;

		xappend(&text, "%s%s%s%s", i > 0 ? ", " : "", item->word,
			has ? " " : "", has ? item->argument : "");
	}
	return text;
}

/* smtpd_restrictions_clear - free what the list holds */
void smtpd_restrictions_clear(struct smtpd_restrictions *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->items[i].word);
		free(list->items[i].argument);
		free(list->items[i].parameter);
	}
	free(list->items);
	*list = (struct smtpd_restrictions){ 0 };
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
