/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_PORTS_H
#define POLICYD_QUERY_FORECAST_PORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/config/config.h"
#include "policyd/query/forecast_copies.h"
#include "policyd/query/forecast_lists.h"

/* A port where the client may have been. */
struct forecast_port {
	char *name;	       /* syslog_name; NULL: any */
	char *service;	       /* "submission/inet" of master.cf; or NULL */
	char number[12];       /* or "": unknown */
	bool no_certificate;   /* clients are not asked for one */
	bool wraps;	       /* TLS from the first byte */
	bool demands_tls;      /* from everybody */
	bool demands_login;    /* nothing is accepted without */
	bool no_plain_login;   /* a login is possible in TLS only */
	bool ends_plain_login; /* ... once the port asks policyd */
	bool is_return;	       /* for mail that comes back from a filter */
	bool filters;	       /* what comes there goes to a content filter */
	bool is_loopback;      /* for clients on this host only */
	char *networks;	       /* mynetworks of its own; or NULL */
	bool own_destinations; /* it decides by others than those of main.cf
				  what is ours; not by mydestination and the
				  like, which smtpd(8) does not read */
	bool own_certificates; /* relay_clientcerts of its own */
	struct forecast_lists lists;
	const char *refuses; /* the list that does, to relay, when policyd does
				not; or NULL */
	bool logs_tls; /* TLS, if main.cf and master.cf are what they were */
	char *tls_log; /* how TLS would be logged there; NULL: as usual */
};

#define FORECAST_PORTS_MAX 48 /* bytes of "25 or 465" */

/* forecast_port_note - add a port to such a text; it ends in "or others" if
 * there is no room. */
void forecast_port_note(char ports[FORECAST_PORTS_MAX],
			const struct forecast_port *port);

/* forecast_port_tls - why the log does not say whether a session at that port
 * was encrypted, and what to do. */
const char *forecast_port_tls(const struct forecast_port *port);

/* The ports of a Postfix, and how it logs. */
struct forecast_ports {
	struct forecast_port *list;
	size_t count;
	char *networks;		 /* mynetworks of main.cf; NULL: unknown */
	struct config *own;	 /* main.cf alone; see forecast_again.h */
	bool own_failed;	 /* it could not be loaded */
	bool from_postfix;	 /* they are those of master.cf */
	bool recipients_renamed; /* enable_original_recipient = no */
	char *copy_to;		 /* always_bcc; or NULL */
	struct forecast_copies *copies; /* the other ones; or NULL */
	bool adds_recipients; /* it has more than those of the clients, or
				 may have */
	bool milters;	      /* programs that may replace recipients */
	bool unquoted;	      /* addresses are logged without quotes */
	bool senders_renamed; /* canonical maps or masquerading */
};

/* forecast_ports_open - read the Postfix that config imports from; without one,
 * or if it cannot be read (*why then says so), by the conventions of master.cf:
 * "postfix/submission" is port 587; "postfix" may be 25 or any port that a
 * service of config names. */
void forecast_ports_open(struct forecast_ports *ports,
			 const struct config *config, struct error *why);

/* forecast_ports_log_as - can a client of this Postfix be logged under that
 * syslog_name? If not, it is one of another Postfix. */
bool forecast_ports_log_as(const struct forecast_ports *ports,
			   const char *name);

/* forecast_ports_next - the next port after the index *at, which begins with 0,
 * that logs under this syslog_name; NULL: no more. */
const struct forecast_port *
forecast_ports_next(const struct forecast_ports *ports, const char *name,
		    size_t *at);

/* forecast_ports_remain - do the ports that log under this name go on to give
 * this reply? */
enum forecast_remains forecast_ports_remain(const struct forecast_ports *ports,
					    const char *name,
					    const char *reply);

/* forecast_ports_refuse - the list in which a port that logs under this name
 * may refuse to relay, though policyd permits it; NULL: none. */
const char *forecast_ports_refuse(const struct forecast_ports *ports,
				  const char *name);

/* forecast_ports_find - the first port with that number, or NULL. */
const struct forecast_port *
forecast_ports_find(const struct forecast_ports *ports, const char *number);

/* forecast_port_returns - may a client at this address be a content filter that
 * gives mail back at that port, one of ports? */
bool forecast_port_returns(const struct forecast_ports *ports,
			   const struct forecast_port *port,
			   const char *address);

/* forecast_ports_return - may it be one at any port that logs under this name?
 * Where no master.cf is known, it may. */
bool forecast_ports_return(const struct forecast_ports *ports, const char *name,
			   const char *address);

/* forecast_ports_close - free what it holds. */
void forecast_ports_close(struct forecast_ports *ports);

#endif
