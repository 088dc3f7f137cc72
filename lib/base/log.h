/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_LOG_H
#define LIB_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Levels as in syslog(3). */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* log_check - could log_open_for() open target? Creates nothing. -1: no; error
 * has the reason and what to do. */
int log_check(const char *target, uid_t user, struct error *error);

/* log_open - set where lines go: "syslog" (facility mail), "stderr", or "/file"
 * (append). Before the first call: stderr. -1: the file cannot be opened, and
 * the target is unchanged. A log that blocks or is gone never delays the
 * caller: lines are dropped and counted. */
int log_open(const char *target, struct error *error);

/* log_open_for - the same; the file may also belong to user, as which servers
 * run. It is refused if others own it or can write to it (lib/base/trust.h). */
int log_open_for(const char *target, uid_t user, struct error *error);

/* log_connect - a new non-blocking socket to the log daemon, or -1. */
int log_connect(void);

/* log_ask_for_socket - from now on, this process does not connect to the log
 * daemon. When the daemon is gone, ask() is called instead, by any thread, at
 * most once until log_use_socket() answers it and then once a second; it must
 * not wait or log. False: ask again later. */
void log_ask_for_socket(bool (*ask)(void *context), void *context);

/* log_use_socket - the answer: a socket from log_connect(), which the log then
 * owns, or -1: there is no daemon. */
void log_use_socket(int fd);

/* log_set_debug - enable debug lines (-v). */
void log_set_debug(bool on);

/* log_write - write one line. Text from the network must have been escaped by
 * log_quote(). */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define log_error(...)	 log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* log_dropped - the number of lines that could not be written since the
 * start. */
unsigned long log_dropped(void);

/* log_quote - copy text into a form for log lines: printable ASCII is kept
 * except space, quote, backslash, and "=" "<" ">" "[" "]" ","; everything else
 * becomes \xNN. At most limit bytes of output (then it ends in "..."); buffer
 * holds limit + 1. Returns the length. */
size_t log_quote(char *buffer, size_t limit, const char *text);

#endif
