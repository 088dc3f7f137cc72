/* SPDX-License-Identifier: ISC */
/* fuzz_tls - any three strings as protocol, cipher and key size
 *
 * The input is cut at its first two newlines. Whatever it is, a session
 * without a protocol is never encrypted; without conditions any other one is;
 * and what a policy for TLS 1.2 and newer lets pass are names of real suites,
 * which look the same when they are printed, with the very key size that they
 * have. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/session/session.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define POLICIES 5

static struct session_minimum *policies[POLICIES];

/* LLVMFuzzerInitialize - make the policies once; they never change */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	policies[0] = session_minimum_new("", "", 0, NULL);
	policies[1] = session_minimum_new(">=TLSv1.2", "", 0, NULL);
	policies[2] = session_minimum_new("", "ALL:eNULL:@SECLEVEL=0", 0, NULL);
	policies[3] =
		session_minimum_new(">=TLSv1.2", "HIGH:!aNULL", 128, NULL);
	policies[4] = session_minimum_new("", "intermediate", 0, NULL);
	return 0;
}

/* cut - end the text at its first newline; what comes after it */
static char *cut(char *text)
{
	char *end = strchr(text, '\n');

	if (end == NULL)
		return text + strlen(text);
	*end = '\0';
	return end + 1;
}

/* check_strong - what passes must be what OpenSSL could have negotiated */
static void check_strong(const char *protocol, const char *cipher,
			 const char *keysize)
{
	if (strcmp(protocol, "TLSv1.2") != 0 &&
	    strcmp(protocol, "TLSv1.3") != 0)
		abort();
	if (strcmp(keysize, "128") != 0 && strcmp(keysize, "256") != 0)
		abort();
	if (cipher[strspn(cipher, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] !=
	    '\0')
		abort();
	if (strstr(cipher, "NULL") != NULL || strncmp(cipher, "ADH", 3) == 0 ||
	    strncmp(cipher, "AECDH", 5) == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *protocol = xstrndup(size > 0 ? (const char *)data : "", size);
	char *cipher = cut(protocol);
	char *keysize = cut(cipher);
	size_t i;

	cut(keysize);
	for (i = 0; i < POLICIES; i++) {
		const char *reason =
			session_judge(policies[i], protocol, cipher, keysize);

		if (protocol[0] == '\0' && reason == NULL)
			abort();
		if (reason != NULL &&
		    session_advice(policies[i], reason)[0] == '\0')
			abort();
		if (reason == NULL && i != 0 && i != 2)
			check_strong(protocol, cipher, keysize);
	}
	if (protocol[0] != '\0' &&
	    session_judge(policies[0], protocol, cipher, keysize) != NULL)
		abort();
	free(protocol);
	return 0;
}
