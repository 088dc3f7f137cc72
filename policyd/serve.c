/* SPDX-License-Identifier: ISC */
/* serve - the process that answers
 *
 * Started by the monitor with a channel to it. Loads the configuration, asks
 * the monitor for the listening sockets, gives up root, says that it is ready,
 * and serves until the monitor says otherwise or is gone. Having handed over,
 * it stays for the connections in TLS, if there are any. Errors before that are
 * told to the monitor, which logs them. With -s there is no monitor: one
 * connection on standard input and output. */

#include "policyd/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
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

#include "lib/config.h"
#include "lib/log.h"
#include "lib/metrics.h"
#include "lib/server.h"
#include "policyd/board.h"
#include "policyd/capture.h"
#include "lib/tls_bridge.h"
#include "policyd/channel.h"
#include "policyd/gates.h"
#include "policyd/policy.h"
#include "policyd/privileges.h"
#include "policyd/shadow.h"
#include "policyd/web.h"
#include "policyd/workers.h"

#define SPARE_DESCRIPTORS 32  /* beside the connections */
#define FLUSH_MS	  500 /* for the last bytes in TLS */

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
	struct privileges privileges;
	int next;     /* channel to the server that takes over */
	bool gathers; /* the workers are at their end, or near it */
	bool drains;
	bool relays; /* another one serves now */
};

/* tell_line - a line for the monitor to log */
static void tell_line(int channel, enum log_level level, const char *text)
{
	struct channel_message message;

	channel_message_init(&message, CHANNEL_LINE, level);
	snprintf(message.body.text, sizeof(message.body.text), "%s", text);
	/* If the monitor is gone, so are we, soon. */
	if (channel_send(channel, &message, -1, NULL) < 0)
		log_write(level, "%s", text);
}

/* refuse - tell why the server does not start; returns the exit status */
static int refuse(int channel, int status, const struct error *error)
{
	tell_line(channel, LOG_LEVEL_ERROR, error->text);
	return status;
}

/* tell_failed - some lookups will fail, and until when */
static void tell_failed(const struct service_process *process)
{
	const struct config *config = process->config;
	char line[256];

	if (config->failed_tables == 0)
		return;
	snprintf(line, sizeof(line),
		 "%zu tables or files of lists cannot be "
		 "read: what has to be looked up there is deferred%s",
		 config->failed_tables,
		 config->table_refresh_ms > 0 && process->channel >= 0
			 ? "; it is tried again at every table_refresh"
			 : " until a reload");
	tell_line(process->channel, LOG_LEVEL_ERROR, line);
}

/* load - the configuration, with its messages */
static int load(struct service_process *process, const struct options *options)
{
	struct config_load_options how = { .lenient = options->lenient };
	struct config_messages messages = { 0 };
	size_t i;

	clock_gettime(CLOCK_REALTIME, &process->loaded);
	process->config = config_load_with(options->config, &how, &messages);
	malloc_trim(0); /* of what loading took nothing comes again */
	for (i = 0; i < messages.count; i++)
		tell_line(process->channel,
			  strstr(messages.lines[i], ": warning: ") != NULL
				  ? LOG_LEVEL_WARNING
				  : LOG_LEVEL_ERROR,
			  messages.lines[i]);
	config_messages_clear(&messages);
	if (process->config != NULL)
		tell_failed(process);
	return process->config != NULL ? 0 : -1;
}

/* copy_path - into a message; a cut path would be another one */
static int copy_path(char *buffer, const char *path, struct error *error)
{
	if (path == NULL)
		path = "";
	if (strlen(path) >= CHANNEL_PATH_MAX)
		return error_set(error, "path of more than %d bytes: %.60s...",
				 CHANNEL_PATH_MAX - 1, path);
	memcpy(buffer, path, strlen(path) + 1);
	return 0;
}

/* send_watched - the files to look at; lib/watch has seen to the lengths */
static int send_watched(const struct service_process *process,
			struct error *error)
{
	const struct watch_list *list = &process->config->watched;
	struct channel_message message;
	size_t i;

	for (i = 0; i < list->count; i++) {
		channel_message_init(&message, CHANNEL_WATCH, 0);
		message.body.watch.state = list->items[i].state;
		if (copy_path(message.body.watch.path, list->items[i].path,
			      error) < 0 ||
		    channel_send(process->channel, &message, -1, error) < 0)
			return -1;
	}
	return 0;
}

/* send_listener - one of the sockets that are wanted */
static int send_listener(const struct service_process *process,
			 const struct listener_options *options,
			 struct error *error)
{
	struct channel_message message;

	channel_message_init(&message, CHANNEL_LISTENER, 0);
	message.body.listener = *options;
	return channel_send(process->channel, &message, -1, error);
}

/* send_settings - what the monitor has to know */
static int send_settings(const struct service_process *process,
			 struct error *error)
{
	const struct config *config = process->config;
	size_t count = config->listener_count + (config->metrics != NULL);
	struct channel_message message;
	size_t i;

	if (count > CHANNEL_LISTENER_MAX)
		return error_set(error,
				 "more than %d listen and metrics sections",
				 CHANNEL_LISTENER_MAX);
	channel_message_init(&message, CHANNEL_SETTINGS, (int64_t)count);
	message.body.settings.handover_version = HANDOVER_VERSION;
	message.body.settings.refresh_ms = config->table_refresh_ms;
	message.body.settings.watch_count = (uint32_t)config->watched.count;
	message.body.settings.failed_tables = (uint32_t)config->failed_tables;
	if (copy_path(message.body.settings.log, config->log, error) < 0 ||
	    copy_path(message.body.settings.pid_file, config->pid_file, error) <
		    0 ||
	    channel_send(process->channel, &message, -1, error) < 0 ||
	    send_watched(process, error) < 0)
		return -1;
	for (i = 0; i < config->listener_count; i++)
		if (send_listener(process, &config->listeners[i], error) < 0)
			return -1;
	return config->metrics != NULL
		       ? send_listener(process, config->metrics, error)
		       : 0;
}

/* gather_metrics - the decisions' counters and the connections' */
static void gather_metrics(const struct service_process *process,
			   struct metrics *metrics, unsigned *open)
{
	struct server_counters counters;

	server_counters(process->server, &counters);
	*open = counters.open;
	*metrics = *policy_metrics(process->policy);
	workers_metrics(process->workers, metrics, open);
	metrics_add(metrics, gates_metrics(process->gates));
	metrics->timeouts += counters.timeouts;
	metrics->connections += counters.accepted;
	metrics->log_dropped += log_dropped();
}

/* gather - likewise, for those who look */
static void gather(void *context, struct metrics *metrics, unsigned *open)
{
	gather_metrics(context, metrics, open);
}

/* receive_socket - one listening socket, or -1 */
static int receive_socket(const struct service_process *process,
			  struct error *error)
{
	struct channel_message message;
	int fd;

	if (channel_receive(process->channel, &message, &fd, error) < 1)
		return -1;
	if (message.kind == CHANNEL_SOCKET && fd >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error_set(error, "unexpected message from the monitor");
}

/* add_tally - of one worker */
static void add_tally(void *context, struct tally *tally)
{
	board_add(context, tally);
}

/* receive_board - the socket for those who look */
static int receive_board(struct service_process *process, struct error *error)
{
	int fd = receive_socket(process, error);

	if (fd < 0)
		return -1;
	process->board =
		board_new(process->config, process->server, &process->loaded,
			  gather, process, fd, error);
	if (process->board == NULL) {
		close(fd);
		return -1;
	}
	board_add(process->board, policy_tally(process->policy));
	workers_tallies(process->workers, add_tally, process->board);
	return 0;
}

/* receive_sockets - the listening sockets, from the monitor */
static int receive_sockets(struct service_process *process, struct error *error)
{
	size_t i;
	int fd;

	for (i = 0; i < process->config->listener_count; i++) {
		fd = receive_socket(process, error);
		if (fd < 0)
			return -1;
		if (gates_listen(process->gates, i, fd, error) < 0) {
			close(fd);
			return -1;
		}
	}
	return process->config->metrics != NULL ? receive_board(process, error)
						: 0;
}

/* wanted_descriptors - one for each connection, three if it is in TLS */
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
		wanted += WEB_CONNECTIONS_MAX;
	return wanted + SPARE_DESCRIPTORS;
}

/* raise_limit - as many descriptors as connections are allowed, if the
 * system lets us; if not, accepting pauses when there are no more */
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

/* load_shadow - the next configuration; without it everything goes on as it
 * is */
static void load_shadow(struct service_process *process)
{
	const char *path = process->config->shadow;
	struct config_messages messages = { 0 };
	char line[CHANNEL_TEXT_MAX];
	size_t i;

	process->shadow = shadow_new(path, &messages);
	for (i = 0; i < messages.count; i++) {
		snprintf(line, sizeof(line), "shadow: %s", messages.lines[i]);
		tell_line(process->channel, LOG_LEVEL_WARNING, line);
	}
	config_messages_clear(&messages);
	snprintf(line, sizeof(line), "shadow: %s is %s", path,
		 process->shadow != NULL ? "judged along"
					 : "refused, and not judged along");
	tell_line(process->channel,
		  process->shadow != NULL ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		  line);
}

/* open_trial - what the next configuration is tried with. To answer does not
 * depend on any of it. */
static void open_trial(struct service_process *process)
{
	const struct config *config = process->config;
	struct error error;

	if (config->shadow != NULL)
		load_shadow(process);
	if (config->capture != NULL)
		process->capture = capture_new(config->capture,
					       config->capture_files, &error);
	if (config->capture != NULL && process->capture == NULL) {
		error_prefix(&error, "requests are not kept: ");
		tell_line(process->channel, LOG_LEVEL_WARNING, error.text);
	}
	policy_try(process->policy, process->capture, process->shadow);
	workers_try(process->workers, process->capture, process->shadow);
}

/* give_up_root - for good, and say what holds us now */
static int give_up_root(struct service_process *process, struct error *error)
{
	struct containment held;
	char line[128];

	if (privileges_drop(&process->privileges, &held, error) < 0)
		return -1;
	snprintf(line, sizeof(line),
		 "contained: seccomp: %d system calls, landlock: version %d",
		 held.system_calls, held.landlock);
	tell_line(process->channel, LOG_LEVEL_DEBUG, line);
#ifdef POLICYD_CONTAIN
	if (held.system_calls == 0)
		tell_line(process->channel, LOG_LEVEL_WARNING,
			  "this kernel has no seccomp filters: who takes over "
			  "a server can make any system call");
#endif
	return 0;
}

/* prepare - everything that needs root, then give it up */
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
	process->gates = gates_new(config, process->server);
	if (send_settings(process, error) < 0 ||
	    receive_sockets(process, error) < 0 ||
	    log_open(config->log, error) < 0)
		return -1;
	open_trial(process);
	raise_limit(config);
	return give_up_root(process, error);
}

/* farewell - our counters go on with the next server */
static size_t farewell(void *context, void *buffer, size_t size)
{
	struct service_process *process = context;
	struct metrics metrics;
	unsigned open;

	_Static_assert(sizeof(metrics) < SERVER_FAREWELL_MAX, "no room");
	gather_metrics(process, &metrics, &open);
	process->relays = true; /* if this is not heard: see server_drain() */
	memcpy(buffer, &metrics, sizeof(metrics));
	return sizeof(metrics) +
	       board_farewell(process->board, (char *)buffer + sizeof(metrics),
			      size - sizeof(metrics));
}

/* taken_over - the old server has given us everything, or broke off */
static void taken_over(void *context, unsigned long count, const void *bytes,
		       size_t length)
{
	struct service_process *process = context;
	int64_t number = (int64_t)count;
	struct metrics metrics;

	policy_metrics(process->policy)->handed_over += count;
	if (bytes != NULL && length >= sizeof(metrics)) {
		memcpy(&metrics, bytes, sizeof(metrics));
		metrics_add(policy_metrics(process->policy), &metrics);
		board_take(process->board,
			   (const char *)bytes + sizeof(metrics),
			   length - sizeof(metrics));
	} else {
		board_take(process->board, "", 0);
		number = -1 - number;
	}
	if (channel_tell(process->channel, CHANNEL_TAKEN, number, -1, NULL) < 0)
		server_quit(process->server);
}

/* log_counters - SIGUSR1 */
static void log_counters(const struct service_process *process)
{
	struct metrics metrics;
	char line[1024];
	unsigned open;

	gather_metrics(process, &metrics, &open);
	metrics_write(line, sizeof(line), &metrics);
	log_info("counters: %s open=%u failed_tables=%zu", line, open,
		 process->config->failed_tables);
}

/* on_gathered - all connections are this thread's: go on as if it had always
 * been so */
static void on_gathered(void *context)
{
	struct service_process *process = context;

	if (process->drains) {
		if (process->next >= 0)
			close(process->next);
		server_drain(process->server);
		return;
	}
	gates_detach(process->gates);
	board_close(process->board);
	server_hand_over(process->server, process->next, farewell, process);
}

/* gather_connections - before the end, in whatever way */
static void gather_connections(struct service_process *process)
{
	process->gathers = true;
	server_stop_accepting(process->server);
	workers_gather(process->workers, on_gathered, process);
}

/* drain - answer what is there, then end */
static void drain(struct service_process *process)
{
	gates_drain(process->gates);
	board_drain(process->board);
	process->drains = true;
	if (process->relays)
		return;
	if (process->gathers)
		server_drain(process->server);
	else
		gather_connections(process);
}

/* obey - one order of the monitor; -1: it is none */
static int obey(struct service_process *process,
		const struct channel_message *message, int fd,
		struct error *error)
{
	switch (message->kind) {
	case CHANNEL_TAKE_OVER:
		return server_take_over(process->server, fd, taken_over,
					process, error);
	case CHANNEL_HAND_OVER:
		process->next = fd;
		gather_connections(process);
		return 0;
	case CHANNEL_DRAIN:
		drain(process);
		return 0;
	case CHANNEL_NEWS:
		board_news(process->board, &message->body.news,
			   message->number != 0);
		return 0;
	case CHANNEL_COUNTERS:
		log_counters(process);
		return 0;
	case CHANNEL_PING:
		return channel_tell(process->channel, CHANNEL_PONG,
				    message->number, -1, error);
	default:
		return error_set(error, "unexpected message from the monitor");
	}
}

/* on_channel - the monitor says something, or is gone */
static void on_channel(void *context, int channel)
{
	struct service_process *process = context;
	struct channel_message message;
	struct error error;
	int fd;

	if (channel_receive(channel, &message, &fd, &error) < 1) {
		log_error("the monitor is gone (%s): exiting", error.text);
		exit(EX_TEMPFAIL);
	}
	if (obey(process, &message, fd, &error) < 0) {
		log_error("%s: exiting", error.text);
		exit(EX_TEMPFAIL);
	}
}

/* relay - another server has our connections; those in TLS still go through
 * here. What only a server needs goes now. */
static int relay(struct service_process *process, struct error *error)
{
	size_t count = gates_count(process->gates);

	if (count == 0)
		return 0;
	workers_free(process->workers);
	process->workers = NULL;
	policy_free(process->policy);
	process->policy = NULL;
	config_free(process->config);
	process->config = NULL;
	malloc_trim(0);
	if (channel_tell(process->channel, CHANNEL_RELAYING, (int64_t)count, -1,
			 error) < 0)
		return -1;
	return gates_run(process->gates, 0, error);
}

/* finish - what is left to do when the server has ended */
static int finish(struct service_process *process, struct error *error)
{
	board_finish(process->board);
	board_free(process->board);
	process->board = NULL;
	if (process->relays)
		return relay(process, error);
	return gates_run(process->gates, FLUSH_MS, error);
}

/* run - loaded and prepared: say so, and serve */
static int run(struct service_process *process, struct error *error)
{
	if (server_watch(process->server, process->channel, on_channel, process,
			 error) < 0 ||
	    workers_start(process->workers, error) < 0 ||
	    channel_tell(process->channel, CHANNEL_READY, 0, -1, error) < 0)
		return EX_TEMPFAIL;
	if (server_run(process->server, error) == 0 &&
	    finish(process, error) == 0)
		return EX_OK;
	log_error("%s", error->text);
	return EX_TEMPFAIL;
}

/* ignore_signals - they come to the monitor, which decides; and with the
 * monitor we end */
static void ignore_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
				       SIGPIPE };
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* is_channel - was this started by a monitor? */
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

	if (load(process, options) < 0)
		return EX_CONFIG;
	if (privileges_find(&process->privileges, process->config->user,
			    process->config->group, &error) < 0)
		return refuse(process->channel, EX_CONFIG, &error);
	if (prepare(process, &error) < 0)
		return refuse(process->channel, EX_TEMPFAIL, &error);
	return run(process, &error);
}

/* serve - the server process */
int serve(const struct options *options, int channel)
{
	struct service_process process = { .channel = channel, .next = -1 };
	int status;

	if (!is_channel(channel)) {
		fprintf(stderr, "policyd: " CHANNEL_OPTION
				" is for policyd itself only\n");
		return EX_USAGE;
	}
	ignore_signals();
	status = start(&process, options);
	if (workers_running(process.workers))
		return status; /* the end of the process is theirs, too */
	board_free(process.board);
	gates_free(process.gates);
	server_free(process.server);
	workers_free(process.workers);
	policy_free(process.policy);
	shadow_free(process.shadow);
	capture_free(process.capture);
	config_free(process.config);
	close(channel);
	return status;
}

/* load_stdio - the configuration; there is no monitor to tell */
static struct config *load_stdio(const char *path)
{
	struct config_messages messages = { 0 };
	struct config_load_options lenient = { .lenient = true,
					       .unserved = true };
	struct config *config = config_load_with(path, &lenient, &messages);
	size_t i;

	for (i = 0; i < messages.count; i++)
		if (config == NULL || config->failed_tables > 0)
			fprintf(stderr, "%s\n", messages.lines[i]);
	config_messages_clear(&messages);
	return config;
}

/* run_stdio - log, event loop, give up root; one connection */
static int run_stdio(const struct config *config, struct policy *policy,
		     struct error *error)
{
	struct server_handler handler = policy_handler(policy);
	struct privileges privileges;
	struct server *server;
	int result = -1;

	if (privileges_find(&privileges, config->user, config->group, error) <
		    0 ||
	    log_open(config->log, error) < 0)
		return -1;
	server = server_new(&config->limits, &handler, error);
	if (server == NULL)
		return -1;
	if (server_serve_pair(server, STDIN_FILENO, STDOUT_FILENO, error) ==
		    0 &&
	    privileges_drop(&privileges, NULL, error) == 0)
		result = server_run(server, error);
	server_free(server);
	return result;
}

/* serve_stdio - one connection on standard input and output */
int serve_stdio(const struct options *options)
{
	struct config *config = load_stdio(options->config);
	struct policy *policy;
	struct error error;
	int result;

	if (config == NULL)
		return EX_CONFIG;
	policy = policy_new(config);
	result = run_stdio(config, policy, &error);
	if (result < 0)
		log_error("%s", error.text);
	policy_free(policy);
	config_free(config);
	return result < 0 ? EX_TEMPFAIL : EX_OK;
}
