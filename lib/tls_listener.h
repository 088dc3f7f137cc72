/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_LISTENER_H
#define LIB_TLS_LISTENER_H

#include <stdbool.h>

#include <openssl/types.h>

#include "lib/error.h"

/* Our side of TLS: what the tls section of a listener says, loaded. */
struct tls_listener;

/* What to load: files, by absolute path; NULL: there is none. */
struct tls_listener_files {
	const char *certificate; /* PEM, ours first, then the chain */
	const char *key;
	const char *ca; /* who signs clients' certificates */
	const char *crl;
};

/* tls_listener_new - read the files, with root's rights. require: a client
 * must have a certificate of ca. NULL and the reason, which begins with the
 * option that is to blame ("key: /file: ..."): a file that cannot be read or
 * has nothing in it, a certificate that has expired, is not yet valid or not
 * for servers, a key that is not its own, or that others may read, a CRL that
 * has expired, an authority without one. */
struct tls_listener *tls_listener_new(const struct tls_listener_files *files,
				      bool require, struct error *error);

/* tls_listener_add_fingerprint - only clients with one of these are let in:
 * the SHA-256 of a certificate or of its public key, "AB:CD:...". 0 or -1. */
int tls_listener_add_fingerprint(struct tls_listener *listener,
				 const char *text, struct error *error);

/* tls_listener_free - NULL is allowed. */
void tls_listener_free(struct tls_listener *listener);

/* tls_listener_rsa_bits - of our key; 0: it is of another kind. Each handshake
 * costs a signature with it: 5 ms and more, with 4096 bits. */
int tls_listener_rsa_bits(const struct tls_listener *listener);

/* tls_listener_session - the server side of a session on fd, which stays the
 * caller's. NULL: out of memory. To be freed with SSL_free() before its
 * listener. */
SSL *tls_listener_session(struct tls_listener *listener, int fd);

/* tls_listener_admits - after the handshake: is the client one that may come
 * in? */
bool tls_listener_admits(const struct tls_listener *listener, const SSL *ssl);

/* tls_listener_reason - why did the last call for ssl fail, with that error of
 * SSL_get_error(3)? A fixed text, nothing that the client has sent. */
const char *tls_listener_reason(const SSL *ssl, int code);

#endif
