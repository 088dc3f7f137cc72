/* SPDX-License-Identifier: ISC */
/* forecast - what would happen to the mail in Postfix's log?
 *
 * Each recipient that Postfix accepted, or refused, is judged by the
 * configuration. Only differences are of interest: mail that would be refused
 * tomorrow, and mail that would be accepted. Postfix continues to refuse for
 * reasons of its own (an unknown user, a block list), so of its refusals only
 * those matter that policyd replaces: "Relay access denied". */

#include "policyd/query/forecast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyd/query/forecast_group_internal.h"

/* take_accepted - a recipient that Postfix accepted */
static void take_accepted(struct forecasts *all,
			  const struct forecast *forecast,
			  const struct postlog_case *taken)
{
	all->accepted += taken->count;
	past_accepted(all->past, forecast, taken);
	if (forecast->answer == FORECAST_PERMIT && forecast->unsure)
		all->unsure += taken->count;
	if (forecast->answer == FORECAST_PERMIT && taken->fewer &&
	    all->ports.milters)
		all->replaced += taken->count;
	if (forecast->answer == FORECAST_PERMIT && forecast->no_login) {
		all->no_login += taken->count;
		forecast_texts_add(&all->plain_logins, taken->login);
	}
	if (forecast->answer == FORECAST_REFUSE)
		forecast_groups_add(&all->groups, FORECAST_REFUSED, forecast,
				    taken);
	else if (forecast->answer == FORECAST_UNKNOWN)
		forecast_groups_add(&all->groups, FORECAST_DOUBTED, forecast,
				    taken);
}

/* stays_foreign - would policyd permit what Postfix does not? With reply =
 * lock, Postfix checks again, and refuses again. */
static bool stays_foreign(const struct forecast *forecast,
			  const struct postlog_case *taken)
{
	if (taken->for_relay && forecast->answer == FORECAST_REFUSE)
		return forecast->locked;
	return taken->for_relay && forecast->answer == FORECAST_PERMIT &&
	       forecast->permitting != NULL &&
	       forecast->permitting->reply.mode == REPLY_LOCK &&
	       strcmp(forecast->permitted_by, "permit_auth_destination") == 0;
}

/* doubt - of a refusal, which may remain */
static void doubt(struct forecast *forecast, const char *why)
{
	forecast->answer = FORECAST_UNKNOWN;
	snprintf(forecast->reason, sizeof(forecast->reason), "%s", why);
}

/* doubt_list - of one that a list may go on to refuse */
static void doubt_list(struct forecast *forecast, const char *list)
{
	char why[FORECAST_REASON_MAX];

	snprintf(why, sizeof(why),
		 "policyd would permit it, but %s may still refuse", list);
	doubt(forecast, why);
}

/* take_relay - "Relay access denied" */
static void take_relay(struct forecasts *all, struct forecast *forecast,
		       const struct postlog_case *taken)
{
	const char *list = forecast_ports_refuse(&all->ports, taken->service);

	if (stays_foreign(forecast, taken)) {
		forecast_groups_add(&all->groups, FORECAST_FOREIGN, forecast,
				    taken);
		return;
	}
	if (forecast->answer == FORECAST_PERMIT) {
		if (forecast->unsure)
			doubt(forecast,
			      "Postfix decides again (reply = lock), by lists "
			      "that are not known here (import_postfix)");
		else if (list != NULL)
			doubt_list(forecast, list);
		else
			forecast_groups_add(&all->groups, FORECAST_ACCEPTED,
					    forecast, taken);
	}
	if (forecast->answer == FORECAST_UNKNOWN)
		forecast_groups_add(&all->groups, FORECAST_DOUBTED, forecast,
				    taken);
}

/* take_access - "Access denied": reject says so, but also a table, which may go
 * on to say it */
static void take_access(struct forecasts *all, struct forecast *forecast,
			const struct postlog_case *taken)
{
	if (forecast->answer == FORECAST_PERMIT)
		doubt(forecast, "Postfix refused by \"reject\" or by a table, "
				"and the log does not say which");
	if (forecast->answer == FORECAST_UNKNOWN)
		forecast_groups_add(&all->groups, FORECAST_DOUBTED, forecast,
				    taken);
}

/* take_ended - a refusal by a restriction of smtpd_relay_restrictions, which
 * policyd replaces */
static void take_ended(struct forecasts *all, struct forecast *forecast,
		       const struct postlog_case *taken, bool certain)
{
	if (forecast->answer == FORECAST_PERMIT && certain) {
		all->ended += taken->count;
		forecast_groups_add(&all->groups, FORECAST_ACCEPTED, forecast,
				    taken);
		return;
	}
	if (forecast->answer == FORECAST_PERMIT)
		doubt(forecast, "Postfix refused in smtpd_relay_restrictions, "
				"which policyd replaces, or in another list");
	if (forecast->answer == FORECAST_UNKNOWN)
		forecast_groups_add(&all->groups, FORECAST_DOUBTED, forecast,
				    taken);
}

/* take_refused - a recipient that Postfix refused */
static void take_refused(struct forecasts *all, struct forecast *forecast,
			 const struct postlog_case *taken)
{
	enum forecast_remains remains = forecast_ports_remain(
		&all->ports, taken->service, taken->reply);

	all->refused += taken->count;
	if (taken->for_relay)
		take_relay(all, forecast, taken);
	else if (remains == FORECAST_REMAINS)
		all->others += taken->count;
	else if (taken->by_access)
		take_access(all, forecast, taken);
	else
		take_ended(all, forecast, taken, remains == FORECAST_ENDS);
}

/* is_decided - was policyd asked at that time? Then its own lines say more. */
static bool is_decided(const struct forecasts *all,
		       const struct postlog_case *taken)
{
	int64_t time = taken->accepted ? taken->begun : taken->time;

	return all->asked && (time == POSTLOG_NO_TIME || time >= all->since);
}

/* take - a postlog_take: a recipient of the log */
static void take(void *context, const struct postlog_case *taken)
{
	struct forecasts *all = context;
	struct forecast forecast;

	if (is_decided(all, taken)) {
		all->decided += taken->count;
		return;
	}
	if (!forecast_ports_log_as(&all->ports, taken->service)) {
		all->elsewhere += taken->count;
		forecast_texts_add(&all->other_names, taken->service);
		return;
	}
	if (taken->forwarded &&
	    forecast_ports_return(&all->ports, taken->service,
				  taken->address)) {
		all->forwarded += taken->count;
		return;
	}
	forecast_judge(&forecast, all->config, &all->ports, taken);
	if (forecast.answer == FORECAST_RETURN)
		all->returned += taken->count;
	else if (taken->accepted)
		take_accepted(all, &forecast, taken);
	else
		take_refused(all, &forecast, taken);
}

/* forecasts_open - begin */
void forecasts_open(struct forecasts *forecasts, const struct config *config,
		    struct past *past)
{
	memset(forecasts, 0, sizeof(*forecasts));
	forecasts->config = config;
	forecasts->past = past;
	forecasts->log = postlog_new(take, forecasts);
	forecast_adviser_open(&forecasts->adviser, config, &forecasts->ports);
	forecasts->groups.adviser = &forecasts->adviser;
}

/* is_repeated - is that line in a file before this one, too? */
static bool is_repeated(const struct forecasts *forecasts,
			const struct replay_place *place)
{
	const struct postlog_line *line = &forecasts->line;
	const char *const texts[] = { line->host, line->service,  line->program,
				      line->pid,  line->queue_id, line->text };

	return replay_overlap_seen(forecasts->overlap, place->file, line->time,
				   texts, sizeof(texts) / sizeof(texts[0]));
}

/* forecasts_line - a line of a log. Postfix is asked about its ports when its
 * first line is there. */
bool forecasts_line(struct forecasts *forecasts, char *line,
		    const struct replay_place *place)
{
	if (postlog_line_read(&forecasts->line, line, place->written) == 0)
		return false;
	if (is_repeated(forecasts, place))
		return true;
	if (postlog_figures(forecasts->log)->lines == 0) {
		forecast_ports_open(&forecasts->ports, forecasts->config,
				    &forecasts->ports_why);
		if (forecasts->ports.unquoted)
			postlog_unquoted(forecasts->log);
		if (forecasts->ports.copy_to != NULL)
			postlog_copies(forecasts->log,
				       forecasts->ports.copy_to);
		if (forecasts->ports.copies != NULL)
			postlog_copies_by(forecasts->log, forecast_copies_find,
					  forecasts->ports.copies);
	}
	postlog_feed(forecasts->log, &forecasts->line, place->file,
		     place->line);
	return true;
}

/* forecasts_asked - the earliest time counts; if it is not known, all of them
 * are later */
void forecasts_asked(struct forecasts *forecasts, int64_t time)
{
	if (!forecasts->asked || time < forecasts->since)
		forecasts->since = time;
	forecasts->asked = true;
}

/* forecasts_end - there are no more lines */
void forecasts_end(struct forecasts *forecasts)
{
	postlog_end(forecasts->log);
	past_end(forecasts->past);
	forecast_groups_sort(&forecasts->groups);
}

/* forecasts_any - was any recipient judged? */
bool forecasts_any(const struct forecasts *forecasts)
{
	return forecasts->accepted + forecasts->refused + forecasts->returned +
		       forecasts->forwarded +
		       postlog_figures(forecasts->log)->returned >
	       0;
}

/* forecasts_are_whole - is it more than the absence of anything? */
bool forecasts_are_whole(const struct forecasts *forecasts)
{
	const struct postlog_figures *figures = postlog_figures(forecasts->log);

	return figures->reversed + figures->shuffled == 0 &&
	       forecasts_any(forecasts);
}

/* forecasts_close - free what it holds */
void forecasts_close(struct forecasts *forecasts)
{
	forecast_texts_clear(&forecasts->other_names);
	forecast_texts_clear(&forecasts->plain_logins);
	postlog_free(forecasts->log);
	postlog_line_clear(&forecasts->line);
	forecast_groups_clear(&forecasts->groups);
	forecast_ports_close(&forecasts->ports);
	forecast_adviser_close(&forecasts->adviser);
}
