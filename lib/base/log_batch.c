/* SPDX-License-Identifier: ISC */
/* log_batch - many log lines with one system call
 *
 * For a file they are one write; for the log daemon one datagram each, but
 * after the answers to all. Lines that would have to wait, because the reader
 * is slow, are kept for the next time; they are dropped only when there is no
 * room left. */

#include "lib/base/log_batch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log_internal.h"
#include "lib/base/xalloc.h"

#define BATCH_BYTES 32768
#define BATCH_LINES 128

struct log_batch {
	struct log_head head;
	size_t first; /* first line not yet written */
	size_t count;
	size_t used;
	size_t ends[BATCH_LINES]; /* the end of each line */
	char bytes[BATCH_BYTES];
};

/* log_batch_new - an empty batch */
struct log_batch *log_batch_new(void)
{
	return xcalloc(1, sizeof(struct log_batch));
}

/* clear - drop the lines that were not written */
static void clear(struct log_batch *batch)
{
	log_drop(batch->count - batch->first);
	batch->first = 0;
	batch->count = 0;
	batch->used = 0;
}

/* log_batch_free - write the lines and free the batch */
void log_batch_free(struct log_batch *batch)
{
	if (batch == NULL)
		return;
	log_batch_write(batch);
	clear(batch);
	free(batch);
}

/* start_of - where a line begins */
static size_t start_of(const struct log_batch *batch, size_t line)
{
	return line > 0 ? batch->ends[line - 1] : 0;
}

/* log_batch_add - add one line */
void log_batch_add(struct log_batch *batch, const char *text, size_t length)
{
	char *place;

	if (length > BATCH_BYTES - LOG_HEAD_MAX - 1)
		length = BATCH_BYTES - LOG_HEAD_MAX - 1;
	if ((batch->count == BATCH_LINES ||
	     BATCH_BYTES - batch->used < LOG_HEAD_MAX + length + 1) &&
	    log_batch_write(batch))
		clear(batch);
	log_head_update(&batch->head, LOG_LEVEL_INFO);
	place = batch->bytes + batch->used;
	memcpy(place, batch->head.text, batch->head.length);
	memcpy(place + batch->head.length, text, length);
	place[batch->head.length + length] = '\n';
	batch->used += batch->head.length + length + 1;
	batch->ends[batch->count++] = batch->used;
}

/* send_packets - send a datagram for each line, without the newline */
static void send_packets(struct log_batch *batch)
{
	while (batch->first < batch->count) {
		size_t start = start_of(batch, batch->first);

		if (!log_syslog_send(batch->bytes + start,
				     batch->ends[batch->first] - start - 1))
			break;
		batch->first++;
	}
}

/* write_whole - write to a file; lines that do not fit on the disk are lost */
static void write_whole(struct log_batch *batch, int fd)
{
	ssize_t written = write(fd, batch->bytes, batch->used);

	while (batch->first < batch->count &&
	       (ssize_t)batch->ends[batch->first] <= written)
		batch->first++;
	clear(batch);
}

/* write_parts - write to a pipe or terminal as long as there is room: a write
 * of PIPE_BUF bytes does not wait then */
static void write_parts(struct log_batch *batch)
{
	while (batch->first < batch->count) {
		size_t start = start_of(batch, batch->first);
		size_t end = batch->first + 1;

		while (end < batch->count &&
		       batch->ends[end] - start <= PIPE_BUF)
			end++;
		if (!log_stream_write(batch->bytes + start,
				      batch->ends[end - 1] - start))
			break;
		batch->first = end;
	}
}

/* log_batch_write - write the lines */
bool log_batch_write(struct log_batch *batch)
{
	bool plain;
	int fd;

	if (batch->count == 0)
		return false;
	if (log_target(&fd, &plain) == LOG_TARGET_SYSLOG)
		send_packets(batch);
	else if (plain)
		write_whole(batch, fd);
	else
		write_parts(batch);
	if (batch->first < batch->count)
		return true;
	clear(batch);
	return false;
}
