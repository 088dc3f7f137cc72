/* SPDX-License-Identifier: ISC */
/* test_smtpd_pattern - words in the files of a list that end smtpd(8), as each
 * version reads them */

#include "lib/postfix/smtpd_pattern.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "t/unit/place.h"

/* A file, and whether smtpd(8) ends that does not put lines together, one that
 * does, and one of which that is not known: "no" it serves nobody, "-": fine.
 * Then the line and the word. */
static const struct {
	const char *text;
	const char *apart, *joined, *unknown;
	unsigned line;
	const char *word;
} files[] = {
	{ "10.0.0.0/8\n[::1]\n", "-", "-", "-", 0, NULL },
	{ "10.0.0.0/8\n::1\n", "no", "no", "no", 2, "::1" },
	{ "::1", "no", "no", "no", 1, "::1" },
	{ "# ::1\n\n10.0.0.1, !::1/128\n", "no", "no", "no", 3, "!::1/128" },
	{ "10.0.0.1\n  hash:\n", "no", "no", "no", 2, "hash:" },
	{ "10.0.0.1\n# x\n\n  !\n", "no", "no", "no", 4, "!" },
	{ "10.0.0.1 # ::1\n", "-", "-", "-", 0, NULL },
	{ "10.0.0.1\r\n  # ::1\r\n", "-", "-", "-", 0, NULL },
	{ " ::1\n10.0.0.1\n", "no", "-", "may", 1, "::1" },
	{ "10.0.0.1 # x\n ::1\n", "no", "-", "may", 2, "::1" },
	{ "10.0.0.1 # x\n::1\n", "no", "no", "no", 2, "::1" },
	{ "inline:{a=b\n ::1\n}\n", "no", "-", "may", 2, "::1" },
	{ "@/more\n", "no", "no", "no", 2, "::1" },
	{ "!@/more\n", "no", "no", "no", 2, "::1" },
	{ "@/\n", "no", "no", "no", 1, "@/" },
	{ "@/no/such, nosuch:/x, a:b\n", "-", "-", "-", 0, NULL },
	{ "@/list/x\n", "-", "-", "-", 0, NULL },
	{ "@/list\n", "may", "may", "may", 1, "@/list" }, /* itself */
	{ "@/fifo ::1\n", "no", "no", "no", 1, "::1" },
	{ "@/fifo\n", "may", "may", "may", 1, "@/fifo" },
};

/* judge - what is said of a Postfix of that version: "no", "may" or "-" */
static const char *judge(const char *version, struct smtpd_bad_word *bad)
{
	struct postfix postfix = { 0 };
	struct smtpd_port port = { .postfix = &postfix };
	char *path = place_path("list");
	const char *said = "-";

	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd",
						false, NULL),
			 0);
	postfix_values_add(&postfix.effective, "mail_version", version);
	postfix_values_add(&postfix.effective, "mynetworks", path);
	port.service = &postfix.services[0];
	if (smtpd_pattern_check(&port, bad)) {
		said = bad->works == SMTPD_NO ? "no" : "may";
		ck_assert_str_eq(bad->parameter, "mynetworks");
	}
	postfix_clear(&postfix);
	free(path);
	return said;
}

START_TEST(reads_files)
{
	static const char *const versions[] = { "3.7.11", "3.8.0", "" };
	const char *said[3] = { files[_i].apart, files[_i].joined,
				files[_i].unknown };
	char *fifo, *word;
	size_t i;

	place_make();
	place_write("list", files[_i].text);
	place_write("more", "10.0.0.1\n::1\n");
	fifo = place_path("fifo");
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	for (i = 0; i < COUNT(versions); i++) {
		struct smtpd_bad_word bad = { .works = SMTPD_YES };

		ck_assert_str_eq(judge(versions[i], &bad), said[i]);
		if (*said[i] == '-')
			continue;
		word = *files[_i].word == '@' ? place_path(files[_i].word + 2)
					      : NULL;
		ck_assert_str_eq(bad.word,
				 word != NULL ? word : files[_i].word);
		ck_assert_uint_eq(bad.line, files[_i].line);
		ck_assert_ptr_nonnull(bad.file);
		smtpd_bad_word_clear(&bad);
		free(word);
	}
	free(fifo);
	place_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("smtpd_pattern");

	tcase_add_loop_test(tests, reads_files, 0, COUNT(files));
	return run_tests("smtpd_pattern", tests);
}
