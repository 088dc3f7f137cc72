/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_POSTFIX_H
#define POLICYD_CHECK_POSTFIX_H

#include "lib/config.h"

/* check_postfix - read the configuration of Postfix, of import_postfix or the
 * default one, and print all problems that keep it from using policyd correctly
 * (-P). Returns the exit status: 0 nothing found, or warnings only; 1 an error
 * was found; 75 postconf could not be run. */
int check_postfix(const struct config *config);

#endif
