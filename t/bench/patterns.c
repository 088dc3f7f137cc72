/* SPDX-License-Identifier: ISC */
/* patterns - run hostile texts through the patterns of regexp: and pcre:
 *
 * usage: patterns
 *
 * For t/bench/cost, which has valgrind count the instructions of each call of
 * measured(). Said is how much memory the texts of one pattern took from the
 * system at most. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dictionary.h"
#include "t/bench/patterns.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LENGTH_MAX   2000

static unsigned long calls;
static size_t most; /* bytes that one pattern took from the system */

/* measured - look one text up */
__attribute__((noinline)) void measured(const struct dictionary *dictionary,
					const char *key);
void measured(const struct dictionary *dictionary, const char *key)
{
	struct dictionary_result result;

	dictionary_find(dictionary, key, &result);
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

/* run - one pattern with all texts, for its owner and for what it matched */
static void run(const char *kind, const char *pattern, const char *result)
{
	static const size_t lengths[] = { 40, 255, 512, LENGTH_MAX };
	char text[LENGTH_MAX + 1], name[1024];
	struct dictionary_loader loader = { 0 };
	struct dictionary *dictionary;
	struct error error;
	size_t before;

	snprintf(name, sizeof(name), "%s:{{/%s/ x%s}}", kind, pattern, result);
	dictionary = dictionary_new_values(name, true, &loader, &error);
	if (dictionary == NULL || dictionary_failure(dictionary) != NULL) {
		fprintf(stderr, "patterns: %s\n", name);
		exit(1);
	}
	malloc_trim(0);
	before = taken();
	for (size_t i = 0; i < COUNT(subjects); i++)
		for (size_t k = 0; k < COUNT(lengths); k++) {
			fill(text, subjects[i], lengths[k]);
			measured(dictionary, text);
		}
	if (taken() > before + most)
		most = taken() - before;
	dictionary_free(dictionary);
}

int main(void)
{
	/* All of it where it stays until it is given back below. */
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	for (size_t i = 0; i < COUNT(patterns); i++) {
		const char *result =
			strchr(patterns[i], '(') != NULL &&
					strstr(patterns[i], "\\(") == NULL
				? "$1"
				: "";

		run("regexp", patterns[i], result);
		run("pcre", patterns[i], result);
	}
	printf("patterns %zu calls %lu bytes %zu\n", 2 * COUNT(patterns), calls,
	       most);
	return 0;
}
