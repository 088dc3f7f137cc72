/* SPDX-License-Identifier: ISC */
/* check_postfix_sasl - is Dovecot where smtpd(8) looks for it?
 *
 * With smtpd_sasl_type = dovecot, smtpd(8) asks Dovecot for its mechanisms as
 * soon as it could offer AUTH: to a client in TLS, or to all. If nobody
 * answers, it ends, and so does the session. The path is seen from the queue
 * directory, as that of policyd is. With the default, cyrus, it is the name of
 * a file of Cyrus SASL. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

/* server_of - the address of Dovecot for a port, in our notation; the caller
 * frees it. NULL: the port does not ask it. */
static char *server_of(const struct smtpd_port *port)
{
	const char *path =
		postfix_get(port->postfix, port->service, "smtpd_sasl_path");

	if (port->auth == SMTPD_NO ||
	    strcmp(postfix_get(port->postfix, port->service, "smtpd_sasl_type"),
		   "dovecot") != 0)
		return NULL;
	if (strncmp(path, "inet:", 5) == 0 || strncmp(path, "unix:", 5) == 0)
		return xstrdup(path);
	return xasprintf("unix:%s", path);
}

/* check_find_logins - the address of Dovecot, for each port that asks it */
void check_find_logins(struct check *check)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++) {
		const struct smtpd_port *port = &check->ports.rows[i].port;
		struct use use = { .server = server_of(port) };

		if (use.server == NULL)
			continue;
		use.list = check_list(check, port->service, SMTPD_LIST_RELAY);
		check_use_add(&check->logins, &use);
	}
}

/* check_login - the result of an attempt */
static void check_login(struct check *check, const struct use *use)
{
	const struct attempt *attempt = &use->attempt;
	const struct postfix_service *service = use->list->service;
	char *on;

	if (attempt->stage != ATTEMPT_CONNECT || attempt->foreign)
		return;
	on = check_on(check, service, "smtpd_sasl_path");
	check_found(check,
		    &(struct mistake){
			    .severity = SEVERITY_ERROR,
			    .service = service,
			    .parameter = "smtpd_sasl_path",
			    .advice = "start Dovecot; its unix_listener has "
				      "to be this path below "
				      "queue_directory" },
		    "smtpd%s cannot connect to Dovecot at %s%s: %s: it ends "
		    "each session in which a client could log in",
		    check_in_chroot(use), use->server, on,
		    strerror(attempt->number));
	free(on);
}

/* check_type - a path of Dovecot, given to Cyrus SASL */
static void check_type(struct check *check, const struct smtpd_port *port)
{
	const char *path =
		postfix_get(port->postfix, port->service, "smtpd_sasl_path");

	if (!smtpd_port_has_dovecot_path(port))
		return;
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = port->service,
				       .parameter = "smtpd_sasl_type",
				       .value = "dovecot",
				       .effect.reveals = true },
		    "smtpd_sasl_path = %s is a socket of Dovecot, and "
		    "smtpd_sasl_type is cyrus: AUTH is offered, and nobody can "
		    "log in",
		    path);
}

/* check_sasl - can smtpd(8) reach Dovecot? */
void check_sasl(struct check *check)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++)
		check_type(check, &check->ports.rows[i].port);

	for (i = 0; i < check->logins.count; i++)
		check_login(check, &check->logins.list[i]);
}
