/* SPDX-License-Identifier: ISC */
/* log - lines to syslog, stderr or a file, without ever waiting
 *
 * syslog(3) blocks while the log daemon does not read, and is slow when there
 * is none; so datagrams are sent from here (RFC 3164, as glibc writes them),
 * never blocking. A line that cannot be written at once is dropped and
 * counted: a log must not delay an answer. */

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LOG_SOCKET    "/dev/log"
#define LOG_LINE_MAX  2048
#define RETRY_SECONDS 1

enum target { TARGET_STDERR, TARGET_SYSLOG, TARGET_FILE };

/* What stands before the text of a line, and what it was made of. */
struct head {
	time_t second;
	pid_t pid;
	enum log_level level;
	size_t length; /* 0: make it anew */
	char text[128];
};

static struct {
	enum target target;
	int fd;
	bool debug;
	unsigned long dropped;
	time_t retry;	  /* monotonic: no new try to connect before */
	struct head head; /* of the last line */
} state = { .target = TARGET_STDERR, .fd = STDERR_FILENO };

/* monotonic - seconds that no clock change touches */
static time_t monotonic(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &now) != 0)
		return 0;
	return now.tv_sec;
}

/* connect_syslog - a socket to the log daemon, or -1 */
static int connect_syslog(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX,
				       .sun_path = LOG_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* log_open - where lines go from now on */
int log_open(const char *target, struct error *error)
{
	enum target kind = TARGET_STDERR;
	int fd = STDERR_FILENO;

	if (strcmp(target, "syslog") == 0) {
		kind = TARGET_SYSLOG;
		fd = connect_syslog();
	} else if (strcmp(target, "stderr") != 0) {
		kind = TARGET_FILE;
		fd = open(target,
			  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
				  O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
			  0640);
		if (fd < 0)
			return error_set(error, "cannot open log file %s: %s",
					 target, strerror(errno));
	}
	if (state.fd >= 0 && state.fd != STDERR_FILENO)
		close(state.fd);
	state.target = kind;
	state.fd = fd;
	state.head.length = 0;
	return 0;
}

/* log_set_debug - are debug lines written? */
void log_set_debug(bool on)
{
	state.debug = on;
}

/* log_dropped - lines that could not be written */
unsigned long log_dropped(void)
{
	return state.dropped;
}

/* send_syslog - one datagram; connects again when the daemon was restarted,
 * at most once a second */
static bool send_syslog(const char *line, size_t length)
{
	time_t now;

	if (state.fd >= 0) {
		if (send(state.fd, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) >=
		    0)
			return true;
		if (errno == EAGAIN || errno == ENOBUFS)
			return false;
		close(state.fd);
		state.fd = -1;
	}
	now = monotonic();
	if (now < state.retry)
		return false;
	state.retry = now + RETRY_SECONDS;
	state.fd = connect_syslog();
	return state.fd >= 0 &&
	       send(state.fd, line, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* write_stream - one line to stderr or a file, if that needs no waiting */
static bool write_stream(const char *line, size_t length)
{
	struct pollfd ready = { .fd = state.fd, .events = POLLOUT };

	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return false;
	return write(state.fd, line, length) == (ssize_t)length;
}

/* make_head - what stands before the text of a line */
static void make_head(struct head *head)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO,
					  LOG_DEBUG };
	static const char *const words[] = { "error: ", "warning: ", "",
					     "debug: " };
	char priority[16] = "", date[64] = "";
	struct tm when;

	if (state.target == TARGET_SYSLOG)
		snprintf(priority, sizeof(priority), "<%d>",
			 LOG_MAIL | priorities[head->level]);
	if (state.target != TARGET_STDERR &&
	    localtime_r(&head->second, &when) != NULL)
		strftime(date, sizeof(date),
			 state.target == TARGET_SYSLOG ? "%b %e %T "
						       : "%Y-%m-%dT%T%z ",
			 &when);
	snprintf(head->text, sizeof(head->text), "%s%spolicyd[%ld]: %s",
		 priority, date, (long)head->pid, words[head->level]);
	head->length = strlen(head->text);
}

/* write_head - to the beginning of a line; most have that of the line before.
 * Returns its length. */
static size_t write_head(char *line, enum log_level level)
{
	struct head *head = &state.head;
	time_t now = time(NULL);
	pid_t pid = getpid();

	if (head->length == 0 || head->second != now || head->pid != pid ||
	    head->level != level) {
		head->second = now;
		head->pid = pid;
		head->level = level;
		make_head(head);
	}
	memcpy(line, head->text, head->length);
	return head->length;
}

/* log_write - one line */
void log_write(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list arguments;
	size_t length;
	int text;
	bool done;

	if (level == LOG_LEVEL_DEBUG && !state.debug)
		return;
	length = write_head(line, level);
	va_start(arguments, format);
	text = vsnprintf(line + length, sizeof(line) - length - 1, format,
			 arguments);
	va_end(arguments);
	if (text > 0)
		length += strlen(line + length);
	if (state.target == TARGET_SYSLOG)
		done = send_syslog(line, length);
	else {
		line[length++] = '\n';
		done = write_stream(line, length);
	}
	if (!done)
		state.dropped++;
}

/* is_plain - may this byte stand in a log line as it is? */
static bool is_plain(unsigned char byte)
{
	return byte > ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

/* log_quote - escape what came from the network */
size_t log_quote(char *buffer, size_t limit, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	static const char tail[] = "...";
	const size_t tail_length = sizeof(tail) - 1;
	size_t length = 0;
	size_t cut = 0; /* as much as leaves room for the tail */

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		bool plain = is_plain(byte);

		if (limit - length < (plain ? 1 : 4))
			break;
		if (plain) {
			buffer[length++] = (char)byte;
		} else {
			buffer[length++] = '\\';
			buffer[length++] = 'x';
			buffer[length++] = hex[byte >> 4];
			buffer[length++] = hex[byte & 15];
		}
		if (limit - length >= tail_length)
			cut = length;
	}
	if (*text != '\0') {
		length = cut;
		if (limit - length >= tail_length) {
			memcpy(buffer + length, tail, tail_length);
			length += tail_length;
		}
	}
	buffer[length] = '\0';
	return length;
}
