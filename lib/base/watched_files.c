/* SPDX-License-Identifier: ISC */
/* watched_files - have the files changed that a configuration was made from?
 *
 * A file has changed when its inode, size, or time of change is different. The
 * state to compare with is recorded before the file is read, so that a change
 * while it is read is not missed. */

#include "lib/base/watched_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"

#define DEPTH_MAX 16 /* nesting of /file */

/* The files that Postfix reads for type:/name: the name and a suffix.
 * Since 3.11 it may read cdb: or lmdb: where hash: or btree: is written
 * (non_bdb_migration_level), and any type if main.cf or a table says so
 * (default_database_type, default_cache_db_type, non_bdb_custom_mapping). */
static const struct {
	const char *type;
	const char *ending;
} sources[] = {
	{ "hash", ".db" },   { "hash", ".cdb" },  { "hash", ".lmdb" },
	{ "btree", ".db" },  { "btree", ".cdb" }, { "btree", ".lmdb" },
	{ "lmdb", ".lmdb" }, { "cdb", ".cdb" },	  { "dbm", ".dir" },
	{ "dbm", ".pag" },   { "sdbm", ".dir" },  { "sdbm", ".pag" },
	{ "texthash", "" },  { "regexp", "" },	  { "pcre", "" },
	{ "cidr", "" },
};

/* Those of other types; the name itself first. */
static const char *const other_endings[] = { "", ".dir", ".pag" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The state of reading one text. */
struct reader {
	struct watched_files *list;
	int files;    /* number of open files */
	bool refused; /* by watched_files_add(), in one of the files */
};

static int add_word(void *context, const char *word, struct error *error);

/* watched_state_read - the present state of the file */
void watched_state_read(struct watched_state *state, const char *path)
{
	struct stat status;

	memset(state, 0, sizeof(*state));
	if (stat(path, &status) < 0)
		return;
	state->device = status.st_dev;
	state->inode = status.st_ino;
	state->size = status.st_size;
	state->mtime_s = status.st_mtim.tv_sec;
	state->mtime_ns = status.st_mtim.tv_nsec;
	state->ctime_s = status.st_ctim.tv_sec;
	state->ctime_ns = status.st_ctim.tv_nsec;
}

/* watched_state_is - are the states equal? There is no padding between the
 * members. */
bool watched_state_is(const struct watched_state *one,
		      const struct watched_state *other)
{
	return memcmp(one, other, sizeof(*one)) == 0;
}

/* is_listed - is the file watched already? */
static bool is_listed(const struct watched_files *list, const char *path)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->items[i].path, path) == 0)
			return true;
	return false;
}

/* watched_files_add - add one file */
int watched_files_add(struct watched_files *list, const char *path,
		      const struct watched_state *state, struct error *error)
{
	struct watched_file *file;

	if (path[0] != '/')
		return error_set(error, "%.80s is not an absolute path", path);
	if (strlen(path) >= WATCHED_PATH_MAX)
		return error_set(error, "%.80s... is longer than %d bytes",
				 path, WATCHED_PATH_MAX - 1);
	if (is_listed(list, path))
		return 0;
	if (list->count == WATCHED_FILES_MAX)
		return error_set(error, "more than %d files to watch",
				 WATCHED_FILES_MAX);
	list->items = xreallocarray(list->items, list->count + 1,
				    sizeof(*list->items));
	file = &list->items[list->count++];
	file->path = xstrdup(path);
	if (state != NULL)
		file->state = *state;
	else
		watched_state_read(&file->state, path);
	return 0;
}

/* add_line - add the files in a line: words, or a comment */
static int add_line(void *context, const char *line, struct error *error)
{
	struct reader *reader = context;

	if (line[strspn(line, WORDS_SEPARATORS)] == '#')
		return 0;
	if (words_each_braced(line, WORDS_SEPARATORS, add_word, reader,
			      error) == 0)
		return 0;
	reader->refused = true;
	return -1;
}

/* add_file - add a file, and those that it names */
static int add_file(const struct reader *reader, const char *path,
		    struct error *error)
{
	struct reader inner = { reader->list, reader->files + 1, false };
	size_t before = reader->list->count;
	struct error why;

	if (watched_files_add(reader->list, path, NULL, error) < 0)
		return -1;
	if (reader->list->count == before || inner.files > DEPTH_MAX)
		return 0;
	/* The function that needs the content will report why it cannot be
	 * read. */
	if (words_each_line(path, add_line, &inner, &why) < 0 && inner.refused)
		return error_set(error, "%s", why.text);
	return 0;
}

/* add_ending - add the file of a table */
static int add_ending(const struct reader *reader, const char *name,
		      const char *ending, struct error *error)
{
	char *path = xasprintf("%s%s", name, ending);
	int result = watched_files_add(reader->list, path, NULL, error);

	free(path);
	return result;
}

/* add_others - add the files of a table of any type, if it may be one */
static int add_others(const struct reader *reader, const char *word,
		      const char *name, struct error *error)
{
	int result = 0;
	size_t i;

	if (!reader->list->any_type ||
	    (strncmp(word, "hash:", 5) != 0 && strncmp(word, "btree:", 6) != 0))
		return 0;
	for (i = 0; i < COUNT(other_endings) && result == 0; i++)
		result = add_ending(reader, name, other_endings[i], error);
	return result;
}

/* add_table - add the files of type:/name */
static int add_table(const struct reader *reader, const char *word,
		     struct error *error)
{
	size_t length = strcspn(word, ":");
	const char *name = word + length + 1;
	int result;
	size_t i;

	if (word[length] != ':' || *name != '/')
		return 0;
	result = add_others(reader, word, name, error);
	for (i = 0; i < COUNT(sources) && result == 0; i++)
		if (strlen(sources[i].type) == length &&
		    memcmp(sources[i].type, word, length) == 0)
			result = add_ending(reader, name, sources[i].ending,
					    error);
	return result;
}

/* add_word - add the file in a word of a list */
static int add_word(void *context, const char *word, struct error *error)
{
	struct reader *reader = context;

	word += strspn(word, "!");
	if (strncmp(word, "proxy:", 6) == 0)
		word += 6;
	if (*word == '/')
		return add_file(reader, word, error);
	return add_table(reader, word, error);
}

/* watched_files_add_text - add every file that a list names */
int watched_files_add_text(struct watched_files *list, const char *text,
			   struct error *error)
{
	struct reader reader = { list, 0, false };

	return words_each_braced(text, WORDS_SEPARATORS, add_word, &reader,
				 error);
}

/* watched_files_changed - has any file changed? */
const char *watched_files_changed(struct watched_files *list)
{
	const char *changed = NULL;
	struct watched_state now;
	size_t i;

	for (i = 0; i < list->count; i++) {
		watched_state_read(&now, list->items[i].path);
		if (!watched_state_is(&now, &list->items[i].state) &&
		    changed == NULL)
			changed = list->items[i].path;
		list->items[i].state = now;
	}
	return changed;
}

/* watched_files_clear - free what the list holds */
void watched_files_clear(struct watched_files *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
