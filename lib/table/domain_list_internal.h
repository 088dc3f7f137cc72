/* SPDX-License-Identifier: ISC */
#ifndef LIB_TABLE_DOMAIN_LIST_INTERNAL_H
#define LIB_TABLE_DOMAIN_LIST_INTERNAL_H

/* Shared by domain_list.c (searches), domain_list_read.c (reads the list) and
 * domain_list_walk.c (goes through it) only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/table/domain_list.h"
#include "lib/table/table.h"
#include "lib/text/string_index.h"

/* A pattern in the block: a byte of flags; the folded text, or the text of a
 * table as written, and a NUL; depending on the flags, the text as written and
 * a NUL; depending on the flags, its position in the files; otherwise, the
 * upper bits of the flags are the number of lines after the previous
 * pattern. */
enum {
	FLAG_NEGATED = 1,
	FLAG_WRITTEN = 2,
	FLAG_TABLE = 4,
	FLAG_PLACE = 8,
};
#define LINES_SHIFT 4
#define LINES_MAX   15

/* Where a pattern was read. */
struct position {
	uint32_t file; /* index in files; NO_FILE: the list itself */
	int line;
};
#define NO_FILE UINT32_MAX

/* A type:table entry, or a file that could not be read. */
struct entry {
	struct table *table;
	uint32_t place;
};

struct domain_list {
	bool subdomains;
	bool parent;
	bool utf8;
	struct string_index slots;
	uint64_t lengths; /* bit n % 64: some pattern has n bytes */
	char *block;
	size_t block_used;
	size_t block_size;
	struct position last;  /* of the last pattern */
	struct entry *entries; /* by place */
	size_t entry_count;
	char **files;
	size_t file_count;
	size_t size; /* patterns read, including repeated ones */
};

/* domain_list_length_bit - the bit of a length in the set of lengths */
static inline uint64_t domain_list_length_bit(size_t length)
{
	return UINT64_C(1) << length % 64;
}

/* domain_list_tell - fill match, which is zeroed, with the data of a pattern.
 */
void domain_list_tell(const struct domain_list *domains, uint32_t place,
		      struct domain_list_match *match);

#endif
