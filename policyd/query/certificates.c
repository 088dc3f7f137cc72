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

/* read_text - the content of a file; the caller frees it. NULL: *answer says
 * what that means. The content of a device is not read. */
static char *read_text(const char *path, enum smtpd_answer *answer)
{
	struct stat status;
	const char *reason;
	size_t length;
	char *text;

	if (stat(path, &status) < 0)
		*answer = errno == ENOENT ? SMTPD_NO : SMTPD_MAY;
	else if (S_ISDIR(status.st_mode))
		*answer = SMTPD_NO;
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

/* compare - is the first key of one text that of the first certificate of the
 * other? */
static enum smtpd_answer compare(const char *certificate, const char *key)
{
	BIO *one = BIO_new_mem_buf(certificate, -1);
	BIO *two = BIO_new_mem_buf(key, -1);
	X509 *ours = PEM_read_bio_X509(one, NULL, no_passphrase, NULL);
	EVP_PKEY *secret =
		PEM_read_bio_PrivateKey(two, NULL, no_passphrase, NULL);
	enum smtpd_answer answer;

	if (ours == NULL || (secret == NULL && strstr(key, KEY) == NULL))
		answer = SMTPD_NO;
	else if (secret == NULL)
		answer = SMTPD_MAY;
	else
		answer = X509_check_private_key(ours, secret) == 1 ? SMTPD_YES
								   : SMTPD_NO;
	ERR_clear_error();
	EVP_PKEY_free(secret);
	X509_free(ours);
	BIO_free(two);
	BIO_free(one);
	return answer;
}

/* of_pair - a certificate, and its key */
static enum smtpd_answer of_pair(const char *certificate, const char *key)
{
	enum smtpd_answer one = SMTPD_YES, two = SMTPD_YES;
	char *first, *second;

	if (*certificate != '/' || *key != '/')
		return SMTPD_YES;
	first = read_text(certificate, &one);
	second = read_text(key, &two);
	if (first != NULL && second != NULL)
		one = compare(first, second);
	free(second);
	free(first);
	return one < two ? one : two;
}

/* of_chain - files of keys, each followed by its certificates */
static enum smtpd_answer of_chain(const char *files)
{
	enum smtpd_answer answer = SMTPD_YES;
	char *all = xstrdup(""), *path;
	const char *key, *certificate;

	while ((path = postfix_next_word(&files)) != NULL) {
		enum smtpd_answer one = SMTPD_YES;
		char *text = *path == '/' ? read_text(path, &one) : NULL;
		char *longer = text != NULL ? xasprintf("%s\n%s", all, text)
					    : xstrdup("");

		free(all);
		all = longer;
		answer = one < answer ? one : answer;
		free(text);
		free(path);
	}
	key = strstr(all, KEY);
	certificate = strstr(all, CERTIFICATE);
	if (answer == SMTPD_YES && *all != '\0')
		answer = key != NULL && certificate != NULL && certificate < key
				 ? SMTPD_MAY
				 : compare(all, all);
	free(all);
	return answer;
}

/* certificates_usable - of a port */
enum smtpd_answer certificates_usable(const struct smtpd_port *port)
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
		return of_chain(chain);
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *certificate =
			postfix_get(port->postfix, port->service, pairs[i][0]);
		const char *key =
			postfix_get(port->postfix, port->service, pairs[i][1]);
		enum smtpd_answer one =
			of_pair(certificate, *key != '\0' ? key : certificate);

		answer = one < answer ? one : answer;
	}
	return answer;
}
