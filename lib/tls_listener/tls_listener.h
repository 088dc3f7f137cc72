/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_LISTENER_TLS_LISTENER_H
#define LIB_TLS_LISTENER_TLS_LISTENER_H

#include <stdbool.h>

#include <openssl/types.h>

#include "lib/base/error.h"

/* Our side of TLS: the tls section of a listener, loaded. */
struct tls_listener;

/* Files to load, by absolute path; NULL: none. */
struct tls_listener_files {
	const char *certificate; /* PEM: ours first, then the chain */
	const char *key;
	const char *ca; /* authorities that sign clients' certificates */
	const char *crl;
};

/* tls_listener_new - load the files, with root's rights. require: a client must
 * have a certificate of ca. NULL and the reason, which begins with the option
 * at fault ("key: /file: ..."): a file that cannot be read or is empty, a
 * certificate that has expired, is not yet valid or not for servers, a key that
 * does not match it or that others may read, a CRL that has expired, an
 * authority without one. */
struct tls_listener *tls_listener_new(const struct tls_listener_files *files,
				      bool require, struct error *error);

/* tls_listener_add_fingerprint - admit only clients with one of these: the
 * SHA-256 of a certificate or of its public key, "AB:CD:...". 0 or -1. */
int tls_listener_add_fingerprint(struct tls_listener *listener,
				 const char *text, struct error *error);

/* tls_listener_free - NULL is allowed. */
void tls_listener_free(struct tls_listener *listener);

/* tls_listener_rsa_bits - the size of our key; 0: another kind of key. Each
 * handshake needs a signature with it: 5 ms and more for 4096 bits. */
int tls_listener_rsa_bits(const struct tls_listener *listener);

/* tls_listener_session - the server side of a session on fd, which the caller
 * still owns. NULL: out of memory. To be freed with SSL_free() before its
 * listener. */
SSL *tls_listener_session(struct tls_listener *listener, int fd);

/* tls_listener_admits - after the handshake: is the client admitted? */
bool tls_listener_admits(const struct tls_listener *listener, const SSL *ssl);

/* tls_listener_reason - why did the last call for ssl fail, with that error of
 * SSL_get_error(3)? A fixed text, nothing that the client sent. */
const char *tls_listener_reason(const SSL *ssl, int code);

#endif
