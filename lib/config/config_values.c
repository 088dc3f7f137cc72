/* SPDX-License-Identifier: ISC */
/* config_values - numbers, times, modes, users: strict parsers
 *
 * libconfuse accepts "" as 0, 010 as 8 and -1 as a port, so it never parses
 * numbers: values arrive here as text. */

#include "lib/config/config_values.h"

#include <errno.h>
#include <inttypes.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/number.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_messages.h"

/* config_value_number - a decimal number from min to max */
int config_value_number(const char *text, unsigned long min, unsigned long max,
			unsigned long *number, struct error *error)
{
	char shown[CONFIG_SHOWN];
	uint64_t value;

	if (number_parse(text, UINT64_MAX, &value) < 0) {
		if (strspn(text, "0123456789") == strlen(text) &&
		    text[0] == '0' && text[1] != '\0')
			return error_set(error,
					 "%s begins with 0; write the "
					 "decimal number without it",
					 config_show(shown, text));
		return error_set(error,
				 "%s is not a decimal number; allowed "
				 "are %lu to %lu",
				 config_show(shown, text), min, max);
	}
	if (value < min || value > max)
		return error_set(error,
				 "%" PRIu64 " is out of range; allowed are "
				 "%lu to %lu",
				 value, min, max);
	*number = (unsigned long)value;
	return 0;
}

/* unit_seconds - the seconds in a unit; 0: no such unit */
static unsigned long unit_seconds(const char *unit)
{
	if (strlen(unit) > 1)
		return 0;
	switch (unit[0]) {
	case '\0':
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	default:
		return 0;
	}
}

/* config_value_time - a number and a unit */
int config_value_time(const char *text, unsigned long min, unsigned long max,
		      unsigned *ms, struct error *error)
{
	char shown[CONFIG_SHOWN];
	char digits[24];
	size_t length = strspn(text, "0123456789");
	unsigned long unit = unit_seconds(text + length);
	uint64_t number;

	if (length == 0 || length >= sizeof(digits) || unit == 0)
		return error_set(error,
				 "%s is not a time; write a number and "
				 "s, m, h or d (seconds if none), as 30s",
				 config_show(shown, text));
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (number_parse(digits, UINT64_MAX, &number) < 0)
		return error_set(error,
				 "%s is not a time; the number is too "
				 "large, or begins with 0",
				 config_show(shown, text));
	if (number > max / unit || number * unit < min)
		return error_set(error,
				 "%s is out of range; allowed are %lus "
				 "to %lus",
				 config_show(shown, text), min, max);
	*ms = (unsigned)(number * unit * 1000);
	return 0;
}

/* config_value_milliseconds - a number and a unit, for short times */
int config_value_milliseconds(const char *text, unsigned long min,
			      unsigned long max, unsigned *ms,
			      struct error *error)
{
	size_t digits = strspn(text, "0123456789");
	char shown[CONFIG_SHOWN];
	char *number;
	uint64_t value;
	int result;

	if (strcmp(text + digits, "ms") != 0) {
		result = config_value_time(text, 0, max / 1000, ms, error);
		if (result < 0)
			return -1;
		value = *ms;
	} else {
		number = xstrndup(text, digits);
		result = number_parse(number, UINT32_MAX, &value);
		free(number);
		if (result < 0)
			return error_set(error,
					 "%s is not a time; write a number "
					 "and ms or s, as 200ms",
					 config_show(shown, text));
	}
	if (value < min || value > max)
		return error_set(error,
				 "%s is out of range; allowed are %lums to "
				 "%lums",
				 config_show(shown, text), min, max);
	*ms = (unsigned)value;
	return 0;
}

/* config_value_bool - yes or no */
int config_value_bool(const char *text, bool *value, struct error *error)
{
	static const char *const words[] = { "no",   "yes", "false",
					     "true", "off", "on" };
	char shown[CONFIG_SHOWN];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*value = i % 2 == 1;
			return 0;
		}
	}
	return error_set(error, "%s is neither yes nor no",
			 config_show(shown, text));
}

/* config_value_mode - permissions as for chmod(1) */
int config_value_mode(const char *text, mode_t *mode, struct error *error)
{
	const char *digits =
		strlen(text) == 4 && text[0] == '0' ? text + 1 : text;
	char shown[CONFIG_SHOWN];
	size_t i;

	if (strlen(digits) != 3 || strspn(digits, "01234567") != 3)
		return error_set(error,
				 "%s is not an octal mode; write it as "
				 "\"0660\"",
				 config_show(shown, text));
	*mode = 0;
	for (i = 0; i < 3; i++)
		*mode = *mode * 8 + (mode_t)(digits[i] - '0');
	return 0;
}

/* lookup_error - an addition to the message about a user or group that was not
 * found */
static const char *lookup_error(void)
{
	if (errno == 0 || errno == ENOENT || errno == ESRCH)
		return "";
	return " (the user database cannot be read)";
}

/* config_value_user - a user that exists */
int config_value_user(const char *text, uid_t *uid, char **name,
		      struct error *error)
{
	char shown[CONFIG_SHOWN];
	const struct passwd *entry;
	uint64_t number;

	errno = 0;
	if (number_parse(text, UINT_MAX - 1, &number) == 0)
		entry = getpwuid((uid_t)number);
	else
		entry = getpwnam(text);
	if (entry == NULL)
		return error_set(error,
				 "user %s does not exist%s; getent passwd "
				 "lists all users",
				 config_show(shown, text), lookup_error());
	*uid = entry->pw_uid;
	if (name != NULL)
		*name = xstrdup(entry->pw_name);
	return 0;
}

/* config_value_group - a group that exists */
int config_value_group(const char *text, gid_t *gid, char **name,
		       struct error *error)
{
	char shown[CONFIG_SHOWN];
	const struct group *entry;
	uint64_t number;

	errno = 0;
	if (number_parse(text, UINT_MAX - 1, &number) == 0)
		entry = getgrgid((gid_t)number);
	else
		entry = getgrnam(text);
	if (entry == NULL)
		return error_set(error,
				 "group %s does not exist%s; getent group "
				 "lists all groups",
				 config_show(shown, text), lookup_error());
	*gid = entry->gr_gid;
	if (name != NULL)
		*name = xstrdup(entry->gr_name);
	return 0;
}

/* config_value_literal - a text that is not expanded */
char *config_value_literal(const char *value)
{
	char *text = xmalloc(2 * strlen(value) + 1);
	char *end = text;

	for (; *value != '\0'; value++) {
		if (*value == '$')
			*end++ = '$';
		*end++ = *value;
	}
	*end = '\0';
	return text;
}
