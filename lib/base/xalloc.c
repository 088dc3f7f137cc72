/* SPDX-License-Identifier: ISC */
/* xalloc - allocation that succeeds or ends the process */

#include "lib/base/xalloc.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/log.h"

/* xalloc_failed - report it and exit; allocates nothing, and avoids the
 * functions that exit(3) would call */
void xalloc_failed(void)
{
	log_error("out of memory");
	_exit(EX_TEMPFAIL);
}

/* xmalloc - malloc(3) that never fails */
void *xmalloc(size_t size)
{
	void *block = malloc(size > 0 ? size : 1);

	if (block == NULL)
		xalloc_failed();
	return block;
}

/* xcalloc - calloc(3) that never fails */
void *xcalloc(size_t count, size_t size)
{
	void *block = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (block == NULL)
		xalloc_failed();
	return block;
}

/* xreallocarray - reallocarray(3) that never fails */
void *xreallocarray(void *old, size_t count, size_t size)
{
	void *block =
		reallocarray(old, count > 0 ? count : 1, size > 0 ? size : 1);

	if (block == NULL)
		xalloc_failed();
	return block;
}

/* xstrdup - strdup(3) that never fails */
char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

/* xstrndup - copy length bytes and add a NUL */
char *xstrndup(const char *text, size_t length)
{
	char *copy = xmalloc(length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

/* xvasprintf - vasprintf(3) that succeeds */
char *xvasprintf(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		xalloc_failed();
	return text;
}

/* xasprintf - asprintf(3) that never fails */
char *xasprintf(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	return text;
}

/* xappend - add to a text */
void xappend(char **text, const char *format, ...)
{
	va_list arguments;
	char *more;
	size_t length = strlen(*text);

	va_start(arguments, format);
	more = xvasprintf(format, arguments);
	va_end(arguments);
	*text = xreallocarray(*text, length + strlen(more) + 1, 1);
	memcpy(*text + length, more, strlen(more) + 1);
	free(more);
}

/* xmemstream - a stream into memory */
FILE *xmemstream(char **text, size_t *length)
{
	FILE *stream = open_memstream(text, length);

	if (stream == NULL)
		xalloc_failed();
	return stream;
}

/* xmemstream_close - nothing of the text may be missing */
void xmemstream_close(FILE *stream)
{
	bool failed = ferror(stream) != 0;

	if (fclose(stream) != 0 || failed)
		xalloc_failed();
}
