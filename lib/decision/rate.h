/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_RATE_H
#define LIB_DECISION_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address/resolve.h"
#include "lib/rate/rate_limit.h"
#include "lib/rate/rate_store.h"
#include "lib/rate/rate_table.h"
#include "lib/request/request.h"
#include "lib/table/table.h"

/* How much may be sent: a rate section of the configuration, and what one
 * request has to pay for it. */

#define RATE_NAME_MAX	32  /* bytes of a name */
#define RATE_KEY_SIZE	256 /* of a key, NUL included; longer ones are cut */
#define RATE_PLACE_SIZE 256 /* of a client network or its name, likewise */

/* The parts of a key: attributes, or parts of them. */
enum rate_part {
	RATE_SASL_USERNAME,
	RATE_SASL_DOMAIN,
	RATE_CLIENT_ADDRESS,
	RATE_CLIENT_NETWORK,
	RATE_SENDER,
	RATE_SENDER_DOMAIN,
	RATE_RECIPIENT,
	RATE_RECIPIENT_DOMAIN,
	RATE_SERVER_PORT,
	RATE_POLICY_CONTEXT,
	RATE_CCERT_FINGERPRINT,
};
#define RATE_PART_COUNT 11

enum rate_count {
	RATE_RECIPIENTS,
	RATE_MESSAGES,
	RATE_SIZES, /* bytes */
	RATE_CLIENT_NETWORKS,
};

/* The fate of mail that is over the limit. */
enum rate_action {
	RATE_DEFER,
	RATE_REJECT,
	RATE_HOLD, /* at DATA and END-OF-MESSAGE */
	RATE_WARN, /* it is let through, and counted */
};

/* When it is counted; before that, a request only looks. */
enum rate_state { RATE_AT_RCPT, RATE_AT_DATA, RATE_AT_END };

/* A list of type:table, searched in its order. */
struct rate_maps {
	struct table **tables;
	size_t count;
};

/* Immutable; shared between threads. */
struct rate {
	char *name;
	int line;     /* in policyd.conf */
	size_t index; /* among all rates */
	enum rate_part parts[RATE_PART_COUNT];
	size_t part_count; /* 0: one key for all */
	struct rate_maps key_maps;
	enum rate_count count;
	struct rate_limits limits;
	struct rate_maps limit_maps;
	unsigned networks; /* the largest number that limit_maps may have, with
			    * client_networks; otherwise 0 */
	enum rate_action action;
	char *over_reply; /* NULL: the default */
	unsigned near;	  /* percent; 0: no warning */
	enum rate_state state;
	unsigned ipv4_prefix, ipv6_prefix;
	struct rate_maps place_maps;
	uint32_t keys;
	const struct resolver *resolver; /* for recipient_delimiter */
	bool utf8;			 /* smtputf8_enable */
};

struct rate_list {
	struct rate *rates;
	size_t count;
};

/* rate_list_clear - free what the list holds. */
void rate_list_clear(struct rate_list *list);

/* rate_named - the rate with that name, or NULL. */
const struct rate *rate_named(const struct rate_list *list, const char *name);

/* rate_unit_of - how the numbers of its limits are written. */
enum rate_unit rate_unit_of(const struct rate *rate);

/* rate_needs_login - has its key a part that only clients have who logged
 * in? */
bool rate_needs_login(const struct rate *rate);

/* rate_shape_needed - the table that its counts need. */
struct rate_shape rate_shape_needed(const struct rate *rate);

/* The words of policyd.conf, by their enum; static; NULL after the last. */
const char *rate_part_name(unsigned part);
const char *rate_count_name(unsigned count);
const char *rate_action_name(unsigned action);
const char *rate_state_name(unsigned state);

/* rate_state_find - enum rate_state of such a word, or -1. */
int rate_state_find(const char *word);

/* The charge for one request by one rate. It points into the rate and the
 * request. */
struct charge {
	const struct rate *rate;
	const char *word; /* "check_rate:NAME", as in the list */
	bool takes;	  /* false: it only looks at this stage */
	char key[RATE_KEY_SIZE];
	char place[RATE_PLACE_SIZE];	  /* with client_networks */
	char instance[2 * RATE_KEY_SIZE]; /* of the message, or recipient */
	struct rate_hashes hashes;
	uint64_t amount;
	struct rate_limits limits; /* of this key */
	/* Where limit_maps has them, and the key there; NULL: nowhere. */
	const struct table *table;
	const char *table_key;
	bool asked; /* result is filled: it was taken, or looked at */
	struct rate_result result;
};

/* rate_charge - what a request has to pay. 1: charge is filled, without word
 * and result. 0: nothing, and *why says why, static. -1: unknown, since a
 * lookup failed: trouble says which. recipient is the resolved address, "" if
 * there is none. */
int rate_charge(const struct rate *rate, const struct request *request,
		const char *recipient, struct charge *charge, const char **why,
		struct table_trouble *trouble);

/* rate_value_check - is this a value of limit_maps that rate_charge() can use?
 * table: where it is. 0: limits are those of its keys; or -1 and why not. */
int rate_value_check(const struct rate *rate, const struct table *table,
		     const char *value, struct rate_limits *limits,
		     struct error *error);

/* rate_key_given - the key that an administrator means by a text: folded, with
 * its extension cut, the network of an address, and the account of key_maps, as
 * in a request. A text that can be no key of this rate is only folded. 0; -1:
 * key_maps cannot be looked up, and key is without it. */
int rate_key_given(const struct rate *rate, const char *text,
		   char key[RATE_KEY_SIZE], struct table_trouble *trouble);

/* rate_key_limits - the limits of a key that is known, for listings: as
 * rate_charge() finds them, but for a key that is an address, which may be
 * given as address; otherwise NULL. 0, or -1. */
int rate_key_limits(const struct rate *rate, const char *key,
		    struct rate_limits *limits, struct table_trouble *trouble);

#endif
