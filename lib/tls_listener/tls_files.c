/* SPDX-License-Identifier: ISC */
/* tls_files - the key and the certificates of a listener
 *
 * Files that would make a listener that nobody can use, or one whose key is not
 * secret, are refused here. */

#include "lib/tls_listener/tls_listener_internal.h"

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

/* open_file - open a file for OpenSSL; the caller frees it */
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

/* no_passphrase - nobody can be asked for it; context, a bool, is set */
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

/* use_one - handle a certificate of a file, number from 0: 0, or -1 */
typedef int use_one(struct tls_listener *listener, X509 *certificate,
		    size_t number, const char *path, struct error *error);

/* next_certificate - the next certificate of a file; NULL: no more, or error is
 * set */
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
		tls_listener_fail(option, path, error);
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

/* each_certificate - handle each certificate of a file, until one fails; there
 * must be one */
static int each_certificate(struct tls_listener *listener, const char *option,
			    const char *path, use_one *use, struct error *error)
{
	BIO *bio = open_file(option, path, false, error);
	X509 *certificate;
	size_t count = 0;
	int result = 0;

	if (bio == NULL)
		return -1;
	error->text[0] = '\0';
	while (result == 0 &&
	       (certificate = next_certificate(listener, bio, option, path,
					       error)) != NULL) {
		result = use(listener, certificate, count++, path, error);
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
static int use_own(struct tls_listener *listener, X509 *certificate,
		   size_t number, const char *path, struct error *error)
{
	SSL_CTX *tls = listener->context;
	bool used;

	if (number == 0 && check_own(certificate, error) < 0)
		return error_prefix(error, "certificate: %s: ", path);
	used = number == 0 ? SSL_CTX_use_certificate(tls, certificate) == 1
			   : SSL_CTX_add1_chain_cert(tls, certificate) == 1;
	return used ? 0 : tls_listener_fail("certificate", path, error);
}

/* use_signer - an authority that signs clients' certificates; clients are sent
 * the names, since they may have several certificates */
static int use_signer(struct tls_listener *listener, X509 *certificate,
		      size_t number, const char *path, struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(listener->context);

	(void)number;
	if (X509_STORE_add_cert(store, certificate) == 1 &&
	    SSL_CTX_add_client_CA(listener->context, certificate) == 1)
		return 0;
	return tls_listener_fail("ca", path, error);
}

/* read_key - read the key from its file, or NULL */
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

/* use_key - use the key of the certificate */
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
		result = tls_listener_fail("key", path, error);
	ERR_clear_error();
	EVP_PKEY_free(key);
	return result;
}

/* next_crl - the next list of a file, or NULL */
static X509_CRL *next_crl(const struct tls_listener *listener, BIO *bio)
{
	X509_CRL *crl = X509_CRL_new_ex(listener->library, NULL);

	if (PEM_read_bio_X509_CRL(bio, &crl, no_passphrase, NULL) != NULL)
		return crl;
	X509_CRL_free(crl);
	return NULL;
}

/* add_crls - add every list of a file; how many, or -1 */
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
					  "crl: %s: it has expired, so no "
					  "client could connect; fetch a new "
					  "one",
					  path);
		else if (X509_STORE_add_crl(store, crl) != 1)
			count = tls_listener_fail("crl", path, error);
		else
			count++;
		X509_CRL_free(crl);
	}
	return count;
}

/* has_list - is there a list of this authority? */
static bool has_list(const STACK_OF(X509_OBJECT) * objects, X509 *authority)
{
	const X509_NAME *name = X509_get_subject_name(authority);
	int i;

	for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		const X509_CRL *crl = X509_OBJECT_get0_X509_CRL(
			sk_X509_OBJECT_value(objects, i));

		if (crl != NULL &&
		    X509_NAME_cmp(X509_CRL_get_issuer(crl), name) == 0)
			return true;
	}
	return false;
}

/* fail_without_list - report that the file has no list of this authority; -1 */
static int fail_without_list(const char *path, X509 *authority,
			     struct error *error)
{
	char text[256] = "";
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, X509_get_subject_name(authority), 0,
			       XN_FLAG_RFC2253) >= 0)
		BIO_read(bio, text, sizeof(text) - 1);
	BIO_free(bio);
	return error_set(error,
			 "crl: %s: there is no list of %s, which is in ca, "
			 "so none of its clients could connect; every "
			 "authority needs one, even an empty one",
			 path, text);
}

/* check_lists - every authority must have one */
static int check_lists(X509_STORE *store, const char *path, struct error *error)
{
	const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
	int i;

	for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *authority =
			X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

		if (authority != NULL && X509_check_ca(authority) != 0 &&
		    !has_list(objects, authority))
			return fail_without_list(path, authority, error);
	}
	return 0;
}

/* use_crl - reject certificates that were revoked, also those of authorities;
 * without a list of every authority in its chain, no client is admitted */
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
	X509_STORE_set_flags(store,
			     X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return count < 0 ? -1 : check_lists(store, path, error);
}

/* tls_listener_load - load all files */
int tls_listener_load(struct tls_listener *listener,
		      const struct tls_listener_files *files,
		      struct error *error)
{
	if (each_certificate(listener, "certificate", files->certificate,
			     use_own, error) < 0 ||
	    use_key(listener, files->key, error) < 0 ||
	    (files->ca != NULL && each_certificate(listener, "ca", files->ca,
						   use_signer, error) < 0) ||
	    (files->crl != NULL && use_crl(listener, files->crl, error) < 0))
		return -1;
	return 0;
}
