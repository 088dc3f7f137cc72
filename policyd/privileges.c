/* SPDX-License-Identifier: ISC */
/* privileges - give up root for good
 *
 * A server is root only until its configuration is loaded and its log is
 * open. What a client could do to it after that it does to somebody who may
 * do nothing. */

#include "policyd/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* privileges_find - look up user and group */
int privileges_find(struct privileges *privileges, const char *user,
		    const char *group, struct error *error)
{
	const struct passwd *account;
	const struct group *own;

	memset(privileges, 0, sizeof(*privileges));
	privileges->keep = geteuid() != 0;
	if (privileges->keep)
		return 0;
	errno = 0;
	account = getpwnam(user);
	if (account == NULL)
		return error_set(error, "user \"%s\" %s%s", user,
				 errno ? "cannot be looked up: "
				       : "does not exist",
				 errno ? strerror(errno) : "");
	privileges->uid = account->pw_uid;
	privileges->gid = account->pw_gid;
	if (group != NULL) {
		errno = 0;
		own = getgrnam(group);
		if (own == NULL)
			return error_set(error, "group \"%s\" %s%s", group,
					 errno ? "cannot be looked up: "
					       : "does not exist",
					 errno ? strerror(errno) : "");
		privileges->gid = own->gr_gid;
	}
	privileges->keep = privileges->uid == 0;
	return 0;
}

/* become - change all ids, and make sure that there is no way back */
static int become(const struct privileges *privileges, struct error *error)
{
	uid_t uid = privileges->uid, real, effective, saved;
	gid_t gid = privileges->gid, real_gid, effective_gid, saved_gid;

	if (setgroups(0, NULL) < 0)
		return error_set(error, "setgroups: %s", strerror(errno));
	if (setresgid(gid, gid, gid) < 0)
		return error_set(error, "setgid: %s", strerror(errno));
	if (setresuid(uid, uid, uid) < 0)
		return error_set(error, "setuid: %s", strerror(errno));
	if (getresuid(&real, &effective, &saved) < 0 ||
	    getresgid(&real_gid, &effective_gid, &saved_gid) < 0 ||
	    real != uid || effective != uid || saved != uid ||
	    real_gid != gid || effective_gid != gid || saved_gid != gid ||
	    getgroups(0, NULL) != 0 || setuid(0) == 0 ||
	    (gid != 0 && setgid(0) == 0))
		return error_set(error, "root could not be given up");
	return 0;
}

/* no_core - clients' addresses and names do not belong into files */
static int no_core(struct error *error)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return error_set(error, "setrlimit: %s", strerror(errno));
#if defined(__SANITIZE_ADDRESS__)
	/* The leak check at exit must be able to look at this process. */
	return prctl(PR_SET_DUMPABLE, 1) < 0 ? -1 : 0;
#else
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return 0;
#endif
}

/* privileges_drop - become that user for good */
int privileges_drop(const struct privileges *privileges, struct error *error)
{
	if (!privileges->keep && become(privileges, error) < 0)
		return -1;
	if (no_core(error) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return 0;
}
