/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_STORE_HOSTILE_H
#define T_UNIT_STORE_HOSTILE_H

#include "lib/store/store_internal.h"
#include "lib/tls/tls_client.h"
#include "t/unit/store/asking.h"
#include "t/unit/tls_end.h"

/* A store whose other end is the test, in plain text and in TLS. */

#define LONG_MS	   (TEST_WAIT_S * 1000)
#define TIMEOUT_MS 300 /* where it runs out, at least */

/* The other end of the connection is ours. */
struct hostile {
	struct asking asking;
	int fd;
	SSL *ssl;	   /* on it; NULL: plain text */
	unsigned connects; /* that were answered */
	char sha[STORE_SHA_SIZE];
	struct store_rate rate;
	const struct store_rate *rates[2];
	struct rate_charge charges[2];
};

/* Of the tests in TLS; NULL in the others. */
static SSL_CTX *end_context;
static struct tls_client *client;

/* begin_tls, end_tls - before and after each of them */
static inline void begin_tls(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct tls_client_files files = { 0 };
	struct error error;

	directory_make();
	write_key("key", key, NULL);
	write_certificate("store", key, -1, 2, "serverAuth");
	EVP_PKEY_free(key);
	files.ca = name("store");
	client = tls_client_new(&files, &error);
	ck_assert_msg(client != NULL, "%s", error.text);
	end_context = tls_end_context("store", "key", NULL);
}

static inline void end_tls(void)
{
	SSL_CTX_free(end_context);
	end_context = NULL;
	tls_client_free(client);
	client = NULL;
	directory_remove();
}

/* hang_up - without a word */
static inline void hang_up(struct hostile *hostile)
{
	SSL_free(hostile->ssl);
	hostile->ssl = NULL;
	if (hostile->fd >= 0)
		close(hostile->fd);
	hostile->fd = -1;
}

/* connect_it - with both ends */
static inline void connect_it(struct hostile *hostile)
{
	int pair[2];

	asking_until(&hostile->asking,
		     hostile->asking.connects > hostile->connects);
	hostile->connects = hostile->asking.connects;
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	hang_up(hostile);
	hostile->fd = pair[1];
	if (end_context != NULL)
		hostile->ssl = tls_end_new(end_context, pair[1]);
	store_connected(hostile->asking.store, pair[0]);
}

/* heard - has the store been sent something that contains word? */
static inline bool heard(struct hostile *hostile, const char *word)
{
	static char bytes[1 << 16];
	ssize_t count;

	if (hostile->ssl != NULL)
		count = tls_end_receive(hostile->ssl, bytes, sizeof(bytes) - 1);
	else
		count = recv(hostile->fd, bytes, sizeof(bytes) - 1,
			     MSG_DONTWAIT);
	if (count <= 0)
		return false;
	for (ssize_t i = 0; i < count; i++)
		if (bytes[i] == '\0')
			bytes[i] = '?';
	bytes[count] = '\0';
	return strstr(bytes, word) != NULL;
}

/* try_to_say - how many bytes were taken */
static inline ssize_t try_to_say(const struct hostile *hostile,
				 const char *bytes, size_t length)
{
	if (hostile->ssl != NULL)
		return length > 0 ? tls_end_send(hostile->ssl, bytes, length)
				  : 0;
	return send(hostile->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* say - bytes of that length, or a text */
static inline void say_bytes(const struct hostile *hostile, const char *bytes,
			     size_t length)
{
	ck_assert_int_eq(try_to_say(hostile, bytes, length), (ssize_t)length);
}

static inline void say(const struct hostile *hostile, const char *text)
{
	say_bytes(hostile, text, strlen(text));
}

/* hear_opening - what a new connection begins with; false: it was given up
 * before, since this machine is too busy, and another one is asked for */
static inline bool hear_opening(struct hostile *hostile, const char *word)
{
	struct asking *asking = &hostile->asking;

	connect_it(hostile);
	asking_until(asking, asking->connects > hostile->connects ||
				     heard(hostile, word));
	return asking->connects == hostile->connects;
}

/* answer_probes - until the store is up; on a busy machine the first answer may
 * come too late, or even the connection be given up */
static inline void answer_probes(struct hostile *hostile)
{
	struct asking *asking = &hostile->asking;
	char answer[64];

	snprintf(answer, sizeof(answer), "$40\r\n%s\r\n", hostile->sha);
	while (!store_up(asking->store)) {
		if (asking->connects > hostile->connects &&
		    hear_opening(hostile, "LOAD"))
			try_to_say(hostile, answer, strlen(answer));
		if (heard(hostile, "probe"))
			try_to_say(hostile, ":1\r\n", 4);
		loop_turn(&asking->loop);
	}
}

/* open_it - as a good one does */
static inline void open_it(struct hostile *hostile)
{
	asking_until(&hostile->asking,
		     hostile->asking.connects > hostile->connects);
	answer_probes(hostile);
}

static inline void hostile_start(struct hostile *hostile, const char *password,
				 unsigned timeout_ms)
{
	struct store_options options = { .prefix = "policyd",
					 .username = "mx",
					 .password = password,
					 .timeout_ms = timeout_ms,
					 .tls = client,
					 .server_name = "test" };
	char *script = store_script();

	memset(hostile, 0, sizeof(*hostile));
	store_script_sha(script, hostile->sha);
	free(script);
	ck_assert_uint_eq(strlen(hostile->sha), 40);
	asking_start(&hostile->asking, NULL, &options);
	hostile->fd = -1;
	hostile->rate.name = "login";
	hostile->rate.shape =
		(struct rate_shape){ .windows = 2, .length_s = { 60, 3600 } };
	for (unsigned i = 0; i < 2; i++) {
		hostile->rates[i] = &hostile->rate;
		hostile->charges[i] = (struct rate_charge){
			.key = i == 0 ? "alice" : "bob",
			.place = "",
			.instance = "1.2.3",
			.amount = 3,
			.limits = { .count = 2,
				    .limit = { { 10, 60 }, { 20, 3600 } } },
			.result = { .outcome = RATE_UNKNOWN, .used = 77 },
		};
	}
}

static inline void hostile_stop(struct hostile *hostile)
{
	asking_stop(&hostile->asking);
	hang_up(hostile);
}

/* hostile_start_short - with a timeout that runs out, but not before this
 * machine has opened a connection: ten times what that takes now. Returns it.
 */
static inline unsigned hostile_start_short(struct hostile *hostile)
{
	uint64_t begin_us = clock_us();
	unsigned ms;

	hostile_start(hostile, NULL, LONG_MS);
	open_it(hostile);
	ms = (unsigned)((clock_us() - begin_us) / 1000) * 10;
	hostile_stop(hostile);
	if (ms < TIMEOUT_MS)
		ms = TIMEOUT_MS;
	hostile_start(hostile, NULL, ms);
	return ms;
}

/* hostile_unanswered - what is said when that has run out */
static inline const char *hostile_unanswered(unsigned ms)
{
	static char text[64];

	snprintf(text, sizeof(text), "no answer from the store in %u ms", ms);
	return text;
}

/* take - one charge; it has been sent */
static inline void take(struct hostile *hostile, size_t count)
{
	ck_assert(asking_begin(&hostile->asking, "take", hostile->rates,
			       hostile->charges, count));
	asking_until(&hostile->asking, heard(hostile, "take"));
}

/* untouched - no result was filled */
static inline void untouched(const struct hostile *hostile)
{
	for (unsigned i = 0; i < 2; i++)
		ck_assert(hostile->charges[i].result.outcome == RATE_UNKNOWN &&
			  hostile->charges[i].result.used == 77);
}

#endif
