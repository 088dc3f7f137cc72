/* SPDX-License-Identifier: ISC */
/* test_automaton - patterns, compared with what regexec(3) finds */

#include "lib/table/automaton.h"

#include <regex.h>
#include <string.h>

#include "t/unit/test.h"

#define GROUPS_MAX 12

static uint32_t seed;

/* draw - a number below most, the same in each run */
static unsigned draw(unsigned most)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % most;
}

/* Parts of patterns: for both, for extended ones, for basic ones. */
static const char *const both[] = {
	"a",
	"b",
	"A",
	"_",
	"-",
	"@",
	"1",
	".",
	"[ab]",
	"[^a]",
	"[a-c]",
	"[B-b]",
	"[]a]",
	"[^]a-]",
	"[a-]",
	"[-a]",
	"[[:alpha:]]",
	"[^[:upper:]_]",
	"[[:lower:]1]",
	"[[=a=]]",
	"[[.-.]]",
	"[[.a.]-c]",
	"[\\]",
	"[*]",
	"\\.",
	"\\w",
	"\\W",
	"\\s",
	"\\S",
	"^",
	"$",
	"*",
	"\\*",
	"\\a",
	"\\_",
	" ",
	"\303",
	"[\300-\377]",
	"}",
	"\\}",
	"+",
	"[[:digit:][:space:]]",
	"[_-a]",
};
static const char *const gnu[] = { "\\<", "\\>", "\\b", "\\B", "\\`", "\\'" };
static const char *const extended[] = {
	"(", "(", "(",	")",	  ")",	   ")",	   "|",	   "|",
	"*", "+", "?",	"{2}",	  "{1,2}", "{,2}", "{2,}", "{0}",
	"*", "?", "()", "(a|ab)", "(a*)",  "(|b)", "\\(",  "\\|",
};
static const char *const basic[] = {
	"\\(",	    "\\(",	  "\\(",       "\\)",	   "\\)",
	"\\)",	    "\\|",	  "\\|",       "*",	   "\\+",
	"\\?",	    "\\{2\\}",	  "\\{1,2\\}", "\\{,2\\}", "\\{2,\\}",
	"\\{0\\}",  "*",	  "\\?",       "\\(\\)",   "\\(a\\|ab\\)",
	"\\(a*\\)", "\\(\\|b\\)", "(",	       "|",	   "{",
};

/* may_take_long - regcomp(3) itself, with repeats in repeats? */
static bool may_take_long(const char *pattern)
{
	int repeats = 0, numbers = 0;

	for (; *pattern != '\0'; pattern++) {
		repeats += strchr("*+?{", *pattern) != NULL;
		numbers += *pattern == '{';
	}
	return repeats > 5 || numbers > 2;
}

/* draw_pattern - of parts, without sense */
static void draw_pattern(char *pattern, int options)
{
	unsigned parts = 1 + draw(9);

	for (*pattern = '\0'; parts > 0; parts--) {
		unsigned kind = draw(20);

		if (kind == 0)
			strcat(pattern, gnu[draw(COUNT(gnu))]);
		else if (kind < 11)
			strcat(pattern, both[draw(COUNT(both))]);
		else if ((options & REG_EXTENDED) != 0)
			strcat(pattern, extended[draw(COUNT(extended))]);
		else
			strcat(pattern, basic[draw(COUNT(basic))]);
	}
}

/* draw_text - something that might match */
static void draw_text(char *text)
{
	static const char bytes[] = "aaabbbcAB_-@1. \303\251*+](";
	unsigned length = draw(12);

	for (; length > 0; length--)
		*text++ = bytes[draw(sizeof(bytes) - 1)];
	*text = '\0';
}

/* compare - one text; returns what is found */
static int compare(const struct automaton *automaton, const regex_t *regex,
		   const char *pattern, int options, const char *text)
{
	struct match_group groups[GROUPS_MAX];
	regmatch_t places[GROUPS_MAX];
	size_t steps = 0;
	bool want = regexec(regex, text, GROUPS_MAX, places, 0) == 0;
	int got = automaton_match(automaton, text, NULL, &steps);
	int again = automaton_match(automaton, text, groups, &steps);

	ck_assert_msg(got == want && again == want,
		      "/%s/ (%d) \"%s\": regexec %d, we %d, %d", pattern,
		      options, text, want, got, again);
	for (size_t i = 0; want && i <= regex->re_nsub; i++) {
		regmatch_t place = places[i];

		if (i > 0 && !automaton_sure(automaton, i))
			continue;
		if (place.rm_so < 0)
			place.rm_so = place.rm_eo = 0;
		ck_assert_msg(
			groups[i].start == (size_t)place.rm_so &&
				groups[i].end == (size_t)place.rm_eo,
			"/%s/ (%d) \"%s\", %zu: regexec %d-%d, we %zu-%zu",
			pattern, options, text, i, (int)place.rm_so,
			(int)place.rm_eo, groups[i].start, groups[i].end);
	}
	return want;
}

START_TEST(finds_what_regexec_finds)
{
	char pattern[256], text[64];
	int patterns = 0, hits = 0;

	seed = (uint32_t)_i;
	for (int i = 0; i < 3000; i++) {
		int options = draw(3) > 0 ? REG_EXTENDED : 0;
		struct automaton *automaton;
		regex_t regex;

		options |= draw(2) > 0 ? REG_ICASE : 0;
		options |= draw(4) == 0 ? REG_NEWLINE : 0;
		draw_pattern(pattern, options);
		if (may_take_long(pattern) ||
		    regcomp(&regex, pattern, options) != 0)
			continue;
		automaton = automaton_new(pattern, options);
		if (automaton != NULL && regex.re_nsub < GROUPS_MAX) {
			patterns++;
			ck_assert_uint_eq(automaton_groups(automaton),
					  regex.re_nsub);
			for (int k = 0; k < 20; k++) {
				draw_text(text);
				hits += compare(automaton, &regex, pattern,
						options, text);
			}
		}
		automaton_free(automaton);
		regfree(&regex);
	}
	ck_assert_int_gt(patterns, 500);
	ck_assert_int_gt(hits, 1000);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("automaton");

	tcase_add_loop_test(tests, finds_what_regexec_finds, 0, 20);
	return run_tests("automaton", tests);
}
