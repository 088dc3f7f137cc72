/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_WATCHED_FILES_H
#define LIB_BASE_WATCHED_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* The files that a configuration was made from, in their state before they were
 * read, so that a change to one of them is noticed. */

#define WATCHED_FILES_MAX 768  /* files; hash: and btree: have three or more */
#define WATCHED_PATH_MAX  1024 /* bytes of a path, NUL included */

/* The state that changes with a file; all zero: there is no such file. */
struct watched_state {
	uint64_t device;
	uint64_t inode;
	int64_t size;
	int64_t mtime_s, mtime_ns;
	int64_t ctime_s, ctime_ns;
};

struct watched_file {
	char *path;
	struct watched_state state;
};

struct watched_files {
	struct watched_file *items;
	size_t count;
	bool any_type; /* hash: and btree: may be a table of any other type */
};

/* watched_state_read - the present state of the file. */
void watched_state_read(struct watched_state *state, const char *path);

bool watched_state_is(const struct watched_state *one,
		      const struct watched_state *other);

/* watched_files_add - add one file, by its absolute path, once; state NULL: its
 * present state, so call this before it is read. 0, or -1: not absolute, too
 * long, or too many. */
int watched_files_add(struct watched_files *list, const char *path,
		      const struct watched_state *state, struct error *error);

/* watched_files_add_text - add every file that a list in main.cf syntax names:
 * /file and the files in it, and those that Postfix would read for type:/table
 * (any_type: set it before, where that is not known of hash: and btree:).
 * Files that cannot be read are watched, too, and those that only some Postfix
 * reads. 0 or -1 as above. */
int watched_files_add_text(struct watched_files *list, const char *text,
			   struct error *error);

/* watched_files_changed - compare with the present state of the files, and
 * record that. Returns one that has changed, owned by the list, or NULL. */
const char *watched_files_changed(struct watched_files *list);

/* watched_files_clear - free what the list holds. */
void watched_files_clear(struct watched_files *list);

#endif
