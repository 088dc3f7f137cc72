/* SPDX-License-Identifier: ISC */
/* replay_order - which file of a rotated log is the oldest?
 *
 * A session may begin in one file and end in the next, so they are read in the
 * order of the first line in each that has a time, whatever program wrote it:
 * it may be long before Postfix does. */

#include "policyd/query/replay_order.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_line.h"
#include "lib/postlog/postlog_time.h"
#include "policyd/query/replay_input.h"

#define LINES_MAX 1000 /* of a file, to find a line with a time */

/* A file and the time of its first line. */
struct dated {
	char *name;
	int place; /* in the order that was given */
	int64_t time;
};

/* The search for that line. */
struct search {
	struct replay_reader *reader;
	struct postlog_line line;
	int64_t time;
	unsigned lines;
};

/* look_at - a line, with its time; give up after many */
static void look_at(struct search *search, int64_t time)
{
	search->time = time;
	if (time != POSTLOG_NO_TIME || ++search->lines >= LINES_MAX)
		search->reader->stop = true;
}

/* take_request - a decision of policyd, or a request */
static void take_request(void *context, const struct request *request,
			 const struct reported *reported,
			 const struct replay_place *place)
{
	(void)request;
	look_at(context, reported != NULL ? place->time : POSTLOG_NO_TIME);
}

/* take_other - any other line */
static bool take_other(void *context, char *line,
		       const struct replay_place *place)
{
	struct search *search = context;

	postlog_line_read(&search->line, line, place->written);
	look_at(search, search->line.time);
	return true;
}

/* first_time - of a file; POSTLOG_NO_TIME: there is none */
static int64_t first_time(const char *name)
{
	struct replay_reader reader = { .request = take_request,
					.other = take_other,
					.quiet = true,
					.timed = true };
	struct search search = { .reader = &reader, .time = POSTLOG_NO_TIME };
	struct stat status;
	struct error error;

	reader.context = &search;
	if (stat(name, &status) == 0 && S_ISREG(status.st_mode))
		replay_read(&reader, name, &error);
	postlog_line_clear(&search.line);
	return search.time;
}

/* compare - for qsort(3) */
static int compare(const void *one, const void *other)
{
	const struct dated *a = one;
	const struct dated *b = other;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

/* replay_order - sort the files */
void replay_order(int count, char **files)
{
	struct dated *dated;
	int i;

	if (count < 2)
		return;
	dated = xcalloc((size_t)count, sizeof(*dated));
	for (i = 0; i < count; i++)
		dated[i] = (struct dated){ files[i], i, first_time(files[i]) };
	qsort(dated, (size_t)count, sizeof(*dated), compare);
	for (i = 0; i < count; i++)
		files[i] = dated[i].name;
	free(dated);
}
