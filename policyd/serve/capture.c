/* SPDX-License-Identifier: ISC */
/* capture - store requests as received, in a ring of files of limited size
 *
 * All files are opened at the start, while the server still may, and stay open.
 * When one is full, the oldest is emptied and used next. Each request is one
 * write to the end of a file, so two servers can write at the same time while
 * one takes over from the other. */

#include "policyd/serve/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/trust.h"
#include "lib/base/xalloc.h"

#define NAME_SIZE 32

struct capture {
	pthread_mutex_t lock; /* all threads write to the same ring */
	char *directory;
	int *fds;
	unsigned count; /* of open files */
	unsigned current;
	off_t size;  /* of the current file */
	bool failed; /* the last write failed */
};

/* open_directory - a directory that others cannot write to */
static int open_directory(const char *path, uid_t user, struct error *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return error_set(error, "capture: %s: %s", path,
				 strerror(errno));
	if (fstat(fd, &status) == 0 && trust_status(&status, user, error) == 0)
		return fd;
	close(fd);
	return error_prefix(error, "capture: %s ", path);
}

/* open_file - one file of the ring; a regular file with a single name. A file
 * that others have made, they could read. */
static int open_file(struct capture *capture, int directory, unsigned number,
		     uid_t user, struct stat *status, struct error *error)
{
	char name[NAME_SIZE];
	int fd;

	snprintf(name, sizeof(name), "capture.%u", number);
	fd = trust_open(directory, name, O_WRONLY | O_APPEND, 0600);
	if (fd < 0)
		return error_set(error, "capture: %s/%s: %s",
				 capture->directory, name, strerror(errno));
	capture->fds[capture->count++] = fd;
	if (fstat(fd, status) < 0 || !S_ISREG(status->st_mode) ||
	    status->st_nlink != 1)
		return error_set(error,
				 "capture: %s/%s is not a regular file with "
				 "a single name",
				 capture->directory, name);
	if (trust_status(status, user, error) < 0)
		return error_prefix(error, "capture: %s/%s ",
				    capture->directory, name);
	if (fchmod(fd, 0600) < 0)
		return error_set(error, "capture: %s/%s: %s",
				 capture->directory, name, strerror(errno));
	return 0;
}

/* is_later - was one file written after the other? */
static bool is_later(const struct stat *one, const struct stat *other)
{
	if (one->st_mtim.tv_sec != other->st_mtim.tv_sec)
		return one->st_mtim.tv_sec > other->st_mtim.tv_sec;
	return one->st_mtim.tv_nsec > other->st_mtim.tv_nsec;
}

/* open_files - open all; continue with the one written last */
static int open_files(struct capture *capture, int directory, unsigned files,
		      uid_t user, struct error *error)
{
	struct stat latest = { 0 };
	struct stat status = { 0 };
	unsigned i;

	for (i = 0; i < files; i++) {
		if (open_file(capture, directory, i, user, &status, error) < 0)
			return -1;
		if (status.st_size > 0 && is_later(&status, &latest)) {
			latest = status;
			capture->current = i;
			capture->size = status.st_size;
		}
	}
	return 0;
}

/* capture_new - open the files */
struct capture *capture_new(const char *path, unsigned files, uid_t user,
			    struct error *error)
{
	int directory = open_directory(path, user, error);
	struct capture *capture;

	if (directory < 0)
		return NULL;
	capture = xcalloc(1, sizeof(*capture));
	pthread_mutex_init(&capture->lock, NULL);
	capture->directory = xstrdup(path);
	capture->fds = xcalloc(files, sizeof(*capture->fds));
	if (open_files(capture, directory, files, user, error) < 0) {
		capture_free(capture);
		capture = NULL;
	}
	close(directory);
	return capture;
}

/* make_room - continue with the next file when this one is full */
static int make_room(struct capture *capture, size_t length)
{
	if (capture->size + (off_t)length <= (off_t)CAPTURE_FILE_BYTES)
		return 0;
	capture->current = (capture->current + 1) % capture->count;
	capture->size = 0;
	return ftruncate(capture->fds[capture->current], 0);
}

/* append - write the whole request or nothing */
static int append(struct capture *capture, const char *bytes, size_t length)
{
	int fd = capture->fds[capture->current];
	ssize_t written = write(fd, bytes, length);
	struct stat status;

	if (written == (ssize_t)length) {
		capture->size += written;
		return 0;
	}
	if (written > 0 && fstat(fd, &status) == 0 &&
	    ftruncate(fd, status.st_size - written) == 0)
		errno = ENOSPC;
	return -1;
}

/* write_request - into the ring; one warning when writing begins to fail */
static void write_request(struct capture *capture, const char *bytes,
			  size_t length)
{
	bool failed;

	failed = make_room(capture, length) < 0 ||
		 append(capture, bytes, length) < 0;
	if (failed && !capture->failed)
		log_warning("capture: cannot write to %s/capture.%u: %s; "
			    "requests are not captured until that works again",
			    capture->directory, capture->current,
			    strerror(errno));
	capture->failed = failed;
}

/* capture_write - store one request */
void capture_write(struct capture *capture, const char *bytes, size_t length)
{
	if (capture == NULL)
		return;
	pthread_mutex_lock(&capture->lock);
	write_request(capture, bytes, length);
	pthread_mutex_unlock(&capture->lock);
}

/* capture_free - NULL is allowed */
void capture_free(struct capture *capture)
{
	unsigned i;

	if (capture == NULL)
		return;
	pthread_mutex_destroy(&capture->lock);
	for (i = 0; i < capture->count; i++)
		close(capture->fds[i]);
	free(capture->fds);
	free(capture->directory);
	free(capture);
}
