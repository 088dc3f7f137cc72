/* SPDX-License-Identifier: ISC */
/* forecast_copies - who gets a copy of a message?
 *
 * cleanup(8) looks the sender up in sender_bcc_maps, and each recipient in
 * recipient_bcc_maps, as smtpd(8) looks a sender up in smtpd_sender_login_maps.
 * So their code is the same here. */

#include "policyd/query/forecast_copies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/address/parameters.h"
#include "lib/base/xalloc.h"
#include "lib/decision/sender_login.h"
#include "lib/postfix/postfix_version.h"

enum { OF_RECIPIENT, OF_SENDER, KINDS };

static const char *const names[KINDS] = { "recipient_bcc_maps",
					  "sender_bcc_maps" };

struct forecast_copies {
	struct sender_login *maps[KINDS]; /* or NULL */
	char *origin;			  /* or NULL */
	char *found;			  /* the last one */
};

/* is_own - has a program of master.cf other maps? */
static bool is_own(const struct postfix *postfix, const char *name)
{
	size_t i = 0;

	while (i < postfix->service_count &&
	       postfix_get_own(&postfix->services[i], name) == NULL)
		i++;
	return i < postfix->service_count;
}

/* read_maps - those of main.cf; NULL: there are none, or they cannot be
 * read */
static struct sender_login *read_maps(const struct config *config,
				      const struct postfix *postfix,
				      const char *name)
{
	const char *text = postfix_get(postfix, NULL, name);
	struct table_loader loader = {
		.config_directory = config->import_postfix,
		.postfix = postfix_version(config->mail_version),
		.lenient = true,
	};
	struct sender_login *shared = NULL;
	struct restriction_context context = {
		.loader = &loader,
		.resolver = config->resolver,
		.sender_login = &shared,
	};
	struct error error;
	void *state;

	if (*text == '\0' || is_own(postfix, name))
		return NULL;
	parameters_get_bool(&config->parameters, PARAMETER_SMTPUTF8_ENABLE,
			    &context.utf8, &error);
	return sender_login_open(text, &context, &state, &error) == 0 ? shared
								      : NULL;
}

/* forecast_copies_new - read the maps */
struct forecast_copies *forecast_copies_new(const struct config *config,
					    const struct postfix *postfix,
					    const char *origin)
{
	struct forecast_copies *copies = xcalloc(1, sizeof(*copies));
	size_t i;

	for (i = 0; i < KINDS; i++)
		copies->maps[i] = read_maps(config, postfix, names[i]);
	if (origin != NULL)
		copies->origin = xstrdup(origin);
	if (copies->maps[OF_SENDER] == NULL &&
	    copies->maps[OF_RECIPIENT] == NULL) {
		forecast_copies_free(copies);
		return NULL;
	}
	return copies;
}

/* forecast_copies_find - what a lookup says; what was shortened is no address
 */
const char *forecast_copies_find(void *context, bool sender,
				 const char *address)
{
	struct forecast_copies *copies = context;
	const struct sender_login *maps =
		copies->maps[sender ? OF_SENDER : OF_RECIPIENT];
	char result[DECISION_OWNERS_MAX] = "";
	struct table_trouble trouble;

	if (maps == NULL ||
	    sender_login_find(maps, address, "", result, &trouble) !=
		    SENDER_OTHERS ||
	    strlen(result) + 1 == sizeof(result))
		return NULL;
	free(copies->found);
	copies->found = strchr(result, '@') != NULL || copies->origin == NULL
				? xstrdup(result)
				: xasprintf("%s@%s", result, copies->origin);
	return copies->found;
}

/* forecast_copies_free - free it */
void forecast_copies_free(struct forecast_copies *copies)
{
	size_t i;

	if (copies == NULL)
		return;
	for (i = 0; i < KINDS; i++)
		sender_login_close(copies->maps[i]);
	free(copies->origin);
	free(copies->found);
	free(copies);
}
