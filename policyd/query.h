/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_H
#define POLICYD_QUERY_H

#include "lib/config.h"

/* query - answer the request given as NAME=VALUE arguments or, without any,
 * each request on standard input, and say why (-q). For each: the reply's
 * "action=..." line and one line of why, then a blank line. Returns the exit
 * status: 0 answered; 64 what was given is no request. */
int query(const struct config *config, int count, char **arguments);

#endif
