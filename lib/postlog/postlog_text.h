/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_TEXT_H
#define LIB_POSTLOG_POSTLOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of Postfix's log texts. Each function advances *text behind the part
 * that it read; false: it is not there, or longer than size. */

/* postlog_word - exactly this. */
bool postlog_word(const char **text, const char *word);

/* postlog_until - everything before one of the bytes in stops, or the end. */
bool postlog_until(const char **text, const char *stops, char *to, size_t size);

/* postlog_client - "name[address]", or with ":port"; the address. */
bool postlog_client(const char **text, char *address, size_t size);

/* postlog_address - "<address>", without the quotes around a local part:
 * "<"a b"@c>" is "a b@c". */
bool postlog_address(const char **text, char *to, size_t size);

/* postlog_times - how often is word in text? */
size_t postlog_times(const char *text, const char *word);

#endif
