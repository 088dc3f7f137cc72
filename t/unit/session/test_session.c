/* SPDX-License-Identifier: ISC */
/* test_session - which sessions count as encrypted, whatever openssl.cnf says
 *
 * The program runs itself again with hostile OpenSSL configurations:
 * "test_session judge" tries all rows, "test_session loaded" does so after
 * OpenSSL has read its configuration, "test_session control" shows that the
 * configuration does harm to those who let it. */

#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "t/unit/session/minimums.h"

enum {
	ANY,
	PROTO,
	KEY,
	KEY256,
	HIGH,
	FULL,
	FORWARD,
	WIDE,
	OLD,
	HIGH256,
	LEVEL3,
	MODERN,
	INTERMEDIATE,
	INTER128,
	HIGH_GRADE,
	MEDIUM_GRADE,
	OLD_HIGH,
	POLICIES
};

static const struct {
	const char *protocols;
	const char *ciphers;
	int keysize;
} policies[POLICIES] = {
	[ANY] = { "", "", 0 },
	[PROTO] = { ">=TLSv1.2", "", 0 },
	[KEY] = { "", "", 128 },
	[KEY256] = { "", "", 256 },
	[HIGH] = { "", "HIGH:!aNULL", 0 },
	[FULL] = { ">=TLSv1.2", "HIGH:!aNULL", 128 },
	[FORWARD] = { ">=TLSv1.2",
		      "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL", 128 },
	[WIDE] = { "", "ALL:eNULL:@SECLEVEL=0", 0 },
	[OLD] = { "<=TLSv1.1", "", 0 },
	[HIGH256] = { "TLSv1.2 TLSv1.3", "HIGH:!aNULL", 256 },
	[LEVEL3] = { "", "HIGH:@SECLEVEL=3", 0 },
	[MODERN] = { ">=TLSv1.2", "modern", 0 },
	[INTERMEDIATE] = { "", "intermediate", 0 },
	[INTER128] = { "!TLSv1.3", "intermediate", 128 },
	[HIGH_GRADE] = { ">=TLSv1.2", "high", 128 },
	[MEDIUM_GRADE] = { ">=TLSv1", "medium", 0 },
	[OLD_HIGH] = { "<=TLSv1.2", "high", 256 },
};

/* As a key size: what this OpenSSL says; 128, or 64 for CCM8 in later ones. */
#define OF_OPENSSL NULL

static const struct {
	int policy;
	const char *protocol;
	const char *cipher;
	const char *keysize;
	const char *reason; /* NULL: strong enough */
} rows[] = {
	/* No condition: the name of a protocol is enough. */
	{ ANY, "", "", "", PLAIN },
	{ ANY, "", "", "0", PLAIN },
	{ ANY, "", "AES256-SHA", "256", PLAIN },
	{ ANY, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NULL },
	{ ANY, "TLSv1.2", "NULL-SHA256", "0", NULL },
	{ ANY, "SSLv3", "RC4-MD5", "128", NULL },
	{ ANY, "QUIC", "", "", NULL },

	/* Protocols only. */
	{ PROTO, "", "", "0", PLAIN },
	{ PROTO, "", "TLS_AES_256_GCM_SHA384", "256", PLAIN },
	{ PROTO, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NULL },
	{ PROTO, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "256", NULL },
	{ PROTO, "TLSv1.2", "AES128-SHA", "128", NULL },
	{ PROTO, "TLSv1.2", "ADH-AES256-SHA", "256", NOBODY },
	{ PROTO, "TLSv1.2", "AES128-SHA", "", BITS },
	{ PROTO, "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256", TOO_OLD },
	{ PROTO, "TLSv1", "ECDHE-RSA-AES256-SHA", "256", TOO_OLD },
	{ PROTO, "SSLv3", "AES256-SHA", "256", TOO_OLD },
	{ PROTO, "SSLv2", "AES256-SHA", "256", TOO_OLD },
	{ PROTO, "TLSv1.4", "TLS_AES_256_GCM_SHA384", "256", UNKNOWN },
	{ PROTO, "TLSv1.30", "TLS_AES_256_GCM_SHA384", "256", UNKNOWN },
	{ PROTO, "tlsv1.3", "TLS_AES_256_GCM_SHA384", "256", UNKNOWN },
	{ PROTO, "TLSV1.2", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, "TLSv1.2 ", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, " TLSv1.2", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, "TLSv1/SSLv3", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, "DTLSv1.2", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, "unknown", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, ">=TLSv1.2", "AES128-SHA", "128", UNKNOWN },
	{ PROTO, "TLSv1.2", "", "", NAMELESS },
	{ PROTO, "TLSv1.2", "HIGH", "256", NAMELESS },
	{ PROTO, "TLSv1.2", "RC4-SHA", "128", NAMELESS },
	{ PROTO, "TLSv1.2", "NULL-SHA256", "0", NOTHING },
	{ PROTO, "TLSv1.2", "NULL-SHA256", "256", NOTHING },
	{ OLD, "TLSv1.1", "AES128-SHA", "128", NULL },
	{ OLD, "TLSv1", "AES128-SHA", "128", NULL },
	{ OLD, "SSLv3", "AES128-SHA", "128", NULL },
	{ OLD, "SSLv2", "AES128-SHA", "128", TOO_OLD },
	{ OLD, "TLSv1.2", "AES128-SHA", "128", NOT_THIS },
	{ OLD, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NOT_THIS },
	{ OLD, "TLSv1.1", "NULL-SHA", "0", NOTHING },

	/* Key size only. */
	{ KEY, "", "AES128-SHA", "128", PLAIN },
	{ KEY, "TLSv1.2", "AES128-SHA", "128", NULL },
	{ KEY, "TLSv1.1", "AES128-SHA", "128", NULL },
	{ KEY, "TLSv1", "AES256-SHA", "256", NULL },
	{ KEY, "SSLv3", "AES256-SHA", "256", NULL },
	{ KEY, "TLSv1.2", "ADH-AES256-SHA", "256", NOBODY },
	{ KEY, "SSLv2", "AES256-SHA", "256", TOO_OLD },
	{ KEY, "x", "AES256-SHA", "256", UNKNOWN },
	{ KEY, "TLSv1.2", "AES256-SHA", "128", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "256", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "0128", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "+128", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", " 128", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "128 ", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "0x80", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "128.0", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "-128", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "4294967424", BITS },
	{ KEY, "TLSv1.2", "AES128-SHA", "18446744073709551744", BITS },
	{ KEY, "TLSv1.2", "NULL-SHA", "0", NOTHING },
	{ KEY, "TLSv1.2", "NULL-MD5", "128", NOTHING },
	{ KEY, "TLSv1.2", "AECDH-NULL-SHA", "0", NOTHING },
	{ KEY, "TLSv1.2", "ECDHE-RSA-NULL-SHA", "0", NOTHING },
	{ KEY, "TLSv1.2", "RC4-SHA", "128", NAMELESS },
	{ KEY, "TLSv1.2", "SEED-SHA", "128", NAMELESS },
	{ KEY, "TLSv1.2", "IDEA-CBC-SHA", "128", NAMELESS },
	{ KEY, "TLSv1.2", "DES-CBC3-SHA", "168", NAMELESS },
	{ KEY256, "TLSv1.2", "AES128-SHA", "128", SHORT },
	{ KEY256, "TLSv1.2", "AES128-SHA", "256", BITS },
	{ KEY256, "TLSv1.2", "AES256-SHA", "256", NULL },
	{ KEY256, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", SHORT },
	{ KEY256, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NULL },
	{ KEY256, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "256", NULL },

	/* Ciphers only. */
	{ HIGH, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", NULL },
	{ HIGH, "TLSv1.2", "AES128-SHA", "128", NULL },
	{ HIGH, "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256", NULL },
	{ HIGH, "TLSv1.2", "CAMELLIA128-SHA", "128", NULL },
	{ HIGH, "TLSv1.2", "ADH-AES256-SHA", "256", NOBODY },
	{ HIGH, "TLSv1.2", "ADH-AES256-GCM-SHA384", "256", NOBODY },
	{ HIGH, "TLSv1.2", "AECDH-AES256-SHA", "256", NOBODY },
	{ HIGH, "TLSv1.2", "NULL-SHA256", "0", NOTHING },
	{ HIGH, "TLSv1.2", "PSK-AES256-CBC-SHA", "256", NAMELESS },
	{ HIGH, "TLSv1.2", "SRP-AES-256-CBC-SHA", "256", NAMELESS },
	{ HIGH, "TLSv1.3", "TLS_AES_128_CCM_SHA256", "128", NULL },
	{ HIGH, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", NULL },
	{ HIGH, "TLSv1.2", "TLS_AES_128_GCM_SHA256", "128", MISFIT },
	{ HIGH, "TLSv1.3", "AES128-SHA", "128", MISFIT },
	{ HIGH, "TLSv1.3", "ECDHE-RSA-AES256-GCM-SHA384", "256", MISFIT },
	{ WIDE, "TLSv1.2", "ADH-AES256-SHA", "256", NOBODY },
	{ WIDE, "TLSv1.2", "AECDH-AES128-SHA", "128", NOBODY },
	{ WIDE, "TLSv1.2", "NULL-SHA", "0", NOTHING },
	{ WIDE, "TLSv1.2", "AECDH-NULL-SHA", "0", NOTHING },
	{ WIDE, "TLSv1.2", "EXP-RC4-MD5", "40", NAMELESS },
	{ LEVEL3, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", NULL },
	{ LEVEL3, "TLSv1.2", "AES256-GCM-SHA384", "256", WEAK },
	{ LEVEL3, "TLSv1.2", "ADH-AES256-GCM-SHA384", "256", NOBODY },

	/* Everything together, as in the sample of the administrator. */
	{ FULL, "", "", "", PLAIN },
	{ FULL, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NULL },
	{ FULL, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", NULL },
	{ FULL, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "256", NULL },
	{ FULL, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "256", NULL },
	{ FULL, "TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", "256", NULL },
	{ FULL, "TLSv1.2", "DHE-RSA-AES128-GCM-SHA256", "128", NULL },
	{ FULL, "TLSv1.2", "ECDHE-ARIA256-GCM-SHA384", "256", NULL },
	{ FULL, "TLSv1.2", "AES256-GCM-SHA384", "256", NULL },
	{ FULL, "TLSv1.2", "ecdhe-rsa-chacha20-poly1305", "256", NAMELESS },
	{ FULL, "TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305 ", "256", NAMELESS },
	{ FULL, "TLSv1.2", "ECDHE-RSA-CHACHA20-POLY130", "256", NAMELESS },
	{ FULL, "TLSv1.2", "ECDHE-RSA-CHACHA20-POLY13055", "256", NAMELESS },
	{ FULL, "TLSv1.2", "", "256", NAMELESS },
	{ FULL, "TLSv1.2", "!", "256", NAMELESS },
	{ FULL, "TLSv1.2", "\xff\xfe", "256", NAMELESS },
	{ FULL, "TLSv1.2", "zzz", "256", NAMELESS },
	{ FULL, "TLSv1.2", "AES128-SHA", "256", BITS },
	{ FULL, "TLSv1.1", "AES256-SHA", "256", TOO_OLD },
	{ FULL, "TLSv1", "NULL-SHA", "0", TOO_OLD },
	{ FULL, "TLSv1.2", "NULL-SHA256", "0", NOTHING },
	{ FULL, "TLSv1.2", "NULL-SHA256", "128", NOTHING },
	{ FULL, "TLSv1.2", "ADH-AES128-SHA", "128", NOBODY },
	{ FULL, "TLSv1.2", "ADH-CAMELLIA256-SHA", "256", NOBODY },
	{ FULL, "TLSv1.2", "ADH-RC4-MD5", "128", NAMELESS },
	{ FULL, "TLSv1.2", "RC4-MD5", "128", NAMELESS },
	{ FULL, "TLSv1.2", "ECDHE-RSA-RC4-SHA", "128", NAMELESS },
	{ FULL, "TLSv1.2", "ECDHE-RSA-DES-CBC3-SHA", "112", NAMELESS },
	{ FULL, "TLSv1.2", "EDH-RSA-DES-CBC3-SHA", "168", NAMELESS },
	{ FULL, "TLSv1.2", "DES-CBC-SHA", "56", NAMELESS },
	{ FULL, "TLSv1.2", "EXP-DES-CBC-SHA", "40", NAMELESS },
	{ FULL, "TLSv1.2", "EXP-RC2-CBC-MD5", "40", NAMELESS },
	{ FULL, "TLSv1.2", "EXP1024-RC4-SHA", "56", NAMELESS },
	{ FULL, "TLSv1.2", "GOST2012-GOST8912-GOST8912", "256", NAMELESS },
	{ FULL, "TLSv1.3", "TLS_SM4_GCM_SM3", "128", NAMELESS },
	{ FULL, "TLSv1.3", "TLS_SHA256_SHA256", "0", NAMELESS },
	{ FULL, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "128", BITS },
	{ FULL, "TLSv1.3", "NULL-SHA256", "0", NOTHING },
	{ FULL, "TLSv1.3", "AES256-SHA", "256", MISFIT },
	{ FULL, "TLSv1.4", "TLS_AES_256_GCM_SHA384", "256", UNKNOWN },
	{ FORWARD, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128", NULL },
	{ FORWARD, "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305", "256", NULL },
	{ FORWARD, "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", "256", NULL },
	{ FORWARD, "TLSv1.2", "AES256-GCM-SHA384", "256", WEAK },
	{ FORWARD, "TLSv1.2", "ECDHE-RSA-AES256-SHA384", "256", WEAK },
	{ FORWARD, "TLSv1.2", "ECDHE-RSA-CAMELLIA256-SHA384", "256", WEAK },
	{ FORWARD, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", NULL },
	{ HIGH256, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128", SHORT },
	{ HIGH256, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", NULL },
	{ HIGH256, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", SHORT },
	{ HIGH256, "TLSv1.2", "ADH-AES256-SHA", "256", NOBODY },

	/* Values that do not belong together, with any minimum. */
	{ PROTO, "TLSv1.2", "AES128-SHA", "256", BITS },
	{ PROTO, "TLSv1.2", "TLS_AES_128_GCM_SHA256", "128", MISFIT },
	{ PROTO, "TLSv1.3", "AES128-SHA", "128", MISFIT },
	{ PROTO, "TLSv1.2", "NULL-SHA256", "", NOTHING },
	{ KEY, "TLSv1.1", "ECDHE-RSA-AES256-GCM-SHA384", "256", MISFIT },
	{ KEY, "TLSv1.1", "AES256-SHA256", "256", MISFIT },
	{ KEY, "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256", NULL },
	{ KEY, "TLSv1", "ECDHE-RSA-AES256-SHA", "256", NULL },
	{ KEY, "SSLv3", "ECDHE-RSA-AES256-SHA", "256", MISFIT },
	{ KEY, "TLSv1", "TLS_CHACHA20_POLY1305_SHA256", "256", MISFIT },
	{ OLD, "TLSv1.1", "DHE-RSA-CHACHA20-POLY1305", "256", MISFIT },
	{ WIDE, "TLSv1.1", "ADH-AES256-GCM-SHA384", "256", MISFIT },
	{ WIDE, "TLSv1.1", "ADH-AES256-SHA", "256", NOBODY },

	/* Mozilla's names. */
	{ MODERN, "", "", "0", PLAIN },
	{ MODERN, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", NULL },
	{ MODERN, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NULL },
	{ MODERN, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "256", NULL },
	{ MODERN, "TLSv1.3", "TLS_AES_128_CCM_SHA256", "128", WEAK },
	{ MODERN, "TLSv1.3", "TLS_AES_128_CCM_8_SHA256", OF_OPENSSL, WEAK },
	{ MODERN, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "128", BITS },
	{ MODERN, "TLSv1.3", "ECDHE-RSA-AES256-GCM-SHA384", "256", MISFIT },
	{ MODERN, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", TOO_OLD },
	{ MODERN, "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256", TOO_OLD },
	{ MODERN, "TLSv1.4", "TLS_AES_256_GCM_SHA384", "256", UNKNOWN },
	{ INTERMEDIATE, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", NULL },
	{ INTERMEDIATE, "TLSv1.3", "TLS_AES_128_CCM_SHA256", "128", WEAK },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "128",
	  NULL },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128", NULL },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", "256",
	  NULL },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256", NULL },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305", "256",
	  NULL },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", "256", NULL },
	{ INTERMEDIATE, "TLSv1.2", "DHE-RSA-AES128-GCM-SHA256", "128", NULL },
	{ INTERMEDIATE, "TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", "256", NULL },
	{ INTERMEDIATE, "TLSv1.2", "DHE-RSA-CHACHA20-POLY1305", "256", NULL },
	{ INTERMEDIATE, "TLSv1.2", "AES256-GCM-SHA384", "256", WEAK },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-RSA-AES256-SHA384", "256", WEAK },
	{ INTERMEDIATE, "TLSv1.2", "ECDHE-ARIA256-GCM-SHA384", "256", WEAK },
	{ INTERMEDIATE, "TLSv1.2", "DHE-DSS-AES256-GCM-SHA384", "256", WEAK },
	{ INTERMEDIATE, "TLSv1.2", "ADH-AES256-GCM-SHA384", "256", NOBODY },
	{ INTERMEDIATE, "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256", TOO_OLD },
	{ INTERMEDIATE, "TLSv1.1", "ECDHE-RSA-AES256-GCM-SHA384", "256",
	  TOO_OLD },
	{ INTERMEDIATE, "TLSv1", "ECDHE-RSA-AES256-SHA", "256", TOO_OLD },
	{ INTERMEDIATE, "SSLv3", "AES256-SHA", "256", TOO_OLD },
	{ INTER128, "TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "128", NULL },
	{ INTER128, "TLSv1.3", "TLS_AES_128_GCM_SHA256", "128", NOT_THIS },

	/* Postfix's. */
	{ HIGH_GRADE, "TLSv1.3", "TLS_AES_128_CCM_SHA256", "128", NULL },
	{ HIGH_GRADE, "TLSv1.2", "ECDHE-RSA-AES256-SHA384", "256", NULL },
	{ HIGH_GRADE, "TLSv1.2", "AES128-SHA", "128", NULL },
	{ HIGH_GRADE, "TLSv1.2", "ADH-AES128-SHA", "128", NOBODY },
	{ HIGH_GRADE, "TLSv1.2", "NULL-SHA256", "0", NOTHING },
	{ HIGH_GRADE, "TLSv1.2", "DES-CBC3-SHA", "112", NAMELESS },
	{ HIGH_GRADE, "TLSv1.1", "AES128-SHA", "128", TOO_OLD },
	{ MEDIUM_GRADE, "TLSv1", "AES128-SHA", "128", NULL },
	{ MEDIUM_GRADE, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NULL },
	{ MEDIUM_GRADE, "SSLv3", "AES128-SHA", "128", TOO_OLD },
	{ MEDIUM_GRADE, "TLSv1.2", "RC4-SHA", "128", NAMELESS },
	{ MEDIUM_GRADE, "TLSv1.2", "SEED-SHA", "128", NAMELESS },
	{ MEDIUM_GRADE, "TLSv1.2", "AECDH-AES128-SHA", "128", NOBODY },
	{ OLD_HIGH, "TLSv1.2", "AES128-SHA", "128", SHORT },
	{ OLD_HIGH, "TLSv1.1", "AES256-SHA", "256", NULL },
	{ OLD_HIGH, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", NOT_THIS },
};

/* The advice to the client. */
static const struct {
	int policy;
	const char *reason;
	const char *advice;
} advices[] = {
	{ ANY, PLAIN, "use TLS and log in" },
	{ FULL, PLAIN, "use TLS and log in" },
	{ FULL, TOO_OLD, "use TLS 1.2 or newer" },
	{ FULL, UNKNOWN, "use TLS 1.2 or newer" },
	{ MODERN, TOO_OLD, "use TLS 1.3" },
	{ INTERMEDIATE, TOO_OLD, "use TLS 1.2 or newer" },
	{ INTER128, NOT_THIS, "use another version of TLS" },
	{ MEDIUM_GRADE, TOO_OLD, "use TLS 1.0 or newer" },
	{ KEY, TOO_OLD, "use SSL 3.0 or newer" },
	{ FULL, NAMELESS, "use a stronger cipher" },
	{ FULL, NOTHING, "use a cipher that encrypts" },
	{ FULL, NOBODY, "use a cipher that authenticates the server" },
	{ KEY256, SHORT, "use a cipher with a longer key" },
	{ FORWARD, WEAK, "use a stronger cipher" },
	{ FULL, MISFIT, "please tell the postmaster" },
	{ FULL, BITS, "please tell the postmaster" },
};

/* keysize_of - of a row */
static const char *keysize_of(int i)
{
	static char text[16];
	OSSL_LIB_CTX *library; /* with nothing of the host's openssl.cnf */
	SSL_CTX *context;
	const STACK_OF(SSL_CIPHER) * ciphers;

	if (rows[i].keysize != OF_OPENSSL)
		return rows[i].keysize;
	text[0] = '\0';
	library = OSSL_LIB_CTX_new();
	context = SSL_CTX_new_ex(library, NULL, TLS_method());
	SSL_CTX_set_ciphersuites(context, rows[i].cipher);
	ciphers = SSL_CTX_get_ciphers(context);
	for (int n = 0; n < sk_SSL_CIPHER_num(ciphers); n++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, n);

		if (strcmp(SSL_CIPHER_get_name(cipher), rows[i].cipher) == 0)
			snprintf(text, sizeof(text), "%d",
				 SSL_CIPHER_get_bits(cipher, NULL));
	}
	SSL_CTX_free(context);
	OSSL_LIB_CTX_free(library);
	return text;
}

/* row_is_right - judge one row */
static bool row_is_right(const struct session_minimum *policy, int i)
{
	const char *reason = session_judge(policy, rows[i].protocol,
					   rows[i].cipher, keysize_of(i));
	const char *expected = rows[i].reason;

	if (reason == NULL && expected == NULL)
		return true;
	if (reason != NULL && expected != NULL && strcmp(reason, expected) == 0)
		return true;
	fprintf(stderr, "row %d: policy %d, %s %s %s: %s, not %s\n", i,
		rows[i].policy, rows[i].protocol, rows[i].cipher, keysize_of(i),
		reason != NULL ? reason : "strong",
		expected != NULL ? expected : "strong");
	return false;
}

/* judge_rows - how many rows of the table are not as expected */
static int judge_rows(void)
{
	struct session_minimum *made[POLICIES];
	int i, wrong = 0;

	for (i = 0; i < POLICIES; i++)
		made[i] = policy_new(policies[i].protocols, policies[i].ciphers,
				     policies[i].keysize);
	for (i = 0; i < COUNT(rows); i++)
		wrong += !row_is_right(made[rows[i].policy], i);
	for (i = 0; i < POLICIES; i++)
		session_minimum_free(made[i]);
	return wrong;
}

START_TEST(judges)
{
	ck_assert_int_ge(COUNT(rows), 80);
	ck_assert_int_eq(judge_rows(), 0);
}
END_TEST

/* The answers that tls_each_kind() came to. */
struct answers {
	const struct session_minimum *policy;
	const char *list[32];
	int count;
};

/* note_answer - each may come once */
static int note_answer(void *context, const char *protocol, const char *cipher,
		       const char *keysize)
{
	struct answers *answers = context;
	const char *answer =
		session_judge(answers->policy, protocol, cipher, keysize);

	for (int i = 0; i < answers->count; i++)
		ck_assert_ptr_ne(answers->list[i], answer);
	ck_assert_int_lt(answers->count, COUNT(answers->list));
	answers->list[answers->count++] = answer;
	return 0;
}

/* has_answer - is it one of them? */
static bool has_answer(const struct answers *answers, const char *answer)
{
	for (int i = 0; i < answers->count; i++)
		if (answers->list[i] == answer)
			return true;
	return false;
}

/* Each judgement of the table is shown by a session of that kind. */
START_TEST(shows_each_judgement_by_a_session)
{
	struct answers answers = { 0 };
	struct session_minimum *policy =
		policy_new(policies[_i].protocols, policies[_i].ciphers,
			   policies[_i].keysize);

	answers.policy = policy;
	ck_assert_int_eq(tls_each_kind(policy, note_answer, &answers), 0);
	ck_assert_str_eq(answers.list[0], "not encrypted");
	ck_assert(has_answer(&answers, NULL));
	for (int i = 0; i < COUNT(rows); i++)
		if (rows[i].policy == _i)
			ck_assert_msg(has_answer(&answers,
						 session_judge(policy,
							       rows[i].protocol,
							       rows[i].cipher,
							       keysize_of(i))),
				      "row %d", i);
	session_minimum_free(policy);
}
END_TEST

/* reason_of - the text as session_judge() returns it, from a row that gets it
 */
static const char *reason_of(const struct session_minimum *policy, int i)
{
	int row;

	for (row = 0; row < COUNT(rows); row++)
		if (rows[row].policy == advices[i].policy &&
		    rows[row].reason != NULL &&
		    strcmp(rows[row].reason, advices[i].reason) == 0)
			return session_judge(policy, rows[row].protocol,
					     rows[row].cipher, keysize_of(row));
	ck_abort_msg("no row for advice %d", i);
}

START_TEST(advises)
{
	int which = advices[_i].policy;
	struct session_minimum *policy =
		policy_new(policies[which].protocols, policies[which].ciphers,
			   policies[which].keysize);

	ck_assert_str_eq(session_advice(policy, reason_of(policy, _i)),
			 advices[_i].advice);
	session_minimum_free(policy);
}
END_TEST

/* run_self - this program in another mode and environment: its exit status */
static int run_self(const char *mode, const char *configuration)
{
	char program[4096] = "";
	pid_t pid;
	int status;

	ck_assert_int_gt(
		readlink("/proc/self/exe", program, sizeof(program) - 1), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setenv("OPENSSL_CONF", configuration, 1);
		if (EMULATOR[0] != '\0')
			execl(EMULATOR, EMULATOR, program, mode, (char *)NULL);
		else
			execl(program, program, mode, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Configurations and who is hurt by them. */
static const struct {
	const char *path;
	bool hurts; /* those who load it */
	bool loadable;
} configurations[] = {
	{ TEST_DATA "/tls/fips.cnf", true, true },
	{ TEST_DATA "/tls/narrow.cnf", true, true },
	{ TEST_DATA "/tls/broken.cnf", false, false },
	{ TEST_DATA "/tls/no-such.cnf", false, true },
	{ "/dev/null", false, true },
};

START_TEST(host_configuration_changes_nothing)
{
	const char *path = configurations[_i].path;

	ck_assert_int_eq(run_self("judge", path), 0);
	if (configurations[_i].loadable)
		ck_assert_int_eq(run_self("loaded", path), 0);
	if (configurations[_i].hurts)
		ck_assert_int_eq(run_self("control", path), 0);
}
END_TEST

/* is_hurt - does a program that loads the configuration suffer from it? */
static bool is_hurt(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	bool hurt = context == NULL ||
		    sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(context)) < 5;

	SSL_CTX_free(context);
	return hurt;
}

/* run_mode - what the program does when it was started by itself */
static int run_mode(const char *mode)
{
	if (strcmp(mode, "control") == 0)
		return is_hurt() ? EXIT_SUCCESS : EXIT_FAILURE;
	if (strcmp(mode, "loaded") == 0 &&
	    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		return EXIT_FAILURE;
	return judge_rows() + judge_refusals() == 0 ? EXIT_SUCCESS
						    : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	TCase *tests;

	openssl_init(); /* as main() does; before anything else */
	if (argc > 1)
		return run_mode(argv[1]);
	tests = tcase_create("session");
	tcase_add_test(tests, judges);
	tcase_add_loop_test(tests, shows_each_judgement_by_a_session, 0,
			    POLICIES);
	tcase_add_loop_test(tests, advises, 0, COUNT(advices));
	tcase_add_loop_test(tests, host_configuration_changes_nothing, 0,
			    COUNT(configurations));
	return run_tests("session", tests);
}
