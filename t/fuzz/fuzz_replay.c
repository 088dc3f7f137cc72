/* SPDX-License-Identifier: ISC */
/* fuzz_replay - any bytes as a file to judge again
 *
 * Whatever is read of it must be a request that a server would take, and a
 * decision line that is read must give the same when it is written again. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/decision/report.h"
#include "policyd/query/replay_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_request - what the reader found */
static void check_request(void *context, const struct request *request,
			  const struct reported *reported,
			  const struct replay_place *place)
{
	const char *value;
	const char *name;
	size_t i;

	(void)context;
	if (place->line == 0 ||
	    strcmp(request->request, "smtpd_access_policy") != 0)
		abort();
	for (i = 0; (value = request_attribute(request, i, &name)) != NULL; i++)
		if (strlen(value) > REQUEST_LINE_MAX || strchr(value, '\n'))
			abort();
	if (reported != NULL &&
	    (reported->id == NULL || reported->verdict >= VERDICT_COUNT))
		abort();
}

/* check_again - a line of ours, written and read */
static void check_again(const char *text)
{
	static char name[] = "s";
	static const struct service service = { .name = name };
	struct facts facts = { 0 };
	struct decision decision = { .verdict = VERDICT_DUNNO,
				     .restriction = "none",
				     .reason = "" };
	struct reported reported = { 0 };
	struct request request;
	struct error error;
	char line[REPORT_MAX + 80] = "policyd[1]: ";

	request_init(&request);
	request.recipient = request.helo_name = text;
	report_write(line + strlen(line), "ID", &service, &request, &facts,
		     &decision, 1);
	if (report_read(&reported, line, &error) == 1 &&
	    strcmp(reported.notation.request.recipient, text) != 0)
		abort();
	report_read_clear(&reported);
}

/* check_forged - what other programs say is theirs, whatever it is */
static void check_forged(const char *text)
{
	static const char *const heads[] = {
		"Nov 24 15:00:00 mx dovecot: ",
		"Nov 24 15:00:00 mx sshd[9]: ",
		"2026-11-24T15:00:00.1+01:00 mx kernel: ",
	};
	char *line;
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		line = xasprintf("%s%s", heads[i], text);
		if (report_is_line(line))
			abort();
		free(line);
	}
}

/* LLVMFuzzerTestOneInput - one file. It begins with an empty line: a compressed
 * one is given to another program, which may say that it is damaged. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay_reader reader = { .request = check_request,
					.quiet = true };
	char path[] = "/tmp/fuzz_replay.XXXXXX";
	struct error error;
	char *text = malloc(size + 1);
	int fd = mkstemp(path);

	if (text == NULL || fd < 0 || write(fd, "\n", 1) != 1 ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	if (replay_read(&reader, path, &error) < 0)
		abort();
	unlink(path);
	memcpy(text, data, size);
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (strlen(text) < REQUEST_LINE_MAX - 16)
		check_again(text);
	check_forged(text);
	free(text);
	return 0;
}
