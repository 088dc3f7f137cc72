/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_MONITOR_MONITOR_INTERNAL_H
#define POLICYD_MONITOR_MONITOR_INTERNAL_H

/* Shared by policyd/monitor*.c only: monitor.c (the process: signals, time,
 * start, end), monitor_replace.c (the life of servers: started, ready,
 * replaced), monitor_message.c (messages from servers), monitor_refresh.c
 * (files that change), monitor_supervisor.c (the watchdog; messages to a
 * supervisor), monitor_state.c (the state file), monitor_connect.c (connections
 * to the store), monitor_sentinel.c (where its primary is). */

#include <stdbool.h>

#include "policyd/monitor/listening_sockets.h"
#include "policyd/monitor/monitor.h"
#include "policyd/monitor/server_process.h"
#include "policyd/process/notify.h"
#include "policyd/process/daemon_state.h"
#include "policyd/process/pid_file.h"
#include "policyd/process/state_file.h"

/* The state that is reported to a supervisor. */
enum notify_state {
	NOTIFY_STARTING,
	NOTIFY_READY,
	NOTIFY_RELOADING,
	NOTIFY_WITHOUT, /* the server died; its replacement is not ready */
	NOTIFY_STOPPING,
};

struct monitor {
	const struct options *options;
	const char *program;
	sigset_t mask; /* the original mask, for servers */
	int signals;   /* signalfd(2) */
	int report;    /* to the original process, with -d */
	struct listening_sockets sockets;
	struct pid_file pid_file;
	struct state_file state_file;
	struct daemon_state loaded;    /* its part that changes with a load, and
					* the counts of SIGHUPs */
	char failed[CHANNEL_TEXT_MAX]; /* loaded.failed */
	struct daemon_state written;   /* in the state file, for comparison */
	int64_t trying; /* the last SIGHUP that the latest reload is for */
	TAILQ_HEAD(, server_process) children;
	struct server_process *serving; /* the one that accepts, or NULL */
	struct server_process *next;	/* the one that is starting, or NULL */
	int accepted;	     /* the configuration text in effect, for a
			      * replacement; -1: none */
	bool started;	     /* a server has been ready */
	bool reload_again;   /* SIGHUP arrived during a reload */
	uint64_t restart_ms; /* a replacement is due; UINT64_MAX: none */
	uint64_t restart_delay_ms;
	uint64_t refresh_ms; /* next check of the files; UINT64_MAX: never */
	uint64_t changed_ms; /* a file changed then, first; UINT64_MAX: none */
	uint64_t quiet_ms;   /* then the change is old enough to load */
	uint64_t retry_ms;   /* try the files again; UINT64_MAX: no need to */
	uint64_t retry_delay_ms;
	bool file_refused; /* the last text of policyd.conf was refused */
	struct channel_news news;
	struct error complaint; /* first error of the starting server */
	struct notify notify;
	enum notify_state told_state; /* last one sent to the supervisor */
	long told_pid;
	int connecting;	  /* epoll(7) of connections that are being made to
			   * stores; -1: there was none yet */
	uint64_t ping_ms; /* next check whether the server responds */
	int64_t pings;
	bool stopping;
	uint64_t stop_ms; /* all servers are killed then */
	bool done;
	int status;
};

/* monitor.c */
void monitor_end(struct monitor *monitor, int status);

/* monitor_replace.c */
void monitor_start_server(struct monitor *monitor);
void monitor_replace_server(struct monitor *monitor);
void monitor_reload(struct monitor *monitor);
/* monitor_kill - kill a server for this reason. The one that serves does not
 * do so any more when this returns, though its process may end later: that is
 * logged, and it is replaced, as if it had died. */
void monitor_kill(struct monitor *monitor, struct server_process *process,
		  const char *reason);
/* monitor_check_sockets - has a server changed a listening socket? Then all
 * servers that have had clients are killed; the next start reopens it. */
bool monitor_check_sockets(struct monitor *monitor);
void monitor_server_ready(struct monitor *monitor,
			  struct server_process *process);
void monitor_server_taken(struct monitor *monitor,
			  struct server_process *process, int64_t count);
void monitor_server_ended(struct monitor *monitor,
			  struct server_process *process, int status);

/* monitor_refresh.c */
void monitor_refresh_watch(struct server_process *process);
void monitor_refresh_ready(struct monitor *monitor);
int monitor_refresh_descriptor(const struct monitor *monitor);
void monitor_refresh(struct monitor *monitor);

/* monitor_state.c */
void monitor_state_open(struct monitor *monitor, const char *pid_file);
void monitor_state_loaded(struct monitor *monitor,
			  const struct server_process *process);
void monitor_state_done(struct monitor *monitor, bool succeeded);
void monitor_state_write(struct monitor *monitor);
void monitor_state_close(struct monitor *monitor);

/* monitor_supervisor.c */
enum notify_state monitor_state_now(const struct monitor *monitor);
void monitor_notify(struct monitor *monitor);
void monitor_notify_reload(struct monitor *monitor);
void monitor_ping(struct monitor *monitor);
void monitor_watchdog(struct monitor *monitor);
void monitor_pong(struct monitor *monitor, struct server_process *process);

/* monitor_connect.c */
void monitor_connect(struct monitor *monitor, struct server_process *process,
		     struct store_target *store, unsigned worker);
void monitor_connect_ready(struct monitor *monitor);
uint64_t monitor_connect_due(const struct server_process *process);
void monitor_connect_overdue(struct server_process *process, uint64_t now);
int monitor_connect_begin(struct connecting *connecting, const char *address,
			  uint64_t patience_ms, struct error *why);
int monitor_connect_await(struct connecting *connecting, uint32_t events,
			  struct error *why);
void monitor_connect_to(struct connecting *connecting, const char *address);
void monitor_connect_end(struct connecting *connecting,
			 const struct error *why);

/* monitor_sentinel.c */
void monitor_sentinel_start(struct connecting *connecting);
void monitor_sentinel_next(struct connecting *connecting,
			   const struct error *why);
void monitor_sentinel_ready(struct connecting *connecting);
void monitor_sentinel_report(struct server_process *process,
			     const struct server_process *before);

/* monitor_message.c */
void monitor_hear(struct monitor *monitor, struct server_process *process);

#endif
