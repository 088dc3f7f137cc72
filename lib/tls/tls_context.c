/* SPDX-License-Identifier: ISC */
/* tls_context - the rules of our connections in TLS
 *
 * The same administrator controls both ends, so there is no need to be lenient.
 * All files are read (tls_files.c) as root when the configuration is loaded;
 * sessions need none of them later. */

#include "lib/tls/tls_context.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define SECURITY_LEVEL 2 /* of OpenSSL: 112 bits, no SHA-1 */
#define CHAIN_DEPTH    8

/* tls_context_fail - with OpenSSL's reason */
int tls_context_fail(const char *what, const char *path, struct error *error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(error, "%s: %s: %s", what, path,
			 reason != NULL ? reason : "OpenSSL does not say why");
}

/* set_protocol - set the protocol, independent of the host */
static int set_protocol(SSL_CTX *context)
{
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify_depth(context, CHAIN_DEPTH);
	/* Without AUTO_RETRY, one call handles one message, not a flood of
	 * them. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					  SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_set_num_tickets(context, 0) != 1 ||
	    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, 0) != 1 ||
	    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") !=
		    1 ||
	    SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384:"
					      "TLS_CHACHA20_POLY1305_SHA256:"
					      "TLS_AES_128_GCM_SHA256") != 1 ||
	    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1)
		return -1;
	return 0;
}

/* tls_context_init - a private OpenSSL and a context in it */
int tls_context_init(struct tls_context *tls, enum tls_side side,
		     struct error *error)
{
	memset(tls, 0, sizeof(*tls));
	tls->side = side;
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1)
		tls->library = OSSL_LIB_CTX_new();
	if (tls->library != NULL)
		tls->provider = OSSL_PROVIDER_load(tls->library, "default");
	if (tls->provider != NULL)
		tls->context = SSL_CTX_new_ex(tls->library, NULL,
					      side == TLS_SERVER
						      ? TLS_server_method()
						      : TLS_client_method());
	if (tls->context == NULL || set_protocol(tls->context) < 0)
		return tls_context_fail("tls", "cannot set up OpenSSL", error);
	return 0;
}

/* tls_context_clear - all zero is allowed */
void tls_context_clear(struct tls_context *tls)
{
	SSL_CTX_free(tls->context);
	if (tls->provider != NULL)
		OSSL_PROVIDER_unload(tls->provider);
	OSSL_LIB_CTX_free(tls->library);
	memset(tls, 0, sizeof(*tls));
}

/* tls_context_reason - of the certificate, of the system, or of OpenSSL */
const char *tls_context_reason(const SSL *ssl, int code)
{
	long verified = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	if (code == SSL_ERROR_SYSCALL)
		return errno != 0 ? strerror(errno) : "connection ended";
	return reason != NULL ? reason : "connection ended";
}

/* tls_context_is_noise - see above */
bool tls_context_is_noise(int write_p, int content_type)
{
	return (write_p == 0 && content_type == SSL3_RT_HANDSHAKE) ||
	       (write_p == 1 && content_type == SSL3_RT_ALERT);
}
