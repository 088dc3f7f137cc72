/* SPDX-License-Identifier: ISC */
/* session - is a TLS session strong enough to count as encrypted?
 *
 * Postfix reports the names of protocol and cipher and the number of secret
 * bits, even for sessions without any encryption (NULL ciphers), so the names
 * must be judged. A policy (session_minimum.c) has the list of all suites, and
 * which of them are strong enough. A combination that does not exist, such as
 * TLSv1.3 with a suite of TLS 1.2, is not a valid session. */

#include "lib/session/session_internal.h"

#include <stdlib.h>
#include <string.h>

/* Protocols from old to new: the index in the table is the bit in a mask. */
static const char *const protocol_names[] = {
	"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3",
};
#define PROTOCOL_COUNT (sizeof(protocol_names) / sizeof(protocol_names[0]))

/* Advice for each minimum protocol; index as above. */
static const char *const newer_advice[PROTOCOL_COUNT] = {
	"use TLS",
	"use SSL 3.0 or newer",
	"use TLS 1.0 or newer",
	"use TLS 1.1 or newer",
	"use TLS 1.2 or newer",
	"use TLS 1.3",
};

/* Why a session does not count as encrypted. */
enum weakness {
	NOT_ENCRYPTED,
	PROTOCOL_UNKNOWN,
	PROTOCOL_TOO_OLD,
	PROTOCOL_NOT_ALLOWED,
	CIPHER_UNKNOWN,
	CIPHER_NULL,
	CIPHER_MISFIT,
	KEYSIZE_MISFIT,
	CIPHER_ANONYMOUS,
	KEY_TOO_SHORT,
	CIPHER_WEAK,
	STRONG /* none of the above, and their number */
};

/* For the log, and what the client can change; NULL: newer_advice. An
 * impossible session is not the client's fault, but that of the reporter. */
static const struct {
	const char *reason;
	const char *advice;
} weaknesses[STRONG] = {
	[NOT_ENCRYPTED] = { "not encrypted", "use TLS and log in" },
	[PROTOCOL_UNKNOWN] = { "unknown protocol", NULL },
	[PROTOCOL_TOO_OLD] = { "protocol too old", NULL },
	[PROTOCOL_NOT_ALLOWED] = { "protocol not allowed",
				   "use another version of TLS" },
	[CIPHER_UNKNOWN] = { "unknown or obsolete cipher",
			     "use a stronger cipher" },
	[CIPHER_NULL] = { "cipher without encryption",
			  "use a cipher that encrypts" },
	[CIPHER_MISFIT] = { "cipher does not belong to the protocol",
			    "please tell the postmaster" },
	[KEYSIZE_MISFIT] = { "key size does not belong to the cipher",
			     "please tell the postmaster" },
	[CIPHER_ANONYMOUS] = { "anonymous cipher",
			       "use a cipher that authenticates the server" },
	[KEY_TOO_SHORT] = { "key too short", "use a cipher with a longer key" },
	[CIPHER_WEAK] = { "weak cipher", "use a stronger cipher" },
};

/* session_protocol - the bit of a protocol name; 0: unknown */
unsigned session_protocol(const char *name,
			  int (*compare)(const char *, const char *))
{
	unsigned bit = 1;
	size_t i;

	for (i = 0; i < PROTOCOL_COUNT; i++, bit <<= 1)
		if (compare(name, protocol_names[i]) == 0)
			return bit;
	return 0;
}

/* compare_name - is the suite before or after a name? */
static int compare_name(const void *name, const void *cipher)
{
	return strcmp(name, ((const struct cipher *)cipher)->name);
}

/* session_cipher - the suite with that name, or NULL */
struct cipher *session_cipher(const struct session_minimum *policy,
			      const char *name)
{
	return bsearch(name, policy->ciphers, policy->cipher_count,
		       sizeof(policy->ciphers[0]), compare_name);
}

/* judge_protocol - is the protocol allowed? */
static enum weakness judge_protocol(const struct session_minimum *policy,
				    unsigned bit)
{
	if (bit == 0)
		return PROTOCOL_UNKNOWN;
	if ((policy->protocols & bit) != 0)
		return STRONG;
	return (policy->protocols & (bit - 1)) == 0 ? PROTOCOL_TOO_OLD
						    : PROTOCOL_NOT_ALLOWED;
}

/* judge_cipher - does such a session exist, and is it strong enough? */
static enum weakness judge_cipher(const struct session_minimum *policy,
				  const struct cipher *cipher, unsigned bit,
				  const char *keysize)
{
	if (cipher == NULL)
		return CIPHER_UNKNOWN;
	if (cipher->bits == 0)
		return CIPHER_NULL;
	if ((cipher->protocols & bit) == 0)
		return CIPHER_MISFIT;
	if (strcmp(keysize, cipher->keysize) != 0)
		return KEYSIZE_MISFIT;
	if (cipher->anonymous)
		return CIPHER_ANONYMOUS;
	if (cipher->bits < policy->keysize)
		return KEY_TOO_SHORT;
	return cipher->allowed ? STRONG : CIPHER_WEAK;
}

/* session_judge - NULL, or why the session does not count as encrypted */
const char *session_judge(const struct session_minimum *policy,
			  const char *protocol, const char *cipher,
			  const char *keysize)
{
	enum weakness weakness;
	unsigned bit;

	if (protocol[0] == '\0')
		return weaknesses[NOT_ENCRYPTED].reason;
	if (!policy->judged)
		return NULL;
	bit = session_protocol(protocol, strcmp);
	weakness = judge_protocol(policy, bit);
	if (weakness == STRONG)
		weakness = judge_cipher(policy, session_cipher(policy, cipher),
					bit, keysize);
	return weakness == STRONG ? NULL : weaknesses[weakness].reason;
}

/* The results of tls_each_kind() so far. */
struct kinds {
	const struct session_minimum *policy;
	const char *seen[STRONG + 1]; /* results of session_judge() */
	size_t count;
	tls_visit *visit;
	void *context;
};

/* visit_session - visit a session, unless there was one of its kind */
static int visit_session(struct kinds *kinds, const char *protocol,
			 const char *cipher, const char *keysize)
{
	const char *answer =
		session_judge(kinds->policy, protocol, cipher, keysize);
	size_t i;

	for (i = 0; i < kinds->count; i++)
		if (kinds->seen[i] == answer)
			return 0;
	kinds->seen[kinds->count++] = answer;
	return kinds->visit(kinds->context, protocol, cipher, keysize);
}

/* visit_protocol - visit a protocol with each cipher, its key size and another
 * one, and with an unknown cipher */
static int visit_protocol(struct kinds *kinds, const char *protocol)
{
	const struct session_minimum *policy = kinds->policy;
	int result = visit_session(kinds, protocol, "unknown", "1");
	size_t i;

	for (i = 0; i < policy->cipher_count && result == 0; i++) {
		const struct cipher *cipher = &policy->ciphers[i];

		result = visit_session(kinds, protocol, cipher->name,
				       cipher->keysize);
		if (result == 0)
			result = visit_session(kinds, protocol, cipher->name,
					       "1");
	}
	return result;
}

/* tls_each_kind - one session for each result of session_judge() */
int tls_each_kind(const struct session_minimum *policy, tls_visit *visit,
		  void *context)
{
	struct kinds kinds = { .policy = policy,
			       .visit = visit,
			       .context = context };
	int result = visit_session(&kinds, "", "", "0");
	size_t i;

	/* New protocols are more common. */
	for (i = PROTOCOL_COUNT; i > 0 && result == 0; i--)
		result = visit_protocol(&kinds, protocol_names[i - 1]);
	return result != 0 ? result : visit_protocol(&kinds, "unknown");
}

/* newer - the protocol to use instead */
static const char *newer(const struct session_minimum *policy)
{
	size_t i = 0;

	while (i < PROTOCOL_COUNT - 1 && (policy->protocols >> i & 1) == 0)
		i++;
	return newer_advice[i];
}

/* session_advice - what the client can change */
const char *session_advice(const struct session_minimum *policy,
			   const char *reason)
{
	size_t i = 0;

	while (i < STRONG - 1 && weaknesses[i].reason != reason)
		i++;
	return weaknesses[i].advice != NULL ? weaknesses[i].advice
					    : newer(policy);
}
