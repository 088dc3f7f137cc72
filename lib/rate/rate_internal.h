/* SPDX-License-Identifier: ISC */
#ifndef LIB_RATE_RATE_INTERNAL_H
#define LIB_RATE_RATE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/rate/rate_table.h"
#include "lib/rate/rate_window.h"

/* The mapped file: a header, and 64 shards. A shard has its lock, the instances
 * that were counted last, an index of its cells by hash, and the cells; those
 * that are in use come first. A cell is a key and its counts. One more cell of
 * a shard is its floor: since any time, no key that had to give way has counted
 * more than the floor says. A key without a cell begins as a copy of it.
 *
 * The file may be damaged, so no number that is read from it is used as an
 * index or a length before it is checked. A process may be killed between any
 * two writes; rate_barrier() keeps them in their order. Code that reads or
 * writes a shard holds its lock. */

#define RATE_SHARDS	  64
#define RATE_FILE_VERSION 1
#define RATE_HEADER_SIZE  4096
#define RATE_KEY_TEXT	  96
#define RATE_NAME_TEXT	  24
#define RATE_WAYS	  8 /* instances in a bucket */
#define RATE_BUCKETS	  32
#define RATE_SEEN	  ((size_t)RATE_WAYS * RATE_BUCKETS)
#define RATE_NUMBER_BITS  19 /* the number of a cell, plus one, has no more */

/* RATE_AHEAD - a cell may be ahead of the clock by that many ticks: after a
 * power cut pages have different ages. A time that is further ahead is damaged.
 */
#define RATE_AHEAD (UINT64_C(300) * RATE_TICKS)

/* RATE_ALWAYS - blocked without an end. */
#define RATE_ALWAYS UINT64_MAX

/* Never changes while the file exists, in any version. */
struct rate_made {
	char magic[8];
	uint32_t version;
	uint32_t lock_size;
	uint64_t size;
	uint64_t seed[2];
	uint32_t windows;
	uint32_t length_s[RATE_WINDOWS_MAX];
	uint32_t unit;
	uint32_t networks;
	uint32_t keys;
};

struct rate_header {
	struct rate_made made;
	uint64_t check; /* of made */
	/* Written by a process that is alone. */
	uint64_t offset_us; /* time of the file, less that of the boot */
	char boot[16];
	uint32_t ready; /* the locks are */
};

/* One instance that was counted. */
struct rate_seen {
	uint64_t id;	 /* of instance and key; 0: free */
	uint32_t tick;	 /* its last bits */
	uint32_t amount; /* its last 31 bits; the first: RATE_SEEN_STAYS */
};

#define RATE_SEEN_MAX ((1U << 31) - 1)
/* RATE_SEEN_STAYS - it cannot be given back: it was counted in two steps, or
 * before a window began to count. */
#define RATE_SEEN_STAYS (1U << 31)

struct rate_shard {
	pthread_mutex_t mutex;
	_Atomic uint32_t moved; /* its cells are in the next table */
	uint32_t changing;	/* the index is being changed */
	uint32_t count;		/* of cells */
	uint32_t hand; /* where the search for a cell to reuse continues */
	uint64_t displaced;
	uint64_t last; /* the latest tick at which something was counted */
};

struct rate_cell {
	uint64_t hash;	  /* of the key; 0: free */
	uint64_t last;	  /* tick up to which its windows have been moved */
	uint64_t blocked; /* tick at which a block ends; 0: not blocked */
	uint16_t length;  /* of the key; key has the beginning of a long one */
	uint8_t noticed;  /* a bit for near in each window, then for over */
	uint8_t resets;	  /* see rate_seen_after() */
	uint8_t unused[4];
	char key[RATE_KEY_TEXT];
};

/* One network of a key; they follow a cell, as the counters do. */
struct rate_network {
	uint64_t hash;		   /* of its name; 0: unknown, from the floor */
	uint64_t seen;		   /* tick; 0: free */
	char name[RATE_NAME_TEXT]; /* cut, without a NUL if it is that long */
};

/* Where things are in a file of a shape, in bytes from the shard. */
struct rate_layout {
	size_t seen, index, floor, cells;
	size_t cell_size, window_size, shard_size;
	uint32_t room;	/* cells in a shard */
	uint32_t slots; /* of the index, a power of two */
	uint64_t size;	/* of the file */
};

struct rate_table {
	char *map;
	int lock; /* a descriptor that holds flock(2), only to read */
	uint64_t device, inode; /* the order in which tables are locked */
	uint64_t seed[2];
	uint64_t offset_us;
	struct rate_shape shape;
	struct rate_layout layout;
	enum rate_found found;
	struct rate_table *next; /* where moved shards are; or NULL */
};

/* rate_barrier - the compiler moves no write across it. A process that is
 * killed has made all its writes up to some instruction, and none after it. */
static inline void rate_barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* rate_layout_of - where things are. */
struct rate_layout rate_layout_of(const struct rate_shape *shape);

/* --- rate_shard.c --- */

struct rate_header *rate_header(const struct rate_table *table);
/* rate_shard - by its number. */
static inline struct rate_shard *rate_shard(const struct rate_table *table,
					    unsigned number)
{
	return (struct rate_shard *)(void *)(table->map + RATE_HEADER_SIZE +
					     number * table->layout.shard_size);
}

struct rate_cell *rate_floor(const struct rate_table *table,
			     struct rate_shard *shard);
/* rate_cell - number is below layout.room. */
static inline struct rate_cell *rate_cell(const struct rate_table *table,
					  struct rate_shard *shard,
					  uint32_t number)
{
	return (struct rate_cell *)(void *)((char *)shard +
					    table->layout.cells +
					    number * table->layout.cell_size);
}

/* rate_count - the number of cells in use, at most layout.room. */
uint32_t rate_count(const struct rate_table *table,
		    const struct rate_shard *shard);

/* rate_hash - of a key; never 0. Its last bits are the number of the shard. */
uint64_t rate_hash(const struct rate_table *table, const char *key,
		   size_t length);
static inline unsigned rate_shard_number(uint64_t hash)
{
	return (unsigned)(hash % RATE_SHARDS);
}

/* rate_lock - 0, or -1: it cannot be used. Repairs the index if its last owner
 * was killed while changing it. */
int rate_lock(const struct rate_table *table, struct rate_shard *shard);
void rate_unlock(struct rate_shard *shard);

/* rate_fetch - begin to load what leads to the cell of a hash, into the cache.
 * rate_fetch_cell - a moment later: begin to load the cell, most likely that
 * one. Neither needs the lock. */
void rate_fetch(const struct rate_table *table, struct rate_shard *shard,
		uint64_t hash);
void rate_fetch_cell(const struct rate_table *table, struct rate_shard *shard,
		     uint64_t hash);
/* rate_find - the cell of a key, or NULL. */
struct rate_cell *rate_find(const struct rate_table *table,
			    struct rate_shard *shard, uint64_t hash,
			    const char *key, size_t length);
/* rate_index_add, rate_index_remove - of a cell with its hash; the caller has
 * set changing. */
void rate_index_add(const struct rate_table *table, struct rate_shard *shard,
		    uint32_t number);
void rate_index_remove(const struct rate_table *table, struct rate_shard *shard,
		       uint32_t number);
/* rate_index_build - from the cells, without a system call. */
void rate_index_build(const struct rate_table *table, struct rate_shard *shard);
/* rate_index_read - the same from the file, for a process that has only just
 * mapped it: to touch each page for the first time costs several times as much
 * as to read it. */
void rate_index_read(const struct rate_table *table, struct rate_shard *shard);

/* --- rate_cell.c --- */

/* rate_cell_window - the counters of window i. */
static inline struct rate_window
rate_cell_window(const struct rate_table *table, const struct rate_cell *cell,
		 unsigned i)
{
	struct rate_window window = {
		.length_s = table->shape.length_s[i],
		.wide = table->shape.unit == RATE_BYTES,
		.counters = (char *)(uintptr_t)(cell + 1) +
			    i * table->layout.window_size,
	};

	return window;
}

/* rate_cell_lost - is its time damaged? Such a time was never written. */
static inline bool rate_cell_lost(const struct rate_cell *cell, uint64_t now)
{
	return cell->last > now && cell->last - now > RATE_AHEAD;
}

/* rate_cell_time - the time to judge a cell at: now, or that of the cell. */
static inline uint64_t rate_cell_time(const struct rate_cell *cell,
				      uint64_t now)
{
	if (cell->last > now && !rate_cell_lost(cell, now))
		return cell->last;
	return now;
}

/* rate_cell_move - to now, at least; makes a lost one empty. */
void rate_cell_move(const struct rate_table *table, struct rate_cell *cell,
		    uint64_t now);
/* rate_cell_used - in window i, or the number of its networks seen in it. */
uint64_t rate_cell_used(const struct rate_table *table,
			const struct rate_cell *cell, unsigned i, uint64_t now);
/* rate_cell_wait - ticks until amount fits below number in window i. */
uint64_t rate_cell_wait(const struct rate_table *table,
			const struct rate_cell *cell, unsigned i, uint64_t now,
			uint64_t amount, uint64_t number);
bool rate_cell_blocked(const struct rate_cell *cell, uint64_t now);
/* rate_cell_expired - has all of it left all windows? */
bool rate_cell_expired(const struct rate_table *table,
		       const struct rate_cell *cell, uint64_t now);
/* rate_cell_empty - forget all counts, and what was warned of. */
void rate_cell_empty(const struct rate_table *table, struct rate_cell *cell);

/* --- rate_network.c --- */

struct rate_network *rate_networks(const struct rate_cell *cell);
/* rate_network_in - is the network with that hash in the window? */
bool rate_network_in(const struct rate_table *table,
		     const struct rate_cell *cell, uint64_t hash, unsigned i,
		     uint64_t now);
uint64_t rate_network_used(const struct rate_table *table,
			   const struct rate_cell *cell, unsigned i,
			   uint64_t now);
uint64_t rate_network_wait(const struct rate_table *table,
			   const struct rate_cell *cell, unsigned i,
			   uint64_t now, uint64_t number);
/* rate_network_add - see it now; the oldest one gives way. */
void rate_network_add(const struct rate_table *table, struct rate_cell *cell,
		      uint64_t hash, const char *name, uint64_t now);
/* rate_network_raise - make the floor as good as a cell. */
void rate_network_raise(const struct rate_table *table, struct rate_cell *floor,
			const struct rate_cell *cell);
/* rate_network_copy - the latest ones, into a cell of another table. */
void rate_network_copy(const struct rate_table *to, struct rate_cell *cell,
		       const struct rate_table *from,
		       const struct rate_cell *old);

/* --- rate_room.c --- */

/* rate_make - a cell for a key that has none. NULL: all are blocked; or, with
 * polite, only a key with counts could give way. */
struct rate_cell *rate_make(const struct rate_table *table,
			    struct rate_shard *shard, uint64_t hash,
			    const char *key, size_t length, bool polite,
			    uint64_t now);

/* --- rate_seen.c --- */

/* rate_seen_id - of an instance and the hash of a key; never 0. */
uint64_t rate_seen_id(const struct rate_table *table, const char *instance,
		      uint64_t hash);
/* rate_seen_after - the same of a key that was reset that often: what was
 * counted before a reset is not known afterwards, and cannot be given back. */
uint64_t rate_seen_after(uint64_t id, unsigned resets);
/* rate_seen - the RATE_SEEN of a shard. */
struct rate_seen *rate_seen(const struct rate_table *table,
			    struct rate_shard *shard);
/* rate_seen_fetch - begin to load what rate_seen_find() will read. */
void rate_seen_fetch(const struct rate_table *table, struct rate_shard *shard,
		     uint64_t id);
struct rate_seen *rate_seen_find(const struct rate_table *table,
				 struct rate_shard *shard, uint64_t id);
/* rate_seen_add - remember that amount was counted; the oldest is forgotten.
 * seen: what rate_seen_find() gave. */
void rate_seen_add(const struct rate_table *table, struct rate_shard *shard,
		   struct rate_seen *seen, uint64_t id, uint64_t amount,
		   uint64_t now);
/* rate_seen_amount - that was counted. */
uint64_t rate_seen_amount(const struct rate_seen *seen);

/* --- rate_weigh.c --- */

/* One charge, and where its counts are. */
struct rate_claim {
	struct rate_charge *charge;
	const struct rate_table *table; /* the one that has the key */
	struct rate_shard *shard;
	uint64_t hash;		/* of the key */
	size_t length;		/* of the key */
	uint64_t place;		/* the hash of the network */
	uint64_t id;		/* of the instance; 0: none */
	uint64_t now;		/* in the table's ticks */
	struct rate_seen *seen; /* of the instance; NULL: none. Another one of
				 * the same call may have taken its place */
	struct rate_cell *cell; /* of the key; NULL: it has none */
	uint64_t amount;	/* of the charge, 1 for networks */
	uint64_t extra;	 /* what is to be added: it is less than amount if the
			  * instance was counted before */
	uint64_t added;	 /* the same, in the window of the result */
	uint8_t noticed; /* of the cell, with this notice */
};

/* rate_weigh - fill the result of a claim, whose shard is locked. Changes
 * nothing in the table. */
void rate_weigh(struct rate_claim *claim);

/* --- rate_clock.c --- */

/* rate_tick_of - the time of the table. */
uint64_t rate_tick_of(const struct rate_table *table, uint64_t now_us);
/* rate_clock_load - the offset that the file has; -1: it cannot be. */
int rate_clock_load(struct rate_table *table, const struct rate_clock *clock);
/* rate_clock_start - choose the offset; this process is alone. */
void rate_clock_start(struct rate_table *table, const struct rate_clock *clock);
/* rate_clock_same - is it the same boot of the machine? */
bool rate_clock_same(const struct rate_header *header,
		     const struct rate_clock *clock);

/* --- rate_header.c --- */

/* A header, as it is found. */
enum rate_state {
	RATE_STATE_EMPTY, /* nothing was finished here */
	RATE_STATE_GOOD,
	RATE_STATE_VERSION, /* of another version, or for another machine */
	RATE_STATE_DAMAGED
};

/* rate_header_state - of a file with that many bytes; good: also *shape. */
enum rate_state rate_header_state(const struct rate_header *header,
				  uint64_t size, struct rate_shape *shape);
/* rate_header_make - of a new file of zero bytes. */
void rate_header_make(const struct rate_table *table);
/* rate_header_start - make locks, and indexes after another boot; this process
 * is alone. */
void rate_header_start(struct rate_table *table,
		       const struct rate_clock *clock);
/* rate_header_ready - has another process done that in this boot? */
bool rate_header_ready(const struct rate_table *table,
		       const struct rate_clock *clock);

/* --- rate_file.c --- */

/* How a file is opened. */
struct rate_file {
	const char *path;
	uid_t user;
	const struct rate_clock *clock;
	const struct rate_shape *shape; /* of a new file; NULL: it must exist */
	const uint64_t *seed;		/* of a new file; NULL: a new one */
};

/* rate_file_open - 1: *table is open, with *alone; 0: there is none; -1. The
 * table may have another shape. */
int rate_file_open(const struct rate_file *file, struct rate_table **table,
		   bool *alone, struct error *error);
/* rate_file_share - let others open it, too. False: it is not the file of that
 * name any more. */
bool rate_file_share(struct rate_table *table, const struct rate_file *file);
void rate_file_close(struct rate_table *table);

/* --- rate_migrate.c --- */

/* rate_migrate - move all shards of a table into its next one. */
void rate_migrate(struct rate_table *table, uint64_t now);
/* rate_moved - has some shard been moved? */
bool rate_moved(const struct rate_table *table);

/* rate_shape_equal - are they the same? */
bool rate_shape_equal(const struct rate_shape *a, const struct rate_shape *b);

#endif
