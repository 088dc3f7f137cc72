/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_PORT_H
#define LIB_POSTFIX_SMTPD_PORT_H

#include <stdbool.h>

#include "lib/postfix/postfix_settings.h"
#include "lib/postfix/smtpd_restrictions.h"

/* A port that smtpd(8) serves, as main.cf and master.cf make it. */

/* An answer as far as it is known; SMTPD_MAY is never a guess. */
enum smtpd_answer { SMTPD_NO, SMTPD_MAY, SMTPD_YES };

/* The lists that a message goes through, in the order in which it does. */
enum smtpd_list {
	SMTPD_LIST_CLIENT,
	SMTPD_LIST_HELO,
	SMTPD_LIST_SENDER,
	SMTPD_LIST_RELAY,
	SMTPD_LIST_RECIPIENT,
	SMTPD_LIST_DATA,
	SMTPD_LIST_END_OF_DATA,
	SMTPD_LISTS,
	SMTPD_LIST_ETRN = SMTPD_LISTS, /* no message goes through it */
	SMTPD_ALL_LISTS
};

struct smtpd_port {
	const struct postfix *postfix;
	const struct postfix_service *service;
	unsigned number;	      /* 0: unknown */
	enum smtpd_answer works;      /* NO: smtpd(8) ends at once. MAY: what
				       * it reads is not what is known here */
	const char *works_why;	      /* the parameter, unless YES */
	enum smtpd_answer starts_tls; /* does it read the settings of TLS? */
	enum smtpd_answer tls;	      /* can a client encrypt? */
	bool wraps;		      /* TLS from the first byte */
	bool demands_tls;	      /* from everybody */
	enum smtpd_answer auth;	      /* can a client log in, in TLS? */
	enum smtpd_answer plain_auth; /* ... without */
	bool asks_certificate;	      /* in TLS */
	bool demands_certificate;     /* a trusted one, from everybody */
	bool has_front;		      /* a proxy may speak for the clients */
	const char *filter;	      /* a parameter by which it is not certain
				       * that a message is taken: others have
				       * a word before; or NULL */
	struct smtpd_restrictions lists[SMTPD_LISTS];
};

/* smtpd_list_name - "smtpd_client_restrictions" */
const char *smtpd_list_name(enum smtpd_list list);

/* smtpd_port_is - does the service take messages from clients in the network?
 * Not so smtpd behind another program of this host, or for a pipe, nor what
 * master_service_disable leaves out. */
bool smtpd_port_is(const struct postfix *postfix,
		   const struct postfix_service *service);

/* smtpd_port_open - read what is said of a service, smtpd_port_is(). Both must
 * outlive the port. */
void smtpd_port_open(struct smtpd_port *port, const struct postfix *postfix,
		     const struct postfix_service *service);

/* smtpd_port_close - free what the struct holds. */
void smtpd_port_close(struct smtpd_port *port);

/* smtpd_port_has_dovecot_path - is smtpd_sasl_path a socket of Dovecot, while
 * smtpd_sasl_type is cyrus? */
bool smtpd_port_has_dovecot_path(const struct smtpd_port *port);

/* smtpd_port_has_milters - are there any, and are they asked? */
bool smtpd_port_has_milters(const struct smtpd_port *port);

/* smtpd_port_host - the address by which a client on this host comes to the
 * port: the port's own, 127.0.0.1 if it has many, or ::1. NULL: unknown. The
 * caller frees it. */
char *smtpd_port_host(const struct smtpd_port *port);

/* smtpd_port_is_private - is the port reached from this host only, or from a
 * network of private addresses? */
bool smtpd_port_is_private(const struct smtpd_port *port);

/* smtpd_port_is_loopback - does the service itself say so: is it
 * 127.0.0.1:10025 or the like? */
bool smtpd_port_is_loopback(const struct smtpd_port *port);

/* smtpd_port_is_named - does this Postfix itself deliver to the port:
 * content_filter, smtpd_proxy_filter, a relayhost or a transport? Tables are
 * not looked into. */
bool smtpd_port_is_named(const struct smtpd_port *port);

#endif
