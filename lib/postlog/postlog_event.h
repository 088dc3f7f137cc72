/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTLOG_POSTLOG_EVENT_H
#define LIB_POSTLOG_POSTLOG_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/postlog/postlog_line.h"

#define POSTLOG_ADDRESS_MAX 2048
#define POSTLOG_WORD_MAX    128

/* The statement of a line of Postfix. */
enum postlog_kind {
	POSTLOG_OTHER,
	POSTLOG_CONNECT,
	POSTLOG_DISCONNECT,
	POSTLOG_TLS,	     /* a TLS session was established */
	POSTLOG_CERTIFICATE, /* of the client */
	POSTLOG_CLIENT,	     /* a message begins: its first recipient */
	POSTLOG_PROXY,	     /* the same, before a smtpd_proxy_filter */
	POSTLOG_PROXIED,     /* that filter took it; its first recipient */
	POSTLOG_REJECT,	     /* a recipient was refused */
	POSTLOG_UNCLEAR,     /* ..., but a stranger's text in the line could be
				read as another one */
	POSTLOG_FROM,	     /* the sender of a message in the queue */
	POSTLOG_TO,	     /* a recipient of it: delivered, or tried */
	POSTLOG_REMOVED,     /* the message left the queue */
	POSTLOG_STARTED,     /* Postfix: of a version that quotes addresses? */
	POSTLOG_BEGUN,	     /* a message is there; it may be of this host */
	POSTLOG_REQUEUED,    /* it is one that had another queue id before */
};

/* The content of a line; which members are set depends on the kind. */
struct postlog_event {
	enum postlog_kind kind;
	char address[64]; /* of the client; smtpd's lines have it */
	/* TLS */
	char protocol[POSTLOG_WORD_MAX], cipher[POSTLOG_WORD_MAX];
	char bits[8];
	bool has_certificate; /* the client */
	/* CERTIFICATE */
	char fingerprint[256], key_fingerprint[256];
	/* CLIENT; REJECT: if Postfix logged it */
	bool forwarded; /* the client says that it has it from another one: a
			   content filter does, and so may any relay */
	char method[POSTLOG_WORD_MAX];
	char login[POSTLOG_ADDRESS_MAX];
	/* REJECT, PROXIED, FROM, TO: as the policy protocol has them, not
	 * quoted */
	char sender[POSTLOG_ADDRESS_MAX];
	char recipient[POSTLOG_ADDRESS_MAX];
	uint64_t size;		  /* FROM: of the message; 0: unknown */
	unsigned long recipients; /* FROM: in the queue; 0: unknown */
	char reply[256];	  /* REJECT: code and text, cut */
	bool for_relay;		  /* REJECT: "Relay access denied" */
	bool by_access; /* REJECT: "Access denied": reject, or a table */
	bool blurred;	/* where no address is quoted, those of this line are
			   uncertain */
	bool quotes;	/* STARTED */
	/* TO: handed to a program that queued it again as this; the address of
	 * that program. It is no mail server of a stranger: it is on this host,
	 * or not at port 25. */
	char next_id[POSTLOG_QUEUE_MAX];
	char next_address[64];
	char old_id[POSTLOG_QUEUE_MAX]; /* REQUEUED; CLIENT: that it forwards */
	/* DISCONNECT: whether it has counts, and the successful commands */
	bool has_counts;
	unsigned long starttls, auth, rcpt, sent; /* sent: DATA, BDAT */
	bool xclient;				  /* XCLIENT was used */
};

/* postlog_event_read - read what a line says. */
void postlog_event_read(struct postlog_event *event,
			const struct postlog_line *line);

#endif
