/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_TLS_END_H
#define T_UNIT_TLS_END_H

#include <fcntl.h>
#include <sys/types.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "t/unit/certificates.h"

/* The server's end of a connection in TLS; no call waits. */

/* tls_end_context - with a certificate of the test's directory; ca: clients
 * must have one that is signed by it; NULL: they need none */
static inline SSL_CTX *tls_end_context(const char *certificate, const char *key,
				       const char *ca)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	ck_assert_ptr_nonnull(context);
	ck_assert_int_eq(SSL_CTX_use_certificate_file(
				 context, name(certificate), SSL_FILETYPE_PEM),
			 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, name(key),
						     SSL_FILETYPE_PEM),
			 1);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (ca == NULL)
		return context;
	ck_assert_int_eq(SSL_CTX_load_verify_file(context, name(ca)), 1);
	SSL_CTX_set_verify(context,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	return context;
}

/* tls_end_new - on a socket, which stays the caller's */
static inline SSL *tls_end_new(SSL_CTX *context, int fd)
{
	SSL *ssl = SSL_new(context);

	ck_assert_ptr_nonnull(ssl);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(SSL_set_fd(ssl, fd), 1);
	SSL_set_accept_state(ssl);
	return ssl;
}

/* tls_end_receive - how many bytes; 0: none now, or the end */
static inline ssize_t tls_end_receive(SSL *ssl, char *bytes, size_t size)
{
	size_t got = 0;

	ERR_clear_error();
	return SSL_read_ex(ssl, bytes, size, &got) == 1 ? (ssize_t)got : 0;
}

/* tls_end_send - how many bytes; 0: none now, -1: never */
static inline ssize_t tls_end_send(SSL *ssl, const char *bytes, size_t length)
{
	size_t took = 0;
	int result;

	ERR_clear_error();
	result = SSL_write_ex(ssl, bytes, length, &took);
	if (result == 1)
		return (ssize_t)took;
	result = SSL_get_error(ssl, result);
	return result == SSL_ERROR_WANT_READ || result == SSL_ERROR_WANT_WRITE
		       ? 0
		       : -1;
}

#endif
