/* SPDX-License-Identifier: ISC */
/* forecast_log - a forecast as a part of something else
 *
 * For --init: it must not take long, whatever the log is. So only the end of
 * each log is read, and each gets its share of the time. */

#include "policyd/query/forecast_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "policyd/query/figure.h"
#include "policyd/query/forecast.h"
#include "policyd/query/log_file.h"
#include "policyd/query/replay_input.h"
#include "policyd/query/replay_order.h"
#include "policyd/query/replay_overlap.h"

/* take_line - of a struct replay_reader */
static bool take_line(void *context, char *line,
		      const struct replay_place *place)
{
	return forecasts_line(context, line, place);
}

/* take_request - of the same: a decision of policyd says nothing about a
 * Postfix that does not ask it */
static void take_request(void *context, const struct request *request,
			 const struct reported *reported,
			 const struct replay_place *place)
{
	(void)context;
	(void)request;
	(void)reported;
	(void)place;
}

/* check - is it a file? Anything else could make us wait. */
static int check(const char *file, struct error *error)
{
	struct stat status;

	if (strcmp(file, LOG_FILE_JOURNAL) == 0)
		return 0;
	if (stat(file, &status) < 0)
		return error_set(error, "%s: %s", file, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, "%s: is not a file", file);
	return 0;
}

/* read_ends - the end of each; a file that cannot be read to its end may still
 * have had something: then error says so */
static int read_ends(struct replay_reader *reader, char *const files[],
		     size_t count, struct error *error)
{
	uint64_t start = clock_ms();
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned long before = reader->used;
		struct error failure;

		reader->stop = false;
		reader->until_ms = start + FORECAST_LOG_MS * (i + 1) / count;
		if (check(files[i], error) < 0)
			return -1;
		/* A program that we stop cannot have read all of it. */
		if (replay_read(reader, files[i], &failure) == 0 ||
		    reader->stop)
			continue;
		*error = failure;
		if (reader->used == before)
			return -1;
	}
	return 0;
}

/* read_files - in the order of time; a line that is in several counts once, and
 * *repeated of them were */
static int read_files(struct replay_reader *reader, struct forecasts *forecasts,
		      const char *const files[], size_t count,
		      unsigned long *repeated, struct error *error)
{
	char **names = xcalloc(count, sizeof(*names));
	int64_t *times = xcalloc(count, sizeof(*times));
	int result;

	memcpy(names, files, count * sizeof(*names));
	replay_order((int)count, names, times);
	forecasts->overlap = replay_overlap_new((int)count, names, times);
	result = read_ends(reader, names, count, error);
	*repeated = replay_overlap_lines(forecasts->overlap);
	replay_overlap_free(forecasts->overlap);
	forecasts->overlap = NULL;
	free(names);
	free(times);
	return result;
}

/* forecast_log - read, and print */
int forecast_log(const struct config *config, const char *const files[],
		 size_t count, FILE *output, struct error *error)
{
	struct past past;
	struct forecasts forecasts;
	struct replay_reader reader = { .context = &forecasts,
					.request = take_request,
					.other = take_line,
					.quiet = true,
					.tail = FORECAST_LOG_BYTES };
	unsigned long repeated = 0;
	int result;

	error->text[0] = '\0';
	past_open(&past, config, false);
	forecasts_open(&forecasts, config, &past);
	result =
		read_files(&reader, &forecasts, files, count, &repeated, error);
	if (result == 0 && reader.used == 0)
		result =
			error_set(error, "%s: nothing of Postfix's smtpd in it",
				  files[count - 1]);
	if (result == 0) {
		forecasts_end(&forecasts);
		forecasts_print(&forecasts, output);
		if (error->text[0] != '\0')
			fprintf(output, "note: %s\n", error->text);
		figure_note(repeated, "line is in both files, and counted once",
			    "lines are in both files, and counted once",
			    output);
		if (reader.cut)
			fprintf(output,
				"note: only the end was read, %s lines of "
				"Postfix; policyd -q --replay reads all\n",
				figure(reader.used).text);
	}
	forecasts_close(&forecasts);
	past_close(&past);
	return result;
}
