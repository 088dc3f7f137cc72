/* SPDX-License-Identifier: ISC */
/* listener_parse - from the text in policyd.conf to an address
 *
 * Strict: there is one way to write each address, so that equal texts mean
 * equal sockets. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/net/listener_internal.h"

#define LISTENER_MODE 0660

/* path_copy - copy a path; drop repeated slashes and "." components */
static void path_copy(char *buffer, const char *path)
{
	while (*path != '\0') {
		if (path[0] == '/' && path[1] == '/')
			path++;
		else if (path[0] == '/' && path[1] == '.' && path[2] == '/')
			path += 2;
		else
			*buffer++ = *path++;
	}
	*buffer = '\0';
}

/* parse_unix - "unix:" and an absolute path */
static int parse_unix(struct listener_options *options, const char *text,
		      struct error *error)
{
	const size_t longest = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	const char *path = text + 5, *byte;
	size_t length;

	if (*path != '/')
		return error_set(error,
				 "\"%s\" is not an absolute path; "
				 "Postfix's queue directory usually is "
				 "/var/spool/postfix, so that its %s is "
				 "unix:/var/spool/postfix/%s",
				 path, *path != '\0' ? path : "private/policyd",
				 *path != '\0' ? path : "private/policyd");
	for (byte = path; *byte != '\0'; byte++)
		if ((unsigned char)*byte < ' ' || *byte == 0x7f)
			return error_set(error, "control character in the "
						"socket path");
	length = strlen(path);
	if (length > longest)
		return error_set(error,
				 "socket path of %zu bytes: the system "
				 "allows at most %zu",
				 length, longest);
	memcpy(options->address, "unix:", 5);
	path_copy(options->address + 5, path);
	length = strlen(options->address);
	if (options->address[length - 1] == '/')
		return error_set(error, "%s names a directory, not a socket",
				 path);
	return 0;
}

/* parse_port - a decimal number from 1 to 65535, or -1 */
static int parse_port(const char *text)
{
	char *end;
	long port;

	if (*text < '0' || *text > '9' || strlen(text) > 5)
		return -1;
	port = strtol(text, &end, 10);
	return *end == '\0' && port > 0 && port < 65536 ? (int)port : -1;
}

/* inet_address - fill address from host and port */
static int inet_address(union socket_address *address, const char *host,
			int port, struct error *error)
{
	memset(address, 0, sizeof(*address));
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &address->in.sin_addr) == 1) {
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons((in_port_t)port);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &address->in6.sin6_addr) != 1)
		return error_set(error, "\"%s\" is not a numeric address",
				 host);
	if (IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return error_set(error,
				 "%s is an IPv4 address in the form of IPv6; "
				 "write it as IPv4, as in inet:127.0.0.1:%d",
				 host, port);
	address->in6.sin6_family = AF_INET6;
	address->in6.sin6_port = htons((in_port_t)port);
	return 0;
}

/* listener_inet_address - from "inet:HOST:PORT" or "inet:[HOST]:PORT" */
int listener_inet_address(union socket_address *address, const char *text,
			  struct error *error)
{
	const char *start = text + 5, *end = strrchr(start, ':');
	char host[64];
	size_t length;
	int port;

	if (end == NULL || (port = parse_port(end + 1)) < 0)
		return error_set(error,
				 "\"%s\" does not end with a port from "
				 "1 to 65535, as in inet:127.0.0.1:10040",
				 text);
	if (*start == '[' && end > start + 1 && end[-1] == ']') {
		start++;
		end--;
	} else if (memchr(start, ':', (size_t)(end - start)) != NULL) {
		return error_set(error, "an IPv6 address needs brackets, as in "
					"inet:[::1]:10040");
	}
	length = (size_t)(end - start);
	if (length == 0 || length >= sizeof(host))
		return error_set(error,
				 "\"%s\" has no address; use "
				 "127.0.0.1 or [::1]",
				 text);
	memcpy(host, start, length);
	host[length] = '\0';
	return inet_address(address, host, port, error);
}

/* parse_inet - check an address, and write it in canonical form */
static int parse_inet(struct listener_options *options, const char *text,
		      struct error *error)
{
	union socket_address address;
	char host[INET6_ADDRSTRLEN];

	if (listener_inet_address(&address, text, error) < 0)
		return -1;
	if (address.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address.in.sin_addr, host, sizeof(host));
		snprintf(options->address, sizeof(options->address),
			 "inet:%s:%u", host, ntohs(address.in.sin_port));
	} else {
		inet_ntop(AF_INET6, &address.in6.sin6_addr, host, sizeof(host));
		snprintf(options->address, sizeof(options->address),
			 "inet:[%s]:%u", host, ntohs(address.in6.sin6_port));
	}
	return 0;
}

/* listener_parse - text of a listen section to options */
int listener_parse(struct listener_options *options, const char *text,
		   struct error *error)
{
	memset(options, 0, sizeof(*options));
	options->mode = LISTENER_MODE;
	options->uid = (uid_t)-1;
	options->gid = (gid_t)-1;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(options, text, error);
	if (strncmp(text, "inet:", 5) == 0)
		return parse_inet(options, text, error);
	return error_set(error,
			 "\"%s\" is neither unix:/PATH nor "
			 "inet:ADDRESS:PORT",
			 text);
}

/* listener_ending - the name of a socket, or a port */
const char *listener_ending(const char *address)
{
	const char *end = address + strlen(address);

	while (end > address && end[-1] != '/' && end[-1] != ':')
		end--;
	return end;
}

/* listener_is_remote - can other hosts reach it? */
bool listener_is_remote(const struct listener_options *options)
{
	union socket_address address;

	if (strncmp(options->address, "unix:", 5) == 0 ||
	    listener_inet_address(&address, options->address, NULL) < 0)
		return false;
	if (address.any.sa_family == AF_INET)
		return ntohl(address.in.sin_addr.s_addr) >> 24 != 127;
	return !IN6_IS_ADDR_LOOPBACK(&address.in6.sin6_addr);
}

/* is_same_unix - the same name in the same directory, which may have several
 * names */
static bool is_same_unix(const char *one, const char *other)
{
	const char *name = strrchr(one, '/'), *other_name = strrchr(other, '/');
	struct stat status, other_status;
	char path[sizeof(((struct listener_options *)0)->address)];
	bool found;

	if (strcmp(name, other_name) != 0)
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)(name - one) + 1, one);
	found = stat(path, &status) == 0;
	snprintf(path, sizeof(path), "%.*s", (int)(other_name - other) + 1,
		 other);
	return found && stat(path, &other_status) == 0 &&
	       status.st_dev == other_status.st_dev &&
	       status.st_ino == other_status.st_ino;
}

/* is_same_inet - the same port of the same address, or of all addresses; IPv6
 * listeners do not accept IPv4 */
static bool is_same_inet(const union socket_address *one,
			 const union socket_address *other)
{
	const struct in6_addr *host = &one->in6.sin6_addr;
	const struct in6_addr *other_host = &other->in6.sin6_addr;

	if (one->any.sa_family != other->any.sa_family)
		return false;
	if (one->any.sa_family == AF_INET)
		return one->in.sin_port == other->in.sin_port &&
		       (one->in.sin_addr.s_addr == other->in.sin_addr.s_addr ||
			one->in.sin_addr.s_addr == INADDR_ANY ||
			other->in.sin_addr.s_addr == INADDR_ANY);
	return one->in6.sin6_port == other->in6.sin6_port &&
	       (IN6_ARE_ADDR_EQUAL(host, other_host) ||
		IN6_IS_ADDR_UNSPECIFIED(host) ||
		IN6_IS_ADDR_UNSPECIFIED(other_host));
}

/* listener_is_same - can only one of them be open? */
bool listener_is_same(const struct listener_options *one,
		      const struct listener_options *other)
{
	bool is_unix = strncmp(one->address, "unix:", 5) == 0;
	union socket_address address, other_address;

	if (strcmp(one->address, other->address) == 0)
		return true;
	if (is_unix != (strncmp(other->address, "unix:", 5) == 0))
		return false;
	if (is_unix)
		return is_same_unix(one->address + 5, other->address + 5);
	return listener_inet_address(&address, one->address, NULL) == 0 &&
	       listener_inet_address(&other_address, other->address, NULL) ==
		       0 &&
	       is_same_inet(&address, &other_address);
}
