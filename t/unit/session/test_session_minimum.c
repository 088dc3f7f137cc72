/* SPDX-License-Identifier: ISC */
/* test_session_minimum - tls_protocols, tls_ciphers, tls_keysize: what they
 * allow, and which values are refused */

#include <check.h>

#include "t/unit/session/minimums.h"

/* Lists of protocols, and which of the five are strong enough then. */
static const struct {
	const char *protocols;
	const char *allowed; /* S SSLv3, 0 TLSv1, 1 TLSv1.1, ... */
} lists[] = {
	{ ">=TLSv1.2", "23" },
	{ ">=tlsV1.2", "23" },
	{ "<=TLSv1.3", "S0123" },
	{ ">=TLSv1, <=TLSv1.2", "012" },
	{ ">=TLSv1:<=TLSv1.2", "012" },
	{ "<=TLSv1.2\t>=TLSv1.2", "2" },
	{ ">=TLSv1.3", "3" },
	{ ">=SSLv3", "S0123" },
	{ "!SSLv3, !TLSv1", "123" },
	{ "!SSLv2,!SSLv3", "0123" },
	{ "!SSLv2", "S0123" },
	{ "TLSv1.2, TLSv1.3", "23" },
	{ "TLSv1.2 TLSv1.3", "23" },
	{ "tlsv1.2:TLSV1.3", "23" },
	{ ",, TLSv1.3 ,", "3" },
	{ "TLSv1", "0" },
	{ "TLSv1.1", "1" },
	{ "SSLv3", "S" },
	{ "SSLv2, SSLv3", "S" },
	{ "TLSv1.2, TLSv1.3, !TLSv1.3", "2" },
	{ "TLSv1, TLSv1.1, TLSv1.2, >=TLSv1.1", "12" },
	{ ">=TLSv1.3, >=TLSv1.1", "123" }, /* the last one, as in Postfix */
};

/* Cipher strings that administrators have in use. */
static const char *const strings[] = {
	"HIGH",
	"HIGH:!aNULL",
	"modern",
	"intermediate",
	"high",
	"medium",
	"DEFAULT",
	"DEFAULT:!kRSA",
	"ALL",
	"AES+HIGH",
	"DEFAULT@SECLEVEL=2",
	"HIGH:@SECLEVEL=2",
	"HIGH:@STRENGTH",
	"ALL:!EXPORT:!LOW:!RC4:!3DES:!DES:!SEED:!IDEA:!MD5:!PSK:!SRP:!DSS",
	"aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH",
	"aNULL:-aNULL:HIGH:@STRENGTH",
	"HIGH !aNULL !eNULL",
	"HIGH,!aNULL;!MD5",
	"EECDH+CHACHA20:EECDH+AESGCM:EDH+AESGCM",
	"SUITEB128",
	"SUITEB192",
	"kEECDH+ECDSA+AES256:kEDH+aRSA:!kRSA",
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
	"DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:"
	"DHE-RSA-CHACHA20-POLY1305",
	"ECDHE-RSA-AES256-GCM-SHA384:EDH-RSA-DES-CBC3-SHA:!DES-CBC3-SHA",
};

START_TEST(reads_protocols)
{
	static const struct {
		char letter;
		const char *protocol;
		const char *cipher;
	} sessions[] = {
		{ 'S', "SSLv3", "AES256-SHA" },
		{ '0', "TLSv1", "AES256-SHA" },
		{ '1', "TLSv1.1", "AES256-SHA" },
		{ '2', "TLSv1.2", "AES256-SHA" },
		{ '3', "TLSv1.3", "TLS_AES_256_GCM_SHA384" },
	};
	struct session_minimum *policy = policy_new(lists[_i].protocols, "", 0);
	char allowed[COUNT(sessions) + 1] = "";
	int i, length = 0;

	for (i = 0; i < COUNT(sessions); i++)
		if (session_judge(policy, sessions[i].protocol,
				  sessions[i].cipher, "256") == NULL)
			allowed[length++] = sessions[i].letter;
	ck_assert_msg(strcmp(allowed, lists[_i].allowed) == 0,
		      "\"%s\" allows %s, not %s", lists[_i].protocols, allowed,
		      lists[_i].allowed);
	ck_assert_str_eq(session_judge(policy, "SSLv2", "AES256-SHA", "256"),
			 TOO_OLD);
	session_minimum_free(policy);
}
END_TEST

START_TEST(refuses)
{
	ck_assert(is_refused(_i));
	/* Nobody must ask for the reason. */
	ck_assert_ptr_null(session_minimum_new(refusals[_i].protocols,
					       refusals[_i].ciphers,
					       refusals[_i].keysize, NULL));
}
END_TEST

START_TEST(accepts)
{
	struct session_minimum *policy = policy_new("", strings[_i], 0);

	ck_assert_ptr_null(session_judge(policy, "TLSv1.3",
					 "TLS_AES_256_GCM_SHA384", "256"));
	ck_assert_ptr_nonnull(
		session_judge(policy, "TLSv1.2", "NULL-SHA256", "0"));
	ck_assert_ptr_nonnull(
		session_judge(policy, "TLSv1.2", "RC4-SHA", "128"));
	ck_assert_ptr_nonnull(
		session_judge(policy, "TLSv1.2", "AECDH-AES256-SHA", "256"));
	session_minimum_free(policy);
}
END_TEST

int main(void)
{
	TCase *tests;

	openssl_init(); /* as main() does; before anything else */
	tests = tcase_create("session_minimum");
	tcase_add_loop_test(tests, reads_protocols, 0, COUNT(lists));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_loop_test(tests, accepts, 0, COUNT(strings));
	return run_tests("session_minimum", tests);
}
