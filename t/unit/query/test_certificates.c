/* SPDX-License-Identifier: ISC */
/* test_certificates - files that smtpd(8) can use for TLS, and others */

#include <check.h>

#include "policyd/query/certificates.h"
#include "t/unit/certificates.h"

static void make_files(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");

	directory_make();
	write_key("key", key, NULL);
	write_key("other", other, NULL);
	write_key("secret", key, EVP_aes_128_cbc());
	write_certificate("cert", key, -9, -1, "serverAuth");
	write_text("text", "no certificate\n");
	write_text("empty", "");
	join("both", "cert", "key");
	join("chain", "key", "cert");
	join("wrong", "other", "cert");
	EVP_PKEY_free(other);
	EVP_PKEY_free(key);
}

/* Parameters; @ is the directory of the files. One that has expired is fine
 * with smtpd(8). */
static const struct {
	const char *settings;
	enum smtpd_answer usable;
} cases[] = {
	{ "", SMTPD_YES },
	{ "smtpd_tls_cert_file = none", SMTPD_YES },
	{ "smtpd_tls_cert_file = @/both", SMTPD_YES },
	{ "smtpd_tls_cert_file = @/cert", SMTPD_NO },
	{ "smtpd_tls_cert_file = @/cert\nsmtpd_tls_key_file = @/key",
	  SMTPD_YES },
	{ "smtpd_tls_cert_file = @/cert\nsmtpd_tls_key_file = @/other",
	  SMTPD_NO },
	{ "smtpd_tls_cert_file = @/cert\nsmtpd_tls_key_file = @/nosuch",
	  SMTPD_NO },
	{ "smtpd_tls_cert_file = @/cert\nsmtpd_tls_key_file = @/secret",
	  SMTPD_MAY },
	{ "smtpd_tls_cert_file = @/text\nsmtpd_tls_key_file = @/key",
	  SMTPD_NO },
	{ "smtpd_tls_cert_file = @/empty", SMTPD_NO },
	{ "smtpd_tls_cert_file = @", SMTPD_NO },
	{ "smtpd_tls_cert_file = @/cert/x", SMTPD_MAY },
	{ "smtpd_tls_cert_file = /dev/null", SMTPD_YES },
	{ "smtpd_tls_cert_file = @/both\nsmtpd_tls_eccert_file = @/text",
	  SMTPD_NO },
	{ "smtpd_tls_cert_file = @/both\nsmtpd_tls_eckey_file = @/text",
	  SMTPD_YES },
	{ "smtpd_tls_chain_files = @/chain\nsmtpd_tls_cert_file = @/nosuch",
	  SMTPD_YES },
	{ "smtpd_tls_chain_files = @/key, @/cert", SMTPD_YES },
	{ "smtpd_tls_chain_files = @/wrong", SMTPD_NO },
	{ "smtpd_tls_chain_files = @/both", SMTPD_MAY },
	{ "smtpd_tls_chain_files = @/chain, @/nosuch", SMTPD_NO },
	{ "smtpd_tls_chain_files = @/key", SMTPD_NO },
	{ "smtpd_tls_chain_files = /dev/null", SMTPD_YES },
	{ "smtpd_tls_chain_files = none\nsmtpd_tls_cert_file = @/text",
	  SMTPD_NO },
};

START_TEST(says_what_can_be_used)
{
	struct postfix postfix = { 0 };
	const struct smtpd_port port = { .postfix = &postfix };
	struct error why = { "" };
	char *text;

	make_files();
	text = expand(cases[_i].settings);
	ck_assert_int_eq(postfix_values_parse(&postfix.effective, text, NULL),
			 0);
	ck_assert_int_eq(certificates_usable(&port, &why), cases[_i].usable);
	ck_assert_int_eq(*why.text == '\0', cases[_i].usable != SMTPD_NO);
	free(text);
	postfix_clear(&postfix);
	directory_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("certificates");

	tcase_add_loop_test(tests, says_what_can_be_used, 0, COUNT(cases));
	return run_tests("certificates", tests);
}
