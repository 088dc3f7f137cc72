/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_CHECK_POSTFIX_H
#define POLICYD_CHECK_CHECK_POSTFIX_H

#include <stdbool.h>

#include "lib/config/config.h"
#include "lib/postfix/postfix_settings.h"

/* check_postfix - read the configuration of Postfix, of import_postfix or the
 * default one, and print what its ports let through, and all problems that keep
 * it from using policyd correctly (-P), as text or JSON; more: something else
 * was reported before. Returns the exit status: 0 nothing found, or warnings
 * only; 1 an error was found; 75 postconf could not be run. */
int check_postfix(const struct config *config, bool json, bool more);

/* check_exempt - does this smtpd(8) need no guard, whatever is in its lists? */
typedef bool check_exempt(void *context, const struct postfix_service *service);

/* check_postfix_copy - judge a Postfix by its files alone: without asking, and
 * with policyd first in the relay list of each smtpd(8) that is not exempt, and
 * nothing permitted after it. Prints problems to standard error; 0, or -1 if
 * there are any. */
int check_postfix_copy(const struct postfix *postfix,
		       const struct config *config, check_exempt *exempt,
		       void *context);

/* check_postfix_reach - ask policyd as this Postfix would, for each use of it.
 * Prints problems to standard error; 0, or -1 if there are any, or if it is not
 * used at all. */
int check_postfix_reach(const struct postfix *postfix,
			const struct config *config);

/* check_server - how smtpd(8) names our listener; the caller frees it. */
char *check_server(const struct postfix *postfix,
		   const struct listener_options *listener);

#endif
