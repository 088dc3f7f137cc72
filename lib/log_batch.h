/* SPDX-License-Identifier: ISC */
#ifndef LIB_LOG_BATCH_H
#define LIB_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Lines of level info that are written together, to where log_open() said: a
 * busy server has many at a time, and each system call costs more than
 * the line. Each thread has its own. */
struct log_batch;

/* log_batch_new - nothing in it. */
struct log_batch *log_batch_new(void);

/* log_batch_free - write what is in it, as far as that needs no waiting. NULL
 * is allowed. */
void log_batch_free(struct log_batch *batch);

/* log_batch_add - one line of length bytes, with the head of a log line put
 * before it; as for log_write() all of it must be printable. When there is no
 * room left, what is there is written; if that would have to wait, it is
 * dropped and counted. */
void log_batch_add(struct log_batch *batch, const char *text, size_t length);

/* log_batch_write - write what is there. True: something is left, since the
 * reader is slow; try again soon. */
bool log_batch_write(struct log_batch *batch);

#endif
