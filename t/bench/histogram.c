/* SPDX-License-Identifier: ISC */
/* histogram - durations, counted in slots of equal relative width
 *
 * As in HdrHistogram: below 128 ns each value has its slot; above, each power
 * of two is divided in 128 steps. */

#include "t/bench/histogram.h"

#define LAST_SLOT (HISTOGRAM_SCALES * HISTOGRAM_STEPS - 1)

/* slot_of - where a value is counted; too large ones in the last slot */
static uint64_t slot_of(uint64_t ns)
{
	unsigned scale;
	uint64_t slot;

	if (ns < HISTOGRAM_STEPS)
		return ns;
	scale = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_STEP_BITS;
	slot = (uint64_t)scale * HISTOGRAM_STEPS + (ns >> scale);
	return slot < LAST_SLOT ? slot : LAST_SLOT;
}

/* highest_of - the highest value that is counted in a slot */
static uint64_t highest_of(uint64_t slot)
{
	uint64_t scale;

	if (slot < 2 * HISTOGRAM_STEPS)
		return slot;
	scale = slot / HISTOGRAM_STEPS - 1;
	return ((slot - scale * HISTOGRAM_STEPS + 1) << scale) - 1;
}

/* histogram_add - one duration */
void histogram_add(struct histogram *histogram, uint64_t ns)
{
	histogram->count++;
	histogram->slots[slot_of(ns)]++;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
}

/* histogram_quantile - walk up to the share asked for */
uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	double wanted = share * (double)histogram->count;
	uint64_t slot, value, seen = 0;

	if (histogram->count == 0)
		return 0;
	for (slot = 0; slot < LAST_SLOT; slot++) {
		seen += histogram->slots[slot];
		if (seen > 0 && (double)seen >= wanted)
			break;
	}
	value = highest_of(slot);
	return value < histogram->max_ns ? value : histogram->max_ns;
}
