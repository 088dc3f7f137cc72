/* SPDX-License-Identifier: ISC */
/* rates - list what was counted, block and forget keys (-r)
 *
 * It maps the files of the counts, as servers do, or asks the stores of several
 * hosts; it needs no server. */

#include "policyd/rates/rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/number.h"
#include "lib/base/printable.h"
#include "lib/base/similar.h"
#include "lib/base/xalloc.h"
#include "lib/table/table.h"
#include "lib/text/casefold.h"
#include "policyd/rates/rates_internal.h"

#define SOMEBODY_OVER 1 /* exit status */

/* rates_check - why the options do not fit together */
const char *rates_check(const struct rates_options *options, int count)
{
	int changes = options->reset + options->block + options->unblock;

	if (changes > 1)
		return "only one of --reset, --block and --unblock";
	if (changes == 1 && count != 2)
		return "--reset, --block and --unblock need RATE and KEY";
	if (changes == 1 && (options->over || options->json))
		return "--over and --format only list";
	if (options->time != NULL && !options->block)
		return "--for requires --block";
	return count > 2 ? "too many arguments" : NULL;
}

/* find_rate - the rate of that name; NULL: said why */
static const struct rate *find_rate(const struct config *config,
				    const char *name)
{
	const struct rate *rate = rate_named(&config->rates, name);
	char advice[128];
	struct similar similar;

	if (rate != NULL)
		return rate;
	similar_init(&similar, name);
	for (size_t i = 0; i < config->rates.count; i++)
		similar_try(&similar, config->rates.rates[i].name);
	printable_say(stderr, "there is no rate \"%.60s\"%s", name,
		      similar_advice(&similar, advice, sizeof(advice)));
	return NULL;
}

/* The key that was asked about. */
struct asked {
	const char *key;	  /* as it is counted; NULL: none was given */
	const char *plain;	  /* as it was given, but for upper case */
	char text[RATE_KEY_SIZE]; /* of key */
	char folded[CASEFOLD_SIZE(RATE_KEY_SIZE)]; /* of plain */
};

/* is_other - is it counted under another name? */
static bool is_other(const struct asked *asked)
{
	return asked->key != NULL && strcmp(asked->key, asked->plain) != 0;
}

/* say_key - a line about a key of a rate */
static void say_key(const struct rate *rate, const char *key, const char *what,
		    const char *more)
{
	struct printable all;

	printable_open(&all);
	fprintf(all.stream, "policyd: %s: %s %s%s\n", rate->name, key, what,
		more);
	printable_close(&all, stderr);
}

/* find_key - the key that is meant by a text */
static void find_key(struct asked *asked, const struct rate *rate,
		     const char *text)
{
	struct table_trouble trouble;

	casefold(asked->folded, text, strnlen(text, RATE_KEY_SIZE - 1),
		 rate->utf8);
	asked->plain = asked->folded;
	asked->key = asked->text;
	if (rate_key_given(rate, text, asked->text, &trouble) < 0)
		say_key(rate, asked->key,
			"is taken as it is, since key_maps cannot be used: ",
			trouble.why != NULL ? trouble.why : "unknown");
	else if (is_other(asked))
		say_key(rate, asked->plain, "is counted as ", asked->key);
}

/* parse_time - a number of seconds, or with s, m, h, d or w; 0: it is none */
static uint64_t parse_time(const char *text)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 },
		      { 'm', 60 },
		      { 'h', 3600 },
		      { 'd', 86400 },
		      { 'w', 604800 } };
	char digits[12];
	size_t length = strspn(text, "0123456789");
	uint64_t number;

	if (length == 0 || length >= sizeof(digits))
		return 0;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (number_parse(digits, UINT32_MAX, &number) < 0)
		return 0;
	if (text[length] == '\0')
		return number;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text[length] == units[i].unit && text[length + 1] == '\0')
			return number * units[i].seconds;
	return 0;
}

/* has_counts - a row with anything in it */
static int has_counts(void *context, const struct rate_row *row)
{
	bool *found = context;

	for (unsigned i = 0; i < row->windows; i++)
		*found |= row->used[i] > 0;
	return 0;
}

/* warn_unknown - a key that nobody has sent with may be a mistake */
static void warn_unknown(const struct rates_counts *counts,
			 const struct rate *rate, const char *key)
{
	struct error error;
	bool found = false;

	if (rates_counts_each(counts, rate, key, has_counts, &found, &error) <
		    0 ||
	    found)
		return;
	say_key(rate, key,
		"is blocked; nothing is counted for it now, so make sure that "
		"it is spelled as in the log (rate_key=)",
		"");
}

/* block - a key, for a time or for good */
static int block(const struct rates_counts *counts, const struct rate *rate,
		 const char *key, const struct rates_options *options)
{
	uint64_t seconds = UINT64_MAX;
	struct error error;

	if (options->time != NULL)
		seconds = parse_time(options->time);
	if (seconds == 0) {
		fprintf(stderr,
			"policyd: --for %.40s: write a number and s, m, h, d "
			"or w, as 2d\n",
			options->time);
		return EX_USAGE;
	}
	if (rates_counts_block(counts, rate, key, seconds, &error) < 0) {
		fprintf(stderr, "policyd: %s\n", error.text);
		return EX_TEMPFAIL;
	}
	warn_unknown(counts, rate, key);
	return EX_OK;
}

/* undo - unblock or forget one key. 1, 0 or -1 */
static int undo(const struct rates_counts *counts, const struct rate *rate,
		const char *key, const struct rates_options *options,
		struct error *error)
{
	return options->unblock ? rates_counts_unblock(counts, rate, key, error)
				: rates_counts_reset(counts, rate, key, error);
}

/* change - block, unblock, or forget one key. Counts and blocks of the name
 * that was given, from a time before key_maps had it, end, too. */
static int change(const struct rates_counts *counts, const struct rate *rate,
		  const struct asked *asked,
		  const struct rates_options *options)
{
	struct error error;
	int done, plain = 0;

	if (options->block)
		return block(counts, rate, asked->key, options);
	done = undo(counts, rate, asked->key, options, &error);
	if (done >= 0 && is_other(asked))
		plain = undo(counts, rate, asked->plain, options, &error);
	if (done < 0 || plain < 0) {
		fprintf(stderr, "policyd: %s\n", error.text);
		return EX_TEMPFAIL;
	}
	if (done == 0 && plain == 0)
		say_key(rate, asked->key,
			options->unblock ? "is not blocked"
					 : "has not been counted",
			"");
	return EX_OK;
}

/* rates_row_limit - of the window of that length */
uint64_t rates_row_limit(const struct rates_row *row, unsigned window)
{
	for (unsigned i = 0; i < row->limits.count; i++)
		if (row->limits.limit[i].length_s == row->length_s[window])
			return row->limits.limit[i].number;
	return RATE_UNLIMITED;
}

/* fullness - of a window, in percent */
static unsigned fullness(uint64_t used, uint64_t limit)
{
	if (limit == RATE_UNLIMITED)
		return 0;
	if (limit == 0 || used >= limit)
		return 100;
	return (unsigned)((double)used / (double)limit * 100);
}

/* The rows of a table that are kept. */
struct keeper {
	struct rates_rows *rows;
	const struct rate *rate;
	unsigned least; /* percent; blocked keys are kept in any case */
};

/* keep_row - copy a key, if it is full enough */
static int keep_row(void *context, const struct rate_row *row)
{
	struct keeper *keeper = context;
	struct rates_rows *rows = keeper->rows;
	struct table_trouble trouble;
	struct rates_row copy = {
		.rate = keeper->rate,
		.windows = row->windows,
		.blocked_s = row->blocked_s,
		.idle_s = row->idle_s,
		.place_count = row->place_count,
	};

	if (rate_key_limits(keeper->rate, row->key, &copy.limits, &trouble) < 0)
		copy.limits = keeper->rate->limits;
	for (unsigned i = 0; i < row->windows; i++) {
		unsigned full;

		copy.length_s[i] = row->length_s[i];
		copy.used[i] = row->used[i];
		copy.free_s[i] = row->free_s[i];
		full = fullness(copy.used[i], rates_row_limit(&copy, i));
		if (full > copy.fullness)
			copy.fullness = full;
	}
	if (copy.fullness < keeper->least &&
	    (copy.blocked_s == 0 || keeper->least == 100))
		return 0;
	copy.key = xasprintf("%s%s", row->key, row->cut ? "..." : "");
	if (row->place_count > 0) {
		copy.places = xcalloc(row->place_count, sizeof(*copy.places));
		memcpy(copy.places, row->places,
		       row->place_count * sizeof(*copy.places));
	}
	rows->rows =
		xreallocarray(rows->rows, rows->count + 1, sizeof(*rows->rows));
	rows->rows[rows->count++] = copy;
	return 0;
}

/* compare_rows - by rate, the fullest first, then by key */
static int compare_rows(const void *one, const void *other)
{
	const struct rates_row *a = one, *b = other;

	if (a->rate != b->rate)
		return a->rate->index < b->rate->index ? -1 : 1;
	if (a->fullness != b->fullness)
		return a->fullness > b->fullness ? -1 : 1;
	return strcmp(a->key, b->key);
}

/* gather - the rows of one rate, or of one key in it */
static int gather(struct rates_rows *rows, const struct rates_counts *counts,
		  const struct rate *rate, const struct asked *asked,
		  unsigned least, struct error *error)
{
	struct keeper keeper = { rows, rate, least };
	int result = rates_counts_each(counts, rate, asked->key, keep_row,
				       &keeper, error);

	if (result == 0 && is_other(asked))
		result = rates_counts_each(counts, rate, asked->plain, keep_row,
					   &keeper, error);
	return result;
}

/* least_of - how full a key must be to be listed */
static unsigned least_of(const struct rate *rate,
			 const struct rates_options *options)
{
	if (options->over)
		return 100;
	if (options->count > 0)
		return 0;
	return rate->near > 0 ? rate->near : 80;
}

/* clear_rows - free them */
static void clear_rows(struct rates_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		free(rows->rows[i].key);
		free(rows->rows[i].places);
	}
	free(rows->rows);
}

/* gather_all - the rows that were asked for; 0, or -1 */
static int gather_all(struct rates_rows *rows,
		      const struct rates_counts *counts,
		      const struct rate *only, const struct asked *asked,
		      const struct rates_options *options)
{
	const struct rate_list *list = &counts->config->rates;
	struct error error;

	for (size_t i = 0; i < list->count; i++) {
		const struct rate *rate = &list->rates[i];

		if (only != NULL && rate != only)
			continue;
		if (gather(rows, counts, rate, asked, least_of(rate, options),
			   &error) == 0)
			continue;
		fprintf(stderr, "policyd: %s\n", error.text);
		return -1;
	}
	return 0;
}

/* say_uncounted - a rate whose counts are nowhere yet */
static int say_uncounted(const struct rate *rate)
{
	fprintf(stderr,
		"policyd: %s: nothing has been counted yet; start policyd "
		"first\n",
		rate->name);
	return EX_UNAVAILABLE;
}

/* is_counted - are there counts of this rate? */
static bool is_counted(const struct rates_counts *counts,
		       const struct rate *rate)
{
	return counts->tables[rate->index] != NULL || counts->map.count > 0;
}

/* say_missing - nothing was found: is that because nothing is counted? */
static int say_missing(const struct rates_counts *counts,
		       const struct rate *only, const struct asked *asked,
		       const struct rates_options *options)
{
	const struct rate_list *list = &counts->config->rates;
	int status = EX_OK;

	for (size_t i = 0; i < list->count; i++)
		if ((only == NULL || only == &list->rates[i]) &&
		    !is_counted(counts, &list->rates[i]))
			status = say_uncounted(&list->rates[i]);
	if (status == EX_OK && only != NULL && asked->key != NULL &&
	    !options->over)
		say_key(only, asked->key, "has not been counted", "");
	return status;
}

/* list - print what was asked for */
static int list(const struct rates_counts *counts, const struct rate *only,
		const struct asked *asked, const struct rates_options *options)
{
	struct rates_rows rows = { 0 };
	int status;

	if (gather_all(&rows, counts, only, asked, options) < 0) {
		clear_rows(&rows);
		return EX_TEMPFAIL;
	}
	if (rows.count > 0)
		qsort(rows.rows, rows.count, sizeof(*rows.rows), compare_rows);
	if (options->json)
		rates_print_json(&rows, stdout);
	else
		rates_print(&rows, options->count > 1, options->over ? 100 : 0,
			    stdout);
	if (rows.count == 0)
		status = say_missing(counts, only, asked, options);
	else
		status = options->over ? SOMEBODY_OVER : EX_OK;
	clear_rows(&rows);
	return status;
}

/* say_unchanged, say_local - a store cannot be asked */
static void say_unchanged(const char *why)
{
	fprintf(stderr, "policyd: %s: nothing was changed\n", why);
}

static void say_local(const char *why)
{
	fprintf(stderr,
		"policyd: %s: its keys are listed as this host has counted them\n",
		why);
}

/* answer - with the counts that there are */
static int answer(const struct rates_counts *counts, const struct rate *rate,
		  const struct rates_options *options)
{
	/* A change names a rate: main() has seen to that. */
	bool changes = rate != NULL &&
		       (options->reset || options->block || options->unblock);
	struct asked asked = { .key = NULL };
	size_t away;

	if (rate != NULL && options->count > 1)
		find_key(&asked, rate, options->arguments[1]);
	away = rates_counts_away(counts, asked.key,
				 changes ? say_unchanged : say_local);
	if (!changes)
		return list(counts, rate, &asked, options);
	if (away > 0)
		return EX_TEMPFAIL;
	if (!is_counted(counts, rate))
		return say_uncounted(rate);
	return change(counts, rate, &asked, options);
}

/* rates - see above */
int rates(const struct config *config, const struct rates_options *options)
{
	const struct rate *rate = NULL;
	struct rates_counts counts;
	struct error error;
	int status;

	if (options->count > 0)
		rate = find_rate(config, options->arguments[0]);
	if (options->count > 0 && rate == NULL)
		return EX_USAGE;
	if (rates_counts_open(&counts, config, &error) < 0) {
		fprintf(stderr, "policyd: %s\n",
			error.text[0] != '\0' ? error.text
					      : "there is no rate section");
		return error.text[0] != '\0' ? EX_NOPERM : EX_OK;
	}
	status = answer(&counts, rate, options);
	rates_counts_close(&counts);
	return status;
}
