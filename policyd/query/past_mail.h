/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_PAST_MAIL_H
#define POLICYD_QUERY_PAST_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/decision/service.h"
#include "lib/request/request.h"

/* A message of a log: what is known of it is one request, without recipients.
 */
struct past_mail {
	int64_t time;	      /* seconds since 1970 */
	unsigned long number; /* in the order in which they were made */
	const struct service *service;
	struct request request; /* its strings are owned */
	char **recipients;
	size_t count;
	size_t said;   /* the number of recipients, as Postfix said it at DATA,
			  or 0: some of them may not be in the log */
	uint64_t size; /* in bytes; 0: unknown */
	const char *file; /* where it is in the log; not owned */
	unsigned long line;
	size_t held; /* bytes of memory */
};

/* past_mail_new - a message with the attributes of request, which are copied.
 */
struct past_mail *past_mail_new(const struct service *service,
				const struct request *request, int64_t time);

/* past_mail_add - one more recipient. */
void past_mail_add(struct past_mail *mail, const char *recipient);

/* past_mail_count - the number of its recipients. */
size_t past_mail_count(const struct past_mail *mail);

/* past_mail_free - NULL is allowed. */
void past_mail_free(struct past_mail *mail);

/* PAST_QUEUE_BYTES - memory for messages that wait for an earlier one. */
#define PAST_QUEUE_BYTES ((size_t)64 << 20)

/* Messages in the order of time. A log shows a message when it is complete, so
 * that those that were delivered late come late: each waits here until there is
 * no more room, and then the earliest goes. Zero it before use; deliver is
 * called with each message, and limit is in bytes. */
struct past_queue {
	void (*deliver)(void *context, const struct past_mail *mail);
	void *context;
	size_t limit;
	struct past_mail **heap;
	size_t count, room;
	size_t held;
	unsigned long numbers;
	int64_t latest;	    /* time of the last one that was delivered */
	unsigned long late; /* messages that came after a later one had gone */
};

/* past_queue_add - takes over the message. */
void past_queue_add(struct past_queue *queue, struct past_mail *mail);

/* past_queue_flush - deliver all. */
void past_queue_flush(struct past_queue *queue);

/* past_queue_clear - free what it holds. */
void past_queue_clear(struct past_queue *queue);

#endif
