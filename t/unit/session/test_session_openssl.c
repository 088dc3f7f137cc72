/* SPDX-License-Identifier: ISC */
/* test_session_openssl - when OpenSSL fails, or knows what is obsolete
 *
 * The program puts functions before those of the library. */

#include <check.h>
#include <dlfcn.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "t/unit/session/minimums.h"

/* Calls of OpenSSL until one fails; negative: none does. The functions below
 * replace those of the library. */
static int calls_left = -1;

/* fails - is it this call's turn? */
static bool fails(void)
{
	if (calls_left < 0 || calls_left-- > 0)
		return false;
	ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
	return true;
}

/* library_function - the one that this program has put itself before */
static void *library_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

OSSL_LIB_CTX *OSSL_LIB_CTX_new(void)
{
	OSSL_LIB_CTX *(*real)(void);

	*(void **)&real = library_function("OSSL_LIB_CTX_new");
	return fails() ? NULL : real();
}

OSSL_PROVIDER *OSSL_PROVIDER_load(OSSL_LIB_CTX *library, const char *name)
{
	OSSL_PROVIDER *(*real)(OSSL_LIB_CTX *, const char *);

	*(void **)&real = library_function("OSSL_PROVIDER_load");
	return fails() ? NULL : real(library, name);
}

SSL_CTX *SSL_CTX_new_ex(OSSL_LIB_CTX *library, const char *properties,
			const SSL_METHOD *method)
{
	SSL_CTX *(*real)(OSSL_LIB_CTX *, const char *, const SSL_METHOD *);

	*(void **)&real = library_function("SSL_CTX_new_ex");
	return fails() ? NULL : real(library, properties, method);
}

int SSL_CTX_set_ciphersuites(SSL_CTX *context, const char *suites)
{
	int (*real)(SSL_CTX *, const char *);

	*(void **)&real = library_function("SSL_CTX_set_ciphersuites");
	return fails() ? 0 : real(context, suites);
}

SSL *SSL_new(SSL_CTX *context)
{
	SSL *(*real)(SSL_CTX *);

	*(void **)&real = library_function("SSL_new");
	return fails() ? NULL : real(context);
}

STACK_OF(SSL_CIPHER) * SSL_get1_supported_ciphers(SSL *ssl)
{
	STACK_OF(SSL_CIPHER) * (*real)(SSL *);

	*(void **)&real = library_function("SSL_get1_supported_ciphers");
	return fails() ? NULL : real(ssl);
}

/* When any call of OpenSSL fails, there is no policy. */
START_TEST(openssl_fails)
{
	struct session_minimum *policy;
	int call;

	for (call = 0;; call++) {
		struct error error = { "" };

		calls_left = call;
		policy = session_minimum_new(">=TLSv1.2", "HIGH", 128, &error);
		if (policy != NULL)
			break;
		ck_assert_int_eq(calls_left, -1);
		ck_assert_msg(strstr(error.text, "OpenSSL: ") != NULL ||
				      strstr(error.text, "HIGH") != NULL,
			      "call %d: \"%s\"", call, error.text);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
	calls_left = -1;
	/* 2 to set up, 2 for each of 3 contexts, 2 for each of 2 lists; more
	 * where the library's own calls come here too. */
	ck_assert_int_ge(call, 12);
	session_minimum_free(policy);
}
END_TEST

/* The algorithm that AES128-SHA is said to have; 0: its own. */
static int disguise;

int SSL_CIPHER_get_cipher_nid(const SSL_CIPHER *suite)
{
	int (*real)(const SSL_CIPHER *);

	*(void **)&real = library_function("SSL_CIPHER_get_cipher_nid");
	if (disguise != 0 &&
	    strcmp(SSL_CIPHER_get_name(suite), "AES128-SHA") == 0)
		return disguise;
	return real(suite);
}

static const int obsolete[] = {
	NID_rc4,	  NID_rc2_cbc,	     NID_des_cbc,
	NID_des_ede3_cbc, NID_idea_cbc,	     NID_seed_cbc,
	NID_gost89_cnt,	  NID_gost89_cnt_12, NID_magma_ctr_acpkm,
};

/* An OpenSSL that still has RC4 and the like. */
START_TEST(obsolete_algorithms_are_unknown)
{
	struct session_minimum *policy;

	disguise = obsolete[_i];
	policy = policy_new("", "HIGH", 0);
	disguise = 0;
	ck_assert_str_eq(session_judge(policy, "TLSv1.2", "AES128-SHA", "128"),
			 NAMELESS);
	ck_assert_ptr_null(
		session_judge(policy, "TLSv1.2", "AES256-SHA", "256"));
	session_minimum_free(policy);
}
END_TEST

START_TEST(frees_nothing)
{
	session_minimum_free(NULL);
}
END_TEST

/* OpenSSL may make a block larger, smaller, or nothing. */
START_TEST(openssl_changes_sizes)
{
	char *block = OPENSSL_strdup("abc");

	block = OPENSSL_realloc(block, 1000);
	ck_assert_pstr_eq(block, "abc");
	ck_assert_ptr_null(OPENSSL_realloc(block, 0));
}
END_TEST

int main(void)
{
	TCase *tests;

	openssl_init(); /* as main() does; before anything else */
	tests = tcase_create("session_openssl");
	tcase_add_test(tests, openssl_fails);
	tcase_add_test(tests, openssl_changes_sizes);
	tcase_add_loop_test(tests, obsolete_algorithms_are_unknown, 0,
			    COUNT(obsolete));
	tcase_add_test(tests, frees_nothing);
	return run_tests("session_openssl", tests);
}
