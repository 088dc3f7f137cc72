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
 * So are PSK and SRP suites, which no Postfix can negotiate. And what does not
 * fit together, as TLSv1.3 and a suite of TLS 1.2, is no session that could
 * be. */

#include "lib/tls.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
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
#define PROTOCOL_TLS12 0x10u
#define PROTOCOL_TLS13 0x20u
#define PROTOCOL_ALL   0x3fu

/* The protocols in the words of people; index as above. */
static const char *const newer_advice[PROTOCOL_COUNT] = {
	"use TLS",
	"use SSL 3.0 or newer",
	"use TLS 1.0 or newer",
	"use TLS 1.1 or newer",
	"use TLS 1.2 or newer",
	"use TLS 1.3",
};

/* Why a session does not count as encrypted. */
enum weakness {
	NOT_ENCRYPTED,
	PROTOCOL_UNKNOWN,
	PROTOCOL_TOO_OLD,
	PROTOCOL_NOT_ALLOWED,
	CIPHER_UNKNOWN,
	CIPHER_NULL,
	CIPHER_MISFIT,
	KEYSIZE_MISFIT,
	CIPHER_ANONYMOUS,
	KEY_TOO_SHORT,
	CIPHER_WEAK,
	STRONG /* none of them, and how many there are */
};

/* For the log, and what the client can change; NULL: newer_advice. What cannot
 * be is no fault of the client, but of who reports it. */
static const struct {
	const char *reason;
	const char *advice;
} weaknesses[STRONG] = {
	[NOT_ENCRYPTED] = { "not encrypted", "use TLS and log in" },
	[PROTOCOL_UNKNOWN] = { "unknown protocol", NULL },
	[PROTOCOL_TOO_OLD] = { "protocol too old", NULL },
	[PROTOCOL_NOT_ALLOWED] = { "protocol not allowed",
				   "use another version of TLS" },
	[CIPHER_UNKNOWN] = { "unknown or obsolete cipher",
			     "use a stronger cipher" },
	[CIPHER_NULL] = { "cipher without encryption",
			  "use a cipher that encrypts" },
	[CIPHER_MISFIT] = { "cipher does not belong to the protocol",
			    "please tell the postmaster" },
	[KEYSIZE_MISFIT] = { "key size does not belong to the cipher",
			     "please tell the postmaster" },
	[CIPHER_ANONYMOUS] = { "anonymous cipher",
			       "use a cipher that authenticates the server" },
	[KEY_TOO_SHORT] = { "key too short", "use a cipher with a longer key" },
	[CIPHER_WEAK] = { "weak cipher", "use a stronger cipher" },
};

/* Ciphers of all protocols, and which protocols count with them. */
struct choice {
	const char *word; /* in tls_ciphers */
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

/* What administrators know by a name: Mozilla's recommendations for servers,
 * version 5.7, and the grades of smtpd_tls_ciphers without anonymous ones. */
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

#define CIPHERS_HINT                                               \
	"write modern, intermediate, high or medium, or a string " \
	"as for openssl-ciphers(1)"

/* One suite that OpenSSL knows. */
struct cipher {
	char *name;
	char keysize[12]; /* as Postfix writes it */
	int bits;
	unsigned protocols; /* mask of those it belongs to */
	bool anonymous;	    /* anybody could be the server */
	bool allowed;	    /* by tls_ciphers */
};

struct tls_policy {
	bool judged;	    /* any condition is set */
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

/* find_preset - the preset of that name, or NULL */
static const struct choice *find_preset(const char *word)
{
	size_t i;

	for (i = 0; i < PRESET_COUNT; i++)
		if (strcmp(word, presets[i].word) == 0)
			return &presets[i];
	return NULL;
}

/* choose - what tls_ciphers stands for */
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
	else if (find_preset(word) != NULL)
		return error_set(error,
				 "tls_protocols: \"%s\" is not a protocol; it "
				 "is for tls_ciphers",
				 word);
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

/* openssl_reason - why OpenSSL failed last */
static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason != NULL ? reason : "OpenSSL does not say why";
}

/* openssl_fail - it failed at what never fails */
static int openssl_fail(struct error *error)
{
	return error_set(error, "cannot set up OpenSSL: %s", openssl_reason());
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
		return openssl_fail(error);
	}
	return 0;
}

/* new_context - a context in which nothing is forbidden yet */
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
 * SSL_CTX_get_ciphers() this heeds its @SECLEVEL. The caller frees the list */
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

/* protocols_of - those that a suite belongs to: up to TLS 1.2 from the oldest
 * that knows it, or TLS 1.3 */
static unsigned protocols_of(const SSL_CIPHER *suite)
{
	const char *oldest = SSL_CIPHER_get_version(suite);
	unsigned bit;

	if (strcmp(oldest, "TLSv1.0") == 0)
		oldest = "TLSv1";
	bit = protocol_bit(oldest, strcmp);
	if (bit == 0 || bit == PROTOCOL_TLS13)
		return bit;
	return (PROTOCOL_TLS13 - 1) & ~(bit - 1);
}

/* list_ciphers - keep every suite that OpenSSL knows */
static int list_ciphers(struct tls_policy *policy,
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
	if (find_preset(word) != NULL)
		return error_set(error,
				 "tls_ciphers: \"%s\" stands alone, not in a "
				 "cipher string",
				 word);
	return error_set(error,
			 "tls_ciphers: OpenSSL does not know "
			 "\"%s\"; " CIPHERS_HINT,
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
	SSL_CTX *context = new_context(openssl, EVERY_SUITE, error);
	int result;

	if (context == NULL)
		return -1;
	if (strncmp(string, "DEFAULT", 7) == 0) /* known there only */
		string += 7;
	result = words_each(string, ":,; ", check_item, context, error);
	SSL_CTX_free(context);
	return result;
}

/* allow_ciphers - mark the suites that were chosen */
static int allow_ciphers(struct tls_policy *policy,
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
			find_cipher(policy, SSL_CIPHER_get_name(suite));

		if (cipher != NULL)
			cipher->allowed = true;
	}
	sk_SSL_CIPHER_free(suites);
	return 0;
}

/* narrow_protocols - to those with a cipher that is strong enough; is there
 * one? And one that the cipher string chose, which says nothing about TLS 1.3?
 */
static int narrow_protocols(struct tls_policy *policy,
			    const struct choice *choice, struct error *error)
{
	unsigned usable = 0;
	bool chosen = false;
	size_t i;

	for (i = 0; i < policy->cipher_count; i++) {
		const struct cipher *cipher = &policy->ciphers[i];

		if (!cipher->allowed || cipher->bits == 0 || cipher->anonymous)
			continue;
		chosen |= cipher->protocols != PROTOCOL_TLS13;
		if (cipher->bits >= policy->keysize)
			usable |= cipher->protocols;
	}
	policy->protocols &= usable & choice->protocols;
	if (!chosen)
		return error_set(error,
				 "tls_ciphers: \"%s\" leaves no cipher that "
				 "encrypts and is not anonymous; " CIPHERS_HINT,
				 choice->word);
	if (policy->protocols == 0)
		return error_set(error,
				 "no cipher has tls_keysize = %d and fits "
				 "tls_protocols and tls_ciphers; loosen one of "
				 "them",
				 policy->keysize);
	return 0;
}

/* read_ciphers - fill the policy with what OpenSSL knows of ciphers */
static int read_ciphers(struct tls_policy *policy, const char *word,
			struct error *error)
{
	const struct choice choice = choose(word);
	struct openssl openssl;
	int result;

	if (openssl_open(&openssl, error) < 0)
		return -1;
	result = list_ciphers(policy, &openssl, error);
	if (result == 0)
		result = allow_ciphers(policy, &openssl, &choice, error);
	if (result == 0)
		result = narrow_protocols(policy, &choice, error);
	openssl_close(&openssl);
	return result;
}

/* tls_policy_new - make a policy of the tls_* options */
struct tls_policy *tls_policy_new(const char *protocols, const char *ciphers,
				  int keysize, struct error *error)
{
	struct tls_policy *policy = xcalloc(1, sizeof(*policy));

	policy->keysize = keysize;
	policy->judged =
		protocols[0] != '\0' || ciphers[0] != '\0' || keysize != 0;
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

/* judge_protocol - may it be used at all? */
static enum weakness judge_protocol(const struct tls_policy *policy,
				    unsigned bit)
{
	if (bit == 0)
		return PROTOCOL_UNKNOWN;
	if ((policy->protocols & bit) != 0)
		return STRONG;
	return (policy->protocols & (bit - 1)) == 0 ? PROTOCOL_TOO_OLD
						    : PROTOCOL_NOT_ALLOWED;
}

/* judge_cipher - is there a session of that kind, and is it strong enough? */
static enum weakness judge_cipher(const struct tls_policy *policy,
				  const struct cipher *cipher, unsigned bit,
				  const char *keysize)
{
	if (cipher == NULL)
		return CIPHER_UNKNOWN;
	if (cipher->bits == 0)
		return CIPHER_NULL;
	if ((cipher->protocols & bit) == 0)
		return CIPHER_MISFIT;
	if (strcmp(keysize, cipher->keysize) != 0)
		return KEYSIZE_MISFIT;
	if (cipher->anonymous)
		return CIPHER_ANONYMOUS;
	if (cipher->bits < policy->keysize)
		return KEY_TOO_SHORT;
	return cipher->allowed ? STRONG : CIPHER_WEAK;
}

/* tls_judge - NULL, or why the session does not count as encrypted */
const char *tls_judge(const struct tls_policy *policy, const char *protocol,
		      const char *cipher, const char *keysize)
{
	enum weakness weakness;
	unsigned bit;

	if (protocol[0] == '\0')
		return weaknesses[NOT_ENCRYPTED].reason;
	if (!policy->judged)
		return NULL;
	bit = protocol_bit(protocol, strcmp);
	weakness = judge_protocol(policy, bit);
	if (weakness == STRONG)
		weakness = judge_cipher(policy, find_cipher(policy, cipher),
					bit, keysize);
	return weakness == STRONG ? NULL : weaknesses[weakness].reason;
}

/* newer - what protocol to use instead */
static const char *newer(const struct tls_policy *policy)
{
	size_t i = 0;

	while (i < PROTOCOL_COUNT - 1 && (policy->protocols >> i & 1) == 0)
		i++;
	return newer_advice[i];
}

/* tls_advice - what the client can change */
const char *tls_advice(const struct tls_policy *policy, const char *reason)
{
	size_t i = 0;

	while (i < STRONG - 1 && weaknesses[i].reason != reason)
		i++;
	return weaknesses[i].advice != NULL ? weaknesses[i].advice
					    : newer(policy);
}

/* allocate - for OpenSSL */
static void *allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return xmalloc(size);
}

/* reallocate - for OpenSSL, which may want 0 bytes: none */
static void *reallocate(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return xreallocarray(old, size, 1);
	free(old);
	return NULL;
}

/* release - for OpenSSL */
static void release(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

/* tls_init - OpenSSL's memory comes from lib/xalloc */
void tls_init(void)
{
	CRYPTO_set_mem_functions(allocate, reallocate, release);
}
