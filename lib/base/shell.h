/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_SHELL_H
#define LIB_BASE_SHELL_H

/* shell_quote - text as one word for the shell; the caller frees it. */
char *shell_quote(const char *text);

/* shell_option - " -c PATH", in quotes if the path needs them; "" if it is the
 * usual one. The caller frees it. */
char *shell_option(const char *path, const char *usual);

#endif
