/* SPDX-License-Identifier: ISC */
/* forecast_advice - what to write to keep clients that would be refused
 *
 * A client that logs in but is weakly encrypted, or not at all, is accepted
 * when permit_sasl_authenticated comes before the restriction that refuses; one
 * that does not log in, when its address is in mynetworks. Both are weaker than
 * what was configured, so each comes with its condition. test_forecast.py
 * writes them, and tries again. */

#include "policyd/query/forecast_advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "policyd/query/forecast_advice_internal.h"

/* is_moved - is a restriction one of the words, which it is to come before? */
static bool is_moved(const char *name, const struct advice_word *words,
		     size_t count)
{
	size_t k;

	for (k = 0; k < count; k++)
		if (strcmp(name, words[k].word) == 0)
			return true;
	return false;
}

/* advice_list - the restrictions, with words before others */
char *advice_list(const struct restriction_list *list,
		  const struct advice_word *words, size_t count)
{
	char *text = xstrdup("restrictions = {");
	const char *comma = "";
	size_t i, k;

	for (i = 0; i <= list->count; i++) {
		for (k = 0; k < count; k++)
			if (words[k].at == i) {
				xappend(&text, "%s %s", comma, words[k].word);
				comma = ",";
			}
		if (i < list->count &&
		    !is_moved(restriction_use_word(&list->uses[i]), words,
			      count)) {
			xappend(&text, "%s %s", comma,
				restriction_use_word(&list->uses[i]));
			comma = ",";
		}
	}
	xappend(&text, " }");
	return text;
}

/* advice_place - the number of a restriction in the list; count: at its end */
size_t advice_place(const struct restriction_list *list, const char *before)
{
	size_t i = 0;

	while (i < list->count &&
	       strcmp(restriction_use_word(&list->uses[i]), before) != 0)
		i++;
	return i;
}

/* is_before - does a list have a word before another one? Then it need not be
 * moved. */
static bool is_before(const struct restriction_list *list, const char *word,
		      const char *before)
{
	return advice_place(list, word) < advice_place(list, before);
}

/* forecast_advice_list - the restrictions, with a word before another one */
char *forecast_advice_list(const struct restriction_list *list,
			   const char *word, const char *before)
{
	const struct advice_word one = { word, advice_place(list, before) };

	return advice_list(list, &one, 1);
}

/* forecast_advice_where - where the list of a service is */
char *forecast_advice_where(const struct service *service)
{
	return service->line == 0
		       ? xstrdup("at top level")
		       : xasprintf("in service \"%s\"", service->name);
}

/* advice_is_locked - for that restriction */
bool advice_is_locked(const struct forecast_group *group,
		      const char *restriction)
{
	return group->locked && strcmp(group->restriction, restriction) == 0;
}

/* advise_foreign - domains that only policyd.conf has; if that is a mistake,
 * other restrictions decide once they are not there */
static void advise_foreign(struct forecast_advice *advice,
			   const struct forecast_adviser *adviser,
			   const struct forecast_group *group)
{
	const char *domain =
		group->domains.count > 0 ? group->domains.texts[0] : "x";

	advice->remove =
		config_option_name(forecast_list_of(group->class, domain));
	advice->postfix = advice_domains(adviser, &group, 1, group->class);
	if (advice->postfix != NULL)
		advice->condition = "if these domains are yours";
	else
		advice->instead = "to keep them, if these domains are yours, "
				  "let main.cf have them, too";
}

/* advise_locked - policyd.conf has what is needed, and main.cf does not */
static void advise_locked(struct forecast_advice *advice,
			  const struct forecast_adviser *adviser,
			  const struct forecast_group *group)
{
	if (advice_is_locked(group, ADVICE_LOGIN)) {
		advice->condition = "if they cannot use TLS, and their "
				    "passwords may be read on the way";
		advice->postfix = advice_postfix(adviser, &group, 1, 0);
	} else if (advice_is_locked(group, ADVICE_NETWORKS)) {
		advice->condition = "if these clients are yours, and cannot "
				    "log in";
		advice->postfix = advice_postfix(adviser, &group, 1, 0);
	} else if (advice_is_locked(group, ADVICE_DESTINATION)) {
		advise_foreign(advice, adviser, group);
	} else {
		advice->instead = "to keep them, write their certificates "
				  "into relay_clientcerts in main.cf, too";
	}
}

/* first_of - the first restriction that does not check senders or rates, which
 * are checked for all mail */
static const char *first_of(const struct restriction_list *list)
{
	size_t i = 0;

	while (i + 1 < list->count &&
	       (strstr(list->uses[i].restriction->name, "_sender_") != NULL ||
		strstr(list->uses[i].restriction->name, "_rate") != NULL))
		i++;
	return restriction_use_word(&list->uses[i]);
}

/* advise_domains - where anybody may send to these domains: they have to be
 * ours, and permit_auth_destination has to come before any refusal. Other
 * domains are refused for their own sake, too. */
static void advise_domains(struct forecast_advice *advice,
			   const struct forecast_adviser *adviser,
			   const struct forecast_group *group)
{
	const struct restriction_list *list = &group->service->restrictions;

	advice->relay = advice_relay(adviser, group);
	if (advice->relay == NULL)
		return;
	advice->ours = group->ours;
	if (!advice->ours)
		advice->relay_here = advice_relay_here(adviser, advice->relay);
	if (strcmp(group->restriction, "reject_unauth_destination") != 0 &&
	    !is_before(list, ADVICE_DESTINATION, group->restriction))
		advice->first = forecast_advice_list(list, ADVICE_DESTINATION,
						     first_of(list));
}

/* of_sender - what the map of owners needs, which is not a line to write */
static const char *of_sender(const struct forecast_adviser *adviser,
			     const struct forecast_group *group)
{
	bool imported = settings_top(adviser->config->settings,
				     OPTION_SENDER_LOGIN_MAPS)
				->source != NULL;

	if (*group->login != '\0')
		return imported ? "to keep them, add this login to the owners "
				  "of these sender addresses, in "
				  "smtpd_sender_login_maps of main.cf"
				: "to keep them, add this login to the owners "
				  "of these sender addresses, in "
				  "sender_login_maps";
	return imported ? "to keep them, let the clients log in as an owner of "
			  "the sender address, or take these addresses out of "
			  "smtpd_sender_login_maps of main.cf"
			: "to keep them, let the clients log in as an owner of "
			  "the sender address, or take these addresses out of "
			  "sender_login_maps";
}

#define OF_CERTIFICATES                                                       \
	"to keep them, if they are yours, put permit_tls_clientcerts before " \
	"that restriction, and the fingerprints of their certificates into "  \
	"relay_clientcerts, in main.cf, too"

/* forecast_advise - what to write */
void forecast_advise(struct forecast_advice *advice,
		     const struct forecast_adviser *adviser,
		     const struct forecast_group *group)
{
	bool login = *group->login != '\0';

	memset(advice, 0, sizeof(*advice));
	if (group->kind != FORECAST_REFUSED)
		return;
	if (strstr(group->restriction, "_sender_") != NULL) {
		advice->instead = of_sender(adviser, group);
		return;
	}
	if (group->locked) {
		advise_locked(advice, adviser, group);
		return;
	}
	if (group->certified) {
		advice->instead = OF_CERTIFICATES;
		return;
	}
	if (!login)
		advise_domains(advice, adviser, group);
	/* From everywhere: these are not clients of ours. */
	if (group->networks.more)
		return;
	if (!login && advice_is_nowhere(group)) {
		advice->instead = "a client without an address is in no "
				  "network: let it log in, or deliver with "
				  "sendmail(1)";
		return;
	}
	if (!login)
		advice->condition = "if these clients are yours, and cannot "
				    "log in";
	else if (!group->weak)
		advice->condition = "if a login is enough";
	else if (group->encrypted)
		advice->condition = "if they cannot use better encryption";
	else
		advice->condition = "if they cannot use TLS, and their "
				    "passwords may be read on the way";
	if (!login)
		advice->networks = advice_networks(adviser, &group, 1);
	advice->where = forecast_advice_where(group->service);
	if (advice_tls(adviser, &group, 1, advice->tls))
		return;
	advice->postfix = advice_postfix(adviser, &group, 1, 0);
	/* A list that has it before needs only the client. */
	if (!is_before(&group->service->restrictions,
		       login ? ADVICE_LOGIN : ADVICE_NETWORKS,
		       group->restriction))
		advice->restrictions = forecast_advice_list(
			&group->service->restrictions,
			login ? ADVICE_LOGIN : ADVICE_NETWORKS,
			group->restriction);
}

/* forecast_advice_clear - free what it holds */
void forecast_advice_clear(struct forecast_advice *advice)
{
	free(advice->networks);
	free(advice->where);
	free(advice->restrictions);
	free(advice->relay);
	free(advice->relay_here);
	free(advice->first);
	free(advice->postfix);
	free(advice->tls[0]);
	free(advice->tls[1]);
	memset(advice, 0, sizeof(*advice));
}
