/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_TRUST_H
#define LIB_BASE_TRUST_H

#include <sys/stat.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Could others change a file that is opened with root's rights? It must belong
 * to root, to the user of this process, or to user, as which servers run; it
 * must not be writable by everybody, nor by a group that is neither root's nor
 * our own. The same applies to the directory that its name is in: whoever can
 * write there can replace the file, or create it first. So a sticky directory
 * is not enough. */

/* TRUST_NOBODY - as user: no other user is trusted. */
#define TRUST_NOBODY ((uid_t)-1)

/* trust_status - check an open file, or a directory: 0; or -1 and what is
 * wrong, without its name, to follow the name in a sentence. */
int trust_status(const struct stat *status, uid_t user, struct error *error);

/* trust_directory - check the directory of a path. 0, or -1 and what is wrong,
 * which names the directory. */
int trust_directory(const char *path, uid_t user, struct error *error);

/* trust_name - the same for a file that exists and is itself trusted: a sticky
 * directory is enough, since nobody else can remove that file. */
int trust_name(const char *path, uid_t user, struct error *error);

/* trust_path - check a file, its directory, and the directory of each symbolic
 * link that its name leads through. 0, or -1 and what is wrong, which begins
 * with the path. Files that do not exist or cannot be examined are skipped: the
 * error appears when they are opened. Opens nothing, so it never waits. */
int trust_path(const char *path, uid_t user, struct error *error);

/* trust_secret - is a key or a password for its owner only, and possibly for a
 * group that may read it? The owner must be root or the user of this process.
 * 0, or -1 and what is wrong, to follow the name. */
int trust_secret(const struct stat *status, struct error *error);

/* trust_open - open(2) a file that policyd itself writes, or create it with
 * that mode; never through a symbolic link, and without waiting. at: the
 * directory of a relative path, or AT_FDCWD. A descriptor, or -1 and errno. The
 * caller must check the descriptor with trust_status(): somebody else may have
 * created the file before. */
int trust_open(int at, const char *path, int flags, mode_t mode);

#endif
