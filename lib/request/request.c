/* SPDX-License-Identifier: ISC */
/* request - one request of the Postfix SMTP access policy protocol
 *
 * A request is lines of NAME=VALUE and a blank line (SMTPD_POLICY_README).
 * request_length() finds its end while bytes arrive and enforces the limits;
 * request_parse() cuts it into strings in place. */

#include "lib/request/request.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Requests up to this size cannot have a line that is too long. */
#define SHORT_MAX REQUEST_LINE_MAX

/* One attribute: its name, its member of the struct, and whether two different
 * values in one request could be an attempt to get it evaluated twice. */
struct attribute {
	const char *name;
	size_t length; /* of the name */
	size_t offset;
	bool decides;
};

/* clang-format off */
/* In the order of struct request, which is nearly that of Postfix. */
#define ATTRIBUTES(X) \
	X(request, true) \
	X(protocol_state, true) \
	X(protocol_name, false) \
	X(client_address, true) \
	X(client_name, false) \
	X(client_port, false) \
	X(reverse_client_name, false) \
	X(server_address, true) \
	X(server_port, true) \
	X(helo_name, false) \
	X(sender, true) \
	X(recipient, true) \
	X(recipient_count, false) \
	X(queue_id, false) \
	X(instance, false) \
	X(size, false) \
	X(etrn_domain, false) \
	X(stress, false) \
	X(sasl_method, true) \
	X(sasl_username, true) \
	X(sasl_sender, false) \
	X(ccert_subject, false) \
	X(ccert_issuer, false) \
	X(ccert_fingerprint, true) \
	X(ccert_pubkey_fingerprint, true) \
	X(encryption_protocol, true) \
	X(encryption_cipher, true) \
	X(encryption_keysize, true) \
	X(policy_context, true) \
	X(compatibility_level, false) \
	X(mail_version, false) \
	X(tls_sni, false)

#define ATTRIBUTE(name, decides) \
	{ #name, sizeof(#name) - 1, offsetof(struct request, name), decides },
#define EMPTY(name, decides) .name = "",
/* clang-format on */

static const struct attribute attributes[] = { ATTRIBUTES(ATTRIBUTE) };
static const struct request empty = { ATTRIBUTES(EMPTY) };

#define ATTRIBUTE_COUNT (sizeof(attributes) / sizeof(attributes[0]))

/* check_line - check the limits when a line ends; the blank line is not
 * counted */
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

/* find_end - find the end of a request that may be long or incomplete, or
 * followed by more bytes */
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

/* find_short - the length of a request that is complete, has no NUL, and is so
 * short that only the number of its attributes could exceed a limit, which the
 * parser checks; 0: needs a closer look */
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

/* request_length - the length of the first complete request in the bytes */
ssize_t request_length(const char *bytes, size_t length,
		       struct request_scan *scan, struct error *error)
{
	const char *start = bytes + scan->offset;
	size_t before = scan->offset;
	ssize_t end = before == 0 ? (ssize_t)find_short(bytes, length) : 0;

	if (end > 0)
		return end;
	end = find_end(bytes, length, scan, error);
	/* A later call will see the NULs after the end. */
	if (end >= 0 && memchr(start, '\0', scan->offset - before) != NULL)
		return error_set(error, "NUL byte");
	return end;
}

/* request_init - every attribute "" */
void request_init(struct request *request)
{
	*request = empty;
}

/* find_attribute - the attribute with that name, or NULL */
static const struct attribute *find_attribute(const char *name, size_t length)
{
	size_t i;

	for (i = 0; i < ATTRIBUTE_COUNT; i++)
		if (attributes[i].length == length &&
		    memcmp(attributes[i].name, name, length) == 0)
			return &attributes[i];
	return NULL;
}

/* place_at - the member for the attribute with that offset */
static const char **place_at(struct request *request, size_t offset)
{
	return (const char **)((char *)request + offset);
}

/* bit_at - the bit of the attribute with that offset, in a set of them */
static uint64_t bit_at(size_t offset)
{
	return UINT64_C(1) << offset / sizeof(const char *);
}

/* request_set - set one attribute by its name */
int request_set(struct request *request, const char *name, const char *value)
{
	const struct attribute *attribute = find_attribute(name, strlen(name));

	if (attribute == NULL)
		return -1;
	*place_at(request, attribute->offset) = value;
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

/* The state of reading one request. */
struct reading {
	struct request *request;
	uint64_t seen; /* bit_at() of the attributes seen so far */
	size_t lines;
};

_Static_assert(ATTRIBUTE_COUNT == REQUEST_NAMES,
	       "lib/request/request.h counts them");
_Static_assert(ATTRIBUTE_COUNT <= 64, "struct reading has 64 bits");

/* take - take the value after the name at the start of a line; at least one
 * more byte must follow it. Returns the next line, or this one if it has no
 * end */
static char *take(struct reading *reading, char *line, const char *end,
		  size_t name, size_t offset)
{
	char *value = line + name;
	char *newline = value;

	if (*value != '\n') /* many are empty */
		newline = memchr(value, '\n', (size_t)(end - value));
	if (newline == NULL)
		return line;
	*newline = '\0';
	*place_at(reading->request, offset) = value;
	reading->seen |= bit_at(offset);
	reading->lines++;
	return newline + 1;
}

/* TAKE - take the value if the line has that attribute; comparing with a
 * literal costs a tenth of comparing with a text of any length */
#define TAKE(name, decides)                                    \
	if ((size_t)(end - line) > sizeof(#name) &&            \
	    memcmp(line, #name "=", sizeof(#name)) == 0)       \
		line = take(reading, line, end, sizeof(#name), \
			    offsetof(struct request, name));

/* read_expected - read lines in the order of the table, as Postfix sends them;
 * none can occur twice. Returns the first other line. */
static char *read_expected(struct reading *reading, char *line, const char *end)
{
	ATTRIBUTES(TAKE)
	return line;
}

/* set_attribute - store a value */
static int set_attribute(struct reading *reading,
			 const struct attribute *attribute, const char *value,
			 struct error *error)
{
	uint64_t bit = bit_at(attribute->offset);
	const char **place = place_at(reading->request, attribute->offset);

	if ((reading->seen & bit) && attribute->decides &&
	    strcmp(*place, value) != 0)
		return error_set(error, "%s given twice with different values",
				 attribute->name);
	reading->seen |= bit;
	*place = value;
	return 0;
}

/* read_line - read one NAME=VALUE, terminated by a NUL at end */
static int read_line(struct reading *reading, const char *line, const char *end,
		     struct error *error)
{
	const char *equals = memchr(line, '=', (size_t)(end - line));
	const struct attribute *attribute;

	if (equals == NULL)
		return error_set(error, "line without \"=\"");
	if (equals == line)
		return error_set(error, "attribute without a name");
	attribute = find_attribute(line, (size_t)(equals - line));
	if (attribute == NULL)
		return 0;
	return set_attribute(reading, attribute, equals + 1, error);
}

/* read_lines - read up to the blank line */
static int read_lines(struct reading *reading, char *line, char *end,
		      struct error *error)
{
	line = read_expected(reading, line, end);
	for (; line < end && *line != '\n'; reading->lines++) {
		char *newline = memchr(line, '\n', (size_t)(end - line));

		if (newline == NULL)
			return error_set(error, "unfinished line");
		if (reading->lines == REQUEST_ATTRIBUTE_MAX)
			return error_set(error, "more than %d attributes",
					 REQUEST_ATTRIBUTE_MAX);
		*newline = '\0';
		if (read_line(reading, line, newline, error) != 0)
			return -1;
		line = newline + 1;
	}
	return line < end ? 0 : error_set(error, "no blank line");
}

/* request_parse - split one complete request into attributes */
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
