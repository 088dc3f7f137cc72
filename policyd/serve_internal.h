/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_INTERNAL_H
#define POLICYD_SERVE_INTERNAL_H

/* Shared by policyd/serve*.c only: serve.c (the process), serve_load.c (the
 * configuration), serve_setup.c (before it serves), serve_end.c (taking over,
 * handing over, draining). */

#include <stdbool.h>
#include <time.h>

#include "lib/config.h"
#include "lib/log.h"
#include "lib/metrics.h"
#include "lib/server.h"
#include "policyd/channel.h"
#include "policyd/gates.h"
#include "policyd/privileges.h"
#include "policyd/serve.h"
#include "policyd/workers.h"

/* Everything that a server has. */
struct service_process {
	int channel;
	struct config *config;
	struct capture *capture;
	struct shadow *shadow;
	struct policy *policy;
	struct server *server;
	struct workers *workers; /* beside this thread */
	struct gates *gates;
	struct board *board;	/* NULL: nobody can look */
	struct timespec loaded; /* when the configuration was about to be */
	int accepted; /* its text, for the monitor (policyd/accepted.h), or -1
		       */
	struct privileges privileges;
	int next;     /* channel to the server that takes over */
	bool gathers; /* the workers are at their end, or near it */
	bool leaves;  /* it hands over, or drains */
	bool drains;  /* it does not hand over, or not only */
};

/* serve.c */
/* serve_tell - a line for the monitor to log. */
void serve_tell(int channel, enum log_level level, const char *text);
/* serve_metrics - the decisions' counters and the connections'. */
void serve_metrics(const struct service_process *process,
		   struct metrics *metrics, unsigned *open);

/* serve_load.c */
/* serve_load - the configuration, with its messages: 0 or -1. */
int serve_load(struct service_process *process, const struct options *options);
/* serve_tell_messages - of loading the file at path, for the monitor to log; an
 * error at the level worst, and head before each. */
void serve_tell_messages(int channel, const struct config_messages *messages,
			 const char *path, const char *head,
			 enum log_level worst);

/* serve_setup.c */
/* serve_send_settings - what the monitor has to know, and the text in force,
 * which is closed here then: 0 or -1. */
int serve_send_settings(struct service_process *process, struct error *error);
/* serve_receive_sockets - and open the gates and the board at them: 0 or -1. */
int serve_receive_sockets(struct service_process *process, struct error *error);

/* serve_end.c */
/* serve_taken_over - a server_taken: go on with the counters of the server
 * before. */
void serve_taken_over(void *context, unsigned long count, const void *bytes,
		      size_t length);
/* serve_gather - bring all connections to this thread, then pass them on to the
 * server at process->next, or drain. */
void serve_gather(struct service_process *process);
/* serve_drain - answer what is there, then end. */
void serve_drain(struct service_process *process);
/* serve_finish - what is left to do when server_run() has returned, after
 * serve_gather(). */
void serve_finish(struct service_process *process);

#endif
