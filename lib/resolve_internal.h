/* SPDX-License-Identifier: ISC */
#ifndef LIB_RESOLVE_INTERNAL_H
#define LIB_RESOLVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/address.h"
#include "lib/interfaces.h"
#include "lib/resolve.h"
#include "lib/table.h"

/* Between resolver*.c, which read, and resolve*.c, which judge: resolve.c (one
 * address), resolve_strip.c (what is left of it), resolve_match.c (the lists of
 * domains). */

/* A word that completes addresses, and its tokens. */
struct completion {
	char *text;    /* NULL: not used */
	char *scanned; /* what the tokens point into */
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
	struct table *local;
	struct table *virtual_alias;
	struct table *virtual_mailbox;
	struct table *relay;
};

/* What one resolution works with. All texts have room for "size" bytes. */
struct work {
	const struct resolver *resolver;
	struct resolution *resolution;
	struct address address;
	struct address saved; /* the local domain stripped last, with "@" */
	bool is_saved;
	bool is_local;	  /* no domain left that is not local */
	bool asks_local;  /* whether it is local, only Postfix knows */
	const char *asks; /* first list that only Postfix can search */
	struct table_match asks_match; /* and the entry of it */
	const char *asks_why;
	const char *folded; /* the final domain, folded; NULL: not yet */
	char *plain;	    /* internal form */
	char *quoted;	    /* external form */
	size_t size;
	size_t steps;	      /* that patterns took */
	resolve_trace *trace; /* NULL: nobody wants to know */
	void *context;
};

/* resolve_match - look for a domain in one list, and remember who decided: 1,
 * 0, -1, TABLE_ASK as table_match(). */
int resolve_match(struct work *work, const struct table *table,
		  enum parameter parameter, const char *domain);

/* resolve_match_local - is the domain, a writable text, one of our own?
 * TABLE_ASK: if it is not in a table that only Postfix can search, it is not.
 */
int resolve_match_local(struct work *work, char *domain);

/* resolve_strip - the final address of a recipient into the resolution: 1 it
 * is there, 0 there is none (INVALID), -1 a list could not be searched. */
int resolve_strip(struct work *work, const char *recipient);

#endif
