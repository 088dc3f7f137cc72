/* SPDX-License-Identifier: ISC */
/* check_postfix_services - the ports on which smtpd(8) asks policyd, and those
 * on which it does not */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"

/* check_list - one list of a service */
const struct list *check_list(const struct check *check,
			      const struct postfix_service *service,
			      enum list_kind kind)
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

	for (i = 0; i < check->use_count; i++)
		if (check->uses[i].list->service == service &&
		    check->uses[i].list->kind <= LIST_RECIPIENT)
			return true;
	return false;
}

/* ask_us - a list that asks policyd; the caller frees it */
static char *ask_us(const struct check *check)
{
	char *server, *text;

	if (check->config->listener_count == 0)
		return xstrdup("check_policy_service unix:private/policyd, "
			       "reject");
	server = check_server(check->postfix, &check->config->listeners[0]);
	text = xasprintf("check_policy_service %s, reject", server);
	free(server);
	return text;
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

	for (i = 0; i < check->use_count; i++)
		if (check->uses[i].list == list)
			return true;
	return false;
}

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
		.drop = true,
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

	for (i = 0; i < check->use_count; i++)
		if (check->uses[i].list->kind <= LIST_RECIPIENT)
			return true;
	return false;
}

/* check_asked - policyd is not asked on a port; or on no port at all */
static void check_asked(struct check *check,
			const struct postfix_service *service)
{
	bool elsewhere = is_anywhere(check);
	char *value = ask_us(check);
	const struct mistake mistake = {
		.severity = elsewhere ? SEVERITY_WARNING : SEVERITY_ERROR,
		.service = service,
		.parameter = "smtpd_recipient_restrictions",
		.value = value,
	};

	if (elsewhere)
		check_found(check, &mistake, "policyd is not asked on port %s",
			    service->name);
	else
		check_found(check, &mistake,
			    "no restriction list asks policyd");
	free(value);
}

/* check_services - every smtpd(8) service */
void check_services(struct check *check)
{
	size_t i, j;
	char *file;

	for (i = 0; i < check->list_count; i += LIST_COUNT) {
		const struct postfix_service *service = check->lists[i].service;
		bool known = check_is_asked(check, service);

		for (j = i; j < i + LIST_COUNT; j++)
			known |= check_override(check, &check->lists[j]);
		if (!known)
			check_asked(check, service);
	}
	if (check->list_count > 0)
		return;
	file = check_file(check, "master.cf");
	check_found_line(check, SEVERITY_ERROR, file, NULL,
			 "postconf -M smtp/inet='smtp inet n - y - - smtpd'",
			 false,
			 "no smtpd service: Postfix receives no mail by "
			 "SMTP and never asks policyd");
	free(file);
}
