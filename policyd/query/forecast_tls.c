/* SPDX-License-Identifier: ISC */
/* forecast_tls - the least TLS with which clients that log in are accepted
 *
 * Clients with old TLS need not be allowed to send their passwords in plain
 * text, too: where a lower tls_protocols, or other tls_ciphers, is enough, that
 * is what to write, and nothing else changes. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "policyd/query/forecast_advice_internal.h"

/* Values that may be written instead of the present one; NULL: it stays. The
 * strongest are first. */
static const char *const protocols[] = { NULL, ">=TLSv1.2", ">=TLSv1.1",
					 ">=TLSv1" };
static const char *const ciphers[] = { NULL, "medium" };

#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))
#define CIPHERS	  (sizeof(ciphers) / sizeof(ciphers[0]))

/* comes_to_login - does a stronger session come to the check of the login? */
static bool comes_to_login(const struct restriction_list *list,
			   const char *refuses)
{
	size_t i = advice_place(list, refuses) + 1;

	while (i < list->count &&
	       strncmp(list->uses[i].restriction->name, "reject", 6) != 0 &&
	       strncmp(list->uses[i].restriction->name, "defer", 5) != 0 &&
	       strcmp(list->uses[i].restriction->name, ADVICE_LOGIN) != 0)
		i++;
	return i < list->count &&
	       strcmp(list->uses[i].restriction->name, ADVICE_LOGIN) == 0;
}

/* is_weak - is nothing but the TLS of these logins too weak? */
static bool is_weak(const struct forecast_group *group)
{
	return *group->login != '\0' && group->weak && group->encrypted &&
	       group->sessions.count > 0 && !group->sessions.more &&
	       strcmp(group->restriction, "reject_plaintext_session") == 0 &&
	       comes_to_login(&group->service->restrictions,
			      group->restriction);
}

/* is_strong - is a session "PROTOCOL/CIPHER/BITS" enough? */
static bool is_strong(const struct session_minimum *minimum,
		      const char *session)
{
	char *text = xstrdup(session);
	char *cipher = text + strcspn(text, "/");
	char *bits;
	bool strong = false;

	if (*cipher != '\0') {
		*cipher++ = '\0';
		bits = cipher + strcspn(cipher, "/");
		if (*bits != '\0')
			*bits++ = '\0';
		strong = session_judge(minimum, text, cipher, bits) == NULL;
	}
	free(text);
	return strong;
}

/* suits - are all sessions of the groups strong enough then? */
static bool suits(const struct forecast_adviser *adviser,
		  const struct forecast_group *const *groups, size_t count,
		  const char *protocol, const char *cipher)
{
	const struct service *service = groups[0]->service;
	const struct config *config = adviser->config;
	struct error error;
	struct session_minimum *minimum = session_minimum_new(
		protocol != NULL
			? protocol
			: config_service_text(config, service, "tls_protocols"),
		cipher != NULL
			? cipher
			: config_service_text(config, service, "tls_ciphers"),
		atoi(config_service_text(config, service, "tls_keysize")),
		&error);
	bool all = minimum != NULL;
	size_t i, k;

	for (i = 0; i < count && all; i++)
		for (k = 0; k < groups[i]->sessions.count && all; k++)
			all = is_strong(minimum, groups[i]->sessions.texts[k]);
	session_minimum_free(minimum);
	return all;
}

/* advice_tls - try one after another */
bool advice_tls(const struct forecast_adviser *adviser,
		const struct forecast_group *const *groups, size_t count,
		char *lines[ADVICE_TLS_LINES])
{
	size_t at = 0;
	size_t i;

	lines[0] = lines[1] = NULL;
	if (count == 0)
		return false;
	for (i = 0; i < count; i++)
		if (!is_weak(groups[i]))
			return false;
	while (at < PROTOCOLS * CIPHERS &&
	       !suits(adviser, groups, count, protocols[at % PROTOCOLS],
		      ciphers[at / PROTOCOLS]))
		at++;
	if (at == PROTOCOLS * CIPHERS)
		return false;
	i = 0;
	if (protocols[at % PROTOCOLS] != NULL)
		lines[i++] = xasprintf("tls_protocols = \"%s\"",
				       protocols[at % PROTOCOLS]);
	if (ciphers[at / PROTOCOLS] != NULL)
		lines[i++] = xasprintf("tls_ciphers = \"%s\"",
				       ciphers[at / PROTOCOLS]);
	return i > 0;
}
