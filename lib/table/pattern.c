/* SPDX-License-Identifier: ISC */
/* pattern - regular expressions, interpreted as in Postfix
 *
 * For every pattern, the cost of a text that a stranger chose is bounded, in
 * time and memory. Nothing is kept between matches, so threads share patterns
 * without a lock.
 *
 * pcre: is PCRE2, without its compiler to machine code. Its work is counted by
 * callouts before each item of a pattern; PCRE2's own limit of steps applies to
 * each byte at which a match may begin, and does not report how many were used.
 *
 * regexp: is compiled by regcomp(3), which alone determines whether a pattern
 * is valid, but executed by lib/table/automaton.c: regexec(3) has no limits,
 * and other engines read some patterns differently ("\d", "a++" and "[\]]" have
 * other meanings in PCRE2; "\<" and "[[.hyphen.]]" have none). Patterns that
 * the automaton does not support, above all those with back-references, are
 * called costly and never executed. */

#define PCRE2_CODE_UNIT_WIDTH 8

#include "lib/table/pattern.h"

#include <ctype.h>
#include <pcre2.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define PATTERN_MAX 16384 /* bytes of a pattern */
#define REPEATS_MAX 4096  /* product of all {n} and {m,n} */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT  4096 /* KiB */
#define MATCH_STEPS 64	 /* the cost of PCRE2 before it looks at the text */
#define ITEM_STEPS  6	 /* the cost of an item of it; more if it is large */

struct pattern {
	struct automaton *posix; /* NULL with PATTERN_PCRE */
	pcre2_code *pcre;
	pcre2_match_context *limits;
	size_t item_steps; /* with pcre */
	size_t groups;
};

/* A letter after a pattern, and the option that it toggles. */
struct letter {
	char letter;
	unsigned option;
};

static const struct letter regexp_letters[] = {
	{ 'i', REG_ICASE },
	{ 'm', REG_NEWLINE },
	{ 'x', REG_EXTENDED },
	{ '\0', 0 },
};

static const struct letter pcre_letters[] = {
	{ 'i', PCRE2_CASELESS },
	{ 'm', PCRE2_MULTILINE },
	{ 's', PCRE2_DOTALL },
	{ 'x', PCRE2_EXTENDED },
	{ 'A', PCRE2_ANCHORED },
	{ 'E', PCRE2_DOLLAR_ENDONLY },
	{ 'U', PCRE2_UNGREEDY },
	{ 'X', 0 }, /* obsolete */
	{ '\0', 0 },
};

/* pattern_options - read the letters after a pattern */
int pattern_options(enum pattern_kind kind, const char **text,
		    unsigned *options, struct error *error)
{
	bool pcre = kind == PATTERN_PCRE;
	const char *next = *text;

	*options =
		pcre ? PCRE2_CASELESS | PCRE2_DOTALL : REG_EXTENDED | REG_ICASE;
	for (; *next != '\0' && !isspace((unsigned char)*next); next++) {
		const struct letter *letter =
			pcre ? pcre_letters : regexp_letters;

		if (!pcre && *next == '!')
			break;
		while (letter->letter != '\0' && letter->letter != *next)
			letter++;
		if (letter->letter == '\0')
			return error_set(error, "unknown option \"%c\"",
					 isprint((unsigned char)*next) ? *next
								       : '?');
		*options ^= letter->option;
	}
	*text = next;
	return 0;
}

/* repeat_of - the largest number of a repeat such as {2,5}, at least 1 */
static unsigned long repeat_of(const char *text)
{
	unsigned long largest = 1;

	for (; *text != '\0' && *text != '}'; text++) {
		unsigned long number = 0;

		while (isdigit((unsigned char)*text) && number < REPEATS_MAX)
			number = number * 10 + (unsigned long)(*text++ - '0');
		if (number > largest)
			largest = number;
		if (*text == '\0' || *text == '}')
			break;
	}
	return largest;
}

/* is_costly - has a POSIX pattern back-references, or too many repeats? */
static bool is_costly(const char *pattern)
{
	unsigned long repeats = 1;

	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '\\' && pattern[1] >= '1' &&
		    pattern[1] <= '9')
			return true;
		/* In a bracket expression both are harmless; this errs on the
		 * safe side. */
		if (*pattern == '{')
			repeats *= repeat_of(pattern + 1);
		if (repeats > REPEATS_MAX)
			return true;
		if (pattern[0] == '\\' && pattern[1] != '\0' &&
		    pattern[1] != '{')
			pattern++;
	}
	return false;
}

/* check_posix - does regcomp(3) accept the pattern? */
static int check_posix(const char *pattern, int options, struct error *error)
{
	char reason[256];
	regex_t regex;
	int result = regcomp(&regex, pattern, options);

	if (result == 0) {
		regfree(&regex);
		return 0;
	}
	if (result == REG_ESPACE)
		xalloc_failed(); /* skipping it would be wrong */
	regerror(result, &regex, reason, sizeof(reason));
	return error_set(error, "%s", reason);
}

/* compile_posix - compile as regcomp(3) does */
static int compile_posix(struct pattern *expression, const char *pattern,
			 unsigned options, bool *costly, struct error *error)
{
	*costly = is_costly(pattern);
	if (*costly)
		return error_set(error, "has back-references or many repeats");
	if (check_posix(pattern, (int)options, error) < 0)
		return -1;
	expression->posix = automaton_new(pattern, (int)options);
	*costly = expression->posix == NULL;
	if (*costly)
		return error_set(error, "is too large, or unusual");
	expression->groups = automaton_groups(expression->posix);
	return 0;
}

/* compile_pcre - with PCRE2 */
static int compile_pcre(struct pattern *expression, const char *pattern,
			unsigned options, struct error *error)
{
	uint32_t groups = 0;
	size_t offset, size = 0;
	int code;

	expression->pcre = pcre2_compile(
		(PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
		options | PCRE2_AUTO_CALLOUT, &code, &offset, NULL);
	if (expression->pcre == NULL && code == PCRE2_ERROR_HEAP_FAILED)
		xalloc_failed();
	if (expression->pcre == NULL) {
		char reason[256] = "";

		pcre2_get_error_message(code, (PCRE2_UCHAR *)reason,
					sizeof(reason));
		return error_set(error, "%s at byte %zu", reason, offset);
	}
	expression->limits = pcre2_match_context_create(NULL);
	if (expression->limits == NULL)
		xalloc_failed();
	pcre2_set_match_limit(expression->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(expression->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(expression->limits, HEAP_LIMIT);
	pcre2_pattern_info(expression->pcre, PCRE2_INFO_CAPTURECOUNT, &groups);
	expression->groups = groups;
	/* Groups are copied, and many that end together are not counted. */
	pcre2_pattern_info(expression->pcre, PCRE2_INFO_SIZE, &size);
	expression->item_steps = ITEM_STEPS + groups / 8 + size / 128;
	return 0;
}

/* pattern_free - NULL is allowed */
void pattern_free(struct pattern *expression)
{
	if (expression == NULL)
		return;
	automaton_free(expression->posix);
	pcre2_match_context_free(expression->limits);
	pcre2_code_free(expression->pcre);
	free(expression);
}

/* pattern_new - compile a pattern */
struct pattern *pattern_new(enum pattern_kind kind, const char *pattern,
			    unsigned options, bool *costly, struct error *error)
{
	struct pattern *expression;
	int result;

	*costly = false;
	if (strlen(pattern) > PATTERN_MAX) {
		*costly = true;
		error_set(error, "is longer than %d bytes", PATTERN_MAX);
		return NULL;
	}
	expression = xcalloc(1, sizeof(*expression));
	result = kind == PATTERN_PCRE
			 ? compile_pcre(expression, pattern, options, error)
			 : compile_posix(expression, pattern, options, costly,
					 error);
	if (result == 0)
		return expression;
	pattern_free(expression);
	return NULL;
}

/* pattern_groups - the number of "(...)" that can be referred to */
size_t pattern_groups(const struct pattern *expression)
{
	return expression->groups;
}

/* pattern_sure - will a match report what that group matched? */
bool pattern_sure(const struct pattern *expression, size_t group)
{
	return expression->posix == NULL ||
	       automaton_sure(expression->posix, group);
}

/* copy_pcre - what the groups matched */
static void copy_pcre(pcre2_match_data *data, int count,
		      struct match_group *groups, size_t size)
{
	const size_t *places = pcre2_get_ovector_pointer(data);

	for (size_t i = 0; i < size; i++) {
		bool set = i < (size_t)count && places[2 * i] != PCRE2_UNSET &&
			   places[2 * i] <= places[2 * i + 1];

		groups[i].start = set ? places[2 * i] : 0;
		groups[i].end = set ? places[2 * i + 1] : 0;
	}
}

/* The cost of a match. */
struct meter {
	size_t *steps;
	size_t each; /* for an item */
	size_t at;   /* position in the text at the last callout */
};

/* count_item - called before each item of the pattern; bytes may have been read
 * since */
static int count_item(pcre2_callout_block *block, void *context)
{
	struct meter *meter = context;
	size_t at = block->current_position;
	size_t bytes = at > meter->at ? at - meter->at : meter->at - at;

	meter->at = at;
	*meter->steps += meter->each + bytes / 4;
	return *meter->steps > AUTOMATON_STEPS_MAX ? PCRE2_ERROR_CALLOUT : 0;
}

/* match_pcre - match within the limits */
static int match_pcre(const struct pattern *expression, const char *text,
		      struct match_group *groups, size_t *steps)
{
	size_t size = groups != NULL ? expression->groups + 1 : 1;
	size_t length = strlen(text);
	/* Memory that a thread needs while it matches. */
	pcre2_match_data *data = pcre2_match_data_create((uint32_t)size, NULL);
	pcre2_match_context *limits =
		pcre2_match_context_copy(expression->limits);
	struct meter meter = { steps, expression->item_steps, 0 };
	int result = PCRE2_ERROR_NOMEMORY;

	*steps += MATCH_STEPS + length / 4;
	if (*steps > AUTOMATON_STEPS_MAX) {
		result = PCRE2_ERROR_CALLOUT;
	} else if (data != NULL && limits != NULL) {
		pcre2_set_callout(limits, count_item, &meter);
		result = pcre2_match(expression->pcre, (PCRE2_SPTR)text, length,
				     0, 0, data, limits);
	}
	if (result > 0 && groups != NULL)
		copy_pcre(data, result, groups, size);
	pcre2_match_context_free(limits);
	pcre2_match_data_free(data);
	if (result == PCRE2_ERROR_NOMATCH)
		return 0;
	if (result < 0)
		*steps = AUTOMATON_STEPS_MAX + 1; /* whichever limit it was */
	return result < 0 ? -1 : 1;
}

/* pattern_match - does any part of the text match? */
int pattern_match(const struct pattern *expression, const char *text,
		  struct match_group *groups, size_t *steps)
{
	if (expression->posix != NULL)
		return automaton_match(expression->posix, text, groups, steps);
	return match_pcre(expression, text, groups, steps);
}
