/* SPDX-License-Identifier: ISC */
/* replay_input - read past requests from captures and logs
 *
 * A file is read line by line. Outside of a request, a line is a decision in
 * the log, the first attribute of a request, or something else, which is
 * skipped. Within a request, a second line "request=" means that the first
 * request was cut off; so after damage the reader recovers at the next request.
 * No file can make it use more memory than one request needs. */

#include "policyd/query/replay_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/log_prefix.h"
#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_time.h"
#include "policyd/query/json.h"
#include "policyd/query/log_file.h"
#include "policyd/query/log_wrapping.h"

#define NAMED_MAX    3 /* of each kind in each file */
#define REQUEST_LINE "request="

/* A file that is being read. */
struct input {
	struct replay_reader *reader;
	struct replay_place place; /* of the current line */
	long long read, size;	   /* bytes; size 0: unknown */
	unsigned named[SKIP_COUNT];
	struct reported reported;
	struct postlog_stamp stamp;
	char request[REQUEST_BYTES_MAX + 1]; /* as far as it was read */
	size_t length;			     /* of it; 0: outside a request */
	unsigned long start;		     /* its first line */
	bool has_type;			     /* request= was read */
	bool has_returns;	/* its lines end in a carriage return, too */
	bool too_long;		/* it has more bytes than allowed */
	bool unended;		/* the current line has no newline */
	bool numbered;		/* its lines are counted from its beginning */
	unsigned long mentions; /* lines of no use that name smtpd(8) */
};

/* is_usual - is a line of no use nothing to name? In the log of Postfix, or
 * before there was anything of use, these lines are those of other programs. */
static bool is_usual(const struct input *input)
{
	const struct replay_reader *reader = input->reader;

	return reader->other != NULL && reader->judged == 0;
}

/* skip - count what cannot be judged, and report the first few */
static void skip(struct input *input, enum replay_skip kind, unsigned long line,
		 const char *reason)
{
	input->reader->skipped[kind]++;
	if (input->reader->quiet || input->named[kind]++ >= NAMED_MAX)
		return;
	if (input->unended && (kind == SKIP_FOREIGN || kind == SKIP_DAMAGED))
		reason = "the last line is not complete: the file ends in it";
	progress_clear(&input->reader->progress);
	fprintf(stderr, "%s:%lu: skipped: %s%s\n", input->place.file, line,
		reason,
		input->named[kind] == NAMED_MAX
			? " (more of this kind are only counted)"
			: "");
}

/* skip_line - count a line of no use, and name it if that is of use */
static void skip_line(struct input *input, enum replay_skip kind,
		      const char *reason)
{
	if (is_usual(input))
		input->reader->skipped[kind]++;
	else
		skip(input, kind, input->place.line, reason);
}

/* make_printable - an error text may quote the file */
static const char *make_printable(char *text)
{
	char *byte;

	for (byte = text; *byte != '\0'; byte++)
		if ((unsigned char)*byte < ' ' || (unsigned char)*byte >= 0x7f)
			*byte = '?';
	return text;
}

/* show_progress - the part of the file that was read */
static void show_progress(const struct input *input)
{
	struct replay_reader *reader = input->reader;
	bool lines = reader->judged == 0 && reader->used > 0;
	unsigned long count = lines ? reader->used : reader->judged;
	const char *unit = lines ? "lines of Postfix" : "requests";

	if (!progress_due(&reader->progress))
		return;
	if (input->size > 0)
		progress_say(&reader->progress, "%3lld %% of %.40s, %lu %s",
			     100 * input->read / input->size, input->place.file,
			     count, unit);
	else
		progress_say(&reader->progress, "%.40s, %lu %s",
			     input->place.file, count, unit);
}

/* take - a request that can be judged */
static void take(struct input *input, const struct request *request,
		 const struct reported *reported, unsigned long line)
{
	struct replay_place place = input->place;

	place.line = line;
	input->reader->judged++;
	input->reader->request(input->reader->context, request, reported,
			       &place);
}

/* end_request - at its blank line */
static void end_request(struct input *input)
{
	struct request_scan scan = { 0 };
	struct request request;
	struct error error = { "" };
	ssize_t length;

	input->request[input->length++] = '\n';
	input->request[input->length] = '\0';
	length = request_length(input->request, input->length, &scan, &error);
	if (length > 0 && !input->too_long &&
	    request_parse(&request, input->request, (size_t)length, &error) ==
		    0)
		take(input, &request, NULL, input->start);
	else
		skip(input, SKIP_MALFORMED, input->start,
		     input->too_long ? "malformed request: too long"
				     : make_printable(error.text));
	input->length = 0;
}

/* cut_request - a request without an end */
static void cut_request(struct input *input)
{
	if (input->length > 0)
		skip(input, SKIP_TRUNCATED, input->start,
		     "the request that begins here is incomplete");
	input->length = 0;
}

/* add_line - add a line to the request */
static void add_line(struct input *input, const char *line, size_t length)
{
	if (input->length == 0) {
		input->start = input->place.line;
		input->has_type = false;
		input->too_long = false;
	}
	if (strncmp(line, REQUEST_LINE, strlen(REQUEST_LINE)) == 0)
		input->has_type = true;
	/* Leave room for this newline, and that of the blank line. */
	if (length + 2 > REQUEST_BYTES_MAX - input->length) {
		input->too_long = true;
		return;
	}
	memcpy(input->request + input->length, line, length);
	input->length += length;
	input->request[input->length++] = '\n';
}

/* is_attribute - can a request begin with this line? */
static bool is_attribute(const char *line)
{
	const char *equals = strchr(line, '=');
	struct request scratch;
	char name[32];

	if (equals == NULL || (size_t)(equals - line) >= sizeof(name))
		return false;
	memcpy(name, line, (size_t)(equals - line));
	name[equals - line] = '\0';
	return request_set(&scratch, name, "") == 0;
}

/* read_other - a line that is no decision */
static void read_other(struct input *input, char *line)
{
	struct replay_reader *reader = input->reader;
	struct replay_place place = input->place;

	if (!input->numbered)
		place.line = 0;
	if (reader->other != NULL &&
	    reader->other(reader->context, line, &place)) {
		reader->used++;
		return;
	}
	input->mentions += strstr(line, "smtpd[") != NULL;
	skip_line(input, SKIP_FOREIGN,
		  "neither a decision of policyd nor a request");
}

/* time_of - when a line was written */
static int64_t time_of(struct input *input, const char *line)
{
	struct log_prefix prefix;

	if (!log_prefix_read(&prefix, line) || prefix.stamp_length == 0)
		return POSTLOG_NO_TIME;
	return postlog_stamp_time(&input->stamp, prefix.stamp,
				  prefix.stamp_length, input->place.written);
}

/* read_log_line - a decision, or something else */
static void read_log_line(struct input *input, char *line)
{
	struct error error = { "" };

	if (input->reader->timed)
		input->place.time = time_of(input, line);
	switch (report_read(&input->reported, line, &error)) {
	case 1:
		take(input, &input->reported.notation.request, &input->reported,
		     input->place.line);
		break;
	case 0:
		read_other(input, line);
		break;
	default:
		skip(input, SKIP_DAMAGED, input->place.line,
		     make_printable(error.text));
		break;
	}
}

/* ends_in_return - does the line come from a file with other line ends? Within
 * a request, all lines are like the first. */
static bool ends_in_return(struct input *input, const char *line, size_t length)
{
	bool has = length > 0 && line[length - 1] == '\r';

	if (input->length == 0)
		input->has_returns = has;
	return has && input->has_returns;
}

/* read_line - length bytes and a NUL, without the newline */
static void read_line(struct input *input, char *line, size_t length)
{
	bool starts = strncmp(line, REQUEST_LINE, strlen(REQUEST_LINE)) == 0;

	if ((starts && input->has_type) ||
	    (report_is_line(line) && !is_attribute(line)))
		cut_request(input);
	if (input->length > 0 && length == 0)
		end_request(input);
	else if (input->length > 0 || is_attribute(line))
		add_line(input, line, length);
	else if (strlen(line) != length)
		skip_line(input, SKIP_DAMAGED, "the line contains a NUL byte");
	else if (length > 0)
		read_log_line(input, line);
}

/* unwrap_line - without what a container's log has around it */
static void unwrap_line(struct input *input, char *line, size_t length)
{
	char *text = NULL;

	if (ends_in_return(input, line, length))
		line[--length] = '\0';
	if (input->length == 0)
		text = log_unwrap(line);
	if (text != NULL)
		read_line(input, text, strlen(text));
	else
		read_line(input, line, length);
	free(text);
}

/* check_time - is there some left? The clock is looked at now and then. */
static void check_time(struct input *input)
{
	struct replay_reader *reader = input->reader;

	if (reader->until_ms == 0 || input->place.line % 256 != 0 ||
	    clock_ms() < reader->until_ms)
		return;
	reader->stop = true;
	reader->cut = true;
}

/* read_lines - the whole file; a line longer than any request is skipped */
static void read_lines(struct input *input, FILE *file)
{
	const size_t size = (size_t)2 * REQUEST_BYTES_MAX;
	char *line = xmalloc(size + 1);
	size_t length = 0;
	bool dropped = false;
	int byte;

	while (!input->reader->stop &&
	       ((byte = getc_unlocked(file)) != EOF || length > 0)) {
		if (byte != '\n' && byte != EOF) {
			if (length < size)
				line[length++] = (char)byte;
			else
				dropped = true;
			continue;
		}
		input->place.line++;
		input->read += (long long)length + 1;
		line[length] = '\0';
		input->unended = byte == EOF;
		if (dropped)
			skip_line(input, SKIP_FOREIGN,
				  "a line longer than any request");
		else
			unwrap_line(input, line, length);
		show_progress(input);
		length = 0;
		dropped = false;
		check_time(input);
	}
	cut_request(input);
	free(line);
}

/* check_end - was all of the file there? A log that is rotated by copying is
 * truncated while it is read. */
static void check_end(const struct input *input, FILE *file)
{
	struct stat now;

	if (input->size > 0 && !input->reader->stop &&
	    fstat(fileno(file), &now) == 0 && now.st_size < input->size)
		fprintf(stderr,
			"policyd: %s: became shorter while it was read; was it "
			"rotated? Its end is missing\n",
			input->place.file);
}

/* check_content - was there anything to use? */
static void check_content(const struct input *input, unsigned long before)
{
	const struct replay_reader *reader = input->reader;

	if (reader->quiet || reader->other == NULL ||
	    reader->judged + reader->used > before)
		return;
	if (input->place.line == 0)
		fprintf(stderr, "policyd: %s: is empty\n", input->place.file);
	else if (input->mentions > 0)
		fprintf(stderr,
			"policyd: %s: %lu of %lu line%s %s of smtpd, but not "
			"behind just a time and the name of a host, where log "
			"daemons write it\n",
			input->place.file, input->mentions, input->place.line,
			input->place.line == 1 ? "" : "s",
			input->mentions == 1 ? "speaks" : "speak");
	else
		fprintf(stderr,
			"policyd: %s: nothing of Postfix's smtpd or of policyd "
			"among %lu line%s; is this the mail log?\n",
			input->place.file, input->place.line,
			input->place.line == 1 ? "" : "s");
}

/* replay_read - one file */
int replay_read(struct replay_reader *reader, const char *name,
		struct error *error)
{
	struct log_file file;
	struct input *input;
	unsigned long before = reader->judged + reader->used;
	int result;

	json_start();
	if (log_file_open(&file, name, reader->tail, error) < 0)
		return -1;
	input = xcalloc(1, sizeof(*input));
	input->reader = reader;
	input->place.file = name;
	input->place.written = file.written;
	input->size = file.size;
	input->numbered = !file.cut && strcmp(name, LOG_FILE_JOURNAL) != 0;
	read_lines(input, file.stream);
	progress_clear(&reader->progress);
	check_end(input, file.stream);
	if (file.cut || (file.lines > 0 && input->place.line >= file.lines))
		reader->cut = true;
	result = log_file_close(&file, error);
	if (result == 0)
		check_content(input, before);
	report_read_clear(&input->reported);
	free(input);
	return result;
}
