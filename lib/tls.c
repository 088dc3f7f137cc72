/* SPDX-License-Identifier: ISC */
/* tls - is a TLS session strong enough to count as encrypted?
 *
 * Postfix sends the names of protocol and cipher and the number of secret
 * bits, for sessions without any encryption too (NULL ciphers), so that names
 * must be judged. OpenSSL knows them: at load it lists every suite that it
 * could negotiate, and those that the cipher string of the configuration
 * leaves. Later only these lists are searched.
 *
 * The verdict must not depend on the host: OpenSSL is used with a library
 * context of its own, its configuration file is never read, and suites whose
 * algorithm is obsolete are unknown here even where OpenSSL still has them.
 * So are PSK and SRP suites, which no Postfix can negotiate. */

#include "lib/tls.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include "lib/words.h"
#include "lib/xalloc.h"

/* Protocols from old to new: the place in the table is the bit in a mask. */
static const char *const protocol_names[] = {
	"SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3",
};
#define PROTOCOL_COUNT (sizeof(protocol_names) / sizeof(protocol_names[0]))
#define PROTOCOL_SSL2  0x01u
#define PROTOCOL_TLS13 0x20u
#define PROTOCOL_ALL   0x3fu

/* One suite that OpenSSL knows. */
struct cipher {
	char *name;
	char keysize[12]; /* as Postfix writes it */
	int bits;
	bool tls13;
	bool allowed; /* by the cipher string */
};

struct tls_policy {
	bool judged;	    /* any condition is set */
	bool suite_judged;  /* more than the protocol is */
	unsigned protocols; /* mask of those allowed */
	int keysize;
	struct cipher *ciphers; /* sorted by name */
	size_t cipher_count;
};

/* A private OpenSSL. */
struct openssl {
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *provider;
};

/* protocol_bit - the bit of a protocol name, 0 if there is none of it */
static unsigned protocol_bit(const char *name,
			     int (*compare)(const char *, const char *))
{
	unsigned bit = 1;
	size_t i;

	for (i = 0; i < PROTOCOL_COUNT; i++, bit <<= 1)
		if (compare(name, protocol_names[i]) == 0)
			return bit;
	return 0;
}

/* What a protocol list says so far. */
struct protocol_list {
	unsigned included, excluded, floor, ceiling;
};

/* add_protocol - one word of tls_protocols */
static int add_protocol(void *context, const char *word, struct error *error)
{
	struct protocol_list *list = context;
	const char *name = word + strspn(word, "<>=!");
	size_t sign = (size_t)(name - word);
	unsigned bit = protocol_bit(name, strcasecmp);

	if (bit != 0 && sign == 0)
		list->included |= bit;
	else if (bit != 0 && sign == 1 && word[0] == '!')
		list->excluded |= bit;
	else if (bit != 0 && sign == 2 && strncmp(word, ">=", 2) == 0)
		list->floor = bit;
	else if (bit != 0 && sign == 2 && strncmp(word, "<=", 2) == 0)
		list->ceiling = bit;
	else
		return error_set(error,
				 "tls_protocols: \"%s\" is not a protocol; "
				 "known are SSLv3 TLSv1 TLSv1.1 TLSv1.2 "
				 "TLSv1.3, alone or after \"!\", \">=\" or "
				 "\"<=\"",
				 word);
	return 0;
}

/* read_protocols - tls_protocols to a mask, as Postfix would understand it;
 * SSLv2 is gone for good there too */
static int read_protocols(const char *text, unsigned *protocols,
			  struct error *error)
{
	struct protocol_list list = { 0, 0, 1, PROTOCOL_TLS13 };

	*protocols = PROTOCOL_ALL & ~PROTOCOL_SSL2;
	if (words_each(text, WORDS_SEPARATORS ":", add_protocol, &list, error) <
	    0)
		return -1;
	if (list.included != 0)
		*protocols &= list.included;
	*protocols &= ~list.excluded;
	*protocols &= ~(list.floor - 1);
	*protocols &= (list.ceiling << 1) - 1;
	if (*protocols == 0)
		return error_set(error,
				 "tls_protocols: \"%s\" leaves no protocol",
				 text);
	return 0;
}

/* openssl_fail - the reason that OpenSSL gives for its last failure */
static int openssl_fail(const char *what, struct error *error)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return error_set(error, "%s: %s", what,
			 reason != NULL ? reason : "OpenSSL does not say why");
}

/* openssl_close - give everything back */
static void openssl_close(struct openssl *openssl)
{
	if (openssl->provider != NULL)
		OSSL_PROVIDER_unload(openssl->provider);
	OSSL_LIB_CTX_free(openssl->library);
}

/* openssl_open - a private library with the default algorithms, whatever
 * openssl.cnf and the environment say */
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
		return openssl_fail("cannot set up OpenSSL", error);
	}
	return 0;
}

/* new_context - a context in which nothing is forbidden yet */
static SSL_CTX *new_context(const struct openssl *openssl, struct error *error)
{
	static const char suites[] = "TLS_AES_256_GCM_SHA384:"
				     "TLS_CHACHA20_POLY1305_SHA256:"
				     "TLS_AES_128_GCM_SHA256:"
				     "TLS_AES_128_CCM_SHA256:"
				     "TLS_AES_128_CCM_8_SHA256";
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
	openssl_fail("cannot set up OpenSSL", error);
	return NULL;
}

/* expand - the suites that could be negotiated with a cipher string; unlike
 * SSL_CTX_get_ciphers() this heeds its @SECLEVEL. The caller frees the list */
static STACK_OF(SSL_CIPHER) * expand(const struct openssl *openssl,
				     const char *string, struct error *error)
{
	SSL_CTX *context = new_context(openssl, error);
	STACK_OF(SSL_CIPHER) *suites = NULL;
	SSL *ssl = NULL;

	if (context == NULL)
		return NULL;
	if (SSL_CTX_set_cipher_list(context, string) == 1)
		ssl = SSL_new(context);
	if (ssl != NULL)
		suites = SSL_get1_supported_ciphers(ssl);
	if (suites == NULL) {
		openssl_fail(string, error);
		error_prefix(error, "tls_ciphers: ");
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	return suites;
}

/* is_obsolete - must never count as encryption, in whatever OpenSSL */
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

/* compare_name - is the suite before or after a name? */
static int compare_name(const void *name, const void *cipher)
{
	return strcmp(name, ((const struct cipher *)cipher)->name);
}

/* find_cipher - the suite of that name, or NULL */
static struct cipher *find_cipher(const struct tls_policy *policy,
				  const char *name)
{
	return bsearch(name, policy->ciphers, policy->cipher_count,
		       sizeof(policy->ciphers[0]), compare_name);
}

/* list_ciphers - keep every suite that OpenSSL knows */
static int list_ciphers(struct tls_policy *policy,
			const struct openssl *openssl, struct error *error)
{
	STACK_OF(SSL_CIPHER) *suites =
		expand(openssl, "ALL:COMPLEMENTOFALL:@SECLEVEL=0", error);
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
		cipher->tls13 = strncmp(cipher->name, "TLS_", 4) == 0;
		policy->cipher_count++;
	}
	sk_SSL_CIPHER_free(suites);
	qsort(policy->ciphers, policy->cipher_count, sizeof(policy->ciphers[0]),
	      compare_cipher);
	return 0;
}

/* check_word - is this a word of cipher strings? OpenSSL passes over those
 * that it does not know: with a slip in "!aNULL" anonymous suites stay. Full
 * names of suites (with a dash) may be those of another OpenSSL */
static int check_word(void *context, const char *word, struct error *error)
{
	/* Meant to be known, but empty nowadays; used to exclude. */
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
				 "tls_ciphers: \"%s\": TLS 1.3 suites are not "
				 "chosen here, all of them are allowed",
				 word);
	return error_set(error, "tls_ciphers: OpenSSL does not know \"%s\"",
			 word);
}

/* check_item - the words of one item, as in "!kRSA+AES"; commands ("@") and
 * Suite B are left to OpenSSL */
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
	SSL_CTX *context = new_context(openssl, error);
	int result;

	if (context == NULL)
		return -1;
	if (strncmp(string, "DEFAULT", 7) == 0) /* known there only */
		string += 7;
	result = words_each(string, ":,; ", check_item, context, error);
	SSL_CTX_free(context);
	return result;
}

/* allow_ciphers - mark the suites of a cipher string; without one, all */
static int allow_ciphers(struct tls_policy *policy,
			 const struct openssl *openssl, const char *string,
			 struct error *error)
{
	STACK_OF(SSL_CIPHER) * suites;
	size_t i;
	int j;

	for (i = 0; i < policy->cipher_count; i++)
		policy->ciphers[i].allowed = string[0] == '\0';
	if (string[0] == '\0')
		return 0;
	if (check_string(openssl, string, error) < 0)
		return -1;
	suites = expand(openssl, string, error);
	if (suites == NULL)
		return -1;
	for (j = 0; j < sk_SSL_CIPHER_num(suites); j++) {
		const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, j);
		struct cipher *cipher =
			find_cipher(policy, SSL_CIPHER_get_name(suite));

		if (cipher != NULL)
			cipher->allowed = true;
	}
	sk_SSL_CIPHER_free(suites);
	return 0;
}

/* check_rest - is there a session that would be strong enough? And one that
 * the cipher string chose, which says nothing about TLS 1.3? */
static int check_rest(const struct tls_policy *policy, const char *string,
		      struct error *error)
{
	bool older = (policy->protocols & ~PROTOCOL_TLS13) != 0;
	bool newest = (policy->protocols & PROTOCOL_TLS13) != 0;
	size_t chosen = 0, left = 0, i;

	for (i = 0; i < policy->cipher_count; i++) {
		const struct cipher *cipher = &policy->ciphers[i];

		if (!cipher->allowed || cipher->bits == 0)
			continue;
		chosen += !cipher->tls13;
		if (cipher->bits >= policy->keysize)
			left += cipher->tls13 ? newest : older;
	}
	if (chosen == 0)
		return error_set(error,
				 "tls_ciphers: \"%s\" leaves no cipher that "
				 "encrypts",
				 string);
	if (left == 0)
		return error_set(error,
				 "no cipher has tls_keysize = %d and fits "
				 "tls_protocols and tls_ciphers",
				 policy->keysize);
	return 0;
}

/* read_ciphers - fill the policy with what OpenSSL knows of ciphers */
static int read_ciphers(struct tls_policy *policy, const char *string,
			struct error *error)
{
	struct openssl openssl;
	int result;

	if (openssl_open(&openssl, error) < 0)
		return -1;
	result = list_ciphers(policy, &openssl, error);
	if (result == 0)
		result = allow_ciphers(policy, &openssl, string, error);
	if (result == 0)
		result = check_rest(policy, string, error);
	openssl_close(&openssl);
	return result;
}

/* tls_policy_new - make a policy of the tls_* options */
struct tls_policy *tls_policy_new(const char *protocols, const char *ciphers,
				  int keysize, struct error *error)
{
	struct tls_policy *policy = xcalloc(1, sizeof(*policy));

	policy->keysize = keysize;
	policy->suite_judged = ciphers[0] != '\0' || keysize != 0;
	policy->judged = policy->suite_judged || protocols[0] != '\0';
	if (keysize < 0) {
		error_set(error, "tls_keysize: must not be negative");
		goto refused;
	}
	if (policy->judged &&
	    (read_protocols(protocols, &policy->protocols, error) < 0 ||
	     read_ciphers(policy, ciphers, error) < 0))
		goto refused;
	return policy;
refused:
	tls_policy_free(policy);
	return NULL;
}

/* tls_policy_free - free a policy */
void tls_policy_free(struct tls_policy *policy)
{
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < policy->cipher_count; i++)
		free(policy->ciphers[i].name);
	free(policy->ciphers);
	free(policy);
}

/* judge_suite - do protocol, cipher and key size belong together, and are
 * they strong enough? */
static const char *judge_suite(const struct tls_policy *policy,
			       const struct cipher *cipher, bool tls13,
			       const char *keysize)
{
	if (cipher->tls13 != tls13)
		return "cipher does not belong to the protocol";
	if (strcmp(keysize, cipher->keysize) != 0)
		return "key size does not belong to the cipher";
	if (cipher->bits < policy->keysize)
		return "key too short";
	return cipher->allowed ? NULL : "weak cipher";
}

/* tls_judge - NULL, or why the session does not count as encrypted */
const char *tls_judge(const struct tls_policy *policy, const char *protocol,
		      const char *cipher, const char *keysize)
{
	const struct cipher *known;
	unsigned bit;

	if (protocol[0] == '\0')
		return "not encrypted";
	if (!policy->judged)
		return NULL;
	bit = protocol_bit(protocol, strcmp);
	if (bit == 0)
		return "unknown protocol";
	if ((policy->protocols & bit) == 0)
		return (policy->protocols & (bit - 1)) == 0
			       ? "protocol too old"
			       : "protocol not allowed";
	known = find_cipher(policy, cipher);
	if (known == NULL)
		return "unknown cipher";
	if (known->bits == 0)
		return "cipher without encryption";
	if (!policy->suite_judged)
		return NULL;
	return judge_suite(policy, known, bit == PROTOCOL_TLS13, keysize);
}
