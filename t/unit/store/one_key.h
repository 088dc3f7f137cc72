/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_STORE_ONE_KEY_H
#define T_UNIT_STORE_ONE_KEY_H

#include "lib/store/store_admin.h"
#include "lib/store/store_internal.h"
#include "t/unit/store/asking.h"

/* What a real Valkey or Redis has of alice. */

#define HOUR 3600
#define DAY  86400
#define KEY  "policyd:login:alice@example.com"

/* A store, and the rate in it. */
struct place {
	struct real_store real;
	struct asking asking;
	struct store_admin *admin;
	uint64_t tick;
	struct store_rate login;
	const struct store_rate *rates[1];
	struct rate_charge charge; /* the last one */
};

static inline void begin(struct place *place)
{
	struct store_options options = { .prefix = "policyd",
					 .timeout_ms = TEST_WAIT_S * 1000,
					 .test_tick = &place->tick };
	struct error error = { "" };

	memset(place, 0, sizeof(*place));
	place->tick = UINT64_C(53861760000); /* a part of a day begins */
	place->login.name = "login";
	place->login.shape =
		(struct rate_shape){ 1, { HOUR }, RATE_NUMBER, 0, 4096 };
	place->rates[0] = &place->login;
	real_store_start(&place->real, NULL, NULL);
	asking_start(&place->asking, &place->real, &options);
	place->admin =
		store_admin_open(connect_store(&place->real), &options, &error);
	ck_assert_msg(place->admin != NULL, "%s", error.text);
}

static inline void end(struct place *place)
{
	store_admin_close(place->admin);
	asking_stop(&place->asking);
	real_store_stop(&place->real);
}

/* ask - about alice, who may 1000 in each window; what is used then */
static inline uint64_t ask(struct place *place, const char *how,
			   const char *instance, uint64_t amount)
{
	const struct rate_shape *shape = &place->login.shape;

	place->charge = (struct rate_charge){ .key = "alice@example.com",
					      .place = "",
					      .instance = instance,
					      .amount = amount };
	for (unsigned i = 0; i < shape->windows; i++)
		place->charge.limits.limit[place->charge.limits.count++] =
			(struct rate_limit){ 1000, shape->length_s[i] };
	ck_assert(asking_wait(&place->asking, how, place->rates, &place->charge,
			      1));
	return place->charge.result.used;
}

/* give_back - the last charge */
static inline void give_back(struct place *place)
{
	store_give_back(place->asking.store, place->rates, &place->charge, 1);
	asking_until(&place->asking, place->asking.store->calls == 0);
}

#endif
