/* SPDX-License-Identifier: ISC */
#ifndef LIB_HTML_H
#define LIB_HTML_H

#include <stdio.h>

/* html_put - text as text of a page, or of an attribute in double quotes:
 * whatever it holds, it is neither markup nor able to change the order of what
 * stands around it. Letters and signs of all languages stay; control
 * characters, invisible ones and bytes that are no UTF-8 become \xNN. */
void html_put(FILE *output, const char *text);

#endif
