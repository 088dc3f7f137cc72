/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_UNSET_H
#define LIB_BASE_UNSET_H

/* UNSET - of a variable that is written before it is read, and too large to be
 * set to zero by the compiler (-ftrivial-auto-var-init) for each request. */
#ifdef __has_attribute
#if __has_attribute(uninitialized)
#define UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef UNSET
#define UNSET
#endif

#endif
