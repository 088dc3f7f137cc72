/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_SESSION_MINIMUMS_H
#define T_UNIT_SESSION_MINIMUMS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/session/session.h"
#include "t/unit/test.h"

/* How strong a session must be: settings that are accepted or refused, and the
 * words for what is too weak. */

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

/* policy_new - a policy that must be accepted; also used without Check */
static inline struct session_minimum *
policy_new(const char *protocols, const char *ciphers, int keysize)
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

/* is_refused - with the right words? */
static inline bool is_refused(int i)
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
static inline int judge_refusals(void)
{
	int i, wrong = 0;

	for (i = 0; i < COUNT(refusals); i++)
		wrong += !is_refused(i);
	return wrong;
}

#endif
