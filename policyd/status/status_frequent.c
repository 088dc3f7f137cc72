/* SPDX-License-Identifier: ISC */
/* status_frequent - who and what is refused most often */

#include "policyd/status/status_internal.h"

#include "policyd/status/html.h"

#define SHOWN 6

/* put_list - the first ones */
static void put_list(const struct history *history, enum totals_about about,
		     const char *title, FILE *output)
{
	struct frequent frequent = { .used = 0 };
	size_t indices[SHOWN], count, i;

	history_frequent(history, about, &frequent);
	count = frequent_top(&frequent, indices, SHOWN);
	fprintf(output, "<div><h3>by %s</h3><ul class=\"names\">\n", title);
	for (i = 0; i < count; i++) {
		fputs("<li><span>", output);
		html_put(output, frequent.texts[indices[i]]);
		fputs("</span><b>", output);
		status_number(output, frequent.counts[indices[i]]);
		fputs("</b></li>\n", output);
	}
	fputs("</ul></div>\n", output);
}

/* status_frequent - by client, by the recipient's domain, by reason */
void status_frequent(const struct history *history, FILE *output)
{
	fputs("<section class=\"card\" id=\"frequent\"><h2>Most frequent "
	      "refusals</h2>\n<p class=\"quiet\">estimated, since the "
	      "configuration was loaded</p><div class=\"periods\">\n",
	      output);
	put_list(history, TOTALS_CLIENTS, "client", output);
	put_list(history, TOTALS_DOMAINS, "domain of the recipient", output);
	put_list(history, TOTALS_REASONS, "reason", output);
	fputs("</div></section>\n", output);
}
