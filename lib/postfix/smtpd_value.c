/* SPDX-License-Identifier: ISC */
/* smtpd_value - texts with which smtpd(8) does not start
 *
 * Some parameters take words of a set, and end smtpd(8) at any other one. Its
 * tables must be written TYPE:NAME; whether there is such a table is seen
 * later. And it reads each check_policy_service of its lists and classes, also
 * of those that no message comes to. */

#include "lib/postfix/smtpd_value.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/number.h"
#include "lib/base/similar.h"
#include "lib/base/xalloc.h"

struct row {
	const char *name;
	const char *const *words; /* NULL: tables */
	bool any_case;
	const char *only; /* if that is "yes", or if_tls; NULL: always */
};

/* For struct row: read if a client can get TLS. */
static const char if_tls[] = "TLS";

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define TABLES	   NULL, false, NULL

/* smtpd_tls_security_level is in smtpd_port.c, which has to read it. */
static const struct row rows[] = {
	{ "notify_classes",
	  WORDS("bounce", "2bounce", "data", "delay", "policy", "protocol",
		"resource", "software"),
	  false, NULL },
	{ "receive_override_options",
	  WORDS("no_unknown_recipient_checks", "no_address_mappings",
		"no_header_body_checks", "no_milters"),
	  false, NULL },
	{ "smtputf8_autodetect_classes",
	  WORDS("all", "bounce", "forward", "notify", "qmqpd", "sendmail",
		"smtpd", "verify"),
	  false, NULL },
	{ "inet_protocols", WORDS("all", "ipv4", "ipv6"), false, NULL },
	{ "smtpd_sasl_type", WORDS("cyrus", "dovecot"), false,
	  "smtpd_sasl_auth_enable" },
	{ "smtpd_upstream_proxy_protocol", WORDS("haproxy"), false, NULL },
	{ "unknown_address_tempfail_action", WORDS("defer", "defer_if_permit"),
	  true, NULL },
	{ "unknown_helo_hostname_tempfail_action",
	  WORDS("defer", "defer_if_permit"), true, NULL },
	{ "unverified_recipient_tempfail_action",
	  WORDS("defer", "defer_if_permit"), true, NULL },
	{ "unverified_sender_tempfail_action",
	  WORDS("defer", "defer_if_permit"), true, NULL },
	{ "canonical_maps", TABLES },
	{ "local_recipient_maps", TABLES },
	{ "rbl_reply_maps", TABLES },
	{ "recipient_canonical_maps", TABLES },
	{ "relay_clientcerts", TABLES },
	{ "relay_recipient_maps", TABLES },
	{ "sender_canonical_maps", TABLES },
	{ "smtpd_command_filter", TABLES },
	{ "smtpd_discard_ehlo_keyword_address_maps", TABLES },
	{ "smtpd_dns_reply_filter", TABLES },
	{ "smtpd_milter_maps", TABLES },
	{ "smtpd_reject_footer_maps", TABLES },
	{ "smtpd_sender_login_maps", TABLES },
	{ "tls_server_sni_maps", NULL, false, if_tls },
	{ "virtual_alias_maps", TABLES },
	{ "virtual_mailbox_maps", TABLES },
};

/* The attributes of check_policy_service { SERVER, NAME=VALUE ... }. */
static const struct {
	const char *name;
	enum { TEXT, NUMBER, TIME } kind;
	long least;
} attributes[] = {
	{ "default_action", TEXT, 0 },	{ "max_idle", TIME, 0 },
	{ "max_ttl", TIME, 0 },		{ "policy_context", TEXT, 0 },
	{ "request_limit", NUMBER, 0 }, { "retry_delay", TIME, 0 },
	{ "timeout", TIME, 0 },		{ "try_limit", NUMBER, 1 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* get - a parameter of the port */
static const char *get(const struct smtpd_port *port, const char *name)
{
	return postfix_get(port->postfix, port->service, name);
}

/* is_listed - is a word of the set? */
static bool is_listed(const struct row *row, const char *word)
{
	size_t i;

	for (i = 0; row->words[i] != NULL; i++)
		if ((row->any_case ? strcasecmp : strcmp)(row->words[i],
							  word) == 0)
			return true;
	return false;
}

/* all_words - the set, in a text; the caller frees it */
static char *all_words(const struct row *row)
{
	char *text = xstrdup(""), *longer;
	size_t i;

	for (i = 0; row->words[i] != NULL; i++) {
		longer = xasprintf("%s%s%s", text, i > 0 ? " " : "",
				   row->words[i]);
		free(text);
		text = longer;
	}
	return text;
}

/* not_listed - a word that is not of the set */
static void not_listed(struct smtpd_value_fault *fault, const struct row *row)
{
	char *all = all_words(row);
	struct similar similar;
	size_t i;

	similar_init(&similar, fault->word);
	for (i = 0; row->words[i] != NULL; i++)
		similar_try(&similar, row->words[i]);
	fault->meant = similar.best;
	fault->what = xasprintf("is not one of: %s", all);
	fault->advice = xasprintf("write one or more of: %s", all);
	free(all);
}

/* is_table - "TYPE:NAME", both not empty */
static bool is_table(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon != NULL && colon != word && colon[1] != '\0';
}

/* not_table - a word that is no table. Most often the type was forgotten. */
static void not_table(struct smtpd_value_fault *fault)
{
	fault->what = xstrdup("is not written TYPE:NAME, as a table is");
	fault->advice = *fault->word == '/'
				? xasprintf("write its type before it, as in "
					    "hash:%s",
					    fault->word)
				: xstrdup("write TYPE:NAME");
}

/* is_read - does smtpd(8) look at the parameter? */
static bool is_read(const struct smtpd_port *port, const struct row *row)
{
	if (row->only == if_tls)
		return port->tls == SMTPD_YES;
	return row->only == NULL ||
	       postfix_get_bool(port->postfix, port->service, row->only);
}

/* find_in_row - the first fault of one parameter */
static bool find_in_row(const struct smtpd_port *port, const struct row *row,
			struct smtpd_value_fault *fault)
{
	const char *rest = get(port, row->name);
	bool right = true;
	char *word = NULL;

	if (!is_read(port, row))
		return false;
	while (right && (word = postfix_next_word(&rest)) != NULL) {
		right = row->words != NULL ? is_listed(row, word)
					   : is_table(word);
		if (right)
			free(word);
	}
	if (right)
		return false;
	*fault = (struct smtpd_value_fault){ .parameter = row->name,
					     .word = word };
	if (row->words != NULL)
		not_listed(fault, row);
	else
		not_table(fault);
	return true;
}

/* is_server - "inet:...", "unix:..." or "local:...", in this case */
static bool is_server(const char *word)
{
	static const char *const transports[] = { "inet:", "unix:", "local:" };
	size_t i;

	for (i = 0; i < COUNT(transports); i++) {
		size_t length = strlen(transports[i]);

		if (strncmp(word, transports[i], length) == 0)
			return word[length] != '\0';
	}
	return false;
}

/* take_number - of digits; -1: it is none */
static long take_number(const char *text)
{
	uint64_t number;

	return number_parse(text, INT_MAX, &number) == 0 ? (long)number : -1;
}

/* value_fault - what is wrong with the value of an attribute */
static const char *value_fault(size_t attribute, const char *text)
{
	char *value = xstrndup(text, strcspn(text, " \t}"));
	long number = 0;

	if (attributes[attribute].kind == TIME)
		number = postfix_seconds(value, 's');
	else if (attributes[attribute].kind == NUMBER)
		number = take_number(value);
	free(value);
	if (number >= attributes[attribute].least)
		return NULL;
	return attributes[attribute].kind == TIME
		       ? "is no time: a number, and s, m, h, d or w"
		       : "is no number, or is too small";
}

/* attribute_fault - what is wrong with "NAME=VALUE", which may be in braces;
 * NULL: nothing */
static const char *attribute_fault(const char *word, const char **meant)
{
	const char *name = word + strspn(word, "{ \t");
	size_t length = strcspn(name, "= \t}"), i;
	const char *end = name + length + strspn(name + length, " \t");
	struct similar similar;
	char *copy;

	if (*end != '=')
		return "has no \"=\" behind it; white space around that is "
		       "for braces only: { NAME = VALUE }";
	end++;
	for (i = 0; i < COUNT(attributes); i++)
		if (strlen(attributes[i].name) == length &&
		    strncmp(attributes[i].name, name, length) == 0)
			return value_fault(i, end + strspn(end, " \t"));
	copy = xstrndup(name, length);
	similar_init(&similar, copy);
	for (i = 0; i < COUNT(attributes); i++)
		similar_try(&similar, attributes[i].name);
	*meant = similar.best;
	free(copy);
	return "is no attribute of check_policy_service";
}

/* word_fault - of one word in the braces of check_policy_service */
static const char *word_fault(const char *word, bool first, const char **meant)
{
	if (!first)
		return attribute_fault(word, meant);
	return is_server(word) ? NULL
			       : "is no policy server: inet:HOST:PORT, or "
				 "unix:PATH";
}

/* policy_fault - in the argument of check_policy_service: the word, and what is
 * wrong with it */
static bool policy_fault(const char *argument, struct smtpd_value_fault *fault)
{
	const bool braced = *argument == '{';
	char *inner = xstrdup(argument + braced);
	const char *rest = inner, *what = NULL;
	bool first = true;
	char *word;

	if (braced && *inner != '\0' && inner[strlen(inner) - 1] == '}')
		inner[strlen(inner) - 1] = '\0';
	word = braced ? postfix_next_word(&rest) : xstrdup(argument);
	if (word == NULL) {
		word = xstrdup(argument);
		what = "names no policy server";
	}
	while (word != NULL && what == NULL) {
		what = word_fault(word, first, &fault->meant);
		first = false;
		if (what == NULL) {
			free(word);
			word = braced ? postfix_next_word(&rest) : NULL;
		}
	}
	free(inner);
	if (what == NULL)
		return false;
	fault->word = word;
	fault->what = xstrdup(what);
	fault->advice = xstrdup("check_policy_service { unix:PATH, NAME=VALUE, "
				"... }");
	return true;
}

/* find_in_list - the first fault of a list; parameter: where it is, or NULL: as
 * its words say */
static bool find_in_list(const struct smtpd_restrictions *list,
			 const char *parameter, struct smtpd_value_fault *fault)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct postfix_restriction *item = &list->items[i];

		if (strcasecmp(item->word, "check_policy_service") != 0 ||
		    item->argument == NULL ||
		    !policy_fault(item->argument, fault))
			continue;
		fault->parameter =
			parameter != NULL ? parameter : item->parameter;
		return true;
	}
	return false;
}

/* find_in_text - the first fault of a list that is not one of the port */
static bool find_in_text(const char *text, const char *parameter,
			 struct smtpd_value_fault *fault)
{
	struct smtpd_restrictions list = { 0 };
	bool found;

	smtpd_restrictions_parse(&list, text, parameter);
	found = find_in_list(&list, parameter, fault);
	smtpd_restrictions_clear(&list);
	return found;
}

/* find_in_classes - the first fault of a class, whether it is used or not */
static bool find_in_classes(const struct smtpd_port *port,
			    struct smtpd_value_fault *fault)
{
	static const char parameter[] = "smtpd_restriction_classes";
	const char *rest = get(port, parameter);
	bool found = false;
	char *name;

	while (!found && (name = postfix_next_word(&rest)) != NULL) {
		found = find_in_text(get(port, name), parameter, fault);
		free(name);
	}
	return found;
}

/* smtpd_value_find - the first fault of a port */
bool smtpd_value_find(const struct smtpd_port *port,
		      struct smtpd_value_fault *fault)
{
	static const char etrn[] = "smtpd_etrn_restrictions";
	size_t i;

	*fault = (struct smtpd_value_fault){ 0 };
	for (i = 0; i < COUNT(rows); i++)
		if (find_in_row(port, &rows[i], fault))
			return true;
	for (i = 0; i < SMTPD_LISTS; i++)
		if (find_in_list(&port->lists[i], NULL, fault))
			return true;
	return find_in_text(get(port, etrn), etrn, fault) ||
	       find_in_classes(port, fault);
}

/* smtpd_value_clear - free what the struct holds */
void smtpd_value_clear(struct smtpd_value_fault *fault)
{
	free(fault->word);
	free(fault->what);
	free(fault->advice);
	*fault = (struct smtpd_value_fault){ 0 };
}
