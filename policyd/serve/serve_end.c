/* SPDX-License-Identifier: ISC */
/* serve_end - how a server ends: its connections are passed to the next server,
 * or are answered and closed; and how it takes over from the previous one */

#include <string.h>
#include <unistd.h>

#include "policyd/serve/policy.h"
#include "policyd/serve/serve_internal.h"
#include "policyd/status/status.h"

/* For clients of the metrics listener. Draining as a whole, TLS_THREAD_LAST_MS
 * included, must end before the monitor stops waiting
 * (policyd/monitor/monitor.c, STOP_MS). */
#define HTTP_DRAINING_MS 200
#define HTTP_LEAVING_MS	 2000

/* farewell - hand our counters to the next server */
static size_t farewell(void *context, void *buffer, size_t size)
{
	struct service_process *process = context;
	struct counters metrics;
	unsigned open;

	_Static_assert(sizeof(metrics) < SERVER_FAREWELL_MAX, "no room");
	serve_metrics(process, &metrics, &open);
	memcpy(buffer, &metrics, sizeof(metrics));
	return sizeof(metrics) +
	       status_farewell(process->status,
			       (char *)buffer + sizeof(metrics),
			       size - sizeof(metrics));
}

/* serve_taken_over - the old server has passed everything on, or broke off */
void serve_taken_over(void *context, unsigned long count, const void *bytes,
		      size_t length)
{
	struct service_process *process = context;
	int64_t number = (int64_t)count;
	struct counters metrics;

	policy_counters(process->policy)->handed_over += count;
	if (bytes != NULL && length >= sizeof(metrics)) {
		memcpy(&metrics, bytes, sizeof(metrics));
		counters_add(policy_counters(process->policy), &metrics);
		status_take(process->status,
			    (const char *)bytes + sizeof(metrics),
			    length - sizeof(metrics));
	} else {
		status_take(process->status, "", 0);
		number = -1 - number;
	}
	rate_tables_migrate(process->tables, process->config);
	if (channel_tell(process->channel, CHANNEL_TAKEN, number, -1, NULL) < 0)
		server_quit(process->server);
}

/* leave - all connections belong to this thread now: hand over, or drain */
static void leave(void *context)
{
	struct service_process *process = context;

	process->leaves = true;
	if (process->drains) {
		if (process->next >= 0)
			close(process->next);
		server_drain(process->server);
		return;
	}
	status_close(process->status);
	server_hand_over(process->server, process->next, farewell, process);
}

/* on_gathered - the workers have ended: next, the clients in TLS */
static void on_gathered(void *context)
{
	struct service_process *process = context;

	admission_drain(process->admission, leave, process);
}

/* serve_gather - before handing over or draining */
void serve_gather(struct service_process *process)
{
	process->gathers = true;
	server_stop_accepting(process->server);
	workers_gather(process->workers, on_gathered, process);
}

/* serve_drain - answer the requests that have arrived, then end */
void serve_drain(struct service_process *process)
{
	status_drain(process->status);
	process->drains = true;
	if (process->leaves)
		server_drain(process->server);
	else if (!process->gathers)
		serve_gather(process);
}

/* serve_finish - the server has ended: send the last bytes to clients of the
 * metrics listener and clients in TLS. Nothing is freed before that. */
void serve_finish(struct service_process *process)
{
	status_finish(process->status,
		      process->drains ? HTTP_DRAINING_MS : HTTP_LEAVING_MS);
	admission_finish(process->admission);
}
