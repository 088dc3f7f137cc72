/* SPDX-License-Identifier: ISC */
/* check_postfix_owners - may a user send as another one?
 *
 * smtpd_sender_login_maps says which login owns a sender address, and a word of
 * a list checks it. smtpd(8) does not reach that word if one before it permits:
 * the check is there, and has no effect. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_word.h"

/* is_owner_check - does the word look at who owns the sender, for users? */
static bool is_owner_check(const char *word)
{
	static const char end[] = "sender_login_mismatch";
	size_t length = strlen(word);

	return length > sizeof(end) &&
	       strcasecmp(word + length - (sizeof(end) - 1), end) == 0 &&
	       strcasecmp(word, "reject_unauthenticated_sender_login_"
				"mismatch") != 0;
}

/* permits_users - does the word permit all that a user sends? */
static bool permits_users(const struct postfix_restriction *item)
{
	const struct smtpd_word *word = smtpd_word_find(item->word);

	return word != NULL && (word->kind == SMTPD_WORD_PERMIT ||
				word->kind == SMTPD_WORD_LOGIN);
}

/* find_check - the first such check of a list, and what permits before it, or
 * NULL; false: there is no check */
static bool find_check(const struct list *list,
		       const struct postfix_restriction **late,
		       const struct postfix_restriction **permit)
{
	size_t i;

	*permit = NULL;
	for (i = 0; i < list->restrictions.count; i++) {
		*late = &list->restrictions.items[i];
		if (is_owner_check((*late)->word))
			return true;
		if (*permit == NULL && permits_users(*late))
			*permit = *late;
	}
	return false;
}

/* is_ours - does policyd look, where it is asked by this use? policyd -t says
 * whether it looks too late. */
static bool is_ours(const struct check *check, const struct use *use)
{
	const struct restriction_list *list =
		&check_service(check, use)->restrictions;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (is_owner_check(list->uses[i].restriction->name))
			return true;
	return false;
}

/* has_check - is any check reached on this port? */
static bool has_check(const struct check *check,
		      const struct postfix_service *service)
{
	const struct postfix_restriction *late, *permit;
	size_t i;

	for (i = 0; i < check->uses.count; i++)
		if (check->uses.list[i].list->service == service &&
		    is_ours(check, &check->uses.list[i]))
			return true;
	for (i = 0; i < check->list_count; i++)
		if (check->lists[i].service == service &&
		    check->lists[i].kind <= SMTPD_LIST_RECIPIENT &&
		    find_check(&check->lists[i], &late, &permit) &&
		    permit == NULL)
			return true;
	return false;
}

/* check_list_order - one list of a port where users may log in */
static void check_list_order(struct check *check, const struct list *list)
{
	const struct smtpd_row *row = check_row(check, list->service);
	const struct postfix_restriction *late, *permit;
	char *on, *advice;

	if (list->kind > SMTPD_LIST_RECIPIENT || row == NULL ||
	    row->port.auth == SMTPD_NO || !find_check(list, &late, &permit) ||
	    permit == NULL || has_check(check, list->service))
		return;
	on = check_on(check, list->service, list->name);
	advice = xasprintf("put %s before %s", late->word, permit->word);
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .service = list->service,
				       .parameter = list->name,
				       .advice = advice },
		    "%s%s: %s comes too late: %s ends the list for users, who "
		    "may send as anybody",
		    list->name, on, late->word, permit->word);
	free(advice);
	free(on);
}

/* check_owners - all lists */
void check_owners(struct check *check)
{
	size_t i;

	for (i = 0; i < check->list_count; i++)
		check_list_order(check, &check->lists[i]);
}
