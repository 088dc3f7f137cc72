/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SERVE_INTERNAL_H
#define POLICYD_SERVE_SERVE_INTERNAL_H

/* Shared by policyd/serve*.c only: serve.c (the process), serve_load.c (the
 * configuration), serve_setup.c (the exchange with the monitor before it
 * serves), serve_end.c (taking over, handing over, draining). */

#include <stdbool.h>
#include <time.h>

#include "lib/base/file_events.h"
#include "lib/base/log.h"
#include "lib/config/config.h"
#include "lib/server/server.h"
#include "lib/stats/counters.h"
#include "policyd/process/channel.h"
#include "policyd/process/privileges.h"
#include "policyd/rates/rate_tables.h"
#include "policyd/serve/admission.h"
#include "policyd/serve/serve.h"
#include "policyd/serve/settle.h"
#include "policyd/serve/store_thread.h"
#include "policyd/serve/workers.h"

/* The state of a server process. */
struct service_process {
	int channel;
	struct config *config;
	struct capture *capture;
	struct shadow *shadow;
	struct file_events *events; /* NULL: no file is watched */
	struct rate_table **tables; /* NULL: there is no rate */
	struct settle_seen seen;
	struct store_rate *store_rates;	   /* NULL: there is no store */
	struct store_thread *store_thread; /* of the first thread */
	struct store_threads store_threads;
	struct store_state store_states[STORES_MAX];
	struct policy *policy;
	struct server *server;
	struct workers *workers; /* the other threads */
	struct admission *admission;
	struct status *status;	/* NULL: no metrics listener */
	struct timespec loaded; /* when loading of the configuration began */
	int accepted; /* its text, for the monitor (policyd/process/accepted.h),
		       * or -1
		       */
	bool differs; /* the file contains another text than the loaded one */
	struct privileges privileges;
	int next;     /* channel to the server that takes over */
	bool gathers; /* the workers are ending, or have ended */
	bool leaves;  /* it hands over, or drains */
	bool drains;  /* it drains, perhaps after it began to hand over */
};

/* serve.c */
/* serve_tell - a line for the monitor to log. */
void serve_tell(int channel, enum log_level level, const char *text);
/* serve_metrics - the counters of decisions and of connections. */
void serve_metrics(const struct service_process *process,
		   struct counters *metrics, unsigned *open);

/* serve_load.c */
/* serve_load - load the configuration, and send its messages: 0 or -1. */
int serve_load(struct service_process *process, const struct options *options);
/* serve_tell_messages - send the messages of loading the file at path to the
 * monitor, for the log; errors at the level worst, each with the prefix head.
 */
void serve_tell_messages(int channel, const struct config_messages *messages,
			 const char *path, const char *head,
			 enum log_level worst);

/* serve_setup.c */
/* serve_send_settings - send the monitor what it needs to know, and the text in
 * effect, which is closed here afterwards: 0 or -1. */
int serve_send_settings(struct service_process *process, struct error *error);
/* serve_receive_sockets - and pass them to the gates and the board: 0 or -1. */
int serve_receive_sockets(struct service_process *process, struct error *error);

/* serve_end.c */
/* serve_taken_over - a server_taken: continue the counters of the previous
 * server. */
void serve_taken_over(void *context, unsigned long count, const void *bytes,
		      size_t length);
/* serve_gather - bring all connections to this thread, then pass them to the
 * server at process->next, or drain. */
void serve_gather(struct service_process *process);
/* serve_drain - answer the requests that have arrived, then end. */
void serve_drain(struct service_process *process);
/* serve_finish - finish after server_run() has returned, if serve_gather() was
 * called. */
void serve_finish(struct service_process *process);

#endif
