/* SPDX-License-Identifier: ISC */
/* test_html - text of strangers stays text */

#include "policyd/status/html.h"

#include <string.h>

#include "t/unit/test.h"

static const struct {
	const char *text, *shown;
} cases[] = {
	{ "", "" },
	{ "user+tag@example.org", "user+tag@example.org" },
	{ "<script>", "&lt;script&gt;" },
	{ "\"&'", "&quot;&amp;&#39;" },
	{ "&lt;", "&amp;lt;" },
	{ "a\\x41", "a\\x41" },
	{ "\r\n\t\x7f\x1b", "\\x0D\\x0A\\x09\\x7F\\x1B" },
	{ "j\xc3\xb6rg \xe4\xb8\xad \xf0\x9f\x93\xac",
	  "j\xc3\xb6rg \xe4\xb8\xad \xf0\x9f\x93\xac" },
	{ "\xc2\x85\xc2\xa0\xc2\xad", "\\xC2\\x85\\xC2\\xA0\\xC2\\xAD" },
	{ "\xe2\x80\xaegpj", "\\xE2\\x80\\xAEgpj" },
	{ "\xe2\x81\xa6\xe2\x80\x8b", "\\xE2\\x81\\xA6\\xE2\\x80\\x8B" },
	{ "\xe2\x80\xa8\xef\xbb\xbf", "\\xE2\\x80\\xA8\\xEF\\xBB\\xBF" },
	{ "\xc0\xbcscript>", "\\xC0\\xBCscript&gt;" },
	{ "\xed\xa0\x80", "\\xED\\xA0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" },
	{ "\xc3", "\\xC3" },
	{ "\xe4\xb8<", "\\xE4\\xB8&lt;" },
	{ "\xff<\xfe", "\\xFF&lt;\\xFE" },
};

/* put - what html_put() makes of a text; the caller frees it */
static char *put(const char *text)
{
	char *bytes = NULL;
	size_t length;
	FILE *output = open_memstream(&bytes, &length);

	ck_assert_ptr_nonnull(output);
	html_put(output, text);
	ck_assert_int_eq(fclose(output), 0);
	return bytes;
}

START_TEST(shows_text)
{
	char *shown = put(cases[_i].text);

	ck_assert_str_eq(shown, cases[_i].shown);
	free(shown);
}
END_TEST

/* check_safe - no markup, no control character */
static void check_safe(const char *shown)
{
	const char *byte;

	ck_assert_ptr_null(strpbrk(shown, "<>\"'"));
	for (byte = shown; *byte != '\0'; byte++) {
		ck_assert((unsigned char)*byte >= ' ' && *byte != 0x7f);
		if (*byte == '&')
			ck_assert(strncmp(byte, "&lt;", 4) == 0 ||
				  strncmp(byte, "&gt;", 4) == 0 ||
				  strncmp(byte, "&amp;", 5) == 0 ||
				  strncmp(byte, "&quot;", 6) == 0 ||
				  strncmp(byte, "&#39;", 5) == 0);
	}
}

/* Any bytes, most of them such as begin or continue a character. */
START_TEST(is_safe)
{
	static const char favoured[] = "<>&\"'\xc2\xe2\x80\xae\xf0\x9f\xed\xa0";
	char text[16];
	unsigned seed = 1;
	int left = mutants(30000);

	for (; left > 0; left--) {
		size_t length = (size_t)(rand_r(&seed) % 15);
		char *shown;
		size_t i;

		for (i = 0; i < length; i++) {
			size_t at =
				(size_t)rand_r(&seed) % (sizeof(favoured) - 1);

			text[i] = favoured[at];
			if (rand_r(&seed) % 2 == 0)
				text[i] = (char)(rand_r(&seed) % 255 + 1);
		}
		text[length] = '\0';
		shown = put(text);
		check_safe(shown);
		free(shown);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("html");

	tcase_add_loop_test(tests, shows_text, 0, COUNT(cases));
	tcase_add_test(tests, is_safe);
	return run_tests("html", tests);
}
