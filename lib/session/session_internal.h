/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_INTERNAL_H
#define LIB_TLS_INTERNAL_H

/* Shared by session.c (judges sessions), session_minimum.c (reads the options)
 * and session_ciphers.c (asks OpenSSL) only. */

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"
#include "lib/session/session.h"

/* In masks of protocols bit n is protocol n of session.c, from old to new. */
#define PROTOCOL_SSL2  0x01u
#define PROTOCOL_TLS12 0x10u
#define PROTOCOL_TLS13 0x20u
#define PROTOCOL_ALL   0x3fu

/* A suite of OpenSSL. */
struct cipher {
	char *name;
	char keysize[12]; /* as Postfix writes it */
	int bits;
	unsigned protocols; /* mask of its protocols */
	bool anonymous;	    /* the server is not authenticated */
	bool allowed;	    /* by tls_ciphers */
};

struct tls_policy {
	bool judged;	    /* there is some condition */
	unsigned protocols; /* mask of those allowed */
	int keysize;
	struct cipher *ciphers; /* sorted by name */
	size_t cipher_count;
};

/* tls_protocol - the bit of a protocol name; 0: unknown. */
unsigned tls_protocol(const char *name,
		      int (*compare)(const char *, const char *));

/* tls_cipher - the suite with that name, or NULL. */
struct cipher *tls_cipher(const struct tls_policy *policy, const char *name);

/* tls_ciphers_is_preset - is the word the name of a preset? */
bool tls_ciphers_is_preset(const char *word);

/* tls_ciphers_read - fill the policy with every suite of OpenSSL; allowed are
 * those that tls_ciphers selects, with *protocols. 0 or -1. */
int tls_ciphers_read(struct tls_policy *policy, const char *word,
		     unsigned *protocols, struct error *error);

#define CIPHERS_HINT                                               \
	"write modern, intermediate, high or medium, or a string " \
	"as for openssl-ciphers(1)"

#endif
