/* SPDX-License-Identifier: ISC */
/* check_postfix_trial - try each fix on a copy of main.cf and master.cf
 *
 * A command that is printed will be typed. So it is run first, where it cannot
 * harm: its findings must be gone, there must be no new ones, and what the
 * ports let through must be as before, but for what the fix is about. */

#include "policyd/check/check_postfix_internal.h"

#include <string.h>

#include "lib/base/clock.h"
#include "policyd/check/ports_change.h"
#include "policyd/check/postfix_copy.h"

/* Fixes that cannot be tried by then are not printed. */
#define TRIAL_MS 30000

/* is_meant - is that change what the fix is for? */
static bool is_meant(const struct fix *fix, const struct ports_change *change)
{
	unsigned bit = 1u << change->client;

	if (fix->effect.settles && change->was.passes == SMTPD_MAY)
		return true;
	if (ports_change_opens(change))
		return (fix->effect.opens[change->recipient] & bit) != 0;
	return (fix->effect.closes[change->recipient] & bit) != 0;
}

/* is_harmless - do the ports let through what they did? */
static bool is_harmless(const struct check *before, const struct check *after,
			const struct fix *fix)
{
	struct ports_changes changes;
	bool harmless = true;
	size_t i;

	ports_changes_find(&changes, &before->ports, &after->ports);
	for (i = 0; i < changes.count && harmless; i++)
		harmless = is_meant(fix, &changes.list[i]);
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

/* is_fixed - are the findings of this fix gone, and are there no others? */
static bool is_fixed(const struct check *before, const struct check *after,
		     int fix)
{
	size_t i;

	for (i = 0; i < before->finding_count; i++)
		if (before->findings[i].fix == fix &&
		    find(after, &before->findings[i]) != NULL)
			return false;
	for (i = 0; i < after->finding_count; i++)
		if (find(before, &after->findings[i]) == NULL &&
		    !is_less(before, &after->findings[i]))
			return false;
	return true;
}

/* judge - the copy as it is now */
static bool judge(const struct check *check, const struct postfix_copy *copy,
		  int index)
{
	struct postfix postfix;
	struct check after;
	struct error error;
	bool works;

	if (postfix_copy_read(copy, &postfix, &error) < 0)
		return false;
	check_init(&after, &postfix, check->config);
	check_try_new(&after, check);
	check_run(&after);
	works = is_fixed(check, &after, index) &&
		is_harmless(check, &after, &check->fixes[index]);
	check_clear(&after);
	postfix_clear(&postfix);
	return works;
}

/* try_fix - does it work? */
static bool try_fix(const struct check *check, const struct postfix_copy *copy,
		    int index)
{
	const struct fix *fix = &check->fixes[index];
	struct error error;
	size_t i;

	if (postfix_copy_fill(copy, &error) < 0)
		return false;
	for (i = 0; i < fix->command_count; i++)
		if (postfix_copy_change(copy, fix->commands[i].option,
					fix->commands[i].text, &error) < 0)
			return false;
	return judge(check, copy, index);
}

/* check_trial - run each fix on a copy */
void check_trial(struct check *check)
{
	uint64_t end = clock_ms() + TRIAL_MS;
	struct postfix_copy copy;
	struct error error;
	size_t i;

	if (check->fix_count == 0 ||
	    postfix_copy_open(&copy, check->postfix->directory, &error) < 0)
		return;
	for (i = 0; i < check->fix_count && clock_ms() + check->read_ms < end;
	     i++)
		check->fixes[i].works = check->fixes[i].command_count > 0 &&
					try_fix(check, &copy, (int)i);
	postfix_copy_close(&copy);
}
