/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_HEAP_H
#define T_UNIT_HEAP_H

#include <stddef.h>
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* heap_used - bytes that malloc(3) has given out; always 0 where the C library
 * does not say, as with musl: then nothing grows */
static inline size_t heap_used(void)
{
#ifdef __GLIBC__
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#else
	return 0;
#endif
}

#endif
