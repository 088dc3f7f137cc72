/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_H
#define LIB_POSTLOG_POSTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/postlog/postlog_line.h"

/* POSTLOG_BYTES_MAX - memory for sessions and messages that are not complete
 * yet; the oldest are completed early when there are more. */
#define POSTLOG_BYTES_MAX ((size_t)64 << 20)

/* Whether the session was encrypted when the recipient was given. */
enum postlog_tls {
	POSTLOG_TLS_NONE,    /* not by STARTTLS */
	POSTLOG_TLS_KNOWN,   /* protocol, cipher and bits are known */
	POSTLOG_TLS_UNKNOWN, /* the log does not say */
};

/* Whether the client had logged in. */
enum postlog_login {
	POSTLOG_LOGIN_NONE,
	POSTLOG_LOGIN_KNOWN,   /* method and login are known */
	POSTLOG_LOGIN_UNKNOWN, /* the log does not say; login may be known */
};

/* One recipient that a client gave, and that Postfix accepted or refused. The
 * strings are "" when unknown, and valid during the call only. */
struct postlog_case {
	unsigned long count;		/* of equal lines */
	const char *service;		/* syslog_name */
	const char *address;		/* of the client */
	const char *sender, *recipient; /* as in the policy protocol */
	const char *protocol, *cipher, *bits;
	const char *fingerprint, *key_fingerprint;
	const char *method, *login;
	const char *reply;     /* refused: the code and the text */
	unsigned long message; /* accepted: its number; the recipients of a
				  message come one after the other */
	int64_t begun;	       /* accepted: when that message was begun */
	uint64_t size;	       /* of it, in the queue; 0: unknown */
	int64_t time;	       /* or POSTLOG_NO_TIME */
	const char *file;      /* the line with the recipient */
	unsigned long line;
	enum postlog_tls tls;
	enum postlog_login login_state;
	bool accepted;
	bool has_sender;
	bool has_certificate; /* the client had one; at smtpd_tls_loglevel = 1
				 the log does not have its fingerprint */
	bool logs_tls; /* TLS was logged under this syslog_name at that time */
	bool counted;  /* the log says whether the client used STARTTLS */
	bool starttls; /* it did */
	bool doubtful; /* the session has more recipients than the client
			  gave, so this may be one that Postfix added */
	unsigned long given; /* accepted, and doubtful: how many of the message
				the client gave; 0: unknown */
	bool exact;  /* Postfix can have added no recipient: the session has as
			many as the client gave (unless one was given twice), and
			as the queue (a milter replaces some), or smtpd itself
			named it */
	bool alone;  /* accepted: the only recipient of its message, which the
			client gave, though Postfix adds it (postlog_copies()) */
	bool copied; /* accepted: Postfix adds it to such messages
			(postlog_copies_by()), though the counts say that the
			client gave it: or it gave another one twice */
	bool fewer;  /* accepted: the queue has more recipients of the message
			than the log: aliases, or some that were removed */
	bool filtered;	/* accepted: the message was given to a content filter,
			   which gave it back */
	bool forwarded; /* accepted: the client has it from another one, as it
			   says: it may be a content filter, of which the log
			   does not have more */
	bool for_relay; /* refused: "Relay access denied" */
	bool by_access; /* refused: "Access denied" */
};

/* POSTLOG_HOSTS - hosts that are named; others are only noticed. */
#define POSTLOG_HOSTS 8

/* Figures about the log. */
struct postlog_figures {
	unsigned long lines;	 /* of Postfix */
	unsigned long sessions;	 /* that were begun */
	unsigned long unclear;	 /* lines that could be read in two ways */
	unsigned long lost;	 /* recipients accepted, but never delivered; of
				    a session whose end is not known, one of each
				    message */
	unsigned long unbegun;	 /* messages whose beginning is not in the log;
				    not counted once early is not 0 */
	unsigned long reversed;	 /* files whose newest line is the first */
	unsigned long shuffled;	 /* files whose sessions begin with their end,
				    though not the whole file is reversed */
	unsigned long returned;	 /* recipients that came from a filter */
	unsigned long proxied;	 /* recipients of messages that were given to a
				    smtpd_proxy_filter; only the first of each
				    message is named, and not counted here */
	unsigned long submitted; /* messages of sendmail(1) */
	unsigned long spoken;	 /* recipients given to sendmail -bs: an smtpd
				    that asks nobody, and does not queue */
	unsigned long early;	 /* sessions that did not fit into memory */
	char *hosts[POSTLOG_HOSTS]; /* to which clients came */
	size_t host_count;
	bool more_hosts;     /* than these */
	int64_t first, last; /* times of lines, or POSTLOG_NO_TIME */
};

/* postlog_take - called with each recipient. */
typedef void postlog_take(void *context, const struct postlog_case *taken);

/* The state of reading. */
struct postlog;

/* postlog_new - read lines in the order of time; take is called as soon as all
 * is known about a recipient. The caller frees it. */
struct postlog *postlog_new(postlog_take *take, void *context);

/* postlog_limit - another limit than POSTLOG_BYTES_MAX, for tests. */
void postlog_limit(struct postlog *log, size_t bytes);

/* postlog_unquoted - addresses are logged as before Postfix 3.5, whatever the
 * lines say about its version. */
void postlog_unquoted(struct postlog *log);

/* postlog_copies - Postfix adds this recipient to each message (always_bcc): it
 * is reported only if the client gave it. */
void postlog_copies(struct postlog *log, const char *recipient);

/* postlog_copier - the recipient that Postfix adds to a message from that
 * sender, or to that recipient, which is not empty; NULL: none, or unknown. It
 * is valid until the next call. */
typedef const char *postlog_copier(void *context, bool sender,
				   const char *address);

/* postlog_copies_by - ask that, for each message. */
void postlog_copies_by(struct postlog *log, postlog_copier *copier,
		       void *context);

/* postlog_feed - the next line. file must stay valid. */
void postlog_feed(struct postlog *log, const struct postlog_line *line,
		  const char *file, unsigned long number);

/* postlog_end - there are no more lines: take what is left. */
void postlog_end(struct postlog *log);

/* postlog_figures - what was counted so far. */
const struct postlog_figures *postlog_figures(const struct postlog *log);

/* postlog_free - NULL is allowed. */
void postlog_free(struct postlog *log);

#endif
