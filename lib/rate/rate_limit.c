/* SPDX-License-Identifier: ISC */
/* rate_limit - "200/1h" as numbers
 *
 * A limit is a number and the length of a window. The number may end in K, M or
 * G if it counts bytes; the length ends in a unit of time as in main.cf. Plain
 * integers: what does not fit is refused, and never wraps. */

#include "lib/rate/rate_limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/number.h"
#include "lib/base/words.h"

#define UNLIMITED "unlimited"

/* A letter that may follow a number. */
struct suffix {
	char letter;
	uint64_t factor;
};

/* Each list with the largest factor first. */
static const struct suffix times[] = {
	{ 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }
};
static const struct suffix sizes[] = { { 'G', 1U << 30 },
				       { 'M', 1U << 20 },
				       { 'K', 1U << 10 } };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* factor_of - the factor of a letter; 0: it is none of the list */
static uint64_t factor_of(const struct suffix *list, size_t count, char letter)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].letter == letter)
			return list[i].factor;
	return 0;
}

/* parse - digits with an optional letter; the product is at most max */
static int parse(const char *text, size_t length, uint64_t factor, uint64_t max,
		 uint64_t *number)
{
	char digits[24];
	uint64_t value;

	if (length >= sizeof(digits))
		return -1;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (number_parse(digits, max / factor, &value) < 0)
		return -1;
	*number = value * factor;
	return 0;
}

/* number_max - the largest number of a limit */
static uint64_t number_max(enum rate_unit unit)
{
	if (unit == RATE_BYTES)
		return RATE_BYTES_MAX;
	return unit == RATE_NETWORKS ? RATE_NETWORKS_MAX : RATE_NUMBER_MAX;
}

/* parse_number - what is left of the slash */
static int parse_number(const char *text, size_t length, enum rate_unit unit,
			uint64_t *number)
{
	uint64_t factor = 0;

	if (unit == RATE_BYTES && length > 0)
		factor = factor_of(sizes, COUNT(sizes), text[length - 1]);
	return parse(text, length - (factor != 0), factor != 0 ? factor : 1,
		     number_max(unit), number);
}

/* parse_length - what is right of it: the number of seconds */
static int parse_length(const char *text, size_t length, uint32_t *length_s)
{
	uint64_t factor = 0;
	uint64_t seconds;

	if (length > 0)
		factor = factor_of(times, COUNT(times), text[length - 1]);
	if (factor == 0 ||
	    parse(text, length - 1, factor, RATE_LENGTH_MAX, &seconds) < 0 ||
	    seconds == 0)
		return -1;
	*length_s = (uint32_t)seconds;
	return 0;
}

/* wrong_number - the reason, with an example */
static int wrong_number(const char *text, enum rate_unit unit,
			struct error *error)
{
	if (unit == RATE_BYTES)
		return error_set(error,
				 "%s: write a number of bytes before the "
				 "slash, at most 1048576G, as in 100M/1d",
				 text);
	return error_set(error,
			 "%s: write a number before the slash, at most "
			 "%" PRIu64 ", as in 20/1h",
			 text, number_max(unit));
}

/* rate_limit_parse - number, slash, length */
int rate_limit_parse(const char *text, enum rate_unit unit,
		     struct rate_limit *limit, struct error *error)
{
	const char *slash = strchr(text, '/');
	struct rate_limit found;

	if (text[strcspn(text, WORDS_SEPARATORS)] != '\0')
		return error_set(error,
				 "%s: write each limit without blanks, and "
				 "several as { \"200/1h\", \"1000/1d\" }",
				 text);
	if (slash == NULL)
		return error_set(error,
				 "%s: write a number and a time, as in 200/1h",
				 text);
	if (parse_number(text, (size_t)(slash - text), unit, &found.number) < 0)
		return wrong_number(text, unit, error);
	if (parse_length(slash + 1, strlen(slash + 1), &found.length_s) < 0)
		return error_set(error,
				 "%s: write a time of 1s to 31d after the "
				 "slash, with the unit s, m, h, d or w",
				 text);
	*limit = found;
	return 0;
}

/* find - the limit of that length, or NULL */
static struct rate_limit *find(struct rate_limits *limits, uint32_t length_s)
{
	for (unsigned i = 0; i < limits->count; i++)
		if (limits->limit[i].length_s == length_s)
			return &limits->limit[i];
	return NULL;
}

/* rate_limits_copy - most have one */
void rate_limits_copy(struct rate_limits *to, const struct rate_limits *from)
{
	to->count = from->count;
	for (unsigned i = 0; i < from->count && i < RATE_WINDOWS_MAX; i++)
		to->limit[i] = from->limit[i];
}

/* rate_limits_add - insert it, the shortest first */
int rate_limits_add(struct rate_limits *limits, const struct rate_limit *limit,
		    struct error *error)
{
	char length[RATE_TEXT_SIZE];
	unsigned i;

	if (find(limits, limit->length_s) != NULL)
		return error_set(error, "two limits in %s",
				 rate_length_text(limit->length_s, length));
	if (limits->count == RATE_WINDOWS_MAX)
		return error_set(error, "at most %d limits", RATE_WINDOWS_MAX);
	for (i = limits->count++; i > 0; i--) {
		if (limits->limit[i - 1].length_s < limit->length_s)
			break;
		limits->limit[i] = limits->limit[i - 1];
	}
	limits->limit[i] = *limit;
	return 0;
}

/* set_all - the same number for each length */
static int set_all(struct rate_limits *limits, uint64_t number)
{
	for (unsigned i = 0; i < limits->count; i++)
		limits->limit[i].number = number;
	return 1;
}

/* Reads the words of a value. */
struct change {
	struct rate_limits limits;
	enum rate_unit unit;
	unsigned seen; /* bit i: the length of limit i has been named */
	unsigned count;
};

/* change_one - one limit of a value */
static int change_one(void *context, const char *word, struct error *error)
{
	struct change *change = context;
	char length[RATE_TEXT_SIZE];
	struct rate_limit limit;
	struct rate_limit *known;
	unsigned bit;

	if (rate_limit_parse(word, change->unit, &limit, error) < 0)
		return -1;
	known = find(&change->limits, limit.length_s);
	rate_length_text(limit.length_s, length);
	if (known == NULL)
		return error_set(error, "%s: the rate has no limit in %s", word,
				 length);
	bit = 1U << (known - change->limits.limit);
	if ((change->seen & bit) != 0)
		return error_set(error, "%s: another limit in %s", word,
				 length);
	change->seen |= bit;
	change->count++;
	known->number = limit.number;
	return 0;
}

/* is_name - is it one word that may name a plan? */
static bool is_name(const char *value)
{
	return (value[0] < '0' || value[0] > '9') && value[0] != '\0' &&
	       value[strcspn(value, WORDS_SEPARATORS "/+-")] == '\0';
}

/* rate_limits_change - apply a value of limit_maps */
int rate_limits_change(struct rate_limits *limits, const char *value,
		       enum rate_unit unit, struct error *error)
{
	struct change change = { .limits = *limits, .unit = unit };

	if (strcmp(value, UNLIMITED) == 0)
		return set_all(limits, RATE_UNLIMITED);
	if (strcmp(value, "0") == 0)
		return set_all(limits, 0);
	if (is_name(value))
		return 0;
	if (words_each(value, WORDS_SEPARATORS, change_one, &change, error) < 0)
		return -1;
	if (change.count == 0)
		return error_set(error, "no limit; write one, as in 200/1h");
	*limits = change.limits;
	return 1;
}

/* put - the number in the largest unit that fits exactly */
static void put(const struct suffix *list, size_t count, uint64_t number,
		char text[RATE_TEXT_SIZE])
{
	for (size_t i = 0; i < count; i++)
		if (number != 0 && number % list[i].factor == 0) {
			snprintf(text, RATE_TEXT_SIZE, "%" PRIu64 "%c",
				 number / list[i].factor, list[i].letter);
			return;
		}
	snprintf(text, RATE_TEXT_SIZE, "%" PRIu64, number);
}

/* rate_length_text - as it is written; weeks as days */
const char *rate_length_text(uint32_t length_s, char text[RATE_TEXT_SIZE])
{
	put(times + 1, COUNT(times) - 1, length_s, text);
	return text;
}

/* rate_number_text - of a limit, as it is written */
const char *rate_number_text(uint64_t number, enum rate_unit unit,
			     char text[RATE_TEXT_SIZE])
{
	if (number == RATE_UNLIMITED)
		snprintf(text, RATE_TEXT_SIZE, UNLIMITED);
	else
		put(sizes, unit == RATE_BYTES ? COUNT(sizes) : 0, number, text);
	return text;
}

/* rate_limit_text - as it is written */
const char *rate_limit_text(const struct rate_limit *limit, enum rate_unit unit,
			    char text[RATE_TEXT_SIZE])
{
	char length[RATE_TEXT_SIZE];
	size_t end;

	rate_number_text(limit->number, unit, text);
	rate_length_text(limit->length_s, length);
	end = strlen(text);
	snprintf(text + end, RATE_TEXT_SIZE - end, "/%s", length);
	return text;
}
