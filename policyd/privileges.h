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

/* What else than users and capabilities holds this process now. */
struct containment {
	int system_calls; /* how many it may make; 0: any */
	int landlock;	  /* the version; 0: none */
};

/* privileges_drop - become that user for good; verified. Also: no capabilities
 * in any set, no new privileges by exec, no core dumps; and, where the kernel
 * has it and this program was built with it, no files and no system calls but
 * those that a running server needs. Only before the first other thread: what
 * starts later is held, too. containment may be NULL. */
int privileges_drop(const struct privileges *privileges,
		    struct containment *containment, struct error *error);

/* privileges_keep_for_monitor - of root's power only what starting servers
 * takes. Without root there is nothing to give up. */
int privileges_keep_for_monitor(struct error *error);

/* privileges_built_in - by which means servers of this program are held, for
 * people: "seccomp landlock", "landlock ..." where there is no filter for this
 * machine, or "none". */
const char *privileges_built_in(void);

#endif
