/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_PLACE_H
#define T_UNIT_PLACE_H

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "t/unit/test.h"

/* A directory of a test's own, and files in it. */

static char place_directory[64];

/* place_make - a new directory; of the test that runs, so once in it */
static inline void place_make(void)
{
	strcpy(place_directory, "/tmp/policyd-place.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place_directory));
}

/* place_remove - with all that is in it */
static inline void place_remove(void)
{
	run_shell("rm -rf %s", place_directory);
}

/* place_path - of a file in it; the caller frees it */
static inline char *place_path(const char *name)
{
	return xasprintf("%s/%s", place_directory, name);
}

/* place_write - a file; each "@" in the text stands for the directory */
static inline void place_write(const char *name, const char *text)
{
	char *path = place_path(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (; *text != '\0'; text++)
		if (*text == '@')
			fputs(place_directory, file);
		else
			putc(*text, file);
	ck_assert_int_eq(fclose(file), 0);
	free(path);
}

/* place_make_postfix - a new directory with a configuration for postmap(1). It
 * looks old, since Postfix waits until it has not changed for a while. */
static inline void place_make_postfix(void)
{
	static const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	char *main_cf;

	place_make();
	place_write("main.cf", "compatibility_level = 3.6\n");
	main_cf = place_path("main.cf");
	ck_assert_int_eq(utimensat(AT_FDCWD, main_cf, old, 0), 0);
	free(main_cf);
}

#endif
