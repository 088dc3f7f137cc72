/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_ADDRESS_RESOLVING_H
#define T_UNIT_ADDRESS_RESOLVING_H

#include "lib/address/resolve.h"
#include "t/unit/test.h"

/* A Postfix whose main.cf a test makes up. */

struct setting {
	const char *name;
	const char *value;
};

/* make - a resolver: the settings of a small mail server, and more (up to a
 * NULL name). NULL when refused. */
static inline struct resolver *make(const struct setting *more,
				    struct error *error)
{
	static const struct setting usual[] = {
		{ "myhostname", "mail.local.test" },
		{ "mydestination", "$myhostname, $mydomain, localhost" },
		{ "inet_interfaces", "127.0.0.1" },
		{ "proxy_interfaces", "192.0.2.10" },
		{ "inet_protocols", "ipv4" },
		{ "virtual_alias_domains", "valias.test" },
		{ "virtual_mailbox_domains", "VMail.test" },
		{ "relay_domains", "!neg.relay.test, relay.test" },
	};
	struct parameters parameters;
	struct resolver *resolver;

	parameters_init(&parameters);
	for (int i = 0; i < COUNT(usual); i++)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(usual[i].name),
			       usual[i].value, "usual");
	for (; more != NULL && more->name != NULL; more++)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(more->name),
			       more->value, "more");
	ck_assert_msg(parameters_complete(&parameters, error) == 0, "%s",
		      error->text);
	resolver = resolver_new(&parameters, NULL, error);
	parameters_clear(&parameters);
	return resolver;
}

/* must_make - the same, where it must not be refused */
static inline struct resolver *must_make(const struct setting *more)
{
	struct error error;
	struct resolver *resolver = make(more, &error);

	ck_assert_msg(resolver != NULL, "%s", error.text);
	return resolver;
}

#endif
