/* SPDX-License-Identifier: ISC */
/* check_postfix_fatal - a setting with which smtpd(8) ends at once
 *
 * master(8) starts it again every minute, and the port serves nobody. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_list_fault.h"
#include "lib/postfix/smtpd_parameter.h"
#include "lib/postfix/smtpd_pattern.h"
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

/* what_of - what is wrong with a word; meant: the same with brackets, or NULL
 */
static const char *what_of(const struct smtpd_bad_word *bad, const char *meant)
{
	if (bad->is_table)
		return "no TYPE:NAME";
	if (meant != NULL)
		return "no address, for want of brackets";
	if (bad->works == SMTPD_MAY && *bad->word == '/')
		return "a file that cannot be read here";
	return *bad->word == '/' ? "a directory" : "no address, and no table";
}

/* advice_of - what to write; the caller frees it */
static char *advice_of(const struct smtpd_bad_word *bad, const char *meant)
{
	const char *text = bad->is_table   ? "TYPE:NAME"
			   : meant != NULL ? meant
					   : "an address, or TYPE:NAME";

	if (bad->file != NULL)
		return xasprintf("write %s in line %u of %s", text, bad->line,
				 bad->file);
	return meant != NULL ? xstrdup(meant) : xasprintf("write %s", text);
}

/* check_bad_word - a list of patterns, or of tables, that smtpd(8) cannot open.
 * A file is not changed here. */
static void check_bad_word(struct check *check, const struct smtpd_row *row,
			   const struct smtpd_bad_word *bad)
{
	const struct postfix_service *service = row->port.service;
	bool ends = bad->works == SMTPD_NO;
	char *meant = bad->is_table ? NULL : check_bracketed(bad->word);
	char *advice = advice_of(bad, meant), *value = NULL;
	char *place = bad->file == NULL ? xstrdup(bad->parameter)
					: xasprintf("%s:%u, of %s,", bad->file,
						    bad->line, bad->parameter);

	if (meant != NULL && bad->file == NULL)
		value = check_replaced(
			check_written(check, service, bad->parameter),
			bad->word, meant);
	check_found(check,
		    &(struct mistake){ .severity = ends ? SEVERITY_ERROR
							: SEVERITY_WARNING,
				       .service = service,
				       .parameter = bad->parameter,
				       .value = value,
				       .effect = works,
				       .advice = advice },
		    "smtpd %s at once on port %s: %s in %s is %s",
		    ends ? "ends" : "may end", service->name, bad->word, place,
		    what_of(bad, meant));
	free(place);
	free(value);
	free(advice);
	free(meant);
}

/* check_list_fault - a server or a table in a list of restrictions */
static void check_list_fault(struct check *check, const struct smtpd_row *row,
			     const char *fault)
{
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = row->port.service,
				       .parameter = row->port.works_why,
				       .effect = works,
				       .advice = "write it as postconf(5) "
						 "has it, or remove it" },
		    "smtpd ends at once on port %s: %s",
		    row->port.service->name, fault);
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

/* check_wanted - a value that smtpd(8) refuses; it is not always known whether
 * it reads the parameter */
static void check_wanted(struct check *check, const struct smtpd_row *row,
			 const char *wants)
{
	const struct postfix_service *service = row->port.service;
	const char *name = row->port.works_why;
	const char *has = postfix_get(check->postfix, service, name);
	bool ends = row->port.works == SMTPD_NO;
	char *advice = xasprintf("write %s", wants);
	char *word, *meant = smtpd_parameter_meant(name, has, &word);
	char *value = NULL;

	if (meant != NULL)
		value = check_replaced(check_written(check, service, name),
				       word, meant);
	check_found(check,
		    &(struct mistake){ .severity = ends ? SEVERITY_ERROR
							: SEVERITY_WARNING,
				       .service = service,
				       .parameter = name,
				       .value = value,
				       .effect = works,
				       .advice = advice },
		    "smtpd %s at once on port %s: %s is \"%.80s\", and must "
		    "be %s%s%s%s",
		    ends ? "ends" : "may end", service->name, name, has, wants,
		    meant != NULL ? "; did you mean " : "",
		    meant != NULL ? meant : "", meant != NULL ? "?" : "");
	free(value);
	free(meant);
	free(word);
	free(advice);
}

/* wants_of - what the value at which smtpd(8) ends must be; the caller frees
 * it. NULL: it is no such value. */
static char *wants_of(const struct smtpd_port *port)
{
	char *text = smtpd_parameter_wants(port, port->works_why);
	const char *name, *wants = NULL;
	enum smtpd_answer answer;

	if (text != NULL)
		return text;
	name = smtpd_value_check(port, &answer, &wants);
	return name != NULL && strcmp(name, port->works_why) == 0
		       ? xstrdup(wants)
		       : NULL;
}

/* check_fatal - the parameter that ends it on this port, or may end it */
void check_fatal(struct check *check, const struct smtpd_row *row)
{
	const char *why = row->port.works_why;
	char *wants = wants_of(&row->port);
	struct smtpd_bad_word bad = { .works = SMTPD_YES };
	const char *list = NULL;
	char *fault = smtpd_list_fault(&row->port, &list);

	if (wants != NULL)
		check_wanted(check, row, wants);
	else if (smtpd_pattern_check(&row->port, &bad) &&
		 strcmp(bad.parameter, why) == 0)
		check_bad_word(check, row, &bad);
	else if (fault != NULL && strcmp(list, why) == 0)
		check_list_fault(check, row, fault);
	else if (row->port.works == SMTPD_NO)
		check_list_end(check, row);
	smtpd_bad_word_clear(&bad);
	free(fault);
	free(wants);
}
