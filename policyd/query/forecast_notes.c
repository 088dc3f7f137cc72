/* SPDX-License-Identifier: ISC */
/* forecast_notes - what the figures of a forecast do not contain
 *
 * Each line says how much was left out, and why, so that zeros are never taken
 * for "nothing will happen". */

#include "policyd/query/figure.h"
#include "policyd/query/forecast.h"

/* put_names - between commas; more: there are others */
static void put_names(char *const names[], size_t count, bool more,
		      const char *quote, FILE *out)
{
	size_t i;

	for (i = 0; i < count; i++)
		fprintf(out, "%s%s%s%s", i > 0 ? ", " : "", quote,
			quoted(names[i]).text, quote);
	fputs(more ? " and others" : "", out);
}

/* put_hosts - a log of several: the configuration is that of one */
static void put_hosts(const struct forecasts *forecasts, FILE *out)
{
	const struct postlog_figures *figures = postlog_figures(forecasts->log);

	if (figures->host_count < 2)
		return;
	fprintf(out, "note: the log is of %s%s hosts (",
		figures->more_hosts ? "more than " : "",
		figure(figures->host_count).text);
	put_names(figures->hosts, figures->host_count, false, "", out);
	fputs("), and all of its mail is judged by the ports and lists of one; "
	      "read the lines of each host alone, with its configuration\n",
	      out);
}

/* put_gaps - why there may be less than expected */
static void put_gaps(const struct postlog_figures *figures, FILE *out)
{
	if (figures->sessions == 0)
		fprintf(out,
			"note: none of the %s line%s of Postfix is about a "
			"client of smtpd; is this all of the mail log?\n",
			figure(figures->lines).text,
			figures->lines == 1 ? "" : "s");
	figure_note(figures->reversed,
		    "file has the newest line first, so sessions cannot be "
		    "followed there (journalctl -r? tac(1) reverses it)",
		    "files have the newest line first, so sessions cannot be "
		    "followed there (journalctl -r? tac(1) reverses it)",
		    out);
	figure_note(figures->shuffled,
		    "file has the lines of each second in the reverse order, "
		    "so sessions cannot be followed there",
		    "files have the lines of each second in the reverse order, "
		    "so sessions cannot be followed there",
		    out);
	figure_note(figures->unbegun,
		    "message began before the log, so nobody knows its client: "
		    "name the older files, too",
		    "messages began before the log, so nobody knows their "
		    "clients: name the older files, too",
		    out);
}

/* put_others - what belongs to another Postfix */
static void put_others(const struct forecasts *forecasts, FILE *out)
{
	if (forecasts->elsewhere == 0)
		return;
	fprintf(out,
		"note: %s recipient%s not judged: no port of this Postfix "
		"logs as ",
		figure(forecasts->elsewhere).text,
		forecasts->elsewhere == 1 ? " is" : "s are");
	put_names(forecasts->other_names.texts, forecasts->other_names.count,
		  forecasts->other_names.more, "\"", out);
	fprintf(out, ", so %s of another instance, or of another time\n",
		forecasts->elsewhere == 1 ? "it is" : "they are");
}

/* put_plain_logins - whose programs may send nothing */
static void put_plain_logins(const struct forecasts *forecasts, FILE *out)
{
	if (forecasts->no_login == 0)
		return;
	fprintf(out, "note: these log in without TLS: ");
	put_names(forecasts->plain_logins.texts, forecasts->plain_logins.count,
		  forecasts->plain_logins.more, "", out);
	fputs("; let their programs use TLS, or set smtpd_tls_auth_only = "
	      "no for their port in master.cf, once it asks policyd\n",
	      out);
}

/* put_unjudged - what is not in the figures above, and why */
static void put_unjudged(const struct forecasts *forecasts, FILE *out)
{
	const struct postlog_figures *figures = postlog_figures(forecasts->log);
	const struct {
		uint64_t count;
		const char *one, *many;
	} notes[] = {
		{ forecasts->ended,
		  "of the refused would be accepted only because "
		  "smtpd_relay_restrictions, where it is refused now, is "
		  "replaced: let another list have the same restriction",
		  "of the refused would be accepted only because "
		  "smtpd_relay_restrictions, where they are refused now, is "
		  "replaced: let another list have the same restrictions" },
		{ forecasts->others,
		  "of the refused: for a reason that remains (an unknown "
		  "user, a block list)",
		  "of the refused: for reasons that remain (unknown users, "
		  "block lists)" },
		{ figures->returned + forecasts->forwarded,
		  "came back from a content filter, and is not judged twice",
		  "came back from a content filter, and are not judged "
		  "twice" },
		{ forecasts->returned,
		  "is not judged: it came to a port that does not ask "
		  "policyd, for a content filter or for mynetworks only",
		  "are not judged: they came to a port that does not ask "
		  "policyd, for a content filter or for mynetworks only" },
		{ figures->lost,
		  "more was accepted, but no delivery followed: it was given "
		  "up or refused later, or the log ends before",
		  "more were accepted, but no delivery followed: they were "
		  "given up or refused later, or the log ends before" },
		{ figures->early,
		  "session did not fit into memory and was judged early",
		  "sessions did not fit into memory and were judged early" },
		{ figures->submitted,
		  "message of sendmail(1) is not judged: it does not come to "
		  "smtpd, which alone asks policyd",
		  "messages of sendmail(1) are not judged: they do not come "
		  "to smtpd, which alone asks policyd" },
		{ figures->spoken,
		  "recipient of sendmail -bs is not judged: that is an smtpd "
		  "of its own, which asks nobody",
		  "recipients of sendmail -bs are not judged: that is an "
		  "smtpd of its own, which asks nobody" },
	};
	size_t i;

	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
		figure_note(notes[i].count, notes[i].one, notes[i].many, out);
}

/* put_conditions - what is in the figures above, if something is so */
static void put_conditions(const struct forecasts *forecasts, FILE *out)
{
	figure_note(forecasts->unsure,
		    "recipient is accepted if the lists of Postfix have what "
		    "those of policyd.conf have: Postfix decides again (reply "
		    "= lock), and its lists are not known here "
		    "(import_postfix)",
		    "recipients are accepted if the lists of Postfix have what "
		    "those of policyd.conf have: Postfix decides again (reply "
		    "= lock), and its lists are not known here "
		    "(import_postfix)",
		    out);
	figure_note(forecasts->no_login,
		    "recipient is accepted, but the client logs in without "
		    "TLS, which will not be possible there "
		    "(smtpd_tls_auth_only, which --init sets); many programs "
		    "send nothing then",
		    "recipients are accepted, but the clients log in without "
		    "TLS, which will not be possible there "
		    "(smtpd_tls_auth_only, which --init sets); many programs "
		    "send nothing then",
		    out);
	figure_note(forecasts->replaced,
		    "recipient is accepted, if it is the one that the client "
		    "gave: the queue had more of that message than the log, "
		    "because of aliases, or of a milter that replaced one",
		    "recipients are accepted, if they are those that the "
		    "clients gave: the queue had more of these messages than "
		    "the log, because of aliases, or of a milter that replaced "
		    "some",
		    out);
}

/* put_ports - are the numbers of ports certain? */
static void put_ports(const struct forecasts *forecasts, FILE *out)
{
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

/* forecast_print_notes - all of them */
void forecast_print_notes(const struct forecasts *forecasts, FILE *out)
{
	put_gaps(postlog_figures(forecasts->log), out);
	put_hosts(forecasts, out);
	put_others(forecasts, out);
	forecasts_print_decided(forecasts, out);
	put_unjudged(forecasts, out);
	put_conditions(forecasts, out);
	put_plain_logins(forecasts, out);
	put_ports(forecasts, out);
	put_observed(forecasts, out);
}
