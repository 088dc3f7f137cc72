/* SPDX-License-Identifier: ISC */
/* fuzz_resolve - any text as a recipient
 *
 * An address is authorised only when its last domain is one of ours; that
 * much can be said without knowing the rules of resolution. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/address/resolve.h"
#include "lib/base/xalloc.h"

#include "t/fuzz/fuzz_resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* make_resolver - lists of every class */
static struct resolver *make_resolver(void)
{
	static const struct fuzz_setting settings[] = {
		{ PARAMETER_MYHOSTNAME, "mail.local.test" },
		{ PARAMETER_MYDESTINATION, "local.test, localhost" },
		{ PARAMETER_INET_INTERFACES, "127.0.0.1, ::1" },
		{ PARAMETER_VIRTUAL_ALIAS_DOMAINS, "valias.test" },
		{ PARAMETER_VIRTUAL_MAILBOX_DOMAINS, "vmail.test" },
		{ PARAMETER_RELAY_DOMAINS, "relay.test, b\xc3\xbc"
					   "cher.test" },
	};

	return fuzz_resolver(settings, sizeof(settings) / sizeof(settings[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct resolver *resolver;
	static struct resolution resolution;
	char *recipient;

	if (resolver == NULL)
		resolver = make_resolver();
	if (size == 0 || memchr(data, '\0', size) != NULL)
		return 0;
	recipient = xstrndup((const char *)data, size);
	resolve_address(resolver, recipient, &resolution);
	if (resolution_authorized(resolver, &resolution) > 0 &&
	    (resolution.status != RESOLVE_DONE || resolution.routed ||
	     resolution.class == DESTINATION_DEFAULT ||
	     strrchr(resolution.address, '@') == NULL))
		abort();
	free(recipient);
	return 0;
}
