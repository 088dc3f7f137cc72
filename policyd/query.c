/* SPDX-License-Identifier: ISC */
/* query - ask the policy on the command line
 *
 * The same way that a request of Postfix goes, without a daemon. */

#include "policyd/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/request.h"
#include "lib/xalloc.h"
#include "policyd/policy.h"

/* What stands for an attribute that was not given. */
static const char *const defaults[] = {
	"request=smtpd_access_policy",
	"protocol_state=RCPT",
};

/* ask - judge one request and print the answer */
static int ask(const struct config *config, char *bytes, size_t length)
{
	char reply[REPLY_MAX];
	char why[REPORT_MAX];
	struct error error;

	if (policy_ask(config, bytes, length, reply, why, &error) != 0) {
		fprintf(stderr, "policyd: malformed request: %s\n", error.text);
		return EX_USAGE;
	}
	reply[strcspn(reply, "\n")] = '\0';
	printf("%s\n%s\n\n", reply, why);
	return EX_OK;
}

/* is_given - does an argument set the attribute of this default? */
static bool is_given(const char *text, int count, char **arguments)
{
	size_t name = strcspn(text, "=") + 1;
	int i;

	for (i = 0; i < count; i++)
		if (strncmp(arguments[i], text, name) == 0)
			return true;
	return false;
}

/* check_argument - a known attribute, and nothing that ends its line */
static int check_argument(const char *argument)
{
	const char *equals = strchr(argument, '=');
	struct request scratch;
	char *name;
	int known;

	if (equals == NULL) {
		fprintf(stderr, "policyd: %s: not NAME=VALUE\n", argument);
		return EX_USAGE;
	}
	name = xstrndup(argument, (size_t)(equals - argument));
	request_init(&scratch);
	known = request_set(&scratch, name, "");
	if (known != 0)
		fprintf(stderr,
			"policyd: %s: no such attribute of the policy "
			"protocol (recipient, sasl_method, ...)\n",
			name);
	free(name);
	if (known == 0 && strchr(argument, '\n') != NULL) {
		fprintf(stderr, "policyd: an attribute is one line\n");
		known = -1;
	}
	return known == 0 ? EX_OK : EX_USAGE;
}

/* query_arguments - one request from NAME=VALUE arguments */
static int query_arguments(const struct config *config, int count,
			   char **arguments)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *text = open_memstream(&bytes, &size);
	int status = EX_OK;
	size_t i;
	int j;

	if (text == NULL)
		return EX_TEMPFAIL;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (!is_given(defaults[i], count, arguments))
			fprintf(text, "%s\n", defaults[i]);
	for (j = 0; j < count && status == EX_OK; j++) {
		status = check_argument(arguments[j]);
		fprintf(text, "%s\n", arguments[j]);
	}
	fputc('\n', text);
	if (fclose(text) != 0)
		status = EX_TEMPFAIL;
	if (status == EX_OK)
		status = ask(config, bytes, size);
	free(bytes);
	return status;
}

/* What was read from standard input and not yet answered. */
struct input {
	char *bytes;
	size_t length;
	size_t size;
};

/* read_more - 1 more bytes, 0 the end, -1 an error */
static int read_more(struct input *input)
{
	ssize_t count;

	if (input->size - input->length < REQUEST_BYTES_MAX) {
		input->size += REQUEST_BYTES_MAX;
		input->bytes = xreallocarray(input->bytes, input->size, 1);
	}
	do
		count = read(STDIN_FILENO, input->bytes + input->length,
			     input->size - input->length);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		fprintf(stderr, "policyd: cannot read standard input: %s\n",
			strerror(errno));
	if (count > 0)
		input->length += (size_t)count;
	return count > 0 ? 1 : (int)count;
}

/* answer_whole - answer every whole request that is in the bytes */
static int answer_whole(const struct config *config, struct input *input,
			struct request_scan *scan)
{
	size_t start = 0;
	int status = EX_OK;
	struct error error;

	while (status == EX_OK) {
		ssize_t length =
			request_length(input->bytes + start,
				       input->length - start, scan, &error);

		if (length == 0)
			break;
		*scan = length > 0 ? (struct request_scan){ 0 } : *scan;
		if (length < 0) {
			fprintf(stderr, "policyd: malformed request: %s\n",
				error.text);
			return EX_USAGE;
		}
		status = ask(config, input->bytes + start, (size_t)length);
		start += (size_t)length;
	}
	memmove(input->bytes, input->bytes + start, input->length - start);
	input->length -= start;
	return status;
}

/* query_stdin - each request on standard input */
static int query_stdin(const struct config *config)
{
	struct input input = { 0 };
	struct request_scan scan = { 0 };
	int status = EX_OK;
	int more = 1;

	while (status == EX_OK && (more = read_more(&input)) > 0)
		status = answer_whole(config, &input, &scan);
	if (more < 0)
		status = EX_TEMPFAIL;
	if (status == EX_OK && input.length > 0) {
		fprintf(stderr, "policyd: the last request is not whole: a "
				"blank line ends it\n");
		status = EX_USAGE;
	}
	free(input.bytes);
	return status;
}

/* query - answer the request in the arguments, or those on standard input */
int query(const struct config *config, int count, char **arguments)
{
	int status = count > 0 ? query_arguments(config, count, arguments)
			       : query_stdin(config);

	if (fflush(stdout) != 0 && status == EX_OK)
		status = EX_TEMPFAIL;
	return status;
}
