/* SPDX-License-Identifier: ISC */
/* init_master - what in main.cf and master.cf cannot be changed safely
 *
 * postconf(1) edits master.cf by the name and type of a service: with two of
 * them it changes both, while Postfix uses the last one. It loses odd options,
 * see lib/postfix/smtpd_arguments.c. Very large files are refused, so that the
 * time is limited: for each service with options postconf(1) is run once. */

#include "policyd/init/init_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_arguments.h"
#include "lib/postfix/smtpd_restrictions.h"

#define FILE_MAX     ((size_t)1 << 20)
#define SERVICES_MAX 500
#define FIELDS	     7 /* before the command */

/* A service in master.cf. */
struct entry {
	size_t line; /* of the file, from 1 */
	char *text;  /* with its continuation lines */
	char *name, *type, *program;
	const char *arguments; /* in text */
};

struct entries {
	struct entry *list;
	size_t count;
};

/* clear - free all */
static void clear(struct entries *entries)
{
	size_t i;

	for (i = 0; i < entries->count; i++) {
		free(entries->list[i].name);
		free(entries->list[i].type);
		free(entries->list[i].program);
	}
	free(entries->list);
}

/* start - a line that begins a service; the previous one ends */
static void start(struct entries *entries, size_t line, char *text)
{
	entries->list = xreallocarray(entries->list, entries->count + 1,
				      sizeof(*entries->list));
	entries->list[entries->count++] = (struct entry){
		.line = line,
		.text = text,
	};
	text[-1] = '\0';
}

/* cut - split the text of a service */
static void cut(struct entry *entry)
{
	const char *rest = entry->text;
	size_t field;

	entry->name = postfix_next_argument(&rest);
	entry->type = postfix_next_argument(&rest);
	for (field = 2; field < FIELDS; field++)
		free(postfix_next_argument(&rest));
	entry->program = postfix_next_argument(&rest);
	entry->arguments = rest;
}

/* split - the services in the text of master.cf, which begins with a line end;
 * -1: there are too many. A comment does not end a service. */
static int split(struct entries *entries, char *text)
{
	size_t line, length, blank, i;

	for (line = 1; *text++ != '\0'; line++, text += length) {
		length = strcspn(text, "\n");
		blank = strspn(text, " \t\r\f\v");
		if (blank < length && text[blank] == '#')
			memset(text, ' ', length);
		else if (length == 0 || blank > 0)
			continue;
		else if (entries->count == SERVICES_MAX)
			return -1;
		else
			start(entries, line, text);
	}
	for (i = 0; i < entries->count; i++)
		cut(&entries->list[i]);
	return 0;
}

/* is_smtpd - is it a service that may be changed? */
static bool is_smtpd(const struct entry *entry)
{
	return entry->program != NULL && strcmp(entry->program, "smtpd") == 0;
}

/* check_options - those that postconf(1) would lose, or that end smtpd(8) */
static int check_options(const char *path, const struct entries *entries,
			 struct error *error)
{
	size_t i;

	for (i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->list[i];
		enum smtpd_arguments_fault fault;
		char *word, *text;

		if (!is_smtpd(entry))
			continue;
		fault = smtpd_arguments_fault(entry->arguments, &word);
		if (fault == SMTPD_ARGUMENTS_FINE)
			continue;
		text = smtpd_arguments_text(fault, word);
		error_set(error, "%s:%zu: %s %s: %s", path, entry->line,
			  entry->name, text, smtpd_arguments_advice(fault));
		free(text);
		free(word);
		return -1;
	}
	return 0;
}

/* check_twice - services that are there twice */
static int check_twice(const char *path, const struct entries *entries,
		       struct error *error)
{
	size_t i, k;

	for (i = 0; i < entries->count; i++)
		for (k = i + 1; k < entries->count; k++) {
			const struct entry *one = &entries->list[i];
			const struct entry *two = &entries->list[k];

			if ((!is_smtpd(one) && !is_smtpd(two)) ||
			    one->type == NULL || two->type == NULL ||
			    strcmp(one->name, two->name) != 0 ||
			    strcmp(one->type, two->type) != 0)
				continue;
			return error_set(error,
					 "%s: %s is there twice (lines %zu and "
					 "%zu): Postfix uses the last one; "
					 "remove the other",
					 path, one->name, one->line, two->line);
		}
	return 0;
}

/* read - a file that is not too large; the caller frees it. NULL: error */
static char *read_limited(const char *path, struct error *error)
{
	const char *reason;
	size_t length;
	char *text = file_read(path, &length, &reason);

	if (text == NULL) {
		error_set(error, "%s: %s", path, reason);
		return NULL;
	}
	if (length <= FILE_MAX && strlen(text) == length)
		return text;
	if (length <= FILE_MAX)
		error_set(error, "%s contains a NUL byte", path);
	else
		error_set(
			error,
			"%s has more than %zu bytes: --init does not change so large "
			"a file; move lists and tables out of it",
			path, FILE_MAX);
	free(text);
	return NULL;
}

/* check_master - master.cf */
static int check_master(const char *path, struct error *error)
{
	struct entries entries = { 0 };
	char *content = read_limited(path, error), *text;
	int result = -1;

	if (content == NULL)
		return -1;
	text = xasprintf("\n%s", content);
	free(content);
	if (split(&entries, text) < 0)
		error_set(error,
			  "%s has more than %d services, too many for "
			  "--init",
			  path, SERVICES_MAX);
	else if (check_twice(path, &entries, error) == 0)
		result = check_options(path, &entries, error);
	clear(&entries);
	free(text);
	return result;
}

/* check_end - postconf(1) appends to a last line that has no line end */
static int check_end(const char *path, const char *text, struct error *error)
{
	size_t length = strlen(text);

	if (length == 0 || text[length - 1] == '\n')
		return 0;
	return error_set(error,
			 "%s: the last line has no line end, so that postconf "
			 "would append new settings to it: add one",
			 path);
}

/* init_master_check - can these files be changed safely? */
int init_master_check(const char *directory, struct error *error)
{
	char *main_cf = xasprintf("%s/main.cf", directory);
	char *master_cf = xasprintf("%s/master.cf", directory);
	char *text = read_limited(main_cf, error);
	int result = -1;

	if (text != NULL && check_end(main_cf, text, error) == 0)
		result = check_master(master_cf, error);

	free(text);
	free(main_cf);
	free(master_cf);
	return result;
}
