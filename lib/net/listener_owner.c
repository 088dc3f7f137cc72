/* SPDX-License-Identifier: ISC */
/* listener_owner - the process that listens where we want to listen
 *
 * For messages: somebody has to stop that process. A unix socket identifies the
 * process at its other end. For a TCP port, the socket is looked up in
 * /proc/net, and then among the descriptors of all processes, which only root
 * can see. */

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/number.h"
#include "lib/net/listener_internal.h"

#define TCP_LISTEN "0A" /* in /proc/net/tcp */

/* read_name - the name of the program, as far as it is printable */
static void read_name(struct listener_owner *owner)
{
	char path[40], *byte;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)owner->pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(owner->program, sizeof(owner->program), file) == NULL)
		owner->program[0] = '\0';
	fclose(file);
	owner->program[strcspn(owner->program, "\n")] = '\0';
	for (byte = owner->program; *byte != '\0'; byte++)
		if (*byte < ' ' || *byte > '~')
			*byte = '?';
}

/* listener_owner_of_peer - the process at the other end of a unix socket */
void listener_owner_of_peer(struct listener_owner *owner, int fd)
{
	struct ucred peer = { 0 };
	socklen_t length = sizeof(peer);

	*owner = (struct listener_owner){ 0 };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return;
	owner->pid = peer.pid;
	read_name(owner);
}

/* write_place - address and port as in /proc/net: the words of the address in
 * the byte order of this machine */
static void write_place(char text[40], const union socket_address *address)
{
	const uint32_t *words = address->in6.sin6_addr.s6_addr32;

	if (address->any.sa_family == AF_INET)
		snprintf(text, 40, "%08X:%04X", address->in.sin_addr.s_addr,
			 ntohs(address->in.sin_port));
	else
		snprintf(text, 40, "%08X%08X%08X%08X:%04X", words[0], words[1],
			 words[2], words[3], ntohs(address->in6.sin6_port));
}

/* in_the_way - equal ports, and equal addresses or a wildcard? */
static bool in_the_way(const char *one, const char *other)
{
	size_t address = strcspn(one, ":");

	return strcmp(one + address, other + strcspn(other, ":")) == 0 &&
	       (strcmp(one, other) == 0 || strspn(one, "0") == address ||
		strspn(other, "0") == address);
}

/* find_socket - the inode of the socket that listens there; "": none */
static void find_socket(char inode[24], const union socket_address *address)
{
	FILE *file = fopen(address->any.sa_family == AF_INET ? "/proc/net/tcp"
							     : "/proc/net/tcp6",
			   "re");
	char line[512], wanted[40], local[40], state[8];
	bool found = false;

	write_place(wanted, address);
	while (file != NULL && !found &&
	       fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line,
			       " %*u: %39[0-9A-F:] %*s %7s %*s %*s %*s %*s "
			       "%*s %23[0-9]",
			       local, state, inode) == 3 &&
			strcmp(state, TCP_LISTEN) == 0 &&
			strchr(local, ':') != NULL && in_the_way(local, wanted);
	if (!found)
		inode[0] = '\0';
	if (file != NULL)
		fclose(file);
}

/* has_socket - is it one of the descriptors of this process? */
static bool has_socket(const char *pid, const char *wanted)
{
	char path[300], link[64];
	const struct dirent *entry;
	bool found = false;
	ssize_t length;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	while (directory != NULL && !found &&
	       (entry = readdir(directory)) != NULL) {
		length = readlinkat(dirfd(directory), entry->d_name, link,
				    sizeof(link) - 1);
		link[length > 0 ? length : 0] = '\0';
		found = strcmp(link, wanted) == 0;
	}
	if (directory != NULL)
		closedir(directory);
	return found;
}

/* listener_owner_of_port - the process that prevents us from binding the
 * port */
void listener_owner_of_port(struct listener_owner *owner,
			    const union socket_address *address)
{
	const struct dirent *entry;
	char inode[24], wanted[40];
	uint64_t pid;
	DIR *directory;

	*owner = (struct listener_owner){ 0 };
	find_socket(inode, address);
	snprintf(wanted, sizeof(wanted), "socket:[%s]", inode);
	directory = inode[0] != '\0' ? opendir("/proc") : NULL;
	while (directory != NULL && owner->pid == 0 &&
	       (entry = readdir(directory)) != NULL)
		if (number_parse(entry->d_name, INT_MAX, &pid) == 0 &&
		    has_socket(entry->d_name, wanted))
			owner->pid = (pid_t)pid;
	if (directory != NULL)
		closedir(directory);
	if (owner->pid != 0)
		read_name(owner);
}

/* listener_owner_is_ours - is it policyd, or process 1 on its behalf? */
bool listener_owner_is_ours(const struct listener_owner *owner)
{
	return owner->pid == 1 || strcmp(owner->program, "policyd") == 0;
}

/* listener_in_use - report that it is in use, by whom, and what to do */
int listener_in_use(const char *what, const struct listener_owner *owner,
		    struct error *error)
{
	char name[64] = "another program";

	if (owner->pid > 0)
		snprintf(name, sizeof(name), "process %ld (%s)",
			 (long)owner->pid, owner->program);
	return error_set(error,
			 "%s is in use: %s listens there; stop it, or listen "
			 "elsewhere",
			 what, name);
}
