/* SPDX-License-Identifier: ISC */
/* forecast_print - a forecast as text: the answer first, then each group, with
 * examples and with what to write */

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_time.h"
#include "policyd/query/figure.h"
#include "policyd/query/forecast.h"
#include "policyd/query/forecast_advice_internal.h"

#define LOGINS_SHOWN 200 /* of the groups that are not shown */

#define HOUR 3600
#define DAY  86400

/* put_period - " in 7 days (2026-11-22 to 2026-11-29)", if it is known */
static void put_period(const struct postlog_figures *figures, FILE *out)
{
	long long length;
	struct tm from, to;
	char text[2][20];
	bool days, same;

	if (figures->first == POSTLOG_NO_TIME ||
	    !clock_local(figures->first, &from) ||
	    !clock_local(figures->last, &to))
		return;
	length = figures->last - figures->first;
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

/* put_networks - where the clients are */
static void put_networks(const struct forecast_group *group, FILE *out)
{
	size_t last = group->networks.count;
	size_t i;

	if (last == 0)
		fputs(group->network, out);
	for (i = 0; i < last; i++)
		fprintf(out, "%s%s",
			i == 0				       ? ""
			: i + 1 < last || group->networks.more ? ", "
							       : " and ",
			group->networks.texts[i]);
	if (group->networks.more)
		fputs(" and others", out);
}

/* put_who - the port, the clients and the login */
static void put_who(const struct forecast_group *group, FILE *out)
{
	fprintf(out, "port %s",
		*group->port != '\0' ? group->port : group->ports);
	fprintf(out, " (%s", quoted(group->name).text);
	if (advice_is_nowhere(group)) {
		fputs("), clients without an address, ", out);
	} else {
		fputs("), clients in ", out);
		put_networks(group, out);
		fputs(", ", out);
	}
	if (*group->login != '\0') {
		fprintf(out, "login %s", quoted(group->login).text);
	} else {
		fputs("no login", out);
	}
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
	put_who(group, out);
	if (*group->domain != '\0')
		fprintf(out, ", to %s", quoted(group->domain).text);
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

	fprintf(out, "\t\t%s this host takes mail from anybody for %s%s",
		other ? "or, if" : "if", advice->relay,
		group->domains.more ? " and others" : "");
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
	if (advice.remove != NULL)
		fprintf(out,
			"\t\tor, if they are not yours, remove them from %s in "
			"policyd.conf, and try again\n",
			advice.remove);
	if (advice.relay != NULL)
		put_relay(adviser, group, &advice, out);
	forecast_advice_clear(&advice);
}

/* The pieces of advice that were printed, and the groups that had them first.
 */
struct told {
	char *texts[FORECAST_GROUPS_SHOWN];
	const struct forecast_group *groups[FORECAST_GROUPS_SHOWN];
	size_t count;
};

/* put_advice_once - the same for several groups is printed for the first */
static void put_advice_once(const struct forecast_adviser *adviser,
			    const struct forecast_group *group,
			    struct told *told, FILE *out)
{
	char *text = NULL;
	size_t length = 0;
	FILE *lines = xmemstream(&text, &length);
	size_t i = 0;

	put_advice(adviser, group, lines);
	xmemstream_close(lines);
	while (i < told->count && strcmp(told->texts[i], text) != 0)
		i++;
	if (i < told->count && length > 0) {
		fputs("\t\tto keep them: the same as for ", out);
		put_who(told->groups[i], out);
		fputs(", above\n", out);
		free(text);
		return;
	}
	fputs(text, out);
	told->texts[told->count] = text;
	told->groups[told->count++] = group;
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
	FILE *lines = xmemstream(&text, &length);
	const struct advice_lines to = { put_line, lines };
	bool any = forecast_advice_all(adviser, &forecasts->groups, &to);

	xmemstream_close(lines);
	if (any)
		fprintf(out,
			"           to keep all that are ours or log in, under "
			"the same conditions, write:\n%s",
			text);
	free(text);
}

/* put_left - how many are not shown, and who of them can be named */
static void put_left(const struct forecast_groups *groups,
		     enum forecast_kind kind, unsigned long left, FILE *out)
{
	const char *comma = "\t\tlogins of others: ";
	size_t shown = 0, named = 0;
	size_t i;

	if (left > 0)
		fprintf(out, "%9lu  others (--format=json has more)\n", left);
	for (i = 0; i < groups->count; i++) {
		const struct forecast_group *group = groups->groups[i];

		if (group->kind != kind || shown++ < FORECAST_GROUPS_SHOWN ||
		    *group->login == '\0' || named == LOGINS_SHOWN)
			continue;
		fputs(comma, out);
		fputs(quoted(group->login).text, out);
		comma = ", ";
		named++;
	}
	if (named > 0)
		fprintf(out, "%s\n", named == LOGINS_SHOWN ? ", ..." : "");
}

/* put_groups - those of one kind */
static void put_groups(const struct forecasts *forecasts,
		       const struct forecast_adviser *adviser,
		       enum forecast_kind kind, FILE *out)
{
	const struct forecast_groups *groups = &forecasts->groups;
	unsigned long left = groups->ungrouped[kind];
	struct told told = { .count = 0 };
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
			put_advice_once(adviser, group, &told, out);
	}
	while (told.count > 0)
		free(told.texts[--told.count]);
	put_left(groups, kind, left, out);
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
	forecast_print_notes(forecasts, all.stream);
	printable_close(&all, output);
	past_print(forecasts->past, output);
}
