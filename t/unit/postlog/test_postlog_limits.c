/* SPDX-License-Identifier: ISC */
/* test_postlog_limits - parts of logs, odd orders, many lines, and little
 * memory */

#include "lib/postlog/postlog.h"

#include <string.h>

#include "lib/postlog/postlog_others.h"

#include "t/unit/postlog/feed.h"

/* Logs, and the numbers of recipients without a delivery, of messages without
 * a beginning, and of files in reversed order. */
static const struct {
	const char *log;
	unsigned long lost, unbegun, reversed;
} parts[] = {
	/* Each message is counted once, and none that begins on this host. */
	{ "pickup[4]: BBBBB: uid=102 from=<s@t> orig_id=AAAAA\n"
	  "smtp[3]: BBBBB: to=<a@b>, relay=none, status=deferred (x)\n"
	  "pickup[4]: CCCCC: uid=102 from=<s@t> orig_id=BBBBB\n"
	  "smtp[3]: CCCCC: to=<a@b>, relay=none, status=deferred (x)\n"
	  "qmgr[2]: CCCCC: removed\n"
	  "pickup[4]: DDDDD: uid=0 from=<root>\n"
	  "pickup[4]: EEEEE: uid=0 from=<root> orig_id=DDDDD\n"
	  "smtp[3]: EEEEE: to=<a@b>, relay=none, status=deferred (x)\n",
	  0, 1, 0 },
	{ "qmgr[2]: AAAAA: from=<s@t>, size=1, nrcpt=1 (queue active)\n"
	  "smtp[3]: AAAAA: to=<a@b>, relay=none, status=deferred (x)\n"
	  "smtp[3]: AAAAA: to=<c@b>, relay=none, status=deferred (x)\n"
	  "qmgr[2]: AAAAA: removed\n"
	  "pickup[4]: BBBBB: uid=0 from=<root>\n"
	  "cleanup[5]: CCCCC: message-id=<x>\n"
	  "qmgr[2]: CCCCC: from=<>, size=1, nrcpt=1 (queue active)\n"
	  "local[3]: CCCCC: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: CCCCC: removed\n"
	  "local[3]: BBBBB: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: DDDDD: removed\n",
	  0, 2, 0 },
	/* What a client sent is not of this host. */
	{ "smtpd[1]: AAAAA: client=h[9]\n"
	  "cleanup[5]: AAAAA: message-id=<x>\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "qmgr[2]: AAAAA: removed\n",
	  0, 0, 0 },
	/* No end of the session: one recipient of each message. */
	{ "smtpd[1]: connect from h[9]\n"
	  "smtpd[1]: AAAAA: client=h[9]\n"
	  "smtpd[1]: BBBBB: client=h[9]\n"
	  "local[3]: AAAAA: to=<a@b>, relay=local, status=sent (x)\n"
	  "smtpd[1]: CCCCC: client=h[9], orig_queue_id=DDDDD\n",
	  1, 0, 0 },
};

START_TEST(counts_what_is_in_other_files)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	const struct postlog_figures *figures = postlog_figures(log);

	feed(log, parts[_i].log);
	postlog_end(log);
	ck_assert_uint_eq(figures->lost, parts[_i].lost);
	ck_assert_uint_eq(figures->unbegun, parts[_i].unbegun);
	ck_assert_uint_eq(figures->reversed, parts[_i].reversed);
	postlog_free(log);
}
END_TEST

/* at - feed a line of a file, at a second */
static void at(struct postlog *log, const char *file, int second)
{
	struct postlog_line line = { 0 };
	char *bytes =
		xasprintf("Nov 24 14:00:%02d mx postfix/qmgr[1]: x", second);

	ck_assert_int_eq(postlog_line_read(&line, bytes, NOW + 60), 1);
	postlog_feed(log, &line, file, 1);
	postlog_line_clear(&line);
	free(bytes);
}

START_TEST(notices_files_in_reversed_order)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	static const char one[] = "one", two[] = "two", three[] = "three";
	int i;

	for (i = 30; i > 20; i--)
		at(log, one, i);
	/* Programs may write a little late. */
	for (i = 10; i < 20; i++)
		at(log, two, i % 3 == 0 ? i - 2 : i);
	for (i = 9; i > 0; i -= 2)
		at(log, three, i);
	postlog_end(log);
	ck_assert_uint_eq(postlog_figures(log)->reversed, 2);
	postlog_free(log);
}
END_TEST

/* remember_count - only how many */
static void remember_count(void *context, const struct postlog_case *taken)
{
	*(unsigned long *)context += taken->count;
}

/* A message with as many recipients takes no longer than as many messages: this
 * would not end. Each is delivered twice. */
START_TEST(has_messages_with_many_recipients)
{
	enum { MANY = 200000 };
	unsigned long count = 0;
	struct postlog *log = postlog_new(remember_count, &count);
	int i;

	feed(log, "smtpd[1]: AAAAA: client=h[9]\n");
	for (i = 0; i < 2 * MANY; i++) {
		char *line = xasprintf("local[3]: AAAAA: to=<%d@b>, "
				       "relay=local, status=sent (x)\n",
				       i % MANY);

		feed(log, line);
		free(line);
	}
	ck_assert_uint_eq(postlog_figures(log)->early, 0);
	feed(log, "qmgr[2]: AAAAA: removed\n");
	postlog_end(log);
	ck_assert_uint_eq(count, MANY);
	postlog_free(log);
}
END_TEST

START_TEST(notices_sessions_that_end_first)
{
	static const char backward[] =
		"smtpd[1]: disconnect from h[9] rcpt=1 commands=3\n"
		"smtpd[1]: AAAAA: client=h[9]\n"
		"smtpd[1]: connect from h[9]\n";
	static const char forward[] =
		"smtpd[1]: connect from h[9]\n"
		"smtpd[1]: AAAAA: client=h[9]\n"
		"smtpd[1]: disconnect from h[9] rcpt=1 commands=3\n";
	static const char first[] = "smtpd[2]: BBBBB: client=h[9]\n"
				    "smtpd[2]: connect from h[9]\n";
	const struct {
		const char *text[2];
		int second;
		unsigned long reversed, shuffled;
	} each[] = {
		{ { backward, "" }, 0, 1, 0 },
		{ { backward, backward }, 0, 1, 0 },
		{ { backward, "" }, 1, 0, 1 },
		{ { forward, "" }, 0, 0, 0 },
		/* One that began before the log. */
		{ { first, forward }, 0, 0, 0 },
	};

	for (size_t i = 0; i < COUNT(each); i++) {
		struct taken taken = { 0 };
		struct postlog *log = postlog_new(take, &taken);
		static const char file[] = "log";

		feed_file(log, each[i].text[0], file);
		feed_file(log, each[i].text[1], file);
		if (each[i].second > 0)
			at(log, file, each[i].second);
		postlog_end(log);
		ck_assert_uint_eq(postlog_figures(log)->reversed,
				  each[i].reversed);
		ck_assert_uint_eq(postlog_figures(log)->shuffled,
				  each[i].shuffled);
		postlog_free(log);
	}
}
END_TEST

/* The memory for messages that never leave the queue is limited, too. */
START_TEST(forgets_the_oldest_message)
{
	struct postlog_others others = { 0 };
	char id[16];
	int i;

	for (i = 0; i <= POSTLOG_OTHERS_MAX; i++) {
		snprintf(id, sizeof(id), "%07X", i);
		ck_assert(postlog_others_add(&others, "mx", id));
		ck_assert(!postlog_others_add(&others, "mx", id));
	}
	ck_assert_uint_eq(others.table.count, POSTLOG_OTHERS_MAX);
	ck_assert(postlog_others_add(&others, "mx", "0000000"));
	postlog_others_remove(&others, "mx", "0000005");
	postlog_others_remove(&others, "mx", "0000005");
	ck_assert_uint_eq(others.table.count, POSTLOG_OTHERS_MAX - 1);
	postlog_others_clear(&others);
}
END_TEST

/* with little memory, the oldest are complete early, and nothing is lost */
START_TEST(loses_nothing_with_little_memory)
{
	struct taken taken = { 0 };
	struct postlog *log = postlog_new(take, &taken);
	int i;

	postlog_limit(log, 100000);
	for (i = 0; i < 20000; i++) {
		char *lines = xasprintf(
			"smtpd[%d]: connect from h[9]\n"
			"smtpd[%d]: B%05X: client=h[9]\n"
			"local[3]: B%05X: to=<a@b>, relay=local, status=s\n",
			i + 10, i + 10, i, i);

		feed(log, lines);
		free(lines);
		taken.text[0] = '\0';
	}
	ck_assert_uint_gt(postlog_figures(log)->early, 19000);
	postlog_end(log);
	ck_assert_uint_eq(taken.count, 20000);
	postlog_free(log);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postlog");

	setenv("TZ", "UTC", 1);
	tcase_add_loop_test(tests, counts_what_is_in_other_files, 0,
			    COUNT(parts));
	tcase_add_test(tests, notices_files_in_reversed_order);
	tcase_add_test(tests, has_messages_with_many_recipients);
	tcase_add_test(tests, notices_sessions_that_end_first);
	tcase_add_test(tests, forgets_the_oldest_message);
	tcase_add_test(tests, loses_nothing_with_little_memory);
	return run_tests("postlog_limits", tests);
}
