/* SPDX-License-Identifier: ISC */
/* test_tls_client - a server that is known, one that is not, and one that means
 * ill */

#include "t/unit/tls/both_ends.h"

#define NOT_FOR "its certificate is not for "
#define UNKNOWN "its certificate is not signed by an authority in ca"
#define REFUSED "its certificate is not accepted: "

static const struct {
	const char *certificate, *ca, *expected;
	const char *why; /* NULL: accepted */
} servers[] = {
	{ "named", "named", "store.test", NULL },
	{ "named", "named", "STORE.test", NULL },
	{ "named", "named", "192.0.2.1", NULL },
	{ "named", "named", "2001:db8::1", NULL },
	{ "named", "named", "other.test", NOT_FOR "other.test" },
	{ "named", "named", "192.0.2.2", NOT_FOR "192.0.2.2" },
	{ "named", "named", "::1", NOT_FOR "::1" },
	{ "named", "named", "test", NOT_FOR "test" },
	{ "wild", "wild", "a.wild.test", NULL },
	{ "wild", "wild", "a.b.wild.test", NOT_FOR "a.b.wild.test" },
	{ "wild", "wild", "wild.test", NOT_FOR "wild.test" },
	{ "wild", "wild", "s1.part.test", NOT_FOR "s1.part.test" },
	{ "plain", "plain", "test", NULL },
	{ "plain", "plain", "192.0.2.1", NOT_FOR "192.0.2.1" },
	{ "plain", "stranger", "test", UNKNOWN },
	{ "expired", "expired", "test", REFUSED "certificate has expired" },
	{ "early", "early", "test", REFUSED "certificate is not yet valid" },
	{ "client", "client", "test", REFUSED },
};

/* Nothing is said to a server that is not known. */
START_TEST(known)
{
	int version = _i % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
	const char *expected = servers[_i / 2].expected;
	const char *why = servers[_i / 2].why;
	struct both both;

	open_both(&both, servers[_i / 2].certificate, servers[_i / 2].ca, NULL,
		  expected, version, NULL);
	ck_assert_msg(exchange(&both) == (why == NULL), "%s", both.error.text);
	if (why != NULL) {
		ck_assert_msg(strncmp(both.error.text, why, strlen(why)) == 0,
			      "%s", both.error.text);
		ck_assert_uint_eq(both.heard, 0);
		ck_assert(!tls_session_ready(both.session));
	} else {
		const char *said =
			SSL_get_servername(both.end, TLSEXT_NAMETYPE_host_name);

		ck_assert_int_eq(SSL_version(both.end), version);
		ck_assert_int_eq(said != NULL, strpbrk(expected, "gt") != NULL);
		ck_assert(said == NULL || strcmp(said, expected) == 0);
	}
	close_both(&both);
}
END_TEST

/* A server that asks for a certificate. The last two have none, and learn that
 * after they have said something, in TLS 1.3. */
static const struct {
	const char *own, *asks;
	int version;
	const char *why;
} asking[] = {
	{ "client", "client", TLS1_3_VERSION, NULL },
	{ "client", "client", TLS1_2_VERSION, NULL },
	{ "stranger", "client", TLS1_3_VERSION, "unknown ca" },
	{ "stranger", "client", TLS1_2_VERSION, "unknown ca" },
	{ NULL, "client", TLS1_3_VERSION,
	  "require a certificate of the client" },
	{ NULL, "client", TLS1_2_VERSION,
	  "require a certificate of the client" },
};

START_TEST(own_certificate)
{
	struct both both;
	const char *why = asking[_i].why;

	open_both(&both, "plain", "plain", asking[_i].own, "test",
		  asking[_i].version, asking[_i].asks);
	ck_assert_msg(exchange(&both) == (why == NULL), "%s", both.error.text);
	ck_assert_msg(why == NULL || strstr(both.error.text, why) != NULL, "%s",
		      both.error.text);
	close_both(&both);
}
END_TEST

/* It has gone, and said why: that is read, although nothing can be written. */
START_TEST(last_words)
{
	struct both both;

	open_both(&both, "plain", "plain", NULL, "test", TLS1_3_VERSION,
		  "client");
	while (!tls_session_ready(both.session)) {
		ck_assert_int_eq(tls_session_write(both.session, "a", 1,
						   &both.error) < 0,
				 0);
		if (!tls_session_ready(both.session))
			listen_to(&both);
	}
	listen_to(&both);
	hang_up(&both);
	ck_assert_int_eq(tls_session_write(both.session, "b", 1, &both.error),
			 0);
	ck_assert(tls_session_write_needs_read(both.session));
	ck_assert_int_eq(read_one(&both), -1);
	ck_assert_msg(strstr(both.error.text, "certificate required") != NULL,
		      "%s", both.error.text);
	close_both(&both);
}
END_TEST

/* What comes from something else. */
static const struct {
	const char *bytes;
	size_t length;
	const char *why;
} others[] = {
#define TEXT(text) text, sizeof(text) - 1
	{ TEXT("-ERR unknown command\r\n"), "does not speak TLS" },
	{ TEXT("-DENIED Redis is running in protected mode\r\n"),
	  "does not speak TLS" },
	{ TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS" },
	{ TEXT("\0\0\0\0\0\0\0\0\0\0\0"), "" },
	{ TEXT("\x16\x03\x03\xff\xff........"), "" },
	{ TEXT("\x16\x03\x03\0\x04\x02\xff\xff\xff......"), "" },
	{ TEXT("\x16\x03\x03\0\x04\x0b\0\0\0"), "" },
	{ TEXT("\x15\x03\x03\0\x02\x02\x28"), "handshake failure" },
	{ TEXT("\x15\x03\x01\0\x02\x02\x46"), "protocol version" },
	{ TEXT("\x17\x03\x03\0\x01x"), "" },
	{ TEXT(""), "it has closed the connection in the handshake" },
	{ TEXT("-ERR"), "it has closed the connection in the handshake" },
	{ TEXT("\x16\x03\x03"), "it has closed the connection in the handsh" },
};

START_TEST(no_server)
{
	struct both both;

	open_good(&both, 0);
	ck_assert_int_eq(read_one(&both), 0);
	ck_assert(!tls_session_read_needs_write(both.session));
	ck_assert_int_eq(send(both.fds[1], others[_i].bytes, others[_i].length,
			      MSG_NOSIGNAL),
			 (ssize_t)others[_i].length);
	if (read_one(&both) == 0) {
		shutdown(both.fds[1], SHUT_WR);
		ck_assert_int_eq(read_one(&both), -1);
	}
	ck_assert_msg(both.error.text[0] != '\0' &&
			      strstr(both.error.text, others[_i].why) != NULL,
		      "%s", both.error.text);
	ck_assert(!tls_session_ready(both.session));
	close_both(&both);
}
END_TEST

/* What is loaded, what is refused, and the option at fault. */
static const struct {
	const char *ca, *certificate, *key;
	const char *blames, *why; /* NULL: it loads */
} loads[] = {
	{ "plain", NULL, NULL, NULL, NULL },
	{ "plain", "client", "key", NULL, NULL },
	{ "nowhere", NULL, NULL, "ca", "No such file" },
	{ "key", NULL, NULL, "ca", "no certificate" },
	{ "plain", "nowhere", "key", "certificate", "No such file" },
	{ "plain", "plain", "key", "certificate", "not for a TLS client" },
	{ "plain", "client", "nowhere", "key", "No such file" },
	{ "plain", "client", "open.key", "key", "its mode is 0644" },
	{ "plain", "client", "other.key", "key", "not the key of" },
};

START_TEST(files)
{
	struct error error = { "" };
	struct tls_client *client = client_of(
		loads[_i].ca, loads[_i].certificate, loads[_i].key, &error);

	if (loads[_i].why == NULL) {
		ck_assert_msg(client != NULL, "%s", error.text);
	} else {
		char *start = xasprintf("%s: %s/", loads[_i].blames, directory);

		ck_assert_ptr_null(client);
		ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0 &&
				      strstr(error.text, loads[_i].why) != NULL,
			      "%s", error.text);
		free(start);
	}
	tls_client_free(client);
}
END_TEST

/* No certificate can be for these. */
START_TEST(no_name)
{
	struct error error = { "" };
	struct tls_client *client = client_of("plain", NULL, NULL, &error);
	char longest[300];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_nonnull(client);
	ck_assert_ptr_null(tls_session_new(client, 0, longest, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "no certificate can be for"));
	ck_assert_ptr_null(tls_session_new(client, 0, "", &error));
	tls_session_free(NULL);
	tls_client_free(client);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tls_client");

	tcase_add_unchecked_fixture(tests, setup, directory_remove);
	tcase_add_loop_test(tests, known, 0, 2 * COUNT(servers));
	tcase_add_loop_test(tests, own_certificate, 0, COUNT(asking));
	tcase_add_test(tests, last_words);
	tcase_add_loop_test(tests, no_server, 0, COUNT(others));
	tcase_add_loop_test(tests, files, 0, COUNT(loads));
	tcase_add_test(tests, no_name);
	return run_tests("tls_client", tests);
}
