/* SPDX-License-Identifier: ISC */
/* log_prefix - which program wrote a log line?
 *
 * Log daemons put a time stamp and usually the host name before the name of the
 * program. Everything after that is the text of a program, and may contain what
 * a stranger sent: in HELO, as a user name, as the name of a USB device. Some
 * programs log without a colon or a number in brackets. So the program's name
 * must be the first thing after time and host, not just the first thing that
 * looks like it.
 *
 * Supported are syslog's own format, also with the facility as in BusyBox, AIX
 * or FreeBSD, with the priority, with the message id of Solaris, and with the
 * chain of hosts of syslog-ng; RFC 3339; RFC 5424; the formats of journalctl(1)
 * -o short and its variants (month names in any language); TAI64N; and no time
 * at all, as in our own standard error. */

#include "lib/base/log_prefix.h"

#include <ctype.h>
#include <string.h>

#define HOST_MAX 255
#define DIGITS	 "0123456789"
#define NAME_BYTES                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789._/+-"
#define NAME_MAX_LENGTH 128
#define HEXADECIMAL	DIGITS "abcdefABCDEF"
#define LEVEL_BYTES	"abcdefghijklmnopqrstuvwxyz0123456789."
#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define HOST_BYTES                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789.-_:%@/"

/* match - match a pattern: D is a digit, X a hexadecimal digit, T a separator
 * of date and time, any other byte itself. Returns the end of the match, or
 * NULL */
static const char *match(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, text++) {
		unsigned char byte = (unsigned char)*text;
		bool fits = *pattern == 'D'   ? isdigit(byte)
			    : *pattern == 'X' ? isxdigit(byte)
			    : *pattern == 'T'
				    ? byte == 'T' || byte == ' ' || byte == '_'
				    : *pattern == *text;

		if (!fits)
			return NULL;
	}
	return text;
}

/* skip - skip one or more of some bytes, at most most; NULL: none, or too
 * many */
static const char *skip(const char *text, const char *bytes, size_t most)
{
	size_t length = strspn(text, bytes);

	return length > 0 && length <= most ? text + length : NULL;
}

/* skip_fraction - skip the fraction of a second, if any */
static const char *skip_fraction(const char *text)
{
	const char *end =
		*text == '.' || *text == ',' ? skip(text + 1, DIGITS, 9) : NULL;

	return end != NULL ? end : text;
}

/* skip_zone - skip the zone after a time, if any */
static const char *skip_zone(const char *text)
{
	const char *end = NULL;

	if (*text == 'Z')
		return text + 1;
	if (*text != '+' && *text != '-')
		return text;
	end = match(text + 1, "DD:DD");
	if (end == NULL)
		end = match(text + 1, "DDDD");
	if (end == NULL)
		end = match(text + 1, "DD");
	return end != NULL ? end : text;
}

/* skip_month - skip "Nov 24 15:00:00" and its fraction; or NULL */
static const char *skip_month(const char *text)
{
	size_t length = strcspn(text, " []<>=:\"");
	const char *day = text + length;
	const char *end;

	if (length == 0 || length > 16)
		return NULL;
	end = match(day, "  D DD:DD:DD");
	if (end == NULL)
		end = match(day, " DD DD:DD:DD");
	if (end == NULL)
		end = match(day, " D DD:DD:DD");
	return end != NULL ? skip_fraction(end) : NULL;
}

/* skip_date - skip "2026-11-24T15:00:00+01:00", or with weekday and name of the
 * zone "Tue 2026-11-24 15:00:00 CET"; or NULL */
static const char *skip_date(const char *text)
{
	size_t week = strspn(text, "MonTueWdhFriSat");
	bool full = week == 3 && text[3] == ' ';
	const char *end = match(text + (full ? 4 : 0), "DDDD-DD-DDTDD:DD:DD");

	if (end == NULL)
		return NULL;
	end = skip_zone(skip_fraction(end));
	if (!full || *end != ' ')
		return end;
	return skip(end + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-" DIGITS, 6);
}

/* skip_delta - skip the time since the line before, " <    0.000123 >"; or
 * unchanged */
static const char *skip_delta(const char *text)
{
	size_t length = strncmp(text, " <", 2) == 0
				? 2 + strspn(text + 2, " ." DIGITS)
				: 0;

	return length > 0 && text[length] == '>' ? text + length + 1 : text;
}

/* skip_seconds - skip "1700000000.123456", "[ 12345.678901]" or TAI64N; or
 * NULL */
static const char *skip_seconds(const char *text)
{
	bool bracket = *text == '[';
	const char *end;

	if (*text == '@')
		return match(text + 1, "XXXXXXXXXXXXXXXXXXXXXXXX");
	if (bracket)
		text += 1 + strspn(text + 1, " ");
	end = skip(text, DIGITS, 12);
	if (end == NULL || *end != '.')
		return NULL;
	end = skip_fraction(end);
	if (!bracket)
		return end;
	end = skip_delta(end);
	return *end == ']' ? end + 1 : NULL;
}

/* skip_stamp - skip a time in any format and the blanks after it; unchanged:
 * there is none */
static const char *skip_stamp(const char *line)
{
	const char *end = skip_date(line);

	if (end == NULL)
		end = skip_month(line);
	if (end == NULL)
		end = skip_seconds(line);
	if (end == NULL || *end != ' ')
		return line;
	return end + strspn(end, " ");
}

/* skip_host - skip a host name, which does not end in a colon as a program's
 * name does, and the facility that BusyBox or AIX writes; unchanged: there is
 * none */
static const char *skip_host(const char *text)
{
	const char *end = skip(text, HOST_BYTES, HOST_MAX);
	const char *level;

	if (end == NULL || *end != ' ' || end[-1] == ':')
		return text;
	end++;
	level = match(end, "mail.");
	if (level == NULL)
		level = match(end, "mail:");
	if (level != NULL)
		level = skip(level, "abcdefghijklmnopqrstuvwxyz", 8);
	return level != NULL && *level == ' ' ? level + 1 : end;
}

/* skip_level - skip the facility and level that FreeBSD writes, "<mail.info> ";
 * unchanged: there is none */
static const char *skip_level(const char *text)
{
	const char *end = *text == '<' ? skip(text + 1, LEVEL_BYTES, 20) : NULL;

	return end != NULL && end[0] == '>' && end[1] == ' ' ? end + 2 : text;
}

/* skip_id - skip the message id that Solaris writes, "[ID 197553 mail.info] ";
 * unchanged: there is none */
static const char *skip_id(const char *text)
{
	const char *end = strncmp(text, "[ID ", 4) == 0
				  ? skip(text + 4, DIGITS, 10)
				  : NULL;

	end = end != NULL && *end == ' ' ? skip(end + 1, LEVEL_BYTES, 20)
					 : NULL;
	end = end != NULL ? match(end, "] ") : NULL;
	return end != NULL ? end : text;
}

/* skip_service - skip ":587/", or "[::1]:587/", of the name of a service in
 * master.cf, which $service_name makes a part of a program's name; or NULL */
static const char *skip_service(const char *text)
{
	size_t length;

	if (*text == '[') {
		length = strspn(text + 1, HEXADECIMAL ":.");
		if (text[1 + length] != ']')
			return NULL;
		text += 1 + length + 1;
	}
	text = *text == ':' ? skip(text + 1, DIGITS, 5) : NULL;
	return text != NULL && *text == '/' ? text : NULL;
}

/* skip_name - skip the name of a program; or NULL */
static const char *skip_name(const char *text)
{
	const char *end = skip(text, NAME_BYTES, NAME_MAX_LENGTH);
	const char *service;

	if (end == NULL || memchr(text, '/', (size_t)(end - text)) == NULL ||
	    (*end == '[' && end[-1] != '/'))
		return end;
	service = skip_service(end);
	return service != NULL ? skip(service, NAME_BYTES, NAME_MAX_LENGTH)
			       : end;
}

/* read_name - "name[PID]: " */
static bool read_name(struct log_prefix *prefix, const char *text)
{
	const char *end = skip_name(text);
	const char *pid_end;

	if (end == NULL || *end != '[')
		return false;
	pid_end = skip(end + 1, DIGITS, 10);
	if (pid_end == NULL || match(pid_end, "]: ") == NULL)
		return false;
	prefix->name = text;
	prefix->name_length = (size_t)(end - text);
	prefix->pid = end + 1;
	prefix->pid_length = (size_t)(pid_end - prefix->pid);
	prefix->text = skip_id(pid_end + strlen("]: "));
	return true;
}

/* read_field - one field of the header of RFC 5424, and the blank after it */
static const char *read_field(const char *text, const char **field,
			      size_t *length)
{
	*field = text;
	*length = strcspn(text, " ");
	return *length > 0 && text[*length] == ' ' ? text + *length + 1 : NULL;
}

/* skip_data - skip the structured data of RFC 5424: "-", or elements in
 * brackets, in whose values "\\" protects a quote, a bracket and itself */
static const char *skip_data(const char *text)
{
	bool quoted = false;

	if (*text == '-')
		return text + 1;
	while (*text == '[') {
		for (; *text != '\0' && (quoted || *text != ']'); text++)
			if (quoted && *text == '\\' && text[1] != '\0')
				text++;
			else if (*text == '"')
				quoted = !quoted;
		if (*text++ != ']')
			return NULL;
	}
	return text;
}

/* read_5424 - "1 TIME HOST NAME PID MSGID DATA TEXT", RFC 5424 */
static bool read_5424(struct log_prefix *prefix, const char *line)
{
	const char *text = line + strlen("1 ");
	const char *id;
	size_t id_length;

	if ((text = read_field(text, &prefix->stamp, &prefix->stamp_length)) ==
		    NULL ||
	    (text = read_field(text, &prefix->host, &prefix->host_length)) ==
		    NULL ||
	    (text = read_field(text, &prefix->name, &prefix->name_length)) ==
		    NULL ||
	    (text = read_field(text, &prefix->pid, &prefix->pid_length)) ==
		    NULL ||
	    (text = read_field(text, &id, &id_length)) == NULL ||
	    (text = skip_data(text)) == NULL || *text != ' ' ||
	    skip(prefix->pid, DIGITS, 10) != prefix->pid + prefix->pid_length)
		return false;
	text++;
	if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		text += strlen(BYTE_ORDER_MARK);
	prefix->text = text;
	return true;
}

/* skip_priority - skip "<22>"; unchanged: there is none */
static const char *skip_priority(const char *line)
{
	const char *end = *line == '<' ? skip(line + 1, DIGITS, 3) : NULL;

	return end != NULL && *end == '>' ? end + 1 : line;
}

/* log_prefix_read - the parts of a line before its text */
bool log_prefix_read(struct log_prefix *prefix, const char *line)
{
	const char *start = skip_priority(line);
	const char *behind, *host, *name;

	memset(prefix, 0, sizeof(*prefix));
	if (start != line && start[0] == '1' && start[1] == ' ')
		return read_5424(prefix, start);
	behind = skip_stamp(start);
	if (start != line && behind == start)
		return false;
	line = start;
	host = skip_level(behind);
	prefix->stamp = line;
	prefix->stamp_length = (size_t)(behind - line);
	while (prefix->stamp_length > 0 &&
	       line[prefix->stamp_length - 1] == ' ')
		prefix->stamp_length--;
	if (read_name(prefix, behind))
		return true;
	if (behind == line)
		return false;
	name = skip_host(host);
	prefix->host = host;
	prefix->host_length = strcspn(host, " ");
	if (name == host)
		prefix->host_length = 0;
	return read_name(prefix, name);
}

/* log_prefix_text - the text that the program wrote */
const char *log_prefix_text(const char *line, const char *name)
{
	struct log_prefix prefix;

	if (!log_prefix_read(&prefix, line) ||
	    prefix.name_length != strlen(name) ||
	    strncmp(prefix.name, name, prefix.name_length) != 0)
		return NULL;
	return prefix.text;
}
