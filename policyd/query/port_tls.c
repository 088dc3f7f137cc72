/* SPDX-License-Identifier: ISC */
/* port_tls - settings of TLS with which a port of smtpd(8) has none
 *
 * smtpd(8) logs a warning, and offers no TLS, or ends each handshake:
 * clients that must encrypt are refused. Where TLS is demanded, it reads the
 * "mandatory" parameters in place of the others. */

#include "policyd/query/port_tls.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_restrictions.h"
#include "policyd/query/certificates.h"
#include "policyd/query/port_tables.h"

/* get - a parameter of the port */
static const char *get(const struct smtpd_port *port, const char *name)
{
	return postfix_get(port->postfix, port->service, name);
}

/* Postfix's names, in their order; a client can use all but the first two. */
static const char *const protocols[] = { "SSLv2",   "SSLv3",   "TLSv1",
					 "TLSv1.1", "TLSv1.2", "TLSv1.3" };
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))
#define USABLE	  (((1u << PROTOCOLS) - 1) & ~3u)

/* The content of a list so far. */
struct protocol_list {
	unsigned included, excluded; /* bits by the place in protocols */
	size_t floor, ceiling;
	bool is_number; /* a bound is the number of a version */
};

/* find_protocol - its place; PROTOCOLS: it is none */
static size_t find_protocol(const char *name)
{
	size_t i = 0;

	while (i < PROTOCOLS && strcasecmp(protocols[i], name) != 0)
		i++;
	return i;
}

/* add_bound - what is behind ">=" or "<=": a name, or a number; nothing counts
 * as 0. Is it valid? */
static bool add_bound(struct protocol_list *list, const char *name,
		      size_t *bound)
{
	size_t found = find_protocol(name);
	char *end;

	if (found < PROTOCOLS) {
		*bound = found;
		return true;
	}
	(void)strtoul(name, &end, 16);
	list->is_number |= *name != '\0';
	return *end == '\0';
}

/* add_protocol - one word; is it valid? */
static int add_protocol(void *context, const char *word, struct error *error)
{
	struct protocol_list *list = context;
	bool excludes = *word == '!', valid;
	size_t found;

	if (strncmp(word, ">=", 2) == 0)
		valid = add_bound(list, word + 2, &list->floor);
	else if (strncmp(word, "<=", 2) == 0)
		valid = add_bound(list, word + 2, &list->ceiling);
	else {
		found = find_protocol(word + excludes);
		valid = found < PROTOCOLS;
		if (valid && excludes)
			list->excluded |= 1u << found;
		else if (valid)
			list->included |= 1u << found;
	}
	return valid ? 0
		     : error_set(error,
				 "%.80s is no protocol; they are SSLv3 TLSv1 "
				 "TLSv1.1 TLSv1.2 TLSv1.3, alone or behind "
				 "\"!\", \">=\" or \"<=\"",
				 word);
}

/* of_protocols - a list with another word in it ends TLS, and so does one that
 * leaves none */
static enum smtpd_answer of_protocols(const char *text, struct error *why)
{
	struct protocol_list list = { .ceiling = PROTOCOLS - 1 };
	unsigned left = USABLE;

	if (words_each(text, WORDS_SEPARATORS ":", add_protocol, &list, why) <
	    0)
		return SMTPD_NO;
	if (list.is_number)
		return SMTPD_YES;
	if (list.included != 0)
		left &= list.included;
	left &= ~list.excluded & ~((1u << list.floor) - 1) &
		((2u << list.ceiling) - 1);
	if (left != 0)
		return SMTPD_YES;
	error_set(why, "no protocol is left");
	return SMTPD_NO;
}

/* of_grade - of ciphers */
static enum smtpd_answer of_grade(const char *grade, struct error *why)
{
	static const char *const grades[] = { "high", "medium", "low", "export",
					      "null" };
	size_t i;

	for (i = 0; i < sizeof(grades) / sizeof(grades[0]); i++)
		if (strcasecmp(grades[i], grade) == 0)
			return SMTPD_YES;
	error_set(why, "%.80s is not one of: high medium low export null",
		  grade);
	return SMTPD_NO;
}

/* of_exclusions - words of OpenSSL without a sign */
static enum smtpd_answer of_exclusions(const char *text, struct error *why)
{
	enum smtpd_answer answer = SMTPD_YES;
	char *word;

	while (answer == SMTPD_YES &&
	       (word = postfix_next_word(&text)) != NULL) {
		if (strchr("!+-@", *word) != NULL) {
			error_set(why, "%.80s must not begin with a sign",
				  word);
			answer = SMTPD_NO;
		}
		free(word);
	}
	return answer;
}

/* list_name - the parameter with the ciphers of a grade; the caller frees it */
static char *list_name(const char *grade)
{
	char *name = xasprintf("tls_%s_cipherlist", grade);
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	return name;
}

/* cipher_string - as smtpd(8) gives it to OpenSSL; the caller frees it */
static char *cipher_string(const struct smtpd_port *port, const char *grade)
{
	static const char *const names[] = {
		"smtpd_tls_exclude_ciphers",
		"smtpd_tls_mandatory_exclude_ciphers"
	};
	char *name = list_name(grade), *text = xstrdup(get(port, name));
	char *word;
	size_t i;

	free(name);
	for (i = 0; i < (port->demands_tls ? 2 : 1); i++) {
		const char *rest = get(port, names[i]);

		while ((word = postfix_next_word(&rest)) != NULL) {
			xappend(&text, ":!%s", word);
			free(word);
		}
	}
	return text;
}

/* is_changed - is anything of it not so by default? */
static bool is_changed(const struct smtpd_port *port, const char *grade)
{
	char *name = list_name(grade);
	bool changed =
		postfix_where(port->postfix, port->service, name) !=
			POSTFIX_DEFAULT ||
		*get(port, "smtpd_tls_exclude_ciphers") != '\0' ||
		*get(port, "smtpd_tls_mandatory_exclude_ciphers") != '\0';

	free(name);
	return changed;
}

/* of_ciphers - is there any that our OpenSSL knows? What is so by default is
 * fine. */
static enum smtpd_answer of_ciphers(const struct smtpd_port *port,
				    const char *grade)
{
	char *text = cipher_string(port, grade);
	enum smtpd_answer answer = SMTPD_YES;
	SSL_CTX *context = NULL;

	if (*text != '\0' && *text != ':' && is_changed(port, grade))
		context = SSL_CTX_new(TLS_server_method());
	if (context != NULL && SSL_CTX_set_cipher_list(context, text) != 1)
		answer = SMTPD_MAY;
	ERR_clear_error();
	SSL_CTX_free(context);
	free(text);
	return answer;
}

/* of_digest - of fingerprints */
static enum smtpd_answer of_digest(const char *name)
{
	return *name == '\0' || EVP_get_digestbyname(name) != NULL ? SMTPD_YES
								   : SMTPD_MAY;
}

/* of_authorities - a file with certificates that smtpd(8) trusts */
static enum smtpd_answer of_authorities(const char *path, struct error *why)
{
	struct stat status;
	const char *reason;
	size_t length;
	char *text;
	bool found;

	if (*path == '\0')
		return SMTPD_YES;
	if (*path == '/' && stat(path, &status) < 0 && errno == ENOENT) {
		error_set(why, "%s: there is no such file", path);
		return SMTPD_NO;
	}
	if (*path != '/' || stat(path, &status) < 0 ||
	    !S_ISREG(status.st_mode) ||
	    (text = file_read(path, &length, &reason)) == NULL)
		return SMTPD_MAY;
	found = strstr(text, "-----BEGIN ") != NULL;
	free(text);
	if (found)
		return SMTPD_YES;
	error_set(why, "%s: holds no certificate", path);
	return SMTPD_NO;
}

/* of_names - a table with the certificates for the names that clients ask for;
 * those that ask for none can do without */
static enum smtpd_answer of_names(const struct smtpd_port *port,
				  const char *tables)
{
	char *missing = port_tables_missing_in(port->postfix, tables);
	enum smtpd_answer answer = missing != NULL ? SMTPD_MAY : SMTPD_YES;

	free(missing);
	return answer;
}

/* narrow - the least answer remains, with its parameter and its reason */
static void narrow(enum smtpd_answer *answer, enum smtpd_answer one,
		   const char *name, const char **parameter)
{
	if (one >= *answer)
		return;
	*answer = one;
	if (parameter != NULL && one == SMTPD_NO)
		*parameter = name;
}

/* certificate_parameter - the one that names the certificate of a port */
static const char *certificate_parameter(const struct smtpd_port *port)
{
	static const char chain[] = "smtpd_tls_chain_files";

	return *get(port, chain) != '\0' ? chain : "smtpd_tls_cert_file";
}

/* of_settings - those that are texts */
static enum smtpd_answer of_settings(const struct smtpd_port *port,
				     const char **parameter, struct error *why)
{
	const bool demands = port->demands_tls;
	const char *protocol = demands ? "smtpd_tls_mandatory_protocols"
				       : "smtpd_tls_protocols";
	const char *grade =
		demands ? "smtpd_tls_mandatory_ciphers" : "smtpd_tls_ciphers";
	static const char exclude[] = "smtpd_tls_exclude_ciphers";
	static const char strict[] = "smtpd_tls_mandatory_exclude_ciphers";
	enum smtpd_answer answer = SMTPD_YES;

	narrow(&answer, of_protocols(get(port, protocol), why), protocol,
	       parameter);
	if (answer != SMTPD_NO && *get(port, grade) != '\0')
		narrow(&answer, of_grade(get(port, grade), why), grade,
		       parameter);
	if (answer != SMTPD_NO)
		narrow(&answer, of_exclusions(get(port, exclude), why), exclude,
		       parameter);
	if (answer != SMTPD_NO && demands)
		narrow(&answer, of_exclusions(get(port, strict), why), strict,
		       parameter);
	if (answer == SMTPD_YES)
		narrow(&answer, of_ciphers(port, get(port, grade)), grade,
		       parameter);
	return answer;
}

/* port_tls_usable - the settings, then the files */
enum smtpd_answer port_tls_usable(const struct smtpd_port *port,
				  const char **parameter, struct error *why)
{
	static const char digest[] = "smtpd_tls_fingerprint_digest";
	static const char names[] = "tls_server_sni_maps";
	static const char authorities[] = "smtpd_tls_CAfile";
	enum smtpd_answer answer = of_settings(port, parameter, why);

	narrow(&answer, of_digest(get(port, digest)), digest, parameter);
	narrow(&answer, of_names(port, get(port, names)), names, parameter);
	if (answer != SMTPD_NO)
		narrow(&answer, of_authorities(get(port, authorities), why),
		       authorities, parameter);
	if (answer != SMTPD_NO)
		narrow(&answer, certificates_usable(port, why),
		       certificate_parameter(port), parameter);
	return answer;
}
