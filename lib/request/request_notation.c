/* SPDX-License-Identifier: ISC */
/* request_notation - a request in short notation
 *
 * To ask "may alice relay on port 587?", nobody should have to know how Postfix
 * spells a TLS session. Short names are translated into attributes of the
 * policy protocol. Values that no Postfix could send are refused, since the
 * answer to them would be meaningless. */

#include "lib/request/request_notation.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/ip_address.h"
#include "lib/base/number.h"
#include "lib/base/similar.h"
#include "lib/base/xalloc.h"

/* States of SMTPD_POLICY_README, and XCLIENT, which Postfix sends but does not
 * document. */
static const char *const states[] = {
	"CONNECT", "XCLIENT", "HELO", "EHLO",		"MAIL", "RCPT",
	"VRFY",	   "ETRN",    "DATA", "END-OF-MESSAGE", NULL,
};

/* The usual session of each TLS version; the key sizes are those that Postfix
 * reports. */
static const struct {
	const char *version, *protocol, *cipher, *keysize;
} sessions[] = {
	{ "1.3", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256" },
	{ "1.2", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256" },
	{ "1.1", "TLSv1.1", "ECDHE-RSA-AES256-SHA", "256" },
	{ "1.0", "TLSv1", "ECDHE-RSA-AES256-SHA", "256" },
};

/* keep - a copy that lives as long as the question */
static char *keep(struct notation *notation, const char *text, size_t length)
{
	char *copy = xstrndup(text, length);

	notation->texts = xreallocarray(notation->texts, notation->count + 1,
					sizeof(*notation->texts));
	notation->texts[notation->count++] = copy;
	return copy;
}

/* notation_init - at RCPT, and otherwise empty */
void notation_init(struct notation *notation)
{
	memset(notation, 0, sizeof(*notation));
	request_init(&notation->request);
	notation->request.request = "smtpd_access_policy";
	notation->request.protocol_state = "RCPT";
}

/* notation_clear - free the texts */
void notation_clear(struct notation *notation)
{
	size_t i;

	for (i = 0; i < notation->count; i++)
		free(notation->texts[i]);
	free(notation->texts);
	notation_init(notation);
}

/* check_number - digits, or empty */
static int check_number(const char *value, uint64_t max, struct error *error)
{
	uint64_t number;

	if (*value == '\0' || number_parse(value, max, &number) == 0)
		return 0;
	return error_set(error, "is not a number from 0 to %" PRIu64, max);
}

/* check_address - an IP address, or what Postfix sends if there is none */
static int check_address(const char *value, struct error *error)
{
	struct ip_address address;

	if (*value == '\0' || strcmp(value, "unknown") == 0 ||
	    ip_parse(&address, value) == 0)
		return 0;
	return error_set(error, "is not an IP address");
}

/* check_state - a state of Postfix */
static int check_state(const char *value, struct error *error)
{
	size_t i;

	for (i = 0; states[i] != NULL; i++)
		if (strcmp(states[i], value) == 0)
			return 0;
	return error_set(error, "is not a protocol state: CONNECT, HELO, EHLO, "
				"MAIL, RCPT, VRFY, ETRN, DATA, "
				"END-OF-MESSAGE");
}

/* check_request - there is only one kind */
static int check_request(const char *value, struct error *error)
{
	if (strcmp(value, "smtpd_access_policy") == 0)
		return 0;
	return error_set(error, "is not smtpd_access_policy");
}

/* check_value - could Postfix send this? */
static int check_value(const struct notation *notation, const char *name,
		       const char *value, struct error *error)
{
	static const struct {
		const char *name;
		uint64_t max;
	} numbers[] = {
		{ "client_port", 65535 },
		{ "server_port", 65535 },
		{ "recipient_count", 1000000 },
		{ "encryption_keysize", 65535 },
		{ "size", UINT64_C(0xffffffffffff) },
	};
	size_t i;

	if (strchr(value, '\n') != NULL)
		return error_set(error, "is more than one line");
	if (strlen(name) + strlen(value) >= REQUEST_LINE_MAX)
		return error_set(error,
				 "is too long: a line has at most %d "
				 "bytes",
				 REQUEST_LINE_MAX);
	if (strcmp(name, "request") == 0)
		return check_request(value, error);
	if (notation->lax)
		return 0;
	if (strcmp(name, "client_address") == 0 ||
	    strcmp(name, "server_address") == 0)
		return check_address(value, error);
	if (strcmp(name, "protocol_state") == 0)
		return check_state(value, error);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(name, numbers[i].name) == 0)
			return check_number(value, numbers[i].max, error);
	return 0;
}

/* set - set an attribute by its name in the protocol */
static int set(struct notation *notation, const char *name, const char *value,
	       size_t length, struct error *error)
{
	char *copy = keep(notation, value, length);

	if (check_value(notation, name, copy, error) < 0)
		return -1;
	if (request_set(&notation->request, name, copy) == 0)
		return 0;
	return error_set(error, "no such name");
}

/* set_text - set an attribute to the whole text */
static int set_text(struct notation *notation, const char *name,
		    const char *value, struct error *error)
{
	return set(notation, name, value, strlen(value), error);
}

/* set_mailbox - an address, with or without <> */
static int set_mailbox(struct notation *notation, const char *name,
		       const char *value, struct error *error)
{
	size_t length = strlen(value);

	if (length >= 2 && value[0] == '<' && value[length - 1] == '>')
		return set(notation, name, value + 1, length - 2, error);
	return set(notation, name, value, length, error);
}

/* set_client - ADDRESS, [ADDRESS] or [ADDRESS]:PORT */
static int set_client(struct notation *notation, const char *name,
		      const char *value, struct error *error)
{
	const char *end = strrchr(value, ']');

	if (value[0] != '[')
		return set_text(notation, name, value, error);
	if (end == NULL || (end[1] != '\0' && end[1] != ':'))
		return error_set(error, "is neither ADDRESS nor "
					"[ADDRESS]:PORT");
	if (set(notation, name, value + 1, (size_t)(end - value) - 1, error) <
	    0)
		return -1;
	return set_text(notation, "client_port", end[1] == ':' ? end + 2 : "",
			error);
}

/* set_port - a number, or the usual name of one */
static int set_port(struct notation *notation, const char *name,
		    const char *value, struct error *error)
{
	static const struct {
		const char *name, *number;
	} ports[] = {
		{ "smtp", "25" },
		{ "submission", "587" },
		{ "submissions", "465" },
		{ "smtps", "465" },
	};
	size_t i;

	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (strcasecmp(value, ports[i].name) == 0)
			value = ports[i].number;
	return set_text(notation, name, value, error);
}

/* set_state - in upper or lower case */
static int set_state(struct notation *notation, const char *name,
		     const char *value, struct error *error)
{
	size_t i;

	for (i = 0; states[i] != NULL; i++)
		if (strcasecmp(states[i], value) == 0)
			value = states[i];
	return set_text(notation, name, value, error);
}

/* set_session - the three attributes of a TLS session */
static int set_session(struct notation *notation, const char *protocol,
		       size_t protocol_length, const char *cipher,
		       size_t cipher_length, const char *keysize,
		       struct error *error)
{
	if (set(notation, "encryption_protocol", protocol, protocol_length,
		error) < 0 ||
	    set(notation, "encryption_cipher", cipher, cipher_length, error) <
		    0)
		return -1;
	return set_text(notation, "encryption_keysize", keysize, error);
}

/* set_tls - none, a version, or PROTOCOL/CIPHER/BITS */
static int set_tls(struct notation *notation, const char *name,
		   const char *value, struct error *error)
{
	const char *version =
		strncasecmp(value, "TLSv", 4) == 0 ? value + 4 : value;
	const char *cipher = strchr(value, '/');
	const char *keysize = strrchr(value, '/');
	size_t i;

	(void)name;
	if (strcasecmp(value, "none") == 0 || *value == '\0')
		return set_session(notation, "", 0, "", 0, "0", error);
	for (i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++)
		if (strcmp(version, sessions[i].version) == 0 ||
		    strcmp(value, sessions[i].protocol) == 0)
			return set_session(notation, sessions[i].protocol,
					   strlen(sessions[i].protocol),
					   sessions[i].cipher,
					   strlen(sessions[i].cipher),
					   sessions[i].keysize, error);
	if (cipher == NULL || cipher == keysize)
		return error_set(error, "is neither none, 1.0, 1.1, 1.2, 1.3 "
					"nor PROTOCOL/CIPHER/BITS");
	return set_session(notation, value, (size_t)(cipher - value),
			   cipher + 1, (size_t)(keysize - cipher) - 1,
			   keysize + 1, error);
}

/* set_sasl - none, or METHOD/USER */
static int set_sasl(struct notation *notation, const char *name,
		    const char *value, struct error *error)
{
	const char *slash = strchr(value, '/');

	(void)name;
	if (strcasecmp(value, "none") == 0 || *value == '\0')
		value = slash = "/";
	if (slash == NULL)
		return error_set(error, "is neither none nor METHOD/USER");
	if (set(notation, "sasl_method", value, (size_t)(slash - value),
		error) < 0)
		return -1;
	return set_text(notation, "sasl_username", slash + 1, error);
}

/* set_login - USER, with the usual mechanism */
static int set_login(struct notation *notation, const char *name,
		     const char *value, struct error *error)
{
	if (set_text(notation, "sasl_method", *value != '\0' ? "PLAIN" : "",
		     error) < 0)
		return -1;
	return set_text(notation, name, value, error);
}

/* The short names; name is the attribute that each sets, or the first one. */
static const struct {
	const char *word;
	const char *name;
	int (*set)(struct notation *notation, const char *name,
		   const char *value, struct error *error);
} shorts[] = {
	{ "to", "recipient", set_mailbox },
	{ "from", "sender", set_mailbox },
	{ "client", "client_address", set_client },
	{ "helo", "helo_name", set_text },
	{ "port", "server_port", set_port },
	{ "context", "policy_context", set_text },
	{ "state", "protocol_state", set_state },
	{ "recipients", "recipient_count", set_text },
	{ "tls", "encryption_protocol", set_tls },
	{ "sasl", "sasl_method", set_sasl },
	{ "login", "sasl_username", set_login },
	{ "cert", "ccert_fingerprint", set_text },
	{ "key", "ccert_pubkey_fingerprint", set_text },
};
#define SHORT_COUNT (sizeof(shorts) / sizeof(shorts[0]))

_Static_assert(SHORT_COUNT == NOTATION_SHORT_NAMES,
	       "lib/request/request_notation.h counts them");

/* notation_name - a list of all names */
const char *notation_name(size_t index)
{
	struct request scratch;
	const char *name;

	if (index < SHORT_COUNT)
		return shorts[index].word;
	request_init(&scratch);
	return request_attribute(&scratch, index - SHORT_COUNT, &name) != NULL
		       ? name
		       : NULL;
}

/* similar_name - "; did you mean NAME?", or "" */
static const char *similar_name(const char *name, char *advice, size_t size)
{
	struct similar similar;
	const char *known;
	size_t i;

	similar_init(&similar, name);
	for (i = 0; (known = notation_name(i)) != NULL; i++)
		similar_try(&similar, known);
	return similar_advice(&similar, advice, size);
}

/* set_any - set by a short name or a name of the protocol */
static int set_any(struct notation *notation, const char *name,
		   const char *value, struct error *error)
{
	struct request scratch;
	char advice[80];
	size_t i;

	for (i = 0; i < SHORT_COUNT; i++)
		if (strcmp(shorts[i].word, name) == 0)
			return shorts[i].set(notation, shorts[i].name, value,
					     error);
	request_init(&scratch);
	if (request_set(&scratch, name, "") == 0)
		return set_text(notation, name, value, error);
	if (*similar_name(name, advice, sizeof(advice)) != '\0')
		return error_set(error, "no such name%s", advice);
	return error_set(error,
			 "no such name; there are to, from, client, helo, "
			 "port, context, state, recipients, tls, sasl, login, "
			 "cert, key and the attributes of the policy protocol "
			 "(recipient, sasl_method, ...)");
}

/* notation_set - set one NAME = VALUE */
int notation_set(struct notation *notation, const char *name, const char *value,
		 struct error *error)
{
	if (set_any(notation, name, value, error) == 0)
		return 0;
	return error_prefix(error, "%.60s=%.120s: ", name, value);
}

/* hex - the value of a digit as log_quote() writes it; -1: it is none */
static int hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* escaped - the byte that "\xNN" means; -1: the text is something else */
static int escaped(const char *text)
{
	int byte = -1;

	if (text[0] == '\\' && text[1] == 'x' && hex(text[2]) >= 0 &&
	    hex(text[3]) >= 0)
		byte = hex(text[2]) * 16 + hex(text[3]);
	return byte == 0 ? -1 : byte;
}

/* unquote - a copy without log_quote(); the caller frees it */
static char *unquote(const char *text)
{
	char *copy = xstrdup(text);
	char *to = copy;

	while (*text != '\0') {
		int byte = escaped(text);

		if (byte >= 0) {
			*to++ = (char)byte;
			text += strlen("\\xNN");
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	return copy;
}

/* notation_text - set one argument, "NAME=VALUE" */
int notation_text(struct notation *notation, const char *text,
		  struct error *error)
{
	const char *equals = strchr(text, '=');
	char *name;
	char *value;
	int result;

	if (equals == NULL)
		return error_set(error, "%.200s: not NAME=VALUE", text);
	name = xstrndup(text, (size_t)(equals - text));
	value = unquote(equals + 1);
	result = notation_set(notation, name, value, error);
	free(value);
	free(name);
	return result;
}
