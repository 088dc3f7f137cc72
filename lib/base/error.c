/* SPDX-License-Identifier: ISC */
/* error - one line of text that says why something failed
 *
 * Functions that can fail return -1 and have a struct error as their last
 * argument. They neither log nor exit; their caller decides what to do. The
 * line may quote a file or a request, and is always printable. */

#include "lib/base/error.h"

#include <stdarg.h>
#include <string.h>

#include "lib/base/printable.h"

/* error_set - format the reason */
int(error_set)(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return -1;
	va_start(arguments, format);
	printable_format(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -1;
}

/* error_prefix - put text before the reason */
int(error_prefix)(struct error *error, const char *format, ...)
{
	char prefix[sizeof(error->text)], reason[sizeof(error->text)];
	va_list arguments;

	if (error == NULL)
		return -1;
	memcpy(reason, error->text, sizeof(reason));
	va_start(arguments, format);
	printable_format(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	return (error_set)(error, "%s%s", prefix, reason);
}
