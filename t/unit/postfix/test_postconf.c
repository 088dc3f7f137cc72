/* SPDX-License-Identifier: ISC */
/* test_postconf - a real main.cf through the real postconf(1) */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "lib/postfix/postconf.h"
#include "t/unit/test.h"

static char directory[] = "/tmp/test_postconf.XXXXXX";

/* put - write a file of the configuration directory */
static void put(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", directory, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	/* Postfix waits until a file has not changed for a while. */
	run_shell("touch -d '1 hour ago' %s", path);
	free(path);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	put("main.cf", "compatibility_level = 3.6\n"
		       "myhostname = mail.local.test\n"
		       "mydestination = a.test,\n  b.test\n\t$myhostname\n"
		       "relay_domains =\n");
	put("master.cf", "smtp inet n - y - - smtpd\n"
			 "  -o smtpd_tls_security_level=may\n");
}

static void tear_down(void)
{
	static const char *const names[] = { "main.cf", "master.cf" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", directory, names[i]);

		unlink(path);
		free(path);
	}
	rmdir(directory);
}

START_TEST(reads_effective_values)
{
	static const char *const names[] = { "mydestination", "no_such_thing",
					     "relay_domains", "mydomain" };
	char *values[4];
	struct error error = { "" };
	size_t i;

	ck_assert_msg(postconf_values(directory, names, 4, values, &error) == 0,
		      "%s", error.text);
	ck_assert_str_eq(values[0], "a.test, b.test mail.local.test");
	ck_assert_ptr_null(values[1]);
	ck_assert_str_eq(values[2], "");
	ck_assert_str_eq(values[3], "local.test");
	for (i = 0; i < 4; i++)
		free(values[i]);
}
END_TEST

START_TEST(reads_services)
{
	struct error error;
	char *text;

	ck_assert_int_eq(postconf_text(directory, "-P", &text, &error), 0);
	ck_assert_ptr_nonnull(
		strstr(text, "smtp/inet/smtpd_tls_security_level = may\n"));
	free(text);
	ck_assert_int_eq(postconf_text(directory, "-n", &text, &error), 0);
	ck_assert_ptr_nonnull(strstr(text, "myhostname = mail.local.test\n"));
	free(text);
}
END_TEST

START_TEST(says_what_failed)
{
	static const char *const names[] = { "myhostname" };
	struct error error = { "" };
	char *value = NULL, *text;

	ck_assert_int_eq(
		postconf_values("/nonexistent", names, 1, &value, &error), -1);
	ck_assert_ptr_null(value);
	ck_assert_ptr_nonnull(strstr(error.text, "/nonexistent/main.cf"));
	ck_assert_int_eq(postconf_text("/nonexistent", "-n", &text, &error),
			 -1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postconf");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, reads_effective_values);
	tcase_add_test(tests, reads_services);
	tcase_add_test(tests, says_what_failed);
	return run_tests("postconf", tests);
}
