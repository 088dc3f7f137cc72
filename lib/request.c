/* SPDX-License-Identifier: ISC */
/* request - one request of the Postfix SMTP access policy protocol
 *
 * A request is lines of NAME=VALUE and a blank line (SMTPD_POLICY_README).
 * request_length() finds its end while bytes arrive and enforces the limits;
 * request_parse() cuts it into strings in place. */

#include "lib/request.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Requests of so many bytes cannot have too long a line. */
#define SHORT_MAX REQUEST_LINE_MAX

/* One attribute: its name, its place in the struct, and whether two
 * different values in one request are an attempt to be judged twice. */
struct attribute {
	const char *name;
	size_t length; /* of the name */
	size_t offset;
	bool decides;
};

/* clang-format off */
#define ATTRIBUTE(name, decides) \
	{ #name, sizeof(#name) - 1, offsetof(struct request, name), decides }
/* clang-format on */

static const struct attribute attributes[] = {
	ATTRIBUTE(request, true),
	ATTRIBUTE(protocol_state, true),
	ATTRIBUTE(protocol_name, false),
	ATTRIBUTE(client_address, true),
	ATTRIBUTE(client_name, false),
	ATTRIBUTE(client_port, false),
	ATTRIBUTE(reverse_client_name, false),
	ATTRIBUTE(server_address, true),
	ATTRIBUTE(server_port, true),
	ATTRIBUTE(helo_name, false),
	ATTRIBUTE(sender, true),
	ATTRIBUTE(recipient, true),
	ATTRIBUTE(recipient_count, false),
	ATTRIBUTE(queue_id, false),
	ATTRIBUTE(instance, false),
	ATTRIBUTE(size, false),
	ATTRIBUTE(etrn_domain, false),
	ATTRIBUTE(stress, false),
	ATTRIBUTE(sasl_method, true),
	ATTRIBUTE(sasl_username, true),
	ATTRIBUTE(sasl_sender, false),
	ATTRIBUTE(ccert_subject, false),
	ATTRIBUTE(ccert_issuer, false),
	ATTRIBUTE(ccert_fingerprint, true),
	ATTRIBUTE(ccert_pubkey_fingerprint, true),
	ATTRIBUTE(encryption_protocol, true),
	ATTRIBUTE(encryption_cipher, true),
	ATTRIBUTE(encryption_keysize, true),
	ATTRIBUTE(policy_context, true),
	ATTRIBUTE(compatibility_level, false),
	ATTRIBUTE(mail_version, false),
	ATTRIBUTE(tls_sni, false),
};

#define ATTRIBUTE_COUNT (sizeof(attributes) / sizeof(attributes[0]))

/* check_line - the limits at the end of a line; the blank one counts not */
static int check_line(const struct request_scan *scan, struct error *error)
{
	if (scan->line > REQUEST_LINE_MAX)
		return error_set(error, "line longer than %d bytes",
				 REQUEST_LINE_MAX);
	if (scan->lines > REQUEST_ATTRIBUTE_MAX)
		return error_set(error, "more than %d attributes",
				 REQUEST_ATTRIBUTE_MAX);
	return 0;
}

/* find_end - of a request that may be long, may not be whole yet, or may have
 * more behind it than it should */
static ssize_t find_end(const char *bytes, size_t length,
			struct request_scan *scan, struct error *error)
{
	while (scan->offset < length) {
		const char *start = bytes + scan->offset;
		size_t left = length - scan->offset;
		const char *newline = memchr(start, '\n', left);
		size_t part = newline ? (size_t)(newline - start) : left;
		bool ends;

		scan->offset += part;
		scan->line += part;
		if (newline != NULL && scan->line > 0)
			scan->lines++;
		if (check_line(scan, error) != 0)
			return -1;
		if (newline != NULL)
			scan->offset++;
		ends = newline != NULL && scan->line == 0;
		if (scan->offset > REQUEST_BYTES_MAX ||
		    (!ends && scan->offset == REQUEST_BYTES_MAX))
			return error_set(error, "request over %d bytes",
					 REQUEST_BYTES_MAX);
		if (ends)
			return (ssize_t)scan->offset;
		if (newline != NULL)
			scan->line = 0;
	}
	return 0;
}

/* find_short - the length of a request that is whole and has no NUL, and is
 * so short that only its attributes can be too many, which the parser sees;
 * 0: this has to be looked at in detail */
static size_t find_short(const char *bytes, size_t length)
{
	const char *blank;
	size_t whole;

	if (length == 0 || bytes[0] == '\n')
		return 0;
	blank = strstr(bytes, "\n\n");
	if (blank == NULL)
		return 0;
	whole = (size_t)(blank - bytes) + 2;
	return whole <= SHORT_MAX && whole <= length ? whole : 0;
}

/* request_length - length of the first whole request in the bytes */
ssize_t request_length(const char *bytes, size_t length,
		       struct request_scan *scan, struct error *error)
{
	const char *start = bytes + scan->offset;
	size_t before = scan->offset;
	ssize_t end = before == 0 ? (ssize_t)find_short(bytes, length) : 0;

	if (end > 0)
		return end;
	end = find_end(bytes, length, scan, error);
	/* Of what follows the end another call will see the NULs. */
	if (end >= 0 && memchr(start, '\0', scan->offset - before) != NULL)
		return error_set(error, "NUL byte");
	return end;
}

/* request_init - every attribute "" */
void request_init(struct request *request)
{
	size_t i;

	for (i = 0; i < ATTRIBUTE_COUNT; i++)
		*(const char **)((char *)request + attributes[i].offset) = "";
}

/* find_attribute - the attribute of that name, or NULL */
static const struct attribute *find_attribute(const char *name, size_t length,
					      size_t hint)
{
	size_t i;

	/* Postfix sends them nearly in the order of the table. */
	for (i = 0; i < ATTRIBUTE_COUNT; i++) {
		size_t place = (hint + i) % ATTRIBUTE_COUNT;
		const struct attribute *attribute = &attributes[place];

		if (attribute->length == length &&
		    memcmp(attribute->name, name, length) == 0)
			return attribute;
	}
	return NULL;
}

/* request_set - set one attribute by its name */
int request_set(struct request *request, const char *name, const char *value)
{
	const struct attribute *attribute =
		find_attribute(name, strlen(name), 0);

	if (attribute == NULL)
		return -1;
	*(const char **)((char *)request + attribute->offset) = value;
	return 0;
}

/* request_attribute - the attribute with that index */
const char *request_attribute(const struct request *request, size_t index,
			      const char **name)
{
	if (index >= ATTRIBUTE_COUNT)
		return NULL;
	*name = attributes[index].name;
	return *(const char *const *)((const char *)request +
				      attributes[index].offset);
}

/* What is known while the lines of one request are read. */
struct reading {
	struct request *request;
	uint64_t seen; /* bit i: attributes[i] was given */
	size_t hint;   /* where the next one probably stands */
};

_Static_assert(ATTRIBUTE_COUNT == REQUEST_NAMES, "lib/request.h counts them");
_Static_assert(ATTRIBUTE_COUNT <= 64, "struct reading has 64 bits");

/* is_next - does NAME= at line name the attribute that is expected? */
static bool is_next(const struct reading *reading, const char *line,
		    size_t left)
{
	const struct attribute *attribute = &attributes[reading->hint];

	return left > attribute->length && line[attribute->length] == '=' &&
	       memcmp(line, attribute->name, attribute->length) == 0;
}

/* set_attribute - remember a value */
static int set_attribute(struct reading *reading,
			 const struct attribute *attribute, const char *value,
			 struct error *error)
{
	uint64_t bit = UINT64_C(1) << (attribute - attributes);
	const char **field =
		(const char **)((char *)reading->request + attribute->offset);

	if ((reading->seen & bit) && attribute->decides &&
	    strcmp(*field, value) != 0)
		return error_set(error, "%s given twice with different values",
				 attribute->name);
	reading->seen |= bit;
	reading->hint = (size_t)(attribute - attributes + 1) % ATTRIBUTE_COUNT;
	*field = value;
	return 0;
}

/* read_line - one NAME=VALUE, ended by a NUL at end */
static int read_line(struct reading *reading, const char *line, const char *end,
		     struct error *error)
{
	const char *equals = memchr(line, '=', (size_t)(end - line));
	const struct attribute *attribute;

	if (equals == NULL)
		return error_set(error, "line without \"=\"");
	if (equals == line)
		return error_set(error, "attribute without a name");
	attribute =
		find_attribute(line, (size_t)(equals - line), reading->hint);
	if (attribute == NULL)
		return 0;
	return set_attribute(reading, attribute, equals + 1, error);
}

/* read_lines - up to the blank one */
static int read_lines(struct reading *reading, char *line, char *end,
		      struct error *error)
{
	size_t lines = 0;

	for (; line < end && *line != '\n'; lines++) {
		const struct attribute *next = &attributes[reading->hint];
		bool known = is_next(reading, line, (size_t)(end - line));
		char *value = known ? line + next->length + 1 : line;
		char *newline = memchr(value, '\n', (size_t)(end - value));

		if (newline == NULL)
			return error_set(error, "unfinished line");
		if (lines == REQUEST_ATTRIBUTE_MAX)
			return error_set(error, "more than %d attributes",
					 REQUEST_ATTRIBUTE_MAX);
		*newline = '\0';
		if (known ? set_attribute(reading, next, value, error) != 0
			  : read_line(reading, line, newline, error) != 0)
			return -1;
		line = newline + 1;
	}
	return line < end ? 0 : error_set(error, "no blank line");
}

/* request_parse - cut one whole request into attributes */
int request_parse(struct request *request, char *bytes, size_t length,
		  struct error *error)
{
	struct reading reading = { .request = request };

	request_init(request);
	if (memchr(bytes, '\0', length) != NULL)
		return error_set(error, "NUL byte");
	if (read_lines(&reading, bytes, bytes + length, error) != 0)
		return -1;
	if (strcmp(request->request, "smtpd_access_policy") != 0)
		return error_set(error, request->request[0]
						? "unknown request type"
						: "no request= attribute");
	return 0;
}
