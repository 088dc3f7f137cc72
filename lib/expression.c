/* SPDX-License-Identifier: ISC */
/* expression - regular expressions, by the same code that Postfix runs
 *
 * pcre: is PCRE2, without its compiler to machine code, and with limits on
 * what one match may cost. regexp: is regcomp(3) of the C library, since
 * another engine would read the same pattern otherwise here and there: "\d",
 * "a++" and "[\]]" mean other things to PCRE2, and "\<" or "[[.hyphen.]]"
 * nothing. It has no limits; so what would make it need them, back-references
 * and large repeats, is called costly and not run. Without these its time
 * grows with the text only: it follows all possibilities at once. It keeps
 * what it finds out about a pattern, which grows with every new text; so it is
 * compiled anew after some matches. */

#define PCRE2_CODE_UNIT_WIDTH 8

#include "lib/expression.h"

#include <ctype.h>
#include <pcre2.h>
#include <pthread.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define PATTERN_MAX 16384  /* bytes of a pattern */
#define REPEATS_MAX 4096   /* what {n} and {m,n} multiply to */
#define MATCH_LIMIT 200000 /* steps of one match */
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT  4096 /* KiB */
#define POSIX_USES  1000 /* matches until it is compiled anew */

/* A POSIX expression; a match may change it. */
struct posix {
	pthread_mutex_t lock;
	char *pattern;
	int options;
	bool compiled;
	unsigned uses;
	regex_t regex;
};

struct expression {
	struct posix *posix; /* NULL with EXPRESSION_PCRE */
	pcre2_code *pcre;
	pcre2_match_context *limits;
	size_t groups;
};

/* A letter behind a pattern, and the option that it turns around. */
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
	{ 'X', 0 }, /* once meant something */
	{ '\0', 0 },
};

/* expression_options - read the letters behind a pattern */
int expression_options(enum expression_kind kind, const char **text,
		       unsigned *options, struct error *error)
{
	bool pcre = kind == EXPRESSION_PCRE;
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

/* is_costly - has a POSIX pattern a back-reference, or too many repeats? */
static bool is_costly(const char *pattern)
{
	unsigned long repeats = 1;

	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '\\' && pattern[1] >= '1' &&
		    pattern[1] <= '9')
			return true;
		/* In a bracket expression both are harmless: be careful. */
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

/* compile_again - at first, and after some matches */
static int compile_again(struct posix *posix, struct error *error)
{
	char reason[256];
	int result;

	if (posix->compiled)
		regfree(&posix->regex);
	result = regcomp(&posix->regex, posix->pattern, posix->options);
	posix->compiled = result == 0;
	posix->uses = 0;
	if (result == 0)
		return 0;
	if (result == REG_ESPACE)
		xalloc_failed(); /* a pattern left out is a wrong answer */
	regerror(result, &posix->regex, reason, sizeof(reason));
	return error_set(error, "%s", reason);
}

/* compile_posix - with regcomp(3) */
static int compile_posix(struct expression *expression, const char *pattern,
			 unsigned options, bool *costly, struct error *error)
{
	struct posix *posix;

	*costly = is_costly(pattern);
	if (*costly)
		return error_set(error, "has back-references or many repeats");
	posix = xcalloc(1, sizeof(*posix));
	expression->posix = posix;
	pthread_mutex_init(&posix->lock, NULL);
	posix->pattern = xstrdup(pattern);
	posix->options = (int)options;
	if (compile_again(posix, error) < 0)
		return -1;
	expression->groups = posix->regex.re_nsub;
	return 0;
}

/* compile_pcre - with PCRE2 */
static int compile_pcre(struct expression *expression, const char *pattern,
			unsigned options, struct error *error)
{
	uint32_t groups = 0;
	size_t offset;
	int code;

	expression->pcre =
		pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			      options, &code, &offset, NULL);
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
	return 0;
}

/* posix_free - NULL is allowed */
static void posix_free(struct posix *posix)
{
	if (posix == NULL)
		return;
	if (posix->compiled)
		regfree(&posix->regex);
	pthread_mutex_destroy(&posix->lock);
	free(posix->pattern);
	free(posix);
}

/* expression_free - NULL is allowed */
void expression_free(struct expression *expression)
{
	if (expression == NULL)
		return;
	posix_free(expression->posix);
	pcre2_match_context_free(expression->limits);
	pcre2_code_free(expression->pcre);
	free(expression);
}

/* expression_new - compile a pattern */
struct expression *expression_new(enum expression_kind kind,
				  const char *pattern, unsigned options,
				  bool *costly, struct error *error)
{
	struct expression *expression;
	int result;

	*costly = false;
	if (strlen(pattern) > PATTERN_MAX) {
		*costly = true;
		error_set(error, "is longer than %d bytes", PATTERN_MAX);
		return NULL;
	}
	expression = xcalloc(1, sizeof(*expression));
	result = kind == EXPRESSION_PCRE
			 ? compile_pcre(expression, pattern, options, error)
			 : compile_posix(expression, pattern, options, costly,
					 error);
	if (result == 0)
		return expression;
	expression_free(expression);
	return NULL;
}

/* expression_groups - how many "(...)" that can be referred to */
size_t expression_groups(const struct expression *expression)
{
	return expression->groups;
}

/* copy_pcre - what the groups matched */
static void copy_pcre(pcre2_match_data *data, int count,
		      struct expression_group *groups, size_t size)
{
	const size_t *places = pcre2_get_ovector_pointer(data);

	for (size_t i = 0; i < size; i++) {
		bool set = i < (size_t)count && places[2 * i] != PCRE2_UNSET &&
			   places[2 * i] <= places[2 * i + 1];

		groups[i].start = set ? places[2 * i] : 0;
		groups[i].end = set ? places[2 * i + 1] : 0;
	}
}

/* match_pcre - within the limits */
static int match_pcre(const struct expression *expression, const char *text,
		      struct expression_group *groups)
{
	size_t size = groups != NULL ? expression->groups + 1 : 1;
	/* Room for what a thread needs while it matches. */
	pcre2_match_data *data = pcre2_match_data_create((uint32_t)size, NULL);
	int result;

	if (data == NULL)
		return -1;
	result = pcre2_match(expression->pcre, (PCRE2_SPTR)text, strlen(text),
			     0, 0, data, expression->limits);
	if (result > 0 && groups != NULL)
		copy_pcre(data, result, groups, size);
	pcre2_match_data_free(data);
	if (result == PCRE2_ERROR_NOMATCH)
		return 0;
	return result < 0 ? -1 : 1;
}

/* copy_posix - what the groups matched */
static void copy_posix(const regmatch_t *places,
		       struct expression_group *groups, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool set = places[i].rm_so >= 0;

		groups[i].start = set ? (size_t)places[i].rm_so : 0;
		groups[i].end = set ? (size_t)places[i].rm_eo : 0;
	}
}

/* match_posix - one thread at a time, as regexec(3) itself has it */
static int match_posix(struct posix *posix, const char *text,
		       struct expression_group *groups, size_t size)
{
	regmatch_t *places = NULL;
	int result = 0;

	if (groups != NULL)
		places = xcalloc(size, sizeof(*places));
	else
		size = 0;
	pthread_mutex_lock(&posix->lock);
	if (!posix->compiled || ++posix->uses > POSIX_USES)
		result = compile_again(posix, NULL) == 0 ? 0 : REG_ESPACE;
	if (result == 0)
		result = regexec(&posix->regex, text, size, places, 0);
	pthread_mutex_unlock(&posix->lock);
	if (result == 0)
		copy_posix(places, groups, size);
	free(places);
	if (result == REG_NOMATCH)
		return 0;
	return result != 0 ? -1 : 1;
}

/* expression_match - does the text match somewhere? */
int expression_match(const struct expression *expression, const char *text,
		     struct expression_group *groups)
{
	if (expression->posix != NULL)
		return match_posix(expression->posix, text, groups,
				   expression->groups + 1);
	return match_pcre(expression, text, groups);
}
