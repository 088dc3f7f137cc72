/* SPDX-License-Identifier: ISC */
/* status_page - the status page
 *
 * One page, with HTML and CSS from the program itself and without scripts. All
 * text from clients and from the configuration goes through html_put(). */

#include "policyd/status/status_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "policyd/status/html.h"

#define LINE_MAX_SHOWN	400
#define LINES_MAX_SHOWN 400

/* status_number - write a number with thin spaces between thousands */
void status_number(FILE *output, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	int i;

	for (i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			fputs("\u202f", output);
		putc(digits[i], output);
	}
}

/* status_span - write a time span in at most two units */
void status_span(FILE *output, int64_t seconds)
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 60)
		fprintf(output, "%" PRId64 " s", seconds);
	else if (seconds < 3600)
		fprintf(output, "%" PRId64 " min %" PRId64 " s", seconds / 60,
			seconds % 60);
	else if (seconds < 86400)
		fprintf(output, "%" PRId64 " h %" PRId64 " min", seconds / 3600,
			seconds / 60 % 60);
	else
		fprintf(output, "%" PRId64 " d %" PRId64 " h", seconds / 86400,
			seconds / 3600 % 24);
}

/* status_time - in local time */
void status_time(FILE *output, int64_t when, bool zone)
{
	char text[64];
	struct tm tm;

	if (!clock_local(when, &tm))
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	fputs(text, output);
	if (zone && strftime(text, sizeof(text), " %Z", &tm) > 0)
		html_put(output, text);
}

/* put_header - host, version, time and state */
static void put_header(const struct status_view *view, FILE *output)
{
	struct status_badge badge = status_worst(view);

	fprintf(output,
		"<header><h1>policyd</h1><span class=\"state %s\">%s</span>"
		"<p>on ",
		badge.colour, badge.text);
	html_put(output, parameters_get(&view->config->parameters,
					PARAMETER_MYHOSTNAME));
	fputs(", version " POLICYD_VERSION ", at ", output);
	status_time(output, view->now, true);
	fputs("</p></header>\n", output);
}

/* put_fact - the name of one figure; its value follows */
static void put_fact(FILE *output, const char *name)
{
	fprintf(output, "<div><dt>%s</dt><dd>", name);
}

/* put_quantile - an upper bound of the time that this share of decisions took
 */
static void put_quantile(const struct totals_times *times, double share,
			 FILE *output)
{
	uint64_t all = 0, sum = 0;
	size_t i;

	for (i = 0; i <= TOTALS_BOUNDS; i++)
		all += times->counts[i];
	for (i = 0; i < TOTALS_BOUNDS; i++) {
		sum += times->counts[i];
		if ((double)sum >= share * (double)all)
			break;
	}
	if (all == 0)
		fputs("-", output);
	else if (i == TOTALS_BOUNDS)
		fprintf(output, "&gt; %g ms",
			(double)totals_bounds_us[TOTALS_BOUNDS - 1] / 1000);
	else
		fprintf(output, "&lt; %g ms",
			(double)totals_bounds_us[i] / 1000);
}

/* put_latency - of half of the decisions, and of nearly all */
static void put_latency(const struct status_view *view, FILE *output)
{
	const struct totals_times *times = history_times(view->history);

	put_fact(output, "half of them took");
	put_quantile(times, 0.5, output);
	fputs("</dd></div>", output);
	put_fact(output, "99 % took");
	put_quantile(times, 0.99, output);
	fputs("</dd></div>", output);
}

/* put_facts - the main figures */
static void put_facts(const struct status_view *view, FILE *output)
{
	uint64_t decisions = 0;
	int i;

	for (i = 0; i < VERDICT_COUNT; i++)
		decisions += view->counters.decisions[i];
	fputs("<dl class=\"facts\">", output);
	put_fact(output, "uptime");
	status_span(output, view->news.started > 0
				    ? view->now - view->news.started
				    : view->now - view->loaded_ms / 1000);
	fputs("</dd></div>", output);
	put_fact(output, "configuration loaded");
	status_span(output, view->now - view->loaded_ms / 1000);
	fputs(" ago</dd></div>", output);
	put_fact(output, "open connections");
	status_number(output, view->open);
	fputs("</dd></div>", output);
	put_fact(output, "total decisions");
	status_number(output, decisions);
	fputs("</dd></div>", output);
	put_latency(view, output);
	put_fact(output, "malformed requests");
	status_number(output, view->counters.malformed);
	fputs("</dd></div>", output);
	put_fact(output, "reloads");
	status_number(output, view->news.reloads);
	if (view->news.refused > 0) {
		fputs(", ", output);
		status_number(output, view->news.refused);
		fputs(" failed", output);
	}
	fputs("</dd></div></dl>\n", output);
}

/* put_mailbox - a mail address in angle brackets */
static void put_mailbox(FILE *output, const char *address)
{
	fputs("&lt;", output);
	html_put(output, address);
	fputs("&gt;", output);
}

/* put_refusal - sender, recipient, reason */
static void put_refusal(const struct totals_refusal *refusal, FILE *output)
{
	fputs("<li><p class=\"who\">", output);
	put_mailbox(output, refusal->from);
	fputs(" <span>to</span> ", output);
	put_mailbox(output, refusal->to);
	fprintf(output, "</p><p><span class=\"verdict %s\">%s</span> by <code>",
		verdict_name(refusal->verdict), verdict_name(refusal->verdict));
	html_put(output, refusal->restriction);
	fputs("</code>: ", output);
	html_put(output, refusal->destination);
	if (refusal->why[0] != '\0' &&
	    strcmp(refusal->why, refusal->destination) != 0) {
		fputs("; ", output);
		html_put(output, refusal->why);
	}
	fputs("</p><p class=\"meta\">", output);
	status_time(output, refusal->when, false);
	fputs(", client ", output);
	html_put(output, refusal->client);
	fputs(", service ", output);
	html_put(output, refusal->service);
	fputs(", id ", output);
	html_put(output, refusal->id);
	fputs(", answered <code>", output);
	html_put(output, refusal->reply);
	fputs("</code></p></li>\n", output);
}

/* put_refusals - the last refusals */
static void put_refusals(const struct status_view *view, FILE *output)
{
	struct totals_refusal refusals[TOTALS_REFUSALS];
	size_t count = history_refusals(view->history, refusals);
	size_t i;

	fputs("<section class=\"card\" id=\"refusals\"><h2>Last "
	      "refusals</h2>\n",
	      output);
	if (count == 0)
		fputs("<p class=\"quiet\">None.</p>", output);
	else
		fputs("<ul class=\"refusals\">", output);
	for (i = 0; i < count; i++)
		put_refusal(&refusals[i], output);
	fputs(count > 0 ? "</ul></section>\n" : "</section>\n", output);
}

/* find_source - the comment at the end of a line that says where its value
 * comes from, or NULL */
static char *find_source(char *line)
{
	char *source = NULL;
	char *next = line;

	while ((next = strstr(next, "\t# ")) != NULL)
		source = next++;
	return source;
}

/* put_text - a part of a line, truncated if it is long */
static void put_text(FILE *output, char *text)
{
	bool cut = strlen(text) > LINE_MAX_SHOWN;

	if (cut)
		text[LINE_MAX_SHOWN] = '\0';
	html_put(output, text);
	if (cut)
		fputs(" ...", output);
}

/* put_option - one line of the configuration, and its source */
static void put_option(FILE *output, char *line)
{
	char *source = find_source(line);
	char *text = line;
	int indent;

	if (source != NULL)
		*source = '\0';
	fputs("<tr><td><code>", output);
	for (; *text == '\t'; text++)
		for (indent = 0; indent < 4; indent++)
			putc(' ', output);
	put_text(output, text);
	fputs("</code></td><td>", output);
	if (source != NULL)
		put_text(output, source + strlen("\t# "));
	fputs("</td></tr>\n", output);
}

/* is_default - is this a line that nobody wrote, or an empty one? */
static bool is_default(const char *line)
{
	size_t length = strlen(line);
	size_t end = strlen("\t# default");

	return length == 0 || line[strspn(line, "\t")] == '#' ||
	       (length > end &&
		strcmp(line + length - end, "\t# default") == 0);
}

/* put_lines - of the configuration: all, or only those that somebody wrote */
static void put_lines(const char *configuration, bool all, FILE *output)
{
	const char *line = configuration;
	unsigned left = LINES_MAX_SHOWN;

	fputs("<table class=\"conf\">\n", output);
	while (*line != '\0' && left > 0) {
		size_t length = strcspn(line, "\n");
		char *text = xstrndup(line, length);

		if (length > 0 && (all || !is_default(text))) {
			put_option(output, text);
			left--;
		}
		free(text);
		line += length + (line[length] == '\n');
	}
	if (left == 0)
		fputs("<tr><td>... and more: <code>policyd -T -v</code></td>"
		      "<td></td></tr>\n",
		      output);
	fputs("</table>\n", output);
}

/* put_configuration - the configuration in effect, with its sources */
static void put_configuration(const struct status_view *view, FILE *output)
{
	fputs("<section class=\"card\" id=\"configuration\"><h2>Configuration "
	      "in effect</h2>\n",
	      output);
	put_lines(view->configuration, false, output);
	fputs("<details><summary>all options, including defaults"
	      "</summary>\n",
	      output);
	put_lines(view->configuration, true, output);
	fputs("</details></section>\n", output);
}

/* status_page - the whole page */
void status_page(const struct status_view *view, const char *nonce,
		 FILE *output)
{
	int period;

	fprintf(output,
		"<!DOCTYPE html>\n<html lang=\"en\"><head>"
		"<meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">"
		"<meta name=\"color-scheme\" content=\"light dark\">"
		"<meta http-equiv=\"refresh\" content=\"60\">"
		"<title>policyd: %s</title>\n<style nonce=\"%s\">\n%s</style>"
		"</head><body>\n",
		status_worst(view).text, nonce, status_style);
	put_header(view, output);
	status_notes(view, output);
	put_facts(view, output);
	fputs("<main><section class=\"periods\">\n", output);
	for (period = 0; period < HISTORY_PERIODS; period++)
		status_charts(view->history, (enum history_period)period,
			      output);
	fputs("</section>\n", output);
	status_limits(view, output);
	status_frequent(view->history, output);
	put_refusals(view, output);
	put_configuration(view, output);
	fputs("</main></body></html>\n", output);
}
