/* SPDX-License-Identifier: ISC */
/* fuzz_request - framing and parsing of any bytes
 *
 * Whatever comes: no length beyond what was given, the same answer however
 * the bytes are split, and strings that stay inside the request. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/request.h"
#include "lib/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* measure - the length, as bytes come in two parts */
static ssize_t measure(const char *bytes, size_t size, size_t first)
{
	struct request_scan scan = { 0 };
	struct error error;
	ssize_t length = request_length(bytes, first, &scan, &error);

	return length != 0 ? length
			   : request_length(bytes, size, &scan, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t split = size > 0 ? data[0] % size : 0;
	char *bytes = xmalloc(size + 1);
	struct request request;
	struct error error;
	ssize_t length;

	memcpy(bytes, data, size);
	bytes[size] = '\0';
	length = measure(bytes, size, size);
	if (measure(bytes, size, split) != length)
		abort();
	if (length > (ssize_t)size || length > REQUEST_BYTES_MAX)
		abort();
	if (length > 0 &&
	    request_parse(&request, bytes, (size_t)length, &error) == 0) {
		if (strcmp(request.request, "smtpd_access_policy") != 0 ||
		    strlen(request.recipient) > REQUEST_LINE_MAX)
			abort();
	}
	free(bytes);
	return 0;
}
