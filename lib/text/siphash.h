/* SPDX-License-Identifier: ISC */
#ifndef LIB_TEXT_SIPHASH_H
#define LIB_TEXT_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* A keyed hash (SipHash-1-3): without knowing the seed, nobody can choose texts
 * that are slow to look up. */

/* siphash_seed - random bytes; 0 or -1. */
int siphash_seed(uint64_t seed[2], struct error *error);

/* siphash - the hash of length bytes. */
uint64_t siphash(const uint64_t seed[2], const char *text, size_t length);

#endif
