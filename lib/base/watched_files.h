/* SPDX-License-Identifier: ISC */
#ifndef LIB_WATCH_H
#define LIB_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* The files that a configuration was made from, in their state before they were
 * read, so that a change to one of them is noticed. */

#define WATCH_MAX      256  /* files */
#define WATCH_PATH_MAX 1024 /* bytes of a path, NUL included */

/* The state that changes with a file; all zero: there is no such file. */
struct watch_state {
	uint64_t device;
	uint64_t inode;
	int64_t size;
	int64_t mtime_s, mtime_ns;
	int64_t ctime_s, ctime_ns;
};

struct watch {
	char *path;
	struct watch_state state;
};

struct watch_list {
	struct watch *items;
	size_t count;
};

/* watch_state_read - the present state of the file. */
void watch_state_read(struct watch_state *state, const char *path);

bool watch_state_is(const struct watch_state *one,
		    const struct watch_state *other);

/* watch_list_add - add one file, by its absolute path, once; state NULL: its
 * present state, so call this before it is read. 0, or -1: not absolute, too
 * long, or too many. */
int watch_list_add(struct watch_list *list, const char *path,
		   const struct watch_state *state, struct error *error);

/* watch_list_add_text - add every file that a list in main.cf syntax names:
 * /file and the files in it, and those that Postfix would read for type:/table.
 * Files that cannot be read are watched, too. 0 or -1 as above. */
int watch_list_add_text(struct watch_list *list, const char *text,
			struct error *error);

/* watch_list_changed - compare with the present state of the files, and record
 * that. Returns one that has changed, owned by the list, or NULL. */
const char *watch_list_changed(struct watch_list *list);

/* watch_list_clear - free what the list holds. */
void watch_list_clear(struct watch_list *list);

#endif
