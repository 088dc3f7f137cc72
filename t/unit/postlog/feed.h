/* SPDX-License-Identifier: ISC */
/* feed - lines of a log, and what is taken from them */
#ifndef T_UNIT_POSTLOG_FEED_H
#define T_UNIT_POSTLOG_FEED_H

#include "lib/postlog/postlog.h"

#include <string.h>

#include "t/unit/test.h"

#define NOW	 1795528800
#define TEXT_MAX 8192

/* What was taken, one line for each recipient. */
struct taken {
	char text[TEXT_MAX];
	unsigned long count, given;
};

/* take - write it down */
static inline void take(void *context, const struct postlog_case *taken)
{
	static const char *const tls[] = { "plain", "tls", "tls?" };
	static const char *const login[] = { "", "login=", "login?" };
	struct taken *all = context;
	size_t length = strlen(all->text);

	all->count += taken->count;
	all->given += taken->given;
	snprintf(all->text + length, TEXT_MAX - length,
		 "%s%s <%s> <%s> %s %s %s %s%s%s%s%s%s%s\n",
		 taken->accepted ? "+" : "-", taken->service, taken->sender,
		 taken->recipient, taken->address, tls[taken->tls],
		 taken->protocol, login[taken->login_state], taken->login,
		 taken->for_relay ? " relay" : "",
		 taken->doubtful ? " doubtful" : "",
		 taken->copied ? " copied" : "",
		 taken->filtered ? " filtered" : "",
		 taken->forwarded ? " forwarded" : "");
}

/* feed_file - lines of a text, each "PROGRAM[PID]: TEXT" of the host mx; the
 * name must stay */
static inline void feed_file(struct postlog *log, const char *text,
			     const char *name)
{
	struct postlog_line line = { 0 };
	unsigned long number = 0;

	while (*text != '\0') {
		int length = (int)strcspn(text, "\n");
		char *bytes = xasprintf("Nov 24 14:00:00 mx postfix/%.*s",
					length, text);

		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, name, ++number);
		free(bytes);
		text += length + 1;
	}
	postlog_line_clear(&line);
}

/* feed - the same, of one file */
static inline void feed(struct postlog *log, const char *text)
{
	feed_file(log, text, "log");
}

#define TLS                                                          \
	"smtpd[1]: Anonymous TLS connection established from h[9]: " \
	"TLSv1.3 with cipher C (256/256 bits)\n"
#define REJECT(id)                                                    \
	id ": reject: RCPT from h[9]: 554 5.7.1 <x@y>: Relay access " \
	   "denied; from=<s@t> to=<x@y> proto=ESMTP helo=<h>\n"

/* feed_whole - lines with their syslog_name */
static inline void feed_whole(struct postlog *log, const char *text)
{
	struct postlog_line line = { 0 };

	while (*text != '\0') {
		int length = (int)strcspn(text, "\n");
		char *bytes =
			xasprintf("Nov 24 14:00:00 mx %.*s", length, text);

		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, "log", 1);
		free(bytes);
		text += length + 1;
	}
	postlog_line_clear(&line);
}

#define BEGIN	 "smtpd[1]: connect from h[9]\nsmtpd[1]: AAAAA: client=h[9]\n"
#define TO(name) "smtp[3]: AAAAA: to=<" name ">, relay=e[f]:25, status=sent\n"
#define END(rcpt) \
	"smtpd[1]: disconnect from h[9] rcpt=" rcpt " data=1 commands=5\n"

#endif
