/* SPDX-License-Identifier: ISC */
/* test_session - which sessions count as encrypted, whatever openssl.cnf says
 *
 * The program runs itself again with hostile OpenSSL configurations:
 * "test_session judge" tries all rows, "test_session loaded" does so after
 * OpenSSL has read its configuration, "test_session control" shows that the
 * configuration does harm to those who let it. */

#include <check.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "lib/session/session.h"
#include "t/unit/test.h"

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

#define PLAIN	 "not encrypted"
#define UNKNOWN	 "unknown protocol"
#define TOO_OLD	 "protocol too old"
#define NOT_THIS "protocol not allowed"
#define NAMELESS "unknown or obsolete cipher"
#define NOTHING	 "cipher without encryption"
#define MISFIT	 "cipher does not belong to the protocol"
#define BITS	 "key size does not belong to the cipher"
#define NOBODY	 "anonymous cipher"
#define SHORT	 "key too short"
#define WEAK	 "weak cipher"

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

/* Settings that are refused at load. */
static const struct {
	const char *protocols;
	const char *ciphers;
	int keysize;
	const char *error; /* part of the text */
} refusals[] = {
	{ "TLSv1.4", "", 0, "known are SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3" },
	{ ">=", "", 0, "\">=\" is not a protocol" },
	{ ">= TLSv1.2", "", 0, "\">=\" is not a protocol" },
	{ "<TLSv1.2", "", 0, "\"<TLSv1.2\" is not" },
	{ "=TLSv1.2", "", 0, "\"=TLSv1.2\" is not" },
	{ "==TLSv1.2", "", 0, "is not a protocol" },
	{ "=>TLSv1.2", "", 0, "is not a protocol" },
	{ "<>TLSv1.2", "", 0, "is not a protocol" },
	{ "!", "", 0, "is not a protocol" },
	{ "!!TLSv1", "", 0, "is not a protocol" },
	{ "!>=TLSv1", "", 0, "is not a protocol" },
	{ ">=TLSv1.2, modern", "", 0, "\"modern\" is not" },
	{ "0x0303", "", 0, "is not a protocol" },
	{ "SSLv2", "", 0, "leaves no protocol" },
	{ "TLSv1.2, !TLSv1.2", "", 0, "leaves no protocol" },
	{ ">=TLSv1.3, <=TLSv1.2", "", 0, "leaves no protocol" },
	{ "!SSLv3 !TLSv1 !TLSv1.1 !TLSv1.2 !TLSv1.3", "", 0,
	  "leaves no protocol" },
	{ "modern", "", 0,
	  "\"modern\" is not a protocol; it is for tls_ciphers" },
	{ "TLSv1.2", "modern", 0, "fits tls_protocols and tls_ciphers" },
	{ "<=TLSv1.1", "intermediate", 0, "fits tls_protocols and" },
	{ "", "HIHG", 0, "OpenSSL does not know \"HIHG\"" },
	{ "", "HIHG", 0, "write modern, intermediate, high or medium" },
	{ "", "Modern", 0, "OpenSSL does not know \"Modern\"" },
	{ "", "old", 0, "OpenSSL does not know \"old\"; write modern" },
	{ "", "low", 0, "OpenSSL does not know \"low\"; write modern" },
	{ "", "null", 0, "OpenSSL does not know \"null\"; write modern" },
	{ "", "intermediate:AES128-SHA", 0,
	  "\"intermediate\" is only allowed alone" },
	{ "", "HIGH:high", 0, "\"high\" is only allowed alone" },
	{ "", "HIGH:!aNUL", 0, "OpenSSL does not know \"aNUL\"" },
	{ "", "HIGH:-aNUL", 0, "OpenSSL does not know \"aNUL\"" },
	{ "", "HIGH:kRSA+AESS", 0, "OpenSSL does not know \"AESS\"" },
	{ "", "HIGH !anull", 0, "OpenSSL does not know \"anull\"" },
	{ "", "HIGH:DEFAULT", 0, "OpenSSL does not know \"DEFAULT\"" },
	{ "", "HIGH:*", 0, "tls_ciphers" },
	{ "", "HIGH:!", 0, "tls_ciphers" },
	{ "", "HIGH:@STRONG", 0, "invalid command" },
	{ "", "HIGH:@SECLEVEL=9", 0, "invalid command" },
	{ "", "HIGH:!ALL", 0, "no cipher match" },
	{ "", "!aNULL", 0, "no cipher match" },
	{ "", " ", 0, "no cipher match" },
	{ "", "RC4", 0, "no cipher match" },
	{ "", "EXPORT:LOW:MEDIUM:!AESCCM8", 0, "no cipher match" },
	{ "", "ECDHE-RSA-AES256-GCM-SHA385", 0, "no cipher match" },
	{ "", "eNULL", 0, "leaves no cipher that encrypts and is" },
	{ "", "aNULL", 0, "leaves no cipher that encrypts and is not anony" },
	{ "", "AECDH-AES128-SHA", 0, "leaves no cipher that encrypts and" },
	{ "", "PSK", 0, "leaves no cipher that encrypts and is" },
	{ "", "kRSA:@SECLEVEL=5", 0, "leaves no cipher that encrypts and is" },
	{ "", "TLS_AES_256_GCM_SHA384", 0,
	  "TLS 1.3 suites cannot be selected" },
	{ "", "HIGH:TLS_AES_256_GCM_SHA384", 0,
	  "TLS 1.3 suites cannot be selected" },
	{ "", "", -1, "must not be negative" },
	{ "", "HIGH", -128, "must not be negative" },
	{ "", "", 257, "no cipher has tls_keysize = 257" },
	{ "", "HIGH", 2147483647, "no cipher has tls_keysize" },
	{ "<=TLSv1.2", "AES128", 256, "no cipher has tls_keysize = 256" },
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

/* policy_new - a policy that must be accepted; also used without Check */
static struct session_minimum *policy_new(const char *protocols,
					  const char *ciphers, int keysize)
{
	struct error error = { "" };
	struct session_minimum *policy =
		session_minimum_new(protocols, ciphers, keysize, &error);

	if (policy == NULL) {
		fprintf(stderr, "\"%s\", \"%s\", %d: %s\n", protocols, ciphers,
			keysize, error.text);
		exit(EXIT_FAILURE);
	}
	return policy;
}

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

/* is_refused - with the right words? */
static bool is_refused(int i)
{
	struct error error = { "" };
	struct session_minimum *policy =
		session_minimum_new(refusals[i].protocols, refusals[i].ciphers,
				    refusals[i].keysize, &error);
	bool refused = policy == NULL;

	session_minimum_free(policy);
	if (refused && strstr(error.text, refusals[i].error) != NULL)
		return true;
	fprintf(stderr, "refusal %d: %s\n", i,
		refused ? error.text : "accepted");
	return false;
}

/* judge_refusals - how many are not as expected */
static int judge_refusals(void)
{
	int i, wrong = 0;

	for (i = 0; i < COUNT(refusals); i++)
		wrong += !is_refused(i);
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

/* OpenSSL may make a block larger, smaller, or nothing. */
START_TEST(openssl_changes_sizes)
{
	char *block = OPENSSL_strdup("abc");

	block = OPENSSL_realloc(block, 1000);
	ck_assert_pstr_eq(block, "abc");
	ck_assert_ptr_null(OPENSSL_realloc(block, 0));
}
END_TEST

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
	tcase_add_loop_test(tests, reads_protocols, 0, COUNT(lists));
	tcase_add_loop_test(tests, refuses, 0, COUNT(refusals));
	tcase_add_loop_test(tests, accepts, 0, COUNT(strings));
	tcase_add_test(tests, openssl_fails);
	tcase_add_test(tests, openssl_changes_sizes);
	tcase_add_loop_test(tests, obsolete_algorithms_are_unknown, 0,
			    COUNT(obsolete));
	tcase_add_test(tests, frees_nothing);
	tcase_add_loop_test(tests, host_configuration_changes_nothing, 0,
			    COUNT(configurations));
	return run_tests("session", tests);
}
