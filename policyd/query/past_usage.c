/* SPDX-License-Identifier: ISC */
/* past_usage - how much each login has sent, in its largest hour and day
 *
 * Counted by the windows of lib/rate: a limit that is not less than the largest
 * sum of a window would never have been met. */

#include "policyd/query/past_usage.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/decision/rate.h"
#include "lib/text/casefold.h"

#define SECOND_US 1000000

static const uint32_t spans[PAST_SPANS] = { 3600, 86400 };

/* compare - for tsearch(3) */
static int compare(const void *one, const void *other)
{
	return strcmp(((const struct past_login *)one)->login,
		      ((const struct past_login *)other)->login);
}

/* find - the entry of a login; NULL: there is no room */
static struct past_login *find(struct past_usage *usage, char *login)
{
	struct past_login like = { .login = login };
	void *const *found = tfind(&like, &usage->index, compare);
	struct past_login *made;

	if (found != NULL)
		return *found;
	if (usage->count == PAST_LOGINS_MAX) {
		usage->others++;
		return NULL;
	}
	made = xcalloc(1, sizeof(*made));
	made->login = xstrdup(login);
	if ((usage->count & (usage->count - 1)) == 0)
		usage->logins = xreallocarray(
			usage->logins, usage->count == 0 ? 1 : 2 * usage->count,
			sizeof(struct past_login *));
	usage->logins[usage->count++] = made;
	if (tsearch(made, &usage->index, compare) == NULL)
		xalloc_failed();
	return made;
}

/* count - into one window */
static void count(struct past_login *login, size_t span, uint64_t now,
		  const struct past_mail *mail)
{
	struct rate_window window = { spans[span], false,
				      login->counters[span] };
	uint64_t used;

	rate_window_move(&window, login->last, now);
	rate_window_add(&window, now, past_mail_count(mail));
	used = rate_window_used(&window, now, now);
	if (used > login->most[span].used)
		login->most[span] = (struct past_most){ used, mail->time };
}

/* past_usage_send - a message is sent */
void past_usage_send(struct past_usage *usage, const struct past_mail *mail)
{
	char folded[CASEFOLD_SIZE(RATE_KEY_SIZE)];
	const char *name = mail->request.sasl_username;
	struct past_login *login;
	uint64_t now;
	size_t i;

	if (*name == '\0' || past_mail_count(mail) == 0 || mail->time < 0)
		return;
	casefold(folded, name, strnlen(name, RATE_KEY_SIZE - 1), true);
	login = find(usage, folded);
	if (login == NULL)
		return;
	now = rate_tick((uint64_t)mail->time * SECOND_US);
	if (now < login->last)
		now = login->last;
	for (i = 0; i < PAST_SPANS; i++)
		count(login, i, now, mail);
	login->last = now;
	login->messages++;
	login->recipients += past_mail_count(mail);
}

/* compare_text - for tsearch(3) */
static int compare_text(const void *one, const void *other)
{
	return strcmp(one, other);
}

/* past_usage_leave - remember the login */
void past_usage_leave(struct past_usage *usage, const char *login)
{
	char folded[CASEFOLD_SIZE(RATE_KEY_SIZE)];
	char *made;

	if (*login == '\0')
		return;
	usage->left_recipients++;
	casefold(folded, login, strnlen(login, RATE_KEY_SIZE - 1), true);
	if (usage->left_count == PAST_LOGINS_MAX ||
	    tfind(folded, &usage->left_index, compare_text) != NULL)
		return;
	made = xstrdup(folded);
	if ((usage->left_count & (usage->left_count - 1)) == 0)
		usage->left = xreallocarray(
			usage->left,
			usage->left_count == 0 ? 1 : 2 * usage->left_count,
			sizeof(char *));
	usage->left[usage->left_count++] = made;
	if (tsearch(made, &usage->left_index, compare_text) == NULL)
		xalloc_failed();
}

/* past_usage_clear - free what it holds */
void past_usage_clear(struct past_usage *usage)
{
	size_t i;

	for (i = 0; i < usage->count; i++) {
		tdelete(usage->logins[i], &usage->index, compare);
		free(usage->logins[i]->login);
		free(usage->logins[i]);
	}
	for (i = 0; i < usage->left_count; i++) {
		tdelete(usage->left[i], &usage->left_index, compare_text);
		free(usage->left[i]);
	}
	free(usage->left);
	free(usage->logins);
	memset(usage, 0, sizeof(*usage));
}
