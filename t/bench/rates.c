/* SPDX-License-Identifier: ISC */
/* rates - what counting in a table of rates costs
 *
 * usage: rates [DIRECTORY]
 *
 * Prints the CPU time of one update, and what it is as a ratio of the first
 * line: with more keys, more windows, several threads that all count the same
 * key, and of a look. Then how long it takes to open a table of 1 M keys, and
 * the bytes of a key. The file is made in a directory of its own in DIRECTORY,
 * or in /tmp. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/trust.h"
#include "lib/rate/rate_table.h"

#define UPDATES 1000000
#define ROUNDS	5
#define THREADS 4

/* One line of the output. */
struct bench {
	const char *name;
	uint32_t keys;
	unsigned windows, threads;
	bool look;
};

static const struct bench cases[] = {
	{ "1 k keys", 1000, 1, 1, false },
	{ "1 k keys, three windows", 1000, 3, 1, false },
	{ "1 k keys, only looking", 1000, 1, 1, true },
	{ "100 k keys", 100000, 1, 1, false },
	{ "1 M keys", 1000000, 1, 1, false },
	{ "1 M keys, 4 threads", 1000000, 1, 4, false },
	{ "one key", 1, 1, 1, false },
	{ "one key, 2 threads", 1, 1, 2, false },
	{ "one key, 4 threads", 1, 1, 4, false },
};

/* A thread's work. */
struct work {
	const struct bench *bench;
	struct rate_charge charge;
	uint64_t state;
	unsigned updates;
};

/* die - it cannot be measured */
static _Noreturn void die(const char *what)
{
	fprintf(stderr, "rates: %s\n", what);
	exit(75);
}

/* seconds - of a clock */
static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* key_text - "user123456", faster than printf(3) */
static void key_text(char text[16], uint32_t number)
{
	memcpy(text, "user000000", 11);
	for (int i = 9; number > 0; i--, number /= 10)
		text[i] = (char)('0' + number % 10);
}

/* update - count, or look, with keys at random */
static void *update(void *context)
{
	struct work *work = context;
	struct rate_charge charge = work->charge;
	char key[16];
	char instance[16];

	charge.key = key;
	charge.instance = instance;
	for (unsigned i = 0; i < work->updates; i++) {
		work->state = work->state * 6364136223846793005 + 1;
		key_text(key,
			 (uint32_t)(work->state >> 33) % work->bench->keys);
		key_text(instance, i % 1000000);
		instance[0] = (char)work->state;
		if (work->bench->look)
			rate_look(&charge, 1, true, rate_now_us());
		else
			rate_take(&charge, 1, rate_now_us());
		if (charge.result.outcome != RATE_WITHIN)
			die("an update was refused");
	}
	return NULL;
}

/* run - all threads; CPU microseconds of an update */
static double run(const struct bench *bench, const struct rate_charge *charge,
		  unsigned updates)
{
	struct work work[THREADS];
	pthread_t thread[THREADS];
	double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);

	for (unsigned i = 0; i < bench->threads; i++) {
		work[i].bench = bench;
		work[i].charge = *charge;
		work[i].state = i + 1 + updates;
		work[i].updates = updates / bench->threads;
		if (pthread_create(&thread[i], NULL, update, &work[i]) != 0)
			die("pthread_create failed");
	}
	for (unsigned i = 0; i < bench->threads; i++)
		pthread_join(thread[i], NULL);
	return (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6 / updates;
}

/* open_table - for a case, with its charge */
static struct rate_table *open_table(const char *path,
				     const struct bench *bench,
				     const struct rate_clock *clock,
				     struct rate_charge *charge)
{
	static const uint32_t lengths[] = { 60, 3600, 86400 };
	uint32_t keys = bench->keys < 1000 ? 1000 : bench->keys;
	struct rate_shape shape;
	struct error error;

	memset(charge, 0, sizeof(*charge));
	charge->place = "";
	charge->amount = 1;
	charge->near = 80;
	charge->limits.count = bench->windows;
	for (unsigned i = 0; i < bench->windows; i++) {
		charge->limits.limit[i].number = RATE_NUMBER_MAX;
		charge->limits.limit[i].length_s =
			lengths[bench->windows == 1 ? 1 : i];
	}
	shape = rate_shape_of(&charge->limits, RATE_NUMBER, keys);
	charge->table =
		rate_table_open(path, &shape, TRUST_NOBODY, clock, &error);
	if (charge->table == NULL)
		die(error.text);
	return charge->table;
}

/* compare - doubles, for qsort(3) */
static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* measure - the median of some rounds */
static double measure(const char *path, const struct bench *bench)
{
	struct rate_clock clock = rate_clock_read();
	struct rate_charge charge;
	struct rate_table *table = open_table(path, bench, &clock, &charge);
	struct bench fill = *bench;
	double rounds[ROUNDS];

	fill.look = false;
	run(&fill, &charge, 2 * bench->keys + UPDATES / 10);
	for (int i = 0; i < ROUNDS; i++)
		rounds[i] = run(bench, &charge, UPDATES);
	rate_table_close(table);
	qsort(rounds, ROUNDS, sizeof(*rounds), compare);
	return rounds[ROUNDS / 2];
}

/* open_again - the file that is there, after the same boot or another one */
static double open_again(const char *path, bool other)
{
	const struct bench *bench = &cases[4];
	struct rate_clock clock = rate_clock_read();
	struct rate_charge charge;
	double begin;

	if (other)
		clock.boot[0]++;
	begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
	rate_table_close(open_table(path, bench, &clock, &charge));
	return seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

/* main - all cases */
int main(int count, char **arguments)
{
	const size_t cases_count = sizeof(cases) / sizeof(cases[0]);
	char directory[200], path[210];
	double first = 0;

	snprintf(directory, sizeof(directory), "%s/ratesXXXXXX",
		 count > 1 ? arguments[1] : "/tmp");
	if (mkdtemp(directory) == NULL)
		die("no directory can be made");
	snprintf(path, sizeof(path), "%s/rate", directory);
	for (size_t i = 0; i < cases_count; i++) {
		double us = measure(path, &cases[i]);

		if (i == 0)
			first = us;
		printf("%-26s %6.3f us  %5.2f\n", cases[i].name, us,
		       us / first);
		if (i == 5) {
			printf("%-26s %6.3f s\n", "open it",
			       open_again(path, false));
			printf("%-26s %6.3f s\n", "after another boot",
			       open_again(path, true));
		}
		unlink(path);
	}
	printf("%-26s %6.0f\n", "bytes of a key and window",
	       (double)rate_shape_size(&(struct rate_shape){
		       .windows = 1, .length_s = { 60 }, .keys = 1000000 }) /
		       1e6);
	rmdir(directory);
	return 0;
}
