/* SPDX-License-Identifier: ISC */
/* certificates - the files of a port's own certificates
 *
 * smtpd(8) offers TLS only if it can load all of them. With
 * smtpd_tls_chain_files, each a key followed by its certificates, the older
 * parameters are ignored; of those, each pair is a file with a certificate and
 * one with its key. */

#include "policyd/query/certificates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "lib/base/file.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_restrictions.h"

#define KEY	    "PRIVATE KEY-----"
#define CERTIFICATE "-----BEGIN CERTIFICATE-----"

/* refused - what smtpd(8) cannot use, and why */
static enum smtpd_answer refused(struct error *why, const char *path,
				 const char *what)
{
	error_set(why, "%s: %s", path, what);
	return SMTPD_NO;
}

/* read_text - the content of a file; the caller frees it. NULL: *answer says
 * what that means. The content of a device is not read. */
static char *read_text(const char *path, enum smtpd_answer *answer,
		       struct error *why)
{
	struct stat status;
	const char *reason;
	size_t length;
	char *text;

	if (stat(path, &status) < 0)
		*answer = errno == ENOENT
				  ? refused(why, path, "there is no such file")
				  : SMTPD_MAY;
	else if (S_ISDIR(status.st_mode))
		*answer = refused(why, path, "is a directory");
	else if (!S_ISREG(status.st_mode))
		*answer = SMTPD_YES;
	else if ((text = file_read(path, &length, &reason)) != NULL)
		return text;
	else
		*answer = SMTPD_MAY;
	return NULL;
}

/* no_passphrase - nobody can be asked for it */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

/* A text with a certificate or a key, and the name of its file. */
struct content {
	const char *path;
	const char *text;
};

/* fits - is the key that of the certificate? Either is NULL if it could not be
 * read. */
static enum smtpd_answer fits(X509 *certificate, EVP_PKEY *key,
			      const struct content *one,
			      const struct content *two, struct error *why)
{
	if (certificate == NULL)
		return refused(why, one->path, "holds no certificate");
	if (key == NULL)
		return strstr(two->text, KEY) == NULL
			       ? refused(why, two->path, "holds no key")
			       : SMTPD_MAY;
	if (X509_check_private_key(certificate, key) == 1)
		return SMTPD_YES;
	error_set(why, "%s: the key is not that of the certificate in %s",
		  two->path, one->path);
	return SMTPD_NO;
}

/* compare - is the first key of one text that of the first certificate of the
 * other? */
static enum smtpd_answer compare(const struct content *one,
				 const struct content *two, struct error *why)
{
	BIO *first = BIO_new_mem_buf(one->text, -1);
	BIO *second = BIO_new_mem_buf(two->text, -1);
	X509 *certificate = PEM_read_bio_X509(first, NULL, no_passphrase, NULL);
	EVP_PKEY *key =
		PEM_read_bio_PrivateKey(second, NULL, no_passphrase, NULL);
	enum smtpd_answer answer = fits(certificate, key, one, two, why);

	ERR_clear_error();
	EVP_PKEY_free(key);
	X509_free(certificate);
	BIO_free(second);
	BIO_free(first);
	return answer;
}

/* of_pair - a certificate, and its key */
static enum smtpd_answer of_pair(const char *certificate, const char *key,
				 struct error *why)
{
	enum smtpd_answer one = SMTPD_YES, two = SMTPD_YES;
	char *first, *second;

	if (*certificate != '/' || *key != '/')
		return SMTPD_YES;
	second = read_text(key, &two, why);
	first = read_text(certificate, &one, why);
	if (first != NULL && second != NULL)
		one = compare(&(struct content){ certificate, first },
			      &(struct content){ key, second }, why);
	free(second);
	free(first);
	return one < two ? one : two;
}

/* of_chain - files of keys, each followed by its certificates */
static enum smtpd_answer of_chain(const char *files, struct error *why)
{
	const char *shown = files;
	enum smtpd_answer answer = SMTPD_YES;
	char *all = xstrdup(""), *path;
	const char *key, *certificate;

	while ((path = postfix_next_word(&files)) != NULL) {
		enum smtpd_answer one = SMTPD_YES;
		char *text = *path == '/' ? read_text(path, &one, why) : NULL;

		if (text != NULL)
			xappend(&all, "\n%s", text);
		else
			*all = '\0';
		answer = one < answer ? one : answer;
		free(text);
		free(path);
	}
	key = strstr(all, KEY);
	certificate = strstr(all, CERTIFICATE);
	if (answer == SMTPD_YES && *all != '\0')
		answer =
			key != NULL && certificate != NULL && certificate < key
				? SMTPD_MAY
				: compare(&(struct content){ shown, all },
					  &(struct content){ shown, all }, why);
	free(all);
	return answer;
}

/* certificates_usable - of a port */
enum smtpd_answer certificates_usable(const struct smtpd_port *port,
				      struct error *why)
{
	static const char *const pairs[][2] = {
		{ "smtpd_tls_cert_file", "smtpd_tls_key_file" },
		{ "smtpd_tls_eccert_file", "smtpd_tls_eckey_file" },
		{ "smtpd_tls_dcert_file", "smtpd_tls_dkey_file" },
	};
	const char *chain = postfix_get(port->postfix, port->service,
					"smtpd_tls_chain_files");
	enum smtpd_answer answer = SMTPD_YES;
	size_t i;

	if (*chain != '\0' && strcasecmp(chain, "none") != 0)
		return of_chain(chain, why);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *certificate =
			postfix_get(port->postfix, port->service, pairs[i][0]);
		const char *key =
			postfix_get(port->postfix, port->service, pairs[i][1]);
		enum smtpd_answer one = of_pair(
			certificate, *key != '\0' ? key : certificate, why);

		answer = one < answer ? one : answer;
	}
	return answer;
}
