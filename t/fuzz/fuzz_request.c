/* SPDX-License-Identifier: ISC */
/* fuzz_request - framing and parsing of any bytes
 *
 * Whatever comes: no length beyond what was given, the same request or none
 * however the bytes are split, and strings that stay inside of it. */

#include <stdbool.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/request/request.h"
#include "t/fuzz/fuzz.h"

/* copy - bytes as a server has them, with a NUL behind */
static char *copy(const uint8_t *data, size_t size)
{
	char *bytes = xmalloc(size + 1);

	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	return bytes;
}

/* measure - the length of the first request, as bytes come in two parts */
static ssize_t measure(const uint8_t *data, size_t size, size_t first)
{
	struct request_scan scan = { 0 };
	struct error error;
	char *bytes = copy(data, first);
	ssize_t length = request_length(bytes, first, &scan, &error);

	require(length <= (ssize_t)first);
	free(bytes);
	if (length != 0)
		return length;
	bytes = copy(data, size);
	length = request_length(bytes, size, &scan, &error);
	require(length <= (ssize_t)size && length <= REQUEST_BYTES_MAX);
	free(bytes);
	return length;
}

/* parse - is what has that length a request? */
static bool parse(const uint8_t *data, ssize_t length)
{
	struct request request;
	struct error error;
	char *bytes;
	bool well;

	if (length <= 0)
		return false;
	bytes = copy(data, (size_t)length);
	well = request_parse(&request, bytes, (size_t)length, &error) == 0;
	if (well) {
		require(strcmp(request.request, "smtpd_access_policy") == 0);
		require(strlen(request.recipient) <= REQUEST_LINE_MAX);
	}
	free(bytes);
	return well;
}

/* LLVMFuzzerTestOneInput - as it comes at once, and in two parts */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t split = size > 0 ? data[0] % size : 0;
	ssize_t whole = measure(data, size, size);
	ssize_t parts = measure(data, size, split);

	/* Too many attributes: found by one or the other. */
	require(parse(data, whole) == parse(data, parts));
	require(!parse(data, whole) || whole == parts);
	return 0;
}
