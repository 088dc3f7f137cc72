/* SPDX-License-Identifier: ISC */
/* domain_list_walk - from the first pattern of a table to the last
 *
 * For explanations: the line of a pattern in a file is found by reading the
 * block from its beginning. And for callers that need all domains. */

#include "lib/table/domain_list_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"

/* A walk through the block. */
struct walk {
	const struct domain_list *domains;
	size_t end;	/* of the patterns seen so far */
	uint32_t place; /* offset of the current one */
	unsigned flags;
	struct position position;
};

/* walk_start - before the first pattern */
static struct walk walk_start(const struct domain_list *domains)
{
	return (struct walk){ .domains = domains, .position = { NO_FILE, 0 } };
}

/* walk_next - advance to the next pattern; false: none */
static bool walk_next(struct walk *walk)
{
	const char *block = walk->domains->block;

	if (walk->end == walk->domains->block_used)
		return false;
	walk->flags = (unsigned char)block[walk->end];
	walk->place = (uint32_t)walk->end + 1;
	walk->end = walk->place + strlen(block + walk->place) + 1;
	if ((walk->flags & FLAG_WRITTEN) != 0)
		walk->end += strlen(block + walk->end) + 1;
	walk->position.line += (int)(walk->flags >> LINES_SHIFT);
	if ((walk->flags & FLAG_PLACE) != 0) {
		memcpy(&walk->position, block + walk->end,
		       sizeof(walk->position));
		walk->end += sizeof(walk->position);
	}
	return true;
}

/* line_in_file - the line of the pattern; 0: in the list itself */
static int line_in_file(const struct domain_list_match *match,
			const char **file)
{
	struct walk walk = walk_start(match->domains);

	while (walk_next(&walk) && walk.place != match->place)
		;
	if (walk.position.file == NO_FILE)
		return 0;
	*file = match->domains->files[walk.position.file];
	return walk.position.line;
}

/* line_in_table - the line of the key in a type:table */
static int line_in_table(const struct domain_list_match *match,
			 const char *domain, bool utf8, const char **file)
{
	size_t length = strlen(domain);
	char *folded = xmalloc(CASEFOLD_SIZE(length));
	const char *next = folded;
	int line = 0;

	casefold(folded, domain, length, utf8);
	while (line == 0 && next != NULL && *next != '\0') {
		line = table_line(match->table, next, file);
		next = *next == '.' ? next + 1 : strchr(next, '.');
	}
	free(folded);
	return line;
}

/* domain_list_match_line - where the match is */
int domain_list_match_line(const struct domain_list_match *match,
			   const char *domain, bool utf8, const char **file)
{
	int line = 0;

	if (match->table != NULL)
		line = line_in_table(match, domain, utf8, file);
	if (line == 0 && match->domains != NULL)
		line = line_in_file(match, file);
	return line;
}

/* domain_list_each - each domain that is named */
int domain_list_each(const struct domain_list *domains,
		     int (*visit)(void *context, const char *domain,
				  const struct domain_list_match *match),
		     void *context)
{
	struct walk walk = walk_start(domains);
	int result = 0;

	while (result == 0 && walk_next(&walk)) {
		struct domain_list_match match = { 0 };

		if ((walk.flags & (FLAG_TABLE | FLAG_NEGATED)) != 0)
			continue;
		domain_list_tell(domains, walk.place, &match);
		result = visit(context, domains->block + walk.place, &match);
	}
	return result;
}
