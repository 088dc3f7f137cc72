/* SPDX-License-Identifier: ISC */
/* target - what other processes have cost, from their CPU clocks and /proc */

#include "t/bench/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINE_LENGTH 1024

/* add_clock - CPU time of all threads, in nanoseconds */
static int add_clock(pid_t pid, struct target_usage *usage)
{
	struct timespec used;
	clockid_t clock;

	errno = clock_getcpuclockid(pid, &clock);
	if (errno != 0 || clock_gettime(clock, &used) != 0)
		return -1;
	usage->cpu_ns +=
		(uint64_t)used.tv_sec * 1000000000U + (uint64_t)used.tv_nsec;
	return 0;
}

/* open_proc - a file of a process */
static FILE *open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return fopen(path, "re");
}

/* add_ticks - fields 14 and 15 of stat; a name may hold any byte */
static int add_ticks(pid_t pid, struct target_usage *usage)
{
	FILE *file = open_proc(pid, "stat");
	char line[LINE_LENGTH];
	uint64_t user, system;
	const char *rest;
	int result = -1;

	if (file == NULL)
		return -1;
	if (fgets(line, sizeof(line), file) != NULL &&
	    (rest = strrchr(line, ')')) != NULL &&
	    sscanf(rest,
		   ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64
		   " %" SCNu64,
		   &user, &system) == 2) {
		usage->user_ticks += user;
		usage->system_ticks += system;
		result = 0;
	}
	fclose(file);
	return result;
}

/* add_status - memory */
static int add_status(pid_t pid, struct target_usage *usage)
{
	FILE *file = open_proc(pid, "status");
	char line[LINE_LENGTH];
	uint64_t value;
	int found = 0;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL) {
		uint64_t *sum = NULL;

		if (sscanf(line, "VmRSS: %" SCNu64, &value) == 1)
			sum = &usage->rss_kib;
		else if (sscanf(line, "VmHWM: %" SCNu64, &value) == 1)
			sum = &usage->peak_kib;
		if (sum != NULL) {
			*sum += value;
			found++;
		}
	}
	fclose(file);
	return found == 2 ? 0 : -1;
}

/* target_usage - the sum over all */
int target_usage(const struct target *target, struct target_usage *usage,
		 struct error *error)
{
	size_t i;

	memset(usage, 0, sizeof(*usage));
	for (i = 0; i < target->count; i++)
		if (add_clock(target->pids[i], usage) < 0 ||
		    add_ticks(target->pids[i], usage) < 0 ||
		    add_status(target->pids[i], usage) < 0)
			return error_set(error, "process %ld is not there",
					 (long)target->pids[i]);
	return 0;
}
