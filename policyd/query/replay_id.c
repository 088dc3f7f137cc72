/* SPDX-License-Identifier: ISC */
/* replay_id - explain a refusal by its id
 *
 * A user forwards the refusal, "... (id 4F2K7Q)"; the log has the request under
 * that id. It is judged again, and explained. Ids are reused some day, so there
 * may be several. */

#include "policyd/query/replay.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/printable.h"
#include "policyd/query/explanation.h"
#include "policyd/query/replay_input.h"

#define ID_SIZE 17

/* The search. */
struct search {
	struct progress *progress;
	const struct config *config;
	const struct query_options *options;
	char id[ID_SIZE];
	unsigned long found;
};

/* read_id - as people type it: Crockford's base 32 ignores case, and reads I, L
 * and O as digits */
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

/* print_then - the decision in the log, and whether it would be the same now */
static void print_then(const struct reported *reported,
		       const struct replay_place *place,
		       const struct decision *now)
{
	struct printable all;

	printable_open(&all);
	fprintf(all.stream, "%s:%lu: id %s, service %s: %s by %s%s",
		place->file, place->line, reported->id, reported->service,
		verdict_name(reported->verdict), reported->restriction,
		reported->observed ? " (only observed)" : "");
	if (now->verdict == reported->verdict &&
	    strcmp(now->restriction, reported->restriction) == 0)
		fputs("; same result now:\n", all.stream);
	else
		fprintf(all.stream,
			"; with the present configuration it would be "
			"%s by %s:\n",
			verdict_name(now->verdict), now->restriction);
	printable_close(&all, stdout);
}

/* explain_again - explain the request of a log line */
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

/* take_request - explain it if it has the id */
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
			"letters, like 4F2K7Q in \"(id 4F2K7Q)\"\n",
			options->id);
		return EX_USAGE;
	}
	if (replay_read_all(&reader, config->log, options->count,
			    options->arguments) < 0)
		return EX_NOINPUT;
	if (search.found > 0)
		return EX_OK;
	fprintf(stderr,
		"policyd: id %s not found among %lu decision%s; is this the "
		"log of the right day, and does log_verdicts include that "
		"verdict?\n",
		search.id, reader.judged, reader.judged == 1 ? "" : "s");
	replay_summary(&reader);
	return 1;
}
