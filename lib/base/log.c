/* SPDX-License-Identifier: ISC */
/* log - lines to syslog, stderr or a file, without ever waiting
 *
 * syslog(3) blocks while the log daemon does not read, and is slow when there
 * is none. So datagrams are sent from here (RFC 3164, as glibc writes them),
 * never blocking. A line that cannot be written at once is dropped and counted:
 * a log must not delay an answer. */

#include "lib/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log_internal.h"
#include "lib/base/trust.h"

#define EACH UINT64_C(0x0101010101010101) /* for each byte of a word */

static struct {
	enum log_target target;
	int fd;	    /* stderr or the file */
	bool plain; /* a regular file */
	bool debug;
	atomic_ulong dropped;
	/* For single lines, which any thread may write. */
	pthread_mutex_t lock;
	pid_t pid; /* in the head of lines; differs in a child */
	struct log_head head;
	struct log_daemon daemon;
} state = {
	.target = LOG_TARGET_STDERR,
	.fd = STDERR_FILENO,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.daemon = { .fd = -1 },
};

/* log_target - where lines go */
enum log_target log_target(int *fd, bool *plain)
{
	*fd = state.fd;
	*plain = state.plain;
	return state.target;
}

/* log_set_debug - enable debug lines */
void log_set_debug(bool on)
{
	state.debug = on;
}

/* log_drop - count lines that could not be written */
void log_drop(unsigned long lines)
{
	atomic_fetch_add_explicit(&state.dropped, lines, memory_order_relaxed);
}

/* log_dropped - lines that could not be written */
unsigned long log_dropped(void)
{
	return atomic_load_explicit(&state.dropped, memory_order_relaxed);
}

/* is_plain_file - a regular file never makes a writer wait */
static bool is_plain_file(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

#define OPEN_FLAGS (O_WRONLY | O_APPEND)

/* check_file - is the open file ours, or a device? If others owned it, they
 * could read all that is logged, or write lines of their own. */
static int check_file(int fd, uid_t user, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) == 0 &&
	    (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)))
		return trust_status(&status, user, error);
	return 0;
}

/* log_check - could it be opened, as far as can be determined without creating
 * a file? */
int log_check(const char *target, uid_t user, struct error *error)
{
	int fd, result;

	if (target[0] != '/')
		return 0;
	fd = open(target,
		  OPEN_FLAGS | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0) {
		result = check_file(fd, user, error);
		close(fd);
		return result < 0 ? error_prefix(error, "%s ", target) : 0;
	}
	if (errno == ENOENT)
		return file_check_directory(target, "log elsewhere", error);
	if (errno == ELOOP)
		return error_set(error,
				 "%s is a symbolic link; name the file it "
				 "leads to",
				 target);
	return error_set(error, "%s: %s; log elsewhere", target,
			 strerror(errno));
}

/* log_open_for - set where lines go */
int log_open_for(const char *target, uid_t user, struct error *error)
{
	enum log_target kind = LOG_TARGET_STDERR;
	int fd = STDERR_FILENO;

	if (strcmp(target, "syslog") == 0) {
		kind = LOG_TARGET_SYSLOG;
	} else if (strcmp(target, "stderr") != 0) {
		kind = LOG_TARGET_FILE;
		fd = trust_open(AT_FDCWD, target, OPEN_FLAGS, 0640);
		if (fd < 0)
			return error_set(error, "cannot open log file %s: %s",
					 target, strerror(errno));
		if (check_file(fd, user, error) < 0) {
			close(fd);
			return error_prefix(error, "log file %s ", target);
		}
	}
	if (state.fd != STDERR_FILENO)
		close(state.fd);
	state.target = kind;
	state.fd = fd;
	state.plain = is_plain_file(fd);
	state.head.length = 0;
	if (kind == LOG_TARGET_SYSLOG)
		log_daemon_find(&state.daemon);
	return 0;
}

/* log_open - the same, for a file that must belong to root or to us */
int log_open(const char *target, struct error *error)
{
	return log_open_for(target, TRUST_NOBODY, error);
}

/* log_syslog_send - send one datagram */
bool log_syslog_send(const char *line, size_t length)
{
	return log_daemon_send(&state.daemon, line, length) == LOG_SENT;
}

/* log_ask_for_socket - ask for sockets from now on, instead of connecting */
void log_ask_for_socket(bool (*ask)(void *context), void *context)
{
	state.daemon.ask = ask;
	state.daemon.context = context;
}

/* log_use_socket - use the socket that was asked for */
void log_use_socket(int fd)
{
	struct log_daemon *daemon = &state.daemon;

	pthread_mutex_lock(&state.lock);
	log_daemon_use(daemon, fd);
	if (daemon->kept_length > 0 &&
	    !log_syslog_send(daemon->kept, daemon->kept_length))
		log_drop(1);
	daemon->kept_length = 0;
	pthread_mutex_unlock(&state.lock);
}

/* write_syslog - write a single line; if the daemon is gone, the line waits for
 * the next socket */
static bool write_syslog(const char *line, size_t length)
{
	enum log_sent sent = log_daemon_send(&state.daemon, line, length);

	return sent == LOG_SENT ||
	       (sent == LOG_GONE &&
		log_daemon_keep(&state.daemon, line, length));
}

/* log_stream_write - write to stderr or a file, if that does not wait */
bool log_stream_write(const char *bytes, size_t length)
{
	struct pollfd ready = { .fd = state.fd, .events = POLLOUT };

	if (!state.plain &&
	    (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)))
		return false;
	return write(state.fd, bytes, length) == (ssize_t)length;
}

/* make_head - format the part of a line before its text */
static void make_head(struct log_head *head)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO,
					  LOG_DEBUG };
	static const char *const words[] = { "error: ", "warning: ", "",
					     "debug: " };
	char priority[16] = "", date[64] = "";
	struct tm when;

	if (state.target == LOG_TARGET_SYSLOG)
		snprintf(priority, sizeof(priority), "<%d>",
			 LOG_MAIL | priorities[head->level]);
	if (state.target != LOG_TARGET_STDERR &&
	    localtime_r(&head->second, &when) != NULL)
		strftime(date, sizeof(date),
			 state.target == LOG_TARGET_SYSLOG ? "%b %e %T "
							   : "%Y-%m-%dT%T%z ",
			 &when);
	snprintf(head->text, sizeof(head->text), "%s%spolicyd[%ld]: %s",
		 priority, date, (long)getpid(), words[head->level]);
	head->length = strlen(head->text);
}

/* log_head_update - update the head; most lines have the same as the previous
 * one */
void log_head_update(struct log_head *head, enum log_level level)
{
	time_t now = time(NULL);

	if (head->length > 0 && head->second == now && head->level == level)
		return;
	head->second = now;
	head->level = level;
	make_head(head);
}

/* write_line - write one line, under a lock */
__attribute__((format(printf, 3, 0))) static void
write_line(char *line, enum log_level level, const char *format,
	   va_list arguments)
{
	size_t length;
	bool done;

	if (state.pid != getpid())
		state.head.length = 0;
	state.pid = getpid();
	log_head_update(&state.head, level);
	length = state.head.length;
	memcpy(line, state.head.text, length);
	if (vsnprintf(line + length, LOG_LINE_MAX - length - 1, format,
		      arguments) > 0)
		length += strlen(line + length);
	if (state.target == LOG_TARGET_SYSLOG) {
		done = write_syslog(line, length);
	} else {
		line[length++] = '\n';
		done = log_stream_write(line, length);
	}
	if (!done)
		log_drop(1);
}

/* log_write - write one line */
void log_write(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list arguments;

	if (level == LOG_LEVEL_DEBUG && !state.debug)
		return;
	va_start(arguments, format);
	pthread_mutex_lock(&state.lock);
	write_line(line, level, format, arguments);
	pthread_mutex_unlock(&state.lock);
	va_end(arguments);
}

/* is_plain - may this byte appear in a log line unescaped? */
static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* has_less - has one of the eight bytes of a word a value below n, which is at
 * most 128? */
static bool has_less(uint64_t word, uint64_t n)
{
	return ((word - EACH * n) & ~word & EACH * 128) != 0;
}

/* are_plain - is_plain() for eight bytes at a time */
static bool are_plain(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return (word & EACH * 128) == 0 && !has_less(word, ' ' + 1) &&
	       !has_less(word ^ EACH * 0x7f, 1) &&
	       !has_less(word ^ EACH * '"', 1) &&
	       !has_less(word ^ EACH * '\\', 1);
}

/* plain_length - the number of leading plain bytes */
static size_t plain_length(const char *text, size_t length)
{
	size_t i = 0;

	while (length - i >= sizeof(uint64_t) && are_plain(text + i))
		i += sizeof(uint64_t);
	/* The last eight bytes, some of them for the second time. */
	if (length >= sizeof(uint64_t) && length - i < sizeof(uint64_t) &&
	    are_plain(text + length - sizeof(uint64_t)))
		return length;
	while (i < length && is_plain(text[i]))
		i++;
	return i;
}

/* put_escaped - write a byte as \xNN */
static void put_escaped(char *buffer, char c)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)c;

	buffer[0] = '\\';
	buffer[1] = 'x';
	buffer[2] = hex[byte >> 4];
	buffer[3] = hex[byte & 15];
}

/* log_quote - escape text from the network */
size_t log_quote(char *buffer, size_t limit, const char *text)
{
	static const char tail[] = "...";
	const size_t tail_length = sizeof(tail) - 1;
	const char *end = text + strnlen(text, limit + 1);
	size_t length = 0;
	size_t cut = 0; /* length that leaves room for "..." */

	while (*text != '\0') {
		size_t left = (size_t)(end - text);
		size_t room = limit - length;
		size_t plain = plain_length(text, left < room ? left : room);

		memcpy(buffer + length, text, plain);
		length += plain;
		text += plain;
		if (length + tail_length <= limit)
			cut = length;
		else if (length - plain + tail_length < limit)
			cut = limit - tail_length;
		if (*text == '\0' || is_plain(*text) || limit - length < 4)
			break;
		put_escaped(buffer + length, *text++);
		length += 4;
		if (length + tail_length <= limit)
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
