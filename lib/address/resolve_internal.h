/* SPDX-License-Identifier: ISC */
#ifndef LIB_ADDRESS_RESOLVE_INTERNAL_H
#define LIB_ADDRESS_RESOLVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/address/address.h"
#include "lib/address/interfaces.h"
#include "lib/address/resolve.h"
#include "lib/table/domain_list.h"

/* Shared by resolver*.c, which read the lists, and resolve*.c, which use them:
 * resolve.c (one address), resolve_strip.c (stripping and routing),
 * resolve_match.c (searching the lists). */

/* A word that completes addresses, and its tokens. */
struct completion {
	char *text;    /* NULL: not used */
	char *scanned; /* the text of the tokens */
	struct token *tokens;
	size_t count;
};

struct resolver {
	bool resolve_dequoted;
	bool resolve_null_domain;
	bool resolve_numeric_domain;
	bool allow_untrusted_routing;
	bool utf8;
	bool allow_min_user;
	bool owner_request_special;
	char *recipient_delimiter;
	struct address_rules rules;
	struct completion origin;
	struct completion domain;
	struct completion hostname;
	struct completion empty; /* empty_address_recipient */
	struct interfaces *interfaces;
	struct resolver_list lists[RESOLVER_LISTS]; /* local is the first */
};

/* The state of one resolution. All texts have room for "size" bytes. */
struct work {
	const struct resolver *resolver;
	struct resolution *resolution;
	struct address address;
	struct address saved; /* the local domain stripped last, with "@" */
	bool is_saved;
	bool is_local;	  /* no domain is left that is not local */
	bool asks_local;  /* only Postfix knows whether it is local */
	const char *asks; /* the first list that only Postfix can search */
	struct domain_list_match asks_match; /* the entry of that list */
	const char *asks_why;
	const char *folded; /* the final domain, folded; NULL: not yet */
	char *plain;	    /* internal form */
	char *quoted;	    /* external form */
	size_t size;
	size_t steps;	      /* used by patterns */
	resolve_trace *trace; /* NULL: no explanation wanted */
	void *context;
};

/* resolve_match - search one list for a domain, and record what decided: 1, 0,
 * -1, DOMAIN_LIST_ASK as for domain_list_match(). */
int resolve_match(struct work *work, const struct domain_list *domains,
		  enum parameter parameter, const char *domain);

/* resolve_match_local - is the domain, a writable text, one of our own?
 * DOMAIN_LIST_ASK: only if it is in a table that only Postfix can search. */
int resolve_match_local(struct work *work, char *domain);

/* resolve_strip - put the final address of a recipient into the resolution: 1:
 * done; 0: there is none (INVALID); -1: a list could not be searched. */
int resolve_strip(struct work *work, const char *recipient);

#endif
