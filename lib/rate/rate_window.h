/* SPDX-License-Identifier: ISC */
#ifndef LIB_RATE_RATE_WINDOW_H
#define LIB_RATE_RATE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One window of T seconds: 31 counters, each of a part of T/30. An amount
 * that is counted in a part is remembered until the whole part has left the
 * window: never more than N in any T, and used at most T/30 longer. (30 parts
 * would forget up to T/30 too early.) Pure; integers only.
 *
 * Time is in ticks of 1/30 s, so that a part has exactly T of them. The time of
 * a window is the latest one at which it was used; the caller keeps it, and
 * never lets it go back. */

#define RATE_PARTS	 31
#define RATE_TICKS	 30		     /* in a second */
#define RATE_TICK_MAX	 ((uint64_t)1 << 40) /* some 1,100 years */
#define RATE_NARROW_SIZE 128 /* bytes, with counters of 32 bits */
#define RATE_WIDE_SIZE	 256 /* with counters of 64 bits, for bytes */

struct rate_window {
	uint32_t length_s;
	bool wide;
	void *counters; /* RATE_NARROW_SIZE or RATE_WIDE_SIZE bytes, aligned */
};

/* rate_tick - the tick of a time in microseconds. */
uint64_t rate_tick(uint64_t time_us);

/* rate_window_move - forget the parts that have left the window between last
 * and now. If now is not later, nothing is done. */
void rate_window_move(const struct rate_window *window, uint64_t last,
		      uint64_t now);

/* rate_window_used - the sum of what is in the window at now; it was used last
 * at last. Does not change it. */
uint64_t rate_window_used(const struct rate_window *window, uint64_t last,
			  uint64_t now);

/* rate_window_add - count amount at now; the window has been moved to it. A
 * counter that is full stays full. */
void rate_window_add(const struct rate_window *window, uint64_t now,
		     uint64_t amount);

/* rate_window_take_back - what was added at the time then, if its part is still
 * there at last. */
void rate_window_take_back(const struct rate_window *window, uint64_t last,
			   uint64_t then, uint64_t amount);

/* rate_window_wait - ticks until amount fits below number; 0: it fits now.
 * UINT64_MAX: it never does. */
uint64_t rate_window_wait(const struct rate_window *window, uint64_t last,
			  uint64_t now, uint64_t amount, uint64_t number);

/* rate_window_raise - make the window count, since any time, at least what
 * other counts; both have been moved to last. */
void rate_window_raise(const struct rate_window *window,
		       const struct rate_window *other, uint64_t last);

#endif
