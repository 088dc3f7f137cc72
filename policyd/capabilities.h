/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CAPABILITIES_H
#define POLICYD_CAPABILITIES_H

#include <stdint.h>

#include "lib/error.h"

/* A set of capabilities(7). */
#define CAPABILITIES_NONE      UINT64_C(0)
#define CAPABILITY(capability) (UINT64_C(1) << (capability))

/* capabilities_bound - whatever this process or those that it starts become,
 * they never get any but these. A process that may not say so (no
 * CAP_SETPCAP) stays as it is. */
int capabilities_bound(uint64_t set, struct error *error);

/* capabilities_keep - give up all but these, of those that this thread has;
 * verified. None are handed on to other users' programs. */
int capabilities_keep(uint64_t set, struct error *error);

#endif
