/* SPDX-License-Identifier: ISC */
/* postlog - who sent what to whom, from the log of Postfix
 *
 * A process of smtpd(8) serves one client after another, so the number of the
 * process leads from "connect" to "disconnect"; the queue id leads from smtpd's
 * "client=" to the sender, the recipients and the end of a message. */

#include "lib/postlog/postlog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_internal.h"
#include "lib/postlog/postlog_time.h"

/* A line, and what it says. */
struct step {
	const struct postlog_line *line;
	const struct postlog_event *event;
	const char *file;
	unsigned long number;
};

/* postlog_new - begin */
struct postlog *postlog_new(postlog_take *take, void *context)
{
	struct postlog *log = xcalloc(1, sizeof(*log));

	log->take = take;
	log->context = context;
	log->limit = POSTLOG_BYTES_MAX;
	log->figures.first = log->figures.last = POSTLOG_NO_TIME;
	return log;
}

/* postlog_limit - another limit */
void postlog_limit(struct postlog *log, size_t bytes)
{
	log->limit = bytes;
}

/* postlog_unquoted - quotes are left out */
void postlog_unquoted(struct postlog *log)
{
	log->unquoted = true;
}

/* postlog_copies - the recipient is kept, in case the client gave it */
void postlog_copies(struct postlog *log, const char *recipient)
{
	log->copy_to = xstrdup(recipient);
}

/* postlog_copies_by - ask for others */
void postlog_copies_by(struct postlog *log, postlog_copier *copier,
		       void *context)
{
	log->copier = copier;
	log->copier_context = context;
}

/* session_of - the session of the line's process */
static struct postlog_session *session_of(struct postlog *log,
					  const struct step *step)
{
	char key[POSTLOG_KEY_MAX];

	postlog_key(key, step->line->service, step->line->pid);
	return postlog_table_find(&log->processes, step->line->host, key);
}

/* session_found - the same; if the log begins in it, it begins now */
static struct postlog_session *session_found(struct postlog *log,
					     const struct step *step)
{
	struct postlog_session *session = session_of(log, step);

	if (session == NULL)
		session = postlog_session_open(log, step->line,
					       step->event->address);
	if (session->begun)
		postlog_order_session(&log->order, false);
	session->strayed |= strcmp(session->address, step->event->address) != 0;
	return session;
}

/* message_of - the message with the line's queue id, or NULL; queue: the line
 * is of the program that keeps the queue */
static struct postlog_message *message_of(struct postlog *log,
					  const struct step *step, bool queue)
{
	struct postlog_message *message = postlog_message_find(
		log, step->line, step->line->queue_id, false);

	/* Deliveries may have a syslog_name of their own, too. */
	if (message == NULL && !queue)
		return postlog_message_find(log, step->line,
					    step->line->queue_id, true);
	if (message != NULL && message->queue == NULL && queue)
		message->queue = postlog_instance(log, step->line->service);
	return message;
}

/* end_session - the process serves another client from now on */
static void end_session(struct postlog *log, struct postlog_session *session)
{
	session->ended = true;
	postlog_table_remove(&log->processes, &session->entry);
	postlog_session_retire_known(log, session);
}

/* take_connect - a session begins; the last one of that process is over */
static void take_connect(struct postlog *log, const struct step *step)
{
	struct postlog_session *before = session_of(log, step);

	if (before != NULL && !before->begun &&
	    strcmp(before->address, step->event->address) == 0)
		postlog_order_session(&log->order, true);
	if (before != NULL)
		end_session(log, before);
	postlog_session_open(log, step->line, step->event->address)->begun =
		true;
}

/* take_disconnect - a session ends. STARTTLS without a line about it: TLS is
 * not logged at that time. */
static void take_disconnect(struct postlog *log, const struct step *step)
{
	struct postlog_session *session = session_of(log, step);
	struct postlog_message *message;

	if (session == NULL)
		return;
	session->has_counts = step->event->has_counts;
	session->starttls = step->event->starttls;
	session->auth = step->event->auth;
	session->rcpt = step->event->rcpt;
	session->renamed |= step->event->xclient;
	session->strayed |= strcmp(session->address, step->event->address) != 0;
	/* Another client, unless XCLIENT made it one: the end of one session
	 * and the beginning of the next are missing. */
	if (session->strayed && session->has_counts && !step->event->xclient) {
		session->mixed = true;
		session->begun = false;
	}
	if (session->begun && session->starttls > 0 &&
	    session->protocol == NULL)
		postlog_tls_forget(log, session->service);
	/* Its own line may be before the log. */
	session->logs_tls =
		session->begun && postlog_logs_tls(log, session->service);
	/* Nothing will be heard of messages that were given up. */
	for (message = session->messages; message != NULL;
	     message = message->next)
		message->removed |=
			message->proxied ||
			(session->has_counts && step->event->sent == 0);
	end_session(log, session);
}

/* take_tls - the session is encrypted from now on */
static void take_tls(struct postlog *log, const struct step *step)
{
	struct postlog_session *session = session_found(log, step);

	postlog_tls_note(log, step->line->service);
	postlog_session_text(log, session, &session->protocol,
			     step->event->protocol);
	postlog_session_text(log, session, &session->cipher,
			     step->event->cipher);
	postlog_session_text(log, session, &session->bits, step->event->bits);
	session->has_certificate = step->event->has_certificate;
}

/* take_certificate - the client has one */
static void take_certificate(struct postlog *log, const struct step *step)
{
	struct postlog_session *session = session_found(log, step);

	postlog_session_text(log, session, &session->fingerprint,
			     step->event->fingerprint);
	postlog_session_text(log, session, &session->key_fingerprint,
			     step->event->key_fingerprint);
}

/* end_message - it left the queue */
static void end_message(struct postlog *log, struct postlog_message *message)
{
	message->removed = true;
	postlog_table_remove(&log->queue, &message->entry);
	postlog_session_retire_known(log, message->session);
}

/* end_namesake - a message begins. If there is one with that queue id, its end
 * is not in the log. */
static void end_namesake(struct postlog *log, const struct step *step)
{
	struct postlog_message *before;
	char key[POSTLOG_KEY_MAX];

	postlog_key(key, step->line->service, step->line->queue_id);
	before = postlog_table_find(&log->queue, step->line->host, key);
	if (before != NULL)
		end_message(log, before);
}

/* trace - a message that the client has from another one, as it says: from a
 * content filter, if that gives the queue id of one that is still here */
static void trace(struct postlog *log, const struct step *step,
		  struct postlog_message *message)
{
	struct postlog_message *original;

	if (*step->event->old_id == '\0')
		return;
	original = postlog_message_find(log, step->line, step->event->old_id,
					true);
	if (original == NULL)
		return;
	message->returned = true;
	original->filtered = true;
}

/* take_client - a message begins */
static void take_client(struct postlog *log, const struct step *step)
{
	struct postlog_session *session;

	end_namesake(log, step);
	postlog_instance(log, step->line->service);
	session = session_found(log, step);
	trace(log, step,
	      postlog_session_message(log, session, step->line, step->event));
	if (*step->event->method == '\0')
		return;
	postlog_session_text(log, session, &session->method,
			     step->event->method);
	postlog_session_text(log, session, &session->login, step->event->login);
	postlog_session_text(log, session, &session->client,
			     step->event->address);
}

/* is_blurred - are the addresses of the line uncertain? */
static bool is_blurred(const struct postlog *log, const struct step *step)
{
	return step->event->blurred && (log->unquoted || log->old);
}

/* count_unclear - a line of which nothing can be said */
static void count_unclear(struct postlog *log, const struct step *step)
{
	log->figures.unclear += step->line->repeats;
	log->last.unclear = true;
}

/* name_recipient - one that was accepted */
static void name_recipient(struct postlog *log, const struct step *step,
			   struct postlog_message *message)
{
	struct postlog_recipient *accepted = postlog_session_recipient(
		log, message->session, &message->accepted, true,
		step->event->recipient);

	if (accepted == NULL)
		return;
	accepted->count = 1;
	accepted->added = log->copy_to != NULL && !message->proxied &&
			  strcasecmp(log->copy_to, accepted->recipient) == 0;
	accepted->time = step->line->time;
	accepted->file = step->file;
	accepted->line = step->number;
}

/* take_proxied - the last message of the session was accepted by the filter */
static void take_proxied(struct postlog *log, const struct step *step)
{
	struct postlog_session *session = session_of(log, step);
	struct postlog_message *message =
		session != NULL ? session->messages : NULL;

	if (message == NULL || !message->proxied || message->sender != NULL)
		return;
	message->removed = true;
	if (is_blurred(log, step)) {
		count_unclear(log, step);
		return;
	}
	postlog_session_text(log, session, &message->sender,
			     step->event->sender);
	name_recipient(log, step, message);
}

/* take_reject - a recipient was refused */
static void take_reject(struct postlog *log, const struct step *step)
{
	const struct postlog_event *event = step->event;
	struct postlog_session *session;
	struct postlog_recipient *refused;

	if (is_blurred(log, step)) {
		count_unclear(log, step);
		return;
	}
	session = session_found(log, step);
	refused = postlog_session_recipient(log, session, &session->refused,
					    false, event->recipient);
	postlog_session_text(log, session, &refused->address, event->address);
	postlog_session_text(log, session, &refused->sender, event->sender);
	postlog_session_text(log, session, &refused->reply, event->reply);
	postlog_session_text(log, session, &refused->method, event->method);
	postlog_session_text(log, session, &refused->login, event->login);
	log->last.refused = refused;
	refused->count = step->line->repeats;
	refused->for_relay = event->for_relay;
	refused->by_access = event->by_access;
	refused->tls = session->protocol != NULL;
	refused->logged_in = session->method != NULL &&
			     strcmp(session->client, event->address) == 0;
	session->renamed |= strcmp(session->address, event->address) != 0;
	refused->time = step->line->time;
	refused->file = step->file;
	refused->line = step->number;
}

/* is_loopback - is the address one of this host? */
static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* take_returned - message, or NULL, was given to a content filter: the one that
 * it queued is not from a client. A program elsewhere has the address to which
 * it was given. */
static void take_returned(struct postlog *log, const struct step *step,
			  struct postlog_message *message)
{
	struct postlog_message *next = postlog_message_find(
		log, step->line, step->event->next_id, true);

	if (next == NULL ||
	    !(is_loopback(step->event->next_address)
		      ? is_loopback(next->address)
		      : strcmp(next->address, step->event->next_address) == 0))
		return;
	next->returned = true;
	if (message != NULL)
		message->filtered = true;
}

/* miss - a line about a message that began elsewhere: on this host, or before
 * the log. Those that were judged early are not known any more, either. */
static void miss(struct postlog *log, const struct step *step)
{
	if (log->figures.early == 0 &&
	    strcmp(step->line->program, "cleanup") != 0 &&
	    postlog_others_add(&log->others, step->line->host,
			       step->line->queue_id))
		log->figures.unbegun++;
}

/* take_begun - a message is there, but not of a client */
static void take_begun(struct postlog *log, const struct step *step)
{
	if (strcmp(step->line->program, "pickup") == 0)
		log->figures.submitted++;
	else
		log->cleans = true;
	if (message_of(log, step, true) == NULL)
		postlog_others_add(&log->others, step->line->host,
				   step->line->queue_id);
}

/* take_requeued - a message that was known by another queue id; if that is not
 * in the log, nobody knows its client */
static void take_requeued(struct postlog *log, const struct step *step)
{
	const struct postlog_line *line = step->line;
	const char *old_id = step->event->old_id;
	struct postlog_message *message;

	if (strcmp(old_id, line->queue_id) == 0)
		return;
	end_namesake(log, step);
	message = postlog_message_find(log, line, old_id, false);
	if (message != NULL) {
		postlog_message_rename(log, message, line);
		return;
	}
	if (postlog_others_add(&log->others, line->host, old_id) &&
	    log->figures.early == 0)
		log->figures.unbegun++;
	postlog_others_remove(&log->others, line->host, old_id);
	postlog_others_add(&log->others, line->host, line->queue_id);
}

/* take_to - a recipient that was accepted */
static void take_to(struct postlog *log, const struct step *step)
{
	struct postlog_message *message = message_of(log, step, false);

	if (step->event->next_id[0] != '\0')
		take_returned(log, step, message);
	if (message == NULL) {
		miss(log, step);
		return;
	}
	if (is_blurred(log, step))
		count_unclear(log, step);
	else
		name_recipient(log, step, message);
}

/* take_queued - a line of qmgr(8) */
static void take_queued(struct postlog *log, const struct step *step)
{
	struct postlog_message *message = message_of(log, step, true);

	if (message == NULL) {
		miss(log, step);
		if (step->event->kind == POSTLOG_REMOVED)
			postlog_others_remove(&log->others, step->line->host,
					      step->line->queue_id);
		return;
	}
	if (step->event->kind == POSTLOG_FROM) {
		if (message->size == 0) {
			message->size = step->event->size;
			message->queued = step->event->recipients;
		}
		if (message->sender == NULL && !is_blurred(log, step))
			postlog_session_text(log, message->session,
					     &message->sender,
					     step->event->sender);
		return;
	}
	end_message(log, message);
}

/* take_step - what a line says */
static void take_step(struct postlog *log, const struct step *step)
{
	switch (step->event->kind) {
	case POSTLOG_CONNECT:
		take_connect(log, step);
		break;
	case POSTLOG_DISCONNECT:
		take_disconnect(log, step);
		break;
	case POSTLOG_TLS:
		take_tls(log, step);
		break;
	case POSTLOG_CERTIFICATE:
		take_certificate(log, step);
		break;
	case POSTLOG_CLIENT:
	case POSTLOG_PROXY:
		take_client(log, step);
		break;
	case POSTLOG_REJECT:
		take_reject(log, step);
		break;
	case POSTLOG_TO:
		take_to(log, step);
		break;
	case POSTLOG_FROM:
	case POSTLOG_REMOVED:
		take_queued(log, step);
		break;
	case POSTLOG_BEGUN:
		take_begun(log, step);
		break;
	case POSTLOG_REQUEUED:
		take_requeued(log, step);
		break;
	case POSTLOG_STARTED:
		log->old = !step->event->quotes;
		break;
	case POSTLOG_UNCLEAR:
		count_unclear(log, step);
		break;
	case POSTLOG_PROXIED:
		take_proxied(log, step);
		break;
	case POSTLOG_OTHER:
		break;
	}
}

/* repeat - the last line, if nothing was between; only of refusals each one is
 * of interest */
static void repeat(struct postlog *log, const struct postlog_line *line,
		   const char *file, unsigned long number)
{
	struct postlog_last *last = &log->last;

	if (last->file != file || (number > 0 && number != last->number + 1))
		return;
	last->number = number;
	if (last->refused != NULL)
		last->refused->count += line->repeats;
	else if (last->unclear)
		log->figures.unclear += line->repeats;
}

/* postlog_feed - the next line */
void postlog_feed(struct postlog *log, const struct postlog_line *line,
		  const char *file, unsigned long number)
{
	struct postlog_event event;
	struct step step = { line, &event, file, number };

	if (line->again) {
		repeat(log, line, file, number);
		return;
	}
	log->last = (struct postlog_last){ .file = file, .number = number };
	while (log->held > log->limit && log->oldest != NULL) {
		log->figures.early++;
		postlog_session_retire(log, log->oldest);
	}
	log->figures.lines++;
	postlog_order_line(&log->order, file, line->time);
	if (line->time != POSTLOG_NO_TIME) {
		if (log->figures.first == POSTLOG_NO_TIME ||
		    line->time < log->figures.first)
			log->figures.first = line->time;
		if (log->figures.last == POSTLOG_NO_TIME ||
		    line->time > log->figures.last)
			log->figures.last = line->time;
	}
	postlog_event_read(&event, line);
	take_step(log, &step);
}

/* postlog_end - take what is left */
void postlog_end(struct postlog *log)
{
	while (log->oldest != NULL)
		postlog_session_retire(log, log->oldest);
	postlog_order_end(&log->order);
	log->figures.reversed = log->order.reversed;
	log->figures.shuffled = log->order.shuffled;
}

/* postlog_figures - what was counted */
const struct postlog_figures *postlog_figures(const struct postlog *log)
{
	return &log->figures;
}

/* take_nothing - nobody takes what is left */
static void take_nothing(void *context, const struct postlog_case *taken)
{
	(void)context;
	(void)taken;
}

/* postlog_free - free all of it */
void postlog_free(struct postlog *log)
{
	size_t i;

	if (log == NULL)
		return;
	log->take = take_nothing;
	postlog_end(log);
	free(log->copy_to);
	for (i = 0; i < POSTLOG_NAMES; i++)
		free(log->tls_names[i]);
	for (i = 0; i < POSTLOG_INSTANCES; i++)
		free(log->instances[i]);
	postlog_hosts_clear(&log->figures);
	postlog_others_clear(&log->others);
	postlog_table_clear(&log->processes);
	postlog_table_clear(&log->queue);
	free(log);
}
