/* SPDX-License-Identifier: ISC */
/* test_printable - whatever a request, a log or a file contains, people
 * and their terminals are shown visible characters only */

#include "lib/base/printable.h"

#include <jansson.h>

#include "lib/base/log.h"
#include "lib/config/config_messages.h"
#include "policyd/check/check_postfix_internal.h"
#include "policyd/query/json.h"
#include "t/unit/place.h"

/* Sequences that a terminal obeys, or that hide or reverse text; and the same
 * ones as incomplete characters. */
static const char *const hostile[] = {
	"\x1b[2J",
	"\x1b]0;x\a",
	"\r",
	"\b",
	"\x7f",
	"\x80",
	"\x9b"
	"2J",
	"\xff",
	"\xc2",
	"\xc2\x9b"
	"2J",
	"\xc0\x9b",
	"\xe0\x82\x9b",
	"\xed\xa0\x80",
	"\xf4\x90\x80\x80",
	"\xf8\x88\x80\x80\x80",
	"\xd8\x9c",
	"\xe2\x80\x8e",
	"\xe2\x80\x8f",
	"\xe2\x80\xa8",
	"\xe2\x80\xa9",
	"\xe2\x80\xaa",
	"\xe2\x80\xab",
	"\xe2\x80\xac",
	"\xe2\x80\xad",
	"\xe2\x80\xae",
	"\xe2\x81\xa6",
	"\xe2\x81\xa7",
	"\xe2\x81\xa8",
	"\xe2\x81\xa9",
	"\xef\xbb\xbf",
	"\xf3\xa0\x80\x81",
	"\xee\x80\x80",
};

static const char *const harmless[] = {
	"",	     "plain ~ text \\ \"",
	"\xc3\xbc",  "\xe4\xbe\x8b\xe3\x81\x88",
	"a\xcc\x88", "\xf0\x9f\x93\xa7",
	"\xc2\xa0",
};

/* hidden_in - the first that is no printable character and no newline, with
 * what follows it; NULL: there is none */
static const char *hidden_in(const char *text, size_t left)
{
	while (left > 0) {
		bool kept = *text == '\n' || *text == '\t';
		size_t length = kept ? 1 : printable_length(text, left);

		if (length == 0)
			return text;
		text += length;
		left -= length;
	}
	return NULL;
}

/* is_shown - is all of it printable? */
static bool is_shown(const char *text, size_t left)
{
	return hidden_in(text, left) == NULL;
}

/* put - through printable_put(); the caller frees it */
static char *put(const char *text, size_t length)
{
	char *result;
	size_t size;
	FILE *stream = open_memstream(&result, &size);

	printable_put(text, length, stream);
	ck_assert_int_eq(fclose(stream), 0);
	return result;
}

/* Every byte, and every character up to the end of Unicode. */
START_TEST(shows_every_character_safely)
{
	char text[8], expected[8];
	unsigned point;
	char *shown;
	int byte;

	for (byte = 0; byte < 256; byte++) {
		bool plain = byte >= ' ' && byte < 0x7f;

		text[0] = (char)byte;
		text[1] = '\0';
		shown = put(text, 1);
		snprintf(expected, sizeof(expected),
			 plain || byte == '\n' || byte == '\t' ? "%c"
							       : "\\x%02x",
			 byte);
		ck_assert_str_eq(shown, expected);
		free(shown);
		printable_replace(text);
		ck_assert_int_eq(text[0], plain || byte == 0 ? byte : '?');
	}
	for (point = 0x80; point < 0x110000; point++) {
		static const unsigned bad[][2] = {
			{ 0x80, 0x9f },	    { 0x200e, 0x200f },
			{ 0x2028, 0x202e }, { 0x2066, 0x2069 },
			{ 0xfeff, 0xfeff }, { 0xd800, 0xdfff },
		};
		size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
		unsigned rest = point;
		size_t i;

		for (i = length - 1; i > 0; i--, rest >>= 6)
			text[i] = (char)(0x80 | (rest & 0x3f));
		text[0] = (char)((0xf00 >> length & 0xff) | rest);
		for (i = 0; i < COUNT(bad); i++)
			if (point >= bad[i][0] && point <= bad[i][1])
				ck_assert_uint_eq(
					printable_length(text, length), 0);
		if ((point >= 0xa1 && point <= 0xac) ||
		    (point >= 0x391 && point <= 0x3a1) ||
		    (point >= 0x4e00 && point <= 0x9fa5))
			ck_assert_uint_eq(printable_length(text, length),
					  length);
		ck_assert_uint_eq(printable_length(text, length - 1), 0);
	}
}
END_TEST

START_TEST(prints_nothing_that_steers_a_terminal)
{
	char *shown = put(harmless[_i], strlen(harmless[_i]));
	struct error error;

	ck_assert_str_eq(shown, harmless[_i]);
	free(shown);
	error_set(&error, "%s", harmless[_i]);
	ck_assert_str_eq(error.text, harmless[_i]);
}
END_TEST

/* finding - as of -P, about a main.cf with this in it */
static char *print_finding(const char *text)
{
	struct finding finding = { .file = (char *)text,
				   .text = (char *)text,
				   .line = (char *)text,
				   .advice = (char *)text,
				   .fix = -1 };
	struct postfix postfix = { .directory = (char *)text };
	struct check check = { .postfix = &postfix,
			       .findings = &finding,
			       .finding_count = 1 };
	char *result;
	size_t size;
	FILE *stream = open_memstream(&result, &size);

	check_print(&check, false, stream);
	ck_assert_int_eq(fclose(stream), 0);
	return result;
}

/* Each way to the terminal. */
START_TEST(closes_each_way_to_the_terminal)
{
	const char *text = hostile[_i];
	char *shown = put(text, strlen(text));
	struct config_notes notes = { .path = "f" };
	struct config_messages messages;
	struct error error = { "" };

	ck_assert(!is_shown(text, strlen(text)));
	ck_assert_msg(is_shown(shown, strlen(shown)), "%s", shown);
	free(shown);
	error_set(&error, "a %s b", text);
	ck_assert(is_shown(error.text, strlen(error.text)));
	error_prefix(&error, "%s", text);
	ck_assert(is_shown(error.text, strlen(error.text)));
	config_warning(&notes, 1, "a %s b", text);
	config_notes_move(&notes, &messages);
	ck_assert(is_shown(messages.lines[0], strlen(messages.lines[0])));
	config_messages_clear(&messages);
	shown = print_finding(text);
	ck_assert(is_shown(shown, strlen(shown)));
	free(shown);
}
END_TEST

/* Our own colours come out, and the same bytes in a text do not. */
START_TEST(prints_our_own_colours_only)
{
	static const char text[] = "\033[31mred\033[0m";
	char *shown = put(text, strlen(text));
	struct printable all;
	size_t size;
	FILE *stream;

	ck_assert_str_eq(shown, "\\x1b[31mred\\x1b[0m");
	free(shown);
	stream = open_memstream(&shown, &size);
	printable_open(&all);
	printable_colour(all.stream, PRINTABLE_RED);
	fputs("\033[31mred", all.stream);
	printable_colour(all.stream, PRINTABLE_PLAIN);
	fwrite("\0\x7f", 1, 3, all.stream);
	printable_close(&all, stream);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_str_eq(shown, "\033[31m\\x1b[31mred\033[0m\\x00\\x7f\\x00");
	free(shown);
}
END_TEST

/* print_json - of one string; the caller frees it */
static char *print_json(const char *text)
{
	json_t *object = json_object();
	char *result;
	size_t size;
	FILE *stream = open_memstream(&result, &size);

	json_set(object, "text", json_text(text));
	json_print(object, stream);
	ck_assert_int_eq(fclose(stream), 0);
	return result;
}

/* JSON is ASCII, and says the same. */
START_TEST(says_the_same_in_json)
{
	char all[256];
	char *line;
	json_t *read;
	size_t i;

	for (i = 1; i < 128; i++)
		all[i - 1] = (char)i;
	strcpy(all + 127, "\xc2\x85\xe2\x80\xae\xc3\xbc\xf0\x9f\x93\xa7");
	line = print_json(all);
	for (i = 0; line[i] != '\n'; i++)
		ck_assert_msg(line[i] >= ' ' && line[i] < 0x7f, "%s", line);
	read = json_loads(line, 0, NULL);
	ck_assert_ptr_nonnull(read);
	ck_assert_str_eq(json_string_value(json_object_get(read, "text")), all);
	json_decref(read);
	free(line);
	for (i = 0; i < COUNT(hostile); i++) {
		line = print_json(hostile[i]);
		ck_assert(line[strcspn(line, "\x7f")] == '\0');
		ck_assert(is_shown(line, strlen(line)));
		free(line);
	}
}
END_TEST

/* Where each group of hostile texts begins that one request can contain: "\r"
 * is alone. */
static const int groups[] = { 0, 2, 3, 9, 20, COUNT(hostile) };

/* join - a group of them; the caller frees it */
static char *join(int from, int to)
{
	char *all = xstrdup("");

	for (int i = from; i < to; i++) {
		char *longer = xasprintf("%s%s ", all, hostile[i]);

		free(all);
		all = longer;
	}
	return all;
}

/* The program: a configuration, a request and a log with all of it in them. */
START_TEST(steers_no_terminal_from_any_input)
{
	char *text = join(groups[_i], groups[_i + 1]);
	char quoted[1000], *conf, *line, *shown, *path = place_path("shown");
	size_t length;

	/* The part that config_scan() and the replies let through. */
	conf = xasprintf("mydestination = \"local.test\"\nservice \"x\" {\n"
			 "server_port = 25\n%s = \"%s\"\n}\n",
			 "restrictions", text);
	place_write("bad.conf", conf);
	free(conf);
	place_write("c.conf", "mydestination = \"local.test\"\n"
			      "reject_reply = \"554 5.7.1 \xe2\x80\xae no\"\n");
	log_quote(quoted, sizeof(quoted) - 1, text);
	line = xasprintf("policyd[1]: id=1 service=%s verdict=reject "
			 "restriction=%s destination=default "
			 "client=[%s]:1 helo=%s from=<%s> to=<%s@x> "
			 "tls=none sasl=none instance=i us=1\n"
			 "policyd[1]: id=%s service=\nxx %s\n",
			 quoted, quoted, quoted, quoted, quoted, quoted, text,
			 text);
	place_write("log", line);
	free(line);
	line = xasprintf("request=smtpd_access_policy\nprotocol_state=%s\n"
			 "recipient=%s\nsender=%s\nhelo_name=%s\n"
			 "client_address=%s\nsasl_method=%s\n"
			 "sasl_username=%s\nencryption_protocol=%s\n"
			 "policy_context=%s\nserver_port=25\n\n",
			 text, text, text, text, text, text, text, text, text);
	place_write("request", line);
	free(line);
	try_shell("cd %s; for o in text json; do for c in c bad; do "
		  "%s -q -c $c.conf --format=$o --id 1 log; "
		  "%s -q -c $c.conf --format=$o --replay log; "
		  "%s -q -c $c.conf --format=$o <request; done; "
		  "done >shown 2>&1; %s -t -c bad.conf >>shown 2>&1",
		  place_directory, POLICYD, POLICYD, POLICYD, POLICYD);
	shown = read_whole(path, &length);
	ck_assert_msg(length > 2000, "%.1000s", shown);
	ck_assert_msg(is_shown(shown, length), "%.1000s",
		      hidden_in(shown, length));
	free(shown);
	free(path);
	free(text);
}
END_TEST

/* What does not fit is cut between two characters. */
START_TEST(cuts_between_characters)
{
	static const char *const characters[] = { "\xc3\xa9", "\xe2\x82\xac",
						  "\xf0\x9f\x98\x80" };
	size_t size = strlen(characters[_i]), before, i;
	char text[4 + 1024 * 4 + 1] = "";
	struct error error, same;

	for (i = 0; i < 1024; i++)
		memcpy(text + 4 + i * size, characters[_i], size + 1);
	memcpy(text, "abcd", 4);
	for (before = 0; before < 4; before++) {
		error_set(&error, "%s", text + before);
		ck_assert_uint_gt(strlen(error.text),
				  sizeof(error.text) - 1 - size);
		ck_assert_int_eq(
			strncmp(error.text, text + before, strlen(error.text)),
			0);
		ck_assert_ptr_null(strchr(error.text, '?'));
		ck_assert(is_shown(error.text, strlen(error.text)));
		error_set(&same, "%s", text + 4);
		error_prefix(&same, "%.*s", (int)(4 - before), text + before);
		ck_assert(strcmp(same.text, error.text) == 0);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("printable");

	json_start();
	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_test(tests, shows_every_character_safely);
	tcase_add_loop_test(tests, prints_nothing_that_steers_a_terminal, 0,
			    COUNT(harmless));
	tcase_add_loop_test(tests, closes_each_way_to_the_terminal, 0,
			    COUNT(hostile));
	tcase_add_test(tests, prints_our_own_colours_only);
	tcase_add_loop_test(tests, cuts_between_characters, 0, 3);
	tcase_add_test(tests, says_the_same_in_json);
	tcase_add_loop_test(tests, steers_no_terminal_from_any_input, 0,
			    COUNT(groups) - 1);
	return run_tests("printable", tests);
}
