/* SPDX-License-Identifier: ISC */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/error.h"

/* Levels as in syslog(3). */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* log_check - could log_open_for() open target? Nothing is made. -1: no, error
 * has the reason and what to do. */
int log_check(const char *target, uid_t user, struct error *error);

/* log_open - where lines go from now on: "syslog" (facility mail), "stderr",
 * or "/file" (appended to). Before the first call: stderr. -1: the file
 * cannot be opened, and lines go on to where they went. A log that blocks or
 * is gone never delays the caller: lines are dropped and counted. */
int log_open(const char *target, struct error *error);

/* log_open_for - likewise; the file may also belong to user, as whom servers
 * run. It is refused if others own it or can write to it (lib/trust.h). */
int log_open_for(const char *target, uid_t user, struct error *error);

/* log_connect - a new socket to the log daemon, which does not block, or -1. */
int log_connect(void);

/* log_ask_for_socket - from now on this process does not connect to the log
 * daemon. When the daemon is gone, ask() is called instead, at most once until
 * log_use_socket() answers it and then once a second, by any thread; it must
 * not wait, nor log. False: ask again later. */
void log_ask_for_socket(bool (*ask)(void *context), void *context);

/* log_use_socket - the answer: one of log_connect(), which is the log's then,
 * or -1: the daemon is not there. */
void log_use_socket(int fd);

/* log_set_debug - with -v debug lines are written too. */
void log_set_debug(bool on);

/* log_write - one line. Whatever came from the network must have gone through
 * log_quote() before. */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define log_error(...)	 log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* log_dropped - lines that could not be written since the start. */
unsigned long log_dropped(void);

/* log_quote - copy text so that it can stand in a log line: printable ASCII
 * without space, quote, backslash, and "=" "<" ">" "[" "]" "," kept;
 * everything else as \xNN. At most limit bytes of output (then "..." ends
 * it); buffer holds limit + 1. Returns the length. */
size_t log_quote(char *buffer, size_t limit, const char *text);

#endif
