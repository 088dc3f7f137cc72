/* SPDX-License-Identifier: ISC */
/* patterns - run hostile texts through the patterns of regexp: and pcre:
 *
 * usage: patterns [EVERY]
 *
 * Each pattern is one table, and each EVERY-th (the first; default 1: each) is
 * a hundred times in another; and all of them are in one.
 *
 * For t/bench/cost, which has valgrind count the instructions of each call of
 * measured(). Said is how much memory the texts of one pattern took from the
 * system at most. */

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/table/table.h"
#include "t/bench/patterns.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LENGTH_MAX   2000

static unsigned long calls;
static size_t most; /* bytes that one pattern took from the system */

/* measured - look one text up */
__attribute__((noinline)) void measured(const struct table *table,
					const char *key);
void measured(const struct table *table, const char *key)
{
	struct table_result result = { .text = "" };

	table_find(table, key, &result);
	free(result.owned);
	calls++;
}

/* fill - a text of so many bytes, with a domain at its end */
static void fill(char *text, const char *part, size_t length)
{
	static const char domain[] = "@far.example";
	size_t room = length - (sizeof(domain) - 1);

	for (size_t i = 0; i < room; i++)
		text[i] = part[i % strlen(part)];
	memcpy(text + room, domain, sizeof(domain));
}

/* taken - bytes from the system */
static size_t taken(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.arena + info.hblkhd;
}

/* run - a table of rules with all texts; those that are looked up and longest
 * only if it is large */
static void run(const char *name, bool large)
{
	static const size_t lengths[] = { 512, 255, 40, LENGTH_MAX };
	char text[LENGTH_MAX + 1];
	struct table_loader loader = { 0 };
	struct table *table;
	struct error error;
	size_t before;

	table = table_new_values(name, true, &loader, &error);
	if (table == NULL || table_failure(table) != NULL) {
		fprintf(stderr, "patterns: %s\n", name);
		exit(1);
	}
	malloc_trim(0);
	before = taken();
	for (size_t i = 0; i < COUNT(subjects); i++)
		for (size_t k = 0; k < (large ? 1 : COUNT(lengths)); k++) {
			fill(text, subjects[i], lengths[k]);
			measured(table, text);
		}
	if (taken() > before + most)
		most = taken() - before;
	table_free(table);
}

/* result_of - of a pattern: what it matched, if that can be said */
static const char *result_of(const char *pattern)
{
	return strchr(pattern, '(') != NULL && strstr(pattern, "\\(") == NULL
		       ? "x$1"
		       : "x";
}

/* run_one - a table of one pattern */
static void run_one(const char *kind, const char *pattern)
{
	char name[1024];

	snprintf(name, sizeof(name), "%s:{{/%s/ %s}}", kind, pattern,
		 result_of(pattern));
	run(name, false);
}

/* run_many - a table of one pattern a hundred times, for texts that it does
 * not match; NULL: of all patterns */
static void run_many(const char *kind, const char *pattern)
{
	static char name[200 * 1024];
	size_t length = (size_t)snprintf(name, sizeof(name), "%s:{", kind);

	for (size_t i = 0; i < COUNT(patterns); i++) {
		const char *one = pattern != NULL ? pattern : patterns[i];

		length += (size_t)snprintf(name + length, sizeof(name) - length,
					   "{/%s[^@-~]/ %s}%s", one,
					   result_of(one),
					   i + 1 < COUNT(patterns) ? "," : "}");
	}
	run(name, true);
}

int main(int argc, char **argv)
{
	size_t every = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;

	/* All of it where it stays until it is given back below. */
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	for (size_t i = 0; i < COUNT(patterns); i++) {
		run_one("regexp", patterns[i]);
		run_one("pcre", patterns[i]);
		if (every == 0 || i % every != 0)
			continue;
		run_many("regexp", patterns[i]);
		run_many("pcre", patterns[i]);
	}
	run_many("regexp", NULL);
	run_many("pcre", NULL);
	printf("calls %lu bytes %zu\n", calls, most);
	return 0;
}
