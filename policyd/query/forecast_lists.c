/* SPDX-License-Identifier: ISC */
/* forecast_lists - what stays when a port asks policyd
 *
 * --init replaces smtpd_relay_restrictions. Whatever the other lists refuse,
 * they refuse afterwards; and so does smtpd_recipient_restrictions, which comes
 * later, and may have what was in use before Postfix 2.10. */

#include "policyd/query/forecast_lists.h"

#include <string.h>
#include <strings.h>

/* The words with which Postfix says what it has refused, and the restrictions
 * that do, with a table. */
static const struct {
	const char *said, *table;
} kinds[] = {
	{ ": Client host rejected: Access denied", "client" },
	{ ": Helo command rejected: Access denied", "helo" },
	{ ": Sender address rejected: Access denied", "sender" },
	{ ": Recipient address rejected: Access denied", "recipient" },
};

#define KINDS	  (sizeof(kinds) / sizeof(kinds[0]))
#define RECIPIENT (KINDS - 1)

/* says - can a restriction of the relay list deny access in that way? What is
 * not known can. */
static bool says(const char *word, size_t kind)
{
	if (strncasecmp(word, "permit", 6) == 0 ||
	    strcasecmp(word, "warn_if_reject") == 0 ||
	    strcasecmp(word, "reject_unauth_destination") == 0 ||
	    strcasecmp(word, "defer_unauth_destination") == 0)
		return false;
	if (strncasecmp(word, "check_", 6) != 0 ||
	    strcasecmp(word, "check_policy_service") == 0)
		return kind == RECIPIENT;
	return strcasestr(word, kinds[kind].table) != NULL ||
	       strcasestr(word, "_ccert_") != NULL ||
	       strcasestr(word, "_etrn_") != NULL;
}

/* forecast_lists_access - "Access denied", by kind */
unsigned forecast_lists_access(const struct smtpd_port *port)
{
	const struct smtpd_restrictions *list = &port->lists[SMTPD_LIST_RELAY];
	unsigned found = list->is_cut ? ~0U : 0;
	size_t i, kind;

	for (i = 0; i < list->count; i++)
		for (kind = 0; kind < KINDS; kind++)
			if (says(list->items[i].word, kind))
				found |= 1U << kind;
	return found;
}

/* forecast_lists_remains - is it a kind that no list of those says? */
bool forecast_lists_remains(unsigned access, const char *reply)
{
	size_t length = strlen(reply);
	size_t kind;

	for (kind = 0; kind < KINDS; kind++) {
		size_t size = strlen(kinds[kind].said);

		if (length >= size &&
		    strcmp(reply + length - size, kinds[kind].said) == 0)
			return (access & 1U << kind) == 0;
	}
	return false;
}

/* forecast_lists_refuse - is there a word that refuses to relay? */
bool forecast_lists_refuse(const struct smtpd_port *port)
{
	static const char *const words[] = { "reject", "defer",
					     "reject_unauth_destination",
					     "defer_unauth_destination" };
	const struct smtpd_restrictions *list =
		&port->lists[SMTPD_LIST_RECIPIENT];
	size_t i, k;

	for (i = 0; i < list->count; i++)
		for (k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			if (strcasecmp(list->items[i].word, words[k]) == 0)
				return true;
	return list->is_cut;
}
