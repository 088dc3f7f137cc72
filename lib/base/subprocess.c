/* SPDX-License-Identifier: ISC */
/* subprocess - run another program to its end, in bounded time
 *
 * The program is one of Postfix's own, but a table that it reads may hang or
 * produce nonsense. So it gets a process group that can be killed as a whole,
 * none of our descriptors, and limits on time and output. */

#include "lib/base/subprocess.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"

#define STDERR_MAX 4096

/* One run: the child, and its output so far. */
struct run {
	pid_t pid;
	int out, err; /* pipes from the child; -1: at the end */
	char *output;
	size_t length, size;
	char complaint[STDERR_MAX];
	size_t complaint_length;
};

/* become_program - in the child: descriptors, signals, exec; never returns. in:
 * -1: nothing to read */
static _Noreturn void become_program(const char *const argv[], int in, int out,
				     int err)
{
	static char *const environment[] = {
		(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LC_ALL=C", NULL
	};
	sigset_t none;

	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(127);
	syscall(SYS_close_range, 3u, ~0u, 0u); /* musl has no function */
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* execvpe() would search the PATH of the caller. */
	environ = (char **)environment;
	execvp(argv[0], (char *const *)argv);
	dprintf(STDERR_FILENO, "%s\n", strerror(errno));
	_exit(127);
}

/* start - fork with two pipes */
static int start(struct run *run, const char *const argv[], struct error *error)
{
	int out[2], err[2];

	if (pipe2(out, O_CLOEXEC) != 0)
		return error_set(error, "pipe: %s", strerror(errno));
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return error_set(error, "pipe: %s", strerror(errno));
	}
	run->pid = fork();
	if (run->pid == 0)
		become_program(argv, -1, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	run->out = out[0];
	run->err = err[0];
	if (run->pid > 0) {
		setpgid(run->pid, run->pid);
		return 0;
	}
	close(run->out);
	close(run->err);
	return error_set(error, "cannot start %s: %s", argv[0],
			 strerror(errno));
}

/* read_output - read some bytes of standard output; close the pipe at its
 * end */
static void read_output(struct run *run)
{
	ssize_t count;

	if (run->size - run->length < 65536) {
		run->size = run->size * 2 + 65536;
		run->output = xreallocarray(run->output, run->size + 1, 1);
	}
	count = read(run->out, run->output + run->length,
		     run->size - run->length);
	if (count > 0) {
		run->length += (size_t)count;
	} else if (count == 0 || errno != EINTR) {
		close(run->out);
		run->out = -1;
	}
}

/* read_complaint - read standard error; only its beginning is kept */
static void read_complaint(struct run *run)
{
	char bytes[512];
	ssize_t count = read(run->err, bytes, sizeof(bytes));
	size_t room = STDERR_MAX - 1 - run->complaint_length;

	if (count == 0 || (count < 0 && errno != EINTR)) {
		close(run->err);
		run->err = -1;
	} else if (count > 0) {
		size_t keep = (size_t)count < room ? (size_t)count : room;

		memcpy(run->complaint + run->complaint_length, bytes, keep);
		run->complaint_length += keep;
	}
}

/* collect - read both pipes to the end, or until a limit is reached */
static int collect(struct run *run, const struct subprocess_limits *limits,
		   const char *name, struct error *error)
{
	uint64_t deadline = clock_ms() + limits->timeout_ms;

	while (run->out >= 0 || run->err >= 0) {
		struct pollfd fds[2] = { { run->out, POLLIN, 0 },
					 { run->err, POLLIN, 0 } };
		int left = clock_left_ms(deadline);

		if (left == 0)
			return error_set(error, "%s did not end within %u s",
					 name, limits->timeout_ms / 1000);
		if (poll(fds, 2, left) < 0 && errno != EINTR)
			return error_set(error, "poll: %s", strerror(errno));
		if (fds[0].revents != 0)
			read_output(run);
		if (fds[1].revents != 0)
			read_complaint(run);
		if (run->length > limits->output_max)
			return error_set(error, "%s wrote more than %zu bytes",
					 name, limits->output_max);
	}
	return 0;
}

/* reap - wait for its exit; a program that closed its output but keeps running
 * gets the rest of the time; 0 or -1 */
static int reap(struct run *run, bool killed,
		const struct subprocess_limits *limits, int *status)
{
	uint64_t deadline = clock_ms() + limits->timeout_ms;
	struct timespec pause = { 0, 2000000 };
	pid_t pid;

	if (killed)
		kill(-run->pid, SIGKILL);
	while ((pid = waitpid(run->pid, status, killed ? 0 : WNOHANG)) !=
	       run->pid) {
		if (pid < 0 && errno != EINTR)
			return -1;
		if (pid == 0 && clock_ms() > deadline) {
			kill(-run->pid, SIGKILL);
			killed = true;
		}
		if (pid == 0)
			nanosleep(&pause, NULL);
	}
	return 0;
}

/* is_vague - does a line only say that the one before it is fatal? */
static bool is_vague(const char *line, size_t length)
{
	static const char vague[] = ": fatal: macro processing error";

	return memmem(line, length, vague, sizeof(vague) - 1) != NULL;
}

/* telling_line - the most informative line of a text: one that is fatal but not
 * just a usage message, or else the first */
static char *telling_line(char *text)
{
	char *line = text, *before = text;

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		if (memmem(line, length, ": fatal: ", 9) != NULL &&
		    memmem(line, length, ": fatal: usage: ", 16) == NULL)
			return is_vague(line, length) ? before : line;
		before = line;
		line += length + (line[length] == '\n');
	}
	return text;
}

/* set_complaint - store a line of standard error, made printable */
static void set_complaint(struct run *run, struct error *error)
{
	char *line;
	size_t i;

	run->complaint[run->complaint_length] = '\0';
	line = telling_line(run->complaint);
	line[strcspn(line, "\n")] = '\0';
	for (i = 0; line[i] != '\0'; i++)
		if (!isprint((unsigned char)line[i]))
			line[i] = '?';
	error_set(error, "%s", line);
}

/* subprocess_run - run a program to its end and collect its output */
int subprocess_run(const char *const argv[],
		   const struct subprocess_limits *limits, char **output,
		   size_t *length, struct error *error)
{
	struct run run = { .out = -1, .err = -1 };
	int status = 0;
	bool failed;

	if (start(&run, argv, error) != 0)
		return -1;
	failed = collect(&run, limits, argv[0], error) != 0;
	if (run.out >= 0)
		close(run.out);
	if (run.err >= 0)
		close(run.err);
	if (reap(&run, failed, limits, &status) != 0 && !failed)
		failed = error_set(error, "%s is lost", argv[0]) != 0;
	if (!failed && WIFSIGNALED(status))
		failed = error_set(error, "%s was ended by signal %d (%s)",
				   argv[0], WTERMSIG(status),
				   strsignal(WTERMSIG(status))) != 0;
	if (failed) {
		free(run.output);
		return -1;
	}
	set_complaint(&run, error);
	if (run.output == NULL)
		run.output = xmalloc(1);
	run.output[run.length] = '\0';
	*output = run.output;
	*length = run.length;
	return WEXITSTATUS(status);
}

/* subprocess_open - start a program, and read its output */
int subprocess_open(const char *const argv[], int input, pid_t *pid,
		    struct error *error)
{
	int out[2];

	if (pipe2(out, O_CLOEXEC) != 0)
		return error_set(error, "pipe: %s", strerror(errno));
	*pid = fork();
	if (*pid == 0)
		become_program(argv, input, out[1],
			       open("/dev/null", O_WRONLY));
	close(out[1]);
	if (*pid > 0)
		return out[0];
	close(out[0]);
	return error_set(error, "cannot start %s: %s", argv[0],
			 strerror(errno));
}

/* subprocess_close - wait for it */
int subprocess_close(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
