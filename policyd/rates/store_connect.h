/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_RATES_STORE_CONNECT_H
#define POLICYD_RATES_STORE_CONNECT_H

#include "lib/config/config.h"

/* store_connect - connect to a store, or to the primary that its sentinels say,
 * whose password is read here. For a process that may do so: it waits at most
 * that number of seconds for each of them. A descriptor, or -1. */
int store_connect(const struct config_store *store, unsigned seconds,
		  struct error *error);

#endif
