/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_LOG_BATCH_H
#define LIB_BASE_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Lines of level info that are written together, to the target of log_open(): a
 * busy server has many at a time, and each system call costs more than the
 * line. Each thread has its own batch. */
struct log_batch;

/* log_batch_new - an empty batch. */
struct log_batch *log_batch_new(void);

/* log_batch_free - write the lines, as far as that does not wait. NULL is
 * allowed. */
void log_batch_free(struct log_batch *batch);

/* log_batch_add - add a line of length bytes; the head of a log line is put
 * before it. As for log_write(), all of it must be printable. When there is no
 * room left, the batch is written; if that would have to wait, the line is
 * dropped and counted. */
void log_batch_add(struct log_batch *batch, const char *text, size_t length);

/* log_batch_write - write the lines. True: some are left because the reader is
 * slow; try again soon. */
bool log_batch_write(struct log_batch *batch);

#endif
