/* SPDX-License-Identifier: ISC */
#ifndef LIB_RESOLVE_INTERNAL_H
#define LIB_RESOLVE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/address.h"
#include "lib/interfaces.h"
#include "lib/resolve.h"
#include "lib/table.h"

/* Between resolver*.c, which read, and resolve.c, which judges. */

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

#endif
