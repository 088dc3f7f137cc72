/* SPDX-License-Identifier: ISC */
/* session_ciphers - the cipher suites of OpenSSL
 *
 * At load, OpenSSL lists every suite that it could negotiate, and those that
 * the cipher string of the configuration allows; later only these lists are
 * used.
 *
 * They must not depend on the host: OpenSSL is used with a library context of
 * its own, its configuration file is never read, and suites with obsolete
 * algorithms are unknown here even where OpenSSL still has them. So are PSK and
 * SRP suites, which no Postfix can negotiate. */

#include "lib/session/session_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"

/* Ciphers of all protocols, and the protocols that may be used with them. */
struct choice {
	const char *word; /* the word in tls_ciphers */
	unsigned protocols;
	const char *ciphers; /* up to TLS 1.2 */
	const char *suites;  /* of TLS 1.3 */
};

#define EVERY_CIPHER "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
#define MOZILLA_SUITES                                   \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:" \
	"TLS_CHACHA20_POLY1305_SHA256"
#define EVERY_SUITE \
	MOZILLA_SUITES ":TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"

/* Names that administrators know: Mozilla's recommendations for servers,
 * version 5.7, and the grades of smtpd_tls_ciphers without anonymous
 * ciphers. */
static const struct choice presets[] = {
	{ "modern", PROTOCOL_TLS13, "HIGH", MOZILLA_SUITES },
	{ "intermediate", PROTOCOL_TLS12 | PROTOCOL_TLS13,
	  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
	  "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:"
	  "DHE-RSA-CHACHA20-POLY1305",
	  MOZILLA_SUITES },
	{ "high", PROTOCOL_ALL, "HIGH:!aNULL", EVERY_SUITE },
	{ "medium", PROTOCOL_ALL, "HIGH:MEDIUM:!aNULL", EVERY_SUITE },
};
#define PRESET_COUNT (sizeof(presets) / sizeof(presets[0]))

/* A private instance of OpenSSL. */
struct openssl {
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *provider;
};

/* find_preset - the preset with that name, or NULL */
static const struct choice *find_preset(const char *word)
{
	size_t i;

	for (i = 0; i < PRESET_COUNT; i++)
		if (strcmp(word, presets[i].word) == 0)
			return &presets[i];
	return NULL;
}

/* session_ciphers_is_preset - is the word the name of a preset? */
bool session_ciphers_is_preset(const char *word)
{
	return find_preset(word) != NULL;
}

/* choose - the ciphers for the value of tls_ciphers */
static struct choice choose(const char *word)
{
	const struct choice *preset = find_preset(word);

	if (preset != NULL)
		return *preset;
	return (struct choice){
		.word = word,
		.protocols = PROTOCOL_ALL,
		.ciphers = word[0] != '\0' ? word : EVERY_CIPHER,
		.suites = EVERY_SUITE,
	};
}

/* openssl_reason - the reason of OpenSSL's last failure */
static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason != NULL ? reason : "OpenSSL does not say why";
}

/* openssl_fail - report an unexpected failure */
static int openssl_fail(struct error *error)
{
	return error_set(error, "cannot set up OpenSSL: %s", openssl_reason());
}

/* openssl_close - free everything */
static void openssl_close(struct openssl *openssl)
{
	if (openssl->provider != NULL)
		OSSL_PROVIDER_unload(openssl->provider);
	OSSL_LIB_CTX_free(openssl->library);
}

/* openssl_open - a private library with the default algorithms, independent of
 * openssl.cnf and the environment */
static int openssl_open(struct openssl *openssl, struct error *error)
{
	openssl->library = NULL;
	openssl->provider = NULL;
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1)
		openssl->library = OSSL_LIB_CTX_new();
	if (openssl->library != NULL)
		openssl->provider =
			OSSL_PROVIDER_load(openssl->library, "default");
	if (openssl->provider == NULL) {
		openssl_close(openssl);
		return openssl_fail(error);
	}
	return 0;
}

/* new_context - a context in which everything is allowed */
static SSL_CTX *new_context(const struct openssl *openssl, const char *suites,
			    struct error *error)
{
	SSL_CTX *context =
		SSL_CTX_new_ex(openssl->library, NULL, TLS_server_method());

	if (context != NULL) {
		SSL_CTX_set_security_level(context, 0);
		if (SSL_CTX_set_min_proto_version(context, 0) == 1 &&
		    SSL_CTX_set_max_proto_version(context, 0) == 1 &&
		    SSL_CTX_set_ciphersuites(context, suites) == 1)
			return context;
	}
	SSL_CTX_free(context);
	openssl_fail(error);
	return NULL;
}

/* expand - the suites that could be negotiated with a cipher string; unlike
 * SSL_CTX_get_ciphers(), this obeys its @SECLEVEL. The caller frees the list */
static STACK_OF(SSL_CIPHER) * expand(const struct openssl *openssl,
				     const char *string, const char *suites13,
				     struct error *error)
{
	SSL_CTX *context = new_context(openssl, suites13, error);
	STACK_OF(SSL_CIPHER) *suites = NULL;
	SSL *ssl = NULL;

	if (context == NULL)
		return NULL;
	if (SSL_CTX_set_cipher_list(context, string) != 1) {
		error_set(error, "tls_ciphers: \"%s\": %s; " CIPHERS_HINT,
			  string, openssl_reason());
		goto out;
	}
	ssl = SSL_new(context);
	if (ssl != NULL)
		suites = SSL_get1_supported_ciphers(ssl);
	if (suites == NULL)
		openssl_fail(error);
out:
	SSL_free(ssl);
	SSL_CTX_free(context);
	return suites;
}

/* is_obsolete - must never count as encryption, in any version of OpenSSL */
static bool is_obsolete(const SSL_CIPHER *suite)
{
	static const int algorithms[] = {
		NID_rc2_cbc,
		NID_rc4,
		NID_des_cbc,
		NID_des_ede3_cbc,
		NID_idea_cbc,
		NID_seed_cbc,
		NID_id_Gost28147_89,
		NID_gost89_cnt,
		NID_gost89_cnt_12,
		NID_magma_ctr_acpkm,
		NID_kuznyechik_ctr_acpkm,
	};
	int algorithm = SSL_CIPHER_get_cipher_nid(suite);
	bool obsolete = false;
	size_t i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		obsolete |= algorithm == algorithms[i];
	return obsolete;
}

/* compare_cipher - order by name, exactly */
static int compare_cipher(const void *one, const void *other)
{
	return strcmp(((const struct cipher *)one)->name,
		      ((const struct cipher *)other)->name);
}

/* protocols_of - the protocols of a suite: up to TLS 1.2, from the oldest that
 * has it; or TLS 1.3 */
static unsigned protocols_of(const SSL_CIPHER *suite)
{
	const char *oldest = SSL_CIPHER_get_version(suite);
	unsigned bit;

	if (strcmp(oldest, "TLSv1.0") == 0)
		oldest = "TLSv1";
	bit = session_protocol(oldest, strcmp);
	if (bit == 0 || bit == PROTOCOL_TLS13)
		return bit;
	return (PROTOCOL_TLS13 - 1) & ~(bit - 1);
}

/* list_ciphers - store every suite that OpenSSL has */
static int list_ciphers(struct session_minimum *policy,
			const struct openssl *openssl, struct error *error)
{
	STACK_OF(SSL_CIPHER) *suites =
		expand(openssl, EVERY_CIPHER, EVERY_SUITE, error);
	int i;

	if (suites == NULL)
		return -1;
	policy->ciphers = xcalloc((size_t)sk_SSL_CIPHER_num(suites),
				  sizeof(policy->ciphers[0]));
	for (i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
		const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);
		struct cipher *cipher = &policy->ciphers[policy->cipher_count];

		if (is_obsolete(suite))
			continue;
		cipher->name = xstrdup(SSL_CIPHER_get_name(suite));
		cipher->bits = SSL_CIPHER_get_bits(suite, NULL);
		snprintf(cipher->keysize, sizeof(cipher->keysize), "%d",
			 cipher->bits);
		cipher->protocols = protocols_of(suite);
		cipher->anonymous =
			SSL_CIPHER_get_auth_nid(suite) == NID_auth_null;
		policy->cipher_count++;
	}
	sk_SSL_CIPHER_free(suites);
	qsort(policy->ciphers, policy->cipher_count, sizeof(policy->ciphers[0]),
	      compare_cipher);
	return 0;
}

/* check_word - is this a word of cipher strings? OpenSSL ignores unknown words:
 * with a typo in "!aNULL", anonymous suites are kept. Full names of suites
 * (with a dash) may belong to another version of OpenSSL */
static int check_word(void *context, const char *word, struct error *error)
{
	/* Valid words, but empty nowadays; used to exclude ciphers. */
	static const char *const empty[] = {
		"MEDIUM",   "LOW",	   "EXPORT",  "EXP",	"EXPORT40",
		"EXPORT56", "SSLv2",	   "RC2",     "RC4",	"DES",
		"3DES",	    "IDEA",	   "SEED",    "FZA",	"kFZA",
		"aFZA",	    "eFZA",	   "kDH",     "kDHr",	"kDHd",
		"aDH",	    "kECDH",	   "kECDHr",  "kECDHe", "aECDH",
		"KRB5",	    "kKRB5",	   "aKRB5",   "aGOST",	"aGOST01",
		"aGOST12",  "kGOST",	   "kGOST18", "GOST94", "GOST89MAC",
		"GOST12",   "GOST89MAC12", "PSK",     "SRP",	"CAMELLIA",
		"ARIA",	    "MD5",	   "DSS",
	};
	char *alone = xasprintf(":%s", word);
	bool known = SSL_CTX_set_cipher_list(context, alone) == 1;
	size_t i;

	free(alone);
	ERR_clear_error();
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		known |= strcmp(word, empty[i]) == 0;
	if (known || strchr(word, '-') != NULL)
		return 0;
	if (strncmp(word, "TLS_", 4) == 0)
		return error_set(error,
				 "tls_ciphers: \"%s\": TLS 1.3 suites cannot "
				 "be selected here; all of them are allowed",
				 word);
	if (session_ciphers_is_preset(word))
		return error_set(error,
				 "tls_ciphers: \"%s\" is only allowed alone, "
				 "not in a cipher string",
				 word);
	return error_set(error,
			 "tls_ciphers: OpenSSL does not know "
			 "\"%s\"; " CIPHERS_HINT,
			 word);
}

/* check_item - check the words of one item, such as "!kRSA+AES"; commands ("@")
 * and Suite B are left to OpenSSL */
static int check_item(void *context, const char *item, struct error *error)
{
	if (item[0] == '@' || strncmp(item, "SUITEB", 6) == 0)
		return 0;
	item += strspn(item, "!-+");
	return words_each(item, "+", check_word, context, error);
}

/* check_string - is every word of a cipher string known? */
static int check_string(const struct openssl *openssl, const char *string,
			struct error *error)
{
	SSL_CTX *context = new_context(openssl, EVERY_SUITE, error);
	int result;

	if (context == NULL)
		return -1;
	if (strncmp(string, "DEFAULT", 7) == 0) /* only valid there */
		string += 7;
	result = words_each(string, ":,; ", check_item, context, error);
	SSL_CTX_free(context);
	return result;
}

/* allow_ciphers - mark the selected suites */
static int allow_ciphers(struct session_minimum *policy,
			 const struct openssl *openssl,
			 const struct choice *choice, struct error *error)
{
	STACK_OF(SSL_CIPHER) * suites;
	int i;

	if (check_string(openssl, choice->ciphers, error) < 0)
		return -1;
	suites = expand(openssl, choice->ciphers, choice->suites, error);
	if (suites == NULL)
		return -1;
	for (i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
		const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);
		struct cipher *cipher =
			session_cipher(policy, SSL_CIPHER_get_name(suite));

		if (cipher != NULL)
			cipher->allowed = true;
	}
	sk_SSL_CIPHER_free(suites);
	return 0;
}

/* session_ciphers_read - read all suites, and mark the selected ones */
int session_ciphers_read(struct session_minimum *policy, const char *word,
			 unsigned *protocols, struct error *error)
{
	const struct choice choice = choose(word);
	struct openssl openssl;
	int result;

	*protocols = choice.protocols;
	if (openssl_open(&openssl, error) < 0)
		return -1;
	result = list_ciphers(policy, &openssl, error);
	if (result == 0)
		result = allow_ciphers(policy, &openssl, &choice, error);
	openssl_close(&openssl);
	return result;
}
