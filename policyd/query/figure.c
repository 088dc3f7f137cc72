/* SPDX-License-Identifier: ISC */
/* figure - numbers and times, as people read them */

#include "policyd/query/figure.h"

#include <inttypes.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"

/* figure - a number with commas */
struct figure figure(uint64_t number)
{
	struct figure made;
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);
	size_t to = 0;
	int i;

	for (i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			made.text[to++] = ',';
		made.text[to++] = digits[i];
	}
	made.text[to] = '\0';
	return made;
}

/* quoted - a text of strangers */
struct quoted quoted(const char *text)
{
	struct quoted made = { "" };

	log_quote(made.text, sizeof(made.text) - 1, text);
	return made;
}

/* figure_note - a number that is worth a line */
void figure_note(uint64_t number, const char *one, const char *many,
		 FILE *output)
{
	if (number > 0)
		fprintf(output, "note: %s %s\n", figure(number).text,
			number == 1 ? one : many);
}

/* figure_time - a local time */
struct figure figure_time(int64_t seconds)
{
	struct figure made = { "some time" };
	struct tm local;

	if (clock_local(seconds, &local))
		strftime(made.text, sizeof(made.text), "%Y-%m-%d %H:%M:%S",
			 &local);
	return made;
}

/* figure_span - the largest unit, and the next one */
struct figure figure_span(int64_t seconds)
{
	static const struct {
		const char *name;
		int64_t length;
	} units[] = {
		{ "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 }
	};
	struct figure made;
	size_t i = 0;
	int64_t rest;

	while (i < 3 && seconds < units[i].length)
		i++;
	rest = i < 3 ? seconds % units[i].length / units[i + 1].length : 0;
	if (rest > 0)
		snprintf(made.text, sizeof(made.text),
			 "%" PRId64 " %s %" PRId64 " %s",
			 seconds / units[i].length, units[i].name, rest,
			 units[i + 1].name);
	else
		snprintf(made.text, sizeof(made.text), "%" PRId64 " %s",
			 seconds / units[i].length, units[i].name);
	return made;
}
