/* SPDX-License-Identifier: ISC */
/* In TLS, with a real Valkey or Redis: it counts, it comes back, it wants a
 * certificate, it is not the right one, or does not speak TLS at all. */

#include <inttypes.h>
#include <pthread.h>

#include "lib/store/store_admin.h"
#include "lib/tls/tls_client.h"
#include "t/unit/certificates.h"
#include "t/unit/store/asking.h"

#define LONG_MS	   (TEST_WAIT_S * 1000)
#define TIMEOUT_MS 300 /* where it runs out */
#define LIMIT	   50
#define KEYS	   400
#define THREADS	   3

static const struct store_rate login = {
	.name = "login",
	.shape = { .windows = 1, .length_s = { 3600 } },
};
static const struct store_rate *const rates[] = { &login };

/* charge_of - LIMIT in an hour */
static struct rate_charge charge_of(const char *key, const char *instance)
{
	return (struct rate_charge){
		.key = key,
		.place = "",
		.instance = instance,
		.amount = 1,
		.limits = { .count = 1, .limit = { { LIMIT, 3600 } } },
	};
}

/* setup - every file */
static void setup(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");

	directory_make();
	write_key("key", key, NULL);
	write_key("other.key", other, NULL);
	write_certificate_for("store", key, -1, 2, "serverAuth",
			      "DNS:store.test,IP:127.0.0.1");
	write_certificate("old", key, -3, -1, "serverAuth");
	write_certificate("client", other, -1, 2, "clientAuth");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

/* client_new - with our certificate, or NULL */
static struct tls_client *client_new(const char *ca, const char *certificate)
{
	struct tls_client_files files = { .ca = name(ca) };
	struct tls_client *client;
	struct error error;

	if (certificate != NULL) {
		files.certificate = name(certificate);
		files.key = name("other.key");
	}
	client = tls_client_new(&files, &error);
	ck_assert_msg(client != NULL, "%s", error.text);
	return client;
}

static struct store_options options_of(const struct tls_client *client,
				       const char *server_name)
{
	return (struct store_options){ .prefix = "policyd",
				       .timeout_ms = LONG_MS,
				       .tls = client,
				       .server_name = server_name };
}

/* free_port - that nobody has now */
static in_port_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(
		bind(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length),
			 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* listen_in_tls - at its port; option: "tls-port", or "port" for plain text */
static void listen_in_tls(const struct real_store *real, const char *option,
			  const char *certificate, bool calls)
{
	char *text = xasprintf(
		"CONFIG SET tls-cert-file %s tls-key-file %s tls-ca-cert-file "
		"%s tls-auth-clients %s %s %u",
		name(certificate), name("key"), name("client"),
		calls ? "yes" : "no", option, real->port);

	command(real, text, "+OK");
	free(text);
}

/* start - a store that listens in TLS */
static void start(struct real_store *real, const char *option,
		  const char *certificate, bool calls)
{
	real_store_start(real, "--bind", "127.0.0.1");
	real->port = free_port();
	listen_in_tls(real, option, certificate, calls);
}

/* start_connected - a slow machine may need more than one connection */
static void start_connected(struct asking *asking, struct real_store *real,
			    const struct store_options *options)
{
	asking_start(asking, real, options);
	asking_until(asking, asking->ups > 0);
}

/* take - one charge of a new instance; does it pass? */
static bool take(struct asking *asking, const char *key)
{
	struct rate_charge charge;
	char instance[32];

	snprintf(instance, sizeof(instance), "%p.%" PRIu64, (void *)asking,
		 clock_us());
	charge = charge_of(key, instance);
	return asking_wait(asking, "take", rates, &charge, 1);
}

/* It counts, also after it was killed and is back; one charge after the other,
 * and many together. */
START_TEST(counts)
{
	struct tls_client *client = client_new("store", NULL);
	struct store_options options = options_of(client, "store.test");
	struct rate_charge charges[LIMIT];
	struct asking asking, others[LIMIT];
	struct real_store real;
	char keys[LIMIT][24];
	unsigned ups, downs;

	start(&real, "tls-port", "store", false);
	start_connected(&asking, &real, &options);
	for (unsigned i = 0; i < LIMIT; i++)
		ck_assert(take(&asking, "alice"));
	ck_assert(!take(&asking, "alice"));
	memset(others, 0, sizeof(others));
	for (unsigned i = 0; i < LIMIT; i++) {
		snprintf(keys[i], sizeof(keys[i]), "key%u", i % 7);
		charges[i] = charge_of(keys[i], "");
		ck_assert_ptr_nonnull(store_take(asking.store, rates,
						 &charges[i], 1, asking_done,
						 &others[i]));
	}
	asking_until(&asking, others[LIMIT - 1].answered);
	for (unsigned i = 0; i < LIMIT; i++)
		ck_assert_uint_eq(charges[i].result.used, i / 7 + 1);
	ups = asking.ups;
	downs = asking.downs;
	real_store_kill(&real);
	asking_until(&asking, asking.downs > downs);
	ck_assert_str_eq(asking.why,
			 "the store, in TLS: it has closed the connection");
	real_store_run(&real, "--bind", "127.0.0.1");
	listen_in_tls(&real, "tls-port", "store", false);
	asking_until(&asking, asking.ups > ups);
	ck_assert(take(&asking, "alice"));
	asking_stop(&asking);
	real_store_stop(&real);
	tls_client_free(client);
}
END_TEST

/* A store that cannot be used in TLS, and how the log says so. */
#define ANOTHER "the store, in TLS: its certificate is not "

static const struct {
	const char *option, *certificate, *ca, *server_name, *own;
	bool calls;
	const char *why; /* NULL: it can be used */
} stores[] = {
	{ "tls-port", "store", "store", "127.0.0.1", NULL, false, NULL },
	{ "tls-port", "store", "store", "store.test", "client", true, NULL },
	{ "tls-port", "store", "store", "store.test", NULL, true,
	  "it may require a certificate of the client" },
	{ "tls-port", "store", "store", "other.test", NULL, false,
	  ANOTHER "for other.test" },
	{ "tls-port", "store", "store", "127.0.0.2", NULL, false,
	  ANOTHER "for 127.0.0.2" },
	{ "tls-port", "store", "client", "store.test", NULL, false,
	  ANOTHER "signed by an authority in ca" },
	{ "tls-port", "old", "old", "test", NULL, false,
	  ANOTHER "accepted: certificate has expired" },
	{ "tls-port", "store", "store", "", NULL, false,
	  "no certificate can be for \"\"" },
	{ "port", "store", "store", "store.test", NULL, false, "TLS" },
};

START_TEST(usable)
{
	struct tls_client *client = client_new(stores[_i].ca, stores[_i].own);
	struct store_options options =
		options_of(client, stores[_i].server_name);
	struct error error = { "" };
	struct store_admin *admin;
	struct real_store real;
	struct asking asking;

	start(&real, stores[_i].option, stores[_i].certificate,
	      stores[_i].calls);
	asking_start(&asking, &real, &options);
	asking_until(&asking, asking.ups + asking.downs > 0);
	ck_assert_msg(asking.ups == (stores[_i].why == NULL), "%s", asking.why);
	ck_assert_msg(stores[_i].why == NULL ||
			      strstr(asking.why, stores[_i].why) != NULL,
		      "%s", asking.why);
	asking_stop(&asking);
	options.timeout_ms = stores[_i].option[0] == 'p' ? TIMEOUT_MS : LONG_MS;
	admin = store_admin_open(connect_client(&real), &options, &error);
	ck_assert_msg((admin != NULL) == (stores[_i].why == NULL), "%s",
		      error.text);
	ck_assert_msg(stores[_i].why == NULL ||
			      strstr(error.text, stores[_i].why) != NULL,
		      "%s", error.text);
	store_admin_close(admin);
	real_store_stop(&real);
	tls_client_free(client);
}
END_TEST

/* In plain text, to one that speaks TLS. */
START_TEST(plain_text)
{
	struct store_options options = options_of(NULL, NULL);
	struct real_store real;
	struct asking asking;

	start(&real, "tls-port", "store", false);
	asking_start(&asking, &real, &options);
	asking_until(&asking, asking.downs == 1);
	ck_assert_uint_eq(asking.ups, 0);
	asking_stop(&asking);
	real_store_stop(&real);
}
END_TEST

/* Connected, and then silence: nobody waits longer than for an answer, and the
 * connection is given up. */
START_TEST(silence)
{
	struct tls_client *client = client_new("store", NULL);
	struct store_options options = options_of(client, "store.test");
	struct rate_charge charge = charge_of("alice", "1");
	struct error error;
	struct asking asking;
	int pair[2], others[2];
	char byte;

	options.timeout_ms = TIMEOUT_MS;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
	asking_start(&asking, NULL, &options);
	ck_assert(asking_begin(&asking, "take", rates, &charge, 1));
	asking_until(&asking, asking.connects == 1);
	store_connected(asking.store, pair[0]);
	asking_until(&asking, asking.answered);
	ck_assert_str_eq(asking.away,
			 "no TLS handshake with the store in 300 ms");
	asking_until(&asking, asking.connects == 2);
	ck_assert_str_eq(store_why(asking.store),
			 "no TLS handshake with the store");
	while (recv(pair[1], &byte, 1, MSG_DONTWAIT) == 1)
		;
	ck_assert_int_eq(recv(pair[1], &byte, 1, MSG_DONTWAIT), 0);
	close(pair[1]);
	asking_stop(&asking);
	ck_assert_ptr_null(store_admin_open(others[0], &options, &error));
	ck_assert_str_eq(error.text,
			 "no TLS handshake with the store in 300 ms");
	close(others[1]);
	tls_client_free(client);
}
END_TEST

static int on_row(void *context, const struct rate_row *row)
{
	unsigned *count = context;

	(*count)++;
	return row->used[0] == 1 ? 0 : 1;
}

/* The command line: answers of many records. */
START_TEST(listing)
{
	struct tls_client *client = client_new("store", NULL);
	struct store_options options = options_of(client, "store.test");
	struct error error = { "" };
	struct store_admin *admin;
	struct real_store real;
	struct asking asking;
	unsigned count = 0;
	int result;
	char key[32];

	start(&real, "tls-port", "store", false);
	start_connected(&asking, &real, &options);
	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "user%u@example.com", i);
		ck_assert(take(&asking, key));
	}
	admin = store_admin_open(connect_client(&real), &options, &error);
	ck_assert_msg(admin != NULL, "%s", error.text);
	ck_assert_msg(store_admin_each(admin, &login, on_row, &count, &result,
				       &error) == 0,
		      "%s", error.text);
	ck_assert_uint_eq(count, KEYS);
	ck_assert_int_eq(
		store_admin_reset(admin, &login, "user7@example.com", &error),
		1);
	ck_assert_int_eq(store_admin_block(admin, &login, "user7@example.com",
					   60, &error),
			 0);
	ck_assert(!take(&asking, "user7@example.com"));
	store_admin_close(admin);
	asking_stop(&asking);
	real_store_stop(&real);
	tls_client_free(client);
}
END_TEST

/* Threads share the files and nothing else. */
struct runner {
	pthread_t thread;
	struct real_store *real;
	const struct tls_client *client;
	unsigned passed;
};

static void *run(void *argument)
{
	struct runner *runner = argument;
	struct store_options options = options_of(runner->client, "store.test");
	struct asking asking;

	start_connected(&asking, runner->real, &options);
	for (unsigned i = 0; i < LIMIT; i++)
		runner->passed += take(&asking, "together");
	asking_stop(&asking);
	return NULL;
}

START_TEST(threads)
{
	struct tls_client *client = client_new("store", NULL);
	struct runner runners[THREADS];
	struct real_store real;
	unsigned passed = 0;

	start(&real, "tls-port", "store", false);
	for (unsigned i = 0; i < THREADS; i++) {
		runners[i] = (struct runner){ .real = &real, .client = client };
		ck_assert_int_eq(pthread_create(&runners[i].thread, NULL, run,
						&runners[i]),
				 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(runners[i].thread, NULL), 0);
		passed += runners[i].passed;
	}
	ck_assert_uint_eq(passed, LIMIT);
	real_store_stop(&real);
	tls_client_free(client);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store_tls");

	tcase_add_unchecked_fixture(tests, setup, directory_remove);
	tcase_add_test(tests, counts);
	tcase_add_loop_test(tests, usable, 0, COUNT(stores));
	tcase_add_test(tests, plain_text);
	tcase_add_test(tests, silence);
	tcase_add_test(tests, listing);
	tcase_add_test(tests, threads);
	return run_tests("store_tls", tests);
}
