/* SPDX-License-Identifier: ISC */
#ifndef LIB_WATCH_H
#define LIB_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/* The files that a configuration was made of, as they were before they were
 * read: whoever keeps the list can tell when one of them changes. */

#define WATCH_MAX      256  /* files */
#define WATCH_PATH_MAX 1024 /* bytes of a path, NUL included */

/* What changes with a file; all zero: there is none to be seen. */
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

/* watch_state_read - as the file is now. */
void watch_state_read(struct watch_state *state, const char *path);

bool watch_state_is(const struct watch_state *one,
		    const struct watch_state *other);

/* watch_list_add - one file, by its absolute path, once; state NULL: as it is
 * now, so this comes before it is read. 0, or -1: not absolute, too long, or
 * too many. */
int watch_list_add(struct watch_list *list, const char *path,
		   const struct watch_state *state, struct error *error);

/* watch_list_add_text - every file that a list in main.cf syntax names: /file
 * and what stands in it, and those that Postfix would read for type:/table.
 * Files that cannot be read are watched too. 0 or -1 as before. */
int watch_list_add_text(struct watch_list *list, const char *text,
			struct error *error);

/* watch_list_changed - compare with the files as they are now, and remember
 * that. Returns one that has changed, owned by the list, or NULL. */
const char *watch_list_changed(struct watch_list *list);

/* watch_list_clear - free what the list holds. */
void watch_list_clear(struct watch_list *list);

#endif
