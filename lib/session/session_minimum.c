/* SPDX-License-Identifier: ISC */
/* session_minimum - from tls_protocols, tls_ciphers and tls_keysize to a policy
 */

#include "lib/session/session_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"

/* The content of a protocol list so far. */
struct protocol_list {
	unsigned included, excluded, floor, ceiling;
};

/* add_protocol - one word of tls_protocols */
static int add_protocol(void *context, const char *word, struct error *error)
{
	struct protocol_list *list = context;
	const char *name = word + strspn(word, "<>=!");
	size_t sign = (size_t)(name - word);
	unsigned bit = session_protocol(name, strcasecmp);

	if (bit != 0 && sign == 0)
		list->included |= bit;
	else if (bit != 0 && sign == 1 && word[0] == '!')
		list->excluded |= bit;
	else if (bit != 0 && sign == 2 && strncmp(word, ">=", 2) == 0)
		list->floor = bit;
	else if (bit != 0 && sign == 2 && strncmp(word, "<=", 2) == 0)
		list->ceiling = bit;
	else if (session_ciphers_is_preset(word))
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
 * like Postfix, never SSLv2 */
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

/* narrow_protocols - to those with a cipher that is strong enough; is there
 * one? And one that the cipher string selected, which does not affect TLS
 * 1.3? */
static int narrow_protocols(struct session_minimum *policy, const char *ciphers,
			    struct error *error)
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
	policy->protocols &= usable;
	if (!chosen)
		return error_set(error,
				 "tls_ciphers: \"%s\" leaves no cipher that "
				 "encrypts and is not anonymous; " CIPHERS_HINT,
				 ciphers);
	if (policy->protocols == 0)
		return error_set(error,
				 "no cipher has tls_keysize = %d and fits "
				 "tls_protocols and tls_ciphers; loosen one of "
				 "them",
				 policy->keysize);
	return 0;
}

/* read_ciphers - the ciphers that are strong enough, and the protocols that
 * they leave */
static int read_ciphers(struct session_minimum *policy, const char *ciphers,
			struct error *error)
{
	unsigned protocols;

	if (session_ciphers_read(policy, ciphers, &protocols, error) < 0)
		return -1;
	policy->protocols &= protocols;
	return narrow_protocols(policy, ciphers, error);
}

/* session_minimum_new - make a policy from the tls_* options */
struct session_minimum *session_minimum_new(const char *protocols,
					    const char *ciphers, int keysize,
					    struct error *error)
{
	struct session_minimum *policy = xcalloc(1, sizeof(*policy));

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
	session_minimum_free(policy);
	return NULL;
}

/* session_minimum_free - free a policy */
void session_minimum_free(struct session_minimum *policy)
{
	size_t i;

	if (policy == NULL)
		return;
	for (i = 0; i < policy->cipher_count; i++)
		free(policy->ciphers[i].name);
	free(policy->ciphers);
	free(policy);
}
