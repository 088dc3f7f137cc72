/* SPDX-License-Identifier: ISC */
/* fuzz_reply - any text as a configured refusal, any decision
 *
 * A text that is accepted never becomes anything but one refusing line; what
 * the client is shown is printable, and nothing in it comes from the request
 * without being escaped. */

#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/decision/reply.h"
#include "t/fuzz/fuzz.h"

/* check_line - one line, no control character, a blank line after it */
static void check_line(const char *reply, size_t length)
{
	size_t i;

	require(length < REPLY_MAX && strlen(reply) == length);
	require(strncmp(reply, "action=", 7) == 0);
	require(strcmp(reply + length - 2, "\n\n") == 0);
	for (i = 0; i < length - 2; i++)
		require((unsigned char)reply[i] >= ' ' && reply[i] != 0x7f);
}

/* refuses - is it one of the actions that refuse? */
static bool refuses(const char *action)
{
	return ((action[0] == '4' || action[0] == '5') && action[1] >= '0' &&
		action[1] <= '9' && action[2] >= '0' && action[2] <= '9') ||
	       strncasecmp(action, "REJECT", 6) == 0 ||
	       strncasecmp(action, "DEFER", 5) == 0;
}

/* check_client - what the client is shown; request bytes are hostile */
static void check_client(const char *action, const char *hostile)
{
	char text[REPLY_CLIENT_MAX];
	struct request request;
	size_t length, i;

	request_init(&request);
	request.recipient = request.sender = request.helo_name = hostile;
	request.client_address = hostile;
	request.protocol_state = (strlen(hostile) & 1) != 0 ? "RCPT" : "HELO";
	length = reply_client(text, action, &request);
	require(length < sizeof(text) && strlen(text) == length);
	for (i = 0; i < length; i++)
		require((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
	require(length == 0 || text[0] == '4' || text[0] == '5');
}

/* check_decision - how one decision is said */
static void check_decision(const uint8_t *data, char *text, bool ours)
{
	const struct decision decision = {
		.verdict = data[0] % VERDICT_ASK,
		.refusal = data[1] % (REFUSAL_LOGIN + 1),
		.restriction = "permit_auth_destination",
		.reason = "",
	};
	const struct facts facts = {
		.weak = data[2] & 1 ? "not encrypted" : NULL,
		.advice = "use TLS",
		.authenticated = data[2] & 2,
	};
	const struct reply_options options = {
		.mode = data[2] / 4 % 3,
		.reject_reply = ours ? text : NULL,
		.plaintext_reply = ours ? text : NULL,
	};
	char reply[REPLY_MAX];
	size_t length =
		reply_write(reply, &decision, &facts, &options, "ABCDEF");

	check_line(reply, length);
	if (decision.verdict == VERDICT_REJECT ||
	    decision.verdict == VERDICT_DEFER)
		require(refuses(reply + 7));
	else
		require(!refuses(reply + 7));
	reply[length - 2] = '\0';
	check_client(reply + 7, text);
}

/* LLVMFuzzerTestOneInput - three bytes of decision, the rest a text */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	char *text;

	if (size < 4)
		return 0;
	text = xstrndup((const char *)data + 3, size - 3);
	if (reply_check(text, &error) == 0) {
		require(refuses(text));
		check_decision(data, text, true);
	}
	check_decision(data, text, false);
	free(text);
	return 0;
}
