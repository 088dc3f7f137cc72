/* SPDX-License-Identifier: ISC */
/* history_record - pass a history from one server to the next
 *
 * A sequence of records, each with a letter: clocks (always the first), times,
 * series, refusals, and bars, in this order, so that the most important ones
 * fit. Numbers are written seven bits per byte, lowest first. */

#include "lib/stats/history_internal.h"

#include <string.h>

/* A buffer that is written or read. */
struct pack {
	char *to;
	const char *from;
	size_t left;
	bool failed; /* there was no room, or nothing left */
};

/* put_byte - write one byte, if there is room */
static void put_byte(struct pack *pack, unsigned byte)
{
	if (pack->left == 0) {
		pack->failed = true;
		return;
	}
	*pack->to++ = (char)byte;
	pack->left--;
}

/* put_number - write a number; small ones are short */
static void put_number(struct pack *pack, uint64_t number)
{
	for (; number >= 128; number >>= 7)
		put_byte(pack, (unsigned)(number & 127) | 128);
	put_byte(pack, (unsigned)number);
}

/* put_text - write a text with its NUL */
static void put_text(struct pack *pack, const char *text)
{
	do {
		put_byte(pack, (unsigned char)*text);
	} while (*text++ != '\0');
}

/* get_byte - read one byte; 0 when there are none left */
static unsigned get_byte(struct pack *pack)
{
	if (pack->left == 0) {
		pack->failed = true;
		return 0;
	}
	pack->left--;
	return (unsigned char)*pack->from++;
}

/* get_number - read what put_number() wrote */
static uint64_t get_number(struct pack *pack)
{
	uint64_t number = 0;
	unsigned shift = 0;
	unsigned byte;

	do {
		byte = get_byte(pack);
		number |= (uint64_t)(byte & 127) << shift;
		shift += 7;
	} while (byte >= 128 && shift < 64);
	if (byte >= 128)
		pack->failed = true;
	return number;
}

/* get_text - read into a buffer that must be large enough */
static void get_text(struct pack *pack, char *buffer, size_t size)
{
	size_t length = strnlen(pack->from, pack->left);

	*buffer = '\0';
	if (length >= pack->left || length >= size) {
		pack->failed = true;
		return;
	}
	memcpy(buffer, pack->from, length + 1);
	pack->from += length + 1;
	pack->left -= length + 1;
}

/* put_times - write how long decisions (T), or answers of the store (A), took
 */
static void put_times(struct pack *pack, unsigned char letter,
		      const struct totals_times *times)
{
	size_t i;

	put_byte(pack, letter);
	for (i = 0; i <= TOTALS_BOUNDS; i++)
		put_number(pack, times->counts[i]);
	put_number(pack, times->sum_us);
}

/* put_series - write the names and total of a series */
static void put_series(struct pack *pack, const struct history_series *series)
{
	put_byte(pack, 'S');
	put_text(pack, series->service);
	put_text(pack, series->restriction);
	put_byte(pack, (unsigned)series->verdict);
	put_number(pack, series->total);
}

/* put_bars - write the bars of a series */
static void put_bars(struct pack *pack, const struct history *history,
		     const struct history_series *series)
{
	int period;
	unsigned i;

	put_byte(pack, 'B');
	put_text(pack, series->service);
	put_text(pack, series->restriction);
	put_byte(pack, (unsigned)series->verdict);
	for (period = 0; period < HISTORY_PERIODS; period++)
		for (i = 0; i < history_spans[period].bars; i++)
			put_number(pack,
				   history_bar(history, series,
					       (enum history_period)period, i));
}

/* put_one - write one refusal */
static void put_one(struct pack *pack, const struct totals_refusal *refusal)
{
	put_byte(pack, 'R');
	put_number(pack, (uint64_t)refusal->when);
	put_byte(pack, (unsigned)refusal->verdict);
	put_text(pack, refusal->id);
	put_text(pack, refusal->service);
	put_text(pack, refusal->restriction);
	put_text(pack, refusal->client);
	put_text(pack, refusal->from);
	put_text(pack, refusal->to);
	put_text(pack, refusal->why);
	put_text(pack, refusal->destination);
	put_text(pack, refusal->reply);
}

/* commit - keep the record if it is complete */
static bool commit(struct pack *pack, struct pack *kept)
{
	if (!pack->failed)
		*kept = *pack;
	return !pack->failed;
}

/* history_write - write all of it for the next server */
size_t history_write(const struct history *history, char *bytes, size_t size)
{
	struct totals_refusal refusals[TOTALS_REFUSALS];
	struct pack pack = { .to = bytes, .left = size };
	struct pack kept = pack;
	bool room;
	size_t count;
	size_t i;

	put_byte(&pack, 'C');
	for (i = 0; i < HISTORY_PERIODS; i++)
		put_number(&pack, history->clock[i]);
	put_times(&pack, 'T', &history->times);
	put_times(&pack, 'A', &history->store);
	room = commit(&pack, &kept);
	for (i = 0; i < history->count && room; i++) {
		put_series(&pack, &history->series[i]);
		room = commit(&pack, &kept);
	}
	count = history_refusals(history, refusals);
	for (i = 0; i < count && room; i++) {
		put_one(&pack, &refusals[i]);
		room = commit(&pack, &kept);
	}
	for (i = 0; i < history->count && room; i++) {
		put_bars(&pack, history, &history->series[i]);
		room = commit(&pack, &kept);
	}
	return size - kept.left;
}

/* is_served - is there still a service with that name? */
static bool is_served(const struct history *history, const char *name)
{
	return service_named(history->services, name) != NULL ||
	       strcmp(name, TOTALS_OTHER) == 0;
}

/* take_names - the series of a record; NULL: not ours */
static struct history_series *take_names(struct history *history,
					 struct pack *pack)
{
	char service[SERVICE_NAME_MAX + 1];
	char restriction[TOTALS_WORD_MAX];
	unsigned verdict;

	get_text(pack, service, sizeof(service));
	get_text(pack, restriction, sizeof(restriction));
	verdict = get_byte(pack);
	if (verdict >= VERDICT_COUNT)
		pack->failed = true;
	if (pack->failed || !is_served(history, service))
		return NULL;
	return history_find(history, service, restriction,
			    (enum verdict)verdict);
}

/* take_series - continue a total; it is not new */
static void take_series(struct history *history, struct pack *pack)
{
	struct history_series *series = take_names(history, pack);
	uint64_t total = get_number(pack);

	if (series == NULL || pack->failed)
		return;
	series->before += total;
	series->total += total;
}

/* take_bars - put the bars that are not too old into their places */
static void take_bars(struct history *history, struct pack *pack,
		      const uint64_t clock[HISTORY_PERIODS])
{
	struct history_series *series = take_names(history, pack);
	int period;
	unsigned i;

	for (period = 0; period < HISTORY_PERIODS; period++) {
		unsigned bars = history_spans[period].bars;
		uint64_t slot = clock[period] - bars;

		for (i = 0; i < bars; i++) {
			uint64_t value = get_number(pack);

			slot++;
			if (series != NULL &&
			    slot + bars > history->clock[period])
				series->bars[period][slot % bars] +=
					(uint32_t)value;
		}
	}
}

/* take_times - read how long they took, before */
static void take_times(struct totals_times *times, struct pack *pack)
{
	size_t i;

	for (i = 0; i <= TOTALS_BOUNDS; i++)
		times->counts[i] += get_number(pack);
	times->sum_us += get_number(pack);
}

/* take_refusal - read one of the last refusals */
static void take_refusal(struct history *history, struct pack *pack, size_t at)
{
	struct totals_refusal to = { .when = (int64_t)get_number(pack) };
	unsigned verdict = get_byte(pack);

	to.verdict = (enum verdict)verdict;
	get_text(pack, to.id, sizeof(to.id));
	get_text(pack, to.service, sizeof(to.service));
	get_text(pack, to.restriction, sizeof(to.restriction));
	get_text(pack, to.client, sizeof(to.client));
	get_text(pack, to.from, sizeof(to.from));
	get_text(pack, to.to, sizeof(to.to));
	get_text(pack, to.why, sizeof(to.why));
	get_text(pack, to.destination, sizeof(to.destination));
	get_text(pack, to.reply, sizeof(to.reply));
	if (verdict >= VERDICT_COUNT || at >= TOTALS_REFUSALS)
		pack->failed = true;
	if (!pack->failed)
		history->refusals[at] = to;
}

/* take_clocks - read when it was written, which must not be in the future */
static void take_clocks(const struct history *history, struct pack *pack,
			uint64_t clock[HISTORY_PERIODS])
{
	int period;

	for (period = 0; period < HISTORY_PERIODS; period++) {
		clock[period] = get_number(pack);
		if (clock[period] > history->clock[period])
			pack->failed = true;
	}
}

/* history_take - continue from what the previous server wrote */
int history_take(struct history *history, const char *bytes, size_t length)
{
	struct pack pack = { .from = bytes, .left = length };
	uint64_t clock[HISTORY_PERIODS] = { 0 };
	size_t refusals = 0;

	while (pack.left > 0 && !pack.failed) {
		switch (get_byte(&pack)) {
		case 'C':
			take_clocks(history, &pack, clock);
			break;
		case 'T':
			take_times(&history->times_before, &pack);
			break;
		case 'A':
			take_times(&history->store_before, &pack);
			break;
		case 'S':
			take_series(history, &pack);
			break;
		case 'R':
			take_refusal(history, &pack, refusals++);
			break;
		case 'B':
			take_bars(history, &pack, clock);
			break;
		default:
			return -1;
		}
	}
	return pack.failed ? -1 : 0;
}
