/* SPDX-License-Identifier: ISC */
/* postlog_added - recipients that Postfix added to a message
 *
 * They are delivered like those of the client, and the log does not tell them
 * apart: always_bcc, sender_bcc_maps and recipient_bcc_maps. But the last line
 * of a session says how many the client gave. */

#include "lib/postlog/postlog_internal.h"

/* postlog_is_given_up - its recipients are in the count, and are not named */
bool postlog_is_given_up(const struct postlog_session *session)
{
	const struct postlog_message *message = session->messages;

	while (message != NULL && message->accepted.count > 0)
		message = message->next;
	return message != NULL;
}

/* count_added - the recipients of a message that Postfix seems to have added */
static unsigned long count_added(const struct postlog_message *message)
{
	const struct postlog_recipient *each;
	unsigned long count = 0;

	for (each = message->accepted.first; each != NULL; each = each->next)
		count += each->added;
	return count;
}

/* believe_alone - a message without any recipient but the one that Postfix
 * adds: the client gave at least one, so it is that. Of a message that is still
 * in the queue others may not have been delivered yet. */
static void believe_alone(const struct postlog_session *session)
{
	const struct postlog_message *message;

	for (message = session->messages; message != NULL;
	     message = message->next) {
		struct postlog_recipient *only = message->accepted.first;

		if (message->accepted.count != 1 || !only->added ||
		    (!message->removed && message->queued != 1))
			continue;
		only->alone = true;
		only->added = false;
	}
}

/* believe_added - the client gave them itself, as the counts say */
static void believe_added(const struct postlog_session *session)
{
	const struct postlog_message *message;
	struct postlog_recipient *each;

	for (message = session->messages; message != NULL;
	     message = message->next)
		for (each = message->accepted.first; each != NULL;
		     each = each->next)
			each->added = false;
}

/* mark - the copy for an address, if it is one of the recipients */
static void mark(const struct postlog *log, struct postlog_message *message,
		 bool sender, const char *address)
{
	const char *copy = *address != '\0' ? log->copier(log->copier_context,
							  sender, address)
					    : NULL;
	struct postlog_recipient *found =
		copy != NULL ? postlog_recipient_find(&message->accepted, copy)
			     : NULL;

	if (found != NULL)
		found->added = found->copied = true;
}

/* mark_message - the copies for its sender and its recipients */
static void mark_message(const struct postlog *log,
			 struct postlog_message *message)
{
	const struct postlog_recipient *each;

	if (message->sender != NULL)
		mark(log, message, true, message->sender);
	for (each = message->accepted.first; each != NULL; each = each->next)
		mark(log, message, false, each->recipient);
}

/* mark_session - of all of its messages */
static void mark_session(const struct postlog *log,
			 const struct postlog_session *session)
{
	struct postlog_message *message;

	for (message = session->messages; message != NULL;
	     message = message->next)
		if (!message->proxied)
			mark_message(log, message);
}

/* postlog_count_given - as it seems */
unsigned long postlog_count_given(const struct postlog *log,
				  const struct postlog_session *session)
{
	const struct postlog_message *message;
	unsigned long added = 0;
	unsigned long found = 0;

	if (log->copier != NULL)
		mark_session(log, session);
	believe_alone(session);
	for (message = session->messages; message != NULL;
	     message = message->next) {
		added += count_added(message);
		found += message->accepted.count;
	}
	if (added == 0 || !session->begun || !session->has_counts ||
	    found != session->rcpt || postlog_is_given_up(session))
		return found - added;
	believe_added(session);
	return found;
}

/* postlog_given_of - if Postfix added as many to each message of the session */
unsigned long postlog_given_of(const struct postlog_session *session,
			       const struct postlog_message *message,
			       unsigned long found)
{
	unsigned long added = found - session->rcpt;
	unsigned long own = message->accepted.count - count_added(message);
	unsigned long messages = 0;

	for (message = session->messages; message != NULL;
	     message = message->next)
		messages += message->accepted.count > 0;
	if (messages == 0 || added % messages != 0 || own <= added / messages)
		return 0;
	return own - added / messages;
}
