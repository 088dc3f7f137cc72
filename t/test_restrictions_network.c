/* SPDX-License-Identifier: ISC */
/* test_restrictions_network - permission by address and by certificate */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/restrictions.h"
#include "t/test.h"

#define FILES TEST_DATA "/clientcerts"

/* Two digests of SHA-256, and longer and shorter ones. */
#define HALF_A "55:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C"
#define A      HALF_A ":9F:86:21:87:93:33:0B:AE:AC:F1:E4:A5:39:61:25:0F"
#define A_LOW  "55:3c:99:7a:18:5e:1c:d9:73:da:b7:98:e6:e7:cc:6c:" \
	       "9f:86:21:87:93:33:0b:ae:ac:f1:e4:a5:39:61:25:0f"
#define A_LAST HALF_A ":9F:86:21:87:93:33:0B:AE:AC:F1:E4:A5:39:61:25:0E"
#define A_HEAD "54:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C:" \
	       "9F:86:21:87:93:33:0B:AE:AC:F1:E4:A5:39:61:25:0F"
#define B      "EB:2E:73:EA:04:10:4E:EF:F8:25:94:31:97:CC:C0:97:" \
	       "E8:59:0E:CD:BD:0A:58:97:CC:EB:37:05:6E:B8:A1:DB"
#define ZEROS  "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"

/* evaluate - open, ask and close one restriction */
static enum verdict evaluate(const struct restriction *restriction,
			     const char *argument,
			     const struct request *request)
{
	struct error error = { "" };
	struct subject subject = { .request = request };
	struct decision decision = { .reason = "" };
	enum verdict verdict;
	void *state = NULL;

	ck_assert_msg(restriction->open(argument, &state, &error) == 0,
		      "\"%s\": %s", argument, error.text);
	verdict = restriction->evaluate(&subject, state, &decision);
	restriction->close(state);
	return verdict;
}

static const struct {
	const char *mynetworks;
	const char *client_address;
	enum verdict verdict;
} networks[] = {
	{ "", "127.0.0.1", VERDICT_DUNNO },
	{ "127.0.0.0/8", "127.0.0.1", VERDICT_PERMIT },
	{ "127.0.0.0/8", "192.0.2.1", VERDICT_DUNNO },
	{ "127.0.0.0/8 [::1]/128", "::1", VERDICT_PERMIT },
	{ "127.0.0.0/8 [::1]/128", "::2", VERDICT_DUNNO },
	{ "!127.0.0.2, 127.0.0.0/8", "127.0.0.2", VERDICT_DUNNO },
	{ "0.0.0.0/0, ::/0", "203.0.113.1", VERDICT_PERMIT },
	{ "0.0.0.0/0, ::/0", "2001:db8::1", VERDICT_PERMIT },
	{ "0.0.0.0/0, ::/0", "unknown", VERDICT_DUNNO },
	{ "0.0.0.0/0, ::/0", "", VERDICT_DUNNO },
	{ "0.0.0.0/0", "::ffff:127.0.0.1", VERDICT_DUNNO },
};

START_TEST(permits_networks)
{
	struct request request;

	request_init(&request);
	request.client_address = networks[_i].client_address;
	/* What the client says of itself is no address. */
	request.client_name = request.helo_name = "127.0.0.1";
	request.server_address = "127.0.0.1";
	ck_assert_int_eq(evaluate(&restriction_permit_mynetworks,
				  networks[_i].mynetworks, &request),
			 networks[_i].verdict);
}
END_TEST

static const struct {
	const char *list;
	const char *certificate;
	const char *key;
	enum verdict verdict;	/* in an encrypted session */
} certificates[] = {
	{ "", "", "", VERDICT_DUNNO },
	{ "", A, B, VERDICT_DUNNO },
	{ A, "", "", VERDICT_DUNNO },
	{ A, A, "", VERDICT_PERMIT },
	{ A, A, B, VERDICT_PERMIT },
	{ A, B, A, VERDICT_PERMIT },
	{ A, "", A, VERDICT_PERMIT },
	{ A, B, B, VERDICT_DUNNO },
	{ A, A_LOW, "", VERDICT_PERMIT },
	{ A_LOW, A, "", VERDICT_PERMIT },
	{ A, A_LAST, "", VERDICT_DUNNO },
	{ A, A_HEAD, "", VERDICT_DUNNO },
	{ A, HALF_A, "", VERDICT_DUNNO },
	{ A, A ":" HALF_A, "", VERDICT_DUNNO },
	{ A, A ":", "", VERDICT_DUNNO },
	{ A, ":" A, "", VERDICT_DUNNO },
	{ A, A " ", "", VERDICT_DUNNO },
	{ A, " " A, "", VERDICT_DUNNO },
	{ A, A "," B, "", VERDICT_DUNNO },
	{ A, "none", "", VERDICT_DUNNO },
	{ A ", " B, "", B, VERDICT_PERMIT },
	{ A "\n\t" B, B, "", VERDICT_PERMIT },
	{ B " " A, A, "", VERDICT_PERMIT },
	{ A ":" HALF_A, A ":" HALF_A, "", VERDICT_PERMIT },
	{ A ":" HALF_A, A, "", VERDICT_DUNNO },
	{ A ":" B, A ":" B, "", VERDICT_PERMIT },
	{ A ":" B, A, B, VERDICT_DUNNO },
	{ A ":" B, A ":" B ":00", "", VERDICT_DUNNO },
	/* Zeros at the end are not the same as an end. */
	{ A ":" ZEROS, A, "", VERDICT_DUNNO },
	{ A, A ":" ZEROS, "", VERDICT_DUNNO },
	{ FILES "/table", A, "", VERDICT_PERMIT },
	{ FILES "/table", "", B, VERDICT_PERMIT },
	{ FILES "/table", A_LAST, "", VERDICT_DUNNO },
	{ FILES "/table " A_LAST, A_LAST, "", VERDICT_PERMIT },
};

START_TEST(permits_certificates)
{
	struct request request;

	request_init(&request);
	request.ccert_fingerprint = certificates[_i].certificate;
	request.ccert_pubkey_fingerprint = certificates[_i].key;
	request.ccert_subject = request.ccert_issuer = A;
	ck_assert_int_eq(evaluate(&restriction_permit_tls_clientcerts,
				  certificates[_i].list, &request),
			 VERDICT_DUNNO);
	request.encryption_protocol = "TLSv1.3";
	ck_assert_int_eq(evaluate(&restriction_permit_tls_clientcerts,
				  certificates[_i].list, &request),
			 certificates[_i].verdict);
}
END_TEST

static const struct {
	const struct restriction *restriction;
	const char *argument;
	const char *error;	/* part of the reason */
} refusals[] = {
	{ &restriction_permit_mynetworks, "localhost", "not an address" },
	{ &restriction_permit_mynetworks, "10.0.0.0/8 192.0.2.1/24",
	  "192.0.2.0/24" },
	{ &restriction_permit_tls_clientcerts, HALF_A,
	  "smtpd_tls_fingerprint_digest = sha256" },
	{ &restriction_permit_tls_clientcerts, HALF_A ":00:11:22:33",
	  "smtpd_tls_fingerprint_digest = sha256" },
	{ &restriction_permit_tls_clientcerts,
	  HALF_A ":00:11:22:33:44:55:66:77:88:99:AA:BB", "28 bytes" },
	{ &restriction_permit_tls_clientcerts, A ":00", "33 bytes" },
	{ &restriction_permit_tls_clientcerts, "AB", "1 bytes" },
	{ &restriction_permit_tls_clientcerts, A ":" B ":00",
	  "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, A ":", "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "A", "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "A:B", "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "AG", "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "!" A, "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts,
	  "553C997A185E1CD973DAB798E6E7CC6C9F86218793330BAEACF1E4A53961250F",
	  "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, A " client.example",
	  "\"client.example\": not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "hash:/etc/postfix/certs",
	  "tables (type:table)" },
	{ &restriction_permit_tls_clientcerts, FILES "/no-such",
	  "No such file" },
	{ &restriction_permit_tls_clientcerts, FILES, "not a regular file" },
	{ &restriction_permit_tls_clientcerts, FILES "/bad",
	  FILES "/bad:2: \"not-a-fingerprint\"" },
	{ &restriction_permit_tls_clientcerts, FILES "/sha1",
	  FILES "/sha1:2: " },
	{ &restriction_permit_tls_clientcerts, FILES "/indented",
	  FILES "/indented:2: white space" },
};

START_TEST(refuses)
{
	const struct restriction *restriction = refusals[_i].restriction;
	struct error error = { "" };
	void *state = NULL;

	ck_assert_int_eq(restriction->open(refusals[_i].argument, &state,
					   &error),
			 -1);
	ck_assert_ptr_null(state);
	ck_assert_msg(strstr(error.text, refusals[_i].error) != NULL,
		      "\"%s\": \"%s\", not \"%s\"", refusals[_i].argument,
		      error.text, refusals[_i].error);
	restriction->close(state);
}
END_TEST

START_TEST(have_their_names)
{
	ck_assert_str_eq(restriction_permit_mynetworks.name,
			 "permit_mynetworks");
	ck_assert_str_eq(restriction_permit_mynetworks.parameter,
			 "mynetworks");
	ck_assert_str_eq(restriction_permit_tls_clientcerts.name,
			 "permit_tls_clientcerts");
	ck_assert_str_eq(restriction_permit_tls_clientcerts.parameter,
			 "relay_clientcerts");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("restrictions_network");

	tcase_add_loop_test(tests, permits_networks, 0, COUNT(networks));
	tcase_add_loop_test(tests, permits_certificates, 0,
			    COUNT(certificates));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_test(tests, have_their_names);
	return run_tests("restrictions_network", tests);
}
