/* SPDX-License-Identifier: ISC */
#ifndef LIB_ADDRESS_ADDRESS_H
#define LIB_ADDRESS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* Mailbox syntax: RFC 822 words and operators, quoting, and rewriting of
 * routing forms to user@domain. No tables. Everything works in buffers that the
 * caller provides; nothing is allocated.
 *
 * An address has two forms. External: the local part is quoted where necessary,
 * as in SMTP. Internal: without quotes, as in the recipient attribute. */

/* Kinds of tokens. Operators are the specials of RFC 822, "%", "!" and "|". */
enum token_kind {
	TOKEN_OPERATOR,
	TOKEN_ATOM,
	TOKEN_QUOTED,  /* "text", or an atom that would need quotes */
	TOKEN_LITERAL, /* [text] */
	TOKEN_COMMENT, /* (text), parentheses included */
};

struct token {
	const char *text; /* without quotes or brackets; not NUL-terminated */
	unsigned length;
	enum token_kind kind : 8;
	char op;    /* if TOKEN_OPERATOR, else 0 */
	bool tight; /* print no space after it */
};

/* Changes made by address_rewrite(): a set of flags, for explanations. */
enum address_change {
	ADDRESS_SOURCE_ROUTE = 1, /* "@one,@two:" dropped */
	ADDRESS_BANG = 2,	  /* domain!user reversed */
	ADDRESS_PERCENT = 4,	  /* "%" in user%domain replaced by "@" */
	ADDRESS_ORIGIN = 8,	  /* "@$myorigin" appended */
	ADDRESS_DOT_DOMAIN = 16,  /* ".$mydomain" appended */
	ADDRESS_DOT = 32,	  /* one dot at the end dropped */
};

/* A list of tokens. first advances when tokens are cut off the front. */
struct address {
	struct token *tokens;
	size_t first;
	size_t end; /* after the last token */
	size_t capacity;
	char *text; /* text of the scanned tokens */
	size_t used;
	size_t size;
	bool overflow;	  /* something did not fit; the address is unusable */
	unsigned changes; /* all changes made by address_rewrite() */
};

/* How addresses are completed, and which operators are recognised. */
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

/* address_quote - internal to external form. Returns the length, or -1 when out
 * is too small; 2 * length of mailbox + 3 is always enough. */
long address_quote(char *out, size_t size, const char *mailbox);

/* address_unquote - external to internal form. out must be at least as large as
 * external. Returns the length. */
size_t address_unquote(char *out, const char *external);

/* address_plain - is the address plain: words and dots, "@", and a domain of
 * two or more labels, with nothing to quote, to route or to complete? Its
 * external, internal and canonical forms are then the same under all rules, and
 * its local part contains no routing. Returns the domain, which points into
 * mailbox; NULL: the address must be parsed. Most addresses are plain. */
const char *address_plain(const char *mailbox);

/* address_init - an empty address that uses the caller's buffers. */
void address_init(struct address *address, struct token *tokens,
		  size_t capacity, char *text, size_t size);

/* address_clear - drop all tokens and their text. */
void address_clear(struct address *address);

/* address_scan - append the tokens of a text in external form. */
void address_scan(struct address *address, const char *text);

/* address_append - append tokens whose text is stored elsewhere. */
void address_append(struct address *address, const struct token *tokens,
		    size_t count);

/* address_append_operator - append one operator. */
void address_append_operator(struct address *address, char op);

/* address_count - the number of tokens. */
size_t address_count(const struct address *address);

/* address_bytes - the total length of the tokens. */
size_t address_bytes(const struct address *address);

/* address_last - the last token; there must be one. */
struct token *address_last(const struct address *address);

/* address_find, address_find_last - index in tokens of the first or last such
 * operator, or -1. */
long address_find(const struct address *address, char op);
long address_find_last(const struct address *address, char op);

/* address_ends_in_dot - is the last token a dot that may be dropped, that is,
 * follows something other than a dot or "@"? */
bool address_ends_in_dot(const struct address *address);

/* address_print - the tokens from index from on, in internal form. Returns the
 * length, or -1 when out is too small. */
long address_print(const struct address *address, size_t from, char *out,
		   size_t size);

/* address_rewrite - rewrite to canonical form: drop the source route, turn
 * domain!user and user%domain into user@domain, complete a missing domain or a
 * domain without a dot, and drop one trailing dot. The address must have a
 * token. */
void address_rewrite(struct address *address,
		     const struct address_rules *rules);

#endif
