/* SPDX-License-Identifier: ISC */
/* landlock - no access to files any more
 *
 * A server has opened everything it needs before it accepts a client: sockets,
 * log, capture files. So the rules are short: there are none, and everything
 * that Landlock can handle is refused. Each version handles more; the header of
 * an older system does not define all of it, so it is defined here. */

#include "policyd/process/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GET_VERSION 1u

/* struct landlock_ruleset_attr, as in version 6. */
struct rules {
	uint64_t files;
	uint64_t network;
	uint64_t scopes;
};

/* The rights that each version can handle, and its size of struct rules. */
static const struct version {
	struct rules rules;
	size_t size;
} versions[] = {
	{ { 0, 0, 0 }, 0 },
	{ { 0x1fff, 0, 0 }, 8 },      /* open, read, write, make, remove, run */
	{ { 0x3fff, 0, 0 }, 8 },      /* link and rename */
	{ { 0x7fff, 0, 0 }, 8 },      /* truncate */
	{ { 0x7fff, 0x3, 0 }, 16 },   /* bind and connect TCP */
	{ { 0xffff, 0x3, 0 }, 16 },   /* ioctl of devices */
	{ { 0xffff, 0x3, 0x3 }, 24 }, /* abstract sockets, signals */
};
#define NEWEST ((long)(sizeof(versions) / sizeof(versions[0])) - 1)

/* landlock_enter - no access to files from now on */
int landlock_enter(struct error *error)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, GET_VERSION);
	const struct version *known;
	int rules;
	long result;

	if (version <= 0)
		return 0; /* not built in, or switched off */
	known = &versions[version < NEWEST ? version : NEWEST];
	rules = (int)syscall(SYS_landlock_create_ruleset, &known->rules,
			     known->size, 0);
	if (rules < 0)
		return error_set(error, "landlock: %s", strerror(errno));
	result = syscall(SYS_landlock_restrict_self, rules, 0);
	if (result < 0)
		error_set(error, "landlock: %s", strerror(errno));
	close(rules);
	return result < 0 ? -1 : (int)version;
}
