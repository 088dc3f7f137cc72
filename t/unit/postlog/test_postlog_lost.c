/* SPDX-License-Identifier: ISC */
/* test_postlog_lost - logs with lines missing, as a log daemon leaves them out
 * when there are too many: what is said of a session is true of it
 *
 * Each session has an address, a protocol of TLS and a login of its own, so
 * that those of another one are noticed. TEST_MUTANTS: the number of logs. */

#include <stdlib.h>
#include <string.h>

#include "lib/postlog/postlog.h"
#include "t/unit/test.h"

#define NOW	  1795528800
#define SESSIONS  60
#define PROCESSES 4
#define STEPS	  8
#define LINES	  (SESSIONS * STEPS)
#define LINE_MAX  200

/* What is true of a session. */
struct truth {
	bool starttls, login, refused;
};

/* A log, and the truth. */
struct story {
	struct truth truth[SESSIONS];
	char line[LINES][LINE_MAX];
	unsigned count;
	unsigned long taken, known; /* those of which TLS is known */
};

/* take - a postlog_take: nothing of another session */
static void take(void *context, const struct postlog_case *taken)
{
	struct story *story = context;
	char protocol[16], login[16];
	int number = atoi(taken->address);
	const struct truth *truth = &story->truth[number];

	snprintf(protocol, sizeof(protocol), "TLS%d", number);
	snprintf(login, sizeof(login), "u%d", number);
	story->taken++;
	story->known += taken->tls == POSTLOG_TLS_KNOWN;
	ck_assert_int_eq(taken->accepted, !truth->refused);
	if (taken->tls == POSTLOG_TLS_KNOWN) {
		ck_assert(truth->starttls);
		ck_assert_str_eq(taken->protocol, protocol);
	} else if (taken->tls == POSTLOG_TLS_NONE) {
		ck_assert(!truth->starttls);
	}
	if (taken->login_state == POSTLOG_LOGIN_KNOWN) {
		ck_assert(truth->login);
		ck_assert_str_eq(taken->login, login);
	} else if (taken->login_state == POSTLOG_LOGIN_NONE) {
		ck_assert(!truth->login);
	}
}

/* step - a line of a session, "": none */
static void step(char *line, const struct truth *truth, int number, int at)
{
	char head[40], id[8], login[64] = "";

	snprintf(head, sizeof(head), "postfix/smtpd[%d]:", number % PROCESSES);
	snprintf(id, sizeof(id), "B%04X", (unsigned)number);
	if (truth->login)
		snprintf(login, sizeof(login),
			 ", sasl_method=PLAIN, sasl_username=u%d", number);
	*line = '\0';
	if (at == 0)
		snprintf(line, LINE_MAX, "%s connect from h[%d]", head, number);
	else if (at == 1 && truth->starttls)
		snprintf(line, LINE_MAX,
			 "%s Anonymous TLS connection established from h[%d]: "
			 "TLS%d with cipher C (256/256 bits)",
			 head, number, number);
	else if (at == 2 && truth->refused)
		snprintf(line, LINE_MAX,
			 "%s NOQUEUE: reject: RCPT from h[%d]: 554 5.7.1 "
			 "<x@y>: Relay access denied; from=<s@t> to=<x@y> "
			 "proto=ESMTP helo=<h>",
			 head, number);
	else if (at == 2)
		snprintf(line, LINE_MAX, "%s %s: client=h[%d]%s", head, id,
			 number, login);
	else if (at == 3 && !truth->refused)
		snprintf(line, LINE_MAX,
			 "postfix/qmgr[9]: %s: from=<s@t>, size=1, nrcpt=1 "
			 "(queue active)",
			 id);
	else if (at == 4)
		snprintf(line, LINE_MAX,
			 "%s disconnect from h[%d] ehlo=1%s%s mail=1 rcpt=%s "
			 "quit=1 commands=5",
			 head, number, truth->starttls ? " starttls=1" : "",
			 truth->login ? " auth=1" : "",
			 truth->refused ? "0/1" : "1 data=1");
	else if (at == 5 && !truth->refused)
		snprintf(line, LINE_MAX,
			 "postfix/smtp[8]: %s: to=<x@y>, relay=e[f]:25, "
			 "status=sent (250)",
			 id);
	else if (at == 6 && !truth->refused)
		snprintf(line, LINE_MAX, "postfix/qmgr[9]: %s: removed", id);
}

/* tell - the sessions of each process one after the other, those of several
 * mixed */
static void tell(struct story *story)
{
	int next[PROCESSES];
	int process, number;

	story->count = 0;
	for (number = 0; number < SESSIONS; number++)
		story->truth[number] = (struct truth){ rand() % 2, rand() % 2,
						       rand() % 4 == 0 };
	for (process = 0; process < PROCESSES; process++)
		next[process] = 0;
	while (story->count < LINES) {
		process = rand() % PROCESSES;
		number = next[process] / STEPS * PROCESSES + process;
		if (number >= SESSIONS) {
			/* Its sessions are all told. */
			for (process = 0; process < PROCESSES; process++)
				if (next[process] <
				    SESSIONS / PROCESSES * STEPS)
					break;
			if (process == PROCESSES)
				return;
			number = next[process] / STEPS * PROCESSES + process;
		}
		step(story->line[story->count], &story->truth[number], number,
		     next[process]++ % STEPS);
		story->count += *story->line[story->count] != '\0';
	}
}

/* feed - all but some lines, of which many may follow each other */
static void feed(struct story *story)
{
	struct postlog *log = postlog_new(take, story);
	struct postlog_line line = { 0 };
	unsigned i = 0;

	for (; i < story->count; i++) {
		char *bytes;

		if (rand() % 20 == 0)
			i += rand() % 2 ? 1 : (unsigned)rand() % 30;
		if (i >= story->count)
			break;
		bytes = xasprintf("Nov 24 14:00:00 mx %s", story->line[i]);
		ck_assert_int_eq(postlog_line_read(&line, bytes, NOW), 1);
		postlog_feed(log, &line, "log", i + 1);
		free(bytes);
	}
	postlog_line_clear(&line);
	postlog_end(log);
	postlog_free(log);
}

START_TEST(says_nothing_of_another_session)
{
	static struct story story;
	int number = mutants(500);

	for (int i = 0; i < number; i++) {
		srand((unsigned)i);
		tell(&story);
		feed(&story);
	}
	/* Most of what is there is still read. */
	ck_assert_uint_gt(story.taken, (unsigned long)number * SESSIONS / 4);
	ck_assert_uint_gt(story.known, (unsigned long)number * SESSIONS / 16);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("lost");

	tcase_add_test(tests, says_nothing_of_another_session);
	return run_tests("postlog lost", tests);
}
