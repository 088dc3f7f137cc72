/* SPDX-License-Identifier: ISC */
/* forecast_ports - at which port was the client?
 *
 * The log has syslog_name instead of a number. Several ports may have the same
 * one; then the client may have been at any of them. */

#include "policyd/query/forecast_ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/address/parameters.h"
#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_ports.h"
#include "policyd/query/forecast_again.h"
#include "policyd/query/forecast_asks.h"
#include "policyd/query/port_files.h"

/* add - add a port; the caller fills in the rest */
static struct forecast_port *add(struct forecast_ports *ports, const char *name,
				 unsigned number)
{
	struct forecast_port *port;

	ports->list = xreallocarray(ports->list, ports->count + 1,
				    sizeof(*ports->list));
	port = &ports->list[ports->count++];
	memset(port, 0, sizeof(*port));
	port->name = name != NULL ? xstrdup(name) : NULL;
	port->logs_tls = true;
	port->lists = forecast_lists_unknown();
	if (number > 0)
		snprintf(port->number, sizeof(port->number), "%u", number);
	return port;
}

#define NO_TLS \
	"the log does not say whether, or how, the session was encrypted "

/* forecast_port_tls - for the reasons of "cannot tell" */
const char *forecast_port_tls(const struct forecast_port *port)
{
	return port->tls_log != NULL ? port->tls_log
				     : NO_TLS
		       "(write smtpd_tls_loglevel = 1 in main.cf)";
}

/* loglevel - of TLS */
static long loglevel(const struct postfix *postfix,
		     const struct postfix_service *service)
{
	return strtol(postfix_get(postfix, service, "smtpd_tls_loglevel"), NULL,
		      10);
}

/* tls_log - a port with a value of its own does not have that of main.cf; and
 * the value may be new */
static char *tls_log(const struct postfix *postfix,
		     const struct postfix_service *service)
{
	const char *name = "smtpd_tls_loglevel";

	if (loglevel(postfix, service) > 0)
		return xstrdup(NO_TLS
			       "(smtpd_tls_loglevel is set now; newer logs "
			       "will say it)");
	if (postfix_get_own(service, name) == NULL)
		return NULL;
	return xasprintf(NO_TLS "(postconf -P %.40s/%s/%s=1)", service->name,
			 service->type, name);
}

/* rewrites_differently - does trivial-rewrite(8), which knows what is ours,
 * have parameters of its own? */
static bool rewrites_differently(const struct postfix *postfix)
{
	size_t i;
	int parameter;

	for (i = 0; i < postfix->service_count; i++) {
		const struct postfix_service *service = &postfix->services[i];

		if (strcmp(service->program, "trivial-rewrite") != 0)
			continue;
		for (parameter = 0; parameter < PARAMETER_COUNT; parameter++)
			if (postfix_get_own(
				    service,
				    parameter_name((enum parameter)parameter)))
				return true;
	}
	return false;
}

/* demands_login - is everybody refused who does not log in? */
static bool demands_login(const struct smtpd_row *row)
{
	int client, recipient;

	for (client = 0; client < SMTPD_CLIENTS; client++)
		for (recipient = 0; recipient < SMTPD_RECIPIENTS; recipient++)
			if (client != SMTPD_LOGIN &&
			    client != SMTPD_LOGIN_TLS &&
			    row->outcomes[client][recipient].passes != SMTPD_NO)
				return false;
	return true;
}

/* add_row - a port of master.cf */
static void add_row(struct forecast_ports *ports, const struct config *config,
		    const struct postfix *postfix, const struct smtpd_row *row)
{
	struct forecast_port *port = add(
		ports, postfix_get(postfix, row->port.service, "syslog_name"),
		row->port.number);

	port->service = xasprintf("%s/%s", row->port.service->name,
				  row->port.service->type);
	if (postfix_get_own(row->port.service, "mynetworks") != NULL)
		port->networks = xstrdup(
			postfix_get(postfix, row->port.service, "mynetworks"));
	port->tls_log = tls_log(postfix, row->port.service);
	port->logs_tls = loglevel(postfix, row->port.service) > 0;
	port->no_certificate = !postfix_get_bool(postfix, row->port.service,
						 "smtpd_tls_ask_ccert") &&
			       !postfix_get_bool(postfix, row->port.service,
						 "smtpd_tls_req_ccert");
	port->own_certificates =
		postfix_get_own(row->port.service, "relay_clientcerts") != NULL;
	port->own_destinations =
		postfix_get_own(row->port.service, "rewrite_service_name") !=
			NULL ||
		postfix_get_own(row->port.service, "allow_untrusted_routing") !=
			NULL ||
		rewrites_differently(postfix);
	port->lists = forecast_lists_read(&row->port);
	if (!forecast_asks(config, &row->port))
		port->refuses = forecast_lists_refuse(&row->port);
	port->wraps = row->port.wraps;
	port->demands_tls = row->port.demands_tls;
	port->demands_login = demands_login(row);
	port->no_plain_login = row->port.plain_auth == SMTPD_NO;
	port->ends_plain_login = forecast_ends_plain_login(config, &row->port);
	port->is_return = row->is_return;
	port->filters = *postfix_get(postfix, row->port.service,
				     "content_filter") != '\0';
	port->is_loopback = smtpd_port_is_loopback(&row->port);
}

/* is_set - is a parameter not empty? */
static bool is_set(const struct postfix *postfix, const char *name)
{
	const char *value = postfix_get(postfix, NULL, name);

	return value[strspn(value, " \t")] != '\0';
}

/* is_set_anywhere - for a program of master.cf, too? */
static bool is_set_anywhere(const struct postfix *postfix, const char *name)
{
	const char *own;
	size_t i;

	for (i = 0; i < postfix->service_count; i++) {
		own = postfix_get_own(&postfix->services[i], name);
		if (own != NULL && *own != '\0')
			return true;
	}
	return is_set(postfix, name);
}

/* is_off_anywhere - is enable_original_recipient, in main.cf or for one of the
 * programs that clean up? */
static bool is_off_anywhere(const struct postfix *postfix)
{
	static const char name[] = "enable_original_recipient";
	bool off = !postfix_get_bool(postfix, NULL, name);
	size_t i;

	for (i = 0; i < postfix->service_count; i++)
		off |= !postfix_get_bool(postfix, &postfix->services[i], name);
	return off;
}

/* origin - myorigin, or the first line of the file that it names; NULL: it
 * cannot be read. The caller frees it. */
static char *origin(const struct postfix *postfix)
{
	const char *name = postfix_get(postfix, NULL, "myorigin");
	const char *reason;
	size_t length;
	char *text, *line;

	if (*name != '/')
		return xstrdup(name);
	text = file_read(name, &length, &reason);
	if (text == NULL)
		return NULL;
	length = strcspn(text, "\n");
	name = words_trim(text, &length);
	line = length > 0 ? xasprintf("%.*s", (int)length, name) : NULL;
	free(text);
	return line;
}

/* copy_to - always_bcc, as the log has it; NULL: there is none, or nobody knows
 * its domain */
static char *copy_to(const struct postfix *postfix, const char *domain)
{
	const char *address = postfix_get(postfix, NULL, "always_bcc");

	if (*address == '\0')
		return NULL;
	if (strchr(address, '@') != NULL)
		return xstrdup(address);
	return domain != NULL ? xasprintf("%s@%s", address, domain) : NULL;
}

/* read_added - are there recipients that no client gave? */
static void read_added(struct forecast_ports *ports,
		       const struct config *config,
		       const struct postfix *postfix)
{
	static const char *const names[] = {
		"always_bcc",	 "sender_bcc_maps",   "recipient_bcc_maps",
		"smtpd_milters", "non_smtpd_milters",
	};
	char *domain = origin(postfix);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ports->adds_recipients |= is_set_anywhere(postfix, names[i]);
	ports->milters = is_set_anywhere(postfix, "smtpd_milters");
	ports->copy_to = copy_to(postfix, domain);
	ports->copies = forecast_copies_new(config, postfix, domain);
	free(domain);
}

/* read_postfix - all ports of a Postfix */
static void read_postfix(struct forecast_ports *ports,
			 const struct config *config,
			 const struct postfix *postfix)
{
	const struct smtpd_knowledge knowledge = port_files();
	struct smtpd_ports rows;
	size_t i;

	smtpd_ports_judge(&rows, postfix, &knowledge);
	for (i = 0; i < rows.count; i++)
		add_row(ports, config, postfix, &rows.rows[i]);
	smtpd_ports_clear(&rows);
	ports->from_postfix = true;
	read_added(ports, config, postfix);
	ports->networks = xstrdup(postfix_get(postfix, NULL, "mynetworks"));
	ports->recipients_renamed = is_off_anywhere(postfix);
	ports->unquoted =
		strcmp(postfix_get(postfix, NULL, "info_log_address_format"),
		       "external") != 0;
	ports->senders_renamed =
		is_set_anywhere(postfix, "canonical_maps") ||
		is_set_anywhere(postfix, "sender_canonical_maps") ||
		is_set_anywhere(postfix, "masquerade_domains");
}

/* has_number - is a port for any name there already? */
static bool has_number(const struct forecast_ports *ports, unsigned number)
{
	size_t i;

	for (i = 0; i < ports->count; i++)
		if (ports->list[i].name == NULL &&
		    strtoul(ports->list[i].number, NULL, 10) == number)
			return true;
	return false;
}

/* add_conventional - without a Postfix: what its names usually mean */
static void add_conventional(struct forecast_ports *ports,
			     const struct config *config)
{
	size_t i;
	size_t k;

	add(ports, "postfix/submission", 587);
	add(ports, "postfix/smtps", 465)->wraps = true;
	add(ports, "postfix/submissions", 465)->wraps = true;
	add(ports, NULL, 25);
	add(ports, NULL, 465)->wraps = true;
	for (i = 0; i < config->services.count; i++) {
		const struct service *service = &config->services.services[i];

		for (k = 0; k < service->server_port_count; k++)
			if (!has_number(ports, service->server_ports[k]))
				add(ports, NULL, service->server_ports[k]);
	}
}

/* forecast_ports_open - read the ports */
void forecast_ports_open(struct forecast_ports *ports,
			 const struct config *config, struct error *why)
{
	struct postfix postfix = { 0 };

	memset(ports, 0, sizeof(*ports));
	why->text[0] = '\0';
	if (config->import_postfix != NULL &&
	    postfix_read(&postfix, config->import_postfix, why) == 0) {
		read_postfix(ports, config, &postfix);
		postfix_clear(&postfix);
		ports->own = forecast_again_load(config, &ports->own_failed);
	}
	ports->adds_recipients |= !ports->from_postfix;
	if (ports->count == 0)
		add_conventional(ports, config);
}

/* is_named - does a port with exactly that name exist? */
static bool is_named(const struct forecast_ports *ports, const char *name)
{
	size_t i;

	for (i = 0; i < ports->count; i++)
		if (ports->list[i].name != NULL &&
		    strcmp(ports->list[i].name, name) == 0)
			return true;
	return false;
}

/* forecast_ports_log_as - a port without a name may have any */
bool forecast_ports_log_as(const struct forecast_ports *ports, const char *name)
{
	size_t i;

	for (i = 0; i < ports->count; i++)
		if (ports->list[i].name == NULL)
			return true;
	return is_named(ports, name);
}

/* forecast_ports_next - the next port with that name; if there is none, one
 * that may have any */
const struct forecast_port *
forecast_ports_next(const struct forecast_ports *ports, const char *name,
		    size_t *at)
{
	bool named = is_named(ports, name);

	while (*at < ports->count) {
		const struct forecast_port *port = &ports->list[(*at)++];

		if (named ? port->name != NULL && strcmp(port->name, name) == 0
			  : port->name == NULL)
			return port;
	}
	return NULL;
}

/* forecast_ports_remain - at ports where policyd is to be asked */
enum forecast_remains forecast_ports_remain(const struct forecast_ports *ports,
					    const char *name, const char *reply)
{
	const struct forecast_port *port;
	enum forecast_remains all = FORECAST_REMAINS;
	bool first = true;
	size_t at = 0;

	while ((port = forecast_ports_next(ports, name, &at)) != NULL) {
		enum forecast_remains one =
			forecast_lists_judge(&port->lists, reply);

		if (port->is_return)
			continue;
		if (first)
			all = one;
		else if (one != all)
			all = FORECAST_MAY_REMAIN;
		first = false;
	}
	return all;
}

/* forecast_ports_refuse - any of them */
const char *forecast_ports_refuse(const struct forecast_ports *ports,
				  const char *name)
{
	const struct forecast_port *port;
	size_t at = 0;

	while ((port = forecast_ports_next(ports, name, &at)) != NULL)
		if (port->refuses != NULL)
			return port->refuses;
	return NULL;
}

/* forecast_ports_find - the first port with that number */
const struct forecast_port *
forecast_ports_find(const struct forecast_ports *ports, const char *number)
{
	size_t i;

	for (i = 0; i < ports->count && *number != '\0'; i++)
		if (strcmp(ports->list[i].number, number) == 0)
			return &ports->list[i];
	return NULL;
}

/* forecast_port_returns - only those in its mynetworks pass there, and those on
 * this host */
bool forecast_port_returns(const struct forecast_ports *ports,
			   const struct forecast_port *port,
			   const char *address)
{
	const char *networks =
		port->networks != NULL ? port->networks : ports->networks;

	if (!port->is_return)
		return false;
	if (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0)
		return true;
	return !port->is_loopback &&
	       forecast_again_network(networks, address) != AGAIN_REFUSES;
}

/* forecast_ports_return - at any port with that name */
bool forecast_ports_return(const struct forecast_ports *ports, const char *name,
			   const char *address)
{
	const struct forecast_port *port;
	size_t at = 0;

	while ((port = forecast_ports_next(ports, name, &at)) != NULL)
		if (forecast_port_returns(ports, port, address))
			return true;
	return !ports->from_postfix;
}

/* forecast_port_note - the client may have been there, too */
void forecast_port_note(char ports[FORECAST_PORTS_MAX],
			const struct forecast_port *port)
{
	const char *number = *port->number != '\0' ? port->number : "unknown";
	size_t length = strlen(ports);
	const char *comma = length > 0 ? " or " : "";

	if (strstr(ports, " or others") != NULL)
		return;
	if (length + strlen(comma) + strlen(number) + sizeof(" or others") >
	    FORECAST_PORTS_MAX)
		number = "others";
	snprintf(ports + length, FORECAST_PORTS_MAX - length, "%s%s", comma,
		 number);
}

/* forecast_ports_close - free what it holds */
void forecast_ports_close(struct forecast_ports *ports)
{
	size_t i;

	for (i = 0; i < ports->count; i++) {
		free(ports->list[i].name);
		free(ports->list[i].service);
		free(ports->list[i].networks);
		free(ports->list[i].tls_log);
	}
	config_free(ports->own);
	free(ports->networks);
	free(ports->copy_to);
	forecast_copies_free(ports->copies);
	free(ports->list);
	memset(ports, 0, sizeof(*ports));
}
