/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_WORDS_H
#define LIB_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/* Between the words of a list in main.cf syntax. */
#define WORDS_SEPARATORS ", \t\r\n"

/* Called with each word or line; 0 to continue, or -1 and the reason. */
typedef int words_handler(void *context, const char *word, struct error *error);

/* words_length - the length of the word that text begins with: up to a
 * separator that is not in {}, or to the end, which is a NUL or length. *open:
 * a brace is not closed. */
size_t words_length(const char *text, size_t length, const char *separators,
		    bool *open);

/* words_enclosed - text begins with the bracket open, which is { or (: the
 * length up to and with the one that closes it; 0: there is none, or text
 * begins with something else. */
size_t words_enclosed(const char *text, size_t length, char open);

/* words_next - the next word, and advance *text behind it; a separator inside
 * {} is part of a word. NULL at the end. The caller frees it. */
char *words_next(const char **text, const char *separators);

/* words_trim - text without surrounding white space: where it begins, and its
 * new length. */
const char *words_trim(const char *text, size_t *length);

/* words_each - call handler with each word of text; separators are the bytes
 * between words. 0, or -1 as soon as handler returns it. */
int words_each(const char *text, const char *separators, words_handler *handler,
	       void *context, struct error *error);

/* words_each_braced - the same for a list that may have type:table entries: a
 * separator inside {} is part of the word. */
int words_each_braced(const char *text, const char *separators,
		      words_handler *handler, void *context,
		      struct error *error);

/* words_each_line - call handler with each line of a file, without its line
 * end; empty lines, too. Only regular files are read. 0, or -1: the file cannot
 * be read, or handler returned -1; error then begins with "path:line: ". */
int words_each_line(const char *path, words_handler *handler, void *context,
		    struct error *error);

#endif
