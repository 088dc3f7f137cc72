/* SPDX-License-Identifier: ISC */
/* Tests of rate_window.c against a model that keeps a log of everything.
 * TEST_MUTANTS: the number of steps. */

#include "lib/rate/rate_window.h"

#include <string.h>

#include "t/unit/test.h"

#define TICK_US	  33334 /* at most */
#define SECOND_US 1000000ULL
#define LOG_MAX	  4096

/* next_random - the same numbers each time */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* below - a random number below limit */
static uint64_t below(uint64_t *state, uint64_t limit)
{
	return next_random(state) % limit;
}

/* The window, and everything that it accepted. */
struct model {
	uint64_t counters[RATE_WIDE_SIZE / 8];
	struct rate_window window;
	uint64_t last, now_us, number;
	struct {
		uint64_t time_us, amount;
	} log[LOG_MAX]; /* a ring */
	size_t count;
};

/* accepted - the sum of what the log has in (now - time, now] */
static uint64_t accepted(const struct model *model, uint64_t time_us)
{
	uint64_t sum = 0;

	for (size_t i = model->count; i-- > 0 && i + LOG_MAX > model->count;) {
		if (model->log[i % LOG_MAX].time_us + time_us <= model->now_us)
			break;
		sum += model->log[i % LOG_MAX].amount;
	}
	return sum;
}

/* start - an empty window of some length */
static void start(struct model *model, uint64_t *state)
{
	static const uint32_t lengths[] = { 1, 2, 7, 60, 3600, 2678400 };

	memset(model, 0, sizeof(*model));
	model->window.length_s = lengths[below(state, COUNT(lengths))];
	model->window.wide = below(state, 4) == 0;
	model->window.counters = model->counters;
	model->number = 1 + below(state, 60);
	model->now_us = SECOND_US * below(state, 3000000000);
	model->last = rate_tick(model->now_us);
}

/* elapse - no time, a little, some of the window, or all of it */
static void elapse(struct model *model, uint64_t *state)
{
	uint64_t length_us = model->window.length_s * SECOND_US;

	switch (below(state, 8)) {
	case 0:
		model->now_us += below(state, 2 * length_us);
		break;
	case 1:
	case 2:
		model->now_us += below(state, length_us / 10);
		break;
	case 3:
		model->now_us += length_us + below(state, length_us / 20);
		break;
	case 4:
		model->now_us += below(state, 1000);
		break;
	default:
		break;
	}
}

/* take - count it if it fits; was it? */
static bool take(struct model *model, uint64_t amount)
{
	uint64_t now = rate_tick(model->now_us);
	uint64_t used = rate_window_used(&model->window, model->last, now);

	if (used > model->number || amount > model->number - used)
		return false;
	rate_window_move(&model->window, model->last, now);
	model->last = now;
	rate_window_add(&model->window, now, amount);
	model->log[model->count % LOG_MAX].time_us = model->now_us;
	model->log[model->count % LOG_MAX].amount = amount;
	model->count++;
	return true;
}

/* check_wait - it fits when it is said to, and not a tick earlier */
static void check_wait(const struct model *model, uint64_t amount)
{
	uint64_t now = rate_tick(model->now_us);
	uint64_t wait = rate_window_wait(&model->window, model->last, now,
					 amount, model->number);

	if (amount > model->number) {
		ck_assert_uint_eq(wait, UINT64_MAX);
		return;
	}
	ck_assert_uint_gt(wait, 0);
	ck_assert_uint_le(
		rate_window_used(&model->window, model->last, now + wait) +
			amount,
		model->number);
	ck_assert_uint_gt(
		rate_window_used(&model->window, model->last, now + wait - 1) +
			amount,
		model->number);
}

/* step - let time pass, and try */
static void step(struct model *model, uint64_t *state)
{
	uint64_t length_us = model->window.length_s * SECOND_US;
	uint64_t amount = 1 + below(state, below(state, 4) == 0 ? 70 : 3);

	elapse(model, state);
	if (take(model, amount)) {
		ck_assert_uint_le(accepted(model, length_us), model->number);
		return;
	}
	ck_assert_uint_gt(
		accepted(model, length_us + length_us / 30 + TICK_US) + amount,
		model->number);
	check_wait(model, amount);
}

START_TEST(never_more_never_less)
{
	static struct model model;
	uint64_t state = 0x9e3779b97f4a7c15 + (uint64_t)_i;

	for (int i = 0; i < mutants(200000) / 4; i++) {
		if (i % 2000 == 0)
			start(&model, &state);
		step(&model, &state);
	}
}
END_TEST

/* As fast as possible, at each phase of a part: N, and again N after T. */
START_TEST(a_burst_at_any_phase)
{
	for (uint64_t phase = 0; phase < 70; phase++) {
		uint64_t state = phase + 1;
		static struct model model;

		start(&model, &state);
		model.window.length_s = 60;
		model.number = 200;
		model.now_us = 1800000000 * SECOND_US + phase * 31250;
		model.last = rate_tick(model.now_us);
		for (int i = 0; i < 4000; i++) {
			take(&model, 1);
			ck_assert_uint_le(accepted(&model, 60 * SECOND_US),
					  200);
			model.now_us += 31250;
		}
		ck_assert_uint_ge(model.count, 400);
	}
}
END_TEST

START_TEST(a_full_counter_stays_full)
{
	uint64_t counters[RATE_WIDE_SIZE / 8] = { 0 };
	struct rate_window window = { 60, _i == 1, counters };
	uint64_t full = _i == 1 ? UINT64_MAX : UINT32_MAX;

	rate_window_add(&window, 1000, full - 1);
	ck_assert_uint_eq(rate_window_used(&window, 1000, 1000), full - 1);
	rate_window_add(&window, 1000, 5);
	ck_assert_uint_eq(rate_window_used(&window, 1000, 1000), full);
	rate_window_take_back(&window, 1000, 1000, 7);
	ck_assert_uint_eq(rate_window_used(&window, 1000, 1000), full);
	rate_window_add(&window, 1060, full);
	ck_assert_uint_eq(rate_window_used(&window, 1060, 1060),
			  _i == 1 ? UINT64_MAX : 2 * full);
}
END_TEST

START_TEST(taken_back_from_its_part)
{
	uint64_t counters[RATE_WIDE_SIZE / 8] = { 0 };
	struct rate_window window = { 1, false, counters };

	rate_window_add(&window, 100, 5);
	rate_window_move(&window, 100, 110);
	rate_window_add(&window, 110, 3);
	rate_window_take_back(&window, 110, 100, 5);
	ck_assert_uint_eq(rate_window_used(&window, 110, 130), 3);
	ck_assert_uint_eq(rate_window_used(&window, 110, 140), 3);
	ck_assert_uint_eq(rate_window_used(&window, 110, 141), 0);
	rate_window_take_back(&window, 110, 109, 5);
	rate_window_take_back(&window, 110, 111, 5);
	rate_window_take_back(&window, 110, 79, 5);
	ck_assert_uint_eq(rate_window_used(&window, 110, 110), 3);
	rate_window_take_back(&window, 110, 110, 5);
	ck_assert_uint_eq(rate_window_used(&window, 110, 110), 0);
}
END_TEST

/* since - the sum of the parts from one on */
static uint64_t since(const uint32_t *counters, unsigned part)
{
	uint64_t sum = 0;

	for (; part < RATE_PARTS; part++)
		sum += counters[part];
	return sum;
}

START_TEST(raised_is_the_larger_one_since_any_part)
{
	uint64_t state = 77;

	for (int i = 0; i < 3000; i++) {
		uint32_t a[32] = { 0 };
		uint32_t b[32] = { 0 };
		uint32_t before[32];
		struct rate_window mine = { 1, false, a };
		struct rate_window its = { 1, false, b };

		for (unsigned part = 0; part < RATE_PARTS; part++) {
			a[part] = (uint32_t)below(&state, 5);
			b[part] = (uint32_t)below(&state, 9) / 2;
		}
		memcpy(before, a, sizeof(a));
		rate_window_raise(&mine, &its, 30);
		for (unsigned part = 0; part < RATE_PARTS; part++) {
			uint64_t x = since(before, part);
			uint64_t y = since(b, part);

			ck_assert_uint_eq(since(a, part), x > y ? x : y);
		}
	}
}
END_TEST

START_TEST(ticks)
{
	ck_assert_uint_eq(rate_tick(0), 0);
	ck_assert_uint_eq(rate_tick(33333), 0);
	ck_assert_uint_eq(rate_tick(33334), 1);
	ck_assert_uint_eq(rate_tick(999999), 29);
	ck_assert_uint_eq(rate_tick(1000000), 30);
	ck_assert_uint_eq(rate_tick(1800000000000000), 54000000000);
	ck_assert_uint_eq(rate_tick(UINT64_MAX),
			  UINT64_MAX / 1000000 * 30 + 16);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_window");

	tcase_add_loop_test(tests, never_more_never_less, 0, 4);
	tcase_add_test(tests, a_burst_at_any_phase);
	tcase_add_loop_test(tests, a_full_counter_stays_full, 0, 2);
	tcase_add_test(tests, taken_back_from_its_part);
	tcase_add_test(tests, raised_is_the_larger_one_since_any_part);
	tcase_add_test(tests, ticks);
	return run_tests("rate_window", tests);
}
