/* SPDX-License-Identifier: ISC */
/* fuzz_sentinel - a Sentinel that says anything
 *
 * The input is its answer. Whatever comes first decides: an answer that is
 * refused, or whole, does not become another one with what follows. An address
 * is one that a connection can be made to, and not of this host's files. */

#include <string.h>

#include "lib/net/listener.h"
#include "lib/net/sentinel.h"
#include "t/fuzz/fuzz.h"

/* LLVMFuzzerInitialize - nothing to do */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	return 0;
}

/* check - what is found in the bytes */
static int check(const uint8_t *data, size_t size)
{
	char address[SENTINEL_ADDRESS] = "";
	struct listener_options options;
	struct error error = { "" };
	int found = sentinel_answer((const char *)data, size, address, &error);

	require((found < 0) == (error.text[0] != '\0'));
	require((found == 1) == (address[0] != '\0'));
	if (found == 1)
		require(strncmp(address, "inet:", 5) == 0 &&
			listener_parse(&options, address, &error) == 0);
	return found;
}

/* LLVMFuzzerTestOneInput - as it comes */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int before = 0;

	if (size > SENTINEL_ANSWER_MAX)
		size = SENTINEL_ANSWER_MAX;
	for (size_t length = 0; length <= size; length++) {
		int found = check(data, length);

		require(before >= 0 || found < 0);
		require(before != 1 || found < 0);
		before = found;
	}
	require(size < SENTINEL_ANSWER_MAX || before != 0);
	return 0;
}
