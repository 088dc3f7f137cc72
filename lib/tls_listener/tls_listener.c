/* SPDX-License-Identifier: ISC */
/* tls_listener - the rules of a TLS listener
 *
 * For a Postfix on another host, behind stunnel. The same administrator
 * controls both ends, so there is no need to be lenient: TLS 1.2 and newer,
 * only forward secrecy and authenticated encryption, no renegotiation, no
 * resumption. Settings of the host do not matter: OpenSSL is used with a
 * library context of its own, and its configuration file is never read.
 *
 * All files are read (tls_files.c) as root when the configuration is
 * loaded; sessions need none of them later. */

#include "lib/tls_listener/tls_listener_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "lib/base/xalloc.h"

#define SECURITY_LEVEL 2 /* of OpenSSL: 112 bits, no SHA-1 */
#define CHAIN_DEPTH    8

/* tls_listener_fail - report a failure, with OpenSSL's reason for the last
 * one */
int tls_listener_fail(const char *what, const char *path, struct error *error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(error, "%s: %s: %s", what, path,
			 reason != NULL ? reason : "OpenSSL does not say why");
}

/* digest_is - is the digest one of the fingerprints? Takes the same time for
 * all. */
static bool digest_is(const struct tls_listener *listener, unsigned char *der,
		      int length)
{
	unsigned char digest[DIGEST_SIZE];
	size_t size = 0, i;
	bool found = false;

	if (length > 0 &&
	    EVP_Q_digest(listener->library, "SHA256", NULL, der, (size_t)length,
			 digest, &size) == 1 &&
	    size == DIGEST_SIZE)
		for (i = 0; i < listener->fingerprint_count; i++)
			found |=
				CRYPTO_memcmp(digest, listener->fingerprints[i],
					      DIGEST_SIZE) == 0;
	OPENSSL_free(der);
	return found;
}

/* is_listed - is the certificate or its key in fingerprints? */
static bool is_listed(const struct tls_listener *listener, X509 *certificate)
{
	unsigned char *whole = NULL, *key = NULL;
	int length = i2d_X509(certificate, &whole);
	bool found = digest_is(listener, whole, length);

	length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
	return digest_is(listener, key, length) || found;
}

/* verify - called for each certificate of a chain, the client's own last; we
 * decide when OpenSSL is satisfied */
static int verify(int well, X509_STORE_CTX *store)
{
	int index = SSL_get_ex_data_X509_STORE_CTX_idx();
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, index);
	const struct tls_listener *listener =
		SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (well != 1 || X509_STORE_CTX_get_error_depth(store) > 0 ||
	    listener->fingerprint_count == 0 ||
	    is_listed(listener, X509_STORE_CTX_get_current_cert(store)))
		return well;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
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

/* open_library - a private OpenSSL and a context in it */
static int open_library(struct tls_listener *listener, struct error *error)
{
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1)
		listener->library = OSSL_LIB_CTX_new();
	if (listener->library != NULL)
		listener->provider =
			OSSL_PROVIDER_load(listener->library, "default");
	if (listener->provider != NULL)
		listener->context = SSL_CTX_new_ex(listener->library, NULL,
						   TLS_server_method());
	if (listener->context == NULL || set_protocol(listener->context) < 0)
		return tls_listener_fail("tls", "cannot set up OpenSSL", error);
	SSL_CTX_set_app_data(listener->context, listener);
	return 0;
}

/* load - load all files */
static int load(struct tls_listener *listener,
		const struct tls_listener_files *files, struct error *error)
{
	int mode = SSL_VERIFY_NONE;

	if (open_library(listener, error) < 0 ||
	    tls_listener_load(listener, files, error) < 0)
		return -1;
	if (files->ca != NULL)
		mode = SSL_VERIFY_PEER;
	if (listener->require)
		mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(listener->context, mode, verify);
	SSL_CTX_set_verify_depth(listener->context, CHAIN_DEPTH);
	return 0;
}

/* tls_listener_new - load the files */
struct tls_listener *tls_listener_new(const struct tls_listener_files *files,
				      bool require, struct error *error)
{
	struct tls_listener *listener = xcalloc(1, sizeof(*listener));

	listener->require = require;
	if (load(listener, files, error) == 0)
		return listener;
	tls_listener_free(listener);
	return NULL;
}

/* tls_listener_add_fingerprint - add a client that is admitted */
int tls_listener_add_fingerprint(struct tls_listener *listener,
				 const char *text, struct error *error)
{
	unsigned char bytes[64];
	size_t length = 0;

	if (strlen(text) >= 3 * sizeof(bytes) ||
	    OPENSSL_hexstr2buf_ex(bytes, sizeof(bytes), &length, text, ':') !=
		    1) {
		ERR_clear_error();
		return error_set(error,
				 "\"%.80s\" is not a fingerprint: pairs of "
				 "hexadecimal digits with colons between",
				 text);
	}
	if (length != DIGEST_SIZE)
		return error_set(error,
				 "\"%.80s\" has %zu bytes; a SHA-256 "
				 "fingerprint has %d: openssl x509 "
				 "-fingerprint -sha256 -noout -in FILE",
				 text, length, DIGEST_SIZE);
	listener->fingerprints =
		xreallocarray(listener->fingerprints,
			      listener->fingerprint_count + 1, DIGEST_SIZE);
	memcpy(listener->fingerprints[listener->fingerprint_count++], bytes,
	       DIGEST_SIZE);
	return 0;
}

/* tls_listener_free - NULL is allowed */
void tls_listener_free(struct tls_listener *listener)
{
	if (listener == NULL)
		return;
	SSL_CTX_free(listener->context);
	if (listener->provider != NULL)
		OSSL_PROVIDER_unload(listener->provider);
	OSSL_LIB_CTX_free(listener->library);
	free(listener->fingerprints);
	free(listener);
}

/* tls_listener_rsa_bits - the size of our key */
int tls_listener_rsa_bits(const struct tls_listener *listener)
{
	const EVP_PKEY *key = SSL_CTX_get0_privatekey(listener->context);

	return EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) : 0;
}

/* tls_listener_session - the server side of a session */
SSL *tls_listener_session(struct tls_listener *listener, int fd)
{
	SSL *ssl = SSL_new(listener->context);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

/* tls_listener_admits - repeat the checks that the handshake must have made */
bool tls_listener_admits(const struct tls_listener *listener, const SSL *ssl)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return false;
	if (certificate == NULL)
		return !listener->require;
	return listener->fingerprint_count == 0 ||
	       is_listed(listener, certificate);
}

/* tls_listener_reason - why did the call fail? */
const char *tls_listener_reason(const SSL *ssl, int code)
{
	long verified = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verified == X509_V_ERR_APPLICATION_VERIFICATION)
		return "the certificate is not in fingerprints";
	if (verified == X509_V_ERR_UNABLE_TO_GET_CRL)
		return "crl has no list of an authority in the client's chain";
	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	if (code == SSL_ERROR_SYSCALL)
		return errno != 0 ? strerror(errno) : "connection ended";
	return reason != NULL ? reason : "connection ended";
}
