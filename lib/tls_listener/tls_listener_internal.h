/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_LISTENER_TLS_LISTENER_INTERNAL_H
#define LIB_TLS_LISTENER_TLS_LISTENER_INTERNAL_H

/* Shared by tls_listener.c (the rules) and tls_files.c (reads keys and
 * certificates) only. */

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "lib/tls_listener/tls_listener.h"

#define DIGEST_SIZE 32 /* SHA-256 */

struct tls_listener {
	bool require;
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *provider;
	SSL_CTX *context;
	unsigned char (*fingerprints)[DIGEST_SIZE];
	size_t fingerprint_count;
};

/* tls_listener_fail - set error: what failed, which file, and OpenSSL's reason
 * for its last failure; -1. */
int tls_listener_fail(const char *what, const char *path, struct error *error);

/* tls_listener_load - load all files into the context: 0 or -1. */
int tls_listener_load(struct tls_listener *listener,
		      const struct tls_listener_files *files,
		      struct error *error);

#endif
