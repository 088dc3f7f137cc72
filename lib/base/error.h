/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_ERROR_H
#define LIB_BASE_ERROR_H

/* One line of text that says why something failed, filled by the function that
 * failed. The caller owns the struct and decides what to do about it. */
struct error {
	char text[1024];
};

/* error_set - format the reason; a long text is cut. error may be NULL: the
 * reason is then dropped. Returns -1, so that a function can write `return
 * error_set(error, ...)`. */
int error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* error_prefix - put text before the existing reason. */
int error_prefix(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* error_failed - shows compilers and analysers that these functions return
 * -1 */
static inline int error_failed(int always)
{
	(void)always;
	return -1;
}
#define error_set(...)	  error_failed(error_set(__VA_ARGS__))
#define error_prefix(...) error_failed(error_prefix(__VA_ARGS__))

#endif
