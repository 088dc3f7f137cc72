/* SPDX-License-Identifier: ISC */
/* smtpd_parameter - values with which smtpd(8) does not start
 *
 * It reads all of its parameters first, whether or not it will need them. At
 * the first one whose value is not of its kind, or is out of bounds, it ends,
 * and master(8) starts it again every minute. */

#include "lib/postfix/smtpd_parameter.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/similar.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/postfix_version.h"

enum kind {
	KIND_BOOL,
	KIND_NUMBER,
	KIND_LONG,
	KIND_TIME,
	KIND_TEXT,
	KIND_NAME,  /* one of these, in any case */
	KIND_NAMES, /* any of these, exactly */
};

enum when {
	WHEN_ALWAYS,
	WHEN_TLS,   /* if clients can get TLS */
	WHEN_LEVEL, /* if it says how much of it, as not in wrapper mode */
	WHEN_AUTH,  /* if clients can log in */
	WHEN_LATER, /* not before there is mail, and then not always */
};

#define ANY  LONG_MIN /* no least value */
#define MOST LONG_MAX /* no greatest one, but that of its C type */

struct parameter {
	const char *name;
	enum kind kind;
	long least, greatest;
	const char *names;
	enum when when;
	const char *since; /* a version, or NULL: in all */
	const char *until; /* takes any value; earlier ones may. Or NULL */
};

#define BOOL			   KIND_BOOL, ANY, MOST, NULL
#define NUMBER(least)		   KIND_NUMBER, least, MOST, NULL
#define NUMBER_TO(least, greatest) KIND_NUMBER, least, greatest, NULL
#define LONG(least)		   KIND_LONG, least, MOST, NULL
#define TIME(least)		   KIND_TIME, least, MOST, NULL
#define TIME_TO(least, greatest)   KIND_TIME, least, greatest, NULL
#define TEXT(least)		   KIND_TEXT, least, MOST, NULL
#define TEXT_TO(least, greatest)   KIND_TEXT, least, greatest, NULL
#define NAME(names)		   KIND_NAME, ANY, MOST, names
#define NAMES(names)		   KIND_NAMES, ANY, MOST, names

#define ALWAYS		      WHEN_ALWAYS, NULL, NULL
#define SINCE(version)	      WHEN_ALWAYS, version, NULL
#define UNTIL(version)	      WHEN_ALWAYS, NULL, version
#define IN_TLS		      WHEN_TLS, NULL, NULL
#define IN_TLS_SINCE(version) WHEN_TLS, version, NULL
#define IN_TLS_UNTIL(version) WHEN_TLS, NULL, version
#define FOR_LEVEL	      WHEN_LEVEL, NULL, NULL
#define IN_AUTH		      WHEN_AUTH, NULL, NULL
#define LATER		      WHEN_LATER, NULL, NULL

#define ROW(name, values, when) { name, values, when },
static const struct parameter rows[] = {
#include "lib/postfix/smtpd_parameter_rows.h"
};
#define NAMES_MAX 16 /* of one row */
#define ROWS	  (sizeof(rows) / sizeof(rows[0]))

/* smtpd_parameter_get - its own, or that of main.cf */
const char *smtpd_parameter_get(const struct smtpd_port *port, const char *name)
{
	const char *common =
		postfix_values_get(&port->postfix->effective, name);
	const char *own = postfix_get_own(port->service, name);

	return common != NULL && own != NULL ? own : common;
}

/* take_number - as strtol(3) has it, with a sign; what follows. NULL: there is
 * no text, or the number is too large */
static const char *take_number(const char *text, long greatest, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	if (*text == '\0' || errno == ERANGE || *number > greatest ||
	    *number < -greatest - 1)
		return NULL;
	return end;
}

/* take_seconds - of a time. Postfix looks at one letter behind the number; none
 * of the times here has another unit by itself than seconds. */
static bool take_seconds(const char *text, long *number)
{
	static const char units[] = "smhdw";
	static const long seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char *end = take_number(text, INT_MAX, number), *unit;

	if (end == NULL || *number < 0)
		return false;
	unit = *end != '\0' ? strchr(units, *end) : units;
	if (unit == NULL)
		return false;
	if (unit != units && *number >= INT_MAX / seconds[unit - units])
		return false;
	*number *= seconds[unit - units];
	return true;
}

/* is_name - is it one of the names? */
static bool is_name(const char *names, const char *value, bool any_case)
{
	bool found = false;
	char *name;

	while (!found && (name = words_next(&names, " ")) != NULL) {
		found = any_case ? strcasecmp(name, value) == 0
				 : strcmp(name, value) == 0;
		free(name);
	}
	return found;
}

/* are_names - are all words of the value? */
static bool are_names(const char *names, const char *value)
{
	bool fine = true;
	char *word;

	while (fine && (word = words_next(&value, WORDS_SEPARATORS)) != NULL) {
		fine = is_name(names, word, false);
		free(word);
	}
	return fine;
}

/* take - the number that is compared with the bounds; false: the value is not
 * of its kind */
static bool take(const struct parameter *parameter, const char *value,
		 long *number)
{
	const char *end;

	*number = 0;
	switch (parameter->kind) {
	case KIND_BOOL:
		return strcasecmp(value, "yes") == 0 ||
		       strcasecmp(value, "no") == 0;
	case KIND_NAME:
		return is_name(parameter->names, value, true);
	case KIND_NAMES:
		return are_names(parameter->names, value);
	case KIND_TIME:
		return take_seconds(value, number);
	case KIND_TEXT:
		*number = (long)strlen(value);
		return true;
	default:
		end = take_number(value,
				  parameter->kind == KIND_LONG ? LONG_MAX
							       : INT_MAX,
				  number);
		return end != NULL && *end == '\0';
	}
}

/* is_fine - does smtpd(8) accept the value? */
static bool is_fine(const struct parameter *parameter, const char *value)
{
	long number;

	return take(parameter, value, &number) && number >= parameter->least &&
	       number <= parameter->greatest;
}

/* version_of - of the Postfix; 0: unknown, as main.cf sets another one */
static unsigned version_of(const struct smtpd_port *port)
{
	if (postfix_values_get(&port->postfix->main, "mail_version") != NULL)
		return 0;
	return postfix_version(
		postfix_values_get(&port->postfix->effective, "mail_version"));
}

/* is_needed - does smtpd(8) look at it, with these other settings? */
static enum smtpd_answer is_needed(const struct smtpd_port *port,
				   const struct parameter *parameter)
{
	bool needed = true;

	if (parameter->when == WHEN_TLS)
		return port->starts_tls;
	if (parameter->when == WHEN_LATER)
		return SMTPD_MAY;
	if (parameter->when == WHEN_LEVEL)
		needed = !port->wraps &&
			 *smtpd_parameter_get(port, parameter->name) != '\0';
	if (parameter->when == WHEN_AUTH)
		needed = postfix_get_bool(port->postfix, port->service,
					  "smtpd_sasl_auth_enable");
	return needed ? SMTPD_YES : SMTPD_NO;
}

/* is_read - does smtpd(8) of that version look at the parameter, and mind? */
static enum smtpd_answer is_read(const struct smtpd_port *port,
				 const struct parameter *parameter)
{
	static const enum smtpd_answer answers[] = {
		[POSTFIX_HAS_NOT] = SMTPD_NO,
		[POSTFIX_HAS] = SMTPD_YES,
		[POSTFIX_MAY_HAVE] = SMTPD_MAY,
	};
	unsigned version = version_of(port);
	enum smtpd_answer read = is_needed(port, parameter);
	enum smtpd_answer has = SMTPD_YES;

	if (parameter->since != NULL)
		has = answers[postfix_is_since(version, parameter->since)];
	if (parameter->until != NULL)
		has = postfix_is_since(version, parameter->until) == POSTFIX_HAS
			      ? SMTPD_NO
			      : SMTPD_MAY;
	return has < read ? has : read;
}

/* as_written - the value of a parameter; NULL: its default */
static const char *as_written(const struct smtpd_port *port, const char *name)
{
	const char *own = postfix_values_get(&port->service->overrides, name);

	return own != NULL ? own
			   : postfix_values_get(&port->postfix->main, name);
}

/* of_process - does a value refer to what only a process knows of itself, and
 * postconf(1) takes for empty? YES: plainly, so it is not empty; MAY: it does,
 * and is not known. */
static enum smtpd_answer of_process(const char *written)
{
	static const char *const names[] = { "service_name", "process_name",
					     "process_id" };
	enum smtpd_answer answer = SMTPD_NO;
	const char *at;
	size_t i;

	if (written == NULL || strchr(written, '$') == NULL)
		return SMTPD_NO;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		at = strstr(written, names[i]);
		if (at == NULL)
			continue;
		at += strlen(names[i]);
		answer = *at == '?' || *at == ':' ? SMTPD_MAY : SMTPD_YES;
	}
	return answer;
}

/* ends - is smtpd(8) known to end at that parameter? */
static enum smtpd_answer ends(const struct smtpd_port *port,
			      const struct parameter *parameter,
			      const char *value)
{
	enum smtpd_answer read, own;

	if (is_fine(parameter, value))
		return SMTPD_NO;
	read = is_read(port, parameter);
	own = of_process(as_written(port, parameter->name));
	if (own == SMTPD_YES && parameter->kind == KIND_TEXT)
		return SMTPD_NO;
	return own != SMTPD_NO && read == SMTPD_YES ? SMTPD_MAY : read;
}

/* first_row - of a parameter, or of the one after it */
static size_t first_row(const char *name)
{
	size_t low = 0, high = ROWS;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(rows[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* smtpd_parameter_check - the first one that ends it, or else that may. There
 * are more parameters than rows, and each is looked up once. */
const char *smtpd_parameter_check(const struct smtpd_port *port,
				  enum smtpd_answer *works)
{
	const struct postfix_values *all = &port->postfix->effective;
	const char *found = NULL;
	size_t at, i;

	*works = SMTPD_YES;
	for (at = 0; at < all->count; at++) {
		const char *name = all->list[at].name, *value = NULL;

		for (i = first_row(name);
		     i < ROWS && strcmp(rows[i].name, name) == 0; i++) {
			enum smtpd_answer known;

			if (value == NULL)
				value = postfix_get_own(port->service, name);
			if (value == NULL)
				value = all->list[at].value;
			known = ends(port, &rows[i], value);
			if (known == SMTPD_YES) {
				*works = SMTPD_NO;
				return rows[i].name;
			}
			if (known == SMTPD_MAY && found == NULL) {
				*works = SMTPD_MAY;
				found = rows[i].name;
			}
		}
	}
	return found;
}

/* bounds - in words, with the unit of the number */
static char *bounds(const struct parameter *parameter, const char *unit)
{
	long greatest =
		parameter->kind != KIND_LONG && parameter->greatest > INT_MAX
			? INT_MAX
			: parameter->greatest;

	if (parameter->least == ANY)
		return xasprintf("of at most %ld%s", greatest, unit);
	if (parameter->greatest == MOST)
		return xasprintf("of at least %ld%s", parameter->least, unit);
	return xasprintf("from %ld%s to %ld%s", parameter->least, unit,
			 greatest, unit);
}

/* wants - which values it may have, in words */
static char *wants(const struct parameter *parameter)
{
	bool is_time = parameter->kind == KIND_TIME;
	char *limits, *text;

	if (parameter->kind == KIND_BOOL)
		return xstrdup("yes or no");
	if (parameter->names != NULL)
		return xasprintf("%s: %s",
				 parameter->kind == KIND_NAME ? "one of these"
							      : "some of these",
				 parameter->names);
	if (parameter->kind == KIND_TEXT && parameter->greatest == MOST)
		return xstrdup("a value, not an empty one");
	if (parameter->kind == KIND_TEXT)
		return xasprintf("%ld characters", parameter->least);
	limits = bounds(parameter, is_time ? "s" : "");
	text = xasprintf("a %s %s", is_time ? "time" : "number", limits);
	free(limits);
	return text;
}

/* smtpd_parameter_try - what it may have in place of that value. One that
 * changed with a version has two rows. */
char *smtpd_parameter_try(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0 &&
		    !is_fine(&rows[i], value))
			return wants(&rows[i]);
	return NULL;
}

/* find_set - the row of a parameter that has names, or NULL */
static const struct parameter *find_set(const char *name)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].names != NULL && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* similar_name - the one that is like the word, or NULL */
static char *similar_name(const char *names, const char *word)
{
	char *all[NAMES_MAX], *best;
	struct similar similar;
	size_t count = 0, i;

	similar_init(&similar, word);
	while (count < NAMES_MAX &&
	       (all[count] = words_next(&names, " ")) != NULL)
		similar_try(&similar, all[count++]);
	best = similar.best != NULL ? xstrdup(similar.best) : NULL;
	for (i = 0; i < count; i++)
		free(all[i]);
	return best;
}

/* smtpd_parameter_meant - of the first word that is no name */
char *smtpd_parameter_meant(const char *name, const char *value, char **word)
{
	const struct parameter *parameter = find_set(name);
	char *meant = NULL;

	*word = NULL;
	if (parameter == NULL)
		return NULL;
	while ((*word = words_next(&value, WORDS_SEPARATORS)) != NULL &&
	       is_name(parameter->names, *word, parameter->kind == KIND_NAME))
		free(*word);
	if (*word != NULL)
		meant = similar_name(parameter->names, *word);
	if (meant == NULL) {
		free(*word);
		*word = NULL;
	}
	return meant;
}

/* smtpd_parameter_wants - likewise, in place of the value of a port */
char *smtpd_parameter_wants(const struct smtpd_port *port, const char *name)
{
	const char *value = smtpd_parameter_get(port, name);

	return value != NULL ? smtpd_parameter_try(name, value) : NULL;
}
