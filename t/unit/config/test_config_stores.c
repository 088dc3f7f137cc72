/* SPDX-License-Identifier: ISC */
/* test_config_stores - the password of a store */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/config/loading.h"

/* ---- the password of a store */

START_TEST(reads_the_password_of_a_store)
{
	static const struct {
		const char *content;
		const char *password; /* NULL: refused */
	} rows[] = {
		{ "secret\n", "secret" },
		{ "with blank", "with blank" },
		{ "secret\r\n", "secret" },
		{ "", NULL },
		{ "\n", NULL },
		{ "one\ntwo\n", NULL },
	};
	struct config_messages messages = { 0 };
	struct config *config;
	struct file_place place;
	char *text, *dump, *secret;
	size_t length;
	FILE *output;

	file_place_make(&place);
	secret = xasprintf("%s/pw", place.directory);
	write_file(secret, rows[_i].content, strlen(rows[_i].content));
	ck_assert_int_eq(chmod(secret, 0640), 0);
	text = xasprintf("rate r { limit = '1/1h' }\nstore 'unix:/x' {\n"
			 "username = u\npassword_file = '%s' }\n",
			 secret);
	config = load_text(text, strlen(text), &messages);
	if (rows[_i].password == NULL) {
		ck_assert_ptr_null(config);
		ck_assert(message_has(messages.lines[0], "FILE:4: ", secret));
	} else {
		ck_assert_ptr_nonnull(config);
		ck_assert_str_eq(config->stores[0].login.password,
				 rows[_i].password);
		ck_assert_str_eq(config->stores[0].login.username, "u");
		ck_assert_uint_eq(config->stores[0].timeout_ms, 200);
		ck_assert_uint_eq(config->watched.count, 1);
		output = open_memstream(&dump, &length);
		config_dump(config, true, output);
		fclose(output);
		config_free(config);
		ck_assert_ptr_nonnull(strstr(dump, secret));
		ck_assert_ptr_null(strstr(dump, rows[_i].password));
		free(dump);
	}
	config_messages_clear(&messages);
	unlink(secret);
	free(secret);
	free(text);
	file_place_remove(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_stores");

	tcase_add_loop_test(tests, reads_the_password_of_a_store, 0, 6);
	return run_tests("config_stores", tests);
}
