/* SPDX-License-Identifier: ISC */
/* forecast_lists - what stays when a port asks policyd
 *
 * --init replaces smtpd_relay_restrictions. Whatever the other lists refuse,
 * they refuse afterwards; and so does smtpd_recipient_restrictions, which comes
 * later, and may have what was in use before Postfix 2.10. */

#include "policyd/query/forecast_lists.h"

#include <fnmatch.h>
#include <string.h>

/* The words with which Postfix says what it has refused, the restrictions that
 * do, and what is in the name of those with a table. The
 * first kind whose words are there is the one of a reply. */
static const struct {
	const char *said, *table;
	const char *const words[4];
} kinds[] = {
	{ ": Client host rejected: Access denied", "client", { NULL } },
	{ ": Helo command rejected: Access denied", "helo", { NULL } },
	{ ": Sender address rejected: Access denied", "sender", { NULL } },
	{ ": Recipient address rejected: Access denied",
	  "recipient",
	  { "reject", "defer", "check_policy_service" } },
	{ " blocked using ",
	  NULL,
	  { "reject_rbl_*", "reject_rhsbl_*", "reject_maps_rbl" } },
	{ " Client host rejected: cannot find your hostname",
	  NULL,
	  { "reject_unknown_client*" } },
	{ " Client host rejected: cannot find your reverse hostname",
	  NULL,
	  { "reject_unknown_reverse_client*" } },
	{ ": Sender address rejected: Domain not found",
	  NULL,
	  { "reject_unknown_sender_domain", "reject_unknown_address" } },
	{ ": Recipient address rejected: Domain not found",
	  NULL,
	  { "reject_unknown_recipient_domain" } },
	{ ": Sender address rejected: need fully-qualified address",
	  NULL,
	  { "reject_non_fqdn_sender" } },
	{ ": Recipient address rejected: need fully-qualified address",
	  NULL,
	  { "reject_non_fqdn_recipient" } },
	{ "Improper use of SMTP command pipelining",
	  NULL,
	  { "reject_unauth_pipelining" } },
	/* smtpd_reject_unlisted_recipient is no list. */
	{ ": Recipient address rejected: User unknown", NULL, { NULL } },
	{ ": Helo command rejected: ",
	  "helo",
	  { "reject_invalid_h*", "reject_non_fqdn_h*", "reject_unknown_h*" } },
	{ ": Recipient address rejected: ",
	  "recipient",
	  { "check_policy_service", "reject_unverified_recipient" } },
	{ ": Sender address rejected: ",
	  "sender",
	  { "reject_unverified_sender", "reject_*sender_login*" } },
	{ ": Client host rejected: ", "client", { NULL } },
};

#define ACCESS_KINDS 4 /* the first ones */
#define KINDS	     (sizeof(kinds) / sizeof(kinds[0]))
#define WORDS	     (sizeof(kinds[0].words) / sizeof(kinds[0].words[0]))

/* is_like - does a word match a pattern? */
static bool is_like(const char *word, const char *pattern)
{
	return fnmatch(pattern, word, FNM_CASEFOLD) == 0;
}

/* has_table - does it look into a table, which may have any text? */
static bool has_table(const char *word)
{
	return is_like(word, "check_*") &&
	       !is_like(word, "check_policy_service");
}

/* is_known - what it refuses, if anything, is in the table above, or is not
 * asked about */
static bool is_known(const char *word)
{
	return is_like(word, "permit*") || is_like(word, "reject*") ||
	       is_like(word, "defer*") || is_like(word, "warn_if_reject") ||
	       is_like(word, "sleep") || is_like(word, "check_policy_service");
}

/* says - can a restriction refuse in that way? What is not known can. */
static bool says(const char *word, size_t kind)
{
	size_t i;

	for (i = 0; i < WORDS && kinds[kind].words[i] != NULL; i++)
		if (is_like(word, kinds[kind].words[i]))
			return true;
	if (has_table(word))
		return kinds[kind].table != NULL &&
		       (strcasestr(word, kinds[kind].table) != NULL ||
			strcasestr(word, "_ccert_") != NULL ||
			strcasestr(word, "_etrn_") != NULL);
	return !is_known(word);
}

/* replies - of a list, by kind */
static unsigned replies(const struct smtpd_restrictions *list)
{
	unsigned found = list->is_cut ? ~0U : 0;
	size_t i, kind;

	for (i = 0; i < list->count; i++)
		for (kind = 0; kind < KINDS && !list->items[i].warns; kind++)
			if (says(list->items[i].word, kind))
				found |= 1U << kind;
	return found;
}

/* has_certificates - does a list permit certificates? */
static bool has_certificates(const struct smtpd_restrictions *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (is_like(list->items[i].word, "permit_tls_*clientcerts"))
			return true;
	return false;
}

/* forecast_lists_read - smtpd_relay_restrictions, and all others */
struct forecast_lists forecast_lists_read(const struct smtpd_port *port)
{
	struct forecast_lists lists = {
		.replaced = replies(&port->lists[SMTPD_LIST_RELAY])
	};
	int list;

	for (list = SMTPD_LIST_CLIENT; list <= SMTPD_LIST_RECIPIENT; list++)
		if (list != SMTPD_LIST_RELAY)
			lists.others |= replies(&port->lists[list]);
	lists.certificates =
		has_certificates(&port->lists[SMTPD_LIST_RELAY]) ||
		has_certificates(&port->lists[SMTPD_LIST_RECIPIENT]);
	return lists;
}

/* forecast_lists_unknown - "Access denied" may be of anything */
struct forecast_lists forecast_lists_unknown(void)
{
	const unsigned access = (1U << ACCESS_KINDS) - 1;

	return (struct forecast_lists){ .replaced = access, .others = access };
}

/* forecast_lists_judge - by the first kind whose words it has */
enum forecast_remains forecast_lists_judge(const struct forecast_lists *lists,
					   const char *reply)
{
	size_t kind = 0;

	while (kind < KINDS && strstr(reply, kinds[kind].said) == NULL)
		kind++;
	if (kind == KINDS || (lists->replaced & 1U << kind) == 0)
		return FORECAST_REMAINS;
	return (lists->others & 1U << kind) == 0 ? FORECAST_ENDS
						 : FORECAST_MAY_REMAIN;
}

/* refuses - is there a word that refuses to relay? */
static bool refuses(const struct smtpd_restrictions *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!list->items[i].warns &&
		    (is_like(list->items[i].word, "reject") ||
		     is_like(list->items[i].word, "defer") ||
		     is_like(list->items[i].word, "*_unauth_destination")))
			return true;
	return list->is_cut;
}

/* forecast_lists_refuse - of those that are evaluated for a recipient. In one
 * before, reject would refuse all mail, in words of its own. */
const char *forecast_lists_refuse(const struct smtpd_port *port)
{
	int list;
	size_t i;

	if (refuses(&port->lists[SMTPD_LIST_RECIPIENT]))
		return smtpd_list_name(SMTPD_LIST_RECIPIENT);
	for (list = SMTPD_LIST_CLIENT; list < SMTPD_LIST_RELAY; list++)
		for (i = 0; i < port->lists[list].count; i++)
			if (is_like(port->lists[list].items[i].word,
				    "*_unauth_destination"))
				return smtpd_list_name((enum smtpd_list)list);
	return NULL;
}
