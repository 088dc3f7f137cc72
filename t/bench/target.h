/* SPDX-License-Identifier: ISC */
#ifndef T_BENCH_TARGET_H
#define T_BENCH_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* The processes that are measured: what they have cost so far. */

#define TARGET_MAX 64

struct target {
	pid_t pids[TARGET_MAX];
	size_t count;
};

struct target_usage {
	uint64_t cpu_ns;       /* exact: all threads, user and kernel */
	uint64_t user_ticks;   /* sampled by the kernel: only the ratio of */
	uint64_t system_ticks; /* the two says something, in a long run */
	uint64_t rss_kib;
	uint64_t peak_kib;
};

/* target_usage - the sum over all processes; -1 if one of them is gone. */
int target_usage(const struct target *target, struct target_usage *usage,
		 struct error *error);

#endif
