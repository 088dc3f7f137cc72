/* SPDX-License-Identifier: ISC */
/* smtpd_port - one port of smtpd(8): TLS, AUTH, and its lists
 *
 * As smtpd(8) makes it of main.cf and of the -o options of master.cf. Where a
 * client comes from is in smtpd_address.c, what happens to it in
 * smtpd_outcome.c. */

#include "lib/postfix/smtpd_port.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_arguments.h"
#include "lib/postfix/smtpd_list_fault.h"
#include "lib/postfix/smtpd_parameter.h"
#include "lib/postfix/smtpd_pattern.h"
#include "lib/postfix/smtpd_value.h"
#include "lib/postfix/smtpd_word.h"

static const char *const names[SMTPD_ALL_LISTS] = {
	[SMTPD_LIST_CLIENT] = "smtpd_client_restrictions",
	[SMTPD_LIST_HELO] = "smtpd_helo_restrictions",
	[SMTPD_LIST_SENDER] = "smtpd_sender_restrictions",
	[SMTPD_LIST_RELAY] = "smtpd_relay_restrictions",
	[SMTPD_LIST_RECIPIENT] = "smtpd_recipient_restrictions",
	[SMTPD_LIST_DATA] = "smtpd_data_restrictions",
	[SMTPD_LIST_END_OF_DATA] = "smtpd_end_of_data_restrictions",
	[SMTPD_LIST_ETRN] = "smtpd_etrn_restrictions",
};

/* smtpd_list_name - the parameter that holds it */
const char *smtpd_list_name(enum smtpd_list list)
{
	return names[list];
}

/* get - a parameter of the port */
static const char *get(const struct smtpd_port *port, const char *name)
{
	return postfix_get(port->postfix, port->service, name);
}

/* get_bool - likewise */
static bool get_bool(const struct smtpd_port *port, const char *name)
{
	return postfix_get_bool(port->postfix, port->service, name);
}

/* has_word - does a list of words in main.cf syntax hold one, in any case? */
static bool has_word(const char *list, const char *wanted)
{
	bool found = false;
	char *word;

	while (!found && (word = postfix_next_word(&list)) != NULL) {
		found = strcasecmp(word, wanted) == 0;
		free(word);
	}
	return found;
}

/* is_disabled - does master(8) leave the service out? A word of
 * master_service_disable is a type, or "name/type"; the first one that fits
 * counts. Postfix takes no tables there. */
static bool is_disabled(const struct postfix *postfix,
			const struct postfix_service *service)
{
	const char *rest = postfix_get(postfix, NULL, "master_service_disable");
	char *whole = xasprintf("%s/%s", service->name, service->type);
	bool found = false, disabled = false;
	char *word;

	while (!found && (word = postfix_next_word(&rest)) != NULL) {
		const char *pattern = word + strspn(word, "!");

		found = strcmp(pattern, service->type) == 0 ||
			strcmp(pattern, whole) == 0;
		if (found)
			disabled = (pattern - word) % 2 == 0;
		free(word);
	}
	free(whole);
	return disabled;
}

/* smtpd_port_is - does the service take messages from the network? smtpd(8)
 * in a pass service has its clients from postscreen(8). */
bool smtpd_port_is(const struct postfix *postfix,
		   const struct postfix_service *service)
{
	const struct postfix_service *screen;

	if (strcmp(service->program, "smtpd") != 0 ||
	    is_disabled(postfix, service))
		return false;
	if (strcmp(service->type, "pass") != 0)
		return strcmp(service->type, "inet") == 0;
	screen = postfix_screen(postfix, service);
	return screen != NULL && !is_disabled(postfix, screen);
}

/* is_alone - a service of one name and type is in master.cf once? */
static bool is_alone(const struct smtpd_port *port)
{
	const struct postfix *postfix = port->postfix;
	size_t i;

	for (i = 0; i < postfix->service_count; i++)
		if (&postfix->services[i] != port->service &&
		    strcmp(postfix->services[i].name, port->service->name) ==
			    0 &&
		    strcmp(postfix->services[i].type, port->service->type) == 0)
			return false;
	return true;
}

/* fails - a port on which nobody is served, or on which it is not known */
static void fails(struct smtpd_port *port, enum smtpd_answer works,
		  const char *why)
{
	if (works >= port->works)
		return;
	port->works = works;
	port->works_why = why;
}

/* read_arguments - are the options of the command those that are known here?
 */
static void read_arguments(struct smtpd_port *port)
{
	const struct postfix_service *service = port->service;
	const char *rest = service->command + strlen(service->program);
	enum smtpd_arguments_fault fault;
	char *word;

	fault = smtpd_arguments_fault(rest, &word);
	free(word);
	if (fault == SMTPD_ARGUMENTS_DANGLING ||
	    fault == SMTPD_ARGUMENTS_SPACED || fault == SMTPD_ARGUMENTS_LOOSE)
		fails(port, SMTPD_NO, "master.cf");
	else if (fault != SMTPD_ARGUMENTS_FINE)
		fails(port, SMTPD_MAY, "master.cf");
}

/* read_level - do clients get TLS, and must they? */
static void read_level(struct smtpd_port *port)
{
	static const char *const encrypt[] = { "encrypt", "secure", "verify",
					       "fingerprint" };
	const char *level = get(port, "smtpd_tls_security_level");
	size_t i;

	port->wraps = get_bool(port, "smtpd_tls_wrappermode");
	if (port->wraps || *level == '\0') {
		port->demands_tls =
			port->wraps || get_bool(port, "smtpd_enforce_tls");
		port->tls = port->demands_tls || get_bool(port, "smtpd_use_tls")
				    ? SMTPD_YES
				    : SMTPD_NO;
		return;
	}
	for (i = 0; i < sizeof(encrypt) / sizeof(encrypt[0]); i++)
		port->demands_tls |= strcasecmp(level, encrypt[i]) == 0;
	if (port->demands_tls || strcasecmp(level, "may") == 0)
		port->tls = SMTPD_YES;
}

/* read_certificates - without one of our own there is no TLS: "none" is meant
 * for those clients who can do without */
static void read_certificates(struct smtpd_port *port)
{
	static const char *const files[] = { "smtpd_tls_chain_files",
					     "smtpd_tls_cert_file",
					     "smtpd_tls_eccert_file",
					     "smtpd_tls_dcert_file" };
	bool demands =
		port->demands_tls && get_bool(port, "smtpd_tls_req_ccert");
	enum smtpd_answer own = SMTPD_NO;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcasecmp(get(port, files[i]), "none") == 0)
			own = own == SMTPD_NO ? SMTPD_MAY : own;
		else if (*get(port, files[i]) != '\0')
			own = SMTPD_YES;
	if (port->tls > own)
		port->tls = own;
	port->starts_tls = port->tls;
	port->demands_certificate = demands && port->tls != SMTPD_NO;
	port->asks_certificate =
		port->tls != SMTPD_NO &&
		(demands || get_bool(port, "smtpd_tls_ask_ccert"));
}

/* is_choosy - are some mechanisms left out? It is not known which others there
 * are; without any, smtpd(8) ends as soon as it could offer one. */
static bool is_choosy(const struct smtpd_port *port, bool tls)
{
	const char *rest = get(port, tls ? "smtpd_sasl_tls_security_options"
					 : "smtpd_sasl_security_options");
	const char *filter = get(port, "smtpd_sasl_mechanism_filter");
	bool found = *filter != '\0' &&
		     strcasecmp(filter, "!external, static:rest") != 0;
	char *word;

	while (!found && (word = postfix_next_word(&rest)) != NULL) {
		found = strcasecmp(word, "noanonymous") != 0;
		free(word);
	}
	return found;
}

/* smtpd_port_has_dovecot_path - is the path of Dovecot's socket given to Cyrus
 * SASL, for which it is the name of a file? Then AUTH is offered, and who can
 * log in is not known: most often nobody. */
bool smtpd_port_has_dovecot_path(const struct smtpd_port *port)
{
	return port->auth != SMTPD_NO &&
	       strcmp(get(port, "smtpd_sasl_type"), "cyrus") == 0 &&
	       strchr(get(port, "smtpd_sasl_path"), '/') != NULL;
}

/* read_auth - can a client log in? What EHLO does not announce can be done
 * all the same, but a client may not try. */
static void read_auth(struct smtpd_port *port)
{
	const char *hidden = get(port, "smtpd_discard_ehlo_keywords");
	bool some =
		*get(port, "smtpd_discard_ehlo_keyword_address_maps") != '\0';
	bool not_all = has_word(hidden, "auth") || some ||
		       *get(port, "smtpd_sasl_exceptions_networks") != '\0';

	if (get_bool(port, "smtpd_sasl_auth_enable"))
		port->auth = not_all || is_choosy(port, true) ? SMTPD_MAY
							      : SMTPD_YES;
	if (smtpd_port_has_dovecot_path(port))
		port->auth = SMTPD_MAY;
	if (!port->demands_tls && !get_bool(port, "smtpd_tls_auth_only"))
		port->plain_auth =
			port->auth != SMTPD_NO &&
					(not_all || is_choosy(port, false))
				? SMTPD_MAY
				: port->auth;
	if (port->wraps)
		return;
	if (has_word(hidden, "starttls"))
		port->tls =
			some && port->tls != SMTPD_NO ? SMTPD_MAY : SMTPD_NO;
	else if (some && port->tls == SMTPD_YES)
		port->tls = SMTPD_MAY;
}

/* smtpd_port_has_milters - are there any, and are they asked? */
bool smtpd_port_has_milters(const struct smtpd_port *port)
{
	return (*get(port, "smtpd_milters") != '\0' ||
		*get(port, "smtpd_milter_maps") != '\0') &&
	       !has_word(get(port, "receive_override_options"), "no_milters");
}

/* read_filter - who else has a word, before a message is taken? */
static void read_filter(struct smtpd_port *port)
{
	static const char *const filters[] = {
		"smtpd_proxy_filter", "smtpd_command_filter",
		"smtpd_upstream_proxy_protocol"
	};
	bool pass = strcmp(port->service->type, "pass") == 0;
	size_t i;

	for (i = sizeof(filters) / sizeof(filters[0]); i-- > 0;)
		if (*get(port, filters[i]) != '\0')
			port->filter = filters[i];
	if (smtpd_port_has_milters(port))
		port->filter = *get(port, "smtpd_milters") != '\0'
				       ? "smtpd_milters"
				       : "smtpd_milter_maps";
	if (pass)
		port->filter = "postscreen";
	if (port->filter == NULL &&
	    ((port->plain_auth != SMTPD_NO && is_choosy(port, false)) ||
	     (port->auth != SMTPD_NO && port->tls != SMTPD_NO &&
	      is_choosy(port, true))))
		port->filter = "smtpd_sasl_security_options";
	port->has_front =
		*get(port, "smtpd_upstream_proxy_protocol") != '\0' ||
		*get(port, "smtpd_authorized_xclient_hosts") != '\0' ||
		(pass &&
		 *get(port, "postscreen_upstream_proxy_protocol") != '\0');
}

/* is_required - is it a word that a relay or recipient list must have? */
static bool is_required(const char *word)
{
	const struct smtpd_word *known =
		word != NULL ? smtpd_word_find(word) : NULL;

	return known != NULL && known->is_required;
}

/* has_required - smtpd(8) looks for one such word in a list; behind "permit"
 * it does not look, but for that class only */
static bool has_required(const struct smtpd_restrictions *list)
{
	size_t i = 0;

	while (i < list->count) {
		const struct postfix_restriction *item = &list->items[i];
		const struct smtpd_word *known = smtpd_word_find(item->word);

		if (!item->warns &&
		    (is_required(item->word) || is_required(item->argument)))
			return true;
		if (!item->warns && known != NULL &&
		    known->kind == SMTPD_WORD_PERMIT)
			i = item->end;
		else
			i++;
	}
	return list->is_cut;
}

/* check_classes - smtpd(8) wants a definition of each */
static void check_classes(struct smtpd_port *port)
{
	const char *rest = get(port, "smtpd_restriction_classes");
	char *name;

	while ((name = postfix_next_word(&rest)) != NULL) {
		if (*get(port, name) == '\0')
			fails(port, SMTPD_NO, "smtpd_restriction_classes");
		free(name);
	}
}

/* check_patterns - smtpd(8) opens these lists when it starts */
static void check_patterns(struct smtpd_port *port)
{
	struct smtpd_bad_word bad;

	if (!smtpd_pattern_check(port, &bad))
		return;
	fails(port, bad.works, bad.parameter);
	smtpd_bad_word_clear(&bad);
}

/* check_parameters - smtpd(8) reads them when it starts */
static void check_parameters(struct smtpd_port *port)
{
	enum smtpd_answer works;
	const char *name = smtpd_parameter_check(port, &works), *wants;

	if (name != NULL)
		fails(port, works, name);
	name = smtpd_value_check(port, &works, &wants);
	if (name != NULL)
		fails(port, works, name);
}

/* check_lists - servers and tables in the lists of restrictions */
static void check_lists(struct smtpd_port *port)
{
	const char *parameter;
	char *fault = smtpd_list_fault(port, &parameter);

	if (fault != NULL)
		fails(port, SMTPD_NO, parameter);
	free(fault);
}

/* check_commands - a command that is answered, and does nothing */
static void check_commands(struct smtpd_port *port)
{
	static const char *const needed[] = { "auth", "data", "ehlo",	 "helo",
					      "mail", "rcpt", "starttls" };
	const char *none = get(port, "smtpd_noop_commands");
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (has_word(none, needed[i]))
			fails(port, SMTPD_MAY, "smtpd_noop_commands");
}

/* smtpd_port_open - read what is said of a service */
void smtpd_port_open(struct smtpd_port *port, const struct postfix *postfix,
		     const struct postfix_service *service)
{
	size_t i;

	*port = (struct smtpd_port){
		.postfix = postfix,
		.service = service,
		.number = postfix_port(postfix, service),
		.works = SMTPD_YES,
	};
	for (i = 0; i < SMTPD_LISTS; i++)
		smtpd_restrictions_read(&port->lists[i], postfix, service,
					names[i]);
	read_level(port);
	read_certificates(port);
	read_auth(port);
	read_filter(port);
	check_parameters(port);
	check_commands(port);
	check_classes(port);
	check_patterns(port);
	check_lists(port);
	if (!has_required(&port->lists[SMTPD_LIST_RELAY]) &&
	    !has_required(&port->lists[SMTPD_LIST_RECIPIENT]))
		fails(port, SMTPD_NO, names[SMTPD_LIST_RELAY]);
	read_arguments(port);
	if (!is_alone(port)) {
		port->works = SMTPD_MAY;
		port->works_why = "master.cf";
	}
}

/* smtpd_port_close - free what the struct holds */
void smtpd_port_close(struct smtpd_port *port)
{
	size_t i;

	for (i = 0; i < SMTPD_LISTS; i++)
		smtpd_restrictions_clear(&port->lists[i]);
}
