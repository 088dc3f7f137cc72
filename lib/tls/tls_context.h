/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_TLS_CONTEXT_H
#define LIB_TLS_TLS_CONTEXT_H

#include <stdbool.h>

#include <openssl/types.h>

#include "lib/base/error.h"

/* The rules of our connections in TLS, of either side: TLS 1.2 and newer, only
 * forward secrecy and authenticated encryption, no renegotiation, no
 * resumption. Settings of the host do not matter: OpenSSL is used with a
 * library context of its own, and its configuration file is never read. */

enum tls_side { TLS_SERVER, TLS_CLIENT };

struct tls_context {
	enum tls_side side;
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *provider;
	SSL_CTX *context;
};

/* tls_context_init - without a certificate and without authorities. 0, or -1;
 * to be cleared in either case. */
int tls_context_init(struct tls_context *tls, enum tls_side side,
		     struct error *error);

/* tls_context_clear - all zero is allowed. */
void tls_context_clear(struct tls_context *tls);

/* tls_context_fail - set error: what failed, which file, and OpenSSL's reason
 * for its last failure; -1. */
int tls_context_fail(const char *what, const char *path, struct error *error);

/* tls_context_reason - why did the last call for ssl fail, with that error of
 * SSL_get_error(3)? A fixed text, nothing that the peer sent. errno must be as
 * that call left it, and 0 before it. */
const char *tls_context_reason(const SSL *ssl, int code);

/* tls_context_is_noise - is it a message that no honest peer sends often, once
 * the handshake is done? These are key updates (handshake messages), and the
 * warnings with which OpenSSL declines to renegotiate. The arguments are those
 * of a callback of SSL_CTX_set_msg_callback(3). */
bool tls_context_is_noise(int write_p, int content_type);

#endif
