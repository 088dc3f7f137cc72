/* SPDX-License-Identifier: ISC */
/* check_postfix_trial - try each fix on a copy of main.cf and master.cf
 *
 * A command that is printed will be typed. So it is run first, where it cannot
 * harm: its findings must be gone, there must be no new ones, and what the
 * ports let through must be as before, but for what the fix is about.
 *
 * Fixes of different ports are tried together, so that many ports alike cost
 * little more than one; where that fails, half of them are, and so on. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "policyd/check/ports_change.h"

/* Fixes that cannot be tried by then are not printed. */
#define TRIAL_MS 30000

/* A trial of some of the fixes, by their indices. */
struct trial {
	struct check *check;
	const struct postfix_copy *copy;
	uint64_t end_ms;
};

/* is_meant - is that change what the fix is for? */
static bool is_meant(const struct fix *fix, const struct ports_change *change)
{
	unsigned bit = 1u << change->client;

	if (fix->effect.reveals && change->was.passes == SMTPD_MAY)
		return true;
	if (ports_change_opens(change))
		return (fix->effect.opens[change->recipient] & bit) != 0;
	return (fix->effect.closes[change->recipient] & bit) != 0;
}

/* is_meant_by_any - is it what one of these fixes is for? Of several, each has
 * a port of its own. */
static bool is_meant_by_any(const struct check *check, const size_t *indices,
			    size_t count, const struct ports_change *change)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct fix *fix = &check->fixes[indices[i]];

		if (count == 1 || (change->before != NULL &&
				   change->before->service == fix->service))
			return is_meant(fix, change);
	}
	return false;
}

/* is_harmless - do the ports let through what they did? */
static bool is_harmless(const struct check *before, const struct check *after,
			const size_t *indices, size_t count)
{
	struct ports_changes changes;
	bool harmless = true;
	size_t i;

	ports_changes_find(&changes, &before->ports, &after->ports);
	for (i = 0; i < changes.count && harmless; i++)
		harmless = is_meant_by_any(before, indices, count,
					   &changes.list[i]);
	ports_changes_clear(&changes);
	return harmless;
}

/* find - the same finding in another check, or NULL */
static const struct finding *find(const struct check *check,
				  const struct finding *wanted)
{
	size_t i;

	for (i = 0; i < check->finding_count; i++)
		if (strcmp(check->findings[i].file, wanted->file) == 0 &&
		    strcmp(check->findings[i].text, wanted->text) == 0)
			return &check->findings[i];
	return NULL;
}

/* is_less - a warning about a line that had a finding before */
static bool is_less(const struct check *before, const struct finding *finding)
{
	size_t i;

	for (i = 0; i < before->finding_count && !finding->is_error; i++) {
		const struct finding *other = &before->findings[i];

		if (other->is_error && other->line != NULL &&
		    finding->line != NULL &&
		    strcmp(other->line, finding->line) == 0)
			return true;
	}
	return false;
}

/* is_one_of - is the fix among these? */
static bool is_one_of(const size_t *indices, size_t count, int fix)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (fix >= 0 && indices[i] == (size_t)fix)
			return true;
	return false;
}

/* is_fixed - are the findings of these fixes gone, and are there no others? */
static bool is_fixed(const struct check *before, const struct check *after,
		     const size_t *indices, size_t count)
{
	size_t i;

	for (i = 0; i < before->finding_count; i++)
		if (is_one_of(indices, count, before->findings[i].fix) &&
		    find(after, &before->findings[i]) != NULL)
			return false;
	for (i = 0; i < after->finding_count; i++)
		if (find(before, &after->findings[i]) == NULL &&
		    !is_less(before, &after->findings[i]))
			return false;
	return true;
}

/* judge - the copy as it is now */
static bool judge(const struct trial *trial, const size_t *indices,
		  size_t count)
{
	const struct check *check = trial->check;
	struct postfix postfix;
	struct check after;
	struct error error;
	bool works;

	if (postfix_copy_read(trial->copy, &postfix, &error) < 0)
		return false;
	check_init(&after, &postfix, check->config);
	check_try_new(&after, check);
	check_run(&after);
	works = is_fixed(check, &after, indices, count) &&
		is_harmless(check, &after, indices, count);
	check_clear(&after);
	postfix_clear(&postfix);
	return works;
}

/* try_together - do these fixes work? */
static bool try_together(const struct trial *trial, const size_t *indices,
			 size_t count)
{
	struct postfix_change *changes = xcalloc(2 * count, sizeof(*changes));
	size_t change_count = 0, i, k;
	struct error error;
	bool works;

	for (i = 0; i < count; i++) {
		const struct fix *fix = &trial->check->fixes[indices[i]];

		for (k = 0; k < fix->command_count; k++)
			changes[change_count++] = fix->commands[k];
	}
	works = postfix_copy_fill(trial->copy, &error) == 0 &&
		postfix_copy_change(trial->copy, changes, change_count,
				    &error) == 0 &&
		judge(trial, indices, count);
	free(changes);
	return works;
}

/* try_fixes - find those that work, in halves where they do not all */
static void try_fixes(const struct trial *trial, const size_t *indices,
		      size_t count)
{
	size_t half = count / 2, i;

	if (count == 0 || clock_ms() + trial->check->read_ms >= trial->end_ms)
		return;
	if (try_together(trial, indices, count)) {
		for (i = 0; i < count; i++)
			trial->check->fixes[indices[i]].works = true;
	} else if (count > 1) {
		try_fixes(trial, indices, half);
		try_fixes(trial, indices + half, count - half);
	}
}

/* rank - how many fixes of the same port come before it? */
static size_t rank(const struct check *check, size_t index)
{
	size_t count = 0, i;

	for (i = 0; i < index; i++)
		if (check->fixes[i].command_count > 0 &&
		    check->fixes[i].service == check->fixes[index].service)
			count++;
	return count;
}

/* try_ports - the fixes of single ports: the first one of each, then the second
 * one ... */
static void try_ports(const struct trial *trial)
{
	const struct check *check = trial->check;
	size_t *indices = xcalloc(check->fix_count, sizeof(*indices));
	size_t round = 0, count, i;

	do {
		for (i = count = 0; i < check->fix_count; i++)
			if (check->fixes[i].command_count > 0 &&
			    check->fixes[i].service != NULL &&
			    rank(check, i) == round)
				indices[count++] = i;
		try_fixes(trial, indices, count);
		round++;
	} while (count > 0);
	free(indices);
}

/* check_trial - run each fix on a copy */
void check_trial(struct check *check)
{
	struct postfix_copy copy;
	struct trial trial = { check, &copy, clock_ms() + TRIAL_MS };
	struct error error;
	size_t i;

	if (check->fix_count == 0 ||
	    postfix_copy_open(&copy, check->postfix->directory, &error) < 0)
		return;
	for (i = 0; i < check->fix_count; i++)
		if (check->fixes[i].command_count > 0 &&
		    check->fixes[i].service == NULL)
			try_fixes(&trial, &i, 1);
	try_ports(&trial);
	postfix_copy_close(&copy);
}
