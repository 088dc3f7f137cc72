/* SPDX-License-Identifier: ISC */
#ifndef T_FUZZ_FUZZ_H
#define T_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What the libFuzzer targets share. Each is one file, fuzz_TARGET.c; its words
 * are in TARGET.dict, its stored inputs in corpus/TARGET. */

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* require - what has to hold for every input; libFuzzer keeps the one that
 * breaks it */
#define require(condition)                                               \
	do {                                                             \
		if (!(condition)) {                                      \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
				__LINE__, #condition);                   \
			abort();                                         \
		}                                                        \
	} while (0)

#endif
