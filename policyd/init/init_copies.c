/* SPDX-License-Identifier: ISC */
/* init_copies - main.cf and master.cf as they were, and how to return to them
 *
 * They are beside policyd.conf, in a directory that belongs to root: a state
 * directory belongs to the user of the server, who could put another main.cf
 * there. The files as the changes make them are kept, too. The previous ones
 * are put back only if they still are like that: what an administrator has
 * changed since would be lost. */

#include "policyd/init/init_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/printable.h"
#include "lib/base/trust.h"
#include "lib/base/xalloc.h"
#include "policyd/init/init.h"

static const char *const names[INIT_FILES] = { "main.cf", "master.cf" };

/* The other files of the directory. */
static const char *const after_names[INIT_FILES] = { "main.cf.after",
						     "master.cf.after" };
#define DIRECTORY "directory"
#define COMMANDS  "commands"

/* init_file_name - "main.cf", "master.cf" */
const char *init_file_name(int file)
{
	return names[file];
}

/* copies_path - the directory of the copies that belong to a policyd.conf; the
 * caller frees it */
static char *copies_path(const char *path)
{
	return xasprintf("%s.before", path);
}

/* put - write one file of the directory */
static int put(const char *directory, const char *name, const char *text,
	       struct error *error)
{
	char *path = xasprintf("%s/%s", directory, name);
	int result = init_file_put(path, text, error);

	free(path);
	return result;
}

/* prepare - make the directory; nobody else may write there */
static int prepare(const char *directory, struct error *error)
{
	char *inside = xasprintf("%s/" DIRECTORY, directory);
	int result = 0;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		result = error_set(error, "cannot write %s: %s", directory,
				   strerror(errno));
	else
		result = trust_directory(inside, TRUST_NOBODY, error);
	free(inside);
	return result;
}

/* commands - those that undo the changes; the caller frees them */
static char *commands(const struct init *init)
{
	char *text = NULL;
	size_t length;
	FILE *file = xmemstream(&text, &length);

	init_print_commands(file, init, &init->off, "");
	xmemstream_close(file);
	return text;
}

/* init_copies_save - keep both files, as they are and as they will be */
int init_copies_save(const struct init *init, struct error *error)
{
	char *directory = copies_path(init->path);
	char *undo = commands(init);
	int result = prepare(directory, error);
	int i;

	for (i = 0; i < INIT_FILES && result == 0; i++) {
		result = put(directory, names[i], init->now[i], error);
		if (result == 0)
			result = put(directory, after_names[i], init->then[i],
				     error);
	}
	if (result == 0)
		result = put(directory, COMMANDS, undo, error);
	if (result == 0)
		result = put(directory, DIRECTORY, init->postfix.directory,
			     error);
	free(undo);
	free(directory);
	return result;
}

/* The copies, and the files as they are now. */
struct copies {
	char *place;	 /* of the copies */
	char *directory; /* of Postfix */
	char *commands;
	char *before[INIT_FILES], *after[INIT_FILES], *now[INIT_FILES];
};

/* clear - free all */
static void clear(struct copies *copies)
{
	int i;

	for (i = 0; i < INIT_FILES; i++) {
		free(copies->before[i]);
		free(copies->after[i]);
		free(copies->now[i]);
	}
	free(copies->place);
	free(copies->directory);
	free(copies->commands);
}

/* load - read everything */
static int load(struct copies *copies, struct error *error)
{
	const char *place = copies->place;
	int i;

	copies->directory = init_file_in(place, DIRECTORY, error);
	copies->commands = init_file_in(place, COMMANDS, error);
	if (copies->directory == NULL || copies->commands == NULL)
		return -1;
	for (i = 0; i < INIT_FILES; i++) {
		copies->before[i] = init_file_in(place, names[i], error);
		copies->after[i] = init_file_in(place, after_names[i], error);
		copies->now[i] =
			init_file_in(copies->directory, names[i], error);
		if (copies->before[i] == NULL || copies->after[i] == NULL ||
		    copies->now[i] == NULL)
			return -1;
	}
	return 0;
}

/* is_untouched - is each file what the changes, or a part of them, made of it?
 */
static bool is_untouched(const struct copies *copies)
{
	int i;

	for (i = 0; i < INIT_FILES; i++)
		if (strcmp(copies->now[i], copies->before[i]) != 0 &&
		    strcmp(copies->now[i], copies->after[i]) != 0)
			return false;
	return true;
}

/* restore - put the previous files back; master.cf first, since it refers to
 * main.cf */
static int restore(const struct copies *copies, struct error *error)
{
	int i;

	for (i = INIT_FILES - 1; i >= 0; i--) {
		char *path = xasprintf("%s/%s", copies->directory, names[i]);
		int result = 0;

		if (strcmp(copies->now[i], copies->before[i]) != 0)
			result = init_file_replace(path, copies->before[i],
						   error);
		free(path);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* print_changed - what to do when more has changed */
static void print_changed(const struct copies *copies)
{
	struct printable all;

	printable_open(&all);
	fprintf(all.stream,
		"# %s: main.cf or master.cf has changed since policyd --init, "
		"so they are not\n"
		"# replaced. As they were before: %s\n"
		"# To undo only what policyd --init has changed:\n%s",
		copies->directory, copies->place, copies->commands);
	printable_close(&all, stdout);
}

/* undo - restore, if nothing else would be lost; an exit status */
static int undo(const struct copies *copies, struct error *error)
{
	if (!is_untouched(copies)) {
		print_changed(copies);
		return INIT_CHANGED;
	}
	if (restore(copies, error) < 0)
		return EX_CANTCREAT;
	if (init_reload(copies->directory, error) < 0)
		return EX_TEMPFAIL;
	printf("%s: main.cf and master.cf are as they were before policyd "
	       "--init\n",
	       copies->directory);
	return EX_OK;
}

/* init_undo - return to main.cf and master.cf as they were */
int init_undo(const char *path)
{
	struct copies copies = { .place = copies_path(path) };
	char *inside = xasprintf("%s/" DIRECTORY, copies.place);
	struct error error = { "" };
	int status = EX_CONFIG;

	if (geteuid() != 0) {
		error_set(&error, "--undo writes files of root: run it as "
				  "root");
		status = EX_NOPERM;
	} else if (access(copies.place, F_OK) < 0) {
		error_set(&error,
			  "%s: %s; there is nothing to undo: policyd --init "
			  "has not been used with this file",
			  copies.place, strerror(errno));
	} else if (trust_directory(inside, TRUST_NOBODY, &error) == 0 &&
		   load(&copies, &error) == 0) {
		status = undo(&copies, &error);
	}
	if (*error.text != '\0')
		fprintf(stderr, "policyd: %s\n", error.text);
	free(inside);
	clear(&copies);
	return status;
}
