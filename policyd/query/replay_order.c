/* SPDX-License-Identifier: ISC */
/* replay_order - which file of a rotated log is the oldest?
 *
 * A session may begin in one file and end in the next, so they are read in the
 * order of the first line in each that has a time, whatever program wrote it:
 * it may be long before Postfix does. A log of policyd alone comes before all:
 * since when policyd was asked has to be known for each line of Postfix. */

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
	bool policyd, postfix; /* a line of it was there */
};

/* count_line - give up after many lines */
static void count_line(struct search *search)
{
	if (++search->lines >= LINES_MAX)
		search->reader->stop = true;
}

/* pass_request - what a policyd logged, or captured */
static void pass_request(void *context, const struct request *request,
			 const struct reported *reported,
			 const struct replay_place *place)
{
	struct search *search = context;

	(void)request;
	(void)reported;
	(void)place;
	search->policyd = true;
	count_line(search);
}

/* look - whose is this line, and does it have a time? */
static bool look(void *context, char *line, const struct replay_place *place)
{
	struct search *search = context;

	count_line(search);
	search->policyd |= report_is_line(line);
	if (postlog_line_read(&search->line, line, place->written) > 0) {
		search->postfix = true;
		search->reader->stop = true;
	}
	if (search->time == POSTLOG_NO_TIME)
		search->time = search->line.time;
	return true;
}

/* first_time - of a file; POSTLOG_NO_TIME: there is none, or it is a log of
 * policyd */
static int64_t first_time(const char *name)
{
	struct replay_reader reader = { .request = pass_request,
					.other = look,
					.quiet = true };
	struct search search = { .reader = &reader, .time = POSTLOG_NO_TIME };
	struct stat status;
	struct error error;

	reader.context = &search;
	if (stat(name, &status) == 0 && S_ISREG(status.st_mode))
		replay_read(&reader, name, &error);
	postlog_line_clear(&search.line);
	return search.policyd && !search.postfix ? POSTLOG_NO_TIME
						 : search.time;
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
void replay_order(int count, char **files, int64_t *times)
{
	struct dated *dated;
	int i;

	if (count < 2)
		return;
	dated = xcalloc((size_t)count, sizeof(*dated));
	for (i = 0; i < count; i++)
		dated[i] = (struct dated){ files[i], i, first_time(files[i]) };
	qsort(dated, (size_t)count, sizeof(*dated), compare);
	for (i = 0; i < count; i++) {
		files[i] = dated[i].name;
		times[i] = dated[i].time;
	}
	free(dated);
}
