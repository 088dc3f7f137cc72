/* SPDX-License-Identifier: ISC */
/* serve - the server process
 *
 * The monitor starts it with a channel. It loads the configuration, asks the
 * monitor for the listening sockets, gives up root, reports that it is ready,
 * and serves until the monitor ends it or is gone. Earlier errors are sent to
 * the monitor, which logs them. */

#include "policyd/serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/tls_listener/tls_bridge.h"
#include "policyd/process/system_calls.h"
#include "policyd/serve/capture.h"
#include "policyd/serve/policy.h"
#include "policyd/serve/serve_internal.h"
#include "policyd/serve/shadow.h"
#include "policyd/status/http.h"
#include "policyd/status/status.h"

#define SPARE_DESCRIPTORS 32 /* in addition to those of connections */

/* serve_tell - a line for the monitor to log */
void serve_tell(int channel, enum log_level level, const char *text)
{
	struct channel_message message;

	channel_message_init(&message, CHANNEL_LINE, level);
	snprintf(message.body.text, sizeof(message.body.text), "%s", text);
	/* If the monitor is gone, this process will soon be gone, too. */
	if (channel_send(channel, &message, -1, NULL) < 0)
		log_write(level, "%s", text);
}

/* refuse - report why the server does not start; returns the exit status */
static int refuse(int channel, int status, const struct error *error)
{
	serve_tell(channel, LOG_LEVEL_ERROR, error->text);
	return status;
}

/* serve_metrics - the counters of decisions and of connections */
void serve_metrics(const struct service_process *process,
		   struct counters *metrics, unsigned *open)
{
	struct server_counters counters;

	server_counters(process->server, &counters);
	*open = counters.open;
	*metrics = *policy_counters(process->policy);
	workers_counters(process->workers, metrics, open);
	admission_counters(process->admission, metrics);
	metrics->timeouts += counters.timeouts;
	metrics->connections += counters.accepted;
	metrics->log_dropped += log_dropped();
}

/* wanted_descriptors - one for each connection, or three if it may use TLS */
static rlim_t wanted_descriptors(const struct config *config)
{
	rlim_t wanted = config->limits.max_connections;
	bool tls = false;
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		tls |= config->gates[i].tls != NULL;
	if (tls)
		wanted = 3 * (wanted + TLS_BRIDGES_HANDSHAKES_MAX);
	if (config->metrics != NULL)
		wanted += HTTP_DESCRIPTORS_MAX;
	return wanted + SPARE_DESCRIPTORS;
}

/* raise_limit - allow as many descriptors as are wanted, as far as the system
 * permits; otherwise accepting pauses when there are none left */
static void raise_limit(const struct config *config)
{
	rlim_t wanted = wanted_descriptors(config);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
		log_warning("max_connections = %u, but only %lu descriptors "
			    "are allowed",
			    config->limits.max_connections,
			    (unsigned long)limit.rlim_cur);
}

/* load_shadow - the shadow configuration; if it fails, the server does without
 * it */
static void load_shadow(struct service_process *process)
{
	const char *path = process->config->shadow;
	struct config_messages messages = { 0 };
	char line[CHANNEL_TEXT_MAX];

	process->shadow = shadow_new(path, &messages);
	/* No error in it keeps this configuration from being served. */
	serve_tell_messages(process->channel, &messages, path,
			    "shadow: ", LOG_LEVEL_WARNING);
	config_messages_clear(&messages);
	snprintf(line, sizeof(line), "shadow: %s is %s", path,
		 process->shadow != NULL ? "compared"
					 : "refused and not compared");
	serve_tell(process->channel,
		   process->shadow != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		   line);
}

/* open_trial - the shadow configuration and the capture files. Answers do not
 * depend on either. */
static void open_trial(struct service_process *process)
{
	const struct config *config = process->config;
	struct error error;

	if (config->shadow != NULL)
		load_shadow(process);
	if (config->capture != NULL)
		process->capture =
			capture_new(config->capture, config->capture_files,
				    config->uid, &error);
	if (config->capture != NULL && process->capture == NULL) {
		error_prefix(&error, "cannot capture requests: ");
		serve_tell(process->channel, LOG_LEVEL_WARNING, error.text);
	}
	policy_try(process->policy, process->capture, process->shadow);
	workers_try(process->workers, process->capture, process->shadow);
}

/* give_up_root - for good, and report how this process is contained */
static int give_up_root(struct service_process *process, struct error *error)
{
	struct containment held;
	char line[128];

	if (privileges_drop(&process->privileges, &held, error) < 0)
		return -1;
	snprintf(line, sizeof(line),
		 "contained: seccomp: %d system calls, landlock: version %d",
		 held.system_calls, held.landlock);
	serve_tell(process->channel, LOG_LEVEL_DEBUG, line);
#ifdef POLICYD_CONTAIN
	if (held.system_calls == 0)
		serve_tell(process->channel, LOG_LEVEL_WARNING,
			   system_calls_count() == 0
				   ? "this policyd has no seccomp filter for "
				     "this machine: a compromised server can "
				     "make any system call"
				   : "this kernel has no seccomp filters: a "
				     "compromised server can make any system "
				     "call");
#endif
	return 0;
}

/* note_table - a line about the counts of a rate */
static void note_table(void *context, const char *line)
{
	const struct service_process *process = context;

	serve_tell(process->channel, LOG_LEVEL_WARNING, line);
}

/* open_rates - where rates are counted; without it nobody may send */
static int open_rates(struct service_process *process, struct error *error)
{
	if (process->config->rates.count == 0)
		return 0;
	process->tables =
		rate_tables_open(process->config, note_table, process, error);
	if (process->tables == NULL)
		return -1;
	policy_rates(process->policy, process->tables, &process->seen);
	workers_rates(process->workers, process->tables, &process->seen);
	return 0;
}

/* open_store - where several hosts count together; connected later */
static int open_store(struct service_process *process, struct error *error)
{
	const struct config *config = process->config;
	struct store_threads *all = &process->store_threads;

	if (config->store_count == 0 || config->rates.count == 0)
		return 0;
	process->store_rates = rate_tables_store(config);
	*all = (struct store_threads){
		.stores = config->stores,
		.count = config->store_count,
		.states = process->store_states,
		.channel = process->channel,
	};
	process->store_thread =
		store_thread_new(all, process->server, 0, error);
	if (process->store_thread == NULL)
		return -1;
	policy_store(process->policy, store_thread_get(process->store_thread),
		     process->store_rates);
	return workers_store(process->workers, all, process->store_rates,
			     error);
}

/* use_connection - the monitor has connected a thread to a store, or says why
 * not */
static int use_connection(struct service_process *process,
			  const struct channel_message *message, int fd,
			  struct error *error)
{
	uint64_t number = (uint64_t)message->number;
	size_t store = (size_t)(number / CHANNEL_WORKERS_MAX);
	size_t worker = (size_t)(number % CHANNEL_WORKERS_MAX);

	if (process->store_thread == NULL) {
		if (fd >= 0)
			close(fd);
		return error_set(error, "unexpected message from the monitor");
	}
	if (worker == 0)
		store_thread_give(process->store_thread, store, fd,
				  message->body.text);
	else
		workers_give(process->workers, worker, store, fd,
			     message->body.text);
	return 0;
}

/* watch_files - see changes of files before a client can. The monitor began to
 * watch them earlier, so it sees each change that this process sees, and
 * replaces it. */
static void watch_files(struct service_process *process)
{
	struct error error;

	if (process->config->watched.count == 0 ||
	    process->config->table_refresh_ms == 0)
		return;
	process->events = file_events_new(&process->config->watched, &error);
	if (process->events == NULL) {
		error_prefix(&error, "refusals are permanent although a file "
				     "has changed, until it is loaded: ");
		serve_tell(process->channel, LOG_LEVEL_WARNING, error.text);
	}
	policy_watch(process->policy, process->events);
	workers_watch(process->workers, process->events);
}

/* on_file_event - take the reports, for all threads */
static void on_file_event(void *context, int fd)
{
	struct service_process *process = context;

	(void)fd;
	file_events_read(process->events);
}

/* ask_for_log - the log daemon is gone, and this process may not connect to it
 */
static bool ask_for_log(void *context)
{
	const struct service_process *process = context;

	return channel_ask(process->channel, CHANNEL_LOG_LOST, 0) == 0;
}

/* prepare - do everything that needs root, then give it up */
static int prepare(struct service_process *process, struct error *error)
{
	struct config *config = process->config;
	struct server_handler handler;

	process->policy = policy_new(config);
	handler = policy_handler(process->policy);
	process->server = server_new(&config->limits, &handler, error);
	if (process->server == NULL)
		return -1;
	process->workers = workers_new(config, process->server, error);
	if (process->workers == NULL)
		return -1;
	process->admission = admission_new(config, process->server, error);
	if (process->admission == NULL)
		return -1;
	if (open_rates(process, error) < 0 || open_store(process, error) < 0 ||
	    serve_send_settings(process, error) < 0 ||
	    serve_receive_sockets(process, error) < 0 ||
	    log_open_for(config->log, config->uid, error) < 0)
		return -1;
	log_ask_for_socket(ask_for_log, process);
	watch_files(process);
	open_trial(process);
	raise_limit(config);
	return give_up_root(process, error);
}

/* log_counters - SIGUSR1 */
static void log_counters(const struct service_process *process)
{
	struct counters metrics;
	char line[1024];
	unsigned open;

	serve_metrics(process, &metrics, &open);
	counters_write(line, sizeof(line), &metrics);
	log_info("counters: %s open=%u failed_tables=%zu", line, open,
		 process->config->failed_tables);
}

/* obey - one message of the monitor; -1: it is not a known one */
static int obey(struct service_process *process,
		const struct channel_message *message, int fd,
		struct error *error)
{
	switch (message->kind) {
	case CHANNEL_TAKE_OVER:
		return server_take_over(process->server, fd,
					CHANNEL_LEAVE_MS + 2000,
					serve_taken_over, process, error);
	case CHANNEL_HAND_OVER:
		process->next = fd;
		serve_gather(process);
		return 0;
	case CHANNEL_DRAIN:
		serve_drain(process);
		return 0;
	case CHANNEL_NEWS:
		/* Nothing is handed over: a previous server drains. */
		if (message->number == 0)
			rate_tables_migrate(process->tables, process->config);
		status_news(process->status, &message->body.news,
			    message->number != 0);
		return 0;
	case CHANNEL_COUNTERS:
		log_counters(process);
		return 0;
	case CHANNEL_LOG:
		log_use_socket(fd);
		return 0;
	case CHANNEL_CONNECTED:
		return use_connection(process, message, fd, error);
	case CHANNEL_PING:
		return channel_tell(process->channel, CHANNEL_PONG,
				    message->number, -1, error);
	default:
		return error_set(error, "unexpected message from the monitor");
	}
}

/* on_channel - a message from the monitor, or the monitor is gone */
static void on_channel(void *context, int channel)
{
	struct service_process *process = context;
	struct channel_message message;
	struct error error;
	int fd;

	/* Exit at once: other threads may still use everything. */
	if (channel_receive(channel, &message, &fd, &error) < 1) {
		log_error("the monitor is gone (%s): exiting", error.text);
		_exit(EX_TEMPFAIL);
	}
	if (obey(process, &message, fd, &error) < 0) {
		log_error("%s: exiting", error.text);
		_exit(EX_TEMPFAIL);
	}
}

/* run - after loading and preparing: report ready, and serve */
static int run(struct service_process *process, struct error *error)
{
	if (server_on_readable(process->server, process->channel, on_channel,
			       process, error) < 0 ||
	    (process->events != NULL &&
	     server_on_readable(process->server,
				file_events_descriptor(process->events),
				on_file_event, process, error) < 0) ||
	    workers_start(process->workers, error) < 0 ||
	    admission_start(process->admission, error) < 0 ||
	    channel_tell(process->channel, CHANNEL_READY, 0, -1, error) < 0)
		return EX_TEMPFAIL;
	if (server_run(process->server, error) < 0) {
		log_error("%s", error->text);
		return EX_TEMPFAIL;
	}
	if (process->leaves)
		serve_finish(process);
	return EX_OK;
}

/* ignore_signals - they are for the monitor, which decides; and end when the
 * monitor does */
static void ignore_signals(void)
{
	static const int signals[] = { SIGHUP,	SIGINT,	 SIGTERM,
				       SIGUSR1, SIGPIPE, SIGXFSZ };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* is_channel - was this process started by a monitor? */
static bool is_channel(int fd)
{
	socklen_t length = sizeof(int);
	int type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
	       type == SOCK_SEQPACKET && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* start - from the configuration to the end of serving */
static int start(struct service_process *process, const struct options *options)
{
	struct error error;

	if (serve_load(process, options) < 0)
		return EX_CONFIG;
	if (privileges_find(&process->privileges, process->config->user,
			    process->config->group, &error) < 0)
		return refuse(process->channel, EX_CONFIG, &error);
	if (prepare(process, &error) < 0)
		return refuse(process->channel, EX_TEMPFAIL, &error);
	if (options->lenient)
		rate_tables_begin(process->tables, process->config, note_table,
				  process);
	return run(process, &error);
}

/* retire - free everything. By now no loop and no thread runs that could use
 * what is freed; if a thread does run, end the process instead. */
static void retire(struct service_process *process, int status)
{
	if (workers_running(process->workers) ||
	    admission_running(process->admission))
		_exit(status);
	status_free(process->status);
	admission_free(process->admission);
	store_thread_free(process->store_thread);
	server_free(process->server);
	workers_free(process->workers);
	policy_free(process->policy);
	file_events_free(process->events);
	free(process->store_rates);
	rate_tables_close(process->tables, process->config);
	shadow_free(process->shadow);
	capture_free(process->capture);
	config_free(process->config);
}

/* serve - the server process */
int serve(const struct options *options, int channel)
{
	struct service_process process = { .channel = channel,
					   .accepted = -1,
					   .next = -1 };
	int status;

	if (!is_channel(channel)) {
		fprintf(stderr, "policyd: " CHANNEL_OPTION
				" is for internal use only\n");
		return EX_USAGE;
	}
	ignore_signals();
	status = start(&process, options);
	retire(&process, status);
	close(channel);
	return status;
}
