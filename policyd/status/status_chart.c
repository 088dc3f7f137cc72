/* SPDX-License-Identifier: ISC */
/* status_chart - charts of the decisions of the last minute, hour or day
 *
 * They are SVG with nothing but rectangles, in the colours of the page. Every
 * number that is drawn is also given in figures. */

#include "policyd/status/status_internal.h"

#include <inttypes.h>
#include <string.h>

#include "policyd/status/html.h"

#define ROWS_MAX 6 /* shown by name */
#define HEIGHT	 100

/* The meaning of the colours. */
enum kind { KIND_PERMIT, KIND_OPEN, KIND_DEFER, KIND_REJECT, KINDS };

static const char *const classes[KINDS] = { "p", "o", "d", "r" };
static const char *const labels[KINDS] = { "permitted", "left to Postfix",
					   "deferred", "rejected" };

/* Counts by kind, of one bar or of one name. */
struct amount {
	const char *name; /* static, or owned by the history */
	uint64_t counts[KINDS];
};

/* kind_of - how a verdict is drawn */
static enum kind kind_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PERMIT:
		return KIND_PERMIT;
	case VERDICT_REJECT:
		return KIND_REJECT;
	case VERDICT_DEFER:
		return KIND_DEFER;
	case VERDICT_DUNNO:
	case VERDICT_ASK:
	case VERDICT_WAIT:
	default:
		return KIND_OPEN;
	}
}

/* total - the sum of all kinds */
static uint64_t total(const struct amount *amount)
{
	return amount->counts[KIND_PERMIT] + amount->counts[KIND_OPEN] +
	       amount->counts[KIND_DEFER] + amount->counts[KIND_REJECT];
}

/* add - add one amount to another */
static void add(struct amount *to, const struct amount *amount)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		to->counts[kind] += amount->counts[kind];
}

/* bar_amount - all decisions of one bar */
static struct amount bar_amount(const struct history *history,
				enum history_period period, unsigned bar)
{
	struct amount amount = { .name = "" };
	size_t i;

	for (i = 0; i < history_count(history); i++) {
		const struct history_series *series = history_get(history, i);

		amount.counts[kind_of(series->verdict)] +=
			history_bar(history, series, period, bar);
	}
	return amount;
}

/* draw_column - one bar, with rejections at its foot */
static void draw_column(const struct amount *amount, uint64_t most, unsigned at,
			FILE *output)
{
	double foot = HEIGHT;
	const char *comma = "";
	int kind;

	fputs("<g><title>", output);
	for (kind = 0; kind < KINDS; kind++) {
		if (amount->counts[kind] == 0)
			continue;
		fprintf(output, "%s%" PRIu64 " %s", comma, amount->counts[kind],
			labels[kind]);
		comma = ", ";
	}
	fputs("</title>", output);
	for (kind = KINDS - 1; kind >= 0; kind--) {
		double height =
			HEIGHT * (double)amount->counts[kind] / (double)most;

		if (amount->counts[kind] == 0)
			continue;
		foot -= height;
		fprintf(output,
			"<rect class=\"%s\" x=\"%u\" y=\"%.2f\" width=\"8\" "
			"height=\"%.2f\"/>",
			classes[kind], at * 10 + 1, foot, height);
	}
	fputs("</g>", output);
}

/* put_axis - the times at the beginning, in the middle and at the end */
static void put_axis(enum history_period period, FILE *output)
{
	int64_t seconds = (int64_t)history_spans[period].bars *
			  history_spans[period].bar_ms / 1000;

	fputs("<p class=\"axis\"><span>-", output);
	status_span(output, seconds);
	fputs("</span><span>-", output);
	status_span(output, seconds / 2);
	fputs("</span><span>now</span></p>\n", output);
}

/* draw_time - decisions over time; most: the height of the tallest bar */
static void draw_time(const struct history *history, enum history_period period,
		      uint64_t most, FILE *output)
{
	unsigned bars = history_spans[period].bars;
	unsigned i;

	fputs("<p class=\"axis\"><span>", output);
	status_number(output, most);
	fprintf(output, " in %s</span></p>\n", history_spans[period].bar_name);
	fprintf(output,
		"<svg class=\"time\" viewBox=\"0 0 %u %d\" "
		"preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"decisions of the last %s\">",
		bars * 10, HEIGHT, history_spans[period].name);
	for (i = 0; i < bars; i++) {
		struct amount amount = bar_amount(history, period, i);

		if (total(&amount) > 0)
			draw_column(&amount, most, i, output);
	}
	fputs("</svg>\n", output);
	put_axis(period, output);
}

/* legend - all kinds, with their numbers */
static void legend(const struct amount *all, FILE *output)
{
	int kind;

	fputs("<ul class=\"legend\">", output);
	for (kind = 0; kind < KINDS; kind++) {
		if (all->counts[kind] == 0 && kind == KIND_OPEN)
			continue;
		fprintf(output, "<li><i class=\"%s\"></i>%s <b>", classes[kind],
			labels[kind]);
		status_number(output, all->counts[kind]);
		fputs("</b></li>", output);
	}
	fputs("</ul>\n", output);
}

/* gather - sum up by the names of services or restrictions; returns the number
 * of names */
static size_t gather(const struct history *history, enum history_period period,
		     enum status_subject subject,
		     struct amount amounts[HISTORY_SERIES + VERDICT_COUNT])
{
	size_t count = 0;
	size_t i;
	size_t k;

	for (i = 0; i < history_count(history); i++) {
		const struct history_series *series = history_get(history, i);
		uint64_t sum = history_sum(series, period);
		const char *name = subject == STATUS_SERVICE
					   ? series->service
					   : series->restriction;

		if (sum == 0)
			continue;
		for (k = 0; k < count; k++)
			if (strcmp(amounts[k].name, name) == 0)
				break;
		if (k == count)
			amounts[count++] = (struct amount){ .name = name };
		amounts[k].counts[kind_of(series->verdict)] += sum;
	}
	return count;
}

/* sort - largest first */
static void sort(struct amount *amounts, size_t count)
{
	size_t i;
	size_t k;

	for (i = 1; i < count; i++) {
		struct amount amount = amounts[i];

		for (k = i; k > 0 && total(&amounts[k - 1]) < total(&amount);
		     k--)
			amounts[k] = amounts[k - 1];
		amounts[k] = amount;
	}
}

/* draw_row - one name, its number and its bar */
static void draw_row(const struct amount *amount, uint64_t most, FILE *output)
{
	double at = 0;
	int kind;

	fputs("<li><span>", output);
	html_put(output, amount->name);
	fputs("</span><b>", output);
	status_number(output, total(amount));
	fputs("</b><svg viewBox=\"0 0 1000 10\" "
	      "preserveAspectRatio=\"none\" aria-hidden=\"true\">",
	      output);
	for (kind = 0; kind < KINDS; kind++) {
		double width =
			1000 * (double)amount->counts[kind] / (double)most;

		if (amount->counts[kind] == 0)
			continue;
		fprintf(output,
			"<rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" "
			"height=\"10\"/>",
			classes[kind], at, width);
		at += width;
	}
	fputs("</svg></li>\n", output);
}

/* draw_names - the most frequent names, and the sum of the others */
static void draw_names(const struct history *history,
		       enum history_period period, enum status_subject subject,
		       FILE *output)
{
	struct amount amounts[HISTORY_SERIES + VERDICT_COUNT];
	size_t count = gather(history, period, subject, amounts);
	struct amount others = { .name = "" };
	char name[32];
	uint64_t most = 1;
	size_t i;

	sort(amounts, count);
	for (i = ROWS_MAX; i < count; i++)
		add(&others, &amounts[i]);
	if (count > 0)
		most = total(&amounts[0]);
	if (total(&others) > most)
		most = total(&others);
	fprintf(output, "<h3>by %s</h3><ul class=\"names\">\n",
		subject == STATUS_SERVICE ? "service" : "restriction");
	for (i = 0; i < count && i < ROWS_MAX; i++)
		draw_row(&amounts[i], most, output);
	if (count > ROWS_MAX) {
		snprintf(name, sizeof(name), "%zu other%s", count - ROWS_MAX,
			 count - ROWS_MAX == 1 ? "" : "s");
		others.name = name;
		draw_row(&others, most, output);
	}
	fputs("</ul>\n", output);
}

/* put_total - the number of decisions, and that of the tallest bar */
static void put_total(enum history_period period, uint64_t all, uint64_t most,
		      FILE *output)
{
	fputs("<p class=\"total\"><b>", output);
	status_number(output, all);
	fprintf(output, "</b> decision%s", all == 1 ? "" : "s");
	if (all > 0) {
		fputs(", peak ", output);
		status_number(output, most);
		fprintf(output, " in %s", history_spans[period].bar_name);
	}
	fputs("</p>\n", output);
}

/* status_charts - the charts of one period */
void status_charts(const struct history *history, enum history_period period,
		   FILE *output)
{
	const struct history_span *span = &history_spans[period];
	struct amount all = { .name = "" };
	uint64_t most = 0;
	unsigned i;

	for (i = 0; i < span->bars; i++) {
		struct amount amount = bar_amount(history, period, i);

		add(&all, &amount);
		if (total(&amount) > most)
			most = total(&amount);
	}
	fprintf(output, "<article id=\"%s\"><h2>Last %s</h2>\n", span->name,
		span->name);
	put_total(period, total(&all), most, output);
	draw_time(history, period, most, output);
	legend(&all, output);
	if (total(&all) > 0) {
		draw_names(history, period, STATUS_SERVICE, output);
		draw_names(history, period, STATUS_RESTRICTION, output);
	}
	fputs("</article>\n", output);
}
