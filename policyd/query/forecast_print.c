/* SPDX-License-Identifier: ISC */
/* forecast_print - a forecast as text: the answer first, then each group, with
 * examples and with what to write */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/log.h"
#include "lib/base/printable.h"
#include "lib/postlog/postlog_time.h"
#include "policyd/query/figure.h"
#include "policyd/query/forecast.h"
#include "policyd/query/forecast_advice.h"

#define HOUR 3600
#define DAY  86400

/* put_period - " in 7 days (2026-11-22 to 2026-11-29)", if it is known */
static void put_period(const struct postlog_figures *figures, FILE *out)
{
	time_t first = (time_t)figures->first;
	time_t last = (time_t)figures->last;
	long long length;
	struct tm from, to;
	char text[2][20];
	bool days, same;

	if (figures->first == POSTLOG_NO_TIME ||
	    localtime_r(&first, &from) == NULL ||
	    localtime_r(&last, &to) == NULL)
		return;
	length = last - first;
	days = length >= 2LL * DAY;
	length = (length + (days ? DAY : HOUR) / 2) / (days ? DAY : HOUR);
	strftime(text[0], sizeof(text[0]), "%Y-%m-%d", &from);
	strftime(text[1], sizeof(text[1]), "%Y-%m-%d", &to);
	if (length < 1)
		length = 1;
	same = strcmp(text[0], text[1]) == 0;
	fprintf(out, " in %lld %s%s (%s%s%s)", length, days ? "day" : "hour",
		length == 1 ? "" : "s", text[0], same ? "" : " to ",
		same ? "" : text[1]);
}

/* put_quoted - text of a stranger */
static void put_quoted(FILE *out, const char *text)
{
	char quoted[161];

	log_quote(quoted, sizeof(quoted) - 1, text);
	fputs(quoted, out);
}

/* put_networks - where the clients are */
static void put_networks(const struct forecast_group *group, FILE *out)
{
	size_t last = group->network_count;
	size_t i;

	if (last == 0)
		fputs(group->network, out);
	for (i = 0; i < last; i++)
		fprintf(out, "%s%s",
			i == 0				       ? ""
			: i + 1 < last || group->more_networks ? ", "
							       : " and ",
			group->networks[i]);
	if (group->more_networks)
		fputs(" and others", out);
}

/* put_group - who, and why */
static void put_group(const struct forecast_group *group, FILE *out)
{
	size_t i;

	fprintf(out, "%9lu  ", group->count);
	if (group->kind == FORECAST_DOUBTED) {
		fprintf(out, "%s\n", group->reason);
		return;
	}
	fprintf(out, "port %s",
		*group->port != '\0' ? group->port : group->ports);
	fputs(" (", out);
	put_quoted(out, group->name);
	if (advice_is_nowhere(group)) {
		fputs("), clients without an address, ", out);
	} else {
		fputs("), clients in ", out);
		put_networks(group, out);
		fputs(", ", out);
	}
	if (*group->login != '\0') {
		fputs("login ", out);
		put_quoted(out, group->login);
	} else {
		fputs("no login", out);
	}
	if (*group->domain != '\0') {
		fputs(", to ", out);
		put_quoted(out, group->domain);
	}
	if (*group->reason != '\0')
		fprintf(out, ": %s", group->reason);
	if (*group->restriction != '\0')
		fprintf(out, " (%s, service %s", group->restriction,
			group->service->name);
	for (i = 0; i < group->other_count; i++)
		fprintf(out, " or %s", group->others[i].service->name);
	if (*group->restriction != '\0')
		putc(')', out);
	putc('\n', out);
}

/* put_relay - the domains of strangers: where Postfix has them, policyd has to
 * have them, too, and permit them before it refuses anybody */
static void put_relay(const struct forecast_adviser *adviser,
		      const struct forecast_group *group,
		      const struct forecast_advice *advice, FILE *out)
{
	bool other = advice->condition != NULL || advice->instead != NULL;
	char *where = forecast_advice_where(group->service);

	fprintf(out, "\t\t%s this host takes mail from anybody for %s",
		other ? "or, if" : "if", advice->relay);
	if (advice->ours)
		fputs(", which is ours already, write:\n", out);
	else if (advice->relay_here != NULL)
		fprintf(out,
			" (as a backup MX), write, since policyd.conf has "
			"relay_domains of its own:\n\t\t  at top level: %s\n",
			advice->relay_here);
	else if (adviser->config->import_postfix != NULL)
		fprintf(out,
			" (as a backup MX), add to relay_domains in main.cf: "
			"%s\n",
			advice->relay);
	else
		fputs(", write here what main.cf has, with import_postfix or "
		      "by hand: mydestination, virtual_alias_domains or "
		      "virtual_mailbox_domains for its own domains, "
		      "relay_domains for those that it relays (as a backup "
		      "MX)\n",
		      out);
	if (advice->first != NULL && !advice->ours)
		fputs("\t\tand, so that they are permitted first:\n", out);
	if (advice->first != NULL)
		fprintf(out, "\t\t  %s: %s\n", where, advice->first);
	free(where);
}

/* put_lines - what to write into the place of a group */
static void put_lines(const struct forecast_advice *advice, FILE *out)
{
	size_t i;

	if (advice->restrictions != NULL)
		fprintf(out, "\t\t  %s: %s\n", advice->where,
			advice->restrictions);
	for (i = 0; i < ADVICE_TLS_LINES && advice->tls[i] != NULL; i++)
		fprintf(out, "\t\t  %s: %s\n", advice->where, advice->tls[i]);
}

/* put_other_lines - the same in each other service where they may have been */
static void put_other_lines(const struct forecast_adviser *adviser,
			    const struct forecast_group *group, FILE *out)
{
	struct forecast_advice advice;
	struct forecast_group other;
	size_t i;

	for (i = 0; i < group->other_count; i++) {
		other = forecast_group_of_other(group, i);
		if (advice_is_same(group->service, other.service))
			continue;
		forecast_advise(&advice, adviser, &other);
		put_lines(&advice, out);
		forecast_advice_clear(&advice);
	}
}

/* put_advice - what to write to keep them */
static void put_advice(const struct forecast_adviser *adviser,
		       const struct forecast_group *group, FILE *out)
{
	struct forecast_advice advice;

	forecast_advise(&advice, adviser, group);
	if (advice.condition != NULL) {
		fprintf(out, "\t\tto keep them, %s, write:\n",
			advice.condition);
		if (advice.networks != NULL)
			fprintf(out, "\t\t  at top level: %s\n",
				advice.networks);
		put_lines(&advice, out);
		put_other_lines(adviser, group, out);
		if (advice.postfix != NULL)
			fprintf(out, "\t\t  " ADVICE_POSTFIX ": %s\n",
				advice.postfix);
	}
	if (advice.instead != NULL)
		fprintf(out, "\t\t%s\n", advice.instead);
	if (advice.relay != NULL)
		put_relay(adviser, group, &advice, out);
	forecast_advice_clear(&advice);
}

/* put_line - of what is advised for all groups together */
static void put_line(void *context, const char *where, const char *write)
{
	fprintf(context, "\t\t  %s: %s\n", where, write);
}

/* put_all_advice - if there are several pieces of it, they may be about one
 * line of the file */
static void put_all_advice(const struct forecasts *forecasts,
			   const struct forecast_adviser *adviser, FILE *out)
{
	char *text = NULL;
	size_t length = 0;
	FILE *lines = open_memstream(&text, &length);

	if (lines == NULL)
		return;
	if (forecast_advice_all(adviser, &forecasts->groups, put_line, lines) &&
	    fflush(lines) == 0)
		fprintf(out,
			"           to keep all that are ours or log in, under "
			"the same conditions, write:\n%s",
			text);
	fclose(lines);
	free(text);
}

/* put_groups - those of one kind */
static void put_groups(const struct forecasts *forecasts,
		       const struct forecast_adviser *adviser,
		       enum forecast_kind kind, FILE *out)
{
	const struct forecast_groups *groups = &forecasts->groups;
	unsigned long left = groups->ungrouped[kind];
	size_t shown = 0;
	size_t i, k;

	for (i = 0; i < groups->count; i++) {
		const struct forecast_group *group = groups->groups[i];

		if (group->kind != kind)
			continue;
		if (shown++ >= FORECAST_GROUPS_SHOWN) {
			left += group->count;
			continue;
		}
		put_group(group, out);
		for (k = 0; k < group->example_count; k++)
			fprintf(out, "\t\t%s\n", group->examples[k]);
		if (adviser != NULL)
			put_advice(adviser, group, out);
	}
	if (left > 0)
		fprintf(out, "%9lu  others (--format=json has more)\n", left);
}

/* put_kind - "of 12,840 recipients accepted in 7 days 31 would be refused" */
static void put_kind(const struct forecasts *forecasts,
		     const struct forecast_adviser *adviser,
		     enum forecast_kind kind, FILE *out)
{
	bool accepted = kind == FORECAST_REFUSED;
	unsigned long count = forecasts->groups.counts[kind];
	unsigned long all = accepted ? forecasts->accepted : forecasts->refused;

	fprintf(out, "of %s recipient%s that Postfix %s", figure(all).text,
		all == 1 ? "" : "s", accepted ? "accepted" : "refused");
	if (accepted)
		put_period(postlog_figures(forecasts->log), out);
	fprintf(out, ", %s would be %s%s\n", figure(count).text,
		accepted ? "refused" : "accepted", count > 0 ? ":" : "");
	put_groups(forecasts, adviser, kind, out);
}

/* put_doubts - what nobody can tell */
static void put_doubts(const struct forecasts *forecasts, FILE *out)
{
	const struct postlog_figures *figures = postlog_figures(forecasts->log);
	unsigned long count = forecasts->groups.counts[FORECAST_DOUBTED] +
			      figures->unclear + figures->proxied;

	fprintf(out, "cannot tell: %s%s\n", figure(count).text,
		count > 0 ? ":" : "");
	put_groups(forecasts, NULL, FORECAST_DOUBTED, out);
	if (figures->unclear > 0)
		fprintf(out,
			"%9lu  line%s whose text could be read in two ways\n",
			figures->unclear, figures->unclear == 1 ? "" : "s");
	if (figures->proxied > 0)
		fprintf(out,
			"%9lu  more recipient%s of messages that went through "
			"a smtpd_proxy_filter: the log names only the first "
			"one of each message at this port\n",
			figures->proxied, figures->proxied == 1 ? "" : "s");
}

/* put_gaps - why there may be less than expected */
static void put_gaps(const struct postlog_figures *figures, FILE *out)
{
	bool one = figures->unbegun == 1;

	if (figures->sessions == 0)
		fprintf(out,
			"note: none of the %s line%s of Postfix is about a "
			"client of smtpd; is this all of the mail log?\n",
			figure(figures->lines).text,
			figures->lines == 1 ? "" : "s");
	if (figures->reversed > 0)
		fprintf(out,
			"note: %s file%s the newest line first, so sessions "
			"cannot be followed there (journalctl -r? tac(1) "
			"reverses it)\n",
			figure(figures->reversed).text,
			figures->reversed == 1 ? " has" : "s have");
	if (figures->unbegun > 0)
		fprintf(out,
			"note: %s message%s began before the log, so nobody "
			"knows %s client%s: name the older files, too\n",
			figure(figures->unbegun).text, one ? "" : "s",
			one ? "its" : "their", one ? "" : "s");
}

/* put_others - what belongs to another Postfix */
static void put_others(const struct forecasts *forecasts, FILE *out)
{
	size_t i;

	if (forecasts->elsewhere == 0)
		return;
	fprintf(out,
		"note: %s recipient%s not judged: no port of this Postfix "
		"logs as ",
		figure(forecasts->elsewhere).text,
		forecasts->elsewhere == 1 ? " is" : "s are");
	for (i = 0; i < forecasts->other_name_count; i++) {
		fputs(i > 0 ? ", \"" : "\"", out);
		put_quoted(out, forecasts->other_names[i]);
		putc('"', out);
	}
	fprintf(out, "%s, so %s of another instance, or of another time\n",
		forecasts->more_other_names ? " and others" : "",
		forecasts->elsewhere == 1 ? "it is" : "they are");
}

/* put_notes - what the figures above do not contain */
static void put_notes(const struct forecasts *forecasts, FILE *out)
{
	const struct postlog_figures *figures = postlog_figures(forecasts->log);

	put_gaps(figures, out);
	put_others(forecasts, out);
	forecasts_print_decided(forecasts, out);
	figure_note(forecasts->others,
		    "of the refused: for a reason that remains (an unknown "
		    "user, a block list)",
		    "of the refused: for reasons that remain (unknown users, "
		    "block lists)",
		    out);
	figure_note(figures->returned + forecasts->returned,
		    "came back from a content filter, and is not judged twice",
		    "came back from a content filter, and are not judged twice",
		    out);
	figure_note(figures->lost,
		    "more was accepted, but no delivery followed: it was given "
		    "up or refused later, or the log ends before",
		    "more were accepted, but no delivery followed: they were "
		    "given up or refused later, or the log ends before",
		    out);
	figure_note(figures->early,
		    "session did not fit into memory and was judged early",
		    "sessions did not fit into memory and were judged early",
		    out);
	figure_note(figures->submitted,
		    "message of sendmail(1) is not judged: it does not come to "
		    "smtpd, which alone asks policyd",
		    "messages of sendmail(1) are not judged: they do not come "
		    "to smtpd, which alone asks policyd",
		    out);
	if (forecasts->unsure > 0)
		fprintf(out,
			"note: %s recipient%s %s accepted if the lists of "
			"Postfix have what those of policyd.conf have: Postfix "
			"decides again (reply = lock), and its lists are not "
			"known here (import_postfix)\n",
			figure(forecasts->unsure).text,
			forecasts->unsure == 1 ? "" : "s",
			forecasts->unsure == 1 ? "is" : "are");
	if (!forecasts->ports.from_postfix)
		fprintf(out,
			"note: ports are named as usual (postfix/submission is "
			"587), since no Postfix %s%s\n",
			forecasts->config->import_postfix == NULL
				? "is imported (import_postfix)"
				: "could be asked: ",
			forecasts->ports_why.text);
}

/* forecasts_print_decided - and who has judged them */
void forecasts_print_decided(const struct forecasts *forecasts, FILE *output)
{
	bool one = forecasts->decided == 1;

	if (forecasts->decided == 0)
		return;
	fprintf(output,
		"note: %s recipient%s of Postfix since policyd was first asked "
		"(%s) %s not judged here: its decisions are, above\n",
		figure(forecasts->decided).text, one ? "" : "s",
		forecasts->since != POSTLOG_NO_TIME
			? figure_time(forecasts->since).text
			: "nobody knows when",
		one ? "is" : "are");
}

/* put_observed - does the configuration refuse anything yet? */
static void put_observed(const struct forecasts *forecasts, FILE *out)
{
	const struct service_list *all = &forecasts->config->services;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (all->services[i].reply.observe) {
			fputs("note: with mode = observe nothing is refused "
			      "yet; this is what would be without it\n",
			      out);
			return;
		}
}

/* forecasts_print - all of it */
void forecasts_print(struct forecasts *forecasts, FILE *output)
{
	const struct forecast_adviser *adviser = &forecasts->adviser;
	struct printable all;

	forecast_groups_merge(&forecasts->groups);
	forecast_groups_sort(&forecasts->groups);
	printable_open(&all);
	fprintf(all.stream, "%s, asked about the mail in Postfix's log:\n",
		forecasts->config->path);
	put_kind(forecasts, adviser, FORECAST_REFUSED, all.stream);
	put_all_advice(forecasts, adviser, all.stream);
	put_kind(forecasts, adviser, FORECAST_ACCEPTED, all.stream);
	forecast_print_foreign(forecasts, all.stream);
	put_doubts(forecasts, all.stream);
	put_notes(forecasts, all.stream);
	put_observed(forecasts, all.stream);
	printable_close(&all, output);
	past_print(forecasts->past, output);
}
