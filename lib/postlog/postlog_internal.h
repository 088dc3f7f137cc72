/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_INTERNAL_H
#define LIB_POSTLOG_POSTLOG_INTERNAL_H

/* Shared by postlog.c, which follows the lines, postlog_session.c, which keeps
 * what they said, postlog_added.c and postlog_tls.c. */

#include "lib/postlog/postlog.h"
#include "lib/postlog/postlog_event.h"
#include "lib/postlog/postlog_order.h"
#include "lib/postlog/postlog_others.h"
#include "lib/postlog/postlog_table.h"

/* One recipient, accepted or refused. */
struct postlog_recipient {
	struct postlog_recipient *next;
	char *recipient;
	uint32_t hash;
	bool added;  /* accepted only: by Postfix, as it seems */
	bool alone;  /* ... but not this one: its message has no other */
	bool copied; /* accepted only: Postfix adds it to such messages */
	/* Refused only: */
	char *address; /* of the client, which XCLIENT may change */
	char *sender, *reply, *method, *login;
	unsigned long count;
	bool for_relay, by_access;
	bool tls;	/* it was encrypted already */
	bool logged_in; /* the login of that client was known already */
	int64_t time;
	const char *file;
	unsigned long line;
};

/* A list of them; they are added at the end. */
struct postlog_recipients {
	struct postlog_recipient *first, **last;
	size_t count;
	void *tree; /* of tsearch(3): all of them, if they are many and unique
		     */
};

/* A message of a session. */
struct postlog_message {
	struct postlog_entry entry; /* by queue id */
	struct postlog_message *next;
	struct postlog_session *session;
	const char *queue; /* the instance in whose queue it is; or NULL */
	char *address;	   /* of the client, of this message */
	int64_t begun;	   /* when its first recipient was accepted */
	char *sender;	   /* or NULL */
	uint64_t size;
	unsigned long queued; /* recipients in the queue; 0: unknown */
	char *method, *login;
	bool tls;	/* it was encrypted already */
	bool removed;	/* it left the queue */
	bool returned;	/* it came back from a content filter */
	bool filtered;	/* another one is what came back of it */
	bool forwarded; /* the client has it from another one, as it says */
	bool proxied;	/* it is for a smtpd_proxy_filter: never in the queue */
	struct postlog_recipients accepted;
};

/* A session of smtpd(8). */
struct postlog_session {
	struct postlog_entry entry; /* by process, until it ends */
	struct postlog_session *older, *newer;
	char *service;
	char *address;
	bool begun; /* its beginning is in the log */
	bool ended;
	bool has_counts;
	bool strayed;  /* a line of it is about another client */
	bool mixed;    /* it seems to be two, as lines are missing */
	bool logs_tls; /* TLS was logged under its syslog_name when it ended */
	unsigned long starttls, auth, rcpt;
	char *protocol, *cipher, *bits; /* NULL: no line about TLS */
	char *fingerprint, *key_fingerprint;
	bool has_certificate;
	char *method, *login, *client; /* the last known, and whose it is */
	bool renamed; /* the client was given by XCLIENT, perhaps with a login
		       */
	struct postlog_message *messages;
	struct postlog_recipients refused;
	size_t bytes; /* that it holds */
};

/* Instances of Postfix that are kept apart: the first part of syslog_name. A
 * port may have a name of its own. */
#define POSTLOG_INSTANCES 64

/* The last line, in case that it is repeated. */
struct postlog_last {
	const char *file;
	unsigned long number;
	struct postlog_recipient *refused; /* what it was about; or NULL */
	bool unclear;
};

/* syslog_names under which TLS is logged; more are not remembered. */
#define POSTLOG_NAMES 16

struct postlog {
	char *copy_to;		/* or NULL */
	postlog_copier *copier; /* or NULL */
	void *copier_context;
	char *tls_names[POSTLOG_NAMES];
	char *instances[POSTLOG_INSTANCES];
	postlog_take *take;
	void *context;
	size_t limit, held; /* bytes */
	struct postlog_table processes, queue;
	struct postlog_others others;
	struct postlog_order order;
	struct postlog_last last;
	bool unquoted; /* addresses are logged without quotes ... */
	bool old;      /* ... by the version that was started last */
	bool cleans;   /* lines of cleanup(8) are in the log */
	struct postlog_session *oldest, *newest;
	struct postlog_figures figures;
	unsigned long messages; /* that were reported */
};

#define POSTLOG_KEY_MAX (POSTLOG_SERVICE_MAX + POSTLOG_QUEUE_MAX + 2)

/* postlog_key - the number of a process, or a queue id, in the instance that
 * has this syslog_name. */
void postlog_key(char key[POSTLOG_KEY_MAX], const char *service,
		 const char *name);

/* postlog_instance - the name of the instance that has this syslog_name, from
 * now on among those that are known; it stays valid. NULL: they are too many.
 */
const char *postlog_instance(struct postlog *log, const char *service);

/* postlog_message_find - the message that has this queue id, for a line: in the
 * queue of the line's instance, as far as is known; any: in whatever queue. Or
 * NULL. */
struct postlog_message *postlog_message_find(const struct postlog *log,
					     const struct postlog_line *line,
					     const char *queue_id, bool any);

/* postlog_session_open - a session that begins, or whose beginning is not in
 * the log. */
struct postlog_session *postlog_session_open(struct postlog *log,
					     const struct postlog_line *line,
					     const char *address);

/* postlog_session_text - copy a text into *to, which belongs to the session. */
void postlog_session_text(struct postlog *log, struct postlog_session *session,
			  char **to, const char *text);

/* postlog_session_message - begin a message. */
struct postlog_message *
postlog_session_message(struct postlog *log, struct postlog_session *session,
			const struct postlog_line *line,
			const struct postlog_event *event);

/* postlog_message_rename - it has the queue id of this line from now on. */
void postlog_message_rename(struct postlog *log,
			    struct postlog_message *message,
			    const struct postlog_line *line);

/* postlog_session_recipient - add a recipient to a list of the session; NULL:
 * unique, and it is there already. */
struct postlog_recipient *
postlog_session_recipient(struct postlog *log, struct postlog_session *session,
			  struct postlog_recipients *list, bool unique,
			  const char *recipient);

/* postlog_recipient_find - the recipient in a list of accepted ones; or NULL.
 */
struct postlog_recipient *
postlog_recipient_find(const struct postlog_recipients *list,
		       const char *recipient);

/* postlog_is_given_up - has a session a message that was not delivered? */
bool postlog_is_given_up(const struct postlog_session *session);

/* postlog_count_given - the recipients of a session that the client gave; those
 * that Postfix seems to have added are marked. */
unsigned long postlog_count_given(const struct postlog *log,
				  const struct postlog_session *session);

/* postlog_given_of - how many of a message the client gave, where more were
 * found in the session than it gave; 0: unknown. */
unsigned long postlog_given_of(const struct postlog_session *session,
			       const struct postlog_message *message,
			       unsigned long found);

/* postlog_session_retire_known - if the session has ended and all of its
 * messages left the queue: report its recipients, and free it. */
void postlog_session_retire_known(struct postlog *log,
				  struct postlog_session *session);

/* postlog_session_retire - the same, now. */
void postlog_session_retire(struct postlog *log,
			    struct postlog_session *session);

/* postlog_hosts_note - a client came to this host. */
void postlog_hosts_note(struct postlog_figures *figures, const char *host);

/* postlog_hosts_clear - free their names. */
void postlog_hosts_clear(struct postlog_figures *figures);

/* postlog_logs_tls - was TLS logged under this syslog_name when it was last
 * used? */
bool postlog_logs_tls(const struct postlog *log, const char *name);

/* postlog_tls_note, postlog_tls_forget - it was; it is not any more. */
void postlog_tls_note(struct postlog *log, const char *name);
void postlog_tls_forget(struct postlog *log, const char *name);

#endif
