/* SPDX-License-Identifier: ISC */
/* check_postfix_services - the ports on which smtpd(8) asks policyd, and those
 * on which it does not
 *
 * What a port lets through is the word of lib/postfix/smtpd_ports.h; whether
 * anybody can log in is in check_postfix_logins.c. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_arguments.h"

/* check_list - one list of a service */
const struct list *check_list(const struct check *check,
			      const struct postfix_service *service,
			      enum smtpd_list kind)
{
	size_t i;

	for (i = 0; i < check->list_count; i++)
		if (check->lists[i].service == service &&
		    check->lists[i].kind == kind)
			return &check->lists[i];
	return NULL;
}

/* check_is_asked - in a list that is evaluated for each recipient? */
bool check_is_asked(const struct check *check,
		    const struct postfix_service *service)
{
	size_t i;

	for (i = 0; i < check->uses.count; i++)
		if (check->uses.list[i].list->service == service &&
		    check->uses.list[i].list->kind <= SMTPD_LIST_RECIPIENT)
			return true;
	return false;
}

/* asks_in_main - would this service ask policyd in a list if it used that list
 * of main.cf? */
static bool asks_in_main(const struct check *check,
			 const struct postfix_service *service,
			 const char *name)
{
	struct smtpd_restrictions list;
	bool found = false;
	size_t i;

	smtpd_restrictions_read(&list, check->postfix, NULL, name);
	for (i = 0; i < list.count && !found; i++)
		found = strcasecmp(list.items[i].word,
				   "check_policy_service") == 0 &&
			check_is_us(check, service, list.items[i].argument);
	smtpd_restrictions_clear(&list);
	return found;
}

/* is_in - is policyd in this list? */
static bool is_in(const struct check *check, const struct list *list)
{
	size_t i;

	for (i = 0; i < check->uses.count; i++)
		if (check->uses.list[i].list == list)
			return true;
	return false;
}

/* check_row - the judgement of a port */
const struct smtpd_row *check_row(const struct check *check,
				  const struct postfix_service *service)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++)
		if (check->ports.rows[i].port.service == service)
			return &check->ports.rows[i];
	return NULL;
}

/* policyd refuses what it is for: strangers, and logins in plain text, that
 * send to elsewhere. */
static const struct effect guards = {
	.closes = { [SMTPD_ELSEWHERE] = 1u << SMTPD_STRANGER |
					1u << SMTPD_STRANGER_TLS |
					1u << SMTPD_LOGIN },
};

/* check_override - a list with policyd that master.cf replaces by another;
 * true: there is one */
static bool check_override(struct check *check, const struct list *list)
{
	const struct postfix_service *service = list->service;
	bool asked = check_is_asked(check, service);
	const struct mistake mistake = {
		.severity = asked ? SEVERITY_WARNING : SEVERITY_ERROR,
		.service = service,
		.parameter = list->name,
		.edits = EDIT_FIRST,
		.effect = guards,
		.advice = "put check_policy_service into it, before whatever "
			  "permits",
	};

	if (postfix_where(check->postfix, service, list->name) !=
		    POSTFIX_MASTER ||
	    is_in(check, list) || !asks_in_main(check, service, list->name))
		return false;
	check_found(check, &mistake, "-o %s removes policyd on port %s: %s",
		    list->name, service->name,
		    asked ? "it is asked in another list only"
			  : "it is not asked there");
	return true;
}

/* is_anywhere - is policyd asked on any port? */
static bool is_anywhere(const struct check *check)
{
	size_t i;

	for (i = 0; i < check->uses.count; i++)
		if (check->uses.list[i].list->kind <= SMTPD_LIST_RECIPIENT)
			return true;
	return false;
}

/* any_passes - may a client of these send anything? */
static bool any_passes(const struct smtpd_row *row, int first, int last)
{
	int client;

	for (client = first; client <= last; client++)
		if (row->outcomes[client][SMTPD_OURS].passes != SMTPD_NO ||
		    row->outcomes[client][SMTPD_ELSEWHERE].passes != SMTPD_NO)
			return true;
	return false;
}

/* like_another - how another port asks policyd, for a port that does not; the
 * caller frees it */
static char *like_another(const struct check *check)
{
	const char *name = "smtpd_relay_restrictions", *value = NULL;
	size_t i;

	for (i = 0; i < check->uses.count && value == NULL; i++) {
		const struct list *list = check->uses.list[i].list;

		if (list->kind == SMTPD_LIST_RELAY)
			value = postfix_values_get(&list->service->overrides,
						   name);
	}
	if (value != NULL && *value == '$')
		return xasprintf("as on other ports: -o %s=%s", name, value);
	return xasprintf("let %s of this port begin with check_policy_service",
			 name);
}

/* found_unasked - policyd is not asked on a port, or on none (NULL) */
static void found_unasked(struct check *check,
			  const struct postfix_service *service)
{
	struct mistake mistake = {
		.severity = SEVERITY_ERROR,
		.service = service,
		.parameter = "smtpd_relay_restrictions",
		.edits = EDIT_FIRST,
		.effect = guards,
	};

	if (service != NULL) {
		char *like = like_another(check);

		mistake.advice = like;
		check_found(check, &mistake, "policyd is not asked on port %s",
			    service->name);
		free(like);
	} else {
		mistake.advice = "policyd --init prints the commands that "
				 "change this, and what else changes";
		check_found(check, &mistake,
			    "no restriction list asks policyd");
	}
}

/* check_unasked - a port without policyd, which takes mail from other hosts */
static bool check_unasked(struct check *check, const struct smtpd_row *row)
{
	const struct postfix_service *service = row->port.service;
	bool known = false;
	size_t i;

	if (row->is_return || check_is_asked(check, service) ||
	    !is_anywhere(check) ||
	    !any_passes(row, SMTPD_STRANGER, SMTPD_NETWORK_TLS))
		return false;
	for (i = 0; i < check->list_count; i++)
		if (check->lists[i].service == service)
			known |= check_override(check, &check->lists[i]);
	if (!known)
		found_unasked(check, service);
	return true;
}

/* check_overrides - lists without policyd, on a port that asks it in another */
static void check_overrides(struct check *check, const struct smtpd_row *row)
{
	size_t i;

	if (row->is_return || !check_is_asked(check, row->port.service))
		return;
	for (i = 0; i < check->list_count; i++)
		if (check->lists[i].service == row->port.service)
			check_override(check, &check->lists[i]);
}

/* without_us - a list as it is, but for what asks policyd; the caller frees it
 */
static char *without_us(const struct check *check, const struct list *list)
{
	const struct smtpd_restrictions *all = &list->restrictions;
	struct smtpd_restrictions rest = {
		.items = xcalloc(all->count + 1, sizeof(*all->items)),
	};
	char *text;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!check_is_word(&all->items[i], "check_policy_service") ||
		    !check_is_us(check, list->service, all->items[i].argument))
			rest.items[rest.count++] = all->items[i];
	text = smtpd_restrictions_text(&rest);
	free(rest.items);
	return text;
}

/* found_return - a port that takes mail back asks policyd in a list */
static void found_return(struct check *check, const struct list *list)
{
	static const unsigned near = 1u << SMTPD_NETWORK |
				     1u << SMTPD_NETWORK_TLS |
				     1u << SMTPD_HOST | 1u << SMTPD_HOST_TLS;
	const char *name = list->service->name;
	char *own = list->kind <= SMTPD_LIST_RECIPIENT
			    ? xstrdup("permit_mynetworks,reject")
			    : without_us(check, list);
	char *advice = xasprintf("give %s in master.cf its own lists, as in "
				 "-o %s=%s",
				 name, list->name, own);

	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = list->service,
				       .parameter = list->name,
				       .own = own,
				       .effect = { .opens = { near, near } },
				       .advice = advice },
		    "mail comes back from a filter on port %s, and policyd is "
		    "asked in %s: what was taken once is refused",
		    name, list->name);
	free(advice);
	free(own);
}

/* check_return - policyd refuses what a filter hands back: that has neither
 * logged in nor encrypted. A list of the port alone lets it pass again, if the
 * port has its lists from main.cf. */
static void check_return(struct check *check, const struct smtpd_row *row)
{
	size_t i;

	for (i = 0; i < check->uses.count && row->is_return; i++) {
		const struct list *list = check->uses.list[i].list;

		if (list->service == row->port.service &&
		    list->kind <= SMTPD_LIST_END_OF_DATA)
			found_return(check, list);
	}
}

/* is_repeated - is the service in master.cf more than once? */
static bool is_repeated(const struct check *check,
			const struct postfix_service *service)
{
	const struct postfix *postfix = check->postfix;
	size_t found = 0;
	size_t i;

	for (i = 0; i < postfix->service_count; i++)
		found +=
			strcmp(postfix->services[i].name, service->name) == 0 &&
			strcmp(postfix->services[i].type, service->type) == 0;
	return found > 1;
}

/* check_repeated - Postfix and postconf(1) see different services */
static void check_repeated(struct check *check,
			   const struct postfix_service *service)
{
	check_found_line(check, SEVERITY_ERROR, "master.cf", NULL,
			 "remove all but one",
			 "%s is there more than once: Postfix uses the last "
			 "one, and postconf changes all",
			 service->name);
}

/* check_arguments - options that postconf(1) misreads, or that end smtpd(8) */
static void check_arguments(struct check *check,
			    const struct postfix_service *service)
{
	const char *rest = service->command + strlen(service->program);
	enum smtpd_arguments_fault fault;
	char *word, *why;

	fault = smtpd_arguments_fault(rest, &word);
	/* Such is how postconf(1) prints a longer one that it misreads. */
	if (fault == SMTPD_ARGUMENTS_NO_VALUE)
		fault = SMTPD_ARGUMENTS_JOINED;
	why = smtpd_arguments_text(fault, word);
	check_found_line(check, SEVERITY_ERROR, "master.cf", NULL,
			 smtpd_arguments_advice(fault), "%s %s", service->name,
			 why);
	free(why);
	free(word);
}

/* check_quotes - of an option: Postfix takes them for a part of its name */
static void check_quotes(struct check *check,
			 const struct postfix_service *service)
{
	size_t i;

	for (i = 0; i < service->overrides.count; i++) {
		const char *name = service->overrides.list[i].name;

		if (*name == '"' || *name == '\'')
			check_found_line(check, SEVERITY_ERROR, "master.cf",
					 NULL,
					 "write -o NAME=VALUE, and white space "
					 "in braces: -o { NAME = VALUE }",
					 "%s has quotation marks around -o "
					 "%.80s, so it does nothing",
					 service->name, name + 1);
	}
}

/* check_works - does smtpd(8) serve anybody, as far as it is known? */
static void check_works(struct check *check, const struct smtpd_row *row)
{
	const struct postfix_service *service = row->port.service;

	if (row->port.works_why == NULL)
		return;
	if (strcmp(row->port.works_why, "master.cf") != 0) {
		check_fatal(check, row);
	} else if (is_repeated(check, service)) {
		check_repeated(check, service);
	} else {
		check_arguments(check, service);
	}
}

/* check_services - every port of smtpd(8) */
void check_services(struct check *check)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++) {
		const struct smtpd_row *row = &check->ports.rows[i];

		check_works(check, row);
		check_quotes(check, row->port.service);
		if (row->port.works != SMTPD_YES)
			continue;
		if (!check_unasked(check, row))
			check_overrides(check, row);
		check_return(check, row);
	}
	if (check->list_count > 0) {
		if (!is_anywhere(check) && !check_means_us(check))
			found_unasked(check, NULL);
		return;
	}
	check_found_line(check, SEVERITY_ERROR, "master.cf", NULL,
			 "add the line: smtp inet n - y - - smtpd",
			 "no smtpd service: Postfix receives no mail by "
			 "SMTP and never asks policyd");
}
