/* SPDX-License-Identifier: ISC */
/* rate_file - open, create and map a file of counts
 *
 * A lock on the whole file (flock(2)) shows who uses it. A process that gets it
 * for itself is alone, and makes the locks inside anew: their owners are dead.
 * Everybody else shares it. The lock belongs to a descriptor that can only
 * read; the other one is closed, since a mapping is all that is needed.
 *
 * The blocks of the file are reserved, so that a write into the mapping never
 * meets a full disk. */

#include "lib/rate/rate_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/trust.h"
#include "lib/base/xalloc.h"
#include "lib/text/siphash.h"

#define TRIES	   1000 /* to open a file while others are opening it */
#define TRY_MS	   10
#define OPEN_FLAGS (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define AGAIN	   2 /* beside 1, 0 and -1 */

/* A file that is being opened. */
struct opening {
	const struct rate_file *file;
	int fd, lock;
	bool alone;
	struct stat status;
	bool damaged; /* the previous one has been renamed */
};

/* cannot_open - the reason */
static int cannot_open(const struct rate_file *file, struct error *error)
{
	if (errno == ENOENT)
		return error_set(error,
				 "%s: its directory does not exist; create it",
				 file->path);
	if (errno == ELOOP)
		return error_set(error,
				 "%s: is a symbolic link; give the real path",
				 file->path);
	return error_set(error, "%s: %s", file->path, strerror(errno));
}

/* open_file - the descriptor to write; create it if it may be. 1, 0, -1 */
static int open_file(struct opening *opening, struct error *error)
{
	const struct rate_file *file = opening->file;

	if (file->shape != NULL)
		opening->fd = trust_open(AT_FDCWD, file->path, O_RDWR, 0600);
	else
		opening->fd = open(file->path, O_RDWR | OPEN_FLAGS);
	if (opening->fd >= 0)
		return 1;
	if (errno == ENOENT && file->shape == NULL)
		return 0;
	return cannot_open(file, error);
}

/* check_file - is it ours? */
static int check_file(struct opening *opening, struct error *error)
{
	const char *path = opening->file->path;

	if (fstat(opening->fd, &opening->status) < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (!S_ISREG(opening->status.st_mode))
		return error_set(error, "%s: is not a regular file", path);
	if (trust_status(&opening->status, opening->file->user, error) < 0)
		return error_prefix(error, "%s ", path);
	return 1;
}

/* is_named - has the path still the same file? */
static bool is_named(const char *path, uint64_t device, uint64_t inode)
{
	struct stat status;

	return lstat(path, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

/* try_flock - without waiting. 1; 0: somebody else has it */
static int try_flock(int fd, int operation)
{
	int result;

	do {
		result = flock(fd, operation | LOCK_NB);
	} while (result < 0 && errno == EINTR);
	return result == 0;
}

/* lock_file - alone if possible, else with others. 1, -1 or AGAIN */
static int lock_file(struct opening *opening)
{
	const char *path = opening->file->path;
	struct stat *status = &opening->status;

	opening->lock = open(path, O_RDONLY | OPEN_FLAGS);
	if (opening->lock < 0)
		return AGAIN;
	opening->alone = try_flock(opening->lock, LOCK_EX);
	if (!opening->alone && !try_flock(opening->lock, LOCK_SH))
		return AGAIN;
	if (!is_named(path, status->st_dev, status->st_ino) ||
	    fstat(opening->lock, status) < 0 ||
	    !is_named(path, status->st_dev, status->st_ino))
		return AGAIN;
	return 1;
}

/* too_large - the reason, with the size */
static int too_large(const struct rate_file *file, uint64_t size, int reason,
		     const char *advice, struct error *error)
{
	return error_set(error, "%s: %s; the file needs %" PRIu64 " MB: %s",
			 file->path, strerror(reason), (size >> 20) + 1,
			 advice);
}

/* map_file - all of it; -1: no memory for it. Two pointers into it can be
 * subtracted. */
static int map_file(const struct rate_file *file, struct rate_table *table,
		    int fd, const char *advice, struct error *error)
{
	uint64_t size = table->layout.size;
	void *map = MAP_FAILED;

	errno = ENOMEM;
	if (size <= RATE_FILE_MAX)
		map = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return too_large(file, size, errno, advice, error);
	table->map = map;
	return 0;
}

/* table_of - a table that is not mapped yet, with what is known of the file; it
 * owns the lock */
static struct rate_table *table_of(struct opening *opening,
				   const struct rate_shape *shape)
{
	struct rate_table *table = xcalloc(1, sizeof(*table));

	table->shape = *shape;
	table->layout = rate_layout_of(shape);
	table->lock = opening->lock;
	table->device = opening->status.st_dev;
	table->inode = opening->status.st_ino;
	opening->lock = -1;
	return table;
}

/* reserve - all blocks of a new file */
static int reserve(const struct rate_file *file, int fd, uint64_t size,
		   struct error *error)
{
	int result;

	do {
		result = posix_fallocate(fd, 0, (off_t)size);
	} while (result == EINTR);
	if (result == 0)
		return 0;
	return too_large(file, size, result, "make room for it, or lower keys",
			 error);
}

/* allot - memory and blocks for a new file; memory first, since there may be
 * less of it, and it costs nothing */
static int allot(const struct rate_file *file, struct rate_table *table, int fd,
		 struct error *error)
{
	if (ftruncate(fd, 0) < 0)
		return error_set(error, "%s: %s", file->path, strerror(errno));
	if (map_file(file, table, fd, "lower keys", error) < 0)
		return -1;
	return reserve(file, fd, table->layout.size, error);
}

/* create - fill an empty file. 1, or -1 */
static int create(struct opening *opening, struct rate_table **table,
		  struct error *error)
{
	const struct rate_file *file = opening->file;
	uint64_t seed[2];

	if (file->seed != NULL)
		memcpy(seed, file->seed, sizeof(seed));
	else if (siphash_seed(seed, error) < 0)
		return -1;
	*table = table_of(opening, file->shape);
	memcpy((*table)->seed, seed, sizeof(seed));
	if (allot(file, *table, opening->fd, error) < 0) {
		unlink(file->path);
		return -1;
	}
	rate_header_make(*table);
	rate_header_start(*table, file->clock);
	(*table)->found =
		opening->damaged ? RATE_FOUND_DAMAGED : RATE_FOUND_NONE;
	return 1;
}

/* use - a file that is as it should be. 1, -1 or AGAIN */
static int use(struct opening *opening, const struct rate_header *header,
	       const struct rate_shape *shape, struct rate_table **table,
	       struct error *error)
{
	const struct rate_file *file = opening->file;

	*table = table_of(opening, shape);
	memcpy((*table)->seed, header->made.seed, sizeof((*table)->seed));
	if (map_file(file, *table, opening->fd,
		     "remove it, and all counts begin anew", error) < 0)
		return -1;
	(*table)->found = RATE_FOUND_GOOD;
	if (opening->alone)
		rate_header_start(*table, file->clock);
	else if (!rate_header_ready(*table, file->clock))
		return AGAIN;
	return 1;
}

/* set_aside - rename a damaged file, so that nothing is lost. AGAIN, or -1 */
static int set_aside(struct opening *opening, struct error *error)
{
	const char *path = opening->file->path;
	char *aside;
	int result = AGAIN;

	if (opening->file->shape == NULL)
		return error_set(error,
				 "%s: is damaged; policyd makes a new "
				 "one when it starts",
				 path);
	aside = xasprintf("%s.damaged", path);
	if (rename(path, aside) < 0)
		result = error_set(error,
				   "%s: is damaged, and cannot be renamed: %s",
				   path, strerror(errno));
	free(aside);
	opening->damaged = true;
	return result;
}

/* by_state - what to do with a file that is locked. 1, 0, -1 or AGAIN */
static int by_state(struct opening *opening, struct rate_table **table,
		    struct error *error)
{
	uint64_t size = (uint64_t)opening->status.st_size;
	struct rate_header header = { 0 };
	struct rate_shape shape;
	enum rate_state state;

	if (pread(opening->fd, &header, sizeof(header), 0) < 0)
		return error_set(error, "%s: %s", opening->file->path,
				 strerror(errno));
	state = rate_header_state(&header, size, &shape);
	if (state == RATE_STATE_GOOD)
		return use(opening, &header, &shape, table, error);
	if (state == RATE_STATE_VERSION)
		return error_set(error,
				 "%s: was made by another version of policyd, "
				 "or for another machine; remove it, and all "
				 "counts begin anew",
				 opening->file->path);
	if (state == RATE_STATE_DAMAGED)
		return set_aside(opening, error);
	if (opening->file->shape == NULL)
		return 0;
	return opening->alone ? create(opening, table, error) : AGAIN;
}

/* attempt - once. 1, 0, -1 or AGAIN */
static int attempt(struct opening *opening, struct rate_table **table,
		   struct error *error)
{
	int result;

	opening->fd = opening->lock = -1;
	*table = NULL;
	result = open_file(opening, error);
	if (result > 0)
		result = check_file(opening, error);
	if (result > 0)
		result = lock_file(opening);
	if (result == 1)
		result = by_state(opening, table, error);
	if (result == 1 && rate_clock_load(*table, opening->file->clock) < 0)
		result = error_set(error,
				   "%s: the time in it is damaged; "
				   "stop policyd, and start it again",
				   opening->file->path);
	if (opening->fd >= 0)
		close(opening->fd);
	if (opening->lock >= 0)
		close(opening->lock);
	if (result != 1) {
		rate_file_close(*table);
		*table = NULL;
	}
	return result;
}

/* rate_file_open - as soon as nobody else is opening it */
int rate_file_open(const struct rate_file *file, struct rate_table **table,
		   bool *alone, struct error *error)
{
	struct opening opening = { .file = file };

	*table = NULL;
	if (trust_directory(file->path, file->user, error) < 0)
		return error_prefix(error, "%s: ", file->path);
	for (int i = 0; i < TRIES; i++) {
		int result = attempt(&opening, table, error);

		*alone = opening.alone;
		if (result != AGAIN)
			return result;
		poll(NULL, 0, TRY_MS);
	}
	return error_set(error,
			 "%s: another process does not finish opening "
			 "it",
			 file->path);
}

/* rate_file_share - between the two locks somebody else may have been alone */
bool rate_file_share(struct rate_table *table, const struct rate_file *file)
{
	int result;

	do {
		result = flock(table->lock, LOCK_SH);
	} while (result < 0 && errno == EINTR);
	return result == 0 &&
	       is_named(file->path, table->device, table->inode) &&
	       rate_header_ready(table, file->clock) &&
	       rate_clock_load(table, file->clock) == 0;
}

/* rate_file_close - and its lock */
void rate_file_close(struct rate_table *table)
{
	if (table == NULL)
		return;
	if (table->map != NULL)
		munmap(table->map, (size_t)table->layout.size);
	if (table->lock >= 0)
		close(table->lock);
	free(table);
}
