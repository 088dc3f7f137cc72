/* SPDX-License-Identifier: ISC */
#ifndef LIB_SESSION_SESSION_INTERNAL_H
#define LIB_SESSION_SESSION_INTERNAL_H

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

struct session_minimum {
	bool judged;	    /* there is some condition */
	unsigned protocols; /* mask of those allowed */
	int keysize;
	struct cipher *ciphers; /* sorted by name */
	size_t cipher_count;
};

/* session_protocol - the bit of a protocol name; 0: unknown. */
unsigned session_protocol(const char *name,
			  int (*compare)(const char *, const char *));

/* session_cipher - the suite with that name, or NULL. */
struct cipher *session_cipher(const struct session_minimum *policy,
			      const char *name);

/* session_ciphers_is_preset - is the word the name of a preset? */
bool session_ciphers_is_preset(const char *word);

/* session_ciphers_read - fill the policy with every suite of OpenSSL; allowed
 * are those that tls_ciphers selects, with *protocols. 0 or -1. */
int session_ciphers_read(struct session_minimum *policy, const char *word,
			 unsigned *protocols, struct error *error);

#define CIPHERS_HINT                                               \
	"write modern, intermediate, high or medium, or a string " \
	"as for openssl-ciphers(1)"

#endif
