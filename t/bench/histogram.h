/* SPDX-License-Identifier: ISC */
#ifndef T_BENCH_HISTOGRAM_H
#define T_BENCH_HISTOGRAM_H

#include <stdint.h>

/* Counts of durations: 128 steps to each power of two, so that a value read
 * back is at most 0.8 % too high, in constant memory and without sorting. */

#define HISTOGRAM_STEP_BITS 7
#define HISTOGRAM_STEPS	    (1U << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_SCALES    32 /* up to 2^38 ns, over 4 minutes */

struct histogram {
	uint64_t count;
	uint64_t max_ns;
	uint64_t slots[HISTOGRAM_SCALES * HISTOGRAM_STEPS];
};

/* histogram_add - one duration. */
void histogram_add(struct histogram *histogram, uint64_t ns);

/* histogram_quantile - the duration that this share (0 to 1) of all does not
 * exceed; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
