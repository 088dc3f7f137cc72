/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_POSTFIX_COPY_H
#define POLICYD_CHECK_POSTFIX_COPY_H

#include "lib/base/error.h"
#include "lib/postfix/postfix_settings.h"

/* A copy of main.cf and master.cf, on which commands are tried. */
struct postfix_copy {
	char directory[32]; /* "": there is none */
	const char *original;
};

/* One change by postconf(1): an option -e, -X, -P, -PX, -M or -F, and its
 * argument. */
struct postfix_change {
	const char *option;
	char *text;
};

/* postfix_copy_open - make a directory for a copy, empty as yet. original is
 * kept, not copied. 0 or -1. */
int postfix_copy_open(struct postfix_copy *copy, const char *original,
		      struct error *error);

/* postfix_copy_fill - copy both files, in place of whatever is there. 0 or -1.
 */
int postfix_copy_fill(const struct postfix_copy *copy, struct error *error);

/* postfix_copy_change - make these changes to the copy, with few runs of
 * postconf(1): all -e, then all -P, -PX, -M (which replaces a whole service),
 * -F and -X. 0 or -1. */
int postfix_copy_change(const struct postfix_copy *copy,
			const struct postfix_change *changes, size_t count,
			struct error *error);

/* postfix_copy_read - postfix_read(), as if the copy were the original. */
int postfix_copy_read(const struct postfix_copy *copy, struct postfix *postfix,
		      struct error *error);

/* postfix_copy_close - remove the directory; if that fails, standard error says
 * so. */
void postfix_copy_close(struct postfix_copy *copy);

#endif
