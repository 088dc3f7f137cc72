/* SPDX-License-Identifier: ISC */
/* test_tls_listener - what is loaded, what is refused, and why
 *
 * Handshakes are tried by t/integration/test_tls_certificates.py. */

#include "lib/tls_listener/tls_listener.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "t/unit/certificates.h"

/* write_crl - the next one is due this number of days from now */
static void write_crl(const char *file, EVP_PKEY *key, long next)
{
	FILE *stream = create(file, 0644);
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *issuer = X509_NAME_new();
	ASN1_TIME *when = X509_gmtime_adj(NULL, -5L * DAY);

	X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, issuer);
	X509_CRL_set1_lastUpdate(crl, when);
	X509_gmtime_adj(when, next * DAY);
	X509_CRL_set1_nextUpdate(crl, when);
	ck_assert_int_gt(X509_CRL_sign(crl, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_X509_CRL(stream, crl), 1);
	ASN1_TIME_free(when);
	X509_NAME_free(issuer);
	X509_CRL_free(crl);
	fclose(stream);
}

/* setup - every file that a case names */
static void setup(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	EVP_PKEY *weak = EVP_RSA_gen(1024);
	EVP_PKEY *costly = EVP_RSA_gen(3072);

	directory_make();
	write_key("key", key, NULL);
	write_key("other.key", other, NULL);
	write_key("rsa.key", rsa, NULL);
	write_key("weak.key", weak, NULL);
	write_key("long.key", costly, NULL);
	write_key("secret.key", key, EVP_aes_256_cbc());
	write_key("given.key", key, NULL);
	write_key("open.key", key, NULL);
	ck_assert_int_eq(chmod(name("open.key"), 0644), 0);
	write_key("group.key", key, NULL);
	ck_assert_int_eq(chmod(name("group.key"), 0640), 0);
	write_key("written.key", key, NULL);
	ck_assert_int_eq(chmod(name("written.key"), 0620), 0);
	write_certificate("well", key, -1, 2, "serverAuth");
	write_certificate("expired", key, -3, -1, "serverAuth");
	write_certificate("early", key, 1, 2, "serverAuth");
	write_certificate("client", key, -1, 2, "clientAuth");
	write_certificate("rsa", rsa, -1, 2, "serverAuth");
	write_certificate("weak", weak, -1, 2, "serverAuth");
	write_certificate("long", costly, -1, 2, "serverAuth");
	write_crl("crl", key, 1);
	write_crl("old.crl", key, -1);
	join("chain", "well", "rsa");
	join("both", "key", "well");
	join("both", "both", "crl");
	write_text("empty", "");
	write_text("text", "certificates\nare\nelsewhere\n");
	write_text("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n"
			     "-----END CERTIFICATE-----\n");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(costly);
}

static const struct {
	const char *certificate, *key, *ca, *crl;
	const char *reason; /* NULL: it loads */
	const char *blames; /* the option */
} cases[] = {
	{ "well", "key", "well", NULL, NULL, NULL },
	{ "well", "key", "well", "crl", NULL, NULL },
	{ "well", "key", NULL, NULL, NULL, NULL },
	{ "well", "group.key", "client", NULL, NULL, NULL },
	{ "rsa", "rsa.key", "well", NULL, NULL, NULL },
	{ "chain", "key", "chain", NULL, NULL, NULL },
	{ "both", "both", "both", "both", NULL, NULL },
	/* certificate */
	{ "nowhere", "key", "well", NULL, "No such file", "certificate" },
	{ ".", "key", "well", NULL, "not a regular file", "certificate" },
	{ "empty", "key", "well", NULL, "no certificate", "certificate" },
	{ "text", "key", "well", NULL, "no certificate", "certificate" },
	{ "key", "key", "well", NULL, "no certificate", "certificate" },
	{ "broken", "key", "well", NULL, "", "certificate" },
	{ "expired", "key", "well", NULL, "has expired", "certificate" },
	{ "early", "key", "well", NULL, "not yet valid", "certificate" },
	{ "client", "key", "well", NULL, "not for a TLS server",
	  "certificate" },
	{ "weak", "weak.key", "well", NULL, "too small", "certificate" },
	/* key */
	{ "well", "nowhere", "well", NULL, "No such file", "key" },
	{ "well", "empty", "well", NULL, "no private key", "key" },
	{ "well", "well", "well", NULL, "its mode is 0644", "key" },
	{ "well", "open.key", "well", NULL, "its mode is 0644", "key" },
	{ "well", "written.key", "well", NULL, "its mode is 0620", "key" },
	{ "well", "other.key", "well", NULL, "not the key of", "key" },
	{ "well", "rsa.key", "well", NULL, "not the key of", "key" },
	{ "well", "secret.key", "well", NULL, "passphrase", "key" },
	/* ca, crl */
	{ "well", "key", "nowhere", NULL, "No such file", "ca" },
	{ "well", "key", "empty", NULL, "no certificate", "ca" },
	{ "well", "key", "broken", NULL, "", "ca" },
	{ "well", "key", "well", "nowhere", "No such file", "crl" },
	{ "well", "key", "well", "empty", "no certificate revocation", "crl" },
	{ "well", "key", "well", "well", "no certificate revocation", "crl" },
	{ "well", "key", "well", "old.crl", "has expired", "crl" },
};

START_TEST(loads_files_or_says_why_not)
{
	struct tls_listener_files files = {
		.certificate = name(cases[_i].certificate),
		.key = name(cases[_i].key),
		.ca = cases[_i].ca != NULL ? name(cases[_i].ca) : NULL,
		.crl = cases[_i].crl != NULL ? name(cases[_i].crl) : NULL,
	};
	struct error error = { "" };
	struct tls_listener *listener;
	char *start;

	listener = tls_listener_new(&files, cases[_i].ca != NULL, &error);
	if (cases[_i].reason == NULL) {
		ck_assert_msg(listener != NULL, "%s", error.text);
	} else {
		start = xasprintf("%s: %s/", cases[_i].blames, directory);
		ck_assert_ptr_null(listener);
		ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0 &&
				      strstr(error.text, cases[_i].reason) !=
					      NULL,
			      "%s", error.text);
		free(start);
	}
	tls_listener_free(listener);
}
END_TEST

/* well - one that loads */
static struct tls_listener *well(void)
{
	struct tls_listener_files files = { name("well"), name("key"),
					    name("well"), NULL };
	struct error error = { "" };
	struct tls_listener *listener = tls_listener_new(&files, true, &error);

	ck_assert_msg(listener != NULL, "%s", error.text);
	return listener;
}

#define BYTES_8 "00:11:22:33:44:55:66:77"

static const struct {
	const char *text;
	const char *reason; /* NULL: accepted */
} fingerprints[] = {
	{ BYTES_8 ":" BYTES_8 ":" BYTES_8 ":aa:BB:cc:DD:ee:FF:00:01", NULL },
	{ "", "0 bytes" },
	{ BYTES_8 ":" BYTES_8, "16 bytes" },
	{ BYTES_8 ":" BYTES_8 ":00:11:22:33", "20 bytes" },
	{ BYTES_8 ":" BYTES_8 ":" BYTES_8 ":00:11:22:33:44:55:66", "31 bytes" },
	{ BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8 ":00", "33 bytes" },
	{ BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8
		  ":" BYTES_8 ":" BYTES_8,
	  "64 bytes" },
	{ BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8 ":" BYTES_8
		  ":" BYTES_8 ":" BYTES_8 ":" BYTES_8,
	  "not a fingerprint" },
	{ "0", "not a fingerprint" },
	{ "xy:00", "not a fingerprint" },
	{ BYTES_8 ":" BYTES_8 ":" BYTES_8 ":00:11:22:33:44:55:66:7",
	  "not a fingerprint" },
};

START_TEST(takes_fingerprints_in_any_form)
{
	struct tls_listener *listener = well();
	struct error error = { "" };
	int result = tls_listener_add_fingerprint(
		listener, fingerprints[_i].text, &error);

	if (fingerprints[_i].reason == NULL)
		ck_assert_msg(result == 0, "%s", error.text);
	else
		ck_assert_msg(result == -1 &&
				      strstr(error.text,
					     fingerprints[_i].reason) != NULL,
			      "%s", error.text);
	tls_listener_free(listener);
}
END_TEST

/* A key's mode does not help if it is somebody else's. */
START_TEST(refuses_a_key_of_somebody_else)
{
	struct tls_listener_files files = { name("well"), name("given.key"),
					    name("well"), NULL };
	struct error error = { "" };

	if (geteuid() != 0)
		return; /* cannot be given away */
	ck_assert_int_eq(chown(files.key, 65534, 65534), 0);
	ck_assert_ptr_null(tls_listener_new(&files, true, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "belongs to user 65534"));
}
END_TEST

/* A session has none of what we do not speak. */
START_TEST(has_none_of_what_we_do_not_speak)
{
	struct tls_listener *listener = well();
	SSL *ssl = tls_listener_session(listener, 0);
	STACK_OF(SSL_CIPHER) * suites;
	int i;

	ck_assert_ptr_nonnull(ssl);
	ck_assert_int_eq(SSL_get_min_proto_version(ssl), TLS1_2_VERSION);
	suites = SSL_get1_supported_ciphers(ssl);
	ck_assert_int_ge(sk_SSL_CIPHER_num(suites), 6);
	for (i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
		const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);
		int exchange = SSL_CIPHER_get_kx_nid(suite);

		ck_assert_int_eq(SSL_CIPHER_is_aead(suite), 1);
		ck_assert_int_ge(SSL_CIPHER_get_bits(suite, NULL), 128);
		ck_assert(exchange == NID_kx_ecdhe || exchange == NID_kx_any);
		ck_assert_int_ne(SSL_CIPHER_get_auth_nid(suite), NID_auth_null);
	}
	sk_SSL_CIPHER_free(suites);
	ck_assert_int_eq(SSL_get_verify_mode(ssl),
			 SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
	ck_assert_uint_eq(SSL_get_num_tickets(ssl), 0);
	ck_assert(SSL_get_options(ssl) & SSL_OP_NO_RENEGOTIATION);
	ck_assert(SSL_get_options(ssl) & SSL_OP_NO_TICKET);
	/* There is no client: none is let in. */
	ck_assert(!tls_listener_admits(listener, ssl));
	SSL_free(ssl);
	tls_listener_free(listener);
}
END_TEST

/* How long a handshake takes depends on the key. */
START_TEST(knows_bits_of_rsa_keys)
{
	static const struct {
		const char *certificate, *key;
		int bits;
	} keys[] = { { "well", "key", 0 },
		     { "rsa", "rsa.key", 2048 },
		     { "long", "long.key", 3072 } };
	struct tls_listener_files files = {
		.certificate = name(keys[_i].certificate),
		.key = name(keys[_i].key),
	};
	struct error error;
	struct tls_listener *listener = tls_listener_new(&files, false, &error);

	ck_assert_msg(listener != NULL, "%s", error.text);
	ck_assert_int_eq(tls_listener_rsa_bits(listener), keys[_i].bits);
	tls_listener_free(listener);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tls_listener");

	tcase_add_unchecked_fixture(tests, setup, directory_remove);
	tcase_add_loop_test(tests, loads_files_or_says_why_not, 0,
			    COUNT(cases));
	tcase_add_loop_test(tests, takes_fingerprints_in_any_form, 0,
			    COUNT(fingerprints));
	tcase_add_test(tests, refuses_a_key_of_somebody_else);
	tcase_add_loop_test(tests, knows_bits_of_rsa_keys, 0, 3);
	tcase_add_test(tests, has_none_of_what_we_do_not_speak);
	return run_tests("tls_listener", tests);
}
