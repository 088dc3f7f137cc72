/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_RATES_RATES_H
#define POLICYD_RATES_RATES_H

#include <stdbool.h>

#include "lib/config/config.h"

/* The options of -r. */
struct rates_options {
	bool json;	  /* --format=json */
	bool over;	  /* --over */
	bool reset;	  /* --reset RATE KEY */
	bool block;	  /* --block RATE KEY */
	bool unblock;	  /* --unblock RATE KEY */
	const char *time; /* --for TIME, or NULL */
	int count;	  /* RATE, KEY */
	char *const *arguments;
};

/* rates_check - why the options do not fit together, or NULL. */
const char *rates_check(const struct rates_options *options, int count);

/* rates - list what was counted, or change it; returns the exit status: 0; with
 * --over, 1 if a key is over its limit; 64: there is no such rate. */
int rates(const struct config *config, const struct rates_options *options);

#endif
