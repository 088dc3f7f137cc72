/* SPDX-License-Identifier: ISC */
/* counters - counters of decisions, and their text form
 *
 * struct counters holds nothing but counters of one type, and is read as an
 * array of them: first the decisions, then the rows in their order. */

#include "lib/stats/counters.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBERS (sizeof(struct counters) / sizeof(uint64_t))

#define ROW(name, metric, help) { #name, metric, help },
const struct counters_row counters_rows[COUNTERS_ROWS] = { COUNTERS(ROW) };
#undef ROW

/* counters_value - the value of a row */
uint64_t counters_value(const struct counters *counters, size_t row)
{
	const uint64_t *numbers = (const uint64_t *)counters;

	return numbers[VERDICT_COUNT + row];
}

/* counters_add - add other to counters */
void counters_add(struct counters *counters, const struct counters *other)
{
	uint64_t *numbers = (uint64_t *)counters;
	const uint64_t *more = (const uint64_t *)other;
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		numbers[i] += counters_read(&more[i]);
}

/* put - append one counter, as far as there is room */
static size_t put(char *buffer, size_t size, size_t length, const char *name,
		  uint64_t value)
{
	int more = snprintf(buffer + length, size - length, "%s%s=%" PRIu64,
			    length > 0 ? " " : "", name, value);

	return (size_t)more < size - length ? length + (size_t)more : size - 1;
}

/* counters_write - format the counters as one line for the log */
size_t counters_write(char *buffer, size_t size,
		      const struct counters *counters)
{
	static const enum verdict order[VERDICT_COUNT] = {
		VERDICT_PERMIT, VERDICT_REJECT, VERDICT_DEFER,
		VERDICT_DUNNO,	VERDICT_ASK,	VERDICT_HOLD
	};
	size_t length = 0, i;

	for (i = 0; i < VERDICT_COUNT; i++)
		length = put(buffer, size, length, verdict_name(order[i]),
			     counters->decisions[order[i]]);
	for (i = 0; i < COUNTERS_ROWS; i++)
		length = put(buffer, size, length, counters_rows[i].name,
			     counters_value(counters, i));
	return length;
}
