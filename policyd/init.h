/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INIT_H
#define POLICYD_INIT_H

#include <stdbool.h>

/* init - write policyd.conf for a Postfix, to path, and print how to have that
 * Postfix ask policyd, and no more. A file that exists is kept, and its first
 * listener is where Postfix is to ask. directory: where Postfix is configured;
 * NULL: /etc/postfix. terse: path is the default and need not be named. Nothing
 * is written or printed unless it was tried on a copy of the Postfix's
 * configuration and strangers may not relay. Returns an exit status; what is
 * wrong is on standard error. */
int init(const char *path, const char *directory, bool terse);

#endif
