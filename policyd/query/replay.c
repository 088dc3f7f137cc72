/* SPDX-License-Identifier: ISC */
/* replay - what would a changed configuration decide?
 *
 * Each past request is judged under the new configuration and under an old one
 * to compare with; without an old one, the decision in the log takes its place.
 * Cases that differ only in addresses form one group, shown with its count and
 * a few examples. */

#include "policyd/query/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/xalloc.h"
#include "lib/decision/judgement.h"
#include "lib/decision/outcome.h"
#include "lib/decision/reply.h"
#include "lib/decision/report.h"
#include "policyd/query/forecast.h"
#include "policyd/query/json.h"
#include "policyd/query/replay_copies.h"
#include "policyd/query/replay_group.h"
#include "policyd/query/replay_input.h"
#include "policyd/query/replay_order.h"
#include "policyd/query/replay_overlap.h"

/* One run of --replay. */
struct replay {
	const struct config *config;
	const struct config *against; /* or NULL */
	struct replay_groups groups;
	unsigned long compared;
	unsigned long waiting;	    /* not judged: no immediate decision */
	unsigned long repeated;	    /* not judged again */
	struct past past;	    /* what was sent, for rates; not with
				       against */
	struct forecasts forecasts; /* of what Postfix logged; not with
				       against */
	struct replay_overlap *overlap;
};

/* replay_service - the service that the request matches; a log without ports
 * gives its name */
const struct service *replay_service(const struct config *config,
				     const struct request *request,
				     const struct reported *reported)
{
	const struct service *service = NULL;

	if (reported != NULL && !reported->has_port &&
	    request->policy_context[0] == '\0')
		service = service_named(&config->services, reported->service);
	return service != NULL ? service
			       : service_find(&config->services, request);
}

/* judge - the decision of one configuration; -1: not immediate */
static int judge(struct outcome *outcome, const struct config *config,
		 const struct request *request, const struct reported *reported)
{
	const struct service *service =
		replay_service(config, request, reported);
	struct judgement judgement = { 0 };

	if (judgement_now(&judgement, service, config->resolver, request, 0) <
	    0)
		return -1;
	outcome_of(outcome, &judgement);
	reply_write(outcome->reply, &judgement.evaluation.decision,
		    &judgement.facts, &service->reply, "ID");
	return 0;
}

/* remembered - the decision in the log */
static void remembered(struct outcome *outcome, const struct reported *reported)
{
	outcome->service = reported->service;
	outcome->verdict = reported->verdict;
	outcome->restriction = reported->restriction;
	outcome->observed = reported->observed;
	outcome->reply[0] = '\0'; /* unknown */
}

/* by_rate - was it over a limit? Nothing is counted again. */
static bool by_rate(const struct reported *reported)
{
	return strncmp(reported->restriction,
		       "check_rate:", strlen("check_rate:")) == 0;
}

/* passes - is the request not refused? */
static bool passes(const struct outcome *outcome)
{
	return outcome->verdict != VERDICT_REJECT &&
	       outcome->verdict != VERDICT_DEFER;
}

/* is_repeated - is that decision in a file before this one, too? */
static bool is_repeated(struct replay *replay, const struct reported *reported,
			const struct replay_place *place)
{
	const struct request *request = &reported->notation.request;
	const char *const texts[] = { reported->id, request->instance,
				      request->sender, request->recipient };

	return replay_overlap_seen(replay->overlap, place->file, place->time,
				   texts, sizeof(texts) / sizeof(texts[0]));
}

/* take_request - a past request */
static void take_request(void *context, const struct request *request,
			 const struct reported *reported,
			 const struct replay_place *place)
{
	struct replay *replay = context;
	struct outcome new, old;
	bool compare = replay->against != NULL ||
		       (reported != NULL && !by_rate(reported));

	if (reported != NULL && is_repeated(replay, reported, place)) {
		replay->repeated++;
		return;
	}
	if (replay->against == NULL && reported != NULL)
		forecasts_asked(&replay->forecasts, place->time);
	if (judge(&new, replay->config, request, reported) < 0) {
		replay->waiting++;
		return;
	}
	if (replay->against != NULL &&
	    judge(&old, replay->against, request, reported) < 0) {
		replay->waiting++;
		return;
	}
	if (replay->against == NULL && compare)
		remembered(&old, reported);
	replay->compared += compare;
	if (replay->against == NULL && reported != NULL)
		past_decided(&replay->past,
			     replay_service(replay->config, request, reported),
			     request, reported, passes(&new), place);
	if (replay->against == NULL)
		replay_groups_add(&replay->groups, NULL, &new, request, place);
	if (compare && outcome_differ(&old, &new))
		replay_groups_add(&replay->groups, &old, &new, request, place);
}

/* take_other - a line that is no decision of policyd */
static bool take_other(void *context, char *line,
		       const struct replay_place *place)
{
	struct replay *replay = context;

	return forecasts_line(&replay->forecasts, line, place);
}

/* pass_other - with against: is this a line of Postfix? */
static bool pass_other(void *context, char *line,
		       const struct replay_place *place)
{
	struct replay *replay = context;

	return postlog_line_read(&replay->forecasts.line, line,
				 place->written) > 0;
}

/* load_against - the configuration to compare with; NULL: it is refused */
static struct config *load_against(const char *path, struct progress *progress)
{
	struct config_load_options options = { .lenient = true,
					       .unserved = true,
					       .inspected = true,
					       .progress = progress_reading,
					       .context = progress };
	struct config_messages messages = { 0 };
	struct config *config = config_load_with(path, &options, &messages);

	progress_clear(progress);
	if (config == NULL || config->failed_tables > 0)
		config_messages_print(&messages, stderr);
	config_messages_clear(&messages);
	return config;
}

/* print_head - a summary of the comparison */
static void print_head(const struct replay *replay, unsigned long judged)
{
	unsigned long changed = replay_groups_changed(&replay->groups);

	if (replay->against != NULL)
		printf("%lu of %lu requests would be answered differently by "
		       "%s than by %s%s\n",
		       changed, judged, replay->config->path,
		       replay->against->path, changed > 0 ? ":" : ".");
	else if (replay->compared > 0)
		printf("%lu of %lu logged decisions would be different under "
		       "%s%s\n",
		       changed, replay->compared, replay->config->path,
		       changed > 0 ? ":" : ".");
}

/* print - the result */
static void print(struct replay *replay, const struct replay_reader *read,
		  bool json)
{
	if (json) {
		replay_groups_print_json(&replay->groups, stdout);
		return;
	}
	print_head(replay, read->judged);
	replay_groups_print(&replay->groups, true, stdout);
	if (replay->against == NULL) {
		printf("%lu request%s under %s:\n", read->judged,
		       read->judged == 1 ? "" : "s", replay->config->path);
		replay_groups_print(&replay->groups, false, stdout);
	}
	if (replay->waiting > 0)
		fprintf(stderr,
			"policyd: %lu request%s not judged: a restriction "
			"replies later\n",
			replay->waiting, replay->waiting == 1 ? "" : "s");
}

/* print_before - what Postfix did before policyd was asked, and the rates,
 * which count both */
static void print_before(struct replay *replay,
			 const struct replay_reader *reader, bool json)
{
	struct forecasts *forecasts = &replay->forecasts;

	forecasts_end(forecasts);
	if (json) {
		if (reader->used > 0)
			forecasts_print_json(forecasts, stdout);
		else
			past_print_json(&replay->past, stdout);
	} else if (forecasts_any(forecasts)) {
		puts("before policyd was asked:");
		forecasts_print(forecasts, stdout);
	} else {
		forecasts_print_decided(forecasts, stdout);
		past_print(&replay->past, stdout);
	}
}

/* changes - recipients that Postfix accepted, and policyd would refuse; or the
 * other way round */
static unsigned long changes(const struct replay *replay)
{
	const unsigned long *counts = replay->forecasts.groups.counts;

	return counts[FORECAST_REFUSED] + counts[FORECAST_ACCEPTED];
}

/* drop_other - the lines of Postfix were of no use */
static void drop_other(struct replay_reader *reader)
{
	reader->skipped[SKIP_FOREIGN] += reader->used;
	reader->used = 0;
}

/* finish_requests - print what became of requests; the exit status */
static int finish_requests(struct replay *replay, struct replay_reader *reader,
			   bool json)
{
	print(replay, reader, json);
	if (replay->against == NULL)
		print_before(replay, reader, json);
	else
		drop_other(reader);
	replay_summary(reader);
	if (replay_groups_opened(&replay->groups) + changes(replay) > 0)
		return 1;
	return past_failed(&replay->past) != NULL ? EX_TEMPFAIL : EX_OK;
}

/* finish_nothing - no request, and no forecast */
static int finish_nothing(struct replay_reader *reader)
{
	if (reader->used > 0)
		fputs("policyd: --against compares decisions of policyd, and "
		      "requests, and there are none, only lines of Postfix; "
		      "without --against, these are judged\n",
		      stderr);
	drop_other(reader);
	replay_summary(reader);
	return EX_NOINPUT;
}

/* finish - print the result; the exit status, if all could be read */
static int finish(struct replay *replay, struct replay_reader *reader,
		  bool json)
{
	struct forecasts *forecasts = &replay->forecasts;

	if (reader->judged > 0)
		return finish_requests(replay, reader, json);
	if (reader->used == 0 || replay->against != NULL)
		return finish_nothing(reader);
	forecasts_end(forecasts);
	(json ? forecasts_print_json : forecasts_print)(forecasts, stdout);
	replay_summary(reader);
	if (changes(replay) + replay->past.rates.stopped > 0)
		return 1;
	if (!forecasts_are_whole(forecasts))
		return EX_NOINPUT;
	return past_failed(&replay->past) != NULL ? EX_TEMPFAIL : EX_OK;
}

/* note_repeated - what was left out */
static void note_repeated(const struct replay_overlap *overlap)
{
	unsigned long lines = replay_overlap_lines(overlap);

	if (lines > 0)
		fprintf(stderr,
			"policyd: %lu line%s in more than one of the files, "
			"and counted once\n",
			lines, lines == 1 ? " is" : "s are");
}

/* read_files - all of them, in their order */
static int read_files(struct replay *replay, struct replay_reader *reader,
		      const struct query_options *options)
{
	int count = replay_copies(options->count, options->arguments);
	int64_t *times = xcalloc((size_t)count + 1, sizeof(*times));
	int result;

	reader->other = replay->against == NULL ? take_other : pass_other;
	replay_order(count, options->arguments, times);
	replay->overlap = replay_overlap_new(count, options->arguments, times);
	replay->forecasts.overlap = replay->overlap;
	result = replay_read_all(reader, replay->config->log, count,
				 options->arguments);
	reader->judged -= replay->repeated;
	note_repeated(replay->overlap);
	replay_overlap_free(replay->overlap);
	free(times);
	return result;
}

/* replay_files - read all files, and print the result */
static int replay_files(struct replay *replay, struct replay_reader *reader,
			const struct query_options *options)
{
	int result = read_files(replay, reader, options);
	int status;

	status = finish(replay, reader, options->json);
	return result < 0 ? EX_NOINPUT : status;
}

/* replay - judge the requests of some files again */
int replay(const struct config *config, const struct query_options *options)
{
	struct replay replay = { .config = config };
	struct replay_reader reader = { .context = &replay,
					.request = take_request };
	struct config *against = NULL;
	int status;

	json_start();
	progress_init(&reader.progress);
	if (options->against != NULL) {
		against = load_against(options->against, &reader.progress);
		if (against == NULL)
			return EX_CONFIG;
		replay.against = against;
	}
	past_open(&replay.past, config, options->suggest_limits);
	reader.timed = true;
	forecasts_open(&replay.forecasts, config, &replay.past);
	status = replay_files(&replay, &reader, options);
	forecasts_close(&replay.forecasts);
	past_close(&replay.past);
	replay_groups_clear(&replay.groups);
	config_free(against);
	return status;
}
