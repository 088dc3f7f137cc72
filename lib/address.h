/* SPDX-License-Identifier: ISC */
#ifndef LIB_ADDRESS_H
#define LIB_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Mailbox syntax: RFC 822 words and operators, quoting, and the rewriting of
 * routing forms to user@domain. No tables. Everything works in room that the
 * caller gives; nothing is allocated.
 *
 * An address has two forms. External: local part quoted where needed, as on
 * the wire. Internal: without quotes, as in the recipient attribute. */

/* What a token is. Operators are the specials of RFC 822, "%", "!", "|". */
enum token_kind {
	TOKEN_OPERATOR,
	TOKEN_ATOM,
	TOKEN_QUOTED,  /* "text", or an atom that would need quotes */
	TOKEN_LITERAL, /* [text] */
	TOKEN_COMMENT, /* (text), parentheses included */
};

struct token {
	const char *text; /* without quotes or brackets; not ended */
	unsigned length;
	enum token_kind kind : 8;
	char operator; /* with TOKEN_OPERATOR, else 0 */
	bool tight;    /* no space is put after it when printed */
};

/* What address_rewrite() did, a set, for those who explain. */
enum address_change {
	ADDRESS_SOURCE_ROUTE = 1, /* "@one,@two:" dropped */
	ADDRESS_BANG = 2,	  /* domain!user turned round */
	ADDRESS_PERCENT = 4,	  /* user%domain, the "%" is a "@" now */
	ADDRESS_ORIGIN = 8,	  /* "@$myorigin" appended */
	ADDRESS_DOT_DOMAIN = 16,  /* ".$mydomain" appended */
	ADDRESS_DOT = 32,	  /* one dot at the end dropped */
};

/* A list of tokens. first moves up when the front is cut. */
struct address {
	struct token *tokens;
	size_t first;
	size_t end; /* behind the last token */
	size_t capacity;
	char *text; /* what scanned tokens point into */
	size_t used;
	size_t size;
	bool overflow;	  /* something did not fit: useless */
	unsigned changes; /* of address_rewrite(), added up */
};

/* How addresses are completed and which operators are known. */
struct address_rules {
	bool swap_bangpath; /* domain!user */
	bool percent_hack;  /* user%domain */
	bool append_at_origin;
	bool append_dot_domain;
	const struct token *origin; /* scanned myorigin */
	size_t origin_count;
	const struct token *domain; /* scanned mydomain */
	size_t domain_count;
};

/* address_quote - internal to external form. Returns the length, or -1 when
 * out is too small; length of mailbox * 2 + 3 is always enough. */
long address_quote(char *out, size_t size, const char *mailbox);

/* address_unquote - external to internal form. out holds at least as much as
 * external. Returns the length. */
size_t address_unquote(char *out, const char *external);

/* address_plain - is it words and dots, "@", and a domain of two labels or more
 * without anything that could be quoted, a route, or be completed? Then its
 * external, internal and canonical form are one, whatever the rules are, and
 * its local part has nothing to follow. Returns the domain, in mailbox, or
 * NULL: it has to be taken to pieces. Most addresses are plain. */
const char *address_plain(const char *mailbox);

/* address_init - an empty address in the room given. */
void address_init(struct address *address, struct token *tokens,
		  size_t capacity, char *text, size_t size);

/* address_clear - drop all tokens and their text. */
void address_clear(struct address *address);

/* address_scan - append the tokens of a text in external form. */
void address_scan(struct address *address, const char *text);

/* address_append - append tokens whose text lives elsewhere. */
void address_append(struct address *address, const struct token *tokens,
		    size_t count);

/* address_append_operator - append one operator. */
void address_append_operator(struct address *address, char operator);

/* address_count - how many tokens there are. */
size_t address_count(const struct address *address);

/* address_bytes - how many bytes they have in all. */
size_t address_bytes(const struct address *address);

/* address_last - the last token; there must be one. */
struct token *address_last(const struct address *address);

/* address_find, address_find_last - index in tokens of the first such operator,
 * and of the last, or -1. */
long address_find(const struct address *address, char operator);
long address_find_last(const struct address *address, char operator);

/* address_ends_in_dot - a dot that may be dropped is the last token: there is
 * something before it, and not another dot or "@". */
bool address_ends_in_dot(const struct address *address);

/* address_print - internal form of the tokens from index from on. Returns the
 * length, or -1 when out is too small. */
long address_print(const struct address *address, size_t from, char *out,
		   size_t size);

/* address_rewrite - to canonical form: drop the source route, turn
 * domain!user and user%domain into user@domain, complete what has no domain
 * or no dot, drop one trailing dot. There must be a token. */
void address_rewrite(struct address *address,
		     const struct address_rules *rules);

#endif
