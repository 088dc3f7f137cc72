/* SPDX-License-Identifier: ISC */
#ifndef LIB_RATE_RATE_TABLE_H
#define LIB_RATE_RATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "lib/rate/rate_limit.h"
#include "lib/rate/rate_store.h"

/* The counts of one rate: a mapped file that all servers and the command line
 * share. It survives the processes that use it, and a reboot.
 *
 * Opening allocates all of it on the disk, so that no full disk can hurt later.
 * Nothing else needs a system call, except that a lock for which somebody waits
 * needs futex(2): a server opens its tables before it is confined. */

#define RATE_KEYS_MIN 64
#define RATE_KEYS_MAX (1U << 24)

/* A table is made for this. */
struct rate_shape {
	unsigned windows;		     /* 1 to RATE_WINDOWS_MAX */
	uint32_t length_s[RATE_WINDOWS_MAX]; /* the shortest first */
	enum rate_unit unit;
	unsigned networks; /* RATE_NETWORKS: how many a key may have at most,
			    * to RATE_NETWORKS_MAX; otherwise 0 */
	uint32_t keys;	   /* that are kept apart, RATE_KEYS_MIN to _MAX */
};

/* rate_shape_of - the shape for these limits. For RATE_NETWORKS, networks is
 * the largest number among them; a key with a larger limit needs more. In a
 * table with less room, the room is its limit. */
struct rate_shape rate_shape_of(const struct rate_limits *limits,
				enum rate_unit unit, uint32_t keys);

/* rate_shape_size - bytes of a file of that shape. */
uint64_t rate_shape_size(const struct rate_shape *shape);

/* RATE_FILE_MAX - no file can be larger here: all of it is mapped. */
#define RATE_FILE_MAX ((uint64_t)PTRDIFF_MAX)

/* The clocks of the machine at one moment; tests have their own. */
struct rate_clock {
	uint64_t now_us;  /* as rate_now_us() */
	uint64_t wall_us; /* since 1970 */
	char boot[16];	  /* which boot of the machine; zero bytes: unknown */
};

struct rate_clock rate_clock_read(void);

/* How the file was found when it was opened; for the log. */
enum rate_found {
	RATE_FOUND_NONE, /* it is new */
	RATE_FOUND_GOOD,
	RATE_FOUND_OTHER,   /* with other windows or keys, and has been changed;
			     * counts of windows that stay have been kept */
	RATE_FOUND_WAITING, /* the same, but other processes use it: it stays
			     * as it is until rate_table_migrate() */
	RATE_FOUND_DAMAGED  /* renamed to FILE.damaged; a new one is used */
};

/* rate_table_open - open or create the file of a rate. user: as which servers
 * run, see trust.h. The caller closes it. NULL: error names the file: the
 * directory is missing or not to be trusted, the disk is full, the file belongs
 * to somebody else or is of another version of policyd, or for another machine;
 * it is then left alone.
 * Damage inside costs counts and nothing else. */
struct rate_table *rate_table_open(const char *path,
				   const struct rate_shape *shape, uid_t user,
				   const struct rate_clock *clock,
				   struct error *error);

/* rate_table_find - open the file as it is, for the command line. 1: *table is
 * open; 0: there is none; -1: error. */
int rate_table_find(const char *path, uid_t user,
		    const struct rate_clock *clock, struct rate_table **table,
		    struct error *error);

/* rate_table_close - what is in it stays. NULL is nothing. */
void rate_table_close(struct rate_table *table);

enum rate_found rate_table_found(const struct rate_table *table);

/* rate_table_shape - what the table is made for now. */
struct rate_shape rate_table_shape(const struct rate_table *table);

/* rate_table_migrate - this process has all connections, and no other counts
 * any more: change to the windows and keys that rate_table_open() was given.
 * The other threads may continue to count. No system call. */
void rate_table_migrate(struct rate_table *table, uint64_t now_us);

struct rate_table_stats {
	uint64_t keys;	    /* that have counts in a window, or are blocked */
	uint64_t room;	    /* the number of keys that fit */
	uint64_t displaced; /* keys that had to give way since the file was
			     * made: raise keys if it grows */
};

/* rate_table_stats - cheap: nothing is searched. */
struct rate_table_stats rate_table_stats(struct rate_table *table);

/* One network of a key. */
struct rate_place {
	char name[32];	 /* cut; "": of a key that had to give way */
	uint64_t idle_s; /* since it was last seen */
};

/* One key, valid during the call. */
struct rate_row {
	const char *key; /* a long one is cut */
	bool cut;
	unsigned windows;
	uint32_t length_s[RATE_WINDOWS_MAX];
	uint64_t used[RATE_WINDOWS_MAX];
	uint64_t free_s[RATE_WINDOWS_MAX]; /* until all of it has left */
	uint64_t blocked_s; /* seconds that are left; 0: not blocked;
			     * UINT64_MAX: until it is unblocked */
	uint64_t idle_s;    /* since it was last counted */
	const struct rate_place *places; /* the latest first */
	unsigned place_count;
};

/* 0 to continue; another value stops. */
typedef int rate_handler(void *context, const struct rate_row *row);

/* rate_table_each - call handler with each key that has counts or is blocked,
 * in no order. 0, or what handler returned. Servers continue meanwhile; no lock
 * is held during the call. */
int rate_table_each(struct rate_table *table, uint64_t now_us,
		    rate_handler *handler, void *context);

/* rate_table_key - the same for one key. 1: handler was called; 0: nothing is
 * counted for it. */
int rate_table_key(struct rate_table *table, const char *key, uint64_t now_us,
		   rate_handler *handler, void *context);

/* rate_table_reset - forget what was counted for a key, and its networks; a
 * block stays. 1; 0: there was nothing. */
int rate_table_reset(struct rate_table *table, const char *key,
		     uint64_t now_us);

/* rate_table_block - block a key for that many seconds; UINT64_MAX: until it is
 * unblocked. 0, or -1: no room, half of the keys are blocked. */
int rate_table_block(struct rate_table *table, const char *key,
		     uint64_t seconds, uint64_t now_us, struct error *error);

/* rate_table_unblock - 1; 0: it was not blocked. */
int rate_table_unblock(struct rate_table *table, const char *key,
		       uint64_t now_us);

#endif
