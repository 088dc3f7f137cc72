/* SPDX-License-Identifier: ISC */
/* postlog_line - one line of Postfix's log
 *
 * Postfix writes "postfix/smtpd[PID]: QUEUEID: text", where the first word is
 * syslog_name of main.cf or master.cf. Each log daemon puts something different
 * before it (lib/base/log_prefix.c), and journald has it in JSON
 * (postlog_json.c). */

#include "lib/postlog/postlog_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log_prefix.h"
#include "lib/postlog/postlog_json.h"

#define CONTAINER_MAX 100
#define CONTAINER_BYTES                                        \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789._-"
#define SHORT_IDS "0123456789ABCDEF"
/* Long ones have no vowels. */
#define LONG_IDS "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
#define ID_MIN	 5
#define REPEATED "message repeated "
#define AGAIN	 "last message repeated "
#define SYSLOGD	 "syslogd"

/* copy - bytes to a text of limited size; false: they do not fit */
static bool copy(char *to, size_t size, const char *from, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

/* skip_colour - "ESC[36m"; unchanged: there is none */
static char *skip_colour(char *bytes)
{
	size_t length = bytes[0] == '\033' && bytes[1] == '['
				? 2 + strspn(bytes + 2, "0123456789;")
				: 0;

	return length > 0 && bytes[length] == 'm' ? bytes + length + 1 : bytes;
}

/* skip_pod - "[pod/mail-0/postfix] " of kubectl logs --prefix; unchanged: there
 * is none */
static char *skip_pod(char *bytes)
{
	size_t length;

	if (strncmp(bytes, "[pod/", 5) != 0)
		return bytes;
	length = 5 + strspn(bytes + 5, CONTAINER_BYTES "/");
	return bytes[length] == ']' && bytes[length + 1] == ' '
		       ? bytes + length + 2
		       : bytes;
}

/* skip_container - "mail-1  | " that docker compose puts before a line, perhaps
 * in a colour, and the time with --timestamps; unchanged: there is none */
static char *skip_container(char *bytes)
{
	char *name = skip_colour(bytes);
	size_t length = strspn(name, CONTAINER_BYTES);
	char *bar = name + length + strspn(name + length, " ");
	char *rest;
	char *space;

	if (*bytes == '[')
		return skip_pod(bytes);
	if (length == 0 || length > CONTAINER_MAX || bar[0] != '|')
		return bytes;
	rest = skip_colour(bar + 1);
	if (*rest++ != ' ')
		return bytes;
	space = strchr(rest, ' ');
	if (space != NULL && space > rest && space[-1] == 'Z' &&
	    postlog_time(rest, (size_t)(space - rest), 0) != POSTLOG_NO_TIME)
		return space + 1;
	return rest;
}

/* split_name - "postfix/submission/smtpd" to service and program */
static bool split_name(struct postlog_line *line, const char *name,
		       size_t length)
{
	size_t slash = length;

	while (slash > 0 && name[slash - 1] != '/')
		slash--;
	/* cron(8) may have its whole path as its name. */
	return slash > 1 && *name != '/' &&
	       copy(line->service, sizeof(line->service), name, slash - 1) &&
	       copy(line->program, sizeof(line->program), name + slash,
		    length - slash);
}

/* split_id - take the queue id from the beginning of the text */
static void split_id(struct postlog_line *line)
{
	size_t length = strspn(line->text, SHORT_IDS);

	if (line->text[length] != ':')
		length = strspn(line->text, LONG_IDS);
	line->queue_id[0] = '\0';
	if (length < ID_MIN || line->text[length] != ':' ||
	    line->text[length + 1] != ' ')
		return;
	if (copy(line->queue_id, sizeof(line->queue_id), line->text, length))
		line->text += length + 2;
}

/* unfold - "message repeated 3 times: [ TEXT]" of rsyslog is TEXT three times
 */
static void unfold(struct postlog_line *line, char *text)
{
	unsigned long times = 0;
	int used = 0;
	size_t length;

	line->repeats = 1;
	line->text = text;
	if (strncmp(text, REPEATED, strlen(REPEATED)) != 0 ||
	    sscanf(text, REPEATED "%9lu times: [ %n", &times, &used) != 1 ||
	    used == 0 || times == 0)
		return;
	text += used;
	length = strlen(text);
	if (length == 0 || text[length - 1] != ']')
		return;
	text[length - 1] = '\0';
	line->repeats = times;
	line->text = text;
}

/* times_again - "last message repeated 3 times", of syslogd by its name, or
 * right after the name of the host; 0: something else */
static unsigned long times_again(const struct log_prefix *prefix, bool named)
{
	const char *text = prefix->text;
	unsigned long times = 0;
	int used = 0;

	if (named && (prefix->name_length != strlen(SYSLOGD) ||
		      strncmp(prefix->name, SYSLOGD, strlen(SYSLOGD)) != 0))
		return 0;
	if (!named) {
		if (prefix->host_length == 0)
			return 0;
		text = prefix->host + prefix->host_length;
		text += *text == ' ';
		if (strncmp(text, SYSLOGD ": ", strlen(SYSLOGD ": ")) == 0)
			text += strlen(SYSLOGD ": ");
	}
	if (sscanf(text, AGAIN "%9lu time%n", &times, &used) != 1 ||
	    used == 0 || strcmp(text + used + (text[used] == 's'), "") != 0)
		return 0;
	return times;
}

/* repeat - the line before, as often; false: it was not of Postfix, or of
 * another host */
static bool repeat(struct postlog_line *line, const struct log_prefix *prefix,
		   unsigned long times)
{
	if (times == 0 || !line->ours ||
	    strlen(line->host) != prefix->host_length ||
	    strncmp(line->host, prefix->host, prefix->host_length) != 0)
		return false;
	line->repeats = times;
	line->again = true;
	line->text = "";
	return true;
}

/* read_text - a line of a file that a log daemon wrote */
static int read_text(struct postlog_line *line, char *bytes, time_t latest)
{
	struct log_prefix prefix;
	bool read;

	bytes = skip_container(bytes);
	read = log_prefix_read(&prefix, bytes);
	line->time = POSTLOG_NO_TIME;
	if (prefix.stamp_length == 0 ||
	    prefix.stamp_length >= POSTLOG_STAMP_MAX)
		return 0;
	line->time = postlog_stamp_time(&line->stamp, prefix.stamp,
					prefix.stamp_length, latest);
	if (repeat(line, &prefix, times_again(&prefix, read)))
		return 1;
	if (!read ||
	    !copy(line->host, sizeof(line->host),
		  prefix.host != NULL ? prefix.host : "", prefix.host_length) ||
	    !copy(line->pid, sizeof(line->pid), prefix.pid,
		  prefix.pid_length) ||
	    !split_name(line, prefix.name, prefix.name_length))
		return 0;
	unfold(line, bytes + (prefix.text - bytes));
	return 1;
}

/* read_journal - an entry of journald */
static int read_journal(struct postlog_line *line, const char *bytes)
{
	struct postlog_json entry;
	int result = postlog_json_read(&entry, bytes);

	line->time = entry.time;
	if (result < 0)
		return 0;
	line->owned = entry.text;
	line->owned[strcspn(line->owned, "\r\n")] = '\0';
	if (!copy(line->host, sizeof(line->host), entry.host,
		  strlen(entry.host)) ||
	    !copy(line->pid, sizeof(line->pid), entry.pid, strlen(entry.pid)) ||
	    !split_name(line, entry.name, strlen(entry.name)))
		return 0;
	unfold(line, line->owned);
	return 1;
}

/* start_of_entry - what is before it, with -o json-seq and json-sse */
static size_t start_of_entry(const char *bytes)
{
	if (*bytes == '\x1e')
		return 1;
	return strncmp(bytes, "data: {", 7) == 0 ? 6 : 0;
}

/* postlog_line_read - read one line */
int postlog_line_read(struct postlog_line *line, char *bytes, time_t latest)
{
	size_t length = strlen(bytes);
	int result;

	postlog_line_clear(line);
	line->again = false;
	if (length > 0 && bytes[length - 1] == '\r')
		bytes[length - 1] = '\0';
	bytes += start_of_entry(bytes);
	result = *bytes == '{' ? read_journal(line, bytes)
			       : read_text(line, bytes, latest);
	line->ours = result > 0;
	if (result > 0 && !line->again)
		split_id(line);
	return result;
}

/* postlog_line_clear - free what it holds */
void postlog_line_clear(struct postlog_line *line)
{
	free(line->owned);
	line->owned = NULL;
	line->text = "";
}
