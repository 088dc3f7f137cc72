/* SPDX-License-Identifier: ISC */
/* replay_id - from the id in a refusal to its explanation
 *
 * A client forwards what it was told, "... (id 4F2K7Q)"; the log has the
 * facts under that id. They are judged again, and explained. Ids begin anew
 * some day, so there may be several. */

#include "policyd/replay.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "lib/printable.h"
#include "policyd/explanation.h"
#include "policyd/replay_input.h"

#define ID_SIZE 17

/* What is looked for. */
struct search {
	struct progress *progress;
	const struct config *config;
	const struct query_options *options;
	char id[ID_SIZE];
	unsigned long found;
};

/* read_id - as people write it: Crockford's base 32 knows neither case nor I,
 * L and O */
static int read_id(char id[ID_SIZE], const char *text)
{
	size_t length;

	for (length = 0; text[length] != '\0'; length++) {
		int byte = toupper((unsigned char)text[length]);

		if (length == ID_SIZE - 1 || !isalnum(byte))
			return -1;
		id[length] = (char)(byte == 'O'			 ? '0'
				    : byte == 'I' || byte == 'L' ? '1'
								 : byte);
	}
	id[length] = '\0';
	return length > 0 ? 0 : -1;
}

/* print_then - what the log says was decided, and if that would be so today */
static void print_then(const struct reported *reported,
		       const struct replay_place *place,
		       const struct decision *now)
{
	struct printable all;

	printable_open(&all);
	fprintf(all.stream, "%s:%lu: id %s, service %s, was %s by %s%s",
		place->file, place->line, reported->id, reported->service,
		verdict_name(reported->verdict), reported->restriction,
		reported->observed ? " (only observed)" : "");
	if (now->verdict == reported->verdict &&
	    strcmp(now->restriction, reported->restriction) == 0)
		fputs("; so it would be now:\n", all.stream);
	else
		fprintf(all.stream,
			"; under the configuration as it is now it would be "
			"%s by %s:\n",
			verdict_name(now->verdict), now->restriction);
	printable_close(&all, stdout);
}

/* explain_again - the log line is there */
static void explain_again(const struct search *search,
			  const struct request *request,
			  const struct reported *reported,
			  const struct replay_place *place)
{
	const struct service *service =
		replay_service(search->config, request, reported);
	struct explanation explanation;
	struct error error;

	if (explain(&explanation, search->config, service, request,
		    reported->id, &error) < 0) {
		fprintf(stderr, "policyd: %s\n", error.text);
	} else if (search->options->json) {
		explanation_print_json(&explanation, stdout);
	} else {
		print_then(reported, place,
			   &explanation.judgement.evaluation.decision);
		explanation_print(&explanation, explanation_colour(stdout),
				  stdout);
	}
	explanation_clear(&explanation);
}

/* take_request - is it the one? */
static void take_request(void *context, const struct request *request,
			 const struct reported *reported,
			 const struct replay_place *place)
{
	struct search *search = context;

	if (reported == NULL || strcmp(reported->id, search->id) != 0)
		return;
	search->found++;
	progress_clear(search->progress);
	explain_again(search, request, reported, place);
}

/* replay_id - find a decision by its id, and explain it */
int replay_id(const struct config *config, const struct query_options *options)
{
	struct search search = { .config = config, .options = options };
	struct replay_reader reader = { .context = &search,
					.request = take_request,
					.quiet = true };

	progress_init(&reader.progress);
	search.progress = &reader.progress;
	if (read_id(search.id, options->id) < 0) {
		fprintf(stderr,
			"policyd: --id %.40s: an id is a few digits and "
			"letters, as \"(id 4F2K7Q)\" in a refusal\n",
			options->id);
		return EX_USAGE;
	}
	if (replay_read_all(&reader, options->count, options->arguments) < 0)
		return EX_NOINPUT;
	if (search.found > 0)
		return EX_OK;
	fprintf(stderr,
		"policyd: no decision with id %s among %lu; is it a log of "
		"that day, and does log_verdicts name that verdict?\n",
		search.id, reader.judged);
	replay_summary(&reader);
	return 1;
}
