/* SPDX-License-Identifier: ISC */
/* rate_table - open the table of a rate, and change what it is made for
 *
 * Usually that is opening a file. If the file was made for other windows or
 * another number of keys, a second one is made beside it, FILE.new, and the
 * counts are moved into it: at once if nobody else uses the file, otherwise by
 * rate_table_migrate(). A confined server cannot rename a file, so that it is
 * renamed when the table is opened the next time. Whoever opens FILE while
 * somebody uses FILE.new has both, and follows what is moved. */

#include "lib/rate/rate_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define TRIES 100 /* to open it while others change it */
#define AGAIN 2

/* rate_table_close - with what it was to become */
void rate_table_close(struct rate_table *table)
{
	while (table != NULL) {
		struct rate_table *next = table->next;

		rate_file_close(table);
		table = next;
	}
}

/* open_next - the file of the second name: 1, and *next is open; 0: there is
 * none that can be used; -1 */
static int open_next(const struct rate_file *file, struct rate_table *table,
		     bool *alone, struct error *error)
{
	struct rate_file second = *file;
	char *path = xasprintf("%s.new", file->path);
	struct error reason;
	int result;

	second.path = path;
	second.seed = table->seed;
	result = rate_file_open(&second, &table->next, alone,
				second.shape != NULL ? error : &reason);
	if (result < 0 && second.shape == NULL)
		result = 0;
	if (result > 0 &&
	    memcmp(table->next->seed, table->seed, sizeof(table->seed)) != 0) {
		rate_table_close(table->next);
		table->next = NULL;
		result = 0;
	}
	free(path);
	return result;
}

/* existing_next - the same, but create none */
static int existing_next(const struct rate_file *file, struct rate_table *table,
			 bool *alone)
{
	struct rate_file existing = *file;

	existing.shape = NULL;
	return open_next(&existing, table, alone, NULL);
}

/* remove_next - what nobody uses */
static void remove_next(const struct rate_file *file)
{
	char *path = xasprintf("%s.new", file->path);

	unlink(path);
	free(path);
}

/* new_next - make an empty one, with the same time */
static int new_next(const struct rate_file *file, struct rate_table *table,
		    struct error *error)
{
	bool alone;

	remove_next(file);
	if (open_next(file, table, &alone, error) <= 0)
		return -1;
	rate_header(table->next)->offset_us = table->offset_us;
	table->next->offset_us = table->offset_us;
	rate_file_share(table->next, file);
	return 0;
}

/* finish - all is in the second file; it gets the name. AGAIN, or -1 */
static int finish(const struct rate_file *file, struct rate_table *table,
		  struct error *error)
{
	char *path = xasprintf("%s.new", file->path);
	int result = AGAIN;

	rate_migrate(table, rate_tick_of(table, file->clock->now_us));
	if (rename(path, file->path) < 0)
		result = error_set(error, "%s: cannot be renamed: %s", path,
				   strerror(errno));
	free(path);
	return result;
}

/* stay - nothing was moved after all */
static void stay(struct rate_table *table)
{
	for (unsigned i = 0; i < RATE_SHARDS; i++)
		atomic_store(&rate_shard(table, i)->moved, 0);
}

/* follow - somebody has begun to move it, or is going to. 1: nothing to do;
 * AGAIN: it is done, open it anew; -1 */
static int follow(const struct rate_file *file, struct rate_table *table,
		  bool alone, struct error *error)
{
	bool moved = rate_moved(table);
	bool unused;

	if (alone && !moved)
		return 1;
	if (existing_next(file, table, &unused) > 0 && moved)
		return finish(file, table, error);
	if (moved && !alone)
		return error_set(error,
				 "%s: is damaged; stop policyd, and "
				 "start it again",
				 file->path);
	if (moved)
		stay(table);
	if (table->next != NULL && unused) {
		rate_table_close(table->next);
		table->next = NULL;
	}
	return 1;
}

/* change - to the shape that is wanted. 1, AGAIN or -1 */
static int change(const struct rate_file *file, struct rate_table *table,
		  bool alone, struct error *error)
{
	if (file->shape == NULL || rate_shape_equal(&table->shape, file->shape))
		return 1;
	table->found = RATE_FOUND_WAITING;
	if (table->next != NULL)
		return 1;
	if (new_next(file, table, error) < 0)
		return -1;
	return alone ? finish(file, table, error) : 1;
}

/* open_once - 1, 0, -1 or AGAIN */
static int open_once(const struct rate_file *file, struct rate_table **table,
		     struct error *error)
{
	bool alone;
	int result = rate_file_open(file, table, &alone, error);

	if (result > 0)
		result = follow(file, *table, alone, error);
	if (result == 1)
		result = change(file, *table, alone, error);
	if (result == 1 && !rate_file_share(*table, file))
		result = AGAIN;
	return result;
}

/* open_table - until nobody changes it. 1, 0 or -1 */
static int open_table(const struct rate_file *file, struct rate_table **table,
		      struct error *error)
{
	enum rate_found found = RATE_FOUND_GOOD;

	for (int i = 0; i < TRIES; i++) {
		int result = open_once(file, table, error);

		if (result == 1 && (*table)->found == RATE_FOUND_GOOD)
			(*table)->found = found;
		if (result == 1 || result == 0)
			return result;
		if (*table != NULL && (*table)->found != RATE_FOUND_GOOD)
			found = (*table)->found;
		rate_table_close(*table);
		*table = NULL;
		if (result < 0)
			return -1;
		if (found == RATE_FOUND_WAITING)
			found = RATE_FOUND_OTHER;
	}
	return error_set(error, "%s: other processes keep changing it",
			 file->path);
}

/* rate_table_open - for a server */
struct rate_table *rate_table_open(const char *path,
				   const struct rate_shape *shape, uid_t user,
				   const struct rate_clock *clock,
				   struct error *error)
{
	struct rate_file file = {
		.path = path, .user = user, .clock = clock, .shape = shape
	};
	struct rate_table *table;

	return open_table(&file, &table, error) > 0 ? table : NULL;
}

/* rate_table_find - for the command line */
int rate_table_find(const char *path, uid_t user,
		    const struct rate_clock *clock, struct rate_table **table,
		    struct error *error)
{
	struct rate_file file = { .path = path, .user = user, .clock = clock };

	return open_table(&file, table, error);
}

/* rate_table_found - how it was opened */
enum rate_found rate_table_found(const struct rate_table *table)
{
	return table->found;
}

/* rate_table_shape - of the table that keys are in now */
struct rate_shape rate_table_shape(const struct rate_table *table)
{
	while (table->next != NULL && rate_moved(table))
		table = table->next;
	return table->shape;
}

/* rate_table_migrate - if it is waiting */
void rate_table_migrate(struct rate_table *table, uint64_t now_us)
{
	if (table->next != NULL)
		rate_migrate(table, rate_tick_of(table, now_us));
}
