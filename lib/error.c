/* SPDX-License-Identifier: ISC */
/* error - one line of text that says why something failed
 *
 * Functions that can fail return -1 and have a struct error as their last
 * argument. They neither log nor exit; their caller decides what to do. The
 * line may quote a file or a request, and is always printable. */

#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/printable.h"

/* error_set - format the reason */
int(error_set)(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return -1;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	printable_replace(error->text);
	return -1;
}

/* error_prefix - put text before the reason */
int(error_prefix)(struct error *error, const char *format, ...)
{
	char reason[sizeof(error->text)];
	va_list arguments;
	size_t length;

	if (error == NULL)
		return -1;
	memcpy(reason, error->text, sizeof(reason));
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	length = strlen(error->text);
	snprintf(error->text + length, sizeof(error->text) - length, "%s",
		 reason);
	printable_replace(error->text);
	return -1;
}
