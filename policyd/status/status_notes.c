/* SPDX-License-Identifier: ISC */
/* status_notes - what the status page says first: is all well, or what is not
 */

#include "policyd/status/status_internal.h"

#include "policyd/status/html.h"

/* observes - does a service only watch? */
static bool observes(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->services.count; i++)
		if (config->services.services[i].reply.observe)
			return true;
	return false;
}

/* status_worst - the worst that is to be said */
struct status_badge status_worst(const struct status_view *view)
{
	if (view->draining)
		return (struct status_badge){ "amber", "draining" };
	if (view->news.is_refused)
		return (struct status_badge){ "red", "reload refused" };
	if (view->config->failed_tables > 0)
		return (struct status_badge){ "red", "table unreadable" };
	if (status_stores_away(view) > 0)
		return (struct status_badge){ "red", "store away" };
	if (status_changed(view) != NULL)
		return (struct status_badge){ "amber", "not up to date" };
	if (observes(view->config))
		return (struct status_badge){ "amber", "observing" };
	return (struct status_badge){ "green", "serving" };
}

/* note_store - it is away */
static void note_store(const struct status_view *view,
		       const struct status_store *store, FILE *output)
{
	fputs("<li class=\"bad\">The store <code>", output);
	html_put(output, store->address);
	fputs("</code> has been away for ", output);
	status_span(output, (int64_t)store->away_s);
	fputs(view->store_count == 1 ? ": this host counts alone"
				     : ": this host counts its keys alone",
	      output);
	fputs(", as <code>away</code> says.</li>", output);
}

/* note_shadow - what the next configuration would answer */
static void note_shadow(const struct status_view *view, FILE *output)
{
	const struct counters *counters = &view->counters;

	if (view->config->shadow == NULL)
		return;
	fprintf(output, "<li%s>The configuration in <code>",
		counters->shadow_opening > 0 ? " class=\"bad\"" : "");
	html_put(output, view->config->shadow);
	fputs("</code> (<code>shadow</code>) would have answered ", output);
	status_number(output, counters->shadow_differing);
	fputs(" of ", output);
	status_number(output, counters->shadow_compared);
	fputs(counters->shadow_compared == 1 ? " request" : " requests",
	      output);
	fputs(" differently; ", output);
	status_number(output, counters->shadow_opening);
	fputs(" of them it would have let pass.</li>", output);
}

/* status_notes - problems that need attention */
void status_notes(const struct status_view *view, FILE *output)
{
	const struct status_file *changed = status_changed(view);
	size_t i;

	fputs("<ul class=\"notes\">", output);
	if (view->news.is_refused) {
		fputs("<li class=\"bad\">The last reload failed at ", output);
		status_time(output, view->news.refused_when, false);
		fputs("; the previous configuration is in effect: <code>",
		      output);
		html_put(output, view->news.reason);
		fputs("</code></li>", output);
	}
	if (changed != NULL) {
		fputs("<li>The configuration is older than <code>", output);
		html_put(output, changed->path);
		fputs("</code>, which was changed at ", output);
		status_time(output, changed->changed_ms / 1000, false);
		fputs(": reload.</li>", output);
	}
	for (i = 0; i < view->config->failed_tables; i++) {
		fputs("<li class=\"bad\"><code>", output);
		html_put(output, view->config->failures[i]);
		fputs("</code></li>", output);
	}
	for (i = 0; i < view->store_count; i++)
		if (!view->stores[i].up)
			note_store(view, &view->stores[i], output);
	note_shadow(view, output);
	if (observes(view->config))
		fputs("<li><code>mode = observe</code>: Postfix is not told "
		      "what policyd decides.</li>",
		      output);
	fputs("</ul>\n", output);
}
