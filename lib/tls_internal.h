/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_INTERNAL_H
#define LIB_TLS_INTERNAL_H

/* Shared by tls.c, which judges sessions, tls_policy.c, which reads the
 * options, and tls_ciphers.c, which asks OpenSSL, only. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/tls.h"

/* In masks of protocols bit n is protocol n of tls.c, from old to new. */
#define PROTOCOL_SSL2  0x01u
#define PROTOCOL_TLS12 0x10u
#define PROTOCOL_TLS13 0x20u
#define PROTOCOL_ALL   0x3fu

/* One suite that OpenSSL knows. */
struct cipher {
	char *name;
	char keysize[12]; /* as Postfix writes it */
	int bits;
	unsigned protocols; /* mask of those it belongs to */
	bool anonymous;	    /* anybody could be the server */
	bool allowed;	    /* by tls_ciphers */
};

struct tls_policy {
	bool judged;	    /* any condition is set */
	unsigned protocols; /* mask of those allowed */
	int keysize;
	struct cipher *ciphers; /* sorted by name */
	size_t cipher_count;
};

/* tls_protocol - the bit of a protocol name, 0 if there is none of it. */
unsigned tls_protocol(const char *name,
		      int (*compare)(const char *, const char *));

/* tls_cipher - the suite of that name, or NULL. */
struct cipher *tls_cipher(const struct tls_policy *policy, const char *name);

/* tls_ciphers_is_preset - is that a word which stands for a choice of ciphers?
 */
bool tls_ciphers_is_preset(const char *word);

/* tls_ciphers_read - fill the policy with every suite that OpenSSL knows;
 * allowed are those that tls_ciphers chooses, with *protocols. 0 or -1. */
int tls_ciphers_read(struct tls_policy *policy, const char *word,
		     unsigned *protocols, struct error *error);

#define CIPHERS_HINT                                               \
	"write modern, intermediate, high or medium, or a string " \
	"as for openssl-ciphers(1)"

#endif
