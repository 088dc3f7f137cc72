/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_ADVICE_INTERNAL_H
#define POLICYD_QUERY_FORECAST_ADVICE_INTERNAL_H

/* Shared by forecast_advice.c, which advises on restrictions, and
 * forecast_keep.c, which does on networks, and on all groups together. */

#include <stdio.h>

#include "policyd/query/forecast_advice.h"

#define ADVICE_LOGIN	   "permit_sasl_authenticated"
#define ADVICE_NETWORKS	   "permit_mynetworks"
#define ADVICE_DESTINATION "permit_auth_destination"

/* A word to put before the restriction with that number. */
struct advice_word {
	const char *word;
	size_t at;
};

/* advice_place - the number of a restriction in the list, or the number of
 * restrictions: it is not in it. */
size_t advice_place(const struct restriction_list *list, const char *before);

/* advice_list - "restrictions = { ... }": the list with these words, which are
 * nowhere else in it then. The caller frees it. */
char *advice_list(const struct restriction_list *list,
		  const struct advice_word *words, size_t count);

/* advice_is_locked - does Postfix refuse what that restriction permits? */
bool advice_is_locked(const struct forecast_group *group,
		      const char *restriction);

/* advice_networks - "mynetworks = { ... }" for the clients of some groups;
 * NULL: they are all in it. The caller frees it. */
char *advice_networks(const struct forecast_adviser *adviser,
		      const struct forecast_group **groups, size_t count);

/* advice_is_of_strangers - has a group clients that are probably not ours? */
bool advice_is_of_strangers(const struct forecast_adviser *adviser,
			    const struct forecast_group *group);

/* advice_tls - lines with which groups of one service are accepted, though
 * nobody in plain text is; NULL after the last one. False: there are none, or
 * something but the TLS of these logins is too weak. The caller frees them. */
bool advice_tls(const struct forecast_adviser *adviser,
		const struct forecast_group *const *groups, size_t count,
		char *lines[ADVICE_TLS_LINES]);

#define ADVICE_ENTRY_SIZE 80

/* advice_entry - an address or a network, as in mynetworks; false: it is only a
 * word. */
bool advice_entry(char entry[ADVICE_ENTRY_SIZE], const char *text);

/* advice_each - call visit for each client of a group, or for its networks if
 * there are many; address: a client, or "". */
void advice_each(const struct forecast_group *group,
		 void (*visit)(void *context, const char *text,
			       const char *address),
		 void *context);

/* advice_postfix - what one of some groups needs in Postfix, where the words of
 * policyd are evaluated again: a command for it, and for those after it that
 * need the same one. NULL: nothing, or it is with one before. The caller frees
 * it. */
char *advice_postfix(const struct forecast_adviser *adviser,
		     const struct forecast_group *const *groups, size_t count,
		     size_t index);

/* advice_domains - the command that gives main.cf the domains which only
 * policyd.conf has, of one class of destinations, of some groups; NULL: there
 * are none. The caller frees it. */
char *advice_domains(const struct forecast_adviser *adviser,
		     const struct forecast_group *const *groups, size_t count,
		     const char *class);

/* advice_is_first - must a new entry come before those of this mynetworks? The
 * first match wins, and they may have one with "!". */
bool advice_is_first(const char *networks);

/* advice_is_domain - or an address, or what main.cf cannot have? */
bool advice_is_domain(const char *text);

/* advice_relay_here - the line with these domains, too, if policyd.conf has a
 * list of its own beside that of main.cf; or NULL. The caller frees it. */
char *advice_relay_here(const struct forecast_adviser *adviser,
			const char *domains);

/* advice_relay - the domains for which these may be clients of a backup MX;
 * NULL: they are our clients, or there are too many domains. The caller frees
 * it. */
char *advice_relay(const struct forecast_adviser *adviser,
		   const struct forecast_group *group);

#endif
