/* SPDX-License-Identifier: ISC */
/* server_process - start a server process, send it messages, and report how it
 * ended */

#include "policyd/monitor/server_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/xalloc.h"

#define UNSENT_MAX 256

struct child_message {
	TAILQ_ENTRY(child_message) link;
	int fd; /* owned by the message, or -1 */
	struct channel_message message;
};

/* redirect - a server reads nothing from the terminal, and with -d there is no
 * terminal */
static void redirect(const struct options *options)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	if (options->daemonize) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
}

/* ignore_signals - a terminal or a supervisor may send the monitor's signals to
 * servers too, which must ignore them, both before and after exec(2) */
static void ignore_signals(const sigset_t *mask)
{
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
}

/* run_program - in the child process: execute the program as a server */
static _Noreturn void run_program(const char *program,
				  const struct options *options, int channel,
				  const sigset_t *mask)
{
	struct channel_message message;
	char descriptor[16], accepted[16];
	char *arguments[11];
	size_t count = 0;

	ignore_signals(mask);
	redirect(options);
	snprintf(descriptor, sizeof(descriptor), "%d", channel);
	arguments[count++] = xstrdup(program);
	arguments[count++] = xstrdup("-c");
	arguments[count++] = xstrdup(options->config);
	if (options->verbose)
		arguments[count++] = xstrdup("-v");
	if (options->lenient)
		arguments[count++] = xstrdup(CHANNEL_LENIENT);
	if (options->accepted >= 0) {
		snprintf(accepted, sizeof(accepted), "%d", options->accepted);
		arguments[count++] = xstrdup(CHANNEL_ACCEPTED);
		arguments[count++] = accepted;
	}
	arguments[count++] = xstrdup(CHANNEL_OPTION);
	arguments[count++] = descriptor;
	arguments[count] = NULL;
	if (fcntl(channel, F_SETFD, 0) == 0 &&
	    (options->accepted < 0 ||
	     fcntl(options->accepted, F_SETFD, 0) == 0))
		execv(program, arguments);
	channel_message_init(&message, CHANNEL_LINE, LOG_LEVEL_ERROR);
	snprintf(message.body.text, sizeof(message.body.text),
		 "cannot run %s: %s", program, strerror(errno));
	channel_send(channel, &message, -1, NULL);
	_exit(EX_TEMPFAIL);
}

/* child_init - a child that has sent nothing yet */
void child_init(struct server_process *process, pid_t pid, int channel)
{
	process->pid = pid;
	process->channel = channel;
	process->accepted = -1;
	process->deadline_ms = UINT64_MAX;
	process->unsent_ms = UINT64_MAX;
	TAILQ_INIT(&process->unsent);
	TAILQ_INIT(&process->connecting);
}

/* keep - queue a message until the channel has room */
static int keep(struct server_process *process,
		const struct channel_message *message, int fd,
		struct error *error)
{
	struct child_message *kept;
	int ours = -1;

	if (process->unsent_count >= UNSENT_MAX)
		return error_set(error, "channel: too many messages waiting");
	if (fd >= 0 && (ours = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return error_set(error, "fcntl: %s", strerror(errno));
	kept = xcalloc(1, sizeof(*kept));
	kept->message = *message;
	kept->fd = ours;
	TAILQ_INSERT_TAIL(&process->unsent, kept, link);
	if (process->unsent_count++ == 0)
		process->unsent_ms = clock_ms() + SERVER_PROCESS_UNSENT_MS;
	return 0;
}

/* drop - discard a queued message; returns the next one, or NULL */
static struct child_message *drop(struct server_process *process,
				  struct child_message *message)
{
	struct child_message *next = TAILQ_NEXT(message, link);

	TAILQ_REMOVE(&process->unsent, message, link);
	process->unsent_count--;
	if (message->fd >= 0)
		close(message->fd);
	free(message);
	return next;
}

/* child_hears - is there anybody at the other end of the channel? */
bool child_hears(const struct server_process *process)
{
	struct pollfd channel = { .fd = process->channel };

	return process->channel >= 0 && poll(&channel, 1, 0) == 0;
}

/* child_send - send now, or queue after the messages that wait */
int child_send(struct server_process *process,
	       const struct channel_message *message, int fd,
	       struct error *error)
{
	if (process->unsent_count == 0) {
		if (channel_send(process->channel, message, fd, error) == 0)
			return 0;
		if (errno != EAGAIN)
			return child_hears(process) ? -1 : 0;
	}
	return keep(process, message, fd, error);
}

/* child_tell - a message that has no body */
int child_tell(struct server_process *process, enum channel_kind kind,
	       int64_t number, int fd, struct error *error)
{
	struct channel_message message;

	channel_message_init(&message, kind, number);
	return child_send(process, &message, fd, error);
}

/* child_flush - send as many as possible; a broken channel is noticed when it
 * is read */
void child_flush(struct server_process *process)
{
	struct child_message *message = TAILQ_FIRST(&process->unsent);

	while (message != NULL) {
		if (channel_send(process->channel, &message->message,
				 message->fd, NULL) < 0 &&
		    errno == EAGAIN)
			return;
		message = drop(process, message);
		process->unsent_ms = clock_ms() + SERVER_PROCESS_UNSENT_MS;
	}
	process->unsent_ms = UINT64_MAX;
}

/* child_connecting_end - connected, or not */
void child_connecting_end(struct connecting *connecting)
{
	TAILQ_REMOVE(&connecting->process->connecting, connecting, link);
	child_connecting_leave(connecting);
	free(connecting);
}

/* child_connecting_leave - without its descriptor */
void child_connecting_leave(struct connecting *connecting)
{
	if (connecting->fd < 0)
		return;
	/* The server may have it, too, so that closing it does not do that. */
	epoll_ctl(connecting->epoll, EPOLL_CTL_DEL, connecting->fd, NULL);
	close(connecting->fd);
	connecting->fd = -1;
}

/* server_process_start - fork, and run program as a server */
struct server_process *server_process_start(const char *program,
					    const struct options *options,
					    const sigset_t *mask,
					    struct error *error)
{
	struct watched_state config_state;
	struct server_process *process;
	int ours, theirs;
	pid_t pid;

	watched_state_read(&config_state, options->config);
	if (channel_pair(&ours, &theirs, error) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		run_program(program, options, theirs, mask);
	close(theirs);
	if (pid < 0) {
		close(ours);
		error_set(error, "fork: %s", strerror(errno));
		return NULL;
	}
	process = xcalloc(1, sizeof(*process));
	child_init(process, pid, ours);
	process->started = time(NULL);
	process->config_state = config_state;
	process->replaces = options->accepted >= 0;
	return process;
}

/* server_process_kill - kill the process at once */
void server_process_kill(struct server_process *process, const char *reason)
{
	if (process->reason.text[0] == '\0')
		error_set(&process->reason, "%s", reason);
	if (process->state < SERVER_PROCESS_LEAVING)
		process->state = SERVER_PROCESS_KILLED;
	process->deadline_ms = process->unsent_ms = UINT64_MAX;
	kill(process->pid, SIGKILL);
}

/* server_process_free - after the process has ended */
void server_process_free(struct server_process *process)
{
	struct child_message *message = TAILQ_FIRST(&process->unsent);
	struct connecting *connecting = TAILQ_FIRST(&process->connecting);

	if (process->channel >= 0)
		close(process->channel);
	if (process->accepted >= 0)
		close(process->accepted);
	while (message != NULL)
		message = drop(process, message);
	while (connecting != NULL) {
		struct connecting *next = TAILQ_NEXT(connecting, link);

		child_connecting_end(connecting);
		connecting = next;
	}
	if (process->stores != NULL)
		explicit_bzero(process->stores,
			       process->store_count * sizeof(*process->stores));
	free(process->stores);
	file_events_free(process->events);
	watched_files_clear(&process->watched);
	free(process->listeners);
	free(process);
}

/* server_process_ending - describe how it ended */
const char *server_process_ending(const struct server_process *process,
				  int status, char *buffer, size_t size)
{
	if (process->reason.text[0] != '\0')
		snprintf(buffer, size, "%s", process->reason.text);
	else if (WIFSIGNALED(status))
		snprintf(buffer, size,
			 "server %ld was killed by signal %d "
			 "(%s)%s",
			 (long)process->pid, WTERMSIG(status),
			 strsignal(WTERMSIG(status)),
			 WTERMSIG(status) == SIGSYS
				 ? ": it made a forbidden system call; see "
				   "the kernel's log"
				 : "");
	else if (WEXITSTATUS(status) == EX_CONFIG)
		snprintf(buffer, size, "the configuration was refused");
	else
		snprintf(buffer, size, "server %ld ended with status %d",
			 (long)process->pid, WEXITSTATUS(status));
	return buffer;
}
