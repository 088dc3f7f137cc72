/* SPDX-License-Identifier: ISC */
/* check_postfix_copy - judge a Postfix that is only a copy, for --init
 *
 * Nothing can be tried on a copy, so only the files are judged. The rules of
 * --init are stricter than those of -P: policyd must come first on every port,
 * and whatever it does not permit must be refused. */

#include "policyd/check/check_postfix.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policyd/check/check_postfix_internal.h"

/* is_guarded - does the relay list ask policyd first, and refuse whatever it
 * does not permit? */
static bool is_guarded(const struct check *check,
		       const struct postfix_service *service)
{
	size_t i;

	for (i = 0; i < check->uses.count; i++) {
		const struct use *use = &check->uses.list[i];
		const struct smtpd_restrictions *list =
			&use->list->restrictions;

		if (use->list->service == service &&
		    use->list->kind == SMTPD_LIST_RELAY && use->at == 0 &&
		    list->count == 2 &&
		    strcasecmp(list->items[1].word, "reject") == 0)
			return true;
	}
	return false;
}

/* check_guards - check every port that is not exempt */
static int check_guards(const struct check *check, check_exempt *exempt,
			void *context)
{
	const struct postfix *postfix = check->postfix;
	struct error error;
	int result = 0;
	size_t i;

	for (i = 0; i < postfix->service_count; i++) {
		const struct postfix_service *service = &postfix->services[i];

		if (strcmp(service->program, "smtpd") != 0 ||
		    exempt(context, service) || is_guarded(check, service))
			continue;
		error_set(&error, "a stranger could relay on port %s",
			  service->name);
		fprintf(stderr, "policyd: %s\n", error.text);
		result = -1;
	}
	return result;
}

/* print_errors - what must be fixed first; -1 if there is anything */
static int print_errors(const struct check *check)
{
	int result = 0;
	size_t i;

	for (i = 0; i < check->finding_count; i++) {
		const struct finding *finding = &check->findings[i];

		if (!finding->is_error)
			continue;
		check_print_finding(check, finding, "", stderr);
		result = -1;
	}
	return result;
}

/* check_postfix_copy - print errors, and ports on which strangers could relay
 */
int check_postfix_copy(const struct postfix *postfix,
		       const struct config *config, check_exempt *exempt,
		       void *context)
{
	struct check check;
	int result;

	check_init(&check, postfix, config);
	check_run_lists(&check);
	result = print_errors(&check);
	if (check_guards(&check, exempt, context) < 0)
		result = -1;
	check_clear(&check);
	return result;
}

/* check_postfix_reach - ask policyd as Postfix would */
int check_postfix_reach(const struct postfix *postfix,
			const struct config *config)
{
	struct check check;
	int result;

	check_init(&check, postfix, config);
	check_try(&check);
	check_sockets(&check);
	result = check.uses.count > 0 ? print_errors(&check) : -1;
	check_clear(&check);
	return result;
}
