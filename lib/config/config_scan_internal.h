/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_SCAN_INTERNAL_H
#define LIB_CONFIG_CONFIG_SCAN_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/config/config_scan.h"

/* Shared by config_scan.c (the grammar) and config_scan_token.c only. */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_EQUALS,
	TOKEN_COMMA,
};

/* One token; start and length include the quotes. */
struct scan_token {
	enum token_kind kind;
	int line;
	const char *start;
	size_t length;
};

/* The state of scanning. */
struct scanner {
	struct config_scan *scan;
	char *text;
	size_t length;
	size_t position;
	int line;
	struct scan_token token;
	size_t parents[CONFIG_SCAN_DEPTH]; /* open sections */
	int opened[CONFIG_SCAN_DEPTH];	   /* the lines of their braces */
	size_t depth;
	int value_line; /* of a value without braces, if the last statement
			   ended with one; or 0 */
	int error_line;
	struct error *error;
};

/* scan_at - record the line of an error; returns the error to fill. */
struct error *scan_at(struct scanner *scanner, int line);

/* scan_check_bytes - refuse bytes that are not allowed anywhere. */
int scan_check_bytes(struct scanner *scanner);

/* scan_next - read the next token into scanner->token; comments before it are
 * overwritten with spaces. */
int scan_next(struct scanner *scanner);

/* scan_is_text - is the token a value? */
bool scan_is_text(const struct scan_token *token);

/* scan_unquote - the text of a token without quotes, as libconfuse reads it;
 * the caller frees it. */
char *scan_unquote(const struct scan_token *token);

#endif
