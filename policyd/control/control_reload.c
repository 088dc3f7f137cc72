/* SPDX-License-Identifier: ISC */
/* control_reload - reload the running policyd, and wait for the result
 *
 * The monitor counts the signals that it gets, and says in its state file for
 * how many of them the result is known. It says so before it starts to read a
 * file; so the result of any reload that is requested after we have read the
 * state is that of the files as they are now. */

#include "policyd/control/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/printable.h"
#include "policyd/control/running.h"

#define LOOK_MS 20
#define WAIT_MS 180000 /* two reloads that take as long as they may */

/* complain - in one printable line; returns the status */
static int complain(int status, const char *what, const char *why)
{
	printable_say(stderr, "%s%s", what, why);
	return status;
}

/* report - the result of the reload */
static int report(const struct daemon_state *state)
{
	if (state->succeeded == 0)
		return complain(EX_CONFIG,
				"the reload was refused, and the running "
				"configuration stays in effect: ",
				state->reason);
	printf("policyd: reloaded: server %lld\n", (long long)state->server);
	if (state->failed_tables > 0)
		(void)complain(EX_OK,
			       "tables that cannot be read: ", state->failed);
	return EX_OK;
}

/* request - send the signal */
static int request(int64_t pid)
{
	if (kill((pid_t)pid, SIGHUP) == 0)
		return EX_OK;
	return complain(errno == EPERM ? EX_NOPERM : EX_UNAVAILABLE,
			"cannot signal the running policyd: ", strerror(errno));
}

/* wait_for_result - of a reload after `answered` ones */
static int wait_for_result(const char *config, int64_t pid, int64_t requested)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	uint64_t end_ms = clock_ms() + WAIT_MS;
	struct running running;
	struct error why;
	int status = -1;

	while (status < 0 && clock_ms() < end_ms) {
		if (running_find(&running, config, &why) != 1 ||
		    running.state.pid != pid)
			status = complain(EX_UNAVAILABLE,
					  "policyd has ended: ", why.text);
		else if (running.state.answered > requested)
			status = report(&running.state);
		running_clear(&running);
		if (status < 0)
			nanosleep(&pause, NULL);
	}
	return status >= 0 ? status
			   : complain(EX_TEMPFAIL,
				      "no result of the reload in three "
				      "minutes; see the log",
				      "");
}

/* control_reload - request it, and wait */
int control_reload(const char *config)
{
	struct running running;
	struct error why;
	int64_t pid, requested;
	int status;

	if (running_find(&running, config, &why) != 1)
		return complain(EX_UNAVAILABLE, "", why.text);
	pid = running.state.pid;
	requested = running.state.requested;
	running_clear(&running);
	status = request(pid);
	return status != EX_OK ? status
			       : wait_for_result(config, pid, requested);
}
