/* SPDX-License-Identifier: ISC */
/* check_postfix_finding - the findings, and the commands that fix them */

#include "policyd/check/check_postfix_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "policyd/check/shell.h"

/* check_file - the path of a file of the Postfix configuration */
char *check_file(const struct check *check, const char *name)
{
	return xasprintf("%s/%s", check->postfix->directory, name);
}

/* check_on - " on port NAME" if a parameter has its value only there */
char *check_on(const struct check *check, const struct postfix_service *service,
	       const char *parameter)
{
	if (service == NULL ||
	    postfix_where(check->postfix, service, parameter) != POSTFIX_MASTER)
		return xstrdup("");
	return xasprintf(" on port %s", service->name);
}

/* same - are the texts equal, or both NULL? */
static bool same(const char *one, const char *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return strcmp(one, other) == 0;
}

/* is_known - was the same found before, for another service? */
static bool is_known(const struct check *check, const struct finding *finding)
{
	size_t i;

	for (i = 0; i < check->finding_count; i++) {
		const struct finding *other = &check->findings[i];

		if (same(other->file, finding->file) &&
		    same(other->text, finding->text) &&
		    same(other->line, finding->line))
			return true;
	}
	return false;
}

/* add - add a finding, which owns its texts */
static void add(struct check *check, const struct finding *finding)
{
	if (is_known(check, finding)) {
		free(finding->file);
		free(finding->text);
		free(finding->line);
		free(finding->fix);
		return;
	}
	check->findings =
		xreallocarray(check->findings, check->finding_count + 1,
			      sizeof(*check->findings));
	check->findings[check->finding_count++] = *finding;
}

/* copy - xstrdup(), or NULL for NULL */
static char *copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* check_found_line - report a mistake that is not in a parameter */
void check_found_line(struct check *check, enum severity severity,
		      const char *file, const char *line, const char *fix,
		      bool is_command, const char *text)
{
	const struct finding finding = {
		.is_error = severity == SEVERITY_ERROR,
		.file = xstrdup(file),
		.text = xstrdup(text),
		.line = copy(line),
		.fix = copy(fix),
		.is_command = is_command,
	};

	add(check, &finding);
}

/* check_found_ours - report a mistake in policyd.conf */
void check_found_ours(struct check *check, enum severity severity,
		      const char *line, const char *fix, const char *text)
{
	check_found_line(check, severity, check->config->path, line, fix, false,
			 text);
}

/* command - "postconf -c DIR OPTION 'TEXT'"; text is freed */
static char *command(const struct check *check, const char *option, char *text)
{
	char *word = shell_quote(text);
	char *result = xasprintf("postconf -c %s %s %s",
				 check->postfix->directory, option, word);

	free(word);
	free(text);
	return result;
}

/* own_name - a main.cf parameter for a value that only one port uses */
static char *own_name(const struct mistake *mistake)
{
	char *name =
		xasprintf("%s_%s", mistake->service->name, mistake->parameter);
	char *byte;

	for (byte = name; *byte != '\0'; byte++)
		if (!isalnum((unsigned char)*byte))
			*byte = '_';
	return name;
}

/* fix_override - the command that gives a port another value. postconf -P
 * rejects values with white space: such a value is put into main.cf. */
static char *fix_override(const struct check *check,
			  const struct mistake *mistake)
{
	const struct postfix_service *service = mistake->service;
	char *first, *second, *both, *name;

	if (mistake->drop)
		return command(check, "-PX",
			       xasprintf("%s/%s/%s", service->name,
					 service->type, mistake->parameter));
	if (strpbrk(mistake->value, " \t,{}") == NULL)
		return command(check, "-P",
			       xasprintf("%s/%s/%s=%s", service->name,
					 service->type, mistake->parameter,
					 mistake->value));
	name = own_name(mistake);
	first = command(check, "-e",
			xasprintf("%s = %s", name, mistake->value));
	second = command(check, "-P",
			 xasprintf("%s/%s/%s=$%s", service->name, service->type,
				   mistake->parameter, name));
	both = xasprintf("%s && %s", first, second);
	free(first);
	free(second);
	free(name);
	return both;
}

/* fix - the command that fixes a mistake, or other advice */
static char *fix(const struct check *check, const struct mistake *mistake,
		 enum postfix_origin origin)
{
	if (mistake->value == NULL && !mistake->drop)
		return copy(mistake->advice);
	if (origin == POSTFIX_MASTER)
		return fix_override(check, mistake);
	return command(
		check, "-e",
		xasprintf("%s = %s", mistake->parameter, mistake->value));
}

/* current_line - the line of a parameter as it is in its file */
static char *current_line(const struct check *check,
			  const struct mistake *mistake,
			  enum postfix_origin origin)
{
	const struct postfix *postfix = check->postfix;
	const char *name = mistake->parameter;
	const char *value;

	switch (origin) {
	case POSTFIX_MASTER:
		value = postfix_values_get(&mistake->service->overrides, name);
		if (strpbrk(value, " \t") != NULL)
			return xasprintf("%s %s ... -o { %s = %s }",
					 mistake->service->name,
					 mistake->service->type, name, value);
		return xasprintf("%s %s ... -o %s=%s", mistake->service->name,
				 mistake->service->type, name, value);
	case POSTFIX_MAIN:
		return xasprintf("%s = %s", name,
				 postfix_values_get(&postfix->main, name));
	case POSTFIX_DEFAULT:
		break;
	}
	value = postfix_get(postfix, NULL, name);
	return xasprintf("%s = %s   (the default; not in main.cf)", name,
			 value);
}

/* check_found - report a mistake in a parameter */
void check_found(struct check *check, const struct mistake *mistake,
		 const char *format, ...)
{
	enum postfix_origin origin = postfix_where(
		check->postfix, mistake->service, mistake->parameter);
	struct finding finding = {
		.is_error = mistake->severity == SEVERITY_ERROR,
		.is_command = mistake->value != NULL || mistake->drop,
	};
	va_list arguments;

	va_start(arguments, format);
	finding.text = xvasprintf(format, arguments);
	va_end(arguments);
	finding.file = check_file(check, origin == POSTFIX_MASTER ? "master.cf"
								  : "main.cf");
	finding.line = current_line(check, mistake, origin);
	finding.fix = fix(check, mistake, origin);
	add(check, &finding);
}

/* check_print_finding - the problem, its place, and how to fix it */
void check_print_finding(const struct finding *finding, const char *kind,
			 FILE *output)
{
	struct printable all;

	printable_open(&all);
	fprintf(all.stream, "%s: %s%s\n", finding->file, kind, finding->text);
	if (finding->line != NULL)
		fprintf(all.stream, "    %s\n", finding->line);
	if (finding->fix != NULL)
		fprintf(all.stream, "    %s%s\n",
			finding->is_command ? "" : "# ", finding->fix);
	printable_close(&all, output);
}

/* check_print - all findings */
int check_print(const struct check *check, FILE *output)
{
	struct printable all;
	size_t errors = 0;
	size_t i;

	printable_open(&all);
	for (i = 0; i < check->finding_count; i++) {
		const struct finding *finding = &check->findings[i];

		errors += finding->is_error ? 1 : 0;
		check_print_finding(finding,
				    finding->is_error ? "error: " : "warning: ",
				    all.stream);
	}
	if (check->finding_count == 0)
		fprintf(all.stream, "%s: no problems found\n",
			check->postfix->directory);
	else
		fprintf(all.stream, "%s: %zu error%s, %zu warning%s\n",
			check->postfix->directory, errors,
			errors == 1 ? "" : "s", check->finding_count - errors,
			check->finding_count - errors == 1 ? "" : "s");
	printable_close(&all, output);
	return errors > 0 ? 1 : 0;
}
