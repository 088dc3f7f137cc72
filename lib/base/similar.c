/* SPDX-License-Identifier: ISC */
/* similar - the name that a word with a typing mistake was meant to be
 *
 * Two names are compared by the number of letters to insert, to delete, to
 * replace, or to exchange with the next one, without regard to case. A third of
 * the word may be wrong; or all that stands before the name and "_", as in
 * Postfix's longer names (smtpd_relay_restrictions). */

#include "lib/base/similar.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LENGTH_MAX 64

/* similar_init - nothing is known yet */
void similar_init(struct similar *similar, const char *word)
{
	similar->word = word;
	similar->prefix = "";
	similar->best = NULL;
	similar->distance = strlen(word) < 3 ? 0 : strlen(word) / 3 + 1;
}

/* is_same - the same letter, in any case? */
static int is_same(char one, char other)
{
	return tolower((unsigned char)one) == tolower((unsigned char)other);
}

/* least - of three numbers */
static size_t least(size_t one, size_t two, size_t three)
{
	if (two < one)
		one = two;
	return three < one ? three : one;
}

/* distance - the number of mistakes between two words of at most LENGTH_MAX
 * bytes */
static size_t distance(const char *one, const char *other)
{
	size_t rows[3][LENGTH_MAX + 1];
	size_t length = strlen(other), i, k;

	for (k = 0; k <= length; k++)
		rows[0][k] = k;
	for (i = 1; one[i - 1] != '\0'; i++) {
		const size_t *above = rows[(i - 1) % 3];
		const size_t *before = rows[(i + 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (k = 1; k <= length; k++) {
			row[k] = least(row[k - 1] + 1, above[k] + 1,
				       above[k - 1] + !is_same(one[i - 1],
							       other[k - 1]));
			if (i > 1 && k > 1 &&
			    is_same(one[i - 1], other[k - 2]) &&
			    is_same(one[i - 2], other[k - 1]) &&
			    before[k - 2] + 1 < row[k])
				row[k] = before[k - 2] + 1;
		}
	}
	return rows[(i - 1) % 3][length];
}

/* ends_with - the word is anything, "_" and the name, which is no short one */
static bool ends_with(const char *word, const char *name)
{
	size_t length = strlen(word), end = strlen(name);

	return end >= 4 && length > end && word[length - end - 1] == '_' &&
	       strcasecmp(word + length - end, name) == 0;
}

/* similar_try - compare one name */
void similar_try(struct similar *similar, const char *name)
{
	size_t found;

	if (strlen(similar->word) > LENGTH_MAX || strlen(name) > LENGTH_MAX)
		return;
	found = ends_with(similar->word, name) ? 1
					       : distance(similar->word, name);
	if (found >= similar->distance)
		return;
	similar->best = name;
	similar->distance = found;
}

/* similar_advice - for the end of a message */
const char *similar_advice(const struct similar *similar, char *buffer,
			   size_t size)
{
	if (similar->best != NULL)
		snprintf(buffer, size, "; did you mean %s%s?", similar->prefix,
			 similar->best);
	else
		buffer[0] = '\0';
	return buffer;
}
