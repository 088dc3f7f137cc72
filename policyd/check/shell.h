/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_SHELL_H
#define POLICYD_CHECK_SHELL_H

/* shell_quote - text as one word for the shell; the caller frees it. */
char *shell_quote(const char *text);

/* shell_option - " -c PATH", in quotes if the path needs them; the caller frees
 * it. */
char *shell_option(const char *path);

#endif
