/* SPDX-License-Identifier: ISC */
/* uncontained - a policyd for valgrind, which opens files and makes system
 * calls of its own in the process that it looks at
 *
 * These take the place of policyd/process/landlock.c and
 * policyd/process/system_calls.c. */

#include "policyd/process/landlock.h"
#include "policyd/process/system_calls.h"

/* landlock_enter - not here */
int landlock_enter(struct error *error)
{
	(void)error;
	return 0;
}

/* system_calls_limit - not here */
int system_calls_limit(struct error *error)
{
	(void)error;
	return 0;
}

/* system_calls_count - all of them */
unsigned system_calls_count(void)
{
	return 0;
}
