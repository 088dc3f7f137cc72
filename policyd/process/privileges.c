/* SPDX-License-Identifier: ISC */
/* privileges - give up root for good
 *
 * A server is root only until its configuration is loaded and its log is open.
 * A client that exploits a bug after that gains nothing: a user that owns no
 * files, no capabilities, no file access (policyd/process/landlock), and only a
 * few system calls (policyd/process/system_calls).
 *
 * Sanitizers and similar tools open files and make system calls of their own,
 * so programs built with them do without the last two (CMake: CONTAIN). */

#include "policyd/process/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "policyd/process/capabilities.h"
#include "policyd/process/landlock.h"
#include "policyd/process/system_calls.h"

/* The powers of root that the monitor needs. */
static const int monitor_capabilities[] = {
	CAP_NET_BIND_SERVICE, /* ports below 1024 */
	CAP_CHOWN,	      /* owner of a socket */
	CAP_FOWNER,	      /* mode of a socket with another owner */
	CAP_DAC_OVERRIDE,     /* sockets in Postfix's own directory; servers
			       * read configurations, keys and tables of any
			       * owner */
	CAP_SETUID,	      /* servers become another user */
	CAP_SETGID,
	CAP_SETPCAP, /* servers drop all these from their bounding set */
	CAP_KILL,    /* to kill servers, which are another user by then */
};

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

/* become - change all ids, and verify that there is no way back */
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
		return error_set(error, "could not give up root");
	return 0;
}

/* no_core - clients' addresses and names do not belong in core files */
static int no_core(struct error *error)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return error_set(error, "setrlimit: %s", strerror(errno));
#if defined(__SANITIZE_ADDRESS__)
	/* The leak check at exit must be able to inspect this process. */
	return prctl(PR_SET_DUMPABLE, 1) < 0 ? -1 : 0;
#else
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return 0;
#endif
}

/* is_alone - is this the only thread? If that cannot be determined, yes. */
static bool is_alone(void)
{
	DIR *threads = opendir("/proc/self/task");
	const struct dirent *entry;
	int count = 0;

	if (threads == NULL)
		return true;
	while ((entry = readdir(threads)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(threads);
	return count <= 1;
}

/* read_ahead - read what the C library would otherwise read later: the time
 * zone file, once instead of at every use */
static int read_ahead(struct error *error)
{
	if (setenv("TZ", ":/etc/localtime", 0) < 0)
		return error_set(error, "setenv: %s", strerror(errno));
	tzset();
	return 0;
}

/* give_up_root - user, groups, capabilities */
static int give_up_root(const struct privileges *privileges,
			struct error *error)
{
	int signal = 0;

	/* A process that changes its user loses its parent death signal. */
	if (prctl(PR_GET_PDEATHSIG, &signal) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	if (capabilities_bound(CAPABILITIES_NONE, error) < 0)
		return -1;
	if (!privileges->keep && become(privileges, error) < 0)
		return -1;
	if (prctl(PR_SET_PDEATHSIG, signal) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return capabilities_keep(CAPABILITIES_NONE, error);
}

/* contain - no file access, few system calls */
static int contain(struct containment *containment, struct error *error)
{
#ifdef POLICYD_CONTAIN
	int limited;

	containment->landlock = landlock_enter(error);
	if (containment->landlock < 0)
		return -1;
	limited = system_calls_limit(error);
	if (limited < 0)
		return -1;
	containment->system_calls = limited > 0 ? (int)system_calls_count() : 0;
#else
	(void)containment;
	(void)error;
#endif
	return 0;
}

/* privileges_drop - become this user for good */
int privileges_drop(const struct privileges *privileges,
		    struct containment *containment, struct error *error)
{
	struct containment ignored;

	if (containment == NULL)
		containment = &ignored;
	memset(containment, 0, sizeof(*containment));
	if (!is_alone())
		return error_set(error, "threads were started before root was "
					"given up");
	if (read_ahead(error) < 0 || give_up_root(privileges, error) < 0 ||
	    no_core(error) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return contain(containment, error);
}

/* privileges_keep_for_monitor - keep only what is needed to start servers */
int privileges_keep_for_monitor(struct error *error)
{
	uint64_t set = CAPABILITIES_NONE;
	size_t i;

	for (i = 0; i < sizeof(monitor_capabilities) / sizeof(int); i++)
		set |= CAPABILITY(monitor_capabilities[i]);
	if (capabilities_bound(set, error) < 0 ||
	    capabilities_keep(set, error) < 0)
		return -1;
	/* Neither postconf(1) nor postmap(1) is set-user-id. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return 0;
}

/* privileges_built_in - in words */
const char *privileges_built_in(void)
{
#ifdef POLICYD_CONTAIN
	return system_calls_count() > 0
		       ? "seccomp landlock"
		       : "landlock (no seccomp filter for this machine)";
#else
	return "none";
#endif
}
