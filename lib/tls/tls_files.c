/* SPDX-License-Identifier: ISC */
/* tls_files - the key and the certificates of one side of TLS
 *
 * Files that would make a side that nobody can talk to, or one whose key is not
 * secret, are refused here. */

#include "lib/tls/tls_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/file.h"
#include "lib/base/trust.h"

/* open_descriptor - open a regular file; symbolic links are common here */
static int open_descriptor(const char *path, bool secret, struct error *error)
{
	struct stat status;
	const char *reason;
	int fd = file_open(path, &status, &reason);

	if (fd < 0)
		return error_set(error, "%s", reason);
	if (!secret || trust_secret(&status, error) == 0)
		return fd;
	close(fd);
	return -1;
}

/* tls_file_open - open a file for OpenSSL */
BIO *tls_file_open(const char *option, const char *path, bool secret,
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

/* tls_file_no_passphrase - context, a bool, is set */
int tls_file_no_passphrase(char *buffer, int size, int writing, void *context)
{
	bool *asked = context;

	(void)buffer;
	(void)size;
	(void)writing;
	if (asked != NULL)
		*asked = true;
	return -1;
}

/* use_one - handle a certificate of a file, number from 0: 0, or -1 */
typedef int use_one(struct tls_context *tls, X509 *certificate, size_t number,
		    const char *path, struct error *error);

/* next_certificate - the next certificate of a file; NULL: no more, or error is
 * set */
static X509 *next_certificate(const struct tls_context *tls, BIO *bio,
			      const char *option, const char *path,
			      struct error *error)
{
	X509 *certificate = X509_new_ex(tls->library, NULL);
	unsigned long code;

	ERR_clear_error();
	if (PEM_read_bio_X509(bio, &certificate, tls_file_no_passphrase,
			      NULL) != NULL)
		return certificate;
	X509_free(certificate);
	code = ERR_peek_last_error();
	if (ERR_GET_LIB(code) != ERR_LIB_PEM ||
	    ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		tls_context_fail(option, path, error);
	ERR_clear_error();
	return NULL;
}

/* check_own - may it be shown to the peer? */
static int check_own(enum tls_side side, X509 *certificate, struct error *error)
{
	int purpose = side == TLS_SERVER ? X509_PURPOSE_SSL_SERVER
					 : X509_PURPOSE_SSL_CLIENT;

	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0)
		return error_set(error, "the certificate is not yet valid");
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0)
		return error_set(error, "the certificate has expired");
	if (X509_check_purpose(certificate, purpose, 0) != 1)
		return error_set(error,
				 "the certificate is not for a TLS %s "
				 "(extended key usage)",
				 side == TLS_SERVER ? "server" : "client");
	return 0;
}

/* each_certificate - handle each certificate of a file, until one fails; there
 * must be one */
static int each_certificate(struct tls_context *tls, const char *option,
			    const char *path, use_one *use, struct error *error)
{
	BIO *bio = tls_file_open(option, path, false, error);
	X509 *certificate;
	size_t count = 0;
	int result = 0;

	if (bio == NULL)
		return -1;
	error->text[0] = '\0';
	while (result == 0 &&
	       (certificate = next_certificate(tls, bio, option, path,
					       error)) != NULL) {
		result = use(tls, certificate, count++, path, error);
		X509_free(certificate);
	}
	BIO_free(bio);
	if (result == 0 && error->text[0] != '\0')
		return -1;
	if (count == 0)
		return error_set(error,
				 "%s: %s: there is no certificate in it (PEM)",
				 option, path);
	return result;
}

/* use_own - our certificate, followed by its chain */
static int use_own(struct tls_context *tls, X509 *certificate, size_t number,
		   const char *path, struct error *error)
{
	bool used;

	if (number == 0 && check_own(tls->side, certificate, error) < 0)
		return error_prefix(error, "certificate: %s: ", path);
	used = number == 0
		       ? SSL_CTX_use_certificate(tls->context, certificate) == 1
		       : SSL_CTX_add1_chain_cert(tls->context, certificate) ==
				 1;
	return used ? 0 : tls_context_fail("certificate", path, error);
}

/* use_signer - an authority that signs certificates of the peer; clients are
 * sent the names, since they may have several certificates */
static int use_signer(struct tls_context *tls, X509 *certificate, size_t number,
		      const char *path, struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls->context);

	(void)number;
	if (X509_STORE_add_cert(store, certificate) == 1 &&
	    (tls->side == TLS_CLIENT ||
	     SSL_CTX_add_client_CA(tls->context, certificate) == 1))
		return 0;
	return tls_context_fail("ca", path, error);
}

/* read_key - read the key from its file, or NULL */
static EVP_PKEY *read_key(const struct tls_context *tls, const char *path,
			  struct error *error)
{
	BIO *bio = tls_file_open("key", path, true, error);
	bool asked = false;
	EVP_PKEY *key;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey_ex(bio, NULL, tls_file_no_passphrase,
					 &asked, tls->library, NULL);
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

/* use_key - use the key of the certificate */
static int use_key(struct tls_context *tls, const char *path,
		   struct error *error)
{
	EVP_PKEY *key = read_key(tls, path, error);
	int result = 0;

	if (key == NULL)
		return -1;
	if (X509_check_private_key(SSL_CTX_get0_certificate(tls->context),
				   key) != 1)
		result = error_set(error,
				   "key: %s: it is not the key of the "
				   "certificate",
				   path);
	else if (SSL_CTX_use_PrivateKey(tls->context, key) != 1)
		result = tls_context_fail("key", path, error);
	ERR_clear_error();
	EVP_PKEY_free(key);
	return result;
}

/* tls_context_use_own - the certificate, then its key */
int tls_context_use_own(struct tls_context *tls, const char *certificate,
			const char *key, struct error *error)
{
	if (each_certificate(tls, "certificate", certificate, use_own, error) <
	    0)
		return -1;
	return use_key(tls, key, error);
}

/* tls_context_use_ca - all in the file */
int tls_context_use_ca(struct tls_context *tls, const char *ca,
		       struct error *error)
{
	return each_certificate(tls, "ca", ca, use_signer, error);
}
