/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_STATUS_HTML_H
#define POLICYD_STATUS_HTML_H

#include <stdio.h>

/* html_put - write text into a page, or into an attribute in double quotes.
 * Whatever it contains, it is not markup and cannot reorder the text around it.
 * Letters and signs of all languages are kept; control and invisible
 * characters, and bytes that are not UTF-8, become \xNN. */
void html_put(FILE *output, const char *text);

#endif
