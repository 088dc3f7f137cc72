/* SPDX-License-Identifier: ISC */
/* rate_charge - what one request has to pay for a rate
 *
 * The key is made of attributes, folded as elsewhere, and perhaps replaced by
 * the account that it belongs to (key_maps). An empty part means that nothing
 * is counted. Then the limits of that key are looked up (limit_maps): the key,
 * or the client's address if the key is one, then "@domain" of it; a value that
 * is one word is the name of a plan, and looked up once more. If a lookup
 * fails, the charge is unknown, and the caller defers.
 *
 * At RCPT Postfix does not know yet how many recipients there will be, so most
 * rates only look there, whether one more fits. They count at DATA; and at
 * END-OF-MESSAGE, where the same instance is the same message, which the counts
 * know if DATA was asked. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/ip_address.h"
#include "lib/base/number.h"
#include "lib/base/unset.h"
#include "lib/decision/rate.h"
#include "lib/text/casefold.h"

#define EVERYBODY "*" /* the key of a rate that has no parts */
#define NO_PLACE  "-" /* in place_maps: it does not count */

/* A key that grows; it is cut at the end of its room. */
struct key {
	char *text;
	size_t length;
};

/* add - append bytes */
static void add(struct key *key, const char *bytes, size_t length)
{
	size_t room = RATE_KEY_SIZE - 1 - key->length;

	if (length > room)
		length = room;
	memcpy(key->text + key->length, bytes, length);
	key->length += length;
	key->text[key->length] = '\0';
}

/* add_part - append a part of a key with several: a comma in it is marked, so
 * that no two keys become one */
static void add_part(struct key *key, const char *bytes, size_t length)
{
	if (key->length > 0)
		add(key, ",", 1);
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == ',' || bytes[i] == '\\')
			add(key, "\\", 1);
		add(key, &bytes[i], 1);
	}
}

/* write_network - the network of an address, "192.0.2.0/24"; the address itself
 * if the prefix is all of it, or if it is none ("unknown") */
static void write_network(const char *address, unsigned ipv4_prefix,
			  unsigned ipv6_prefix, char *out, size_t size)
{
	struct ip_address network;
	char text[INET6_ADDRSTRLEN];
	unsigned bits;

	if (ip_parse(&network, address) < 0) {
		snprintf(out, size, "%s", address);
		return;
	}
	bits = network.family == AF_INET ? ipv4_prefix : ipv6_prefix;
	ip_mask(&network, bits);
	inet_ntop(network.family, network.bytes, text, sizeof(text));
	if (bits < network.bits)
		snprintf(out, size, "%s/%u", text, bits);
	else
		snprintf(out, size, "%s", text);
}

/* domain_of - what follows the last "@", or "" */
static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : "";
}

/* is_folded - is upper and lower case the same in this part? */
static bool is_folded(enum rate_part part)
{
	return part != RATE_POLICY_CONTEXT;
}

/* raw_part - the text of a part; network has room for one */
static const char *raw_part(const struct rate *rate, enum rate_part part,
			    const struct request *request,
			    const char *recipient, char network[64])
{
	switch (part) {
	case RATE_SASL_USERNAME:
		return request->sasl_username;
	case RATE_SASL_DOMAIN:
		return domain_of(request->sasl_username);
	case RATE_CLIENT_ADDRESS:
		return request->client_address;
	case RATE_CLIENT_NETWORK:
		write_network(request->client_address, rate->ipv4_prefix,
			      rate->ipv6_prefix, network, 64);
		return network;
	case RATE_SENDER:
		return request->sender;
	case RATE_SENDER_DOMAIN:
		return domain_of(request->sender);
	case RATE_RECIPIENT:
		return recipient;
	case RATE_RECIPIENT_DOMAIN:
		return domain_of(recipient);
	case RATE_SERVER_PORT:
		return request->server_port;
	case RATE_POLICY_CONTEXT:
		return request->policy_context;
	case RATE_CCERT_FINGERPRINT:
		break;
	}
	return request->ccert_fingerprint;
}

/* add_text - append one of the parts */
static void add_text(const struct rate *rate, struct key *key, const char *text,
		     size_t length)
{
	if (rate->part_count > 1)
		add_part(key, text, length);
	else
		add(key, text, length);
}

/* add_stripped - append an address without its extension; false: it is none, or
 * has none */
static bool add_stripped(const struct rate *rate, enum rate_part part,
			 const char *text, struct key *key)
{
	if ((part == RATE_SENDER || part == RATE_RECIPIENT) &&
	    strchr(text, '@') != NULL && rate->resolver != NULL) {
		char stripped[CASEFOLD_SIZE(RATE_KEY_SIZE)] UNSET;

		if (!resolver_strip_extension(rate->resolver, stripped, text))
			return false;
		add_text(rate, key, stripped, strlen(stripped));
		return true;
	}
	return false;
}

/* add_folded - append one part; false: it is empty */
static bool add_folded(const struct rate *rate, enum rate_part part,
		       const char *raw, struct key *key)
{
	char folded[CASEFOLD_SIZE(RATE_KEY_SIZE)] UNSET;
	size_t length = strnlen(raw, RATE_KEY_SIZE - 1);
	const char *text = raw;

	if (length == 0)
		return false;
	if (is_folded(part)) {
		length = casefold(folded, raw, length, rate->utf8);
		text = folded;
	}
	if (!add_stripped(rate, part, text, key))
		add_text(rate, key, text, length);
	return true;
}

/* search - look a key up in all tables, in their order */
static enum table_answer search(const struct rate_maps *maps, const char *key,
				struct table_result *result,
				const struct table **found)
{
	enum table_answer answer = TABLE_NOT_FOUND;

	for (size_t i = 0; i < maps->count && answer == TABLE_NOT_FOUND; i++) {
		const struct table *table = maps->tables[i];

		free(result->owned);
		answer = table_find(table, key, result);
		*found = table;
	}
	return answer;
}

/* is_found - 1; 0; -1: trouble is filled */
static int is_found(enum table_answer answer, const struct table_result *result,
		    struct table_trouble *trouble)
{
	if (answer == TABLE_FOUND || answer == TABLE_NOT_FOUND)
		return answer == TABLE_FOUND;
	*trouble = result->trouble;
	return -1;
}

/* search_key - look up a key, then "@domain" of it; if it is an address or a
 * network, the address, then the network; 1, 0 or -1. *by: what was found. */
static int search_key(const struct rate_maps *maps, const char *key,
		      const char *address, struct table_result *result,
		      const struct table **table, const char **by,
		      struct table_trouble *trouble)
{
	const char *next = address != NULL ? key : strrchr(key, '@');
	int found;

	*by = address != NULL ? address : key;
	found = is_found(search(maps, *by, result, table), result, trouble);
	if (found != 0 || next == NULL || strcmp(next, *by) == 0)
		return found;
	*by = next;
	return is_found(search(maps, *by, result, table), result, trouble);
}

/* is_address - is the key the client's address, or its network? */
static bool is_address(const struct rate *rate)
{
	return rate->part_count == 1 &&
	       (rate->parts[0] == RATE_CLIENT_ADDRESS ||
		rate->parts[0] == RATE_CLIENT_NETWORK);
}

/* map_key - replace the key by the account that it belongs to; 1: done; 0:
 * there is none; -1 */
static int map_key(const struct rate *rate, char text[RATE_KEY_SIZE],
		   const char *address, struct table_trouble *trouble)
{
	struct table_result result = { .text = "" };
	const struct table *table;
	const char *by;
	int found = search_key(&rate->key_maps, text, address, &result, &table,
			       &by, trouble);

	if (found > 0) {
		struct key key = { text, 0 };
		char folded[CASEFOLD_SIZE(RATE_KEY_SIZE)];
		size_t length = strnlen(result.text, RATE_KEY_SIZE - 1);

		length = casefold(folded, result.text, length, rate->utf8);
		add(&key, folded, length);
	}
	free(result.owned);
	return found;
}

/* bad_value - what was found is no limit of this rate; -1 */
static int bad_value(const struct table *table, struct table_trouble *trouble)
{
	trouble->table = table_name(table);
	trouble->why = "the value is no limit of this rate";
	return -1;
}

/* change_limits - apply a value, which may be the name of a plan; 0 or -1 */
static int change_limits(const struct rate *rate, struct rate_limits *limits,
			 const char *value, const struct table *table,
			 struct table_trouble *trouble)
{
	struct table_result plan = { .text = "" };
	enum rate_unit unit = rate_unit_of(rate);
	char name[CASEFOLD_SIZE(RATE_KEY_SIZE)];
	struct error error;
	int done = rate_limits_change(limits, value, unit, &error);

	if (done > 0)
		return 0;
	if (done < 0)
		return bad_value(table, trouble);
	casefold(name, value, strnlen(value, RATE_KEY_SIZE - 1), rate->utf8);
	done = is_found(search(&rate->limit_maps, name, &plan, &table), &plan,
			trouble);
	if (done > 0)
		done = rate_limits_change(limits, plan.text, unit, &error) > 0
			       ? 0
			       : bad_value(table, trouble);
	else if (done == 0)
		done = bad_value(table, trouble);
	free(plan.owned);
	return done;
}

/* rate_value_check - can this value of limit_maps be used? */
int rate_value_check(const struct rate *rate, const struct table *table,
		     const char *value, struct rate_limits *limits,
		     struct error *error)
{
	struct table_trouble trouble;
	int done;

	*limits = rate->limits;
	done = rate_limits_change(limits, value, rate_unit_of(rate), error);
	if (done == 0 &&
	    change_limits(rate, limits, value, table, &trouble) < 0)
		return error_set(error,
				 "%.60s: neither a limit, nor the key of one",
				 value);
	return done < 0 ? -1 : 0;
}

/* find_limits - the limits of a key; 0 or -1 */
static int find_limits(const struct rate *rate, const char *key,
		       const char *address, struct rate_limits *limits,
		       const struct table **table, const char **by,
		       struct table_trouble *trouble)
{
	struct table_result result UNSET;
	int found;

	rate_limits_copy(limits, &rate->limits);
	*table = NULL;
	if (rate->limit_maps.count == 0)
		return 0;
	result = (struct table_result){ .text = "" };
	found = search_key(&rate->limit_maps, key, address, &result, table, by,
			   trouble);
	if (found > 0 &&
	    change_limits(rate, limits, result.text, *table, trouble) < 0)
		found = -1;
	if (found == 0)
		*table = NULL;
	free(result.owned);
	return found < 0 ? -1 : 0;
}

/* rate_key_limits - the limits of a key that is known. If the key is an address
 * or a network, that is looked up; in its place there may be an account */
int rate_key_limits(const struct rate *rate, const char *key,
		    struct rate_limits *limits, struct table_trouble *trouble)
{
	const struct table *table = NULL;
	char address[RATE_KEY_SIZE];
	struct ip_address parsed;
	const char *by;
	bool found;

	snprintf(address, sizeof(address), "%.*s", (int)strcspn(key, "/"), key);
	found = is_address(rate) && ip_parse(&parsed, address) == 0;
	return find_limits(rate, key, found ? address : NULL, limits, &table,
			   &by, trouble);
}

/* find_place - the network that a client sends from, or its name; 1; 0: it does
 * not count; -1 */
static int find_place(const struct rate *rate, const struct request *request,
		      struct charge *charge, struct table_trouble *trouble)
{
	struct table_result result = { .text = "" };
	const struct table *table;
	int found = is_found(search(&rate->place_maps, request->client_address,
				    &result, &table),
			     &result, trouble);

	if (found > 0) {
		snprintf(charge->place, sizeof(charge->place), "%s",
			 result.text);
		found = strcmp(result.text, NO_PLACE) != 0;
	} else if (found == 0) {
		write_network(request->client_address, rate->ipv4_prefix,
			      rate->ipv6_prefix, charge->place,
			      sizeof(charge->place));
		found = 1;
	}
	free(result.owned);
	return found;
}

/* stage_of - the state of the protocol; -1: none at which anything counts */
static int stage_of(const struct request *request)
{
	return rate_state_find(request->protocol_state);
}

/* set_amount - how much; -1: Postfix sent no number */
static int set_amount(const struct rate *rate, const struct request *request,
		      struct charge *charge, struct table_trouble *trouble)
{
	const char *text = NULL;

	charge->amount = 1;
	if (!charge->takes)
		return 0;
	if (rate->count == RATE_RECIPIENTS && rate->state != RATE_AT_RCPT)
		text = request->recipient_count;
	else if (rate->count == RATE_SIZES)
		text = request->size;
	if (text == NULL || *text == '\0' ||
	    number_parse(text, RATE_BYTES_MAX, &charge->amount) == 0) {
		if (charge->amount == 0)
			charge->amount = 1;
		return 0;
	}
	trouble->table = NULL;
	trouble->why = "recipient_count or size is not a number";
	return -1;
}

/* set_instance - what counts once: the message, or each of its recipients. If
 * there is no room for both, each request counts. Before the stage at which it
 * counts there is none: one more recipient of a message that was counted, since
 * its client says DATA twice, has to fit, too. */
static void set_instance(const struct rate *rate, const struct request *request,
			 struct charge *charge)
{
	bool each =
		rate->state == RATE_AT_RCPT && rate->count == RATE_RECIPIENTS;
	size_t length = strlen(request->instance);
	size_t more = each ? 1 + strlen(request->recipient) : 0;
	char *end = charge->instance;

	*end = '\0';
	if (!charge->takes || length == 0 ||
	    length + more >= sizeof(charge->instance))
		return;
	memcpy(end, request->instance, length + 1);
	if (!each)
		return;
	end[length] = ' ';
	memcpy(end + length + 1, request->recipient, more);
}

/* make_key - 1; 0: a part of it is empty; -1. *address: that of the client, if
 * it is looked up in place of the key. */
static int make_key(const struct rate *rate, const struct request *request,
		    const char *recipient, struct charge *charge,
		    const char **address, struct table_trouble *trouble)
{
	struct key key = { charge->key, 0 };
	char network[64] UNSET;
	int mapped;

	charge->key[0] = '\0';
	if (rate->part_count == 0)
		add(&key, EVERYBODY, strlen(EVERYBODY));
	for (size_t i = 0; i < rate->part_count; i++)
		if (!add_folded(rate, rate->parts[i],
				raw_part(rate, rate->parts[i], request,
					 recipient, network),
				&key))
			return 0;
	*address = is_address(rate) ? request->client_address : NULL;
	mapped = rate->key_maps.count > 0
			 ? map_key(rate, charge->key, *address, trouble)
			 : 0;
	if (mapped > 0)
		*address = NULL;
	return mapped < 0 ? -1 : 1;
}

/* given_part - what an administrator calls a part, as it is in requests: the
 * domain of an address, and the network of one */
static const char *given_part(const struct rate *rate, enum rate_part part,
			      const char *text, char network[64])
{
	switch (part) {
	case RATE_SASL_DOMAIN:
	case RATE_SENDER_DOMAIN:
	case RATE_RECIPIENT_DOMAIN:
		return strchr(text, '@') != NULL ? domain_of(text) : text;
	case RATE_CLIENT_ADDRESS:
		write_network(text, 32, 128, network, 64);
		return network;
	case RATE_CLIENT_NETWORK:
		if (strchr(text, '/') != NULL)
			return text;
		write_network(text, rate->ipv4_prefix, rate->ipv6_prefix,
			      network, 64);
		return network;
	default:
		return text;
	}
}

/* next_piece - what is before the next comma that is not marked, without marks;
 * false: there is nothing left */
static bool next_piece(const char **text, char piece[RATE_KEY_SIZE])
{
	size_t length = 0;

	if (*text == NULL)
		return false;
	for (; **text != '\0' && **text != ','; ++*text) {
		if (**text == '\\' && (*text)[1] != '\0')
			++*text;
		if (length < RATE_KEY_SIZE - 1)
			piece[length++] = **text;
	}
	piece[length] = '\0';
	*text = **text == ',' ? *text + 1 : NULL;
	return true;
}

/* add_pieces - a key with several parts; false: it has another number of them,
 * or one is empty */
static bool add_pieces(const struct rate *rate, const char *text,
		       struct key *key)
{
	char piece[RATE_KEY_SIZE], network[64];

	for (size_t i = 0; i < rate->part_count; i++)
		if (!next_piece(&text, piece) ||
		    !add_folded(
			    rate, rate->parts[i],
			    given_part(rate, rate->parts[i], piece, network),
			    key))
			return false;
	return text == NULL;
}

/* add_given - all parts; false: it can be no key of this rate */
static bool add_given(const struct rate *rate, const char *text,
		      struct key *key)
{
	char network[64];

	if (rate->part_count > 1)
		return add_pieces(rate, text, key);
	return rate->part_count == 1 &&
	       add_folded(rate, rate->parts[0],
			  given_part(rate, rate->parts[0], text, network), key);
}

/* rate_key_given - the key that an administrator means */
int rate_key_given(const struct rate *rate, const char *text,
		   char out[RATE_KEY_SIZE], struct table_trouble *trouble)
{
	char folded[CASEFOLD_SIZE(RATE_KEY_SIZE)];
	struct key key = { out, 0 };
	size_t length;

	*out = '\0';
	if (!add_given(rate, text, &key)) {
		length = casefold(folded, text,
				  strnlen(text, RATE_KEY_SIZE - 1), rate->utf8);
		key.length = 0;
		add(&key, folded, length);
	}
	if (rate->key_maps.count == 0)
		return 0;
	return map_key(rate, out, is_address(rate) ? text : NULL, trouble) < 0
		       ? -1
		       : 0;
}

/* begin - nothing is known about this charge yet */
static void begin(struct charge *charge, const struct rate *rate, bool takes)
{
	charge->rate = rate;
	charge->takes = takes;
	charge->asked = false;
	charge->place[0] = '\0';
	charge->table = NULL;
	charge->table_key = NULL;
}

/* rate_charge - what a request has to pay */
int rate_charge(const struct rate *rate, const struct request *request,
		const char *recipient, struct charge *charge, const char **why,
		struct table_trouble *trouble)
{
	int stage = stage_of(request);
	const char *address;
	int found;

	*why = "nothing is counted at this stage";
	if (stage < 0 || (rate->state == RATE_AT_RCPT && stage != RATE_AT_RCPT))
		return 0;
	begin(charge, rate, stage >= (int)rate->state);
	*why = "a part of the key is empty";
	found = make_key(rate, request, recipient, charge, &address, trouble);
	if (found <= 0)
		return found;
	*why = "this network does not count (place_maps)";
	if (rate->count == RATE_CLIENT_NETWORKS)
		found = find_place(rate, request, charge, trouble);
	if (found <= 0)
		return found;
	if (set_amount(rate, request, charge, trouble) < 0 ||
	    find_limits(rate, charge->key, address, &charge->limits,
			&charge->table, &charge->table_key, trouble) < 0)
		return -1;
	set_instance(rate, request, charge);
	return 1;
}
