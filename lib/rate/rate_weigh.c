/* SPDX-License-Identifier: ISC */
/* rate_weigh - does one charge fit?
 *
 * Compares the counts of a key with its limits; a key without a cell has what
 * the floor of its shard says. Only looks. */

#include "lib/rate/rate_internal.h"

#define FILL_FULL 1000 /* how full a window is that has no room */

/* One window of a claim. */
struct weight {
	unsigned window;
	enum rate_outcome outcome;
	uint64_t used, extra, number;
	uint64_t wait; /* ticks */
};

/* number_of - the limit of a length; RATE_UNLIMITED: there is none */
static uint64_t number_of(const struct rate_limits *limits, uint32_t length_s)
{
	for (unsigned i = 0; i < limits->count && i < RATE_WINDOWS_MAX; i++)
		if (limits->limit[i].length_s == length_s)
			return limits->limit[i].number;
	return RATE_UNLIMITED;
}

/* most_of - the limit of window i. A table of networks has a place for each of
 * a number of them; one more would make it forget another one, which could come
 * back. */
static uint64_t most_of(const struct rate_claim *claim, unsigned i)
{
	const struct rate_shape *shape = &claim->table->shape;
	uint64_t number = number_of(&claim->charge->limits, shape->length_s[i]);

	if (shape->unit != RATE_NETWORKS || number == RATE_UNLIMITED ||
	    number < shape->networks)
		return number;
	return shape->networks;
}

/* extra_in - how much is new in a window: a network that is in it is not */
static uint64_t extra_in(const struct rate_claim *claim,
			 const struct rate_cell *cell, unsigned i)
{
	if (claim->table->shape.unit != RATE_NETWORKS)
		return claim->extra;
	return rate_cell_lost(cell, claim->now) ||
	       !rate_network_in(claim->table, cell, claim->place, i,
				rate_cell_time(cell, claim->now));
}

/* is_full - does the amount reach the limit? */
static bool is_full(const struct weight *weight)
{
	return weight->used >= weight->number ||
	       weight->extra >= weight->number - weight->used;
}

/* fill_of - how full a window is with the amount; a number is at most 2^50 */
static uint64_t fill_of(const struct weight *weight)
{
	if (weight->number == RATE_UNLIMITED)
		return 0;
	if (is_full(weight))
		return FILL_FULL;
	return (weight->used + weight->extra) * FILL_FULL / weight->number;
}

/* is_near - is that the same as fill_of() >= percent? Without a division, since
 * each request asks it */
static bool is_near(const struct weight *weight, unsigned percent)
{
	return is_full(weight) ||
	       (weight->used + weight->extra) * 100 >= weight->number * percent;
}

/* weigh_window - one of them */
static struct weight weigh_window(const struct rate_claim *claim,
				  const struct rate_cell *cell, unsigned i)
{
	const struct rate_table *table = claim->table;
	struct weight weight = {
		.window = i,
		.outcome = RATE_WITHIN,
		.used = rate_cell_used(table, cell, i, claim->now),
		.extra = extra_in(claim, cell, i),
		.number = most_of(claim, i),
	};

	if (weight.extra == 0 || weight.number == RATE_UNLIMITED)
		return weight;
	if (claim->amount > weight.number) {
		weight.outcome = RATE_NEVER_FITS;
		weight.wait = UINT64_MAX;
	} else if (weight.used > weight.number ||
		   weight.extra > weight.number - weight.used) {
		weight.outcome = RATE_OVER;
		weight.wait = rate_cell_wait(table, cell, i, claim->now,
					     weight.extra, weight.number);
	}
	return weight;
}

/* worse - does it say more than the one so far? */
static bool worse(const struct weight *a, const struct weight *b)
{
	if (a->outcome != b->outcome)
		return a->outcome > b->outcome;
	if (a->wait != b->wait)
		return a->wait > b->wait;
	if (fill_of(a) != fill_of(b))
		return fill_of(a) > fill_of(b);
	return a->number != RATE_UNLIMITED && b->number == RATE_UNLIMITED;
}

/* seconds_of - ticks, rounded up */
static uint64_t seconds_of(uint64_t ticks)
{
	if (ticks == UINT64_MAX)
		return UINT64_MAX;
	return ticks / RATE_TICKS + (ticks % RATE_TICKS != 0);
}

/* first - set a bit; was it clear? */
static bool first(uint8_t *bits, unsigned bit)
{
	bool clear = (*bits & 1U << bit) == 0;

	*bits = (uint8_t)(*bits | 1U << bit);
	return clear;
}

/* begin_anew - a window that is below half is warned of again */
static void begin_anew(struct rate_claim *claim, const struct weight *weight)
{
	uint8_t both = (uint8_t)(0x11U << weight->window);

	if (weight->number != RATE_UNLIMITED &&
	    weight->used < weight->number - weight->number / 2)
		claim->noticed = (uint8_t)(claim->noticed & ~both);
}

/* notice_of - is it the first time? One that was over is not near afterwards */
static enum rate_notice notice_of(struct rate_claim *claim,
				  const struct weight *weight)
{
	unsigned near = claim->charge->near;

	if (weight->number == RATE_UNLIMITED)
		return RATE_SILENT;
	if (weight->outcome > RATE_WITHIN) {
		first(&claim->noticed, weight->window);
		return first(&claim->noticed, weight->window + RATE_WINDOWS_MAX)
			       ? RATE_FIRST_OVER
			       : RATE_SILENT;
	}
	if (near != 0 && is_near(weight, near) &&
	    first(&claim->noticed, weight->window))
		return RATE_FIRST_NEAR;
	return RATE_SILENT;
}

/* weigh_all - the window that says most */
static struct weight weigh_all(struct rate_claim *claim,
			       const struct rate_cell *cell)
{
	struct weight worst = weigh_window(claim, cell, 0);

	begin_anew(claim, &worst);
	for (unsigned i = 1; i < claim->table->shape.windows; i++) {
		struct weight weight = weigh_window(claim, cell, i);

		begin_anew(claim, &weight);
		if (worse(&weight, &worst))
			worst = weight;
	}
	return worst;
}

/* rate_weigh - fill the result */
void rate_weigh(struct rate_claim *claim)
{
	struct rate_result *result = &claim->charge->result;
	const struct rate_cell *cell = claim->cell;
	struct weight worst;

	if (cell == NULL)
		cell = rate_floor(claim->table, claim->shard);
	claim->noticed =
		claim->cell != NULL && !rate_cell_lost(cell, claim->now)
			? cell->noticed
			: 0;
	worst = weigh_all(claim, cell);
	claim->added = worst.extra;
	result->outcome = worst.outcome;
	result->used = worst.used;
	result->number = worst.number;
	result->length_s = claim->table->shape.length_s[worst.window];
	result->free_s = seconds_of(worst.wait);
	result->counted_before = claim->id != 0 && claim->extra == 0;
	result->notice = notice_of(claim, &worst);
	if (claim->cell != NULL && rate_cell_blocked(cell, claim->now)) {
		result->outcome = RATE_BLOCKED;
		result->notice = RATE_SILENT;
		result->free_s =
			cell->blocked == RATE_ALWAYS
				? UINT64_MAX
				: seconds_of(cell->blocked - claim->now);
	}
}
