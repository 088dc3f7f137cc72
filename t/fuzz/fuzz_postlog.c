/* SPDX-License-Identifier: ISC */
/* fuzz_postlog - any bytes as the log of Postfix
 *
 * Whatever is taken from it must have come from its lines: no more recipients
 * than lines with one, and no text that is longer than a line. A line that
 * another program wrote is never one of Postfix, whatever it quotes. */

#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog.h"
#include "lib/postlog/postlog_event.h"
#include "t/fuzz/fuzz.h"

#define LATEST 1795528800

/* The recipients: those that lines have, and those that were taken. */
struct balance {
	unsigned long fed, taken;
};

/* take - a postlog_take */
static void take(void *context, const struct postlog_case *taken)
{
	struct balance *balance = context;

	balance->taken += taken->count;
	require(taken->count > 0 && taken->line > 0);
	require(strlen(taken->recipient) < POSTLOG_ADDRESS_MAX);
	require(strlen(taken->sender) < POSTLOG_ADDRESS_MAX);
	require(strlen(taken->login) < POSTLOG_ADDRESS_MAX);
	require(strchr(taken->recipient, '\n') == NULL);
	require(taken->protocol != NULL && taken->method != NULL);
	require(taken->tls != POSTLOG_TLS_KNOWN || *taken->protocol != '\0');
}

/* check_forged - a line of others is theirs */
static void check_forged(const char *text)
{
	static const char *const heads[] = {
		"Nov 24 15:00:00 mx dovecot: ",
		"Nov 24 15:00:00 mx sshd[9]: ",
		"2026-11-24T15:00:00.1+01:00 mx kernel: ",
		"<22>1 2026-11-24T15:00:00Z mx sshd 9 - - ",
	};
	struct postlog_line line = { 0 };
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		char *whole = xasprintf("%s%s", heads[i], text);

		require(postlog_line_read(&line, whole, LATEST) == 0);
		free(whole);
	}
	postlog_line_clear(&line);
}

/* feed_line - one line */
static void feed_line(struct postlog *log, struct balance *balance,
		      struct postlog_line *line, char *text,
		      unsigned long number)
{
	struct postlog_event event;

	check_forged(text);
	if (postlog_line_read(line, text, LATEST) > 0) {
		postlog_event_read(&event, line);
		if (event.kind == POSTLOG_REJECT || line->again)
			balance->fed += line->repeats;
		else if (event.kind == POSTLOG_TO ||
			 event.kind == POSTLOG_PROXIED)
			balance->fed++;
		postlog_feed(log, line, "log", number);
	}
}

/* LLVMFuzzerTestOneInput - one log */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct balance balance = { 0 };
	struct postlog *log = postlog_new(take, &balance);
	char *text = xmalloc(size + 1);
	struct postlog_line read = { 0 };
	char *line = text;
	unsigned long number = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	postlog_limit(log, size * 4);
	while (line != NULL) {
		char *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		feed_line(log, &balance, &read, line, ++number);
		line = end != NULL ? end + 1 : NULL;
	}
	postlog_line_clear(&read);
	postlog_end(log);
	require(balance.taken <= balance.fed);
	postlog_free(log);
	free(text);
	return 0;
}
