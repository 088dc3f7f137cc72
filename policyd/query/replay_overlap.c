/* SPDX-License-Identifier: ISC */
/* replay_overlap - no line is counted twice
 *
 * A log daemon may write each line into several files, mail and mail.info, or
 * mail.log and syslog, which are rotated at different times. So a file may have
 * lines of one that was read before.
 *
 * Files of which one begins where the other ends do not overlap, and nothing is
 * remembered of them. Of the others, the lines in the time that they share
 * are, as a few bits each (a Bloom filter, in blocks of one cache line): in
 * constant memory, for the price that of a hundred million such lines a few are
 * taken for repeated ones. Equal lines within a file are not. */

#include "policyd/query/replay_overlap.h"

#include <stdlib.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_time.h"

#define BLOCKS	    ((size_t)1 << 20) /* a power of two */
#define BLOCK_WORDS 8		      /* of 64 bits */
#define BITS	    4		      /* of each line */
#define RECENT	    4096 /* a power of two: lines of about one second */
#define SLACK	    60	 /* seconds by which lines may be out of order */

/* A line of the current file, and how often it was there. */
struct recent {
	uint64_t hash;
	unsigned long count;
};

struct replay_overlap {
	int count;
	char *const *files;
	const int64_t *times;
	int current;	/* the file; -1: none yet */
	int64_t last;	/* time of a line of it, or of one before */
	int64_t before; /* the same, but not of the current one */
	unsigned long lines;
	uint64_t *blocks; /* NULL: none is needed yet */
	struct recent recent[RECENT];
};

/* replay_overlap_new - nothing is read yet */
struct replay_overlap *replay_overlap_new(int count, char *const files[],
					  const int64_t times[])
{
	struct replay_overlap *overlap = xcalloc(1, sizeof(*overlap));

	overlap->count = count;
	overlap->files = files;
	overlap->times = times;
	overlap->current = -1;
	overlap->last = overlap->before = POSTLOG_NO_TIME;
	return overlap;
}

/* mix - make each bit depend on all others */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdU;
	value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53U;
	return value ^ (value >> 33);
}

/* hash_of - of a line: FNV-1a */
static uint64_t hash_of(int64_t time, const char *const texts[], size_t count)
{
	uint64_t value = 14695981039346656037U ^ (uint64_t)time;
	size_t i;

	for (i = 0; i < count; i++) {
		const char *byte = texts[i];

		do
			value = (value ^ (unsigned char)*byte) * 1099511628211U;
		while (*byte++ != '\0');
	}
	return mix(value);
}

/* number - the same for the first, the second, ... such line of the file */
static uint64_t number(struct replay_overlap *overlap, uint64_t hash)
{
	struct recent *recent = &overlap->recent[hash % RECENT];

	if (recent->hash != hash)
		*recent = (struct recent){ .hash = hash };
	return mix(hash + ++recent->count);
}

/* remember - set the bits of a line; true: they all were */
static bool remember(struct replay_overlap *overlap, uint64_t hash)
{
	uint64_t *block;
	bool all = true;
	int i;

	if (overlap->blocks == NULL)
		overlap->blocks =
			xcalloc(BLOCKS * BLOCK_WORDS, sizeof(uint64_t));
	block = overlap->blocks + hash % BLOCKS * BLOCK_WORDS;
	hash /= BLOCKS;
	for (i = 0; i < BITS; i++) {
		uint64_t *word = &block[hash % BLOCK_WORDS];
		uint64_t bit = (uint64_t)1 << (hash / BLOCK_WORDS % 64);

		all = all && (*word & bit) != 0;
		*word |= bit;
		hash /= (uint64_t)BLOCK_WORDS * 64;
	}
	return all;
}

/* begin_file - it is the next one */
static void begin_file(struct replay_overlap *overlap, const char *file)
{
	size_t i;

	while (overlap->current + 1 < overlap->count &&
	       (overlap->current < 0 ||
		overlap->files[overlap->current] != file))
		overlap->current++;
	overlap->before = overlap->last;
	for (i = 0; i < RECENT; i++)
		overlap->recent[i] = (struct recent){ 0 };
}

/* is_wanted - may a later file have a line of that time? */
static bool is_wanted(const struct replay_overlap *overlap, int64_t time)
{
	int next = overlap->current + 1;

	return next < overlap->count &&
	       (overlap->times[next] == POSTLOG_NO_TIME ||
		time >= overlap->times[next] - SLACK);
}

/* replay_overlap_seen - look it up, and remember it if that is of use */
bool replay_overlap_seen(struct replay_overlap *overlap, const char *file,
			 int64_t time, const char *const texts[], size_t count)
{
	bool repeated, wanted;

	if (overlap == NULL || overlap->count < 2 || time == POSTLOG_NO_TIME)
		return false;
	if (overlap->current < 0 || overlap->files[overlap->current] != file)
		begin_file(overlap, file);
	if (time > overlap->last)
		overlap->last = time;
	repeated =
		overlap->before != POSTLOG_NO_TIME && time <= overlap->before;
	wanted = is_wanted(overlap, time);
	if (!wanted && !repeated)
		return false;
	repeated &=
		remember(overlap, number(overlap, hash_of(time, texts, count)));
	overlap->lines += repeated;
	return repeated;
}

/* replay_overlap_lines - that were repeated */
unsigned long replay_overlap_lines(const struct replay_overlap *overlap)
{
	return overlap->lines;
}

/* replay_overlap_free - free it */
void replay_overlap_free(struct replay_overlap *overlap)
{
	if (overlap != NULL)
		free(overlap->blocks);
	free(overlap);
}
