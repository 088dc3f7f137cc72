/* SPDX-License-Identifier: ISC */
/* number - plain decimal numbers only */

#include "lib/base/number.h"

/* number_parse - digits only, at most max */
int number_parse(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;
	const char *digit;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (digit = text; *digit != '\0'; digit++) {
		uint64_t unit = (uint64_t)(*digit - '0');

		if (*digit < '0' || *digit > '9')
			return -1;
		if (unit > max || value > (max - unit) / 10)
			return -1;
		value = value * 10 + unit;
	}
	*number = value;
	return 0;
}
