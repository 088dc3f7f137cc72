/* SPDX-License-Identifier: ISC */
/* file_events - the kernel's reports about files
 *
 * Each file is watched twice: its inode, for what is written to it, and the
 * name in its directory, for a file that is moved to that name. The way to it
 * is watched, too: a directory may be moved away, and a symbolic link may get
 * another target. A directory reports its other files as well, so a report has
 * to be read to know whether it matters. Any thread that finds one reads it,
 * under a lock. A thread that finds none looks in this order: is there
 * something to read, is another thread reading it, was it about a file of the
 * list? So no report escapes it between two steps of the reader. */

#include "lib/base/file_events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define NAME_EVENTS \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)
#define MOVE_EVENTS (IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)
#define BYTES_MAX   4096
#define LINKS_MAX   16 /* one behind the other */

/* A name on the way to a file: the watch of its directory. */
struct step {
	size_t file; /* of the list */
	int directory;
	char *name;
};

struct file_events {
	const struct watched_files *list;
	int *watches; /* of each file of the list; -1: it is not watched */
	struct step *steps;
	size_t step_count;
	int fd;
	pthread_mutex_t lock; /* of the reports that are read */
	atomic_bool reading;
	_Atomic(const char *) changed; /* a path, or NULL */
};

/* add_step - watch a name in a directory. IN_MASK_ADD: it may be on the way to
 * other files, and itself a file of the list. */
static void add_step(struct file_events *events, size_t file,
		     const char *directory, const char *name, uint32_t mask)
{
	int watch = inotify_add_watch(events->fd,
				      *directory != '\0' ? directory : "/",
				      mask | IN_MASK_ADD);

	if (watch < 0)
		return;
	events->steps = xreallocarray(events->steps, events->step_count + 1,
				      sizeof(*events->steps));
	events->steps[events->step_count++] =
		(struct step){ file, watch, xstrdup(name) };
}

/* link_target - of a symbolic link, as an absolute path with what is behind it;
 * the caller frees it. NULL: it is none. */
static char *link_target(const char *directory, const char *path,
			 const char *rest)
{
	char target[WATCHED_PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target));
	bool whole = length > 0 && *target == '/';

	if (length <= 0 || (size_t)length == sizeof(target))
		return NULL;
	return xasprintf("%s%s%.*s%s", whole ? "" : directory, whole ? "" : "/",
			 (int)length, target, rest);
}

/* add_way - watch each name on the way to a file. A directory can only be
 * moved as a whole; what comes and goes is a link, or the file itself. */
static void add_way(struct file_events *events, size_t file, const char *path,
		    unsigned links)
{
	char *directory = xstrdup(""), *whole, *name, *target = NULL;

	while (target == NULL && *(path += strspn(path, "/")) != '\0') {
		size_t length = strcspn(path, "/");
		bool last = path[length] == '\0';

		name = xstrndup(path, length);
		path += length;
		whole = xasprintf("%s/%s", directory, name);
		target = link_target(directory, whole, path);
		if (last || target != NULL)
			add_step(events, file, directory, name, NAME_EVENTS);
		else if (*directory != '\0')
			add_step(events, file, directory, name, MOVE_EVENTS);
		free(directory);
		free(name);
		directory = whole;
	}
	free(directory);
	if (target != NULL && links < LINKS_MAX)
		add_way(events, file, target, links + 1);
	free(target);
}

/* add_watches - of one file. One that cannot be watched is left to the caller's
 * checks. */
static void add_watches(struct file_events *events, size_t i)
{
	const char *path = events->list->items[i].path;

	add_way(events, i, path, 0);
	events->watches[i] =
		inotify_add_watch(events->fd, path, FILE_EVENTS | IN_MASK_ADD);
}

/* compare - with the states in the list */
static void compare(struct file_events *events)
{
	struct watched_state now;
	size_t i;

	for (i = 0; i < events->list->count; i++) {
		watched_state_read(&now, events->list->items[i].path);
		if (!watched_state_is(&now, &events->list->items[i].state))
			atomic_store(&events->changed,
				     events->list->items[i].path);
	}
}

/* file_events_new - watch first, compare then: nothing is missed */
struct file_events *file_events_new(const struct watched_files *list,
				    struct error *error)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	struct file_events *events;
	size_t i;

	if (fd < 0) {
		error_set(error, "inotify: %s", strerror(errno));
		return NULL;
	}
	events = xcalloc(1, sizeof(*events));
	events->list = list;
	events->fd = fd;
	pthread_mutex_init(&events->lock, NULL);
	events->watches = xcalloc(list->count, sizeof(*events->watches));
	for (i = 0; i < list->count; i++)
		add_watches(events, i);
	compare(events);
	return events;
}

/* file_events_descriptor - to wait for */
int file_events_descriptor(const struct file_events *events)
{
	return events->fd;
}

/* note - one report: is it about a file of the list? */
static void note(struct file_events *events, const struct inotify_event *event)
{
	const struct watched_file *items = events->list->items;
	size_t i;

	if (event->wd < 0)
		return; /* reports were lost; the monitor compares states, too
			 */
	/* IN_IGNORED: the watch has ended, which was reported. */
	for (i = 0; i < events->list->count && event->len == 0; i++)
		if (event->wd == events->watches[i] &&
		    (event->mask & IN_IGNORED) == 0)
			atomic_store(&events->changed, items[i].path);
	for (i = 0; i < events->step_count && event->len > 0; i++)
		if (event->wd == events->steps[i].directory &&
		    strcmp(event->name, events->steps[i].name) == 0)
			atomic_store(&events->changed,
				     items[events->steps[i].file].path);
}

/* take - read what there is */
static void take(struct file_events *events)
{
	_Alignas(struct inotify_event) char bytes[BYTES_MAX];
	const struct inotify_event *event;
	ssize_t length, place;

	while ((length = read(events->fd, bytes, sizeof(bytes))) > 0)
		for (place = 0; place < length;
		     place += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(bytes + place);
			note(events, event);
		}
}

/* file_events_read - read and remember */
const char *file_events_read(struct file_events *events)
{
	pthread_mutex_lock(&events->lock);
	atomic_store(&events->reading, true);
	take(events);
	atomic_store(&events->reading, false);
	pthread_mutex_unlock(&events->lock);
	return atomic_load(&events->changed);
}

/* file_events_changed - in the order that is explained above */
bool file_events_changed(struct file_events *events)
{
	struct pollfd ready = { .fd = events->fd, .events = POLLIN };
	int count;

	if (atomic_load(&events->changed) != NULL)
		return true;
	count = poll(&ready, 1, 0);
	if (count < 0)
		return true;
	if (count > 0 || atomic_load(&events->reading))
		return file_events_read(events) != NULL;
	return atomic_load(&events->changed) != NULL;
}

/* file_events_forget - until the next report */
void file_events_forget(struct file_events *events)
{
	atomic_store(&events->changed, NULL);
}

/* file_events_free - stop watching */
void file_events_free(struct file_events *events)
{
	size_t i;

	if (events == NULL)
		return;
	for (i = 0; i < events->step_count; i++)
		free(events->steps[i].name);
	free(events->steps);
	close(events->fd);
	pthread_mutex_destroy(&events->lock);
	free(events->watches);
	free(events);
}
