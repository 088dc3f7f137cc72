/* SPDX-License-Identifier: ISC */
/* check_postfix_finding - the findings, and the commands that fix them
 *
 * Findings about one parameter share one fix, whose value all of them shape, so
 * that no command undoes another one. */

#include "policyd/check/check_postfix_internal.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/printable.h"
#include "lib/base/shell.h"
#include "lib/base/xalloc.h"

/* file_path - of a file of the Postfix configuration; the caller frees it */
static char *file_path(const struct check *check, const char *name)
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

/* add - add a finding, which owns its texts; NULL: it is known */
static struct finding *add(struct check *check, const struct finding *finding)
{
	if (is_known(check, finding)) {
		free(finding->file);
		free(finding->text);
		free(finding->line);
		free(finding->advice);
		return NULL;
	}
	check->findings =
		xreallocarray(check->findings, check->finding_count + 1,
			      sizeof(*check->findings));
	check->findings[check->finding_count++] = *finding;
	return &check->findings[check->finding_count - 1];
}

/* copy - xstrdup(), or NULL for NULL */
static char *copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* found_line - report a mistake that is not in a parameter */
__attribute__((format(printf, 6, 0))) static struct finding *
found_line(struct check *check, enum severity severity, const char *file,
	   const char *line, const char *advice, const char *format,
	   va_list arguments)
{
	const struct finding finding = {
		.is_error = severity == SEVERITY_ERROR,
		.file = xstrdup(file),
		.text = xvasprintf(format, arguments),
		.line = copy(line),
		.advice = copy(advice),
		.fix = -1,
	};

	return add(check, &finding);
}

/* check_found_line - report a mistake in a file of Postfix, which is not in a
 * parameter */
struct finding *check_found_line(struct check *check, enum severity severity,
				 const char *name, const char *line,
				 const char *advice, const char *format, ...)
{
	char *file = file_path(check, name);
	struct finding *finding;
	va_list arguments;

	va_start(arguments, format);
	finding = found_line(check, severity, file, line, advice, format,
			     arguments);
	va_end(arguments);
	free(file);
	return finding;
}

/* check_found_ours - report a mistake in policyd.conf */
void check_found_ours(struct check *check, enum severity severity,
		      const char *line, const char *advice, const char *format,
		      ...)
{
	va_list arguments;

	va_start(arguments, format);
	found_line(check, severity, check->config->path, line, advice, format,
		   arguments);
	va_end(arguments);
}

/* new_fix - one more; returns its index */
static int new_fix(struct check *check, const struct fix *fix)
{
	check->fixes = xreallocarray(check->fixes, check->fix_count + 1,
				     sizeof(*check->fixes));
	check->fixes[check->fix_count] = *fix;
	return (int)check->fix_count++;
}

/* find_fix - the index of the fix of a parameter; it is made if there is none
 */
static int find_fix(struct check *check, const struct postfix_service *service,
		    const char *parameter)
{
	size_t i;

	for (i = 0; i < check->fix_count; i++)
		if (check->fixes[i].service == service &&
		    same(check->fixes[i].parameter, parameter))
			return (int)i;
	return new_fix(check, &(struct fix){ .service = service,
					     .parameter = xstrdup(parameter) });
}

/* own_value - the value of the parameter as it is written, as far as that can
 * be added to */
static const char *own_value(const struct check *check, const struct fix *fix)
{
	const struct postfix *postfix = check->postfix;
	const char *value = NULL;

	if (fix->service == NULL)
		value = postfix_values_get(&postfix->main, fix->parameter);
	return value != NULL
		       ? value
		       : postfix_get(postfix, fix->service, fix->parameter);
}

/* shape - what a mistake wants of the fix of its parameter */
static void shape(const struct check *check, struct fix *fix,
		  const struct mistake *mistake)
{
	const char *value =
		mistake->own != NULL ? mistake->own : mistake->value;
	int i;

	if (value != NULL) {
		fix->is_undecided |=
			fix->value != NULL && strcmp(fix->value, value) != 0;
		free(fix->value);
		fix->value = xstrdup(value);
	}
	if (mistake->add != NULL) {
		if (fix->value == NULL)
			fix->value = xstrdup(own_value(check, fix));
		xappend(&fix->value, ", %s", mistake->add);
	}
	fix->edits |= mistake->edits;
	if (mistake->use != NULL)
		fix->use = mistake->use;
	for (i = 0; i < SMTPD_RECIPIENTS; i++) {
		fix->effect.closes[i] |= mistake->effect.closes[i];
		fix->effect.opens[i] |= mistake->effect.opens[i];
	}
	fix->effect.reveals |= mistake->effect.reveals;
}

/* check_fix_add - a change by one run of postconf(1) */
void check_fix_add(struct check *check, struct finding *finding,
		   const char *option, const char *text)
{
	struct fix fix = { .command_count = 1 };

	fix.commands[0].option = option;
	fix.commands[0].text = xstrdup(text);
	finding->fix = new_fix(check, &fix);
}

/* own_name - a main.cf parameter for a value that only one port uses */
static char *own_name(const struct fix *fix)
{
	char *name = xasprintf("%s_%s", fix->service->name, fix->parameter);
	char *byte;

	for (byte = name; *byte != '\0'; byte++)
		if (!isalnum((unsigned char)*byte))
			*byte = '_';
	return name;
}

/* add_command - one run of postconf(1); text is taken over */
static void add_command(struct fix *fix, const char *option, char *text)
{
	fix->commands[fix->command_count].option = option;
	fix->commands[fix->command_count++].text = text;
}

/* set_override - the commands that give a port another value. postconf -P
 * rejects values with white space: such a value is put into main.cf, unless its
 * place there is taken. */
static void set_override(const struct check *check, struct fix *fix,
			 const char *value)
{
	const struct postfix_service *service = fix->service;
	char *name = NULL;

	if (strpbrk(value, " \t{}") == NULL) {
		add_command(fix, "-P",
			    xasprintf("%s/%s/%s=%s", service->name,
				      service->type, fix->parameter, value));
		return;
	}
	name = own_name(fix);
	if (postfix_values_get(&check->postfix->main, name) == NULL) {
		add_command(fix, "-e", xasprintf("%s = %s", name, value));
		add_command(fix, "-P",
			    xasprintf("%s/%s/%s=$%s", service->name,
				      service->type, fix->parameter, name));
	}
	free(name);
}

/* is_clear - does postconf(1) change this service, and no other? */
static bool is_clear(const struct check *check,
		     const struct postfix_service *service)
{
	const struct smtpd_row *row =
		service != NULL ? check_row(check, service) : NULL;

	return row == NULL || row->port.works != SMTPD_MAY;
}

/* make - the commands of a fix, if it has a value */
static void make(const struct check *check, struct fix *fix)
{
	const char *base = fix->value;
	char *value = NULL;

	if (fix->parameter == NULL || fix->is_undecided ||
	    !is_clear(check, fix->service))
		return;
	if (fix->edits != 0) {
		if (base == NULL)
			base = postfix_get(check->postfix, fix->service,
					   fix->parameter);
		value = check_edit(check, fix, base);
	} else if (base != NULL) {
		value = xstrdup(base);
	}
	if (value != NULL && fix->service != NULL)
		set_override(check, fix, value);
	else if (value != NULL)
		add_command(fix, "-e",
			    xasprintf("%s = %s", fix->parameter, value));
	free(value);
}

/* check_fixes - make the commands of all fixes */
void check_fixes(struct check *check)
{
	size_t i;

	for (i = 0; i < check->fix_count; i++)
		make(check, &check->fixes[i]);
}

/* check_fix_text - the commands of a fix, for the shell */
char *check_fix_text(const struct check *check, const struct fix *fix)
{
	char *option = shell_option(check->postfix->directory, "");
	char *text = xstrdup("");
	size_t i;

	for (i = 0; i < fix->command_count; i++) {
		char *word = shell_quote(fix->commands[i].text);

		xappend(&text, "%spostconf%s %s %s", i > 0 ? " && " : "",
			option, fix->commands[i].option, word);
		free(word);
	}
	free(option);
	return text;
}

/* check_fix_clear - free what the struct holds */
void check_fix_clear(struct fix *fix)
{
	size_t i;

	for (i = 0; i < fix->command_count; i++)
		free(fix->commands[i].text);
	free(fix->parameter);
	free(fix->value);
	*fix = (struct fix){ 0 };
}

/* current_line - the line of a parameter as it is in its file */
static char *current_line(const struct check *check,
			  const struct mistake *mistake,
			  enum postfix_origin origin)
{
	const struct postfix *postfix = check->postfix;
	const struct postfix_service *service = mistake->service;
	const char *name = mistake->parameter;
	const char *value;

	if (origin == POSTFIX_MASTER && service != NULL) {
		value = postfix_values_get(&service->overrides, name);
		if (strpbrk(value, " \t") != NULL)
			return xasprintf("%s %s ... -o { %s = %s }",
					 service->name, service->type, name,
					 value);
		return xasprintf("%s %s ... -o %s=%s", service->name,
				 service->type, name, value);
	}
	if (origin == POSTFIX_MAIN)
		return xasprintf("%s = %s", name,
				 postfix_values_get(&postfix->main, name));
	value = postfix_get(postfix, NULL, name);
	return xasprintf("%s = %s   (the default; not in main.cf)", name,
			 value);
}

/* holder - the parameter of main.cf that holds a list of restrictions which is
 * only its $name, as those are that --init sets; NULL: the list holds itself */
static const char *holder(const struct check *check,
			  const struct mistake *mistake)
{
	const struct postfix *postfix = check->postfix;
	const char *value = NULL;
	size_t i;

	if (mistake->service != NULL)
		value = postfix_values_get(&mistake->service->overrides,
					   mistake->parameter);
	if (value == NULL)
		value = postfix_values_get(&postfix->main, mistake->parameter);
	if (value == NULL || *value != '$' ||
	    strstr(mistake->parameter, "_restrictions") == NULL)
		return NULL;
	for (i = 0; i < postfix->main.count; i++)
		if (strcmp(postfix->main.list[i].name, value + 1) == 0)
			return postfix->main.list[i].name;
	return NULL;
}

/* at_holder - the mistake, in the parameter that has to change */
static struct mistake at_holder(const struct check *check,
				const struct mistake *found)
{
	struct mistake mistake = *found;
	const char *name;

	if (found->here != NULL) {
		if (postfix_where(check->postfix, found->service,
				  found->parameter) == POSTFIX_MASTER)
			mistake.value = found->here;
		else
			mistake.own = found->here;
	}
	name = mistake.own == NULL ? holder(check, found) : NULL;
	if (name != NULL) {
		mistake.service = NULL;
		mistake.parameter = name;
	}
	return mistake;
}

/* find_port - where the text names the port of a service */
static void find_port(struct finding *finding,
		      const struct postfix_service *service)
{
	static const char word[] = "port ";
	const char *at = finding->text;
	size_t length;

	if (service == NULL)
		return;
	length = strlen(service->name);
	while ((at = strstr(at, word)) != NULL) {
		at += sizeof(word) - 1;
		if (strncmp(at, service->name, length) == 0 &&
		    strchr(" ,:", at[length]) != NULL) {
			finding->port_at = (size_t)(at - finding->text);
			finding->port_length = length;
			return;
		}
	}
}

/* check_found - report a mistake in a parameter */
void check_found(struct check *check, const struct mistake *found,
		 const char *format, ...)
{
	const struct mistake mistake = at_holder(check, found);
	const struct postfix_service *service = NULL;
	enum postfix_origin origin;
	struct finding finding = {
		.is_error = found->severity == SEVERITY_ERROR,
		.advice = copy(found->advice),
		.fix = -1,
	};
	va_list arguments;

	va_start(arguments, format);
	finding.text = xvasprintf(format, arguments);
	va_end(arguments);
	find_port(&finding, found->service);
	origin = postfix_where(check->postfix, mistake.service,
			       mistake.parameter);
	if (origin == POSTFIX_MASTER || mistake.own != NULL)
		service = mistake.service;
	finding.file = file_path(check, origin == POSTFIX_MASTER ? "master.cf"
								 : "main.cf");
	finding.line = current_line(check, &mistake, origin);
	if (origin == POSTFIX_MASTER && mistake.own != NULL)
		finding.fix = -1;
	else if (mistake.value != NULL || mistake.own != NULL ||
		 mistake.add != NULL || mistake.edits != 0)
		finding.fix = find_fix(check, service, mistake.parameter);
	if (add(check, &finding) != NULL && finding.fix >= 0)
		shape(check, &check->fixes[finding.fix], &mistake);
}
