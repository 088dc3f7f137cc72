/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_CERTIFICATES_H
#define T_UNIT_CERTIFICATES_H

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "t/unit/test.h"

/* Keys and certificates for tests, in a directory of their own. */

#define DAY 86400

static char directory[] = "/tmp/policyd-test-XXXXXX";

/* directory_make - before anything is put there */
static inline void directory_make(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

/* directory_remove - with all that is in it */
static inline void directory_remove(void)
{
	char *command = xasprintf("rm -r '%s'", directory);

	ck_assert_int_eq(system(command), 0);
	free(command);
	memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
}

/* name - a file in the directory; of four at a time */
static inline const char *name(const char *file)
{
	static char names[4][128];
	static unsigned next;
	char *path = names[next++ % 4];

	snprintf(path, sizeof(names[0]), "%s/%s", directory, file);
	return path;
}

/* create - a file of that mode */
static inline FILE *create(const char *file, mode_t mode)
{
	FILE *stream = fopen(name(file), "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(fchmod(fileno(stream), mode), 0);
	return stream;
}

/* write_text - a file that says that */
static inline void write_text(const char *file, const char *text)
{
	FILE *stream = create(file, 0600);

	fputs(text, stream);
	fclose(stream);
}

/* join - one file and then another, into a third, for its owner only */
static inline void join(const char *to, const char *one, const char *other)
{
	size_t size;
	char *first = read_whole(name(one), &size);
	char *second = read_whole(name(other), &size);
	char *text = xasprintf("%s%s", first, second);

	write_text(to, text);
	free(text);
	free(second);
	free(first);
}

/* write_key - with a passphrase if cipher is not NULL */
static inline void write_key(const char *file, EVP_PKEY *key,
			     const EVP_CIPHER *cipher)
{
	FILE *stream = create(file, 0600);

	ck_assert_int_eq(PEM_write_PrivateKey(stream, key, cipher, NULL, 0,
					      NULL, (void *)(uintptr_t) "x"),
			 1);
	fclose(stream);
}

/* add_extension - to a certificate */
static inline void add_extension(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension =
		X509V3_EXT_nconf_nid(NULL, NULL, nid, value);

	ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* write_certificate_for - of key, signed by itself, valid from and to so many
 * days from now, for that extended use, and those names ("DNS:a,IP:b"), or only
 * for "test" */
static inline void write_certificate_for(const char *file, EVP_PKEY *key,
					 long from, long to, const char *use,
					 const char *names)
{
	FILE *stream = create(file, 0644);
	X509 *certificate = X509_new();
	X509_NAME *subject;

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from * DAY);
	X509_gmtime_adj(X509_getm_notAfter(certificate), to * DAY);
	X509_set_pubkey(certificate, key);
	subject = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, subject);
	add_extension(certificate, NID_ext_key_usage, use);
	if (names != NULL)
		add_extension(certificate, NID_subject_alt_name, names);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_X509(stream, certificate), 1);
	X509_free(certificate);
	fclose(stream);
}

/* write_certificate - for "test" */
static inline void write_certificate(const char *file, EVP_PKEY *key, long from,
				     long to, const char *use)
{
	write_certificate_for(file, key, from, to, use, NULL);
}

/* expand - settings, with the directory for each "@"; the caller frees them */
static inline char *expand(const char *settings)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);

	for (; *settings != '\0'; settings++)
		if (*settings == '@')
			fputs(directory, file);
		else
			fputc(*settings, file);
	fclose(file);
	return text;
}

#endif
