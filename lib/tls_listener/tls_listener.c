/* SPDX-License-Identifier: ISC */
/* tls_listener - the rules of a TLS listener
 *
 * For a Postfix on another host, behind stunnel: those of lib/tls, and which
 * clients are admitted. */

#include "lib/tls_listener/tls_listener_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "lib/base/xalloc.h"
#include "lib/tls/tls_files.h"

/* digest_is - is the digest one of the fingerprints? Takes the same time for
 * all. */
static bool digest_is(const struct tls_listener *listener, unsigned char *der,
		      int length)
{
	unsigned char digest[DIGEST_SIZE];
	size_t size = 0, i;
	bool found = false;

	if (length > 0 &&
	    EVP_Q_digest(listener->tls.library, "SHA256", NULL, der,
			 (size_t)length, digest, &size) == 1 &&
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

/* load_files - all of them */
static int load_files(struct tls_listener *listener,
		      const struct tls_listener_files *files,
		      struct error *error)
{
	struct tls_context *tls = &listener->tls;

	if (tls_context_use_own(tls, files->certificate, files->key, error) <
		    0 ||
	    (files->ca != NULL &&
	     tls_context_use_ca(tls, files->ca, error) < 0) ||
	    (files->crl != NULL &&
	     tls_listener_use_crl(listener, files->crl, error) < 0))
		return -1;
	return 0;
}

/* load - the rules, and all files */
static int load(struct tls_listener *listener,
		const struct tls_listener_files *files, struct error *error)
{
	int mode = SSL_VERIFY_NONE;

	if (tls_context_init(&listener->tls, TLS_SERVER, error) < 0 ||
	    load_files(listener, files, error) < 0)
		return -1;
	if (files->ca != NULL)
		mode = SSL_VERIFY_PEER;
	if (listener->require)
		mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_app_data(listener->tls.context, listener);
	SSL_CTX_set_verify(listener->tls.context, mode, verify);
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
	tls_context_clear(&listener->tls);
	free(listener->fingerprints);
	free(listener);
}

/* tls_listener_rsa_bits - the size of our key */
int tls_listener_rsa_bits(const struct tls_listener *listener)
{
	const EVP_PKEY *key = SSL_CTX_get0_privatekey(listener->tls.context);

	return EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) : 0;
}

/* tls_listener_session - the server side of a session */
SSL *tls_listener_session(struct tls_listener *listener, int fd)
{
	SSL *ssl = SSL_new(listener->tls.context);

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

	if (verified == X509_V_ERR_APPLICATION_VERIFICATION)
		return "the certificate is not in fingerprints";
	if (verified == X509_V_ERR_UNABLE_TO_GET_CRL)
		return "crl has no list of an authority in the client's chain";
	return tls_context_reason(ssl, code);
}
