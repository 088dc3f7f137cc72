/* SPDX-License-Identifier: ISC */
/* config_doubt - warn of values that are accepted, but can hardly be meant
 *
 * All of these are valid in main.cf, too, where Postfix ignores them silently:
 * they only never match. */

#include "lib/config/config_internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/address/resolve.h"
#include "lib/config/config_origin.h"
#include "lib/decision/evaluate.h"
#include "lib/decision/facts.h"

#define SEPARATORS ", \t\r\n"

/* The configuration that is being checked. */
struct doubt {
	const struct config *config;
	struct config_notes *notes;
	enum parameter parameter; /* the list of domains at hand */
	const struct domain_list *domains;
};

/* find_comment - a word of a value that begins with "#", or NULL. In braces it
 * may be part of a pattern. */
static const char *find_comment(const char *value)
{
	const char *sign = value;

	if (strchr(value, '{') != NULL)
		return NULL;
	while ((sign = strchr(sign, '#')) != NULL) {
		if (sign == value || strchr(SEPARATORS, sign[-1]) != NULL)
			return sign;
		sign++;
	}
	return NULL;
}

/* check_comments - of an option at top level: a "#" in a value */
static void check_comments(const struct doubt *doubt, enum config_option option)
{
	const struct setting *from =
		settings_top(doubt->config->settings, option);
	char shown[CONFIG_SHOWN];
	size_t i;

	for (i = 0; i < from->count; i++) {
		const char *comment = find_comment(from->values[i]);

		if (comment == NULL)
			continue;
		config_warning(
			doubt->notes, from->lines[i],
			"%s: %s is part of the value, and no comment: "
			"a comment needs %s%s%s",
			config_option_name(option), config_show(shown, comment),
			from->source != NULL ? "a line of its own"
					     : "to follow the closing quote",
			from->source != NULL ? "; so it is in " : "",
			from->source != NULL ? from->source : "");
	}
}

/* is_idle - does a pattern that begins with a dot match nothing below it? */
static bool is_idle(const struct doubt *doubt, const char *pattern)
{
	char below[300];
	int length = snprintf(below, sizeof(below), "x%s", pattern);

	return length > 0 && (size_t)length < sizeof(below) &&
	       domain_list_match(doubt->domains, below, NULL) == 0;
}

/* why_never - why no domain matches a pattern; NULL: one may */
static const char *why_never(const struct doubt *doubt, const char *pattern)
{
	bool relay = doubt->parameter == PARAMETER_RELAY_DOMAINS;

	if (strchr(pattern, '@') != NULL)
		return "domains are listed here, not addresses";
	if (strchr(pattern, '*') != NULL)
		return relay ? "there are no wildcards; example.com contains "
			       "its subdomains"
			     : "there are no wildcards; name each domain, or "
			       "use a table such as pcre:/file";
	if (strchr(pattern, ';') != NULL)
		return "write commas between entries";
	if (*pattern == '.' && is_idle(doubt, pattern))
		return relay ? "leave out the dot: example.com contains its "
			       "subdomains"
			     : "this list has no subdomains; name each domain";
	if (strpbrk(pattern, "#?()<>|\"'\\") != NULL)
		return "no domain has such a name";
	return NULL;
}

/* check_entry - an entry of a list, or of a file in it */
static int check_entry(void *context, const char *pattern,
		       const struct domain_list_match *match)
{
	const struct doubt *doubt = context;
	const char *name = parameter_name(doubt->parameter);
	const char *why = why_never(doubt, pattern);
	char origin[CONFIG_ORIGIN_MAX], shown[CONFIG_SHOWN];

	if (why == NULL)
		return 0;
	config_origin(doubt->config, name, match, pattern, origin);
	config_warning(
		doubt->notes,
		settings_parameter(doubt->config->settings, doubt->parameter)
			->line,
		"%s: %s (%s) can never match: %s", name,
		config_show(shown, pattern), origin, why);
	return 0;
}

/* check_lists - the four lists of our domains */
static void check_lists(struct doubt *doubt)
{
	const struct resolver_list *lists =
		resolver_lists(doubt->config->resolver);
	size_t i;

	for (i = 0; i < RESOLVER_LISTS; i++) {
		doubt->parameter = lists[i].parameter;
		doubt->domains = lists[i].domains;
		domain_list_each(doubt->domains, check_entry, doubt);
	}
}

/* is_used - has some service a restriction with this option as its argument? */
static bool is_used(const struct doubt *doubt, const char *option)
{
	const struct service_list *services = &doubt->config->services;
	size_t i, k;

	for (i = 0; i < services->count; i++) {
		const struct restriction_list *list =
			&services->services[i].restrictions;

		for (k = 0; k < list->count; k++) {
			const char *parameter =
				list->uses[k].restriction->parameter;

			if (parameter != NULL && strcmp(parameter, option) == 0)
				return true;
		}
	}
	return false;
}

/* check_used - an option that is only the argument of restrictions */
static void check_used(const struct doubt *doubt, enum config_option option,
		       const char *users)
{
	const struct setting *from =
		settings_top(doubt->config->settings, option);
	const char *name = config_option_name(option);

	if (from->line == 0 || from->source != NULL ||
	    *setting_text(from) == '\0' || is_used(doubt, name))
		return;
	config_warning(doubt->notes, from->line,
		       "%s: no list of restrictions uses it; only %s would",
		       name, users);
}

/* is_login_check - is it refused that a user sends as another? */
static bool is_login_check(const struct restriction *restriction)
{
	return restriction->parameter != NULL &&
	       strcmp(restriction->parameter, "sender_login_maps") == 0 &&
	       strstr(restriction->name, "_unauthenticated_") == NULL;
}

/* permits - does a restriction permit whatever a user sends? */
static bool permits(const struct restriction_use *use)
{
	return config_verdict(use, CONFIG_ENCRYPTED | CONFIG_LOGIN) ==
	       VERDICT_PERMIT;
}

/* The words that permit only some of what users send. */
static const struct {
	const char *name, *what;
} partial[] = {
	{ "permit_mynetworks", "what clients in mynetworks send" },
	{ "permit_auth_destination", "mail to our domains" },
};

/* what_permits - what a restriction permits of what users send; NULL: nothing
 */
static const char *what_permits(const struct restriction_use *use)
{
	size_t i;

	if (permits(use))
		return "what users send";
	for (i = 0; i < sizeof(partial) / sizeof(partial[0]); i++)
		if (strcmp(use->restriction->name, partial[i].name) == 0)
			return partial[i].what;
	return NULL;
}

/* check_order - a login check after what permits the users already */
static void check_order(const struct doubt *doubt,
			const struct service *service)
{
	const struct restriction_list *list = &service->restrictions;
	const struct restriction_use *earlier = NULL;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct restriction_use *use = &list->uses[i];

		if (is_login_check(use->restriction)) {
			if (earlier != NULL)
				config_warning(
					doubt->notes, use->line,
					"restrictions: %s comes too late: %s "
					"permits %s before it is tried; write "
					"it ahead of that",
					use->restriction->name,
					earlier->restriction->name,
					what_permits(earlier));
			return;
		}
		if (what_permits(use) != NULL &&
		    (earlier == NULL || permits(use)))
			earlier = use;
	}
}

/* config_doubt - all of these */
void config_doubt(const struct config *config, struct config_notes *notes)
{
	struct doubt doubt = { .config = config, .notes = notes };
	size_t i;
	int option;

	for (option = OPTION_PARAMETER; option < OPTION_QUESTION; option++)
		check_comments(&doubt, (enum config_option)option);
	check_comments(&doubt, OPTION_MYNETWORKS);
	check_comments(&doubt, OPTION_RELAY_CLIENTCERTS);
	check_comments(&doubt, OPTION_SENDER_LOGIN_MAPS);
	check_lists(&doubt);
	check_used(&doubt, OPTION_MYNETWORKS, "permit_mynetworks");
	check_used(&doubt, OPTION_RELAY_CLIENTCERTS, "permit_tls_clientcerts");
	check_used(&doubt, OPTION_SENDER_LOGIN_MAPS,
		   "reject_sender_login_mismatch and its relatives");
	for (i = 0; i < config->services.count; i++)
		check_order(&doubt, &config->services.services[i]);
}
