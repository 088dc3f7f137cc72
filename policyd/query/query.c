/* SPDX-License-Identifier: ISC */
/* query - answer requests on the command line
 *
 * They take the same way as a request of Postfix, without a daemon. */

#include "policyd/query/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/request/request.h"
#include "lib/request/request_notation.h"
#include "policyd/query/explanation.h"
#include "policyd/query/replay.h"

#define QUERY_ID "query" /* the id in refusals */

/* answer - judge one request and print the explanation */
static int answer(const struct config *config,
		  const struct query_options *options,
		  const struct request *request)
{
	struct explanation explanation;
	struct error error;
	int status = EX_OK;

	if (explain(&explanation, config, NULL, request, QUERY_ID, &error) <
	    0) {
		fprintf(stderr, "policyd: %s\n", error.text);
		status = EX_USAGE;
	} else if (options->json) {
		explanation_print_json(&explanation, stdout);
	} else {
		explanation_print(&explanation, explanation_colour(stdout),
				  stdout);
	}
	explanation_clear(&explanation);
	return status;
}

/* query_arguments - the request given as NAME=VALUE arguments */
static int query_arguments(const struct config *config,
			   const struct query_options *options)
{
	struct notation notation;
	struct error error;
	int status = EX_OK;
	int i;

	notation_init(&notation);
	for (i = 0; i < options->count; i++) {
		if (notation_text(&notation, options->arguments[i], &error) ==
		    0)
			continue;
		fprintf(stderr, "policyd: %s\n", error.text);
		status = EX_USAGE;
	}
	if (status == EX_OK)
		status = answer(config, options, &notation.request);
	notation_clear(&notation);
	return status;
}

/* answer_bytes - a request in the form that Postfix sends */
static int answer_bytes(const struct config *config,
			const struct query_options *options, char *bytes,
			size_t length)
{
	struct request request;
	struct error error;

	if (request_parse(&request, bytes, length, &error) == 0)
		return answer(config, options, &request);
	fprintf(stderr, "policyd: malformed request: %s\n", error.text);
	return EX_USAGE;
}

/* Bytes from standard input that have not been answered yet. */
struct input {
	char *bytes;
	size_t length;
	size_t size;
};

/* read_more - 1 more bytes, 0 end of input, -1 error */
static int read_more(struct input *input)
{
	ssize_t count;

	if (input->size - input->length <= REQUEST_BYTES_MAX) {
		input->size += REQUEST_BYTES_MAX;
		input->bytes = xreallocarray(input->bytes, input->size, 1);
	}
	do
		count = read(STDIN_FILENO, input->bytes + input->length,
			     input->size - 1 - input->length);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		fprintf(stderr, "policyd: cannot read standard input: %s\n",
			strerror(errno));
	if (count > 0)
		input->length += (size_t)count;
	return count > 0 ? 1 : (int)count;
}

/* answer_whole - answer every complete request in the input */
static int answer_whole(const struct config *config,
			const struct query_options *options,
			struct input *input, struct request_scan *scan)
{
	size_t start = 0;
	int status = EX_OK;
	struct error error;

	input->bytes[input->length] = '\0';
	while (status == EX_OK) {
		ssize_t length =
			request_length(input->bytes + start,
				       input->length - start, scan, &error);

		if (length == 0)
			break;
		if (length < 0) {
			fprintf(stderr, "policyd: malformed request: %s\n",
				error.text);
			return EX_USAGE;
		}
		*scan = (struct request_scan){ 0 };
		status = answer_bytes(config, options, input->bytes + start,
				      (size_t)length);
		start += (size_t)length;
	}
	memmove(input->bytes, input->bytes + start, input->length - start);
	input->length -= start;
	return status;
}

/* query_stdin - each request on standard input */
static int query_stdin(const struct config *config,
		       const struct query_options *options)
{
	struct input input = { 0 };
	struct request_scan scan = { 0 };
	int status = EX_OK;
	int more = 1;

	if (isatty(STDIN_FILENO) == 1)
		fputs("policyd: type a request, one NAME=VALUE on each line, "
		      "and a blank line; or give it as arguments: policyd -q "
		      "to=user@far.example port=25\n",
		      stderr);
	while (status == EX_OK && (more = read_more(&input)) > 0) {
		status = answer_whole(config, options, &input, &scan);
		/* The program at the other end of the pipe may wait for it. */
		if (fflush(stdout) != 0)
			break;
	}
	if (more < 0)
		status = EX_TEMPFAIL;
	if (status == EX_OK && input.length > 0) {
		fprintf(stderr, "policyd: the last request is incomplete: a "
				"blank line must end it\n");
		status = EX_USAGE;
	}
	free(input.bytes);
	return status;
}

/* query - answer the request in the arguments, or those on standard input */
int query(const struct config *config, const struct query_options *options)
{
	if (options->id != NULL)
		return replay_id(config, options);
	if (options->replay)
		return replay(config, options);
	return options->count > 0 ? query_arguments(config, options)
				  : query_stdin(config, options);
}
