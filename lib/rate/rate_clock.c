/* SPDX-License-Identifier: ISC */
/* rate_clock - the time of a table
 *
 * The wall clock may be set while policyd runs, so a table counts with the time
 * since the machine was booted, plus an offset that the file has. At another
 * boot the offset is chosen so that the time of the file is the wall clock's,
 * or the latest one at which something was counted if that is later: it never
 * goes back. */

#include "lib/rate/rate_internal.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

#define BOOT_ID	  "/proc/sys/kernel/random/boot_id"
#define SECOND_US 1000000

/* microseconds - of a clock */
static uint64_t microseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	if (now.tv_sec < 0)
		return 0;
	return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

/* rate_now_us - of a clock that cannot be set */
uint64_t rate_now_us(void)
{
	return microseconds(CLOCK_BOOTTIME);
}

/* digit - the value of a hexadecimal digit, or -1 */
static int digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

/* read_boot - a UUID as 16 bytes; zero bytes if the system has none */
static void read_boot(char boot[16])
{
	char text[64];
	ssize_t length;
	unsigned count = 0;
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

	memset(boot, 0, 16);
	if (fd < 0)
		return;
	length = read(fd, text, sizeof(text));
	close(fd);
	for (ssize_t i = 0; i < length && count < 32; i++) {
		int value = digit(text[i]);

		if (value < 0)
			continue;
		boot[count / 2] = (char)(boot[count / 2] << 4 | value);
		count++;
	}
}

/* rate_clock_read - all of it */
struct rate_clock rate_clock_read(void)
{
	struct rate_clock clock = {
		.now_us = rate_now_us(),
		.wall_us = microseconds(CLOCK_REALTIME),
	};

	read_boot(clock.boot);
	return clock;
}

/* rate_tick_of - now, as the table counts it */
uint64_t rate_tick_of(const struct rate_table *table, uint64_t now_us)
{
	return rate_tick(now_us + table->offset_us);
}

/* last_use - the latest tick at which something was counted; what is later than
 * RATE_TICK_MAX is damage */
static uint64_t last_use(const struct rate_table *table)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < RATE_SHARDS; i++) {
		const struct rate_shard *shard = rate_shard(table, i);

		if (shard->last < RATE_TICK_MAX && shard->last > last)
			last = shard->last;
	}
	return last;
}

/* begin_of - the first microsecond of a tick: the true time was not earlier, so
 * that the time of the file never runs ahead of it */
static uint64_t begin_of(uint64_t tick)
{
	return tick / RATE_TICKS * SECOND_US +
	       (tick % RATE_TICKS * SECOND_US + RATE_TICKS - 1) / RATE_TICKS;
}

/* sane - can that be the time of a file? */
static bool sane(uint64_t time_us)
{
	return time_us != 0 && rate_tick(time_us) < RATE_TICK_MAX;
}

/* rate_clock_load - the offset that the file has; -1: it cannot be */
int rate_clock_load(struct rate_table *table, const struct rate_clock *clock)
{
	table->offset_us = rate_header(table)->offset_us;
	return sane(clock->now_us + table->offset_us) ? 0 : -1;
}

/* rate_clock_start - choose the offset; this process is alone */
void rate_clock_start(struct rate_table *table, const struct rate_clock *clock)
{
	struct rate_header *header = rate_header(table);
	uint64_t last_us = begin_of(last_use(table));
	uint64_t time_us = clock->now_us + header->offset_us;

	if (!rate_clock_same(header, clock) || !sane(time_us))
		time_us = sane(clock->wall_us) ? clock->wall_us : SECOND_US;
	if (time_us < last_us)
		time_us = last_us;
	header->offset_us = time_us - clock->now_us;
	memcpy(header->boot, clock->boot, sizeof(header->boot));
}

/* rate_clock_same - is it the same boot of the machine? */
bool rate_clock_same(const struct rate_header *header,
		     const struct rate_clock *clock)
{
	static const char unknown[16];

	return memcmp(clock->boot, unknown, sizeof(unknown)) != 0 &&
	       memcmp(header->boot, clock->boot, sizeof(header->boot)) == 0;
}
