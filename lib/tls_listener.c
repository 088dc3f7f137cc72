/* SPDX-License-Identifier: ISC */
/* tls_listener - keys, certificates and rules of a listener that speaks TLS
 *
 * For a Postfix on another host, behind stunnel. Both ends are under control
 * of the same administrator, so there is no need to be lenient: TLS 1.2 and
 * up, forward secrecy and authenticated encryption only, no renegotiation, no
 * resumption. Host settings change nothing of it: OpenSSL is used with a
 * library context of its own, and its configuration file is never read.
 *
 * All files are read when the configuration is loaded, as root; later a
 * session needs none of them. */

#include "lib/tls_listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/xalloc.h"

#define DIGEST_SIZE    32 /* SHA-256 */
#define SECURITY_LEVEL 2  /* of OpenSSL: 112 bits, no SHA-1 */
#define CHAIN_DEPTH    8

struct tls_listener {
	unsigned users;
	bool require;
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *provider;
	SSL_CTX *context;
	unsigned char (*fingerprints)[DIGEST_SIZE];
	size_t fingerprint_count;
};

/* fail - what, and the reason that OpenSSL gives for its last failure */
static int fail(const char *what, const char *path, struct error *error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(error, "%s: %s: %s", what, path,
			 reason != NULL ? reason : "OpenSSL does not say why");
}

/* check_secret - a key is for its owner, and perhaps for a group */
static int check_secret(const struct stat *status, struct error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error,
				 "belongs to user %lu; it must belong to root "
				 "or to the user that runs policyd",
				 (unsigned long)status->st_uid);
	if ((status->st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return error_set(error,
				 "its mode is %04o: others may use it; "
				 "chmod 0600 it",
				 (unsigned)(status->st_mode & 07777));
	return 0;
}

/* open_descriptor - a regular file; symbolic links are usual here */
static int open_descriptor(const char *path, bool secret, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return error_set(error, "%s", strerror(errno));
	if (fstat(fd, &status) < 0)
		error_set(error, "%s", strerror(errno));
	else if (!S_ISREG(status.st_mode))
		error_set(error, "is not a regular file");
	else if (!secret || check_secret(&status, error) == 0)
		return fd;
	close(fd);
	return -1;
}

/* open_file - for OpenSSL to read; the caller frees it */
static BIO *open_file(const char *option, const char *path, bool secret,
		      struct error *error)
{
	int fd = open_descriptor(path, secret, error);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	BIO *bio = file == NULL ? NULL : BIO_new_fp(file, BIO_CLOSE);

	if (bio != NULL)
		return bio;
	if (file != NULL)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	if (fd >= 0)
		error_set(error, "out of memory");
	error_prefix(error, "%s: %s: ", option, path);
	return NULL;
}

/* no_passphrase - nobody is there to be asked; context, a bool, notes that */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	bool *asked = context;

	(void)buffer;
	(void)size;
	(void)writing;
	if (asked != NULL)
		*asked = true;
	return -1;
}

/* next_certificate - of a file, NULL: there is no more, or error is set */
static X509 *next_certificate(const struct tls_listener *listener, BIO *bio,
			      const char *option, const char *path,
			      struct error *error)
{
	X509 *certificate = X509_new_ex(listener->library, NULL);
	unsigned long code;

	ERR_clear_error();
	if (PEM_read_bio_X509(bio, &certificate, no_passphrase, NULL) != NULL)
		return certificate;
	X509_free(certificate);
	code = ERR_peek_last_error();
	if (ERR_GET_LIB(code) != ERR_LIB_PEM ||
	    ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		fail(option, path, error);
	ERR_clear_error();
	return NULL;
}

/* check_own - may it be shown to clients? */
static int check_own(X509 *certificate, struct error *error)
{
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0)
		return error_set(error, "the certificate is not yet valid");
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
		return error_set(error, "the certificate has expired");
	if (X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) != 1)
		return error_set(error, "the certificate is not for a TLS "
					"server (extended key usage)");
	return 0;
}

/* use_certificate - ours, and its chain */
static int use_certificate(struct tls_listener *listener, const char *path,
			   struct error *error)
{
	BIO *bio = open_file("certificate", path, false, error);
	X509 *certificate;
	size_t count = 0;
	int result = 0;

	if (bio == NULL)
		return -1;
	error->text[0] = '\0';
	while (result == 0 &&
	       (certificate = next_certificate(listener, bio, "certificate",
					       path, error)) != NULL) {
		if (count++ > 0) {
			if (SSL_CTX_add1_chain_cert(listener->context,
						    certificate) != 1)
				result = fail("certificate", path, error);
		} else if (check_own(certificate, error) < 0) {
			result = error_prefix(error, "certificate: %s: ", path);
		} else if (SSL_CTX_use_certificate(listener->context,
						   certificate) != 1) {
			result = fail("certificate", path, error);
		}
		X509_free(certificate);
	}
	BIO_free(bio);
	if (result == 0 && error->text[0] != '\0')
		return -1;
	if (count == 0)
		return error_set(error,
				 "certificate: %s: there is no certificate in "
				 "it (PEM)",
				 path);
	return result;
}

/* read_key - from its file, or NULL */
static EVP_PKEY *read_key(const struct tls_listener *listener, const char *path,
			  struct error *error)
{
	BIO *bio = open_file("key", path, true, error);
	bool asked = false;
	EVP_PKEY *key;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, &asked,
					 listener->library, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (key != NULL)
		return key;
	if (asked)
		error_set(error,
			  "key: %s: it is encrypted, and nobody can be asked "
			  "for the passphrase; openssl pkey removes it",
			  path);
	else
		error_set(error, "key: %s: there is no private key in it (PEM)",
			  path);
	return NULL;
}

/* use_key - that of the certificate */
static int use_key(struct tls_listener *listener, const char *path,
		   struct error *error)
{
	EVP_PKEY *key = read_key(listener, path, error);
	int result = 0;

	if (key == NULL)
		return -1;
	if (X509_check_private_key(SSL_CTX_get0_certificate(listener->context),
				   key) != 1)
		result = error_set(error,
				   "key: %s: it is not the key of the "
				   "certificate",
				   path);
	else if (SSL_CTX_use_PrivateKey(listener->context, key) != 1)
		result = fail("key", path, error);
	ERR_clear_error();
	EVP_PKEY_free(key);
	return result;
}

/* use_ca - who signs clients' certificates; their names are told to clients,
 * which may have several certificates */
static int use_ca(struct tls_listener *listener, const char *path,
		  struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(listener->context);
	BIO *bio = open_file("ca", path, false, error);
	X509 *certificate;
	size_t count = 0;
	int result = 0;

	if (bio == NULL)
		return -1;
	error->text[0] = '\0';
	while (result == 0 &&
	       (certificate = next_certificate(listener, bio, "ca", path,
					       error)) != NULL) {
		count++;
		if (X509_STORE_add_cert(store, certificate) != 1 ||
		    SSL_CTX_add_client_CA(listener->context, certificate) != 1)
			result = fail("ca", path, error);
		X509_free(certificate);
	}
	BIO_free(bio);
	if (result == 0 && error->text[0] != '\0')
		return -1;
	if (count == 0)
		return error_set(error,
				 "ca: %s: there is no certificate in it (PEM)",
				 path);
	return result;
}

/* next_crl - of a file, or NULL */
static X509_CRL *next_crl(const struct tls_listener *listener, BIO *bio)
{
	X509_CRL *crl = X509_CRL_new_ex(listener->library, NULL);

	if (PEM_read_bio_X509_CRL(bio, &crl, no_passphrase, NULL) != NULL)
		return crl;
	X509_CRL_free(crl);
	return NULL;
}

/* add_crls - every list of a file; how many, or -1 */
static int add_crls(struct tls_listener *listener, BIO *bio, const char *path,
		    struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(listener->context);
	const ASN1_TIME *next;
	X509_CRL *crl;
	int count = 0;

	while (count >= 0 && (crl = next_crl(listener, bio)) != NULL) {
		next = X509_CRL_get0_nextUpdate(crl);
		if (next != NULL && X509_cmp_current_time(next) <= 0)
			count = error_set(error,
					  "crl: %s: it has expired, and no "
					  "client could come in; fetch the "
					  "new one",
					  path);
		else if (X509_STORE_add_crl(store, crl) != 1)
			count = fail("crl", path, error);
		else
			count++;
		X509_CRL_free(crl);
	}
	return count;
}

/* use_crl - certificates that were revoked; without the list of its signer no
 * client is let in */
static int use_crl(struct tls_listener *listener, const char *path,
		   struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(listener->context);
	BIO *bio = open_file("crl", path, false, error);
	int count;

	if (bio == NULL)
		return -1;
	count = add_crls(listener, bio, path, error);
	BIO_free(bio);
	ERR_clear_error();
	if (count == 0)
		return error_set(error,
				 "crl: %s: there is no certificate revocation "
				 "list in it (PEM)",
				 path);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return count < 0 ? -1 : 0;
}

/* digest_is - is it one of the fingerprints? Takes the same time whichever. */
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

/* verify - each certificate of a chain, ours to decide when OpenSSL is content;
 * the client's own comes last */
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

/* set_protocol - what is spoken, whatever the host thinks of it */
static int set_protocol(SSL_CTX *context)
{
	SSL_CTX_set_security_level(context, SECURITY_LEVEL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
					     SSL_OP_NO_COMPRESSION |
					     SSL_OP_NO_TICKET |
					     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	/* Without AUTO_RETRY one call handles one message, no flood of them. */
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
		return fail("tls", "cannot set up OpenSSL", error);
	SSL_CTX_set_app_data(listener->context, listener);
	return 0;
}

/* load - all files */
static int load(struct tls_listener *listener,
		const struct tls_listener_files *files, struct error *error)
{
	int mode = SSL_VERIFY_NONE;

	if (open_library(listener, error) < 0 ||
	    use_certificate(listener, files->certificate, error) < 0 ||
	    use_key(listener, files->key, error) < 0 ||
	    (files->ca != NULL && use_ca(listener, files->ca, error) < 0) ||
	    (files->crl != NULL && use_crl(listener, files->crl, error) < 0))
		return -1;
	if (files->ca != NULL)
		mode = SSL_VERIFY_PEER;
	if (listener->require)
		mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(listener->context, mode, verify);
	SSL_CTX_set_verify_depth(listener->context, CHAIN_DEPTH);
	return 0;
}

/* tls_listener_new - read the files */
struct tls_listener *tls_listener_new(const struct tls_listener_files *files,
				      bool require, struct error *error)
{
	struct tls_listener *listener = xcalloc(1, sizeof(*listener));

	listener->users = 1;
	listener->require = require;
	if (load(listener, files, error) == 0)
		return listener;
	tls_listener_free(listener);
	return NULL;
}

/* tls_listener_add_fingerprint - of a client that is let in */
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

/* tls_listener_hold - one more user */
struct tls_listener *tls_listener_hold(struct tls_listener *listener)
{
	listener->users++;
	return listener;
}

/* tls_listener_free - one user less */
void tls_listener_free(struct tls_listener *listener)
{
	if (listener == NULL || --listener->users > 0)
		return;
	SSL_CTX_free(listener->context);
	if (listener->provider != NULL)
		OSSL_PROVIDER_unload(listener->provider);
	OSSL_LIB_CTX_free(listener->library);
	free(listener->fingerprints);
	free(listener);
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

/* tls_listener_admits - what the handshake must have seen to, once more */
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

/* tls_listener_reason - why did it fail? */
const char *tls_listener_reason(const SSL *ssl, int code)
{
	long verified = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (verified == X509_V_ERR_APPLICATION_VERIFICATION)
		return "the certificate is not in fingerprints";
	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	if (code == SSL_ERROR_SYSCALL)
		return errno != 0 ? strerror(errno) : "connection ended";
	return reason != NULL ? reason : "connection ended";
}
