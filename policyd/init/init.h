/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INIT_INIT_H
#define POLICYD_INIT_INIT_H

#include <stdbool.h>

/* init - write policyd.conf for a Postfix to path, and print the commands that
 * make that Postfix use policyd, without running them. If the file exists it is
 * kept, and Postfix is to use its first listener. directory: the configuration
 * directory of Postfix; NULL: /etc/postfix. terse: path is the default, and can
 * be left out of the commands. Nothing is written or printed unless it was
 * tried on a copy of the Postfix configuration and strangers cannot relay.
 * Returns an exit status; errors are on standard error. */
int init(const char *path, const char *directory, bool terse);

#endif
