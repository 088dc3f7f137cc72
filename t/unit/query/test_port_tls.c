/* SPDX-License-Identifier: ISC */
/* test_port_tls - settings with which smtpd(8) offers TLS, or does not */

#include <check.h>

#include "lib/postfix/smtpd_ports.h"
#include "policyd/query/port_tls.h"
#include "t/unit/certificates.h"

/* Parameters; @ is the directory of the files. The parameter that ends TLS, or
 * "" for MAY, or NULL. */
static const struct {
	const char *settings;
	const char *ends;
} cases[] = {
	{ "", NULL },
	{ "smtpd_tls_protocols = !SSLv2, !sslv3 : >=TLSv1.2", NULL },
	{ "smtpd_tls_protocols = <=TLSv1.2 TLSv1.1", NULL },
	{ "smtpd_tls_protocols = >=0303", NULL },
	{ "smtpd_tls_protocols = >=", NULL },
	{ "smtpd_tls_protocols = !SSLv2, !TLSv1.0", "smtpd_tls_protocols" },
	{ "smtpd_tls_protocols = >=TLS1.2", "smtpd_tls_protocols" },
	{ "smtpd_tls_protocols = !SSLv2;!SSLv3", "smtpd_tls_protocols" },
	{ "smtpd_tls_protocols = SSLv3, SSLv2", "smtpd_tls_protocols" },
	{ "smtpd_tls_protocols = <=SSLv3", "smtpd_tls_protocols" },
	{ "smtpd_tls_protocols = TLSv1.1 >=TLSv1.2", "smtpd_tls_protocols" },
	{ "smtpd_tls_mandatory_protocols = none", NULL },
	{ "smtpd_tls_security_level = encrypt\n"
	  "smtpd_tls_mandatory_protocols = none",
	  "smtpd_tls_mandatory_protocols" },
	{ "smtpd_tls_security_level = encrypt\nsmtpd_tls_protocols = none",
	  NULL },
	{ "smtpd_tls_ciphers = High", NULL },
	{ "smtpd_tls_ciphers = HIGH:!aNULL", "smtpd_tls_ciphers" },
	{ "smtpd_tls_security_level = encrypt\n"
	  "smtpd_tls_mandatory_ciphers = strong",
	  "smtpd_tls_mandatory_ciphers" },
	{ "smtpd_tls_exclude_ciphers = aNULL, RC4", NULL },
	{ "smtpd_tls_exclude_ciphers = aNULL, !RC4",
	  "smtpd_tls_exclude_ciphers" },
	{ "smtpd_tls_mandatory_exclude_ciphers = +RC4", NULL },
	{ "smtpd_tls_security_level = encrypt\n"
	  "smtpd_tls_mandatory_exclude_ciphers = +RC4",
	  "smtpd_tls_mandatory_exclude_ciphers" },
	{ "smtpd_tls_ciphers = Medium\ntls_medium_cipherlist = HIGH\n"
	  "smtpd_tls_exclude_ciphers = RC4",
	  NULL },
	{ "smtpd_tls_ciphers = medium\ntls_medium_cipherlist = HIGH\n"
	  "smtpd_tls_exclude_ciphers = ALL",
	  "" },
	{ "smtpd_tls_fingerprint_digest = sha256", NULL },
	{ "smtpd_tls_fingerprint_digest = sha-266", "" },
	{ "smtpd_tls_CAfile = @/cert", NULL },
	{ "smtpd_tls_CAfile = @/nosuch", "smtpd_tls_CAfile" },
	{ "smtpd_tls_CAfile = @/text", "smtpd_tls_CAfile" },
	{ "smtpd_tls_CAfile = /dev/null", "" },
	{ "smtpd_tls_CAfile = relative", "" },
	{ "tls_server_sni_maps = hash:/nosuch", "" },
	{ "tls_server_sni_maps = inline:{a=b}", NULL },
	{ "smtpd_tls_cert_file = @/text", "smtpd_tls_cert_file" },
	{ "smtpd_tls_chain_files = @/text", "smtpd_tls_chain_files" },
	{ "smtpd_tls_CAfile = @/nosuch\nsmtpd_tls_cert_file = @/text",
	  "smtpd_tls_CAfile" },
};

static void make_files(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	directory_make();
	write_certificate("cert", key, -9, 9, "serverAuth");
	write_text("text", "no certificate\n");
	EVP_PKEY_free(key);
}

START_TEST(says_what_ends_it)
{
	const char *parameter = NULL;
	struct postfix postfix = { 0 };
	struct error why = { "" };
	struct smtpd_port port;
	enum smtpd_answer usable;
	char *text;

	make_files();
	text = expand(cases[_i].settings);
	ck_assert_int_eq(postfix_values_parse(&postfix.effective, text, NULL),
			 0);
	ck_assert_int_eq(postfix_services_parse(&postfix,
						"smtp inet n - n - - smtpd\n",
						false, NULL),
			 0);
	smtpd_port_open(&port, &postfix, postfix.services);
	port.demands_tls = strstr(text, "encrypt") != NULL;
	usable = port_tls_usable(&port, &parameter, &why);
	ck_assert_int_eq(port_tls_usable(&port, NULL, NULL), usable);
	if (cases[_i].ends == NULL) {
		ck_assert_int_eq(usable, SMTPD_YES);
	} else if (*cases[_i].ends == '\0') {
		ck_assert_int_eq(usable, SMTPD_MAY);
	} else {
		ck_assert_int_eq(usable, SMTPD_NO);
		ck_assert_str_eq(parameter, cases[_i].ends);
		ck_assert_str_ne(why.text, "");
	}
	free(text);
	smtpd_port_close(&port);
	postfix_clear(&postfix);
	directory_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("port_tls");

	tcase_add_loop_test(tests, says_what_ends_it, 0, COUNT(cases));
	return run_tests("port_tls", tests);
}
