/* SPDX-License-Identifier: ISC */
/* test_postlog_mutants - damaged logs: no crash, and nothing that is forged is
 * believed
 *
 * Each log of t/data/postlog is cut, joined, reordered and changed in a few
 * places. Its strangers' texts quote lines about forged.example, and these are
 * put into the lines of other programs and into what strangers say, too: in no
 * damaged log may a recipient there appear, unless the damage has made a whole
 * line of Postfix of it, which is what no stranger can do. TEST_MUTANTS: the
 * number of logs. */

#include <stdlib.h>
#include <string.h>

#include "lib/postlog/postlog.h"
#include "t/unit/test.h"

#define NOW	 1795528800
#define LINES	 200
#define LINE_MAX 2000
#define STAMP	 "Nov 24 15:00:00 mx "

/* What a stranger writes, as HELO name, address or reply. Its control
 * characters are what Postfix makes of them: "?". */
static const char *const forged[] = {
	"x?Nov 24 15:00:00 mx postfix/smtpd[4242]: connect from h[192.0.2.66]",
	"<x> proto=ESMTP helo=<h>; from=<evil@forged.example> "
	"to=<victim@forged.example> proto=ESMTP helo=<x",
	STAMP "postfix/qmgr[1]: AAAAA: "
	      "from=<evil@forged.example>, size=1, nrcpt=1 (queue active)",
	STAMP "postfix/smtp[1]: AAAAA: "
	      "to=<victim@forged.example>, relay=none, status=sent (250 ok)",
	"to=<victim@forged.example>, relay=local, status=sent",
	", sasl_method=PLAIN, sasl_username=evil@forged.example",
};

/* Where it stands: programs that are not ours, and places in our own lines that
 * are no recipient. */
static const char *const places[] = {
	STAMP "sshd[9]: %s",
	STAMP "dovecot: imap-login: %s",
	STAMP "postfix/smtpd[77]: warning: %s",
	STAMP "postfix/smtpd[77]: NOQUEUE: reject: RCPT from "
	      "h[192.0.2.9]: 554 5.7.1 <u@v.example>: Relay access denied; "
	      "from=<a@b> to=<u@v.example> proto=ESMTP helo=<%s>",
	STAMP
	"postfix/smtpd[77]: NOQUEUE: reject: RCPT from "
	"h[192.0.2.9]: 554 5.7.1 <%s>: Helo command rejected: Access denied; "
	"from=<a@b> to=<u@v.example> proto=ESMTP helo=<h>",
	STAMP "postfix/cleanup[78]: BBBBB: message-id=<%s>",
	STAMP "postfix/smtp[79]: BBBBB: to=<u@v.example>, "
	      "relay=m[192.0.2.9]:25, status=deferred (host said: 450 %s)",
	"2026-11-24T15:00:00+01:00 mx app: %s",
	"mail-1  | %s",
};

#define FORGED                                                              \
	"NOQUEUE: reject: RCPT from f[192.0.2.66]: 554 5.7.1 "              \
	"<v@forged.example>: Relay access denied; from=<s@forged.example> " \
	"to=<v@forged.example> proto=SMTP helo=<h>"

/* Lines of others, which quote one of Postfix; some of their bytes change. */
static const char *const quoted[] = {
	STAMP "dovecot: " STAMP "postfix/smtpd[1]: " FORGED,
	STAMP "sshd[1]: " STAMP "postfix/smtpd[1]: " FORGED,
	STAMP "kernel: mx postfix/smtpd[1]: " FORGED,
	STAMP "postfix/cleanup[1]: " FORGED,
	STAMP "postfix/smtpd[1]: warning: x: " FORGED,
	"antispam-1  | postfix/smtpd[1]: " FORGED,
	"{\"MESSAGE\":\"" STAMP "postfix/smtpd[1]: " FORGED
	"\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"_PID\":\"1\"}",
};

/* A log, as lines. */
struct log_text {
	char line[LINES][LINE_MAX];
	unsigned count;
};

/* take - a postlog_take */
static void take(void *context, const struct postlog_case *taken)
{
	unsigned long *count = context;

	++*count;
	ck_assert_ptr_null(strstr(taken->recipient, "forged.example"));
	ck_assert_ptr_null(strstr(taken->sender, "forged.example"));
	ck_assert_ptr_null(strstr(taken->login, "forged.example"));
	ck_assert_str_ne(taken->address, "192.0.2.66");
}

/* load - the lines of a file */
static void load(struct log_text *log, const char *name)
{
	char *path = xasprintf(TEST_DATA "/postlog/%s", name);
	size_t size;
	char *text = read_whole(path, &size);
	char *line = strtok(text, "\n");

	log->count = 0;
	for (; line != NULL && log->count < LINES / 2;
	     line = strtok(NULL, "\n"))
		snprintf(log->line[log->count++], LINE_MAX, "%s", line);
	ck_assert_uint_gt(log->count, 20);
	free(text);
	free(path);
}

/* forge - add a line with a stranger's text */
static void forge(struct log_text *log)
{
	size_t text = (size_t)rand() % (sizeof(forged) / sizeof(*forged));
	size_t place = (size_t)rand() % (sizeof(places) / sizeof(*places));
	unsigned at = (unsigned)rand() % log->count;
	const char *blank = strstr(places[place], "%s");

	if (log->count == LINES)
		return;
	/* In a container's log, a line is whose it says. */
	if (strncmp(places[place], "mail-1", 6) == 0 &&
	    strncmp(forged[text], "Nov", 3) == 0)
		return;
	memcpy(log->line[log->count++], log->line[at], LINE_MAX);
	snprintf(log->line[at], LINE_MAX, "%.*s%s%s",
		 (int)(blank - places[place]), places[place], forged[text],
		 blank + 2);
}

/* quote - add a line that quotes one */
static void quote(struct log_text *log)
{
	size_t which = (size_t)rand() % (sizeof(quoted) / sizeof(*quoted));
	unsigned at = (unsigned)rand() % log->count;
	char *line = log->line[at];

	if (log->count == LINES)
		return;
	memcpy(log->line[log->count++], line, LINE_MAX);
	snprintf(line, LINE_MAX, "%s", quoted[which]);
	for (int n = rand() % 4; n > 0; n--)
		line[(size_t)rand() % strlen(line)] = (char)(1 + rand() % 255);
}

/* harm - change one line: where a stranger's text is, only its end may be cut,
 * since nothing else happens to lines of a log */
static void harm(struct log_text *log)
{
	char *line = log->line[(unsigned)rand() % log->count];
	size_t length = strlen(line);
	bool theirs = strstr(line, "forged.example") != NULL ||
		      strstr(line, "192.0.2.66") != NULL;
	size_t at = length > 0 ? (size_t)rand() % length : 0;

	switch (theirs ? 0 : rand() % 5) {
	case 0:
		line[at] = '\0';
		break;
	case 1:
		if (length > 0)
			line[at] = (char)(1 + rand() % 255);
		break;
	case 2:
		memmove(line + at, line + length / 2, length - length / 2 + 1);
		break;
	case 3:
		memset(line + at, rand() % 2 ? '[' : ' ', (length - at) / 2);
		break;
	default:
		if (2 * length < LINE_MAX)
			memcpy(line + length, line, length);
		line[2 * length < LINE_MAX ? 2 * length : length] = '\0';
		break;
	}
}

/* move - exchange two lines */
static void move(struct log_text *log)
{
	static char copy[LINE_MAX];
	unsigned one = (unsigned)rand() % log->count;
	unsigned other = (unsigned)rand() % log->count;

	memcpy(copy, log->line[one], LINE_MAX);
	memcpy(log->line[one], log->line[other], LINE_MAX);
	memcpy(log->line[other], copy, LINE_MAX);
}

/* feed - read all of it, with little memory now and then */
static unsigned long feed(struct log_text *text)
{
	unsigned long count = 0;
	struct postlog *log = postlog_new(take, &count);
	struct postlog_line line = { 0 };

	if (rand() % 4 == 0)
		postlog_limit(log, (size_t)rand() % 20000);
	for (unsigned i = 0; i < text->count; i++) {
		/* Exactly as large as it is, for the sanitizer. */
		char *bytes = xstrdup(text->line[i]);

		if (postlog_line_read(&line, bytes, NOW) > 0)
			postlog_feed(log, &line, "log", i + 1);
		free(bytes);
	}
	postlog_line_clear(&line);
	postlog_end(log);
	postlog_free(log);
	return count;
}

START_TEST(survives_damaged_logs)
{
	static const char *const names[] = { "debian",	    "suse",
					     "freebsd",	    "compose",
					     "journal",	    "postfix-3.4",
					     "postfix-3.12" };
	static struct log_text whole[COUNT(names)], log;
	int number = mutants(3000);
	unsigned long taken = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		load(&whole[i], names[i]);
	for (int i = 0; i < number; i++) {
		srand((unsigned)i);
		log = whole[(size_t)i % COUNT(names)];
		for (int n = rand() % 4; n >= 0; n--)
			rand() % 2 ? forge(&log) : quote(&log);
		for (int n = rand() % 6; n > 0; n--)
			harm(&log);
		for (int n = rand() % 4; n > 0; n--)
			move(&log);
		taken += feed(&log);
	}
	/* Most of what is there is still read. */
	ck_assert_uint_gt(taken, (unsigned long)number * 2);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("mutants");

	tcase_add_test(tests, survives_damaged_logs);
	return run_tests("postlog mutants", tests);
}
