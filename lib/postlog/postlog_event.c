/* SPDX-License-Identifier: ISC */
/* postlog_event - what a line of Postfix's log says
 *
 * Postfix replaces control characters in what it logs, but a stranger chooses
 * much of the text: the HELO name, the addresses, the replies of other servers.
 * So the parts are read from the left, each where it must be; and if the words
 * that separate them occur more often than they should, the line is not
 * believed. See smtpd.c, smtpd_check.c (log_whatsup) and log_adhoc.c of
 * Postfix, 3.4 to 3.12. Before 3.5, and with info_log_address_format =
 * internal, addresses are not quoted, so that an address may contain all that
 * follows one. */

#include "lib/postlog/postlog_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/postlog/postlog_text.h"

/* ends_with - does the text end with that? */
static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t size = strlen(end);

	return length >= size && strncmp(text + length - size, end, size) == 0;
}

/* read_counts - "ehlo=2 starttls=1 auth=0/1 ...": those that succeeded */
static void read_counts(struct postlog_event *event, const char *text)
{
	const struct {
		const char *name;
		unsigned long *count;
	} each[] = {
		{ " starttls=", &event->starttls }, { " auth=", &event->auth },
		{ " rcpt=", &event->rcpt },	    { " data=", &event->sent },
		{ " bdat=", &event->sent },
	};
	size_t i;

	event->has_counts = strstr(text, " commands=") != NULL;
	event->xclient = strstr(text, " xclient=") != NULL;
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		const char *at = strstr(text, each[i].name);

		if (at != NULL)
			*each[i].count +=
				strtoul(at + strlen(each[i].name), NULL, 10);
	}
}

/* read_sni - " to NAME": the certificate for which the client asked, if
 * Postfix has it */
static bool read_sni(const char **text)
{
	char name[256];

	return !postlog_word(text, " to ") ||
	       postlog_until(text, ": ", name, sizeof(name));
}

/* read_bits - " (BITS/BITS bits)", as a whole: a line may be shortened */
static bool read_bits(struct postlog_event *event, const char *text)
{
	char of[sizeof(event->bits)];

	return postlog_word(&text, " (") &&
	       postlog_until(&text, "/", event->bits, sizeof(event->bits)) &&
	       postlog_word(&text, "/") &&
	       postlog_until(&text, " ", of, sizeof(of)) &&
	       postlog_word(&text, " bits)");
}

/* read_tls - "Anonymous TLS connection established from NAME[ADDRESS] to SNI:
 * PROTOCOL with cipher CIPHER (BITS/BITS bits)" */
static bool read_tls(struct postlog_event *event, const char *text)
{
	bool anonymous = postlog_word(&text, "Anonymous");

	if (!anonymous && !postlog_word(&text, "Untrusted") &&
	    !postlog_word(&text, "Trusted") && !postlog_word(&text, "Verified"))
		return false;
	if (!postlog_word(&text, " TLS connection established from ") ||
	    !postlog_client(&text, event->address, sizeof(event->address)) ||
	    !read_sni(&text) || !postlog_word(&text, ": ") ||
	    !postlog_until(&text, " ", event->protocol,
			   sizeof(event->protocol)) ||
	    !postlog_word(&text, " with cipher ") ||
	    !postlog_until(&text, " ", event->cipher, sizeof(event->cipher)) ||
	    !read_bits(event, text))
		return false;
	event->has_certificate = !anonymous;
	event->kind = POSTLOG_TLS;
	return true;
}

/* read_fingerprints - ", fingerprint=..., pkey_fingerprint=...", or since 3.9
 * ", cert fingerprint=..., pkey fingerprint=..." */
static bool read_fingerprints(struct postlog_event *event, const char *text)
{
	return (postlog_word(&text, ", fingerprint=") ||
		postlog_word(&text, ", cert fingerprint=")) &&
	       postlog_until(&text, ",", event->fingerprint,
			     sizeof(event->fingerprint)) &&
	       (postlog_word(&text, ", pkey_fingerprint=") ||
		postlog_word(&text, ", pkey fingerprint=")) &&
	       postlog_until(&text, ", ", event->key_fingerprint,
			     sizeof(event->key_fingerprint));
}

/* read_certificate - "NAME[ADDRESS]: subject_CN=..., issuer=..." and the
 * fingerprints; or that of a key without a certificate */
static bool read_certificate(struct postlog_event *event, const char *text)
{
	const char *fingerprints;
	bool read = false;

	if (!postlog_client(&text, event->address, sizeof(event->address)))
		return false;
	if (postlog_word(&text, ": raw public key fingerprint=")) {
		read = postlog_until(&text, ", ", event->key_fingerprint,
				     sizeof(event->key_fingerprint));
	} else if (postlog_word(&text, ": subject_CN=") &&
		   postlog_times(text, "fingerprint=") == 2) {
		fingerprints = strstr(text, ", fingerprint=");
		if (fingerprints == NULL)
			fingerprints = strstr(text, ", cert fingerprint=");
		read = fingerprints != NULL &&
		       read_fingerprints(event, fingerprints);
	}
	if (read)
		event->kind = POSTLOG_CERTIFICATE;
	return read;
}

/* is_cut - was the line shortened in this word? */
static bool is_cut(const char *text, const char *word)
{
	size_t length = strlen(text);

	return length > 0 && length < strlen(word) &&
	       strncmp(text, word, length) == 0;
}

/* read_client - "client=NAME[ADDRESS], sasl_method=M, sasl_username=U,
 * sasl_sender=S, orig_queue_id=Q, orig_client=NAME[ADDRESS]" */
static void read_client(struct postlog_event *event, const char *text)
{
	const char *end;

	if (!postlog_client(&text, event->address, sizeof(event->address)))
		return;
	if (is_cut(text, ", sasl_method="))
		return;
	if (postlog_word(&text, ", sasl_method=") &&
	    (!postlog_until(&text, ",", event->method, sizeof(event->method)) ||
	     *event->method == '\0'))
		return;
	if (is_cut(text, ", sasl_username="))
		return;
	if (postlog_word(&text, ", sasl_username=")) {
		end = strstr(text, ", sasl_sender=");
		if (end == NULL)
			end = strstr(text, ", orig_");
		if (end == NULL)
			end = text + strlen(text);
		if ((size_t)(end - text) >= sizeof(event->login))
			return;
		memcpy(event->login, text, (size_t)(end - text));
		text = end;
	}
	end = strstr(text, ", orig_queue_id=");
	event->forwarded =
		end != NULL || strstr(text, ", orig_client=") != NULL;
	if (end != NULL && postlog_word(&end, ", orig_queue_id="))
		postlog_until(&end, ",", event->old_id, sizeof(event->old_id));
	event->kind = POSTLOG_CLIENT;
}

/* is_single - are the separators there just once? */
static bool is_single(const char *text)
{
	return postlog_times(text, "; from=<") == 1 &&
	       postlog_times(text, " to=<") == 1 &&
	       postlog_times(text, " proto=") == 1 &&
	       postlog_times(text, " helo=<") <= 1 &&
	       postlog_times(text, " sasl_method=") <= 1 &&
	       postlog_times(text, " sasl_username=") <= 1;
}

/* read_sasl - the end of a refusal, since 3.10: "sasl_method=M sasl_username=U
 * sasl_sender=S". In a HELO name it is text of a stranger, and ends in ">". */
static bool read_sasl(struct postlog_event *event, const char *text)
{
	const char *end;
	size_t length;

	text = strstr(text, " sasl_method=");
	if (text == NULL)
		return true;
	if (ends_with(text, strlen(text), ">") ||
	    !postlog_word(&text, " sasl_method=") ||
	    !postlog_until(&text, " ", event->method, sizeof(event->method)) ||
	    !postlog_word(&text, " sasl_username="))
		return false;
	end = strstr(text, " sasl_sender=");
	length = end != NULL ? (size_t)(end - text) : strlen(text);
	if (length >= sizeof(event->login))
		return false;
	memcpy(event->login, text, length);
	return true;
}

/* read_address - "<address>". Where nothing is quoted, quotes are a part of it,
 * and it may contain ">". */
static bool read_address(struct postlog_event *event, const char **text,
			 char *to)
{
	if (strncmp(*text, "<\"", 2) == 0)
		event->blurred = true;
	return postlog_address(text, to, POSTLOG_ADDRESS_MAX);
}

/* read_envelope - "from=<S> to=<R> proto=P helo=<H>", and perhaps the login */
static bool read_envelope(struct postlog_event *event, const char *text)
{
	if (!postlog_word(&text, "; from=") ||
	    !read_address(event, &text, event->sender) ||
	    !postlog_word(&text, " to=") ||
	    !read_address(event, &text, event->recipient) ||
	    !postlog_word(&text, " proto="))
		return false;
	return read_sasl(event, text);
}

/* read_reject - "NAME[ADDRESS]: 554 5.7.1 TEXT; ENVELOPE" */
static void read_reject(struct postlog_event *event, const char *text)
{
	const char *end;
	size_t length;

	event->kind = POSTLOG_UNCLEAR;
	if (!postlog_client(&text, event->address, sizeof(event->address)) ||
	    !postlog_word(&text, ": "))
		return;
	end = strstr(text, "; from=<");
	if (end == NULL || !is_single(text) || !read_envelope(event, end))
		return;
	length = (size_t)(end - text);
	/* A table may say so, too: "<...>: Recipient address rejected: ...". */
	event->for_relay = ends_with(text, length, ">: Relay access denied");
	event->by_access = ends_with(text, length, ": Access denied");
	if (length >= sizeof(event->reply))
		length = sizeof(event->reply) - 1;
	memcpy(event->reply, text, length);
	event->reply[length] = '\0';
	event->kind = POSTLOG_REJECT;
}

/* read_proxied - "END-OF-MESSAGE: REPLY; ENVELOPE" */
static void read_proxied(struct postlog_event *event, const char *text)
{
	const char *end = strstr(text, "; from=<");

	event->kind =
		end != NULL && is_single(text) && read_envelope(event, end)
			? POSTLOG_PROXIED
			: POSTLOG_UNCLEAR;
}

/* read_session - a line of smtpd(8) without a queue id */
static void read_session(struct postlog_event *event, const char *text)
{
	bool connect = postlog_word(&text, "connect from ");

	if (postlog_word(&text, "proxy-accept: ")) {
		read_proxied(event, text);
		return;
	}
	if (connect || postlog_word(&text, "disconnect from ")) {
		if (!postlog_client(&text, event->address,
				    sizeof(event->address)))
			return;
		event->kind = connect ? POSTLOG_CONNECT : POSTLOG_DISCONNECT;
		if (!connect)
			read_counts(event, text);
		return;
	}
	if (!read_tls(event, text))
		read_certificate(event, text);
}

/* read_smtpd - a line of smtpd(8) */
static void read_smtpd(struct postlog_event *event,
		       const struct postlog_line *line)
{
	const char *text = line->text;
	bool queued =
		line->queue_id[0] != '\0' || postlog_word(&text, "NOQUEUE: ");

	if (!queued)
		read_session(event, text);
	else if (postlog_word(&text, "reject: RCPT from "))
		read_reject(event, text);
	else if (postlog_word(&text, "client="))
		read_client(event, text);
	if (event->kind == POSTLOG_CLIENT && line->queue_id[0] == '\0')
		event->kind = POSTLOG_PROXY;
}

/* read_sender - "<S>,", and nothing of a stranger comes after it: so that it
 * ends at the last ">,", whatever it contains, unless it is quoted */
static bool read_sender(struct postlog_event *event, const char **text)
{
	const char *from = *text;
	const char *first = from + 1;
	const char *end = NULL;
	const char *at;
	size_t length;

	for (at = strstr(from, ">,"); at != NULL; at = strstr(at + 1, ">,"))
		end = at;
	if (end == NULL || *from != '<')
		return false;
	*text = end + 1;
	if (read_address(event, &from, event->sender) && from == *text)
		return true;
	length = (size_t)(end - first);
	if (length >= sizeof(event->sender))
		return false;
	memcpy(event->sender, first, length);
	event->sender[length] = '\0';
	return true;
}

/* read_queue - a line of qmgr(8): "from=<S>, size=..." or "removed" */
static void read_queue(struct postlog_event *event, const char *text)
{
	if (strcmp(text, "removed") == 0) {
		event->kind = POSTLOG_REMOVED;
	} else if (postlog_word(&text, "from=") && read_sender(event, &text)) {
		event->kind = POSTLOG_FROM;
		if (postlog_word(&text, ", size="))
			event->size = strtoull(text, NULL, 10);
		text += strspn(text, "0123456789");
		if (postlog_word(&text, ", nrcpt="))
			event->recipients = strtoul(text, NULL, 10);
	}
}

/* is_filter - is a relay on this host, or not at port 25, where the mail
 * servers of strangers are? */
static bool is_filter(const char *relay, const char *address)
{
	const char *port = strchr(relay, ']');

	return strncmp(address, "127.", 4) == 0 ||
	       strcmp(address, "::1") == 0 ||
	       (port != NULL && port[1] == ':' &&
		strncmp(port, "]:25,", 5) != 0);
}

/* read_next - was it handed to a content filter, which has given it back
 * already? */
static void read_next(struct postlog_event *event, const char *text)
{
	const char *relay = text;
	const char *id;

	if (!postlog_word(&text, "relay=") ||
	    !postlog_client(&text, event->next_address,
			    sizeof(event->next_address)))
		return;
	id = is_filter(relay, event->next_address) ? strstr(text, "queued as ")
						   : NULL;
	if (id != NULL) {
		id += strlen("queued as ");
		postlog_until(&id, " )", event->next_id,
			      sizeof(event->next_id));
	}
}

/* read_delivery - "to=<R>, orig_to=<O>, relay=..." of a delivery program. The
 * recipient as the client wrote it is orig_to, if it is there. */
static void read_delivery(struct postlog_event *event, const char *text)
{
	event->blurred = postlog_times(text, ">, relay=") > 1;
	if (!postlog_word(&text, "to=") ||
	    !read_address(event, &text, event->recipient))
		return;
	if (postlog_word(&text, ", orig_to=") &&
	    !read_address(event, &text, event->recipient))
		return;
	if (!postlog_word(&text, ", ") || strncmp(text, "relay=", 6) != 0)
		return;
	read_next(event, text);
	event->kind = POSTLOG_TO;
}

/* read_cleanup - since 3.10: given up by the client, or thrown away by a
 * filter. Nothing more will be heard of it. (Its release notes say "canceled".)
 */
static void read_cleanup(struct postlog_event *event, const char *text)
{
	if (strcmp(text, "removed (canceled)") == 0 ||
	    strcmp(text, "removed (discarded)") == 0 ||
	    strcmp(text, "canceled") == 0)
		event->kind = POSTLOG_REMOVED;
	else
		read_delivery(event, text);
	if (event->kind == POSTLOG_OTHER)
		event->kind = POSTLOG_BEGUN;
}

/* read_pickup - "uid=102 from=<S>", and if postsuper(1) has put it back into
 * the queue, " orig_id=ID". S is of any user of this host. */
static void read_pickup(struct postlog_event *event, const char *text)
{
	const char *at = strrchr(text, '>');

	event->kind = POSTLOG_BEGUN;
	if (at != NULL && postlog_word(&at, "> orig_id=") &&
	    postlog_until(&at, " ", event->old_id, sizeof(event->old_id)) &&
	    *at == '\0')
		event->kind = POSTLOG_REQUEUED;
}

/* read_master - "daemon started -- version 3.4.29, configuration /etc/postfix"
 */
static void read_master(struct postlog_event *event, const char *text)
{
	unsigned major, minor;

	if (sscanf(text, "daemon started -- version %4u.%4u", &major, &minor) !=
	    2)
		return;
	event->kind = POSTLOG_STARTED;
	event->quotes = major > 3 || (major == 3 && minor >= 5);
}

/* postlog_event_read - read what a line says */
void postlog_event_read(struct postlog_event *event,
			const struct postlog_line *line)
{
	memset(event, 0, sizeof(*event));
	if (strcmp(line->program, "smtpd") == 0)
		read_smtpd(event, line);
	else if (strcmp(line->program, "master") == 0)
		read_master(event, line->text);
	else if (line->queue_id[0] == '\0')
		return;
	else if (strcmp(line->program, "qmgr") == 0 ||
		 strcmp(line->program, "nqmgr") == 0 ||
		 strcmp(line->program, "oqmgr") == 0)
		read_queue(event, line->text);
	else if (strcmp(line->program, "cleanup") == 0)
		read_cleanup(event, line->text);
	else if (strcmp(line->program, "pickup") == 0)
		read_pickup(event, line->text);
	else
		read_delivery(event, line->text);
}
