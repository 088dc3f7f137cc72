/* SPDX-License-Identifier: ISC */
/* test_restrictions_network - permission by address and by certificate */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/decision/restrictions.h"
#include "t/unit/test.h"

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

/* Of the running test, with a configuration for postmap. */
static char directory[64];

/* decide - open, ask and close one restriction */
static enum verdict decide(const struct restriction *restriction,
			   const char *argument, struct table_loader *loader,
			   const struct request *request,
			   struct decision *decision)
{
	struct restriction_context context = { .loader = loader, .utf8 = true };
	struct error error = { "" };
	bool weak = strcmp(request->encryption_protocol, "TLSv1.3") != 0;
	struct facts facts = { .weak = weak ? "weak" : NULL };
	struct subject subject = { .request = request, .facts = &facts };
	enum verdict verdict;
	void *state = NULL;

	*decision = (struct decision){ .reason = "" };
	ck_assert_msg(restriction->open(argument, &context, &state, &error) ==
			      0,
		      "\"%s\": %s", argument, error.text);
	verdict = restriction->evaluate(&subject, state, decision);
	restriction->close(state);
	return verdict;
}

/* evaluate - likewise, with a strict loader */
static enum verdict evaluate(const struct restriction *restriction,
			     const char *argument,
			     const struct request *request)
{
	struct table_loader loader = { .config_directory = directory };
	struct decision decision;

	return decide(restriction, argument, &loader, request, &decision);
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
	{ "cidr:{{127.0.0.0/8 ok}}", "127.0.0.1", VERDICT_PERMIT },
	{ "cidr:{{127.0.0.0/8 ok}}", "192.0.2.1", VERDICT_DUNNO },
	{ "inline:{192.0.2.1=ok}", "192.0.2.1", VERDICT_PERMIT },
	/* Names of clients count only against them. */
	{ "!inline:{127.0.0.1=no} 0.0.0.0/0", "192.0.2.1", VERDICT_DUNNO },
	{ "inline:{127.0.0.1=ok}", "192.0.2.1", VERDICT_DUNNO },
	{ "fail:x", "192.0.2.1", VERDICT_DEFER },
	{ "192.0.2.1 fail:x", "192.0.2.1", VERDICT_PERMIT },
	{ "!192.0.2.1 fail:x", "192.0.2.1", VERDICT_DUNNO },
};

START_TEST(permits_networks)
{
	struct table_loader loader = { .config_directory = directory };
	struct decision decision;
	struct request request;

	request_init(&request);
	request.client_address = networks[_i].client_address;
	/* The name that the client gives in HELO is no address. */
	request.client_name = request.helo_name = "127.0.0.1";
	request.server_address = "127.0.0.1";
	ck_assert_int_eq(decide(&restriction_permit_mynetworks,
				networks[_i].mynetworks, &loader, &request,
				&decision),
			 networks[_i].verdict);
	if (networks[_i].verdict == VERDICT_PERMIT)
		ck_assert_str_eq(decision.reason,
				 "the client is in mynetworks");
	else
		ck_assert_str_ne(decision.reason,
				 "the client is in mynetworks");
}
END_TEST

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
	struct table_loader loader = { .config_directory = directory };
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

static const struct {
	const struct restriction *restriction;
	const char *argument;
	const char *error; /* part of the reason */
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
	{ &restriction_permit_tls_clientcerts, "GA", "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "!" A, "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts,
	  "553C997A185E1CD973DAB798E6E7CC6C9F86218793330BAEACF1E4A53961250F",
	  "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, A " client.example",
	  "\"client.example\": not a fingerprint" },
	{ &restriction_permit_mynetworks, "mysql:/etc/postfix/nets",
	  "\"mysql:/etc/postfix/nets\": only Postfix can ask the server" },
	{ &restriction_permit_mynetworks, "texthash:/no-such/nets",
	  "No such file" },
	{ &restriction_permit_tls_clientcerts, "texthash:/no-such/certs",
	  "\"texthash:/no-such/certs\": " },
	{ &restriction_permit_tls_clientcerts, "cdb:/no-such/certs",
	  "\"cdb:/no-such/certs\": " }, /* all letters are hexadecimal */
	{ &restriction_permit_tls_clientcerts, A " ldap:/etc/postfix/certs",
	  "such a table cannot be used here" },
	{ &restriction_permit_tls_clientcerts, "table:/etc/postfix/certs",
	  "Postfix has no table type" },
	{ &restriction_permit_tls_clientcerts, "!static:ok",
	  "not a fingerprint" },
	{ &restriction_permit_tls_clientcerts, "static:{ }",
	  "its result is empty" },
	{ &restriction_permit_tls_clientcerts, "regexp:{{/AB/}}",
	  "line 1: its result may be empty" },
	{ &restriction_permit_tls_clientcerts, "pcre:{{/(x)?/ $1}}",
	  "line 1: its result may be empty" },
	{ &restriction_permit_tls_clientcerts,
	  "inline:{{" A "=}, " A_LOW "=ok}", "appears twice" },
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
	struct table_loader loader = { .config_directory = directory };
	struct restriction_context context = { .loader = &loader,
					       .utf8 = true };
	struct error error = { "" };
	void *state = &loader;

	ck_assert_int_eq(restriction->open(refusals[_i].argument, &context,
					   &state, &error),
			 -1);
	ck_assert_ptr_null(state);
	ck_assert_msg(strstr(error.text, refusals[_i].error) != NULL,
		      "\"%s\": \"%s\", not \"%s\"", refusals[_i].argument,
		      error.text, refusals[_i].error);
	restriction->close(state);
}
END_TEST

/* set_up - the directory; its main.cf looks old, since Postfix waits until it
 * has not changed for a while */
static void set_up(void)
{
	strcpy(directory, "/tmp/test_restrictions.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	run_shell("echo compatibility_level = 3.6 >%s/main.cf", directory);
	run_shell("touch -d '1 hour ago' %s/main.cf", directory);
}

static void tear_down(void)
{
	run_shell("rm -r %s", directory);
}

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
	struct table_loader loader = { .config_directory = directory };
	const char *type = certificate_tables[_i].type;
	char *table = xasprintf("%s:%s/t", type, directory);
	const char *const sent[] = { A, A_LOW, B, HALF_A, "" };
	struct decision decision;
	struct request request;
	int i;

	run_shell("printf '%s a client\n' >%s/t", certificate_tables[_i].key,
		  directory);
	if (certificate_tables[_i].postmap != NULL)
		run_shell("%s -c %s %s", certificate_tables[_i].postmap,
			  directory, table);
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
	struct table_loader loader = { .config_directory = directory };
	char *table = xasprintf("hash:%s/t", directory);
	struct decision decision;
	struct request request;

	run_shell("printf '%s a client\n' >%s/t", A, directory);
	run_shell("postmap -c %s %s", directory, table);
	run_shell("postmap -c %s -q %s %s >/dev/null", directory, A, table);
	run_shell("! postmap -c %s -q %s %s", directory, B, table);
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
		.config_directory = directory,
		.lenient = true,
	};
	char *table = xasprintf("10.0.0.1 hash:%s/none 10.0.0.0/8", directory);
	struct decision decision;
	struct request request;

	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	request.client_address = "10.0.0.1";
	ck_assert_int_eq(decide(&restriction_permit_mynetworks, table, &loader,
				&request, &decision),
			 VERDICT_PERMIT);
	request.client_address = "10.0.0.2";
	ck_assert_int_eq(decide(&restriction_permit_mynetworks, table, &loader,
				&request, &decision),
			 VERDICT_DEFER);
	ck_assert_int_eq(decision.refusal, REFUSAL_LOOKUP);
	ck_assert_ptr_nonnull(strstr(decision.reason, "mynetworks"));
	ck_assert_uint_eq(loader.failures, 2);
	free(table);

	table = xasprintf("%s hash:%s/none", B, directory);
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
	ck_assert_uint_eq(loader.failures, 5);
	free(table);
}
END_TEST

/* What policyd -q shows. */
START_TEST(finds_the_network_of_the_client)
{
	const struct restriction *restriction = &restriction_permit_mynetworks;
	struct table_loader loader = { .config_directory = directory };
	struct restriction_context context = { .loader = &loader };
	struct domain_list_match match = { .pattern = NULL };
	struct error error = { "" };
	struct subject subject = { .request = NULL };
	struct request request;
	const char *key = NULL;
	void *state = NULL;

	request_init(&request);
	request.client_address = "192.0.2.7";
	subject.request = &request;
	ck_assert_int_eq(
		restriction->open("192.0.2.0/24", &context, &state, &error), 0);
	restriction->find(&subject, state, &match, &key);
	ck_assert_str_eq(key, "192.0.2.7");
	ck_assert_str_eq(match.pattern, "192.0.2.0/24");
	restriction->close(state);
}
END_TEST

/* says_table - does it say which table has no answer, and why? */
static void says_table(const struct restriction *restriction, const char *list,
		       const char *table, const char *why)
{
	struct table_loader loader = { .config_directory = directory };
	struct restriction_context context = { .loader = &loader };
	struct facts facts = { .weak = NULL };
	struct decision decision = { .reason = "" };
	struct error error = { "" };
	struct request request;
	struct subject subject = { .request = &request, .facts = &facts };
	void *state = NULL;

	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	request.ccert_fingerprint = A;
	request.client_address = "192.0.2.1";
	ck_assert_int_eq(restriction->open(list, &context, &state, &error), 0);
	restriction->evaluate(&subject, state, &decision);
	ck_assert_pstr_eq(decision.table, table);
	ck_assert_int_eq(decision.why == NULL, why == NULL);
	if (why != NULL)
		ck_assert_ptr_nonnull(strstr(decision.why, why));
	restriction->close(state);
}

START_TEST(says_which_table_has_no_answer)
{
	static const struct restriction *const both[] = {
		&restriction_permit_tls_clientcerts,
		&restriction_permit_mynetworks,
	};

	for (int i = 0; i < COUNT(both); i++) {
		says_table(both[i], "fail:x", "fail:x", "always fail");
		says_table(both[i], "pcre:{{/^z$/ x}} fail:x", "fail:x",
			   "always fail");
		says_table(both[i], "pcre:{{/^z$/ x}}", NULL, NULL);
		says_table(both[i], "pcre:{{/./ x}}", NULL, NULL);
	}
}
END_TEST

START_TEST(have_their_names)
{
	ck_assert_str_eq(restriction_permit_mynetworks.name,
			 "permit_mynetworks");
	ck_assert_str_eq(restriction_permit_mynetworks.parameter, "mynetworks");
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
	tcase_add_test(tests, every_digit_counts);
	tcase_add_loop_test(tests, says_why_not, 0, COUNT(reasons));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, tables_of_certificates, 0,
			    COUNT(certificate_tables));
	tcase_add_test(tests, as_postmap);
	tcase_add_test(tests, defers_while_the_table_is_away);
	tcase_add_test(tests, says_which_table_has_no_answer);
	tcase_add_test(tests, finds_the_network_of_the_client);
	tcase_add_test(tests, have_their_names);
	return run_tests("restrictions_network", tests);
}
