/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_NUMBER_H
#define LIB_BASE_NUMBER_H

#include <stdint.h>

/* number_parse - a plain decimal number: only digits, no sign, no space, no
 * leading zero except "0" itself, at most max. 0, or -1 and *number is
 * unchanged. */
int number_parse(const char *text, uint64_t max, uint64_t *number);

#endif
