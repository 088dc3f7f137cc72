/* SPDX-License-Identifier: ISC */
/* file_events - the kernel's reports about files
 *
 * Each file is watched twice: its inode, for what is written to it, and the
 * name in its directory, for a file that is moved to that name. A directory
 * reports its other files as well, so a report has to be read to know whether
 * it matters. Any thread that finds one reads it, under a lock. A thread that
 * finds none looks in this order: is there something to read, is another thread
 * reading it, was it about a file of the list? So no report escapes it between
 * two steps of the reader. */

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
#define BYTES_MAX 4096

/* The watches of one file; -1: it is not watched. */
struct watch {
	int file;
	int directory;
};

struct file_events {
	const struct watched_files *list;
	struct watch *watches; /* one for each file of the list */
	int fd;
	pthread_mutex_t lock; /* of the reports that are read */
	atomic_bool reading;
	_Atomic(const char *) changed; /* a path, or NULL */
};

/* name_in - the last part of an absolute path */
static const char *name_in(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* add_watches - of one file. One that cannot be watched is left to the caller's
 * checks. IN_MASK_ADD: a file may also be the directory of another. */
static void add_watches(struct file_events *events, size_t i)
{
	const char *path = events->list->items[i].path;
	const char *name = name_in(path);
	char *directory = xstrndup(path, (size_t)(name - path));

	events->watches[i].directory = inotify_add_watch(
		events->fd, directory, NAME_EVENTS | IN_MASK_ADD);
	events->watches[i].file =
		inotify_add_watch(events->fd, path, FILE_EVENTS | IN_MASK_ADD);
	free(directory);
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
	size_t i;

	if (event->wd < 0)
		return; /* reports were lost; the monitor compares states, too
			 */
	for (i = 0; i < events->list->count; i++) {
		const struct watch *watch = &events->watches[i];
		const char *path = events->list->items[i].path;

		/* IN_IGNORED: the watch has ended, which was reported. */
		if (event->len == 0
			    ? event->wd == watch->file &&
				      (event->mask & IN_IGNORED) == 0
			    : event->wd == watch->directory &&
				      strcmp(event->name, name_in(path)) == 0)
			atomic_store(&events->changed, path);
	}
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
	if (events == NULL)
		return;
	close(events->fd);
	pthread_mutex_destroy(&events->lock);
	free(events->watches);
	free(events);
}
