/* SPDX-License-Identifier: ISC */
/* postlog_session - what the log said about a session, until it is complete
 *
 * The line that ends a session says whether the client used STARTTLS and AUTH,
 * and how many recipients it gave; recipients that were accepted are named only
 * when they are delivered, which may be days later. So a session is kept until
 * it has ended and its messages have left the queue, or until there is no room
 * for it. */

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_internal.h"

#define OVERHEAD 32 /* bytes of a block of memory, roughly */
#define NODE	 24 /* bytes of a node of tsearch(3), roughly */
#define FEW	 16 /* recipients that are compared one after the other */

/* hold - account for memory */
static void hold(struct postlog *log, struct postlog_session *session,
		 size_t bytes)
{
	session->bytes += bytes + OVERHEAD;
	log->held += bytes + OVERHEAD;
}

/* postlog_session_text - copy a text */
void postlog_session_text(struct postlog *log, struct postlog_session *session,
			  char **to, const char *text)
{
	free(*to);
	*to = xstrdup(text);
	hold(log, session, strlen(text) + 1);
}

/* postlog_session_open - begin a session */
struct postlog_session *postlog_session_open(struct postlog *log,
					     const struct postlog_line *line,
					     const char *address)
{
	struct postlog_session *session = xcalloc(1, sizeof(*session));
	char key[POSTLOG_KEY_MAX];

	hold(log, session, sizeof(*session));
	session->refused.last = &session->refused.first;
	postlog_key(key, line->service, line->pid);
	postlog_table_add(&log->processes, &session->entry, line->host, key,
			  session);
	postlog_session_text(log, session, &session->service, line->service);
	postlog_session_text(log, session, &session->address, address);
	session->older = log->newest;
	if (log->newest != NULL)
		log->newest->newer = session;
	else
		log->oldest = session;
	log->newest = session;
	log->figures.sessions++;
	postlog_hosts_note(&log->figures, line->host);
	return session;
}

/* postlog_session_message - begin a message */
struct postlog_message *
postlog_session_message(struct postlog *log, struct postlog_session *session,
			const struct postlog_line *line,
			const struct postlog_event *event)
{
	struct postlog_message *message = xcalloc(1, sizeof(*message));
	char key[POSTLOG_KEY_MAX];

	hold(log, session, sizeof(*message));
	message->session = session;
	message->accepted.last = &message->accepted.first;
	message->next = session->messages;
	session->messages = message;
	message->proxied = event->kind == POSTLOG_PROXY;
	postlog_key(key, line->service, line->queue_id);
	if (!message->proxied)
		postlog_table_add(&log->queue, &message->entry, line->host, key,
				  message);
	postlog_session_text(log, session, &message->address, event->address);
	postlog_session_text(log, session, &message->method, event->method);
	postlog_session_text(log, session, &message->login, event->login);
	message->begun = line->time;
	message->tls = session->protocol != NULL;
	message->forwarded = event->forwarded;
	return message;
}

/* postlog_message_rename - to the queue id of a line */
void postlog_message_rename(struct postlog *log,
			    struct postlog_message *message,
			    const struct postlog_line *line)
{
	char key[POSTLOG_KEY_MAX];

	postlog_key(key, line->service, line->queue_id);
	postlog_table_remove(&log->queue, &message->entry);
	postlog_table_add(&log->queue, &message->entry, line->host, key,
			  message);
}

/* hash - of a recipient, so that few are compared */
static uint32_t hash(const char *text)
{
	uint32_t value = 2166136261U;

	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * 16777619U;
	return value;
}

/* compare - for tsearch(3) */
static int compare(const void *one, const void *other)
{
	const struct postlog_recipient *a = one;
	const struct postlog_recipient *b = other;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return strcmp(a->recipient, b->recipient);
}

/* find - the recipient in the list, or NULL */
static struct postlog_recipient *find(const struct postlog_recipients *list,
				      const struct postlog_recipient *key)
{
	struct postlog_recipient *each = list->first;
	struct postlog_recipient *const *node;

	if (list->tree != NULL) {
		node = tfind(key, &list->tree, compare);
		return node != NULL ? *node : NULL;
	}
	while (each != NULL && compare(each, key) != 0)
		each = each->next;
	return each;
}

/* postlog_recipient_find - by its address */
struct postlog_recipient *
postlog_recipient_find(const struct postlog_recipients *list,
		       const char *recipient)
{
	struct postlog_recipient key = {
		.recipient = (char *)(uintptr_t)recipient,
		.hash = hash(recipient),
	};

	return find(list, &key);
}

/* plant - a recipient in the tree; the others, too, if there was none */
static void plant(struct postlog *log, struct postlog_session *session,
		  struct postlog_recipients *list,
		  struct postlog_recipient *added)
{
	struct postlog_recipient *each =
		list->tree != NULL ? added : list->first;

	for (; each != NULL; each = each->next) {
		if (tsearch(each, &list->tree, compare) == NULL)
			xalloc_failed();
		hold(log, session, NODE);
	}
}

/* postlog_session_recipient - add a recipient */
struct postlog_recipient *
postlog_session_recipient(struct postlog *log, struct postlog_session *session,
			  struct postlog_recipients *list, bool unique,
			  const char *recipient)
{
	struct postlog_recipient key = {
		.recipient = (char *)(uintptr_t)recipient,
		.hash = hash(recipient),
	};
	struct postlog_recipient *added;

	if (unique && find(list, &key) != NULL)
		return NULL;
	added = xcalloc(1, sizeof(*added));
	hold(log, session, sizeof(*added));
	postlog_session_text(log, session, &added->recipient, recipient);
	added->hash = key.hash;
	*list->last = added;
	list->last = &added->next;
	list->count++;
	if (unique && list->count > FEW)
		plant(log, session, list, added);
	return added;
}

/* free_recipients - all of a list */
static void free_recipients(struct postlog_recipients *list)
{
	struct postlog_recipient *each = list->first;

	while (each != NULL) {
		struct postlog_recipient *next = each->next;

		if (list->tree != NULL)
			tdelete(each, &list->tree, compare);
		free(each->recipient);
		free(each->address);
		free(each->sender);
		free(each->reply);
		free(each->method);
		free(each->login);
		free(each);
		each = next;
	}
}

/* free_message - one message */
static void free_message(struct postlog *log, struct postlog_message *message)
{
	postlog_table_remove(&log->queue, &message->entry);
	free_recipients(&message->accepted);
	free(message->address);
	free(message->sender);
	free(message->method);
	free(message->login);
	free(message);
}

/* free_session - all of it */
static void free_session(struct postlog *log, struct postlog_session *session)
{
	postlog_table_remove(&log->processes, &session->entry);
	while (session->messages != NULL) {
		struct postlog_message *message = session->messages;

		session->messages = message->next;
		free_message(log, message);
	}
	free_recipients(&session->refused);
	*(session->older != NULL ? &session->older->newer : &log->oldest) =
		session->newer;
	*(session->newer != NULL ? &session->newer->older : &log->newest) =
		session->older;
	log->held -= session->bytes;
	free(session->service);
	free(session->address);
	free(session->protocol);
	free(session->cipher);
	free(session->bits);
	free(session->fingerprint);
	free(session->key_fingerprint);
	free(session->method);
	free(session->login);
	free(session->client);
	free(session);
}

/* text - "" for NULL */
static const char *text(const char *may_be_null)
{
	return may_be_null != NULL ? may_be_null : "";
}

/* is_mixed - may it be two sessions? Without its last line, nobody knows
 * whether the other client is one of XCLIENT. */
static bool is_mixed(const struct postlog_session *session)
{
	return session->mixed || (session->strayed && !session->has_counts);
}

/* fill_tls - what is known of TLS; before: its line came before the
 * recipient's */
static void fill_tls(struct postlog_case *taken,
		     const struct postlog_session *session, bool before)
{
	bool mixed = is_mixed(session);

	taken->counted = session->has_counts && !mixed;
	taken->starttls = session->starttls > 0 && !mixed;
	taken->protocol = taken->cipher = taken->bits = "";
	taken->fingerprint = taken->key_fingerprint = "";
	if (before && !mixed) {
		taken->tls = POSTLOG_TLS_KNOWN;
		taken->protocol = session->protocol;
		taken->cipher = session->cipher;
		taken->bits = session->bits;
		taken->has_certificate = session->has_certificate;
		taken->fingerprint = text(session->fingerprint);
		taken->key_fingerprint = text(session->key_fingerprint);
	} else if (taken->counted &&
		   (session->starttls == 0 || session->protocol != NULL)) {
		taken->tls = POSTLOG_TLS_NONE;
	} else {
		taken->tls = POSTLOG_TLS_UNKNOWN;
	}
}

/* fill_login - what is known of the login of a client that was refused: newer
 * versions of Postfix log its name */
static void fill_login(struct postlog_case *taken,
		       const struct postlog_session *session,
		       const struct postlog_recipient *refused)
{
	taken->method = text(session->method);
	taken->login = text(session->login);
	if (refused->logged_in) {
		taken->login_state = POSTLOG_LOGIN_KNOWN;
	} else if (*refused->method != '\0') {
		taken->method = refused->method;
		taken->login = refused->login;
		taken->login_state = POSTLOG_LOGIN_KNOWN;
	} else if (session->has_counts && session->auth == 0 &&
		   !session->renamed && !is_mixed(session)) {
		taken->method = taken->login = "";
		taken->login_state = POSTLOG_LOGIN_NONE;
	} else {
		/* That of another client says nothing. */
		if (session->renamed)
			taken->method = taken->login = "";
		taken->login_state = POSTLOG_LOGIN_UNKNOWN;
	}
}

/* begin_case - what does not depend on the outcome */
static void begin_case(struct postlog_case *taken,
		       const struct postlog_session *session,
		       const struct postlog_recipient *recipient)
{
	memset(taken, 0, sizeof(*taken));
	taken->count = recipient->count;
	taken->service = session->service;
	taken->logs_tls = session->logs_tls;
	taken->recipient = recipient->recipient;
	taken->sender = taken->reply = "";
	taken->time = recipient->time;
	taken->file = recipient->file;
	taken->line = recipient->line;
}

/* take_message - the recipients of a message, which were accepted; found: of
 * the session */
static void take_message(struct postlog *log,
			 const struct postlog_session *session,
			 const struct postlog_message *message,
			 unsigned long found)
{
	bool counted = session->begun && session->has_counts;
	bool exact = counted && found == session->rcpt &&
		     !postlog_is_given_up(session);
	const struct postlog_recipient *each;
	struct postlog_case taken;

	log->messages++;
	for (each = message->accepted.first; each != NULL; each = each->next) {
		if (each->added)
			continue;
		begin_case(&taken, session, each);
		taken.accepted = true;
		taken.message = log->messages;
		taken.begun = message->begun;
		taken.size = message->size;
		taken.doubtful = counted && found > session->rcpt;
		if (taken.doubtful)
			taken.given = postlog_given_of(session, message, found);
		taken.exact =
			(exact && message->queued <= message->accepted.count) ||
			message->proxied;
		taken.alone = each->alone;
		taken.copied = each->copied;
		taken.fewer = message->removed &&
			      message->queued > message->accepted.count;
		taken.filtered = message->filtered;
		taken.forwarded = message->forwarded;
		taken.address = message->address;
		taken.has_sender = message->sender != NULL;
		taken.sender = text(message->sender);
		taken.method = message->method;
		taken.login = message->login;
		taken.login_state = *message->method != '\0'
					    ? POSTLOG_LOGIN_KNOWN
					    : POSTLOG_LOGIN_NONE;
		fill_tls(&taken, session, message->tls);
		log->take(log->context, &taken);
	}
}

/* take_refused - the recipients that were refused */
static void take_refused(struct postlog *log,
			 const struct postlog_session *session)
{
	const struct postlog_recipient *each;
	struct postlog_case taken;

	for (each = session->refused.first; each != NULL; each = each->next) {
		begin_case(&taken, session, each);
		taken.address = each->address;
		taken.has_sender = true;
		taken.sender = each->sender;
		taken.reply = each->reply;
		taken.for_relay = each->for_relay;
		taken.by_access = each->by_access;
		fill_tls(&taken, session, each->tls);
		fill_login(&taken, session, each);
		log->take(log->context, &taken);
	}
}

/* waiting - messages of which no recipient is known, and that were not given
 * up */
static unsigned long waiting(const struct postlog_session *session)
{
	const struct postlog_message *message;
	unsigned long count = 0;

	for (message = session->messages; message != NULL;
	     message = message->next)
		count += message->accepted.count == 0 && !message->removed &&
			 !message->returned && !message->forwarded;
	return count;
}

/* is_spoken - was it with sendmail -bs? Its smtpd gives messages to pickup(8),
 * so that cleanup(8) has another queue id for them. */
static bool is_spoken(const struct postlog *log,
		      const struct postlog_session *session)
{
	const struct postlog_message *message = session->messages;

	if (!log->cleans || strcmp(session->address, "127.0.0.1") != 0)
		return false;
	while (message != NULL && message->queue == NULL && !message->proxied &&
	       !message->removed && message->accepted.count == 0)
		message = message->next;
	return message == NULL && session->messages != NULL;
}

/* count_missing - recipients that were accepted, but are not named; proxied:
 * some are named by a filter */
static void count_missing(struct postlog *log,
			  const struct postlog_session *session,
			  unsigned long count, bool proxied)
{
	if (proxied)
		log->figures.proxied += count;
	else if (is_spoken(log, session))
		log->figures.spoken += count;
	else
		log->figures.lost += count;
}

/* postlog_session_retire - report the recipients, and free the session */
void postlog_session_retire(struct postlog *log,
			    struct postlog_session *session)
{
	const struct postlog_message *message;
	unsigned long found = postlog_count_given(log, session);
	bool proxied = false;
	bool counted = session->begun && session->has_counts;

	for (message = session->messages; message != NULL;
	     message = message->next)
		proxied |= message->proxied && message->accepted.count > 0;
	for (message = session->messages; message != NULL;
	     message = message->next) {
		if (message->returned)
			log->figures.returned += message->accepted.count;
		else
			take_message(log, session, message, found);
	}
	if (counted && session->rcpt > found)
		count_missing(log, session, session->rcpt - found, proxied);
	else if (!counted)
		log->figures.lost += waiting(session);
	take_refused(log, session);
	free_session(log, session);
}

/* postlog_session_retire_known - the same, if all is known */
void postlog_session_retire_known(struct postlog *log,
				  struct postlog_session *session)
{
	const struct postlog_message *message = session->messages;

	while (message != NULL && message->removed)
		message = message->next;
	if (session->ended && message == NULL)
		postlog_session_retire(log, session);
}
