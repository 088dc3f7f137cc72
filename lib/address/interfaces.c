/* SPDX-License-Identifier: ISC */
/* interfaces - the addresses of this host
 *
 * An address literal (user@[192.0.2.1]) is a local destination if the address
 * is in inet_interfaces or proxy_interfaces. Both are converted to binary
 * addresses at load, as Postfix own_inet_addr(3) does, except that an address
 * that no interface has is not refused: policyd may run on another host. */

#include "lib/address/interfaces.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"

struct own_address {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} ip;
	const char *parameter;
};

struct interfaces {
	bool ipv4;
	bool ipv6;
	struct own_address *own;
	size_t count;
};

/* is_supported - does the kernel support this address family? Like Postfix, we
 * do without a family that it does not support. */
static bool is_supported(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	return errno != EAFNOSUPPORT && errno != EPROTONOSUPPORT;
}

/* add_protocol - one word of inet_protocols */
static int add_protocol(void *context, const char *word, struct error *error)
{
	struct interfaces *interfaces = context;
	bool all = strcmp(word, "all") == 0;
	bool v4 = strcmp(word, "ipv4") == 0;
	bool v6 = strcmp(word, "ipv6") == 0;

	if (!all && !v4 && !v6)
		return error_set(error,
				 "inet_protocols: unknown protocol "
				 "\"%.40s\" (all, ipv4 and ipv6 are known)",
				 word);
	interfaces->ipv4 = interfaces->ipv4 || all || v4;
	interfaces->ipv6 = interfaces->ipv6 || all || v6;
	return 0;
}

/* read_protocols - inet_protocols */
static int read_protocols(struct interfaces *interfaces, const char *text,
			  struct error *error)
{
	if (words_each(text, WORDS_SEPARATORS, add_protocol, interfaces,
		       error) < 0)
		return -1;
	if (!interfaces->ipv4 && !interfaces->ipv6)
		return error_set(error, "inet_protocols: is empty");
	interfaces->ipv4 = interfaces->ipv4 && is_supported(AF_INET);
	interfaces->ipv6 = interfaces->ipv6 && is_supported(AF_INET6);
	return 0;
}

/* family_of - the argument of getaddrinfo(3) for the protocols in use */
static int family_of(const struct interfaces *interfaces)
{
	if (interfaces->ipv4 == interfaces->ipv6)
		return AF_UNSPEC;
	return interfaces->ipv4 ? AF_INET : AF_INET6;
}

/* add - add an address of a family in use; returns whether it is of one */
static bool add(struct interfaces *interfaces, const struct sockaddr *address,
		const char *parameter)
{
	struct own_address own = { .family = address->sa_family,
				   .parameter = parameter };
	const void *raw = address;

	if (own.family == AF_INET && interfaces->ipv4)
		own.ip.v4 = ((const struct sockaddr_in *)raw)->sin_addr;
	else if (own.family == AF_INET6 && interfaces->ipv6)
		own.ip.v6 = ((const struct sockaddr_in6 *)raw)->sin6_addr;
	else
		return false;
	interfaces->own = xreallocarray(interfaces->own, interfaces->count + 1,
					sizeof(own));
	interfaces->own[interfaces->count++] = own;
	return true;
}

/* is_loopback - 127.0.0.0/8 or ::1 */
static bool is_loopback(const struct sockaddr *address)
{
	const void *raw = address;

	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)raw)
				     ->sin_addr.s_addr) >>
			       24 ==
		       127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)raw)->sin6_addr);
}

/* is_any - is it the wildcard address? */
static bool is_any(const struct sockaddr *address)
{
	const void *raw = address;

	if (address->sa_family == AF_INET)
		return ((const struct sockaddr_in *)raw)->sin_addr.s_addr ==
		       htonl(INADDR_ANY);
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(
		       &((const struct sockaddr_in6 *)raw)->sin6_addr);
}

/* add_local - add the addresses of the interfaces that are up */
static int add_local(struct interfaces *interfaces, bool loopback_only,
		     const char *parameter, struct error *error)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return error_set(error, "%s: getifaddrs: %s", parameter,
				 strerror(errno));
	for (struct ifaddrs *entry = list; entry != NULL;
	     entry = entry->ifa_next) {
		if ((entry->ifa_flags & IFF_UP) == 0 ||
		    entry->ifa_addr == NULL || entry->ifa_netmask == NULL ||
		    is_any(entry->ifa_addr))
			continue;
		if (!loopback_only || is_loopback(entry->ifa_addr))
			add(interfaces, entry->ifa_addr, parameter);
	}
	freeifaddrs(list);
	if (!loopback_only && interfaces->count == 0)
		return error_set(error, "%s: no network interface is up",
				 parameter);
	return 0;
}

/* The names and addresses of one parameter. */
struct hosts {
	struct interfaces *interfaces;
	const char *parameter;
};

/* add_host - add the addresses of a name or address; brackets are optional */
static int add_host(void *context, const char *word, struct error *error)
{
	const struct hosts *hosts = context;
	struct interfaces *interfaces = hosts->interfaces;
	const char *parameter = hosts->parameter;
	size_t length = strlen(word);
	struct addrinfo hints = { .ai_family = family_of(interfaces),
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	bool any = false;
	char *name;
	int status;

	if (word[0] == '[' && word[length - 1] == ']' && length >= 2)
		name = xstrndup(word + 1, length - 2);
	else
		name = xstrndup(word, length);
	status = getaddrinfo(name, NULL, &hints, &found);
	if (status != 0) {
		error_set(error, "%s: %s: %s", parameter, name,
			  status == EAI_SYSTEM ? strerror(errno)
					       : gai_strerror(status));
		free(name);
		return -1;
	}
	for (struct addrinfo *entry = found; entry != NULL;
	     entry = entry->ai_next)
		any = add(interfaces, entry->ai_addr, parameter) || any;
	freeaddrinfo(found);
	if (!any)
		error_set(error,
			  "%s: %s: no address of the kind that "
			  "inet_protocols allows",
			  parameter, name);
	free(name);
	return any ? 0 : -1;
}

/* add_hosts - add the addresses of a list of names and addresses */
static int add_hosts(struct interfaces *interfaces, const char *text,
		     const char *parameter, struct error *error)
{
	struct hosts hosts = { interfaces, parameter };

	return words_each(text, WORDS_SEPARATORS, add_host, &hosts, error);
}

/* add_inet_interfaces - inet_interfaces, with its two special words */
static int add_inet_interfaces(struct interfaces *interfaces, const char *text,
			       struct error *error)
{
	static const char parameter[] = "inet_interfaces";

	if (strcmp(text, "all") == 0)
		return add_local(interfaces, false, parameter, error);
	if (strcmp(text, "loopback-only") == 0)
		return add_local(interfaces, true, parameter, error);
	return add_hosts(interfaces, text, parameter, error);
}

/* interfaces_new - expand the parameters */
struct interfaces *interfaces_new(const char *inet_interfaces,
				  const char *proxy_interfaces,
				  const char *inet_protocols,
				  struct error *error)
{
	struct interfaces *interfaces = xcalloc(1, sizeof(*interfaces));

	if (read_protocols(interfaces, inet_protocols, error) < 0 ||
	    add_inet_interfaces(interfaces, inet_interfaces, error) < 0 ||
	    add_hosts(interfaces, proxy_interfaces, "proxy_interfaces", error) <
		    0) {
		interfaces_free(interfaces);
		return NULL;
	}
	return interfaces;
}

/* interfaces_free - free it */
void interfaces_free(struct interfaces *interfaces)
{
	if (interfaces == NULL)
		return;
	free(interfaces->own);
	free(interfaces);
}

/* read_ipv4 - in any notation of inet_aton(3): 0177.0.0.1 is 127.0.0.1 */
static bool read_ipv4(const struct interfaces *interfaces, const char *text,
		      struct own_address *address)
{
	address->family = AF_INET;
	return inet_aton(text, &address->ip.v4) != 0 &&
	       (interfaces->ipv4 || !interfaces->ipv6);
}

/* read_ipv6 - without ipv6 in inet_protocols, ::ffff:192.0.2.1 is an IPv4
 * address, as in getaddrinfo(3), and all others are invalid */
static bool read_ipv6(const struct interfaces *interfaces, const char *text,
		      struct own_address *address)
{
	struct in6_addr *v6 = &address->ip.v6;
	struct in_addr v4;

	address->family = AF_INET6;
	if (inet_pton(AF_INET6, text, v6) != 1)
		return false;
	if (interfaces->ipv6 || !interfaces->ipv4)
		return true;
	if (!IN6_IS_ADDR_V4MAPPED(v6))
		return false;
	memcpy(&v4, &v6->s6_addr[12], sizeof(v4));
	address->ip.v4 = v4;
	address->family = AF_INET;
	return true;
}

/* is_equal - the same address of the same family? */
static bool is_equal(const struct own_address *one,
		     const struct own_address *other)
{
	if (one->family != other->family)
		return false;
	if (one->family == AF_INET)
		return one->ip.v4.s_addr == other->ip.v4.s_addr;
	return IN6_ARE_ADDR_EQUAL(&one->ip.v6, &other->ip.v6);
}

/* interfaces_own - the parameter that has this address, or NULL */
const char *interfaces_own(const struct interfaces *interfaces,
			   const char *address)
{
	struct own_address wanted = { .family = AF_UNSPEC };
	bool known;

	if (strchr(address, ':') != NULL)
		known = read_ipv6(interfaces, address, &wanted);
	else
		known = read_ipv4(interfaces, address, &wanted);
	if (!known)
		return NULL;
	for (size_t i = 0; i < interfaces->count; i++) {
		if (is_equal(&interfaces->own[i], &wanted))
			return interfaces->own[i].parameter;
	}
	return NULL;
}
