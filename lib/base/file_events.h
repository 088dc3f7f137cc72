/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_FILE_EVENTS_H
#define LIB_BASE_FILE_EVENTS_H

#include <stdbool.h>

#include "lib/base/error.h"
#include "lib/base/watched_files.h"

/* The kernel's reports about files (inotify(7)). A report is there before the
 * change is visible to anyone, so a program that asks first never mistakes an
 * old state for the present one. Some file systems, those of
 * a network above all, report nothing: compare states as well
 * (watched_files_changed()). */
struct file_events;

/* file_events_new - from now on, of the files in the list; one whose state
 * differs from that in the list has changed already. The list must outlive it.
 * NULL: the kernel cannot do it. */
struct file_events *file_events_new(const struct watched_files *list,
				    struct error *error);

/* file_events_descriptor - readable when file_events_read() has work. */
int file_events_descriptor(const struct file_events *events);

/* file_events_read - take the reports. From any thread. The path, from the
 * list, of a file that has changed, now or in an earlier call; or NULL. */
const char *file_events_read(struct file_events *events);

/* file_events_changed - has any file changed? If the kernel cannot be asked, it
 * may have: true. From any thread; takes the reports if there are any. */
bool file_events_changed(struct file_events *events);

/* file_events_forget - a change has been dealt with. */
void file_events_forget(struct file_events *events);

/* file_events_free - NULL is allowed. */
void file_events_free(struct file_events *events);

#endif
