/* SPDX-License-Identifier: ISC */
/* check_postfix_fatal - a setting with which smtpd(8) ends at once
 *
 * master(8) starts it again every minute, and the port serves nobody. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/postfix/smtpd_value.h"

/* A fix lets all send again, but strangers only to our domains. */
static const struct effect works = {
	.opens = {
		[SMTPD_OURS] = (1u << SMTPD_CLIENTS) - 1,
		[SMTPD_ELSEWHERE] = ((1u << SMTPD_CLIENTS) - 1) &
				    ~(1u << SMTPD_STRANGER |
				      1u << SMTPD_STRANGER_TLS),
	},
	.reveals = true,
};

/* check_bad_pattern - a list of patterns that smtpd(8) cannot open; word: the
 * one that it cannot */
static void check_bad_pattern(struct check *check, const struct smtpd_row *row,
			      const char *word)
{
	const struct postfix_service *service = row->port.service;
	const char *name = row->port.works_why;
	char *meant = check_bracketed(word), *value = NULL;

	if (meant != NULL)
		value = check_replaced(check_written(check, service, name),
				       word, meant);
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = service,
				       .parameter = name,
				       .value = value,
				       .effect = works,
				       .advice = meant != NULL
							 ? meant
							 : "write an address, "
							   "or TYPE:NAME" },
		    "smtpd ends at once on port %s: %s in %s is no address%s",
		    service->name, word, name,
		    meant != NULL ? ", for want of brackets"
				  : ", and no table");
	free(value);
	free(meant);
}

/* check_list_end - lists that refuse nothing, or a class that is not there */
static void check_list_end(struct check *check, const struct smtpd_row *row)
{
	const char *why = row->port.works_why;
	bool classes = strcmp(why, "smtpd_restriction_classes") == 0;

	check_found(check,
		    &(struct mistake){
			    .severity = SEVERITY_ERROR,
			    .service = row->port.service,
			    .parameter = why,
			    .advice = classes ? "define each of its classes"
					      : "let the list end with "
						"reject" },
		    "smtpd ends at once on port %s: %s",
		    row->port.service->name,
		    classes ? "it names a class that is not defined"
			    : "neither this list nor "
			      "smtpd_recipient_restrictions has a word that "
			      "refuses, or it is behind permit");
}

/* check_value - a text that smtpd(8) does not know. A word of a set can be
 * replaced by the one that was meant. */
static void check_value(struct check *check, const struct smtpd_row *row,
			const struct smtpd_value_fault *fault)
{
	const struct postfix_service *service = row->port.service;
	const char *name = fault->parameter;
	char *value = NULL;

	if (fault->meant != NULL && strchr(fault->word, '=') == NULL)
		value = check_replaced(check_written(check, service, name),
				       fault->word, fault->meant);
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = service,
				       .parameter = name,
				       .value = value,
				       .effect = works,
				       .advice = fault->advice },
		    "smtpd ends at once on port %s: in %s, %.80s %s%s%s%s",
		    service->name, name, fault->word, fault->what,
		    fault->meant != NULL ? "; did you mean " : "",
		    fault->meant != NULL ? fault->meant : "",
		    fault->meant != NULL ? "?" : "");
	free(value);
}

/* check_level - a level of TLS that smtpd(8) does not know */
static void check_level(struct check *check, const struct smtpd_row *row)
{
	const struct postfix_service *service = row->port.service;
	const char *name = row->port.works_why;

	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = service,
				       .parameter = name,
				       .effect = works,
				       .advice = "write none, may, or "
						 "encrypt" },
		    "smtpd ends at once on port %s: %s is not none, may, or "
		    "encrypt, but %.80s",
		    service->name, name,
		    postfix_get(check->postfix, service, name));
}

/* check_fatal - the parameter that ends it on this port */
void check_fatal(struct check *check, const struct smtpd_row *row)
{
	const char *why = row->port.works_why;
	struct smtpd_value_fault fault;
	char *word = NULL;

	if (smtpd_value_find(&row->port, &fault) &&
	    strcmp(fault.parameter, why) == 0) {
		check_value(check, row, &fault);
		smtpd_value_clear(&fault);
		return;
	}
	smtpd_value_clear(&fault);
	if (strcmp(why, "smtpd_tls_security_level") == 0) {
		check_level(check, row);
		return;
	}
	if (strstr(why, "_restriction") == NULL)
		word = smtpd_port_bad_pattern(&row->port, why);
	if (word != NULL)
		check_bad_pattern(check, row, word);
	else
		check_list_end(check, row);
	free(word);
}
