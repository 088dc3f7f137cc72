/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_PRIVILEGES_H
#define POLICYD_PROCESS_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* The user that a server becomes. */
struct privileges {
	bool keep; /* do not change it: not root, or root was requested */
	uid_t uid;
	gid_t gid;
};

/* privileges_find - look up user and group (NULL: the group of the user).
 * Without root nothing is looked up: the process keeps its user. -1: no such
 * user or group. */
int privileges_find(struct privileges *privileges, const char *user,
		    const char *group, struct error *error);

/* How this process is contained, apart from its user and capabilities. */
struct containment {
	int system_calls; /* the number that it may use; 0: any */
	int landlock;	  /* the Landlock version; 0: none */
};

/* privileges_drop - become this user for good; verified. Also: no capabilities
 * in any set, no new privileges by exec, no core dumps; and, if the kernel and
 * this build support it, no file access and no system calls but those that a
 * running server needs. Only before the first other thread, so that all threads
 * are contained. containment may be NULL. */
int privileges_drop(const struct privileges *privileges,
		    struct containment *containment, struct error *error);

/* privileges_keep_for_monitor - keep only those capabilities of root that are
 * needed to start servers. Without root there is nothing to give up. */
int privileges_keep_for_monitor(struct error *error);

/* privileges_built_in - the means by which servers of this build are contained,
 * in words: "seccomp landlock", "landlock ..." where there is no filter for
 * this machine, or "none". */
const char *privileges_built_in(void);

#endif
