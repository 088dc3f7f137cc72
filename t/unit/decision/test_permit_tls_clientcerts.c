/* SPDX-License-Identifier: ISC */
/* test_permit_tls_clientcerts - permission by certificate */

#include "t/unit/decision/deciding.h"

#define FILES TEST_DATA "/clientcerts"

/* Two digests of SHA-256, and longer and shorter ones. */
#define HALF_A "55:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C"
#define A      HALF_A ":9F:86:21:87:93:33:0B:AE:AC:F1:E4:A5:39:61:25:0F"
#define A_LOW                                              \
	"55:3c:99:7a:18:5e:1c:d9:73:da:b7:98:e6:e7:cc:6c:" \
	"9f:86:21:87:93:33:0b:ae:ac:f1:e4:a5:39:61:25:0f"
#define A_LAST HALF_A ":9F:86:21:87:93:33:0B:AE:AC:F1:E4:A5:39:61:25:0E"
#define A_HEAD                                             \
	"54:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C:" \
	"9F:86:21:87:93:33:0B:AE:AC:F1:E4:A5:39:61:25:0F"
#define B                                                  \
	"EB:2E:73:EA:04:10:4E:EF:F8:25:94:31:97:CC:C0:97:" \
	"E8:59:0E:CD:BD:0A:58:97:CC:EB:37:05:6E:B8:A1:DB"
#define B_HEX                                              \
	"eb:2E:73:EA:04:10:4E:EF:F8:25:94:31:97:CC:C0:97:" \
	"E8:59:0E:CD:BD:0A:58:97:CC:EB:37:05:6E:B8:A1:DB"
#define ZEROS "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"

/* evaluate - a request in that session, with a strict loader */
static enum verdict evaluate(const struct restriction *restriction,
			     const char *argument,
			     const struct request *request)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct decision decision;

	return decide(restriction, argument, &loader, request, &decision);
}

static const struct {
	const char *list;
	const char *certificate;
	const char *key;
	enum verdict verdict; /* in an encrypted session */
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
	{ B_HEX, B, "", VERDICT_PERMIT }, /* "eb" is no type of a table */
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
	/* Tables without a file. */
	{ "inline:{" A "=ok}", A, "", VERDICT_PERMIT },
	{ "inline:{" A_LOW "=ok}", A, "", VERDICT_PERMIT },
	{ "inline:{" A "=ok}", A_LOW, "", VERDICT_PERMIT },
	{ "inline:{" A "=ok}", "", A, VERDICT_PERMIT },
	{ "inline:{" A "=ok}", A_LAST, B, VERDICT_DUNNO },
	{ "inline:{" A "=ok}", "", "", VERDICT_DUNNO },
	{ "inline:{{" A "=}, " B "=ok}", A, "", VERDICT_DEFER },
	{ "inline:{{" A "=}, " B "=ok}", A, B, VERDICT_DEFER },
	{ "inline:{{" A "=}, " B "=ok}", B, A, VERDICT_PERMIT },
	{ "inline:{" A "=ok} " B, B, "", VERDICT_PERMIT },
	{ "inline:{" HALF_A "=ok}", HALF_A, HALF_A, VERDICT_DUNNO },
	{ "static:ok", A, "", VERDICT_PERMIT },
	{ "static:ok", "", A, VERDICT_PERMIT },
	{ "static:ok", "", "", VERDICT_DUNNO },
	{ "static:ok", "none", "unknown", VERDICT_DUNNO },
	{ "static:ok", HALF_A, HALF_A ":00:11:22:33", VERDICT_DUNNO },
	{ "static:ok", A ":00", A " ", VERDICT_DUNNO },
	{ "fail:x", A, "", VERDICT_DEFER },
	{ "fail:x", "", "", VERDICT_DUNNO },
	{ "fail:x", HALF_A, "", VERDICT_DUNNO },
	{ "fail:x " A, A, "", VERDICT_PERMIT },
	{ "fail:x static:ok", A, "", VERDICT_DEFER },
	{ "static:ok fail:x", A, "", VERDICT_PERMIT },
	{ "pcre:{{/^55:3C:.*:0F$/ ok}}", A, "", VERDICT_PERMIT },
	{ "pcre:{{/^55:3C:.*:0F$/ ok}}", A_LAST, B, VERDICT_DUNNO },
	/* Patterns see it as it was sent. */
	{ "pcre:{{/^55:3C:.*:0F$/i ok}}", A, "", VERDICT_PERMIT },
	{ "pcre:{{/^55:3c:.*:0f$/i ok}}", A, "", VERDICT_DUNNO },
	{ "cidr:{{::/0 ok}}", A, "", VERDICT_DUNNO },
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
	request.encryption_protocol = "TLSv1.1";
	ck_assert_int_eq(evaluate(&restriction_permit_tls_clientcerts,
				  certificates[_i].list, &request),
			 VERDICT_DUNNO);
	request.encryption_protocol = "TLSv1.3";
	ck_assert_int_eq(evaluate(&restriction_permit_tls_clientcerts,
				  certificates[_i].list, &request),
			 certificates[_i].verdict);
}
END_TEST

/* Another digit anywhere is another fingerprint. */
START_TEST(every_digit_counts)
{
	static const char digits[] = "0123456789ABCDEF";
	struct request request;

	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	for (size_t i = 0; i < strlen(A); i++) {
		char other[] = A;

		if (other[i] == ':')
			continue;
		for (const char *digit = digits; *digit != '\0'; digit++) {
			other[i] = *digit;
			request.ccert_fingerprint = other;
			ck_assert_int_eq(
				evaluate(&restriction_permit_tls_clientcerts, A,
					 &request),
				*digit == A[i] ? VERDICT_PERMIT
					       : VERDICT_DUNNO);
		}
	}
}
END_TEST

#define NO_SHA256                                    \
	"Postfix sends no SHA-256 fingerprint: set " \
	"smtpd_tls_fingerprint_digest = sha256"

static const struct {
	const char *protocol, *certificate, *key;
	const char *reason;
} reasons[] = {
	{ "TLSv1.3", A, B,
	  "the certificate or its key is in relay_clientcerts" }, /* permitted
								   */
	{ "TLSv1.3", "", "", "no certificate" },
	{ "TLSv1.3", B, "", "not in relay_clientcerts" },
	{ "TLSv1.3", "", B, "not in relay_clientcerts" },
	{ "TLSv1.3", HALF_A, B, "not in relay_clientcerts" },
	{ "TLSv1.3", B, HALF_A, "not in relay_clientcerts" },
	{ "TLSv1.3", "x", "", NO_SHA256 },
	{ "TLSv1.3", "", "x", NO_SHA256 },
	{ "TLSv1.3", HALF_A, HALF_A, NO_SHA256 },
	{ "TLSv1.3", "", HALF_A ":00:11:22:33", NO_SHA256 },
	{ "TLSv1.1", A, B, "weak" },
};

START_TEST(says_why_not)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct decision decision;
	struct request request;

	request_init(&request);
	request.encryption_protocol = reasons[_i].protocol;
	request.ccert_fingerprint = reasons[_i].certificate;
	request.ccert_pubkey_fingerprint = reasons[_i].key;
	ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts, A, &loader,
				&request, &decision),
			 _i == 0 ? VERDICT_PERMIT : VERDICT_DUNNO);
	ck_assert_str_eq(decision.reason, reasons[_i].reason);
}
END_TEST

static const struct bad_argument refusals[] = {
	{ HALF_A, "smtpd_tls_fingerprint_digest = sha256" },
	{ HALF_A ":00:11:22:33", "smtpd_tls_fingerprint_digest = sha256" },
	{ HALF_A ":00:11:22:33:44:55:66:77:88:99:AA:BB", "28 bytes" },
	{ A ":00", "33 bytes" },
	{ "AB", "1 bytes" },
	{ A ":" B ":00", "not a fingerprint" },
	{ A ":", "not a fingerprint" },
	{ "A", "not a fingerprint" },
	{ "A:B", "not a fingerprint" },
	{ "AG", "not a fingerprint" },
	{ "GA", "not a fingerprint" },
	{ "!" A, "not a fingerprint" },
	{ "553C997A185E1CD973DAB798E6E7CC6C9F86218793330BAEACF1E4A53961250F",
	  "not a fingerprint" },
	{ A " client.example", "\"client.example\": not a fingerprint" },
	{ "texthash:/no-such/certs", "\"texthash:/no-such/certs\": " },
	{ "cdb:/no-such/certs",
	  "\"cdb:/no-such/certs\": " }, /* all letters are hexadecimal */
	{ A " ldap:/etc/postfix/certs", "such a table cannot be used here" },
	{ "table:/etc/postfix/certs", "Postfix has no table type" },
	{ "!static:ok", "not a fingerprint" },
	{ "static:{ }", "its result is empty" },
	{ "regexp:{{/AB/}}", "line 1: its result may be empty" },
	{ "pcre:{{/(x)?/ $1}}", "line 1: its result may be empty" },
	{ "inline:{{" A "=}, " A_LOW "=ok}", "appears twice" },
	{ FILES "/no-such", "No such file" },
	{ FILES, "not a regular file" },
	{ FILES "/bad", FILES "/bad:2: \"not-a-fingerprint\"" },
	{ FILES "/sha1", FILES "/sha1:2: " },
	{ FILES "/indented", FILES "/indented:2: white space" },
};

START_TEST(refuses)
{
	refuse(&restriction_permit_tls_clientcerts, &refusals[_i]);
}
END_TEST

/* Tables of certificates, made from the fingerprint A. */
static const struct {
	const char *type;
	const char *key;
	const char *postmap;  /* how it is made; NULL: not at all */
	enum verdict verdict; /* for A, and for A in lower case */
} certificate_tables[] = {
	{ "hash", A, "postmap", VERDICT_PERMIT },
	{ "hash", A_LOW, "postmap", VERDICT_PERMIT },
	{ "btree", A, "postmap", VERDICT_PERMIT },
	{ "lmdb", A, "postmap", VERDICT_PERMIT },
	{ "texthash", A, NULL, VERDICT_PERMIT },
	{ "texthash", A_LOW, NULL, VERDICT_PERMIT },
	/* Keys that were stored unfolded, Postfix does not find. */
	{ "hash", A, "postmap -f", VERDICT_DUNNO },
	{ "hash", A_LOW, "postmap -f", VERDICT_PERMIT },
	{ "lmdb", A, "postmap -f", VERDICT_DUNNO },
	{ "hash", A_LAST, "postmap", VERDICT_DUNNO },
	{ "hash", HALF_A, "postmap", VERDICT_DUNNO },
	{ "texthash", "", NULL, VERDICT_DUNNO },
};

START_TEST(tables_of_certificates)
{
	struct table_loader loader = { .config_directory = place_directory };
	const char *type = certificate_tables[_i].type;
	char *table = xasprintf("%s:%s/t", type, place_directory);
	const char *const sent[] = { A, A_LOW, B, HALF_A, "" };
	struct decision decision;
	struct request request;
	int i;

	run_shell("printf '%s a client\n' >%s/t", certificate_tables[_i].key,
		  place_directory);
	if (certificate_tables[_i].postmap != NULL)
		run_shell("%s -c %s %s", certificate_tables[_i].postmap,
			  place_directory, table);
	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	for (i = 0; i < COUNT(sent); i++) {
		enum verdict verdict =
			i < 2 ? certificate_tables[_i].verdict : VERDICT_DUNNO;

		request.ccert_fingerprint = sent[i];
		request.ccert_pubkey_fingerprint = "";
		ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts,
					table, &loader, &request, &decision),
				 verdict);
		request.ccert_fingerprint = B;
		request.ccert_pubkey_fingerprint = sent[i];
		ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts,
					table, &loader, &request, &decision),
				 verdict);
	}
	free(table);
}
END_TEST

/* Postfix itself agrees, when it folds what it looks up. */
START_TEST(as_postmap)
{
	struct table_loader loader = { .config_directory = place_directory };
	char *table = xasprintf("hash:%s/t", place_directory);
	struct decision decision;
	struct request request;

	run_shell("printf '%s a client\n' >%s/t", A, place_directory);
	run_shell("postmap -c %s %s", place_directory, table);
	run_shell("postmap -c %s -q %s %s >/dev/null", place_directory, A,
		  table);
	run_shell("! postmap -c %s -q %s %s", place_directory, B, table);
	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	request.ccert_fingerprint = A;
	ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts, table,
				&loader, &request, &decision),
			 VERDICT_PERMIT);
	free(table);
}
END_TEST

/* The table is not there: whoever depends on it is deferred. */
START_TEST(defers_while_the_table_is_away)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.lenient = true,
	};
	char *table = xasprintf("%s hash:%s/none", B, place_directory);
	struct decision decision;
	struct request request;

	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts, table,
				&loader, &request, &decision),
			 VERDICT_DUNNO);
	request.ccert_fingerprint = B;
	ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts, table,
				&loader, &request, &decision),
			 VERDICT_PERMIT);
	request.ccert_fingerprint = A;
	ck_assert_int_eq(decide(&restriction_permit_tls_clientcerts, table,
				&loader, &request, &decision),
			 VERDICT_DEFER);
	ck_assert_int_eq(decision.refusal, REFUSAL_LOOKUP);
	ck_assert_ptr_nonnull(strstr(decision.reason, "relay_clientcerts"));
	ck_assert_uint_eq(loader.failures, 3);
	free(table);
}
END_TEST

START_TEST(says_which_table_has_no_answer)
{
	says_tables(&restriction_permit_tls_clientcerts);
}
END_TEST

START_TEST(has_its_name)
{
	ck_assert_str_eq(restriction_permit_tls_clientcerts.name,
			 "permit_tls_clientcerts");
	ck_assert_str_eq(restriction_permit_tls_clientcerts.parameter,
			 "relay_clientcerts");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("permit_tls_clientcerts");

	tcase_add_loop_test(tests, permits_certificates, 0,
			    COUNT(certificates));
	tcase_add_test(tests, every_digit_counts);
	tcase_add_loop_test(tests, says_why_not, 0, COUNT(reasons));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_checked_fixture(tests, place_make_postfix, place_remove);
	tcase_add_loop_test(tests, tables_of_certificates, 0,
			    COUNT(certificate_tables));
	tcase_add_test(tests, as_postmap);
	tcase_add_test(tests, defers_while_the_table_is_away);
	tcase_add_test(tests, says_which_table_has_no_answer);
	tcase_add_test(tests, has_its_name);
	return run_tests("permit_tls_clientcerts", tests);
}
