/* SPDX-License-Identifier: ISC */
/* past_mail - the messages of a log, in the order in which they were sent
 *
 * A rate counts in the order of time, but a log says who got a message only
 * when it has been delivered, which may be days later. */

#include "policyd/query/past_mail.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define OVERHEAD 32 /* bytes of a block of memory, roughly */

/* keep - a copy that belongs to the message */
static char *keep(struct past_mail *mail, const char *text)
{
	mail->held += strlen(text) + 1 + OVERHEAD;
	return xstrdup(text);
}

/* past_mail_new - copy the attributes */
struct past_mail *past_mail_new(const struct service *service,
				const struct request *request, int64_t time)
{
	struct past_mail *mail = xcalloc(1, sizeof(*mail));
	const char *name, *value;
	size_t i;

	mail->service = service;
	mail->time = time;
	mail->held = sizeof(*mail) + OVERHEAD;
	request_init(&mail->request);
	for (i = 0; (value = request_attribute(request, i, &name)) != NULL; i++)
		if (*value != '\0')
			request_set(&mail->request, name, keep(mail, value));
	return mail;
}

/* past_mail_add - one more recipient */
void past_mail_add(struct past_mail *mail, const char *recipient)
{
	if ((mail->count & (mail->count - 1)) == 0)
		mail->recipients = xreallocarray(
			mail->recipients,
			mail->count == 0 ? 1 : 2 * mail->count, sizeof(char *));
	mail->recipients[mail->count++] = keep(mail, recipient);
	mail->held += 2 * sizeof(char *);
}

/* past_mail_count - how many */
size_t past_mail_count(const struct past_mail *mail)
{
	return mail->said > mail->count ? mail->said : mail->count;
}

/* past_mail_free - the attributes that are not empty are ours */
void past_mail_free(struct past_mail *mail)
{
	const char *name, *value;
	size_t i;

	if (mail == NULL)
		return;
	for (i = 0;
	     (value = request_attribute(&mail->request, i, &name)) != NULL; i++)
		if (*value != '\0')
			free((void *)(uintptr_t)value);
	for (i = 0; i < mail->count; i++)
		free(mail->recipients[i]);
	free(mail->recipients);
	free(mail);
}

/* before - was one sent before the other? */
static bool before(const struct past_mail *one, const struct past_mail *other)
{
	if (one->time != other->time)
		return one->time < other->time;
	return one->number < other->number;
}

/* sink - from the top of the heap down to its place */
static void sink(struct past_queue *queue)
{
	struct past_mail **heap = queue->heap;
	size_t at = 0;

	for (;;) {
		size_t first = at;
		struct past_mail *mail;
		size_t child;

		for (child = 2 * at + 1;
		     child <= 2 * at + 2 && child < queue->count; child++)
			if (before(heap[child], heap[first]))
				first = child;
		if (first == at)
			return;
		mail = heap[at];
		heap[at] = heap[first];
		heap[first] = mail;
		at = first;
	}
}

/* rise - from the end of the heap up to its place */
static void rise(struct past_queue *queue)
{
	struct past_mail **heap = queue->heap;
	size_t at = queue->count - 1;

	while (at > 0 && before(heap[at], heap[(at - 1) / 2])) {
		struct past_mail *mail = heap[at];

		heap[at] = heap[(at - 1) / 2];
		heap[(at - 1) / 2] = mail;
		at = (at - 1) / 2;
	}
}

/* remove_first - the earliest message, which is the caller's then */
static struct past_mail *remove_first(struct past_queue *queue)
{
	struct past_mail *mail = queue->heap[0];

	queue->heap[0] = queue->heap[--queue->count];
	sink(queue);
	queue->held -= mail->held;
	return mail;
}

/* deliver_first - the earliest message is in its turn */
static void deliver_first(struct past_queue *queue)
{
	struct past_mail *mail = remove_first(queue);

	if (mail->time > queue->latest)
		queue->latest = mail->time;
	queue->deliver(queue->context, mail);
	past_mail_free(mail);
}

/* past_queue_add - add a message, and deliver what has no room */
void past_queue_add(struct past_queue *queue, struct past_mail *mail)
{
	mail->number = queue->numbers++;
	if (mail->time < queue->latest)
		queue->late++;
	if (queue->count == queue->room) {
		queue->room = queue->room == 0 ? 64 : 2 * queue->room;
		queue->heap = xreallocarray(queue->heap, queue->room,
					    sizeof(struct past_mail *));
	}
	queue->heap[queue->count++] = mail;
	queue->held += mail->held;
	rise(queue);
	while (queue->held > queue->limit)
		deliver_first(queue);
}

/* past_queue_flush - no more will come */
void past_queue_flush(struct past_queue *queue)
{
	while (queue->count > 0)
		deliver_first(queue);
}

/* past_queue_clear - free what it holds */
void past_queue_clear(struct past_queue *queue)
{
	while (queue->count > 0)
		past_mail_free(remove_first(queue));
	free(queue->heap);
	queue->heap = NULL;
	queue->room = 0;
}
