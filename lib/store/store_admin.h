/* SPDX-License-Identifier: ISC */
#ifndef LIB_STORE_STORE_ADMIN_H
#define LIB_STORE_STORE_ADMIN_H

#include <stdint.h>

#include "lib/base/error.h"
#include "lib/rate/rate_table.h"
#include "lib/store/store.h"

/* The same counts for the command line: list, reset, block. These functions
 * wait for the store, as long as its options say for each answer. */

struct store_admin;

/* store_admin_open - use a connected stream socket, which is closed at the end,
 * also if this fails. NULL: error says why: no answer, a wrong password. */
struct store_admin *store_admin_open(int fd,
				     const struct store_options *options,
				     struct error *error);

/* store_admin_close - NULL is allowed. */
void store_admin_close(struct store_admin *admin);

/* store_admin_each - call handler with each key of a rate that has counts or is
 * blocked, in no order; one that changes meanwhile may be missing. *result: 0,
 * or what handler returned. 0, or -1: error. */
int store_admin_each(struct store_admin *admin, const struct store_rate *rate,
		     rate_handler *handler, void *context, int *result,
		     struct error *error);

/* store_admin_key - the same for one key. 1: handler was called; 0: nothing is
 * counted for it; -1: error. */
int store_admin_key(struct store_admin *admin, const struct store_rate *rate,
		    const char *key, rate_handler *handler, void *context,
		    struct error *error);

/* store_admin_reset - forget what was counted for a key, and its networks; a
 * block stays. 1; 0: there was nothing; -1: error. */
int store_admin_reset(struct store_admin *admin, const struct store_rate *rate,
		      const char *key, struct error *error);

/* store_admin_block - block a key for that many seconds; UINT64_MAX: until it
 * is unblocked. 0, or -1: error. */
int store_admin_block(struct store_admin *admin, const struct store_rate *rate,
		      const char *key, uint64_t seconds, struct error *error);

/* store_admin_unblock - 1; 0: it was not blocked; -1: error. */
int store_admin_unblock(struct store_admin *admin,
			const struct store_rate *rate, const char *key,
			struct error *error);

#endif
