/* SPDX-License-Identifier: ISC */
/* replay_files - read the files that were named, and say what was skipped */

#include <stdio.h>

#include "policyd/query/log_file.h"
#include "policyd/query/replay_input.h"

static const char *const skip_names[SKIP_COUNT] = {
	[SKIP_FOREIGN] = "other lines",
	[SKIP_DAMAGED] = "damaged or truncated log lines",
	[SKIP_TRUNCATED] = "incomplete requests",
	[SKIP_MALFORMED] = "malformed requests",
};

/* replay_read_all - several files, or the one that is meant */
int replay_read_all(struct replay_reader *reader, const char *log, int count,
		    char **files)
{
	const char *standard = NULL;
	struct error error;
	int result = 0;
	int i;

	if (count == 0) {
		standard = log_file_default(log);
		count = 1;
	}
	for (i = 0; i < count; i++) {
		if (replay_read(reader, standard != NULL ? standard : files[i],
				&error) == 0)
			continue;
		fprintf(stderr, "policyd: %s\n", error.text);
		result = -1;
	}
	return result;
}

/* replay_summary - the numbers of skipped items */
void replay_summary(const struct replay_reader *reader)
{
	unsigned long total = 0;
	const char *comma = "";
	int i;

	for (i = 0; i < SKIP_COUNT; i++)
		total += reader->skipped[i];
	if (total == 0)
		return;
	fputs("policyd: ", stderr);
	if (reader->judged > 0 || reader->used == 0)
		fprintf(stderr, "%lu judged, ", reader->judged);
	if (reader->used > 0)
		fprintf(stderr, "%lu line%s of Postfix, ", reader->used,
			reader->used == 1 ? "" : "s");
	fprintf(stderr, "%lu skipped (", total);
	for (i = 0; i < SKIP_COUNT; i++) {
		if (reader->skipped[i] == 0)
			continue;
		fprintf(stderr, "%s%s: %lu", comma, skip_names[i],
			reader->skipped[i]);
		comma = ", ";
	}
	fputs(")\n", stderr);
}
