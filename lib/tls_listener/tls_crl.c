/* SPDX-License-Identifier: ISC */
/* tls_crl - the certificates of clients that were revoked
 *
 * Lists that would make a listener that nobody can use are refused here. */

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "lib/tls/tls_files.h"
#include "lib/tls_listener/tls_listener_internal.h"

/* next_crl - the next list of a file, or NULL */
static X509_CRL *next_crl(const struct tls_listener *listener, BIO *bio)
{
	X509_CRL *crl = X509_CRL_new_ex(listener->tls.library, NULL);

	if (PEM_read_bio_X509_CRL(bio, &crl, tls_file_no_passphrase, NULL) !=
	    NULL)
		return crl;
	X509_CRL_free(crl);
	return NULL;
}

/* add_crls - add every list of a file; how many, or -1 */
static int add_crls(struct tls_listener *listener, BIO *bio, const char *path,
		    struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(listener->tls.context);
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
			count = tls_context_fail("crl", path, error);
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

/* tls_listener_use_crl - also those of authorities; without a list of every
 * authority in its chain, no client is admitted */
int tls_listener_use_crl(struct tls_listener *listener, const char *path,
			 struct error *error)
{
	X509_STORE *store = SSL_CTX_get_cert_store(listener->tls.context);
	BIO *bio = tls_file_open("crl", path, false, error);
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
