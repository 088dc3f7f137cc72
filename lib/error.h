/* SPDX-License-Identifier: ISC */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

/* One line of text that says why something failed, filled by whoever failed.
 * The caller owns the struct and decides what to do about it. */
struct error {
	char text[1024];
};

/* error_set - format the reason; a longer text is cut. A NULL error is
 * allowed: then nothing is kept. Returns -1, so that a function may say
 * `return error_set(error, ...)`. */
int error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* error_prefix - put text before the reason that is already there. */
int error_prefix(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* error_failed - that they return -1, where compilers and those who analyse
 * the code can see it */
static inline int error_failed(int always)
{
	(void)always;
	return -1;
}
#define error_set(...)	  error_failed(error_set(__VA_ARGS__))
#define error_prefix(...) error_failed(error_prefix(__VA_ARGS__))

#endif
