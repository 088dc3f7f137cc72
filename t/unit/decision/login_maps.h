/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_DECISION_LOGIN_MAPS_H
#define T_UNIT_DECISION_LOGIN_MAPS_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/decision/restrictions.h"
#include "lib/decision/sender_login.h"
#include "t/unit/place.h"

/* sender_login_maps as a case needs them. */

#define AUTHENTICATED	restriction_reject_authenticated_sender_login_mismatch
#define UNAUTHENTICATED restriction_reject_unauthenticated_sender_login_mismatch
#define KNOWN		restriction_reject_known_sender_login_mismatch
#define ANY		restriction_reject_sender_login_mismatch

/* The usual settings; others in the rows come before them. */
static const char *const usual[][2] = {
	{ "myhostname", "mail.local.test" },
	{ "myorigin", "Origin.test" },
	{ "mydestination", "local.test" },
	{ "inet_interfaces", "127.0.0.1" },
	{ "recipient_delimiter", "+" },
	{ "relay_domains", "ours.test" },
	{ NULL, NULL },
};

/* make_resolver - with another value for one parameter; NULL: none */
static inline struct resolver *make_resolver(const char *name,
					     const char *value)
{
	struct table_loader loader = { .config_directory = place_directory,
				       .lenient = true };
	struct parameters parameters;
	struct resolver *resolver;
	struct error error = { "" };

	parameters_init(&parameters);
	for (size_t i = 0; usual[i][0] != NULL; i++)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(usual[i][0]),
			       usual[i][1], "test");
	if (name != NULL)
		parameters_set(&parameters,
			       (enum parameter)parameter_find(name), value,
			       "test");
	if (name != NULL && strcmp(name, "owner_request_special") == 0)
		parameters_set(&parameters, PARAMETER_RECIPIENT_DELIMITER, "-",
			       "test");
	ck_assert_msg(parameters_complete(&parameters, &error) == 0, "%s",
		      error.text);
	resolver = resolver_new(&parameters, &loader, &error);
	ck_assert_msg(resolver != NULL, "%s", error.text);
	parameters_clear(&parameters);
	return resolver;
}

/* open_maps - the state of a restriction; NULL: refused */
static inline struct sender_login *open_maps(const char *text,
					     const struct resolver *resolver,
					     struct table_loader *loader,
					     struct error *error)
{
	struct sender_login *shared = NULL;
	struct restriction_context context = {
		.loader = loader,
		.utf8 = true,
		.resolver = resolver,
		.sender_login = &shared,
	};
	void *state = NULL;
	int result = ANY.open(text, &context, &state, error);

	ck_assert_int_eq(result, state != NULL ? 0 : -1);
	ck_assert_ptr_eq(state, shared);
	return state;
}

static struct table_trouble trouble;

#endif
