/* SPDX-License-Identifier: ISC */
/* The tls section of a store: what is read, what is expected of the store, and
 * what is said about it. */

#include <unistd.h>

#include "lib/config/config.h"
#include "lib/tls/tls_client.h"
#include "t/unit/certificates.h"

/* setup - every file that a case names */
static void setup(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");

	directory_make();
	write_key("key", key, NULL);
	write_key("other.key", other, NULL);
	write_key("open.key", key, NULL);
	ck_assert_int_eq(chmod(name("open.key"), 0644), 0);
	write_certificate("ca", key, -1, 2, "serverAuth");
	write_certificate("client", key, -1, 2, "clientAuth");
	write_certificate("old", key, -3, -1, "clientAuth");
	join("both", "key", "client");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* load - a store, in whose text @ stands for the directory, and a rate that is
 * used */
static struct config *load(const char *store, struct config_messages *messages)
{
	FILE *file = create("policyd.conf", 0600);

	for (; *store != '\0'; store++)
		if (*store == '@')
			fputs(directory, file);
		else
			putc(*store, file);
	fprintf(file,
		"\nrate r { limit = '1/1h' }\nrate_directory = '%s'\n"
		"listen 'unix:%s/socket' { }\n"
		"restrictions = { check_rate:r, reject }\n",
		directory, directory);
	ck_assert_int_eq(fclose(file), 0);
	return config_load(name("policyd.conf"), messages);
}

#define CA "ca = '@/ca'"

/* A store, and the one message about it; line 0: none, and it loads. */
static const struct {
	const char *store, *server_name;
	int line;
	const char *message;
} cases[] = {
	{ "store 'inet:192.0.2.1:6379' { tls { " CA " } }", "192.0.2.1", 0,
	  NULL },
	{ "store 'inet:[2001:db8:0::1]:6379' { tls { " CA " } }", "2001:db8::1",
	  0, NULL },
	{ "store 'inet:localhost:6379' { tls { " CA " } }", "127.0.0.1", 0,
	  NULL },
	{ "store 'inet:192.0.2.1:6379' { tls { " CA
	  "\nservername = 'store.example' } }",
	  "store.example", 0, NULL },
	{ "store 'inet:192.0.2.1:6379' { tls { " CA
	  "\nservername = '192.0.2.9' } }",
	  "192.0.2.9", 0, NULL },
	{ "store 'inet:192.0.2.1:6379' { tls { " CA
	  "\ncertificate = '@/client' key = '@/key' } }",
	  "192.0.2.1", 0, NULL },
	{ "store 'inet:192.0.2.1:6379' { tls { " CA
	  "\ncertificate = '@/both' } }",
	  "192.0.2.1", 0, NULL },
	{ "store 'inet:192.0.2.1:6379' { }", NULL, 1,
	  "warning: store: the password and the keys cross the network in "
	  "plain text; add a tls section" },
	{ "store 'inet:127.0.0.1:6379' { }", NULL, 0, NULL },
	{ "store 'inet:192.0.2.1:6379' { tls {\n" CA
	  "\ncertificate = '@/client'\nkey = '@/other.key' } }",
	  NULL, 4, "other.key: it is not the key of the certificate" },
	{ "store 'inet:192.0.2.1:6379' { tls {\n" CA
	  "\ncertificate = '@/client'\nkey = '@/open.key' } }",
	  NULL, 4, "others may use it" },
	{ "store 'inet:192.0.2.1:6379' { tls {\n" CA
	  "\ncertificate = '@/old'\nkey = '@/key' } }",
	  NULL, 3, "the certificate has expired" },
	{ "store 'inet:192.0.2.1:6379' { tls {\n" CA
	  "\ncertificate = '@/ca'\nkey = '@/key' } }",
	  NULL, 3, "not for a TLS client" },
	{ "store 'inet:192.0.2.1:6379' { tls {\n" CA
	  "\ncertificate = '@/client'\n} }",
	  NULL, 1, "key: " },
	{ "store 'inet:192.0.2.1:6379' { tls {\nca = '@/key'\n} }", NULL, 2,
	  "there is no certificate in it" },
};

START_TEST(load_section)
{
	struct config_messages messages = { 0 };
	struct config *config = load(cases[_i].store, &messages);
	const char *message = cases[_i].message;
	char *start =
		xasprintf("%s:%d: ", name("policyd.conf"), cases[_i].line);

	if (message == NULL) {
		ck_assert_msg(messages.count == 0, "%s", messages.lines[0]);
	} else {
		ck_assert_uint_eq(messages.count, 1);
		ck_assert_msg(strstr(messages.lines[0], message) != NULL &&
				      strncmp(messages.lines[0], start,
					      strlen(start)) == 0,
			      "%s", messages.lines[0]);
	}
	ck_assert((config == NULL) == (messages.errors > 0));
	if (config != NULL && cases[_i].server_name != NULL) {
		ck_assert_str_eq(config->stores[0].tls->server_name,
				 cases[_i].server_name);
		ck_assert_ptr_nonnull(config->stores[0].tls->client);
	} else if (config != NULL) {
		ck_assert_ptr_null(config->stores[0].tls);
	}
	config_free(config);
	config_messages_clear(&messages);
	free(start);
}
END_TEST

/* What is only looked at needs no files; they are watched, and read on
 * demand. */
START_TEST(unserved)
{
	static const struct config_load_options options = { .unserved = true };
	struct config_messages messages = { 0 };
	struct tls_client *client;
	struct config *config;
	struct error error;

	config_free(load("store 'inet:192.0.2.1:6379' { tls { " CA
			 "\ncertificate = '@/gone' } }",
			 &messages));
	config_messages_clear(&messages);
	config = config_load_with(name("policyd.conf"), &options, &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_ptr_null(config->stores[0].tls->client);
	ck_assert_uint_eq(config->watched.count, 2);
	ck_assert_int_eq(config_store_tls(&config->stores[0], &client, &error),
			 -1);
	ck_assert_ptr_null(client);
	ck_assert_ptr_nonnull(strstr(error.text, "gone: No such file"));
	join("gone", "key", "client");
	ck_assert_int_eq(config_store_tls(&config->stores[0], &client, &error),
			 0);
	ck_assert_ptr_nonnull(client);
	tls_client_free(client);
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_stores_tls");

	tcase_add_unchecked_fixture(tests, setup, directory_remove);
	tcase_add_loop_test(tests, load_section, 0, COUNT(cases));
	tcase_add_test(tests, unserved);
	return run_tests("config_stores_tls", tests);
}
