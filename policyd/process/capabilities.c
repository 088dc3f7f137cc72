/* SPDX-License-Identifier: ISC */
/* capabilities - limit a process to a set of capabilities(7)
 *
 * This uses the kernel's interface rather than libcap-ng: two structs and three
 * calls are enough. They affect one thread, so no other may run yet. */

#include "policyd/process/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITIES 64 /* more than the kernel has */

/* The three sets of a thread, each in two halves of 32 bits. */
struct sets {
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];
};

/* call - capget(2) or capset(2) for this thread */
static int call(long number, struct sets *sets)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};

	return (int)syscall(number, &header, sets->half);
}

/* capabilities_bound - limit what this process can gain to this set */
int capabilities_bound(uint64_t set, struct error *error)
{
	int capability;

	for (capability = 0; capability < CAPABILITIES; capability++) {
		int has = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);

		if (has < 0)
			return 0; /* it does not exist: that was the last */
		if (has == 0 || (set & CAPABILITY(capability)) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
			continue;
		if (errno == EPERM)
			return 0;
		return error_set(error, "capability %d cannot be dropped: %s",
				 capability, strerror(errno));
	}
	return 0;
}

/* capabilities_keep - give up all others */
int capabilities_keep(uint64_t set, struct error *error)
{
	struct sets sets = { 0 };
	int i;

	/* Kernels before 4.3 have no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    errno != EINVAL)
		return error_set(error, "prctl: %s", strerror(errno));
	if (call(SYS_capget, &sets) < 0)
		return error_set(error, "capget: %s", strerror(errno));
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets.half[i].permitted &= (uint32_t)(set >> (32 * i));
		sets.half[i].effective = sets.half[i].permitted;
		sets.half[i].inheritable = 0;
	}
	if (call(SYS_capset, &sets) < 0)
		return error_set(error, "capset: %s", strerror(errno));
	if (call(SYS_capget, &sets) < 0)
		return error_set(error, "capget: %s", strerror(errno));
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (((sets.half[i].permitted | sets.half[i].effective) &
		     ~(uint32_t)(set >> (32 * i))) != 0 ||
		    sets.half[i].inheritable != 0)
			return error_set(error,
					 "could not give up capabilities");
	return 0;
}
