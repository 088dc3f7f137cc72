/* SPDX-License-Identifier: ISC */
/* test_words - words, braces and lines, as all lists of main.cf have them */

#include "lib/base/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/unit/place.h"
#include "t/unit/test.h"

/* join - append a word and a bar; the word "stop" ends the walk */
static int join(void *context, const char *word, struct error *error)
{
	strcat(strcat(context, word), "|");
	return strcmp(word, "stop") == 0 ? error_set(error, "stopped") : 0;
}

static const struct {
	const char *text;
	const char *plain;
	const char *braced;
} lists[] = {
	{ "", "", "" },
	{ " ,\t\r\n", "", "" },
	{ "a", "a|", "a|" },
	{ ", a,,b\tc ", "a|b|c|", "a|b|c|" },
	{ "a{b, c}d e", "a{b|c}d|e|", "a{b, c}d|e|" },
	{ "{{a b} c} d", "{{a|b}|c}|d|", "{{a b} c}|d|" },
	{ "a} b {c", "a}|b|{c|", "a}|b|{c|" },
	{ "{a b", "{a|b|", "{a b|" },
	{ "a stop b", "a|stop|", "a|stop|" },
};

START_TEST(splits_lists)
{
	bool stops = strstr(lists[_i].text, "stop") != NULL;
	struct error error = { "" };
	char words[64] = "";

	ck_assert_int_eq(words_each(lists[_i].text, WORDS_SEPARATORS, join,
				    words, &error),
			 stops ? -1 : 0);
	ck_assert_str_eq(words, lists[_i].plain);
	*words = '\0';
	ck_assert_int_eq(words_each_braced(lists[_i].text, WORDS_SEPARATORS,
					   join, words, &error),
			 stops ? -1 : 0);
	ck_assert_str_eq(words, lists[_i].braced);
	ck_assert_str_eq(error.text, stops ? "stopped" : "");
}
END_TEST

static const struct {
	const char *text;
	char open;
	size_t length;
} enclosed[] = {
	{ "", '{', 0 },	      { "a{b}", '{', 0 },  { "}", '{', 0 },
	{ "{}", '{', 2 },     { "{a", '{', 0 },	   { "{a{b}c}d", '{', 7 },
	{ "{a{b}c", '{', 0 }, { "(a})b", '(', 4 }, { "(a)", '{', 0 },
};

START_TEST(finds_the_closing_bracket)
{
	const char *text = enclosed[_i].text;

	ck_assert_uint_eq(words_enclosed(text, strlen(text), enclosed[_i].open),
			  enclosed[_i].length);
	/* Not one byte further than it may. */
	if (enclosed[_i].length > 0)
		ck_assert_uint_eq(words_enclosed(text, enclosed[_i].length - 1,
						 enclosed[_i].open),
				  0);
}
END_TEST

START_TEST(measures_a_word)
{
	bool open;

	ck_assert_uint_eq(words_length("a{b c}d e", 9, " ", &open), 7);
	ck_assert(!open);
	ck_assert_uint_eq(words_length("a{b c}d e", 5, " ", &open), 5);
	ck_assert(open);
	ck_assert_uint_eq(words_length("", 0, " ", &open), 0);
	ck_assert(!open);
}
END_TEST

START_TEST(trims)
{
	static const char text[] = " \t\v a b\r\n";
	size_t length = strlen(text);

	ck_assert_str_eq(words_trim(text, &length), "a b\r\n");
	ck_assert_uint_eq(length, 3);
	length = 3;
	words_trim(text, &length);
	ck_assert_uint_eq(length, 0);
}
END_TEST

static const struct {
	const char *content;
	size_t length;
	const char *lines;
	const char *reason; /* NULL: all is read */
} files[] = {
	{ "", 0, "", NULL },
	{ "a", 1, "a|", NULL },
	{ "a\n", 2, "a|", NULL },
	{ "a\r\n\n b c\r\r\nd", 12, "a|| b c|d|", NULL },
	{ "a\rb\n", 4, "a\rb|", NULL },
	{ "a\nb\0c\nd", 7, "a|", ":2: NUL byte in the line" },
	{ "a\nstop\nb\n", 9, "a|stop|", ":2: stopped" },
};

START_TEST(reads_lines)
{
	struct error error = { "" };
	char lines[64] = "";
	FILE *file;
	char *path;

	place_make();
	path = place_path("lines");
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fwrite(files[_i].content, 1, files[_i].length, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(words_each_line(path, join, lines, &error),
			 files[_i].reason != NULL ? -1 : 0);
	ck_assert_str_eq(lines, files[_i].lines);
	if (files[_i].reason != NULL)
		ck_assert_str_eq(error.text + strlen(path), files[_i].reason);
	free(path);
	place_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("words");

	tcase_add_loop_test(tests, splits_lists, 0, COUNT(lists));
	tcase_add_loop_test(tests, finds_the_closing_bracket, 0,
			    COUNT(enclosed));
	tcase_add_test(tests, measures_a_word);
	tcase_add_test(tests, trims);
	tcase_add_loop_test(tests, reads_lines, 0, COUNT(files));
	return run_tests("words", tests);
}
