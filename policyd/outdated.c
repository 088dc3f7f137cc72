/* SPDX-License-Identifier: ISC */
/* outdated - has the running daemon loaded main.cf as it is now?
 *
 * The monitor sets the time of its pid file to the start of the last successful
 * load, so anyone who may look at both files can compare the times. */

#include "policyd/outdated.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "policyd/process/pid_file.h"

/* is_before - one < other */
static bool is_before(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec < other->tv_sec ||
	       (one->tv_sec == other->tv_sec && one->tv_nsec < other->tv_nsec);
}

/* outdated_main_cf - has main.cf changed since it was loaded? Its ctime is
 * compared as well: an older file may have been moved into its place. */
int outdated_main_cf(const struct config *config, pid_t *pid)
{
	struct timespec loaded;
	struct stat status;

	if (config->main_cf == NULL ||
	    pid_file_read(config->pid_file, pid, &loaded) != 1 ||
	    stat(config->main_cf, &status) < 0)
		return 0;
	return !is_before(&status.st_mtim, &loaded) ||
	       !is_before(&status.st_ctim, &loaded);
}
