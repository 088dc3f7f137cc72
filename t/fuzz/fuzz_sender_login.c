/* SPDX-License-Identifier: ISC */
/* fuzz_sender_login - any text as a sender, and as a login
 *
 * The maps say "me" of every address, or the user of an address in relay.test.
 * So whoever owns one is "me" or has a name that stands in it. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/address/resolve.h"
#include "lib/base/xalloc.h"
#include "lib/decision/sender_login.h"

#include "t/fuzz/fuzz_resolver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* make_resolver - with every delimiter, and a list of each kind */
static struct resolver *make_resolver(void)
{
	static const struct fuzz_setting settings[] = {
		{ PARAMETER_MYHOSTNAME, "mail.local.test" },
		{ PARAMETER_MYDESTINATION, "local.test, localhost" },
		{ PARAMETER_INET_INTERFACES, "127.0.0.1, ::1" },
		{ PARAMETER_RELAY_DOMAINS, "relay.test" },
		{ PARAMETER_RECIPIENT_DELIMITER, "+-" },
	};

	return fuzz_resolver(settings, sizeof(settings) / sizeof(settings[0]));
}

/* make_maps - those of the comment above */
static struct sender_login *make_maps(void)
{
	static struct table_loader loader;
	struct sender_login *maps = NULL;
	struct restriction_context context = {
		.loader = &loader,
		.utf8 = true,
		.resolver = make_resolver(),
		.sender_login = &maps,
	};
	struct error error;
	void *state;

	if (sender_login_open("pcre:{{/^(.+)@relay\\.test$/ $1}}, static:me",
			      &context, &state, &error) != 0)
		abort();
	return maps;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sender_login *maps;
	char owners[DECISION_OWNERS_MAX] = "";
	char *sender, *login;
	struct table_trouble trouble;
	enum sender_owner owner;
	size_t length;

	if (maps == NULL)
		maps = make_maps();
	/* The sender, a NUL, the login. */
	sender = xstrndup((const char *)data, size);
	length = strlen(sender);
	if (length == 0) {
		free(sender);
		return 0;
	}
	if (length < size)
		login = xstrndup((const char *)data + length + 1,
				 size - length - 1);
	else
		login = xstrdup("me");
	owner = sender_login_find(maps, sender, login, owners, &trouble);
	/* Patterns leave to Postfix what is longer than 512 bytes, which
	 * quoting may make of a shorter one. */
	if ((owner == SENDER_ASK && length < 200) ||
	    (owner == SENDER_OWNED && login[0] == '\0') ||
	    ((owner == SENDER_OWNED || owner == SENDER_OTHERS) !=
	     (owners[0] != '\0')) ||
	    (strcmp(owners, "me") == 0 &&
	     (owner == SENDER_OWNED) != (strcasecmp(login, "me") == 0)))
		abort();
	free(login);
	free(sender);
	return 0;
}
