/* SPDX-License-Identifier: ISC */
/* rate_header - how a file of counts is laid out, and whether it can be used
 *
 * The header says what the file was made for, with a hash over it, so that
 * another length or a changed byte is noticed before anything is used. */

#include "lib/rate/rate_internal.h"

#include <string.h>

#include "lib/text/siphash.h"

#define MAGIC "policydR"
#define PAGE  4096

/* round_up - to a multiple */
static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/* room_of - cells in a shard. The keys are spread by chance, so there are more
 * than a 64th of them, by twice the usual deviation. */
static uint32_t room_of(uint32_t keys)
{
	uint32_t each = (keys + RATE_SHARDS - 1) / RATE_SHARDS;
	uint32_t deviation = 1;

	while (deviation * deviation < each)
		deviation++;
	return each + 2 * deviation + 8;
}

/* rate_layout_of - the index is at most two thirds full */
struct rate_layout rate_layout_of(const struct rate_shape *shape)
{
	struct rate_layout layout = { .room = room_of(shape->keys),
				      .slots = 1 };
	size_t counts = shape->networks * sizeof(struct rate_network);

	layout.window_size =
		shape->unit == RATE_BYTES ? RATE_WIDE_SIZE : RATE_NARROW_SIZE;
	if (shape->unit != RATE_NETWORKS)
		counts = shape->windows * layout.window_size;
	while (layout.slots < layout.room + layout.room / 2)
		layout.slots *= 2;
	layout.cell_size =
		round_up(sizeof(struct rate_cell) + counts, RATE_NARROW_SIZE);
	layout.seen = round_up(sizeof(struct rate_shard), RATE_NARROW_SIZE);
	layout.floor = layout.seen + RATE_SEEN * sizeof(struct rate_seen);
	layout.index = layout.floor + layout.cell_size;
	layout.cells = round_up(layout.index + layout.slots * sizeof(uint32_t),
				RATE_NARROW_SIZE);
	layout.shard_size =
		round_up(layout.cells + layout.room * layout.cell_size, PAGE);
	layout.size =
		RATE_HEADER_SIZE + (uint64_t)RATE_SHARDS * layout.shard_size;
	return layout;
}

/* rate_shape_of - for these limits */
struct rate_shape rate_shape_of(const struct rate_limits *limits,
				enum rate_unit unit, uint32_t keys)
{
	struct rate_shape shape = { .windows = limits->count,
				    .unit = unit,
				    .keys = keys };
	uint64_t most = 1;

	for (unsigned i = 0; i < limits->count; i++) {
		shape.length_s[i] = limits->limit[i].length_s;
		if (limits->limit[i].number > most)
			most = limits->limit[i].number;
	}
	if (unit == RATE_NETWORKS)
		shape.networks = most < RATE_NETWORKS_MAX ? (unsigned)most
							  : RATE_NETWORKS_MAX;
	return shape;
}

/* rate_shape_size - of the file */
uint64_t rate_shape_size(const struct rate_shape *shape)
{
	return rate_layout_of(shape).size;
}

/* rate_shape_equal - windows that are not used are 0 */
bool rate_shape_equal(const struct rate_shape *a, const struct rate_shape *b)
{
	for (unsigned i = 0; i < a->windows; i++)
		if (a->length_s[i] != b->length_s[i])
			return false;
	return a->windows == b->windows && a->unit == b->unit &&
	       a->networks == b->networks && a->keys == b->keys;
}

/* possible - can a file have that shape? */
static bool possible(const struct rate_shape *shape)
{
	bool networks = shape->unit == RATE_NETWORKS;

	if (shape->windows < 1 || shape->windows > RATE_WINDOWS_MAX ||
	    shape->unit > RATE_NETWORKS || shape->keys < RATE_KEYS_MIN ||
	    shape->keys > RATE_KEYS_MAX ||
	    shape->networks > RATE_NETWORKS_MAX ||
	    networks != (shape->networks > 0))
		return false;
	for (unsigned i = 0; i < shape->windows; i++)
		if (shape->length_s[i] == 0 ||
		    shape->length_s[i] > RATE_LENGTH_MAX ||
		    (i > 0 && shape->length_s[i] <= shape->length_s[i - 1]))
			return false;
	return true;
}

/* check_of - a hash over what never changes */
static uint64_t check_of(const struct rate_made *made)
{
	static const uint64_t seed[2] = { 0, 0 };

	return siphash(seed, (const char *)made, sizeof(*made));
}

/* shape_of - as the file says */
static struct rate_shape shape_of(const struct rate_made *made)
{
	struct rate_shape shape = { .windows = made->windows,
				    .unit = (enum rate_unit)made->unit,
				    .networks = made->networks,
				    .keys = made->keys };

	memcpy(shape.length_s, made->length_s, sizeof(shape.length_s));
	return shape;
}

/* is_zero - has nothing been written? */
static bool is_zero(const struct rate_made *made)
{
	static const struct rate_made nothing;

	return memcmp(made, &nothing, sizeof(nothing)) == 0;
}

/* rate_header_state - can the file be used? */
enum rate_state rate_header_state(const struct rate_header *header,
				  uint64_t size, struct rate_shape *shape)
{
	struct rate_made made = header->made;
	uint64_t check = check_of(&made);

	if (is_zero(&made) && header->check == 0)
		return RATE_STATE_EMPTY;
	if (memcmp(made.magic, MAGIC, sizeof(made.magic)) != 0)
		return RATE_STATE_DAMAGED;
	if (header->check == __builtin_bswap64(check))
		return RATE_STATE_VERSION; /* the other byte order */
	if (header->check != check)
		return RATE_STATE_DAMAGED;
	if (made.version != RATE_FILE_VERSION ||
	    made.lock_size != sizeof(pthread_mutex_t))
		return RATE_STATE_VERSION;
	*shape = shape_of(&made);
	if (!possible(shape) || size != made.size ||
	    size != rate_shape_size(shape))
		return RATE_STATE_DAMAGED;
	return RATE_STATE_GOOD;
}

/* rate_header_make - the hash is written last */
void rate_header_make(const struct rate_table *table)
{
	struct rate_header *header = rate_header(table);
	struct rate_made made = {
		.version = RATE_FILE_VERSION,
		.lock_size = sizeof(pthread_mutex_t),
		.size = table->layout.size,
		.seed = { table->seed[0], table->seed[1] },
		.windows = table->shape.windows,
		.unit = (uint32_t)table->shape.unit,
		.networks = table->shape.networks,
		.keys = table->shape.keys,
	};

	memcpy(made.magic, MAGIC, sizeof(made.magic));
	memcpy(made.length_s, table->shape.length_s, sizeof(made.length_s));
	header->made = made;
	rate_barrier();
	header->check = check_of(&made);
}

/* make_lock - one that several processes use, and that survives them */
static void make_lock(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;

	memset(mutex, 0, sizeof(pthread_mutex_t));
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
}

/* rate_header_start - nobody else uses the file */
void rate_header_start(struct rate_table *table, const struct rate_clock *clock)
{
	struct rate_header *header = rate_header(table);
	bool same = rate_clock_same(header, clock) && header->ready == 1;

	header->ready = 0;
	rate_barrier();
	rate_clock_start(table, clock);
	for (unsigned i = 0; i < RATE_SHARDS; i++) {
		struct rate_shard *shard = rate_shard(table, i);

		make_lock(&shard->mutex);
		if (!same)
			rate_index_read(table, shard);
	}
	rate_barrier();
	header->ready = 1;
}

/* rate_header_ready - did somebody else start it? */
bool rate_header_ready(const struct rate_table *table,
		       const struct rate_clock *clock)
{
	const struct rate_header *header = rate_header(table);
	static const char unknown[16];

	return header->ready == 1 &&
	       (rate_clock_same(header, clock) ||
		memcmp(clock->boot, unknown, sizeof(unknown)) == 0);
}
