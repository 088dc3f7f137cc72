/* SPDX-License-Identifier: ISC */
/* address_extension - user+extension@domain
 *
 * The separators are the bytes of recipient_delimiter; the first one in the
 * address is used. Some names are never split, such as those of the owners of
 * mailing lists. See Postfix src/global/split_addr.c. */

#include <string.h>
#include <strings.h>

#include "lib/address/resolve_internal.h"

#define OWNER	"owner-"
#define REQUEST "-request"

/* is_reserved - is it a name of the mail system? */
static bool is_reserved(const char *user, size_t length)
{
	static const char *const names[] = { "postmaster", "mailer-daemon",
					     "double-bounce" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == length &&
		    strncasecmp(names[i], user, length) == 0)
			return true;
	return false;
}

/* is_of_list - is it the owner of a mailing list? */
static bool is_of_list(const char *user, size_t length)
{
	size_t behind = strlen(REQUEST);

	return strncasecmp(user, OWNER, strlen(OWNER)) == 0 ||
	       (length > behind &&
		strncasecmp(user + length - behind, REQUEST, behind) == 0);
}

/* resolver_strip_extension - remove the extension, if there is one */
bool resolver_strip_extension(const struct resolver *resolver, char *out,
			      const char *address)
{
	const char *at = strrchr(address, '@');
	const char *delimiters = resolver->recipient_delimiter;
	size_t length = (size_t)(at - address);
	size_t user = strcspn(address, delimiters);

	if (user == 0 || user >= length || is_reserved(address, length) ||
	    (resolver->owner_request_special &&
	     strchr(delimiters, '-') != NULL && is_of_list(address, length)))
		return false;
	memcpy(out, address, user);
	memcpy(out + user, at, strlen(at) + 1);
	return true;
}
