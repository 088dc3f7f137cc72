/* SPDX-License-Identifier: ISC */
/* test_tls_client_traffic - a connection that is cut, flooded, much used, or
 * ended: each call takes its share, and nothing is lost */

#include "t/unit/tls/both_ends.h"

/* pass_on - what a server with memory of its own has to say, until left bytes
 * are used up */
static void pass_on(struct both *both, SSL *server, size_t *left)
{
	char bytes[TLS_RECORD_MAX];
	ssize_t count = recv(both->fds[1], bytes, sizeof(bytes), MSG_DONTWAIT);
	int ready;

	if (count > 0)
		BIO_write(SSL_get_rbio(server), bytes, (int)count);
	if (SSL_do_handshake(server) == 1 && SSL_read(server, bytes, 4) == 4)
		SSL_write(server, "so!", 3);
	ready = BIO_read(SSL_get_wbio(server), bytes,
			 *left < sizeof(bytes) ? (int)*left
					       : (int)sizeof(bytes));
	if (ready <= 0)
		return;
	ck_assert_int_eq(send(both->fds[1], bytes, (size_t)ready, MSG_NOSIGNAL),
			 ready);
	*left -= (size_t)ready;
}

/* cut_after - that many bytes of the server; false: the answer came */
static bool cut_after(int version, size_t left)
{
	struct both both;
	SSL *server;
	ssize_t asked = 0;

	open_good(&both, version);
	server = SSL_new(both.context);
	SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(server);
	for (int i = 0; i < TURNS && both.result == 0; i++) {
		if (left == 0)
			shutdown(both.fds[1], SHUT_WR);
		if (asked == 0)
			asked = tls_session_write(both.session, "ask?", 4,
						  &both.error);
		if (asked < 0)
			both.result = -1;
		else
			read_one(&both);
		if (left > 0)
			pass_on(&both, server, &left);
	}
	SSL_free(server);
	ck_assert_int_ne(both.result, 0);
	if (both.result < 0)
		ck_assert_msg(strncmp(both.error.text,
				      "it has closed the connection", 28) == 0,
			      "%s", both.error.text);
	else
		ck_assert_int_eq(both.result, 3);
	close_both(&both);
	return both.result < 0;
}

/* It closes after any byte: never half an answer. */
START_TEST(cut)
{
	int version = _i == 0 ? TLS1_3_VERSION : TLS1_2_VERSION;
	size_t left = 0;

	while (cut_after(version, left))
		left += left % 32 == 0 ? 1 : 31;
	ck_assert_uint_gt(left, 400);
	while (!cut_after(version, left))
		left--;
}
END_TEST

/* fill - the buffer of a socket, with copies of that; how many bytes */
static size_t fill(int fd, const char *bytes, size_t length)
{
	char block[8192];
	size_t used = 0, sent = 0;
	ssize_t count;

	while (used + length <= sizeof(block)) {
		memcpy(block + used, bytes, length);
		used += length;
	}
	while ((count = send(fd, block, used, MSG_DONTWAIT | MSG_NOSIGNAL)) ==
	       (ssize_t)used)
		sent += used;
	return sent + (count > 0 ? (size_t)count : 0);
}

/* A flood of messages that are skipped: one call takes its share only. */
START_TEST(share)
{
	static const char skipped[] = "\x16\x03\x03\0\x04\0\0\0\0";
	struct both both;
	size_t sent;
	int left;

	open_good(&both, TLS1_2_VERSION);
	ck_assert_int_eq(read_one(&both), 0);
	sent = fill(both.fds[1], skipped, sizeof(skipped) - 1);
	ck_assert_int_eq(read_one(&both), 0);
	ck_assert_int_eq(ioctl(both.fds[0], FIONREAD, &left), 0);
	ck_assert_uint_gt(sent, 100000);
	ck_assert_int_gt(left, (int)sent - 70000);
	ck_assert_int_lt(left, (int)sent);
	close_both(&both);
}
END_TEST

/* update_keys - so often that the client notices */
static int update_keys(struct both *both, int times)
{
	for (int i = 0; i < times; i++) {
		SSL_key_update(both->end, SSL_KEY_UPDATE_REQUESTED);
		SSL_do_handshake(both->end);
		if (read_one(both) < 0)
			return -1;
		listen_to(both);
	}
	return 0;
}

/* Key updates between answers are fine, and nothing but key updates is not. */
START_TEST(key_updates)
{
	struct both both;

	open_good(&both, TLS1_3_VERSION);
	for (int i = 0; i < 5; i++) {
		ck_assert_msg(exchange(&both), "%s", both.error.text);
		ck_assert_int_eq(update_keys(&both, 20), 0);
	}
	ck_assert(exchange(&both));
	ck_assert_int_eq(update_keys(&both, 100), -1);
	ck_assert_str_eq(both.error.text,
			 "too many key updates or renegotiations");
	close_both(&both);
}
END_TEST

/* TLS 1.2: not renegotiated. */
START_TEST(renegotiation)
{
	struct both both;

	open_good(&both, TLS1_2_VERSION);
	ck_assert(exchange(&both));
	ck_assert_int_eq(SSL_renegotiate(both.end), 1);
	ck_assert_int_eq(SSL_do_handshake(both.end), 1);
	for (int i = 0; i < TURNS && ERR_peek_last_error() == 0; i++) {
		read_one(&both);
		listen_to(&both);
	}
	ck_assert_int_eq(ERR_GET_REASON(ERR_peek_last_error()),
			 SSL_R_NO_RENEGOTIATION);
	ERR_clear_error();
	close_both(&both);
}
END_TEST

/* Much in both directions at once, in records of that size, and the keys change
 * meanwhile. */
static const size_t sizes[] = { 1, 100, TLS_RECORD_MAX };

START_TEST(much)
{
	static char out[MUCH], in[MUCH], back[MUCH];
	size_t total = sizes[_i] == 1 ? 5000 : MUCH;
	size_t asked_for = 0, heard = 0, said = 0, got = 0;
	struct both both;
	ssize_t count;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7 + i / 251);
	open_good(&both, TLS1_3_VERSION);
	while (got < total || heard < total) {
		size_t step =
			total - said < sizes[_i] ? total - said : sizes[_i];

		count = tls_session_write(both.session, out + asked_for,
					  total - asked_for, &both.error);
		ck_assert_msg(asked_for == total || count >= 0, "%s",
			      both.error.text);
		asked_for += asked_for < total ? (size_t)count : 0;
		heard += (size_t)tls_end_receive(both.end, in + heard,
						 total - heard);
		if (step > 0)
			count = tls_end_send(both.end, out + said, step);
		said += step > 0 ? (size_t)count : 0;
		if (said == total / 2)
			SSL_key_update(both.end, SSL_KEY_UPDATE_REQUESTED);
		ck_assert_msg(read_one(&both) >= 0, "%s", both.error.text);
		memcpy(back + got, both.last, (size_t)both.result);
		got += (size_t)both.result;
	}
	ck_assert_mem_eq(in, out, total);
	ck_assert_mem_eq(back, out, total);
	close_both(&both);
}
END_TEST

/* Nobody takes what we write, not even the answer to a key update. */
START_TEST(no_room)
{
	static char bytes[MUCH];
	struct both both;
	size_t asked_for = 0;
	ssize_t count;

	open_good(&both, TLS1_3_VERSION);
	ck_assert(exchange(&both));
	while ((count = tls_session_write(both.session, bytes, sizeof(bytes),
					  &both.error)) > 0)
		asked_for += (size_t)count;
	ck_assert_int_eq(count, 0);
	ck_assert(!tls_session_write_needs_read(both.session));
	SSL_key_update(both.end, SSL_KEY_UPDATE_REQUESTED);
	SSL_do_handshake(both.end);
	ck_assert_int_eq(tls_end_send(both.end, "so!", 3), 3);
	for (both.heard = 0; both.heard <= asked_for;) {
		listen_to(&both);
		if (both.result <= 0)
			ck_assert_msg(read_one(&both) >= 0, "%s",
				      both.error.text);
		count = tls_session_write(both.session, bytes, sizeof(bytes),
					  &both.error);
		ck_assert_msg(count >= 0, "%s", both.error.text);
	}
	ck_assert_int_eq(both.result, 3);
	close_both(&both);
}
END_TEST

/* A goodbye is no cut, and we say one, too. */
START_TEST(goodbye)
{
	struct both both;

	open_good(&both, TLS1_3_VERSION);
	ck_assert(exchange(&both));
	SSL_shutdown(both.end);
	ck_assert_int_eq(read_one(&both), -1);
	ck_assert_str_eq(both.error.text, "it has closed the connection");
	close_both(&both);
	open_good(&both, TLS1_3_VERSION);
	ck_assert(exchange(&both));
	tls_session_free(both.session);
	both.session = NULL;
	ck_assert_int_eq(listen_to(&both), 0);
	ck_assert_int_eq(SSL_get_shutdown(both.end), SSL_RECEIVED_SHUTDOWN);
	close_both(&both);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tls_client_traffic");

	tcase_add_unchecked_fixture(tests, setup, directory_remove);
	tcase_add_loop_test(tests, cut, 0, 2);
	tcase_add_test(tests, share);
	tcase_add_test(tests, key_updates);
	tcase_add_test(tests, renegotiation);
	tcase_add_loop_test(tests, much, 0, COUNT(sizes));
	tcase_add_test(tests, no_room);
	tcase_add_test(tests, goodbye);
	return run_tests("tls_client_traffic", tests);
}
