/* SPDX-License-Identifier: ISC */
/* check_postfix_print - the findings, as text and as JSON
 *
 * Findings about the same line come together, with one command. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "policyd/query/json.h"

/* command_of - the command that fixes it; NULL: there is none that was tried,
 * and changes nothing else. The caller frees it. */
static char *command_of(const struct check *check,
			const struct finding *finding)
{
	if (finding->fix < 0 || !check->fixes[finding->fix].works)
		return NULL;
	return check_fix_text(check, &check->fixes[finding->fix]);
}

/* belong - are they about the same line? */
static bool belong(const struct finding *one, const struct finding *other)
{
	if (one->fix >= 0 && one->fix == other->fix)
		return true;
	return one->line != NULL && other->line != NULL &&
	       strcmp(one->file, other->file) == 0 &&
	       strcmp(one->line, other->line) == 0;
}

/* print_problem - the first line of a finding */
static void print_problem(const struct finding *finding, const char *kind,
			  FILE *output)
{
	fprintf(output, "%s: %s%s\n", finding->file, kind, finding->text);
}

/* print_fix - what to do: the command, or else the advice */
static void print_fix(const struct check *check, const struct finding *finding,
		      FILE *output)
{
	char *command = command_of(check, finding);

	if (command != NULL)
		fprintf(output, "    %s\n", command);
	else if (finding->advice != NULL)
		fprintf(output, "    # %s\n", finding->advice);
	free(command);
}

/* check_print_finding - the problem, its place, and how to fix it */
void check_print_finding(const struct check *check,
			 const struct finding *finding, const char *kind,
			 FILE *output)
{
	struct printable all;

	printable_open(&all);
	print_problem(finding, kind, all.stream);
	if (finding->line != NULL)
		fprintf(all.stream, "    %s\n", finding->line);
	print_fix(check, finding, all.stream);
	printable_close(&all, output);
}

/* was_printed - with an earlier finding? */
static bool was_printed(const struct check *check, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (belong(&check->findings[i], &check->findings[at]))
			return true;
	return false;
}

/* is_said - did an earlier finding of the group print the same fix? */
static bool is_said(const struct check *check, size_t first, size_t at)
{
	const struct finding *finding = &check->findings[at];
	size_t i;

	for (i = first; i < at; i++) {
		const struct finding *other = &check->findings[i];

		if (belong(other, finding) &&
		    ((finding->fix >= 0 && finding->fix == other->fix &&
		      check->fixes[finding->fix].works) ||
		     (finding->advice != NULL && other->advice != NULL &&
		      strcmp(finding->advice, other->advice) == 0)))
			return true;
	}
	return false;
}

/* print_group - a finding and all those about the same line */
static void print_group(const struct check *check, size_t first, FILE *output)
{
	const struct finding *finding = &check->findings[first];
	size_t i;

	for (i = first; i < check->finding_count; i++)
		if (i == first || belong(finding, &check->findings[i]))
			print_problem(&check->findings[i],
				      check->findings[i].is_error ? "error: "
								  : "warning: ",
				      output);
	if (finding->line != NULL)
		fprintf(output, "    %s\n", finding->line);
	for (i = first; i < check->finding_count; i++)
		if ((i == first || belong(finding, &check->findings[i])) &&
		    !is_said(check, first, i))
			print_fix(check, &check->findings[i], output);
}

/* count_errors - the number of errors among the findings */
static size_t count_errors(const struct check *check)
{
	size_t errors = 0;
	size_t i;

	for (i = 0; i < check->finding_count; i++)
		errors += check->findings[i].is_error ? 1 : 0;
	return errors;
}

/* print_sum - the last line */
static void print_sum(const struct check *check, size_t errors, bool more,
		      FILE *output)
{
	size_t warnings = check->finding_count - errors;

	if (check->finding_count == 0)
		fprintf(output, "%s: no problems found%s\n",
			check->postfix->directory,
			more ? "; those of policyd are above" : "");
	else
		fprintf(output, "%s: %zu error%s, %zu warning%s\n",
			check->postfix->directory, errors,
			errors == 1 ? "" : "s", warnings,
			warnings == 1 ? "" : "s");
}

/* check_print - the table of ports, and all findings */
int check_print(const struct check *check, bool more, FILE *output)
{
	size_t errors = count_errors(check);
	struct printable all;
	size_t i;

	printable_open(&all);
	check_print_ports(check, all.stream);
	for (i = 0; i < check->finding_count; i++)
		if (!was_printed(check, i))
			print_group(check, i, all.stream);
	check_print_rates(check, all.stream);
	print_sum(check, errors, more, all.stream);
	printable_close(&all, output);
	return errors > 0 ? 1 : 0;
}

/* answer_word - for JSON */
static const char *answer_word(enum smtpd_answer answer)
{
	static const char *const words[] = { "no", "maybe", "yes" };

	return words[answer];
}

/* people_json - what they may send */
static json_t *people_json(const struct smtpd_row *row, enum people people)
{
	json_t *object = json_object();

	json_set(object, "to_us",
		 json_text(answer_word(check_may(row, people, SMTPD_OURS))));
	json_set(object, "elsewhere",
		 json_text(
			 answer_word(check_may(row, people, SMTPD_ELSEWHERE))));
	return object;
}

/* port_json - a line of the table */
static json_t *port_json(const struct check *check, const struct smtpd_row *row)
{
	json_t *object = json_object();

	json_set(object, "port", json_text(row->port.service->name));
	json_set(object, "asks", json_text(check_asked(check, row)));
	json_set(object, "tls", json_text(check_tls(&row->port)));
	json_set(object, "auth", json_text(check_auth(&row->port)));
	json_set(object, "strangers", people_json(row, PEOPLE_STRANGERS));
	json_set(object, "users", people_json(row, PEOPLE_USERS));
	json_set(object, "mynetworks", people_json(row, PEOPLE_NETWORKS));
	return object;
}

/* finding_json - a problem, and how to fix it */
static json_t *finding_json(const struct check *check,
			    const struct finding *finding)
{
	char *command = command_of(check, finding);
	json_t *object = json_object();

	json_set(object, "severity",
		 json_text(finding->is_error ? "error" : "warning"));
	json_set(object, "file", json_text(finding->file));
	json_set(object, "text", json_text(finding->text));
	json_set(object, "line", json_text(finding->line));
	json_set(object, "command", json_text(command));
	json_set(object, "advice",
		 json_text(command != NULL ? NULL : finding->advice));
	free(command);
	return object;
}

/* check_print_json - the same as one JSON object */
int check_print_json(const struct check *check, FILE *output)
{
	json_t *all, *ports, *findings;
	size_t i;

	json_start();
	all = json_object();
	ports = json_array();
	findings = json_array();
	for (i = 0; i < check->ports.count; i++)
		json_append(ports, port_json(check, &check->ports.rows[i]));
	for (i = 0; i < check->finding_count; i++)
		json_append(findings, finding_json(check, &check->findings[i]));
	json_set(all, "postfix", json_text(check->postfix->directory));
	json_set(all, "ports", ports);
	json_set(all, "findings", findings);
	json_print(all, output);
	return count_errors(check) > 0 ? 1 : 0;
}
