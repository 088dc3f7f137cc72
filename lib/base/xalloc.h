/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_XALLOC_H
#define LIB_BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Allocation that succeeds or ends the process with status 75 (EX_TEMPFAIL)
 * after one line in the log; no caller checks for out of memory. A process that
 * ends sends no reply, so Postfix defers: out of memory never permits. Free the
 * memory with free(3). */

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
/* xreallocarray - as reallocarray(3): count * size is checked. */
void *xreallocarray(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xvasprintf(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* xappend - add to a text of these functions, which may move. */
void xappend(char **text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* xmemstream - as open_memstream(3). xmemstream_close - the text is whole then;
 * free it. */
FILE *xmemstream(char **text, size_t *length);
void xmemstream_close(FILE *stream);

/* xalloc_failed - called when there is no memory; also for callers whose
 * library got none and cannot be trusted any more. */
_Noreturn void xalloc_failed(void);

#endif
