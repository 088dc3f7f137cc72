/* SPDX-License-Identifier: ISC */
/* mix - the requests of a mail server at work
 *
 * Three requests, as t/data/captures has them from Postfix 3.7 with all of
 * their 29 attributes; only the digits of a domain and of the instance are
 * changed from one to the next, which costs nothing to speak of. */

#include "t/bench/mix.h"

#include <stdio.h>
#include <string.h>

#define DIGITS	       7
#define PATTERN_LENGTH 10

/* What the three requests have in common; in the order of Postfix. */
static const char form[] = "request=smtpd_access_policy\n"
			   "protocol_state=%s\n"
			   "protocol_name=ESMTP\n"
			   "client_address=192.0.2.33\n"
			   "client_name=client.example\n"
			   "client_port=54321\n"
			   "reverse_client_name=client.example\n"
			   "server_address=192.0.2.1\n"
			   "server_port=25\n"
			   "helo_name=client.example\n"
			   "sender=%s@client.example\n"
			   "recipient=user@%s\n"
			   "recipient_count=%d\n"
			   "queue_id=\n"
			   "instance=243a.6b02e8f7.0000000.0\n"
			   "size=12345\n"
			   "etrn_domain=\n"
			   "stress=\n"
			   "%s"
			   "policy_context=recipient\n"
			   "\n";

static const char plaintext[] = "sasl_method=\n"
				"sasl_username=\n"
				"sasl_sender=\n"
				"ccert_subject=\n"
				"ccert_issuer=\n"
				"ccert_fingerprint=\n"
				"ccert_pubkey_fingerprint=\n"
				"encryption_protocol=\n"
				"encryption_cipher=\n"
				"encryption_keysize=0\n";

static const char logged_in[] = "sasl_method=PLAIN\n"
				"sasl_username=alice@local.test\n"
				"sasl_sender=\n"
				"ccert_subject=\n"
				"ccert_issuer=\n"
				"ccert_fingerprint=\n"
				"ccert_pubkey_fingerprint=\n"
				"encryption_protocol=TLSv1.3\n"
				"encryption_cipher=TLS_AES_256_GCM_SHA384\n"
				"encryption_keysize=256\n";

/* Of many; the digits are changed. */
static const char user[] = "sasl_method=PLAIN\n"
			   "sasl_username=u0000000@local.test\n"
			   "sasl_sender=\n"
			   "ccert_subject=\n"
			   "ccert_issuer=\n"
			   "ccert_fingerprint=\n"
			   "ccert_pubkey_fingerprint=\n"
			   "encryption_protocol=TLSv1.3\n"
			   "encryption_cipher=TLS_AES_256_GCM_SHA384\n"
			   "encryption_keysize=256\n";

/* With a certificate, whose number stands in the last pairs of digits. */
static const char certified[] =
	"sasl_method=PLAIN\n"
	"sasl_username=alice@local.test\n"
	"sasl_sender=\n"
	"ccert_subject=alice\n"
	"ccert_issuer=CA\n"
	"ccert_fingerprint=AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
	"AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:65:00:00:00\n"
	"ccert_pubkey_fingerprint=\n"
	"encryption_protocol=TLSv1.3\n"
	"encryption_cipher=TLS_AES_256_GCM_SHA384\n"
	"encryption_keysize=256\n";

static const struct {
	const char *domain;
	const char *session;
} kinds[] = {
	[MIX_LOCAL] = { "d0000000.local.test", plaintext },
	[MIX_LOGGED_IN] = { "d0000000.remote.example", logged_in },
	[MIX_STRANGER] = { "d0000000.remote.example", plaintext },
};

/* Five, two and three of ten. */
static const unsigned char pattern[PATTERN_LENGTH] = {
	MIX_LOCAL,    MIX_STRANGER, MIX_LOCAL,	   MIX_LOGGED_IN, MIX_LOCAL,
	MIX_STRANGER, MIX_LOCAL,    MIX_LOGGED_IN, MIX_LOCAL,	  MIX_STRANGER,
};

/* place_of - where the digits after a text begin */
static size_t place_of(const struct mix_request *request, const char *text)
{
	return (size_t)(strstr(request->bytes, text) - request->bytes) +
	       strlen(text);
}

/* add_entries - in the request of who is logged in */
static void add_entries(struct mix_request *request)
{
	request->length = (size_t)snprintf(
		request->bytes, sizeof(request->bytes), form, "RCPT",
		"u0000000", kinds[MIX_LOGGED_IN].domain, 0, certified);
	request->sender = place_of(request, "sender=u");
	request->certificate = place_of(request, ":65:");
}

/* add_logins - likewise, when the message begins or at its recipient */
static void add_logins(struct mix_request *request, bool data)
{
	request->length =
		(size_t)snprintf(request->bytes, sizeof(request->bytes), form,
				 data ? "DATA" : "RCPT", "sender",
				 kinds[MIX_LOGGED_IN].domain, data, user);
	request->login = place_of(request, "sasl_username=u");
}

/* mix_init - write the three requests */
void mix_init(struct mix *mix, unsigned domains, unsigned entries,
	      unsigned logins, bool data)
{
	size_t kind;

	memset(mix, 0, sizeof(*mix));
	mix->domains = domains;
	mix->entries = entries;
	mix->logins = logins;
	mix->random = 0x9e3779b97f4a7c15U;
	for (kind = 0; kind < MIX_KIND_COUNT; kind++) {
		struct mix_request *request = &mix->requests[kind];

		request->length = (size_t)snprintf(
			request->bytes, sizeof(request->bytes), form, "RCPT",
			"sender", kinds[kind].domain, 0, kinds[kind].session);
		if (kind == MIX_LOGGED_IN && entries > 0)
			add_entries(request);
		if (kind == MIX_LOGGED_IN && logins > 0)
			add_logins(request, data);
		request->domain = place_of(request, "user@d");
		request->instance = place_of(request, "243a.6b02e8f7.");
	}
}

/* next_random - xorshift64, by Marsaglia */
static uint64_t next_random(struct mix *mix)
{
	mix->random ^= mix->random << 13;
	mix->random ^= mix->random >> 7;
	mix->random ^= mix->random << 17;
	return mix->random;
}

/* put_digits - a number into its place */
static void put_digits(char *place, unsigned number)
{
	size_t i;

	for (i = DIGITS; i-- > 0; number /= 10)
		place[i] = (char)('0' + number % 10);
}

/* put_entry - a sender, and a certificate */
static void put_entry(struct mix_request *request, unsigned number)
{
	char *pair = request->bytes + request->certificate + 6;
	unsigned i;

	put_digits(request->bytes + request->sender, number);
	for (i = 0; i < 3; i++, pair -= 3, number /= 100) {
		pair[0] = (char)('0' + number / 10 % 10);
		pair[1] = (char)('0' + number % 10);
	}
}

/* mix_next - choose a kind and a domain, and fill them in */
const struct mix_request *mix_next(struct mix *mix, enum mix_kind *kind)
{
	struct mix_request *request;
	uint64_t random = next_random(mix) >> 32;

	*kind = mix->logins > 0 ? MIX_LOGGED_IN
				: pattern[mix->next % PATTERN_LENGTH];
	request = &mix->requests[*kind];
	put_digits(request->bytes + request->domain,
		   (unsigned)(random * mix->domains >> 32));
	put_digits(request->bytes + request->instance, mix->next % 10000000);
	if (request->sender > 0)
		put_entry(request, (unsigned)(random * mix->entries >> 32));
	if (request->login > 0)
		put_digits(request->bytes + request->login,
			   (unsigned)(random * mix->logins >> 32));
	mix->next++;
	return request;
}

/* begins - does the action begin with this word? */
static bool begins(const char *action, size_t length, const char *word)
{
	size_t size = strlen(word);

	return length > size && strncasecmp(action, word, size) == 0 &&
	       (action[size] == '\n' || action[size] == ' ');
}

/* is_reject - REJECT, or a code of 500 and above */
static bool is_reject(const char *action, size_t length)
{
	return begins(action, length, "REJECT") ||
	       (length > 3 && action[0] == '5' && action[3] == ' ');
}

/* mix_is_expected - by the first word of the action */
bool mix_is_expected(enum mix_kind kind, const char *reply, size_t length)
{
	static const char head[] = "action=";
	static const char *const words[] = {
		[MIX_LOCAL] = "permit_auth_destination",
		[MIX_LOGGED_IN] = "permit_sasl_authenticated",
	};
	size_t skip = sizeof(head) - 1;

	if (length <= skip || memcmp(reply, head, skip) != 0)
		return false;
	reply += skip;
	length -= skip;
	if (kind == MIX_STRANGER)
		return is_reject(reply, length);
	return begins(reply, length, words[kind]) ||
	       begins(reply, length, "OK") || begins(reply, length, "DUNNO");
}
