/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PRIVILEGES_H
#define POLICYD_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/error.h"

/* Who a server becomes. */
struct privileges {
	bool keep; /* without root there is nothing to give up;
		    * and "root" may have been asked for */
	uid_t uid;
	gid_t gid;
};

/* privileges_find - look up user and group (NULL: the user's own). Without
 * root nobody is looked up: the process stays who it is. -1: no such user. */
int privileges_find(struct privileges *privileges, const char *user,
		    const char *group, struct error *error);

/* privileges_drop - become that user for good; verified. Also: no new
 * privileges by exec, no core dumps. The signal for the end of the parent
 * (PDEATHSIG) is lost. */
int privileges_drop(const struct privileges *privileges, struct error *error);

#endif
