/* SPDX-License-Identifier: ISC */
/* rate - a rate section of the configuration: its words, and its end */

#include "lib/decision/rate.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const part_names[] = {
	[RATE_SASL_USERNAME] = "sasl_username",
	[RATE_SASL_DOMAIN] = "sasl_domain",
	[RATE_CLIENT_ADDRESS] = "client_address",
	[RATE_CLIENT_NETWORK] = "client_network",
	[RATE_SENDER] = "sender",
	[RATE_SENDER_DOMAIN] = "sender_domain",
	[RATE_RECIPIENT] = "recipient",
	[RATE_RECIPIENT_DOMAIN] = "recipient_domain",
	[RATE_SERVER_PORT] = "server_port",
	[RATE_POLICY_CONTEXT] = "policy_context",
	[RATE_CCERT_FINGERPRINT] = "ccert_fingerprint",
};
static const char *const count_names[] = {
	[RATE_RECIPIENTS] = "recipients",
	[RATE_MESSAGES] = "messages",
	[RATE_SIZES] = "bytes",
	[RATE_CLIENT_NETWORKS] = "client_networks",
};
static const char *const action_names[] = {
	[RATE_DEFER] = "defer",
	[RATE_REJECT] = "reject",
	[RATE_HOLD] = "hold",
	[RATE_WARN] = "warn",
};
static const char *const state_names[] = {
	[RATE_AT_RCPT] = "RCPT",
	[RATE_AT_DATA] = "DATA",
	[RATE_AT_END] = "END-OF-MESSAGE",
};
_Static_assert(COUNT(part_names) == RATE_PART_COUNT, "each part has a name");

/* name - one of them, or NULL */
static const char *name(const char *const *names, size_t count, size_t place)
{
	return place < count ? names[place] : NULL;
}

/* rate_part_name - a part of a key */
const char *rate_part_name(unsigned part)
{
	return name(part_names, COUNT(part_names), part);
}

/* rate_count_name - what is counted */
const char *rate_count_name(unsigned count)
{
	return name(count_names, COUNT(count_names), count);
}

/* rate_action_name - what happens when it is over */
const char *rate_action_name(unsigned action)
{
	return name(action_names, COUNT(action_names), action);
}

/* rate_state_name - when it counts */
const char *rate_state_name(unsigned state)
{
	return name(state_names, COUNT(state_names), state);
}

/* rate_state_find - one of these */
int rate_state_find(const char *word)
{
	for (size_t i = 0; i < COUNT(state_names); i++)
		if (strcmp(state_names[i], word) == 0)
			return (int)i;
	return -1;
}

/* rate_unit_of - how the numbers of its limits are written */
enum rate_unit rate_unit_of(const struct rate *rate)
{
	switch (rate->count) {
	case RATE_SIZES:
		return RATE_BYTES;
	case RATE_CLIENT_NETWORKS:
		return RATE_NETWORKS;
	default:
		return RATE_NUMBER;
	}
}

/* rate_needs_login - is a login, or its domain, in the key? */
bool rate_needs_login(const struct rate *rate)
{
	for (size_t i = 0; i < rate->part_count; i++)
		if (rate->parts[i] == RATE_SASL_USERNAME ||
		    rate->parts[i] == RATE_SASL_DOMAIN)
			return true;
	return false;
}

/* rate_shape_needed - with room for the networks of each key */
struct rate_shape rate_shape_needed(const struct rate *rate)
{
	struct rate_shape shape =
		rate_shape_of(&rate->limits, rate_unit_of(rate), rate->keys);

	if (shape.networks < rate->networks)
		shape.networks = rate->networks;
	return shape;
}

/* rate_named - the rate with that name */
const struct rate *rate_named(const struct rate_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->rates[i].name, name) == 0)
			return &list->rates[i];
	return NULL;
}

/* maps_clear - close all tables */
static void maps_clear(struct rate_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		table_free(maps->tables[i]);
	free(maps->tables);
}

/* rate_list_clear - free what the list holds */
void rate_list_clear(struct rate_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct rate *rate = &list->rates[i];

		maps_clear(&rate->key_maps);
		maps_clear(&rate->limit_maps);
		maps_clear(&rate->place_maps);
		free(rate->over_reply);
		free(rate->name);
	}
	free(list->rates);
	memset(list, 0, sizeof(*list));
}
