/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_CONFIG_H
#define POLICYD_CHECK_CONFIG_H

#include "lib/config/config.h"

/* check_config - for -t: of a configuration that was loaded, print what is
 * wrong around it: a daemon that is behind main.cf, a shadow configuration that
 * is refused, and what would keep the daemon from listening, logging or writing
 * its pid file. As root only, since nobody else can see whether it is policyd
 * that has a port. Returns the number of obstacles to a start. */
size_t check_config(const struct config *config);

#endif
