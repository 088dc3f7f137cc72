/* SPDX-License-Identifier: ISC */
/* smtpd_value - values that are wrong for a reason that is not in them
 *
 * The user or directory is not on this host, or another parameter does not
 * allow it. Where Postfix looks at more than is looked at here, smtpd(8) may
 * end. */

#include "lib/postfix/smtpd_value.h"

#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/words.h"
#include "lib/postfix/smtpd_parameter.h"

/* is_logged - does the log file begin with one of the prefixes? */
static bool is_logged(const struct smtpd_port *port, const char *value)
{
	const char *rest = smtpd_parameter_get(port, "maillog_file_prefixes");
	bool found = *value == '\0' || rest == NULL;
	char *prefix;

	while (!found &&
	       (prefix = words_next(&rest, WORDS_SEPARATORS)) != NULL) {
		found = strncmp(value, prefix, strlen(prefix)) == 0;
		free(prefix);
	}
	return found;
}

/* is_delimiters - are both of them allowed? */
static bool is_delimiters(const struct smtpd_port *port, const char *value)
{
	const char *allowed =
		smtpd_parameter_get(port, "verp_delimiter_filter");

	return allowed == NULL || strspn(value, allowed) == strlen(value);
}

/* is_host - plainly a host name: Postfix has more rules for odd ones */
static bool is_host(const struct smtpd_port *port, const char *value)
{
	bool letter = false;
	const char *at;

	(void)port;
	for (at = value; *at != '\0'; at++) {
		bool edge = at == value || at[-1] == '.' || at[1] == '.' ||
			    at[1] == '\0';

		if (edge ? !isalnum((unsigned char)*at)
			 : strchr("-_.", *at) == NULL &&
				    !isalnum((unsigned char)*at))
			return false;
		letter |= isalpha((unsigned char)*at) != 0;
	}
	return letter && at - value <= 63;
}

/* is_user - one without privileges */
static bool is_user(const struct smtpd_port *port, const char *value)
{
	const struct passwd *user = getpwnam(value);

	(void)port;
	return user != NULL && user->pw_uid != 0 && user->pw_gid != 0;
}

/* is_group - one that no user of Postfix has for itself */
static bool is_group(const struct smtpd_port *port, const char *value)
{
	static const char *const users[] = { "mail_owner", "default_privs" };
	const struct group *group = getgrnam(value);
	gid_t number = group != NULL ? group->gr_gid : 0;
	size_t i;

	for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		const char *name = smtpd_parameter_get(port, users[i]);
		const struct passwd *user =
			name != NULL ? getpwnam(name) : NULL;

		if (user != NULL && user->pw_gid == number)
			return false;
	}
	return number != 0;
}

/* is_directory - by its absolute name. One that is not there makes all of
 * Postfix fail, or these files are those of another host. */
static bool is_directory(const struct smtpd_port *port, const char *value)
{
	struct stat status;

	(void)port;
	return *value == '/' &&
	       (stat(value, &status) < 0 || S_ISDIR(status.st_mode));
}

static const struct {
	const char *name;
	bool (*is_fine)(const struct smtpd_port *port, const char *value);
	enum smtpd_answer works; /* if it is not */
	const char *wants;
} values[] = {
	{ "maillog_file", is_logged, SMTPD_NO,
	  "empty, or begin with one of maillog_file_prefixes" },
	{ "default_verp_delimiters", is_delimiters, SMTPD_NO,
	  "characters of verp_delimiter_filter" },
	{ "myhostname", is_host, SMTPD_MAY, "a host name" },
	{ "mydomain", is_host, SMTPD_MAY, "a domain" },
	{ "mail_owner", is_user, SMTPD_MAY,
	  "a user of this host, without privileges" },
	{ "default_privs", is_user, SMTPD_MAY,
	  "a user of this host, without privileges" },
	{ "setgid_group", is_group, SMTPD_MAY,
	  "a group of this host, which is not that of a user of Postfix" },
	{ "queue_directory", is_directory, SMTPD_MAY,
	  "a directory, by its absolute name" },
};

/* smtpd_value_check - the first that ends it, or else that may */
const char *smtpd_value_check(const struct smtpd_port *port,
			      enum smtpd_answer *works, const char **wants)
{
	const char *found = NULL;
	size_t i;

	*works = SMTPD_YES;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *value = smtpd_parameter_get(port, values[i].name);

		if (value == NULL || values[i].works >= *works ||
		    values[i].is_fine(port, value))
			continue;
		*works = values[i].works;
		*wants = values[i].wants;
		found = values[i].name;
	}
	return found;
}
