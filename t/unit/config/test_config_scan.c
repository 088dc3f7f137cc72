/* SPDX-License-Identifier: ISC */
/* test_config_scan - what libconfuse would take silently is refused, with the
 * right line, and what passes is remembered rightly */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_scan.h"
#include "t/unit/test.h"

struct refused {
	const char *text;
	size_t length; /* 0: as long as the text */
	int line;
	const char *reason; /* part of it */
};

static const struct refused refused[] = {
	/* bytes */
	{ "\xef\xbb\xbf"
	  "a = b\n",
	  0, 1, "byte order mark" },
	{ "a = b\n\nc = \0\n", 13, 3, "NUL" },
	{ "\0", 1, 1, "NUL" },
	{ "a = b\r\nc = d\r\n", 0, 1, "carriage return" },
	{ "a = b\n# \x1b[1m\n", 0, 2, "0x1b" },
	{ "a = b\n\f\n", 0, 2, "0x0c" },
	{ "a = \"\x7f\"\n", 0, 1, "0x7f" },
	/* comments */
	{ "a = b\n/* never\nclosed\n", 0, 2, "never closed" },
	{ "/*/", 0, 1, "never closed" },
	{ "/*", 0, 1, "never closed" },
	{ "a = b\n/*\n*/ /* x\n", 0, 3, "never closed" },
	{ "/* a */ */\n", 0, 1, "'*' outside quotes" },
	{ "# 1\n# 2\n// 3\n/* 4\n5 */\n\na = *\n", 0, 7, "'*'" },
	/* words */
	{ "a = *.example.com\n", 0, 1, "'*' outside quotes" },
	{ "a = { *}\n", 0, 1, "'*'" },
	{ "a = user*\n", 0, 1, "'*'" },
	{ "a = user+tag@x.org\n", 0, 1, "'+'" },
	{ "a += b\n", 0, 1, "+=" },
	{ "a = x#y\n", 0, 1, "right after a word" },
	{ "a = http://x\n", 0, 1, "right after a word" },
	{ "a = x/*y*/\n", 0, 1, "right after a word" },
	{ "a = x\"y\"\n", 0, 1, "right after a word" },
	{ "a = yes;\n", 0, 1, "\";\" is not needed" },
	{ "a = ${HOME}\n", 0, 1, "'${name}'" },
	{ "a = $name\n", 0, 1, "'$name'" },
	{ "a = b\\\n", 0, 1, "'\\' outside quotes" },
	{ "a = a^b\n", 0, 1, "'^'" },
	{ "a = b\xc3\xbc\n", 0, 1, "not ASCII" },
	{ "a = b", 0, 1, "ends within the word" },
	{ "a\n= 40", 0, 2, "ends within the word" },
	{ "include(\"x\")\n", 0, 1, "no include" },
	{ "a = f(x)\n", 0, 1, "no functions" },
	{ "tls|verify = no\n", 0, 1, "\"|\"" },
	/* quotes */
	{ "\na = \"x\nb = \"y\"\n", 0, 2, "not closed on its line" },
	{ "a = 'x\nb = 'y'\n", 0, 1, "not closed on its line" },
	{ "a = \"x", 0, 1, "not closed" },
	{ "a = 'x", 0, 1, "not closed" },
	{ "a = \"", 0, 1, "not closed" },
	{ "a = '\\", 0, 1, "not closed" },
	{ "a = 'x\\'", 0, 1, "not closed" },
	{ "a = 'x\\\ny'\n", 0, 1, "not closed" },
	{ "a = \"x\\\ny\"\n", 0, 1, "backslash" },
	{ "a = \"x\\", 0, 1, "backslash" },
	{ "a = \"x\\\"", 0, 1, "not closed" },
	{ "a = \"x\"y\n", 0, 1, "right after a closing quote" },
	{ "a = 'it's'\n", 0, 1, "right after a closing quote" },
	{ "a = \"x\"\"y\"\n", 0, 1, "right after a closing quote" },
	{ "a = \"x\"(\n", 0, 1, "\"(\"" },
	{ "a = \"a\\.b\\d\"\n", 0, 1, "backslash" },
	{ "a = \"abc\\0def\"\n", 0, 1, "backslash" },
	{ "a = \"abc\\x00def\"\n", 0, 1, "backslash" },
	{ "a = \"\\1\"\n", 0, 1, "backslash" },
	{ "a = \"\\n\"\n", 0, 1, "backslash" },
	{ "a = \"${HOME}\"\n", 0, 1, "environment" },
	{ "a = \"x${\"\n", 0, 1, "environment" },
	/* structure */
	{ "a\n", 0, 2, "ends where" },
	{ "a b = c\n", 0, 1, "\"{\" is missing after the title" },
	{ "\nlog stderr\nuser = x\n", 0, 2, "log: \"=\" is missing: log = " },
	{ "\nserver_port 465, 587\n", 0, 2, "server_port: \"=\" is missing" },
	{ "\nrestrictions { reject }\n", 0, 2,
	  "restrictions: \"=\" is missing: restrictions = { ... }" },
	{ "service x {\nlog_verdicts {\n}\n}\n", 0, 2,
	  "log_verdicts: \"=\" is missing" },
	{ "\nlog\n= stderr\nlog\nuser = x\n", 0, 4, "log: \"=\" is missing" },
	{ "\nlisten 'unix:/x'\nuser = x\n", 0, 2, "listen: \"{\" is missing" },
	{ "\nlog =\nuser = x\n", 0, 2, "log: the value is missing" },
	{ "\na = b = c\n", 0, 2, "or \"=\" in it is not quoted" },
	{ "a =\n", 0, 2, "ends where a value is expected" },
	{ "a = =\n", 0, 1, "a value expected, found =" },
	{ "a = ,\n", 0, 1, "a value expected" },
	{ "\na = b, c\n", 0, 2, "a: more than one value needs braces: a = {" },
	{ "\na = 'b'\n, c\n", 0, 2, "more than one value needs braces" },
	{ "\na = b c\n", 0, 2, "more than one value needs braces" },
	{ "\na = b c\nlog = x\n", 0, 2, "a: more than one value" },
	{ "\na = 465 587\nlog = x\n", 0, 2, "a: more than one value" },
	{ "\na = b 10.0.0.1\n", 0, 2, "more than one value needs braces" },
	{ "\na = b 'c'\n", 0, 2, "more than one value needs braces" },
	{ "s { a = b }\n, c\n", 0, 2, "name of an option expected, found ," },
	{ "a = { b c }\n", 0, 1, "\",\" or \"}\" expected, found c" },
	{ "a = { , }\n", 0, 1, "a value expected, found ," },
	{ "a = { b,, c }\n", 0, 1, "a value expected, found ," },
	{ "a = { { b } }\n", 0, 1, "a value expected, found {" },
	{ "\na = { b = c }\n", 0, 2, "a: \"}\" is missing at the end" },
	{ "\nl = { a\nb = c\n", 0, 2, "l: \"}\" is missing at the end" },
	{ "\nl = { a\ns { b = c }\n", 0, 2, "l: \"}\" is missing" },
	{ "\nl = { a\nb,\nc }\n", 0, 3, "\",\" or \"}\" expected, found b" },
	{ "a = b\nl = {\n\n", 0, 2, "this list is never closed" },
	{ "l = { a\n", 0, 1, "this list is never closed" },
	{ "l = { a,\n", 0, 1, "this list is never closed" },
	{ "l = { a,\nb = c\n", 0, 1, "\"}\" is missing at the end" },
	{ "\ns \"x\" {\na = b\n", 0, 2, "this section is never closed" },
	{ "s \"x\"\n\n{\na = b\n", 0, 3, "this section is never closed" },
	{ "s \"x\" {\nt \"y\" {\n}\n", 0, 1, "this section is never closed" },
	{ "s \"x\" {\n} }\n", 0, 2, "closes nothing" },
	{ "}\n", 0, 1, "closes nothing" },
	{ "{\n", 0, 1, "name of an option is expected" },
	{ "\"a\" = b\n", 0, 1, "name of an option is expected" },
	{ "a.b = c\n", 0, 1, "name of an option is expected, found a.b" },
	{ "= b\n", 0, 1, "name of an option is expected" },
	{ "s \"x\" \"y\" {\n}\n", 0, 1, "\"{\" is missing after the title" },
	{ "a { a { a { a { a { a { a {\na { a {\n", 0, 2, "more than 8 deep" },
};

/* scan - of a copy; the caller clears scan */
static int scan_copy(const char *text, size_t length, struct config_scan *scan,
		     int *line, struct error *error, char **copy)
{
	*copy = xmalloc(length + 1);
	memcpy(*copy, text, length);
	(*copy)[length] = '\0';
	return config_scan(scan, *copy, length, line, error);
}

START_TEST(refuses_what_libconfuse_would_accept)
{
	const struct refused *row = &refused[_i];
	size_t length = row->length > 0 ? row->length : strlen(row->text);
	struct config_scan scan;
	struct error error = { "" };
	int line = -1;
	char *copy;

	ck_assert_int_eq(
		scan_copy(row->text, length, &scan, &line, &error, &copy), -1);
	ck_assert_msg(strstr(error.text, row->reason) != NULL, "\"%s\": \"%s\"",
		      row->text, error.text);
	ck_assert_msg(line == row->line, "\"%s\": line %d", row->text, line);
	config_scan_clear(&scan);
	free(copy);
}
END_TEST

struct accepted {
	const char *text;
	size_t statements;
	const char *name; /* of the last one */
	int line;
	size_t values;
	int value_line; /* of its last value */
};

static const struct accepted accepted[] = {
	{ "", 0, NULL, 0, 0, 0 },
	{ "\n\n", 0, NULL, 0, 0, 0 },
	{ "# only a comment", 0, NULL, 0, 0, 0 },
	{ "// only a comment", 0, NULL, 0, 0, 0 },
	{ "/**/", 0, NULL, 0, 0, 0 },
	{ "/***/", 0, NULL, 0, 0, 0 },
	{ "a = b\n", 1, "a", 1, 1, 1 },
	{ "a = \"b\"", 1, "a", 1, 1, 1 },
	{ "a=''", 1, "a", 1, 1, 1 },
	{ "#\n//\n/*\n*/ a =\n b\n", 1, "a", 4, 1, 5 },
	{ "a = \"# no /* comment\" # c\n", 1, "a", 1, 1, 1 },
	{ "a = '${x} \\d \\\\ \\''\n", 1, "a", 1, 1, 1 },
	{ "a = \"\\\\ \\\" $x\"\n", 1, "a", 1, 1, 1 },
	{ "a = 'b\xc3\xbc\xff'\n", 1, "a", 1, 1, 1 },
	{ "a = \"b\"# c", 1, "a", 1, 1, 1 },
	{ "a = {}\n", 1, "a", 1, 0, 0 },
	{ "a = { b }\n", 1, "a", 1, 1, 1 },
	{ "a = {\nb,\n'c',\n\"d\",\n}\n", 1, "a", 1, 3, 4 },
	{ "a = 10 b = 20\n", 2, "b", 1, 1, 1 },
	{ "s t {\n}\n", 1, "s", 1, 0, 0 },
	{ "s \"t\" { a = b c = { d } }", 3, "c", 1, 1, 1 },
	{ "s { }\n\na = /x/y:1@2-3_!\n", 2, "a", 3, 1, 3 },
};

START_TEST(accepts_what_is_plain)
{
	const struct accepted *row = &accepted[_i];
	struct config_scan scan;
	struct error error = { "" };
	int line = -1;
	char *copy;

	ck_assert_msg(scan_copy(row->text, strlen(row->text), &scan, &line,
				&error, &copy) == 0,
		      "\"%s\": %d: %s", row->text, line, error.text);
	ck_assert_uint_eq(scan.count, row->statements);
	if (row->name != NULL) {
		const struct config_statement *last =
			&scan.statements[scan.count - 1];

		ck_assert_str_eq(last->name, row->name);
		ck_assert_int_eq(last->line, row->line);
		ck_assert_uint_eq(last->value_count, row->values);
		if (row->values > 0)
			ck_assert_int_eq(last->value_lines[row->values - 1],
					 row->value_line);
	}
	config_scan_clear(&scan);
	free(copy);
}
END_TEST

START_TEST(overwrites_comments_with_spaces)
{
	static const char text[] = "a = b # x\n/* \"{\n ' */c = '# d'// e\n";
	static const char blank[] = "a = b    \n     \n     c = '# d'    \n";
	struct config_scan scan;
	struct error error;
	int line;
	char *copy;

	ck_assert_int_eq(
		scan_copy(text, strlen(text), &scan, &line, &error, &copy), 0);
	ck_assert_str_eq(copy, blank);
	config_scan_clear(&scan);
	free(copy);
}
END_TEST

START_TEST(knows_the_section_of_each_statement)
{
	static const char text[] = "x = 1\ns \"a \\\"b\\\\\" {\ny = 2\n}\n"
				   "s 'c\\'\\d' {\nz = 3\n}\nw = { }\n";
	struct config_scan scan;
	struct error error;
	int line;
	char *copy;

	ck_assert_int_eq(
		scan_copy(text, strlen(text), &scan, &line, &error, &copy), 0);
	ck_assert_uint_eq(scan.count, 6);
	ck_assert(scan.statements[0].parent == CONFIG_SCAN_TOP);
	ck_assert(!scan.statements[0].section);
	ck_assert(!scan.statements[0].braces);
	ck_assert(scan.statements[1].section);
	ck_assert_str_eq(scan.statements[1].title, "a \"b\\");
	ck_assert_uint_eq(scan.statements[2].parent, 1);
	ck_assert_str_eq(scan.statements[3].title, "c'\\d");
	ck_assert_uint_eq(scan.statements[4].parent, 3);
	ck_assert(scan.statements[5].parent == CONFIG_SCAN_TOP);
	ck_assert(scan.statements[5].braces);
	config_scan_clear(&scan);
	free(copy);
}
END_TEST

START_TEST(refuses_too_many_braces)
{
	static char text[20000];
	struct config_scan scan;
	struct error error;
	size_t i;
	int line;

	for (i = 0; i < 10000; i++)
		memcpy(text + 2 * i, "a{", 2);
	ck_assert_int_eq(
		config_scan(&scan, text, sizeof(text) - 1, &line, &error), -1);
	ck_assert_int_eq(line, 1);
	config_scan_clear(&scan);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("config_scan");

	tcase_add_loop_test(tcase, refuses_what_libconfuse_would_accept, 0,
			    COUNT(refused));
	tcase_add_loop_test(tcase, accepts_what_is_plain, 0, COUNT(accepted));
	tcase_add_test(tcase, overwrites_comments_with_spaces);
	tcase_add_test(tcase, knows_the_section_of_each_statement);
	tcase_add_test(tcase, refuses_too_many_braces);
	return run_tests("config_scan", tcase);
}
