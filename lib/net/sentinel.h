/* SPDX-License-Identifier: ISC */
#ifndef LIB_NET_SENTINEL_H
#define LIB_NET_SENTINEL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* Which server is the primary of a store? A Sentinel of Valkey or Redis knows.
 * All that is believed of its answer is an address. */

#define SENTINELS_MAX	    8	/* that know one primary */
#define SENTINEL_NAME_MAX   64	/* bytes of the name of a primary */
#define SENTINEL_ADDRESS    256 /* struct listener_options, address */
#define SENTINEL_ANSWER_MAX 512 /* bytes; more were not asked for */

/* The bytes that each of them is sent; plain data, for a message to the
 * monitor. */
struct sentinel_question {
	uint32_t length;
	char bytes[1020];
};

/* sentinel_ask - AUTH, unless password is NULL or "", with username, unless
 * that is NULL or ""; and SENTINEL get-master-addr-by-name. 0, or -1: the three
 * texts are too long. */
int sentinel_ask(struct sentinel_question *question, const char *name,
		 const char *username, const char *password,
		 struct error *error);

/* sentinel_answer - the bytes that have come. 1: address is the primary, as
 * "inet:192.0.2.1:6379"; 0: there is more to come; -1: error says what it
 * answers instead. */
int sentinel_answer(const char *bytes, size_t length,
		    char address[SENTINEL_ADDRESS], struct error *error);

/* sentinel_find - ask the sentinel at that address, and wait for each step at
 * most that number of seconds. 0 and the primary, or -1. */
int sentinel_find(const char *sentinel,
		  const struct sentinel_question *question, unsigned seconds,
		  char address[SENTINEL_ADDRESS], struct error *error);

#endif
