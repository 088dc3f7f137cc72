/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_LISTENER_TLS_LISTENER_INTERNAL_H
#define LIB_TLS_LISTENER_TLS_LISTENER_INTERNAL_H

/* Shared by tls_listener.c (the rules) and tls_crl.c (revoked certificates)
 * only. */

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "lib/tls/tls_context.h"
#include "lib/tls_listener/tls_listener.h"

#define DIGEST_SIZE 32 /* SHA-256 */

struct tls_listener {
	bool require;
	struct tls_context tls;
	unsigned char (*fingerprints)[DIGEST_SIZE];
	size_t fingerprint_count;
};

/* tls_listener_use_crl - reject certificates that were revoked: 0 or -1. The
 * authorities must be loaded. */
int tls_listener_use_crl(struct tls_listener *listener, const char *path,
			 struct error *error);

#endif
