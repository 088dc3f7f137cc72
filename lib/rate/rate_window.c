/* SPDX-License-Identifier: ISC */
/* rate_window - a sliding window of counters
 *
 * Time is cut into parts of T ticks, 30 of which are T seconds. The part number
 * p has the counter p % 31. At a time in part p, the parts p - 30 to p are in
 * the window: (t - T, t] begins in part p - 30 or later, wherever in part p
 * t is. So nothing is forgotten that is younger than T, and an amount is
 * remembered until its whole part has left: at most T + T/30.
 *
 * A process may be killed between any two writes here. Counters that are
 * cleared have left the window by then; rate_window_raise() makes no sum
 * smaller on its way. */

#include "lib/rate/rate_window.h"

#define SECOND_US 1000000

/* rate_tick - 30 in a second, exactly */
uint64_t rate_tick(uint64_t time_us)
{
	return time_us / SECOND_US * RATE_TICKS +
	       time_us % SECOND_US * RATE_TICKS / SECOND_US;
}

/* full - the value at which a counter stays */
static uint64_t full(const struct rate_window *window)
{
	return window->wide ? UINT64_MAX : UINT32_MAX;
}

/* get - the counter of a part */
static uint64_t get(const struct rate_window *window, uint64_t part)
{
	unsigned slot = (unsigned)(part % RATE_PARTS);

	if (window->wide)
		return ((const uint64_t *)window->counters)[slot];
	return ((const uint32_t *)window->counters)[slot];
}

/* set - write it; value is at most full() */
static void set(const struct rate_window *window, uint64_t part, uint64_t value)
{
	unsigned slot = (unsigned)(part % RATE_PARTS);

	if (window->wide)
		((uint64_t *)window->counters)[slot] = value;
	else
		((uint32_t *)window->counters)[slot] = (uint32_t)value;
}

/* plus - a sum that does not wrap */
static uint64_t plus(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

/* later - the later one */
static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* oldest - the oldest part that is in the window in part newest */
static uint64_t oldest(uint64_t newest)
{
	return newest < RATE_PARTS ? 0 : newest - (RATE_PARTS - 1);
}

/* part_since - the part of a time that is not before that part: the same one,
 * most of the time, which saves a division */
static uint64_t part_since(const struct rate_window *window, uint64_t part,
			   uint64_t time)
{
	if (time - part * window->length_s < window->length_s)
		return part;
	return time / window->length_s;
}

/* rate_window_move - clear the counters that get a new part */
void rate_window_move(const struct rate_window *window, uint64_t last,
		      uint64_t now)
{
	uint64_t from = last / window->length_s;
	uint64_t to = part_since(window, from, now);

	for (uint64_t part = later(from + 1, oldest(to)); part <= to; part++)
		set(window, part, 0);
}

/* sum_all - what all parts have; the compiler makes it a few instructions */
static uint64_t sum_all(const struct rate_window *window)
{
	const uint32_t *narrow = window->counters;
	uint64_t sum = 0;

	if (!window->wide) {
		for (unsigned i = 0; i < RATE_PARTS - RATE_PARTS % 4; i++)
			sum += narrow[i];
		for (unsigned i = 1; i <= RATE_PARTS % 4; i++)
			sum += narrow[RATE_PARTS - i];
		return sum;
	}
	for (unsigned i = 0; i < RATE_PARTS; i++)
		sum = plus(sum, get(window, i));
	return sum;
}

/* rate_window_used - the parts that are in it still */
uint64_t rate_window_used(const struct rate_window *window, uint64_t last,
			  uint64_t now)
{
	uint64_t newest = last / window->length_s;
	uint64_t end = part_since(window, newest, later(last, now));
	uint64_t sum = 0;

	if (end == newest)
		return sum_all(window);
	for (uint64_t part = oldest(end); part <= newest; part++)
		sum = plus(sum, get(window, part));
	return sum;
}

/* rate_window_add - into the part of now */
void rate_window_add(const struct rate_window *window, uint64_t now,
		     uint64_t amount)
{
	uint64_t part = now / window->length_s;
	uint64_t value = get(window, part);

	if (amount > full(window) - value)
		set(window, part, full(window));
	else
		set(window, part, value + amount);
}

/* rate_window_take_back - out of the part of then */
void rate_window_take_back(const struct rate_window *window, uint64_t last,
			   uint64_t then, uint64_t amount)
{
	uint64_t newest = last / window->length_s;
	uint64_t part = then / window->length_s;
	uint64_t value;

	if (part > newest || part < oldest(newest))
		return;
	value = get(window, part);
	if (value != full(window))
		set(window, part, value > amount ? value - amount : 0);
}

/* rate_window_wait - until the last of the parts that are too much leaves */
uint64_t rate_window_wait(const struct rate_window *window, uint64_t last,
			  uint64_t now, uint64_t amount, uint64_t number)
{
	uint64_t newest = last / window->length_s;
	uint64_t begin = oldest(later(last, now) / window->length_s);
	uint64_t sum = 0;

	if (amount > number)
		return UINT64_MAX;
	for (uint64_t part = newest + 1; part > begin; part--) {
		sum = plus(sum, get(window, part - 1));
		if (sum > number - amount)
			return (part - 1 + RATE_PARTS) * window->length_s - now;
	}
	return 0;
}

/* rate_window_raise - the larger one of the two sums since each part */
void rate_window_raise(const struct rate_window *window,
		       const struct rate_window *other, uint64_t last)
{
	uint64_t newest = last / window->length_s;
	uint64_t mine = 0;
	uint64_t its = 0;
	uint64_t before = 0;

	for (uint64_t part = newest + 1; part > oldest(newest); part--) {
		uint64_t sum;

		mine = plus(mine, get(window, part - 1));
		its = plus(its, get(other, part - 1));
		sum = later(mine, its);
		set(window, part - 1, sum - before);
		before = sum;
	}
}
