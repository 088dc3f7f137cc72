/* SPDX-License-Identifier: ISC */
#ifndef T_FUZZ_CERTIFICATE_H
#define T_FUZZ_CERTIFICATE_H

#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "t/fuzz/fuzz.h"

#define DAY 86400

/* make_certificate - signed by itself, for "x" and that use; and its
 * key */
static inline void make_certificate(const char *use, const char *path,
				    const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_EXTENSION *extension =
		X509V3_EXT_nconf_nid(NULL, NULL, NID_ext_key_usage, use);
	FILE *file = fopen(path, "w");

	X509_set_version(certificate, 2);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), DAY);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
				   MBSTRING_ASC, (const unsigned char *)"x", -1,
				   -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	require(X509_add_ext(certificate, extension, -1) == 1);
	require(X509_sign(certificate, key, EVP_sha256()) > 0);
	require(file != NULL && PEM_write_X509(file, certificate) == 1);
	fclose(file);
	file = fopen(key_path, "w");
	require(file != NULL && fchmod(fileno(file), 0600) == 0);
	require(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) ==
		1);
	fclose(file);
	X509_EXTENSION_free(extension);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

#endif
