/* SPDX-License-Identifier: ISC */
/* status_page - the status page
 *
 * One page, with HTML and CSS from the program itself and without scripts. All
 * text from clients and from the configuration goes through html_put(). */

#include "policyd/status/status_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/xalloc.h"
#include "policyd/status/html.h"

#define LINE_MAX_SHOWN	400
#define LINES_MAX_SHOWN 400

static const char style[] =
	":root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;"
	"--ink:#23262b;--soft:#666d76;--line:#e3e1da;--p:#4f8f6c;--o:#8b9bb0;"
	"--d:#d9a23b;--r:#c2574a;--ok:#2f7350;--bad:#a83a2d;--warn:#8a6100}\n"
	"@media(prefers-color-scheme:dark){:root{--paper:#16181c;"
	"--card:#1e2126;--ink:#e4e3df;--soft:#9aa1ab;--line:#30343b;"
	"--p:#5fa37f;--o:#7f8fa6;--d:#d6a548;--r:#d06a5c;--ok:#7cc49d;"
	"--bad:#ee8f83;--warn:#e5bb62}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:76rem;"
	"background:var(--paper);color:var(--ink);"
	"font:16px/1.5 system-ui,sans-serif;"
	"font-variant-numeric:tabular-nums}\n"
	"h1{margin:0;font-size:1.6rem;letter-spacing:-.01em}\n"
	"h2{margin:0;font-size:1.05rem}\n"
	"header{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem "
	".9rem}\n"
	".state{padding:.1rem .7rem;border:1px solid;border-radius:1rem;"
	"font-size:.9rem;font-weight:600;color:var(--ok)}\n"
	".state.draining{color:var(--warn)}\n"
	"header p{margin:0;flex-basis:100%;color:var(--soft)}\n"
	".notes{margin:1.25rem 0 0;padding:0;list-style:none}\n"
	".notes li{margin:.4rem 0;padding:.6rem .9rem;border-left:4px solid "
	"var(--warn);background:var(--card);overflow-wrap:anywhere}\n"
	".notes li.bad{border-color:var(--bad)}\n"
	".facts{display:grid;grid-template-columns:repeat(auto-fit,"
	"minmax(8rem,1fr));gap:1rem 1.5rem;margin:1.5rem 0 2rem;"
	"padding:1rem 0;border:solid var(--line);border-width:1px 0}\n"
	".facts dt{color:var(--soft);font-size:.85rem}\n"
	".facts dd{margin:0;font-size:1.15rem;font-weight:600}\n"
	".periods{display:grid;grid-template-columns:repeat(auto-fit,"
	"minmax(min(16rem,100%),1fr));gap:1.25rem}\n"
	"article,.card{padding:1.1rem 1.25rem;border:1px solid var(--line);"
	"border-radius:.6rem;background:var(--card);min-width:0}\n"
	".card{margin-top:1.25rem}\n"
	".total{margin:.1rem 0 .8rem;font-size:.9rem;color:var(--soft)}\n"
	".total b{font-size:1.5rem;color:var(--ink)}\n"
	"svg.time{display:block;width:100%;height:5.5rem;border-bottom:1px "
	"solid var(--line)}\n"
	".p{fill:var(--p);background:var(--p)}.o{fill:var(--o);"
	"background:var(--o)}.d{fill:var(--d);background:var(--d)}"
	".r{fill:var(--r);background:var(--r)}\n"
	".legend{display:flex;flex-wrap:wrap;gap:.1rem .8rem;margin:.6rem 0 0;"
	"padding:0;list-style:none;font-size:.85rem;color:var(--soft)}\n"
	".legend b{color:var(--ink);font-weight:600}\n"
	".legend i{display:inline-block;width:.65rem;height:.65rem;"
	"margin-right:.35rem;border-radius:.15rem}\n"
	"table{width:100%;border-collapse:collapse}\n"
	"h3{margin:1rem 0 .25rem;font-size:.85rem;font-weight:400;"
	"color:var(--soft)}\n"
	".names{margin:0;padding:0;list-style:none;font-size:.88rem}\n"
	".names li{display:grid;grid-template-columns:1fr auto;gap:0 .75rem;"
	"margin:.3rem 0}\n"
	".names span{overflow-wrap:anywhere}\n"
	".names svg{grid-column:1/-1;display:block;width:100%;height:.4rem;"
	"border-radius:.2rem;background:var(--line)}\n"
	".refusals{margin:.4rem 0 0;padding:0;list-style:none}\n"
	".refusals li{padding:.75rem 0;border-top:1px solid var(--line);"
	"overflow-wrap:anywhere}\n"
	".refusals li:first-child{border-top:0}\n"
	".refusals p{margin:0}\n"
	".who{font-weight:600}.who span{font-weight:400;color:var(--soft)}\n"
	".meta{font-size:.85rem;color:var(--soft)}\n"
	".verdict{font-size:.85rem;font-weight:600}.verdict.reject{color:"
	"var(--bad)}.verdict.defer{color:var(--warn)}\n"
	"code{font:.86rem/1.5 ui-monospace,monospace}\n"
	".quiet{color:var(--soft)}\n"
	".conf td{padding:.14rem 0;vertical-align:top;overflow-wrap:anywhere}\n"
	".conf td+td{padding-left:1.5rem;text-align:right;font-size:.85rem;"
	"color:var(--soft)}\n"
	".conf code{white-space:pre-wrap}\n"
	"details{margin-top:.8rem}summary{cursor:pointer;color:var(--soft)}\n"
	"@media(max-width:40rem){body{padding:1.25rem .9rem 3rem}"
	".facts{grid-template-columns:1fr 1fr}"
	".conf td,.conf tr{display:block}.conf td+td{padding:0 0 .35rem;"
	"text-align:left}}\n";

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

/* put_time - in local time */
static void put_time(FILE *output, int64_t when, bool zone)
{
	time_t seconds = (time_t)when;
	char text[64];
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	fputs(text, output);
	if (zone && strftime(text, sizeof(text), " %Z", &tm) > 0)
		html_put(output, text);
}

/* put_header - host, version, time and state */
static void put_header(const struct status_view *view, FILE *output)
{
	const char *state = view->draining ? "draining" : "serving";

	fprintf(output,
		"<header><h1>policyd</h1><span class=\"state %s\">%s</span>"
		"<p>on ",
		state, state);
	html_put(output, parameters_get(&view->config->parameters,
					PARAMETER_MYHOSTNAME));
	fputs(", version " POLICYD_VERSION ", at ", output);
	put_time(output, view->now, true);
	fputs("</p></header>\n", output);
}

/* put_notes - problems that need attention */
static void put_notes(const struct status_view *view, FILE *output)
{
	const struct status_file *changed = status_changed(view);

	fputs("<ul class=\"notes\">", output);
	if (view->news.is_refused) {
		fputs("<li class=\"bad\">The last reload failed at ", output);
		put_time(output, view->news.refused_when, false);
		fputs("; the previous configuration is in effect: <code>",
		      output);
		html_put(output, view->news.reason);
		fputs("</code></li>", output);
	}
	if (changed != NULL) {
		fputs("<li>The configuration is older than <code>", output);
		html_put(output, changed->path);
		fputs("</code>, which was changed at ", output);
		put_time(output, changed->changed_ms / 1000, false);
		fputs(": reload.</li>", output);
	}
	if (view->config->failed_tables > 0)
		fprintf(output,
			"<li class=\"bad\">%zu table%s cannot be read: lookups "
			"there are deferred.</li>",
			view->config->failed_tables,
			view->config->failed_tables == 1 ? "" : "s");
	fputs("</ul>\n", output);
}

/* put_fact - the name of one figure; its value follows */
static void put_fact(FILE *output, const char *name)
{
	fprintf(output, "<div><dt>%s</dt><dd>", name);
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
	put_time(output, refusal->when, false);
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
		"<title>policyd: %s</title>\n<style nonce=\"%s\">\n%s</style>"
		"</head><body>\n",
		view->draining ? "draining" : "serving", nonce, style);
	put_header(view, output);
	put_notes(view, output);
	put_facts(view, output);
	fputs("<main><section class=\"periods\">\n", output);
	for (period = 0; period < HISTORY_PERIODS; period++)
		status_charts(view->history, (enum history_period)period,
			      output);
	fputs("</section>\n", output);
	put_refusals(view, output);
	put_configuration(view, output);
	fputs("</main></body></html>\n", output);
}
