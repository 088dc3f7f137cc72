/* SPDX-License-Identifier: ISC */
#ifndef LIB_ADDRESS_RESOLVE_H
#define LIB_ADDRESS_RESOLVE_H

#include <stdbool.h>

#include "lib/address/parameters.h"
#include "lib/base/error.h"
#include "lib/table/domain_list.h"

/* Destination classes of Postfix ADDRESS_CLASS_README. */
enum destination_class {
	DESTINATION_DEFAULT, /* none of ours: permission to relay is needed */
	DESTINATION_LOCAL,
	DESTINATION_VIRTUAL_ALIAS,
	DESTINATION_VIRTUAL_MAILBOX,
	DESTINATION_RELAY,
};

enum resolve_status {
	RESOLVE_FAILED,	 /* a list could not be searched or, without list, it
			    takes too long: defer */
	RESOLVE_INVALID, /* bad domain syntax: class is DEFAULT */
	RESOLVE_DONE,
	RESOLVE_ASK, /* depends on a table that only Postfix can look up: class
			is DEFAULT */
};

/* RESOLUTION_ADDRESS_MAX - the largest address, NUL included. A command line of
 * Postfix has at most line_length_limit bytes, 2,048 by default (postconf(5)).
 * Rewriting can append domains; an address that would become longer than this
 * is INVALID. */
#define RESOLUTION_ADDRESS_MAX 4096

struct resolution {
	enum resolve_status status;
	enum destination_class class;
	bool routed;	  /* "@", "%" or "!" left in the local part */
	const char *list; /* the parameter whose list decided, failed or asks;
			     "inet_interfaces" for own literals; or "" */
	struct domain_list_match match; /* the entry of that list */
	const char *why; /* with FAILED and ASK: the reason, static or owned by
			    the resolver; else NULL */
	const char *domain; /* points into address: after the last "@", or "" */
	char address[RESOLUTION_ADDRESS_MAX]; /* the final address */
};

/* Reasons why an address changed in one step: a set of enum address_change
 * (lib/address/address.h), and these. */
enum resolve_change {
	RESOLVE_QUOTED = 64,	   /* routing inside quotes was followed */
	RESOLVE_EMPTY = 128,	   /* an empty local part was replaced */
	RESOLVE_HOSTNAME = 256,	   /* "@$myhostname" appended */
	RESOLVE_NULL_DOMAIN = 512, /* trailing "@" dropped */
	RESOLVE_STRIPPED = 2048,   /* a domain of ours stripped */
	RESOLVE_NUMERIC = 1024,	   /* brackets added to a bare address */
};

/* One step of a resolution: a list was searched for a domain, or the address
 * changed. The texts are valid only during the call, except those of match,
 * which the resolver owns. */
struct resolve_step {
	const char *list;   /* the list that was searched; NULL: a change */
	const char *domain; /* the domain */
	int answer;	    /* the result of domain_list_match() */
	struct domain_list_match match; /* the entry that decided */
	unsigned changes;		/* the reasons of the change */
	const char *address;		/* the address after the change */
};

/* resolve_trace - called with each step, for explanations. */
typedef void resolve_trace(void *context, const struct resolve_step *step);

/* The lists and settings of address resolution. Immutable; shared between
 * threads. */
struct resolver;

/* resolver_new - from completed parameters; NULL and the reason when a list or
 * value is refused. Keeps no reference to parameters. loader says how
 * type:table entries are read; NULL: those that cannot be read are refused. */
struct resolver *resolver_new(const struct parameters *parameters,
			      struct table_loader *loader, struct error *error);

/* The parameters with the lists of our domains, in the order in which Postfix
 * searches them, which is that of the classes from DESTINATION_LOCAL on. */
#define RESOLVER_LISTS 4
extern const enum parameter resolver_parameters[RESOLVER_LISTS];

/* One of these lists. */
struct resolver_list {
	enum parameter parameter;     /* that it is the value of */
	enum destination_class class; /* of a domain that is in it */
	struct domain_list *domains;  /* belongs to the resolver */
};

/* resolver_lists - RESOLVER_LISTS of them, in that order. */
const struct resolver_list *resolver_lists(const struct resolver *resolver);

/* resolver_origin, resolver_hostname - $myorigin and $myhostname, which belong
 * to the resolver; NULL: it does not need them. */
const char *resolver_origin(const struct resolver *resolver);
const char *resolver_hostname(const struct resolver *resolver);

/* resolver_routes - is allow_untrusted_routing set? */
bool resolver_routes(const struct resolver *resolver);

/* resolver_asks - the first table that only Postfix can look up, the list that
 * contains it, and why; NULL: no address is RESOLVE_ASK. */
const char *resolver_asks(const struct resolver *resolver, const char **list,
			  const char **why);

/* resolver_free - NULL is allowed. */
void resolver_free(struct resolver *resolver);

/* resolve_address - the destination class of one recipient attribute, as
 * Postfix trivial-rewrite(8) finds it in the local rewrite context. recipient
 * must not be empty. Fills all of resolution, and its address up to the NUL.
 * Pure: no I/O, no clock, and no allocation for usual addresses. */
void resolve_address(const struct resolver *resolver, const char *recipient,
		     struct resolution *resolution);

/* resolve_explain - the same, with a callback for each step. */
void resolve_explain(const struct resolver *resolver, const char *recipient,
		     struct resolution *resolution, resolve_trace *trace,
		     void *context);

/* resolver_is_local - is this domain, folded and the last one of a resolved
 * address, $myorigin or one of our own (mydestination, own literals)? 1; 0; -1:
 * unknown; AUTHORIZED_ASK: only Postfix knows. */
int resolver_is_local(const struct resolver *resolver, const char *domain);

/* resolver_strip_extension - user+extension@domain to user@domain, as
 * determined by recipient_delimiter and owner_request_special; false: there is
 * no extension. The address must have an "@"; out must have as much room as
 * it. */
bool resolver_strip_extension(const struct resolver *resolver, char *out,
			      const char *address);

/* resolution_authorized - Postfix permit_auth_destination: 1: the destination
 * is local, virtual or relayed, and not sender-routed (or routing is allowed by
 * allow_untrusted_routing); 0: it is not; -1: unknown; AUTHORIZED_ASK: only
 * Postfix knows. */
#define AUTHORIZED_ASK 2
int resolution_authorized(const struct resolver *resolver,
			  const struct resolution *resolution);

/* destination_name - "local", "virtual_alias", "virtual_mailbox", "relay" or
 * "default", static. */
const char *destination_name(enum destination_class class);

#endif
