/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_CAPABILITIES_H
#define POLICYD_PROCESS_CAPABILITIES_H

#include <stdint.h>

#include "lib/base/error.h"

/* A set of capabilities(7). */
#define CAPABILITIES_NONE      UINT64_C(0)
#define CAPABILITY(capability) (UINT64_C(1) << (capability))

/* capabilities_bound - limit what this process and its children can ever gain
 * to this set. A process that lacks CAP_SETPCAP for it stays as it is. */
int capabilities_bound(uint64_t set, struct error *error);

/* capabilities_keep - of those that this thread has, give up all but these;
 * verified. Programs that it executes inherit none. */
int capabilities_keep(uint64_t set, struct error *error);

#endif
