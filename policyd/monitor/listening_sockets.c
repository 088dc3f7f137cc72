/* SPDX-License-Identifier: ISC */
/* listening_sockets - the listening sockets that outlive servers */

#include "policyd/monitor/listening_sockets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/process/inherited.h"

struct listening_sockets_entry {
	struct listener listener;
	struct listener_options next; /* what the starting server requests */
	bool wanted;
	bool fresh;	/* opened for the starting server */
	bool inherited; /* opened and owned by a supervisor */
};

/* add - add an entry */
static struct listening_sockets_entry *add(struct listening_sockets *sockets,
					   const struct listener *listener)
{
	struct listening_sockets_entry *entry;

	sockets->entries = xreallocarray(sockets->entries, sockets->count + 1,
					 sizeof(*sockets->entries));
	entry = &sockets->entries[sockets->count++];
	memset(entry, 0, sizeof(*entry));
	entry->listener = *listener;
	return entry;
}

/* listening_sockets_inherit - the sockets that a supervisor opened for us */
void listening_sockets_inherit(struct listening_sockets *sockets)
{
	int count = inherited_count();
	struct listener listener;
	struct error error;
	int i;

	for (i = 0; i < count; i++) {
		int fd = INHERITED_FIRST + i;

		if (inherited_listener(&listener, fd, &error) == 0) {
			add(sockets, &listener)->inherited = true;
			continue;
		}
		log_warning("descriptor %d was inherited (LISTEN_FDS), but %s: "
			    "closed",
			    fd, error.text);
		close(fd);
	}
}

/* find - the open socket of this address whose name is still in place */
static struct listening_sockets_entry *
find(struct listening_sockets *sockets, const struct listener_options *options)
{
	size_t i;

	for (i = 0; i < sockets->count; i++) {
		struct listening_sockets_entry *entry = &sockets->entries[i];

		if (strcmp(entry->listener.options.address, options->address) ==
			    0 &&
		    (entry->inherited || listener_in_place(&entry->listener)))
			return entry;
	}
	return NULL;
}

/* listening_sockets_want - open the socket, or find it */
int listening_sockets_want(struct listening_sockets *sockets,
			   const struct listener_options *options,
			   struct error *error)
{
	struct listening_sockets_entry *entry = find(sockets, options);
	struct listener listener;

	if (entry != NULL && entry->wanted)
		return error_set(error, "%s is requested twice",
				 options->address);
	if (entry == NULL) {
		if (listener_open(&listener, options, error) < 0)
			return -1;
		entry = add(sockets, &listener);
		entry->fresh = true;
	}
	entry->wanted = true;
	entry->next = *options;
	return entry->listener.fd;
}

/* adjust - set mode and owner as in the new configuration */
static void adjust(struct listening_sockets_entry *entry)
{
	const struct listener_options *now = &entry->listener.options;
	struct error error;

	if (entry->inherited)
		return;
	if (now->mode == entry->next.mode && now->uid == entry->next.uid &&
	    now->gid == entry->next.gid)
		return;
	if (listener_adjust(&entry->listener, &entry->next, &error) < 0)
		log_error("%s", error.text);
}

/* forget - remove an entry; the last one takes its place */
static void forget(struct listening_sockets *sockets,
		   struct listening_sockets_entry *entry)
{
	if (entry->inherited)
		listener_close(&entry->listener);
	else
		listener_remove(&entry->listener);
	*entry = sockets->entries[--sockets->count];
}

/* sockets_changed - has one of them been changed? */
bool sockets_changed(const struct listening_sockets *sockets)
{
	size_t i;

	for (i = 0; i < sockets->count; i++)
		if (listener_changed(&sockets->entries[i].listener) != NULL)
			return true;
	return false;
}

/* renew - reopen a socket that was changed; if that fails it is removed, and
 * the server that requests it gets the reason */
static void renew(struct listening_sockets *sockets,
		  struct listening_sockets_entry *entry, const char *how)
{
	const char *address = entry->listener.options.address;
	struct error error;

	log_error("%s %s: a server was taken over; reopening the socket",
		  address, how);
	if (entry->inherited)
		log_warning("%s was inherited (LISTEN_FDS): also restart the "
			    "supervisor that opened it",
			    address);
	/* The mode that a supervisor chose is that of its own socket. */
	if (entry->inherited && entry->next.address[0] != '\0')
		entry->listener.options = entry->next;
	if (listener_renew(&entry->listener, &error) == 0) {
		entry->inherited = false;
		return;
	}
	log_error("%s", error.text);
	forget(sockets, entry);
}

/* sockets_renew - reopen those that were changed. The backlog cannot be read,
 * but anyone who has the socket can set it: so it is always set again. */
bool sockets_renew(struct listening_sockets *sockets)
{
	bool changed = false;
	const char *how;
	size_t i;

	for (i = sockets->count; i-- > 0;) {
		struct listening_sockets_entry *entry = &sockets->entries[i];

		how = listener_changed(&entry->listener);
		if (how != NULL)
			renew(sockets, entry, how);
		else if (!entry->inherited)
			listen(entry->listener.fd, LISTENER_BACKLOG);
		changed |= how != NULL;
	}
	return changed;
}

/* listening_sockets_commit - the server is ready */
void listening_sockets_commit(struct listening_sockets *sockets)
{
	size_t i;

	for (i = sockets->count; i-- > 0;) {
		struct listening_sockets_entry *entry = &sockets->entries[i];

		if (!entry->wanted) {
			if (entry->inherited)
				log_warning("%s was inherited (LISTEN_FDS), "
					    "but there is no listen section "
					    "for it: closed",
					    entry->listener.options.address);
			forget(sockets, entry);
			continue;
		}
		adjust(entry);
		entry->wanted = entry->fresh = false;
	}
}

/* listening_sockets_abort - the server failed */
void listening_sockets_abort(struct listening_sockets *sockets)
{
	size_t i;

	for (i = sockets->count; i-- > 0;) {
		struct listening_sockets_entry *entry = &sockets->entries[i];

		entry->wanted = false;
		if (entry->fresh)
			forget(sockets, entry);
	}
}

/* listening_sockets_remove_all - close and remove every socket */
void listening_sockets_remove_all(struct listening_sockets *sockets)
{
	while (sockets->count > 0)
		forget(sockets, &sockets->entries[0]);
	free(sockets->entries);
	sockets->entries = NULL;
}
