/* SPDX-License-Identifier: ISC */
/* check_postfix_print - the findings, as text and as JSON
 *
 * Findings about the same line come together, with one command; those of
 * several ports that differ in nothing else are one. */

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

/* is_alike - are they about the same line, and their texts the same but for the
 * port? */
static bool is_alike(const struct finding *one, const struct finding *other)
{
	return one->port_length > 0 && other->port_length > 0 &&
	       one->is_error == other->is_error && one->line != NULL &&
	       other->line != NULL && strcmp(one->file, other->file) == 0 &&
	       strcmp(one->line, other->line) == 0 &&
	       one->port_at == other->port_at &&
	       strncmp(one->text, other->text, one->port_at) == 0 &&
	       strcmp(one->text + one->port_at + one->port_length,
		      other->text + other->port_at + other->port_length) == 0;
}

/* next_alike - the next finding that is alike, or the number of findings */
static size_t next_alike(const struct check *check, size_t first, size_t at)
{
	do
		at++;
	while (at < check->finding_count &&
	       !is_alike(&check->findings[first], &check->findings[at]));
	return at;
}

/* was_alike - was it printed with an earlier one that is alike? */
static bool was_alike(const struct check *check, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (is_alike(&check->findings[i], &check->findings[at]))
			return true;
	return false;
}

/* print_ports - "ONE, TWO and THREE": the ports of those that are alike */
static void print_ports(const struct check *check, size_t first, FILE *output)
{
	size_t at = first, next;

	while (at < check->finding_count) {
		const struct finding *finding = &check->findings[at];

		next = next_alike(check, first, at);
		if (at != first)
			fputs(next < check->finding_count ? ", " : " and ",
			      output);
		fwrite(finding->text + finding->port_at, 1,
		       finding->port_length, output);
		at = next;
	}
}

/* print_problem - the first line of a finding */
static void print_problem(const struct finding *finding, const char *kind,
			  FILE *output)
{
	fprintf(output, "%s: %s%s\n", finding->file, kind, finding->text);
}

/* print_problems - the first line of a finding and of those that are alike */
static void print_problems(const struct check *check, size_t first,
			   FILE *output)
{
	const struct finding *finding = &check->findings[first];
	const char *kind = finding->is_error ? "error: " : "warning: ";

	if (next_alike(check, first, first) == check->finding_count) {
		print_problem(finding, kind, output);
		return;
	}
	/* "port" is before its name, and becomes "ports". */
	fprintf(output, "%s: %s%.*ss ", finding->file, kind,
		(int)finding->port_at - 1, finding->text);
	print_ports(check, first, output);
	fprintf(output, "%s\n",
		finding->text + finding->port_at + finding->port_length);
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
		if (i == first || (belong(finding, &check->findings[i]) &&
				   !was_alike(check, i)))
			print_problems(check, i, output);
	if (finding->line != NULL)
		fprintf(output, "    %s\n", finding->line);
	for (i = first; i < check->finding_count; i++)
		if ((i == first || belong(finding, &check->findings[i])) &&
		    !is_said(check, first, i))
			print_fix(check, &check->findings[i], output);
}

/* count - the number of errors, or of warnings, that are printed */
static size_t count(const struct check *check, bool errors)
{
	size_t found = 0;
	size_t i;

	for (i = 0; i < check->finding_count; i++)
		if (check->findings[i].is_error == errors &&
		    !was_alike(check, i))
			found++;
	return found;
}

/* print_sum - the last line */
static void print_sum(const struct check *check, size_t errors, bool more,
		      FILE *output)
{
	size_t warnings = count(check, false);

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
	size_t errors = count(check, true);
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
	return count(check, true) > 0 ? 1 : 0;
}
