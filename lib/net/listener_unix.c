/* SPDX-License-Identifier: ISC */
/* listener_unix - unix sockets and their names
 *
 * A unix socket is created under a temporary name in its directory, gets its
 * owner and mode there, listens, and only then receives its real name: no
 * client ever finds a socket with wrong permissions, or one that does not
 * listen yet. All of this happens while the directory is locked, so of two
 * programs that start at the same time, one finds the other's socket.
 *
 * If a socket file exists, connect(2) is tried: "connection refused" means that
 * its owner is gone and it may be replaced; any other result means that it is
 * in use. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/net/listener_internal.h"

#define LISTENER_WAIT_MS 2000 /* time for a live socket to disappear */
#define LISTENER_STEP_MS 20

/* Where to create a unix socket: a path and its parts. */
struct place {
	int directory; /* open and, during the work, locked */
	const char *path;
	const char *name; /* last component of path */
	char temporary[32];
	struct listener_owner owner;
};

/* wait_a_moment - one polling interval */
static void wait_a_moment(void)
{
	struct timespec step = { .tv_nsec = LISTENER_STEP_MS * 1000000L };

	nanosleep(&step, NULL);
}

/* place_open - split the path and open its directory */
static int place_open(struct place *place, const char *path,
		      struct error *error)
{
	char directory[sizeof(((struct listener_options *)0)->address)];
	size_t length;

	memset(place, 0, sizeof(*place));
	place->path = path;
	place->name = strrchr(path, '/') + 1;
	length = (size_t)(place->name - path);
	memcpy(directory, path, length);
	directory[length] = '\0';
	snprintf(place->temporary, sizeof(place->temporary), ".policyd-%ld",
		 (long)getpid());
	place->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->directory < 0)
		return error_set(error, "directory %s: %s%s", directory,
				 strerror(errno), listener_advice(errno));
	return 0;
}

/* place_lock - keep other servers that start out of the directory */
static int place_lock(struct place *place, uint64_t deadline,
		      struct error *error)
{
	while (flock(place->directory, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || clock_ms() >= deadline)
			return error_set(error,
					 "%s: cannot lock the "
					 "directory: %s",
					 place->path, strerror(errno));
		wait_a_moment();
	}
	return 0;
}

/* unix_address - an address for a name in the directory. A path that is too
 * long for sun_path goes through the descriptor of the directory. */
static socklen_t unix_address(union socket_address *address,
			      const struct place *place, const char *name)
{
	const size_t room = sizeof(address->un.sun_path);
	int directory = (int)(place->name - place->path), length;

	memset(address, 0, sizeof(*address));
	address->un.sun_family = AF_UNIX;
	length = snprintf(address->un.sun_path, room, "%.*s%s", directory,
			  place->path, name);
	if (length < 0 || (size_t)length >= room)
		snprintf(address->un.sun_path, room, "/proc/self/fd/%d/%s",
			 place->directory, name);
	return (socklen_t)sizeof(address->un);
}

/* probe - does a process listen there? 1: yes; 0: no, the name is stale; -1:
 * unknown */
static int probe(struct place *place, struct error *error)
{
	union socket_address address;
	socklen_t length = unix_address(&address, place, place->name);
	int fd, result, reason;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(error, "socket: %s", strerror(errno));
	result = connect(fd, &address.any, length);
	reason = errno;
	if (result == 0)
		listener_owner_of_peer(&place->owner, fd);
	close(fd);
	if (result == 0 || reason == EAGAIN || reason == EINPROGRESS)
		return 1;
	if (reason == ECONNREFUSED || reason == ENOENT)
		return 0;
	return error_set(error,
			 "%s: a socket exists, and whether it is in use "
			 "cannot be determined: %s",
			 place->path, strerror(reason));
}

/* look - what exists there? 1: nothing; 0: a socket; -1: something that must
 * not be touched */
static int look(const struct place *place, struct error *error)
{
	struct stat status;

	if (fstatat(place->directory, place->name, &status,
		    AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 1;
		return error_set(error, "%s: %s", place->path, strerror(errno));
	}
	if (S_ISLNK(status.st_mode))
		return error_set(error,
				 "%s is a symbolic link; not touched: listen "
				 "under the name it leads to",
				 place->path);
	if (!S_ISSOCK(status.st_mode))
		return error_set(error,
				 "%s exists and is not a socket; not "
				 "touched: remove it, or listen elsewhere",
				 place->path);
	return 0;
}

/* clear_way - make the name available. 1: it is; 0: a process listens there;
 * -1: it will not become available */
static int clear_way(struct place *place, struct error *error)
{
	int result = look(place, error);
	int live;

	if (result != 0)
		return result;
	live = probe(place, error);
	if (live != 0)
		return live < 0 ? -1 : 0;
	if (unlinkat(place->directory, place->name, 0) < 0 && errno != ENOENT)
		return error_set(error,
				 "%s: cannot remove the stale socket: "
				 "%s",
				 place->path, strerror(errno));
	return 1;
}

/* name_open - a descriptor of the socket file with that name, not of one that
 * is put there later: the directory may belong to another user */
static int name_open(const struct place *place, const char *name,
		     struct stat *status, struct error *error)
{
	int fd =
		openat(place->directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_set(error, "%s: %s", place->path, strerror(errno));
	if (fstat(fd, status) < 0 || !S_ISSOCK(status->st_mode)) {
		close(fd);
		return error_set(error, "%s: not a socket any more",
				 place->path);
	}
	return fd;
}

/* set_owner_and_mode - set them through a descriptor from name_open() */
static int set_owner_and_mode(const struct place *place, int fd,
			      const struct listener_options *options,
			      struct error *error)
{
	char path[40];

	if ((options->uid != (uid_t)-1 || options->gid != (gid_t)-1) &&
	    fchownat(fd, "", options->uid, options->gid, AT_EMPTY_PATH) < 0)
		return error_set(error, "%s: cannot set owner and group: %s%s",
				 place->path, strerror(errno),
				 listener_advice(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (chmod(path, options->mode & 0777) < 0)
		return error_set(error, "%s: cannot set mode: %s", place->path,
				 strerror(errno));
	return 0;
}

/* bind_temporary - bind the temporary name, which only we may use; leftovers of
 * a crashed start are removed */
static int bind_temporary(const struct place *place, int fd,
			  struct error *error)
{
	union socket_address address;
	socklen_t length = unix_address(&address, place, place->temporary);
	mode_t old;
	int result;

	unlinkat(place->directory, place->temporary, 0);
	old = umask(0177);
	result = bind(fd, &address.any, length);
	umask(old);
	if (result < 0)
		return error_set(error, "%s: cannot make the socket: %s%s",
				 place->path, strerror(errno),
				 listener_advice(errno));
	return 0;
}

/* give_name - make the finished socket visible; never replaces another file */
static int give_name(const struct place *place, struct error *error)
{
	if (renameat2(place->directory, place->temporary, place->directory,
		      place->name, RENAME_NOREPLACE) == 0)
		return 0;
	if ((errno == EINVAL || errno == ENOSYS) &&
	    linkat(place->directory, place->temporary, place->directory,
		   place->name, 0) == 0) {
		unlinkat(place->directory, place->temporary, 0);
		return 0;
	}
	return error_set(error, "%s: cannot give the socket its name: %s",
			 place->path, strerror(errno));
}

/* finish_unix - from a new descriptor to a listening, named socket */
static int finish_unix(struct listener *listener, const struct place *place,
		       struct error *error)
{
	struct stat status;
	int name, result = -1;

	if (bind_temporary(place, listener->fd, error) < 0)
		return -1;
	name = name_open(place, place->temporary, &status, error);
	if (name < 0)
		goto out;
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
	if (set_owner_and_mode(place, name, &listener->options, error) < 0)
		goto out;
	if (listen(listener->fd, LISTENER_BACKLOG) < 0)
		error_set(error, "%s: cannot listen: %s", place->path,
			  strerror(errno));
	else
		result = give_name(place, error);
out:
	if (name >= 0)
		close(name);
	if (result < 0)
		unlinkat(place->directory, place->temporary, 0);
	return result;
}

/* wait_for_way - lock the directory while the name is available, or fail */
static int wait_for_way(struct place *place, struct error *error)
{
	uint64_t deadline = clock_ms() + LISTENER_WAIT_MS;
	int free_way;

	for (;;) {
		if (place_lock(place, deadline, error) < 0)
			return -1;
		free_way = clear_way(place, error);
		if (free_way != 0)
			return free_way < 0 ? -1 : 0;
		flock(place->directory, LOCK_UN);
		if (clock_ms() >= deadline)
			return listener_in_use(place->path, &place->owner,
					       error);
		wait_a_moment();
	}
}

/* listener_unix_open - open a unix socket */
int listener_unix_open(struct listener *listener, const char *path,
		       struct error *error)
{
	struct place place;
	int result = -1;

	if (place_open(&place, path, error) < 0)
		return -1;
	if (wait_for_way(&place, error) < 0)
		goto out;
	listener->fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		error_set(error, "socket: %s", strerror(errno));
	else
		result = finish_unix(listener, &place, error);
out:
	close(place.directory);
	return result;
}

/* listener_unix_check - could it be created? */
int listener_unix_check(const char *path, struct error *error)
{
	struct place place;
	int result;

	if (place_open(&place, path, error) < 0)
		return -1;
	result = look(&place, error);
	if (result == 0)
		result = probe(&place, error);
	if (place.owner.pid > 0 && !listener_owner_is_ours(&place.owner))
		result = listener_in_use(path, &place.owner, error);
	close(place.directory);
	return result < 0 ? -1 : 0;
}

/* owns_name - is the file with that name the one that was created? */
static bool owns_name(const struct listener *listener,
		      const struct place *place)
{
	struct stat status;

	return fstatat(place->directory, place->name, &status,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_dev == listener->device &&
	       status.st_ino == listener->inode;
}

/* adjust_name - set mode and owner of a name that is still ours */
static int adjust_name(const struct listener *listener,
		       const struct place *place,
		       const struct listener_options *options,
		       struct error *error)
{
	struct stat status;
	int name, result;

	name = name_open(place, place->name, &status, error);
	if (name < 0)
		return -1;
	if (status.st_dev == listener->device &&
	    status.st_ino == listener->inode)
		result = set_owner_and_mode(place, name, options, error);
	else
		result = error_set(error, "%s is no longer our socket",
				   place->path);
	close(name);
	return result;
}

/* listener_unix_adjust - set another mode and owner */
int listener_unix_adjust(struct listener *listener, const char *path,
			 const struct listener_options *options,
			 struct error *error)
{
	struct place place;
	int result;

	if (place_open(&place, path, error) < 0)
		return -1;
	result = adjust_name(listener, &place, options, error);
	close(place.directory);
	if (result == 0)
		listener->options = *options;
	return result;
}

/* listener_unix_in_place - does the name exist, and is it ours? */
bool listener_unix_in_place(const struct listener *listener, const char *path)
{
	struct place place;
	bool owned;

	if (place_open(&place, path, NULL) < 0)
		return false;
	owned = owns_name(listener, &place);
	close(place.directory);
	return owned;
}

/* listener_unix_remove - remove the name, if it is ours. The directory is
 * locked, so that no other start can put its socket there between check and
 * unlink. */
void listener_unix_remove(const struct listener *listener, const char *path)
{
	struct place place;

	if (place_open(&place, path, NULL) < 0)
		return;
	if (place_lock(&place, clock_ms() + LISTENER_WAIT_MS, NULL) == 0 &&
	    owns_name(listener, &place))
		unlinkat(place.directory, place.name, 0);
	close(place.directory);
}
