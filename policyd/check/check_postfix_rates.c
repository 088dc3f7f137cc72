/* SPDX-License-Identifier: ISC */
/* check_postfix_rates - does Postfix ask when a rate counts?
 *
 * A rate looks at RCPT, and counts at DATA or END-OF-MESSAGE. A port that asks
 * in the lists for recipients only looks for ever, and nothing is ever over its
 * limit. And does it ask wherever a login may send? A limit of logins that one
 * port lacks is none. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/decision/restrictions.h"
#include "policyd/check/ports.h"

/* RECIPIENTS_MIN - in one message; a server has to accept that many (RFC 5321,
 * 4.5.3.1.8). */
#define RECIPIENTS_MIN 100

/* names - does the section use the rate? */
static bool names(const struct service *service, const struct rate *rate)
{
	const struct restriction_list *list = &service->restrictions;

	for (size_t i = 0; i < list->count; i++)
		if (list->uses[i].restriction == &restriction_check_rate &&
		    list->uses[i].state == rate)
			return true;
	return false;
}

/* find_use - the first use of policyd in some lists of a port by which it comes
 * to the rate (NULL: to any section), or NULL */
static const struct use *find_use(const struct check *check,
				  const struct smtpd_row *row,
				  const struct rate *rate,
				  enum smtpd_list first, enum smtpd_list last)
{
	for (size_t i = 0; i < check->uses.count; i++) {
		const struct use *use = &check->uses.list[i];

		if (use->list->service == row->port.service &&
		    use->list->kind >= first && use->list->kind <= last &&
		    (rate == NULL || names(check_service(check, use), rate)))
			return use;
	}
	return NULL;
}

/* has_key - may mail from this port have a key? Without AUTH there is no login.
 */
static bool has_key(const struct smtpd_row *row, const struct rate *rate)
{
	return row->port.auth != SMTPD_NO || !rate_needs_login(rate);
}

/* found_uncounted - like asks at RCPT, and nothing asks when the rate counts */
static void found_uncounted(struct check *check, const struct smtpd_row *row,
			    const struct rate *rate, const struct use *like)
{
	const struct postfix_service *service = row->port.service;
	enum smtpd_list kind = rate->state == RATE_AT_END
				       ? SMTPD_LIST_END_OF_DATA
				       : SMTPD_LIST_DATA;
	const struct list *list = check_list(check, service, kind);
	const struct smtpd_restrictions ask = {
		.items = &like->list->restrictions.items[like->at], .count = 1
	};
	const char *now = postfix_get(check->postfix, service, list->name);
	char *word = smtpd_restrictions_text(&ask);
	char *all =
		*now == '\0' ? xstrdup(word) : xasprintf("%s, %s", now, word);

	char *advice = xasprintf("let it ask policyd, too, on port %s, with "
				 "the policy_context of the other lists",
				 service->name);

	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .service = service,
				       .parameter = list->name,
				       .here = all,
				       .advice = advice },
		    find_use(check, row, NULL, kind, kind) == NULL
			    ? "port %s: rate %s counts nothing: policyd is not "
			      "asked at %s"
			    : "port %s: rate %s counts nothing: the section of "
			      "policyd.conf to which requests at %s belong "
			      "does not have it",
		    service->name, rate->name, rate_state_name(rate->state));
	free(advice);
	free(all);
	free(word);
}

/* check_counted - is the port asked when the rate counts? */
static void check_counted(struct check *check, const struct smtpd_row *row,
			  const struct rate *rate)
{
	const struct use *like = find_use(check, row, rate, SMTPD_LIST_CLIENT,
					  SMTPD_LIST_RECIPIENT);

	if (like == NULL || rate->state == RATE_AT_RCPT || !has_key(row, rate))
		return;
	if (find_use(check, row, rate,
		     rate->state == RATE_AT_END ? SMTPD_LIST_END_OF_DATA
						: SMTPD_LIST_DATA,
		     SMTPD_LIST_END_OF_DATA) == NULL)
		found_uncounted(check, row, rate, like);
}

/* check_hold - HOLD is DUNNO to Postfix, so that the list continues */
static void check_hold(struct check *check, const struct smtpd_row *row,
		       const struct rate *rate)
{
	const struct use *use = find_use(check, row, rate, SMTPD_LIST_DATA,
					 SMTPD_LIST_END_OF_DATA);
	const struct smtpd_restrictions *words;

	if (rate->action != RATE_HOLD || use == NULL)
		return;
	words = &use->list->restrictions;
	for (size_t i = use->at + 1; i < words->count; i++)
		if (check_is_word(&words->items[i], "reject") ||
		    check_is_word(&words->items[i], "defer"))
			check_found(check,
				    &(struct mistake){
					    .severity = SEVERITY_ERROR,
					    .service = row->port.service,
					    .parameter = use->list->name,
					    .advice = "remove it: policyd "
						      "itself refuses what is "
						      "to be refused" },
				    "port %s: mail that rate %s holds is "
				    "refused: %s comes after policyd in %s",
				    row->port.service->name, rate->name,
				    words->items[i].word, use->list->name);
}

/* smallest - the limit of a message's recipients, of all rates of a port;
 * RATE_UNLIMITED: there is none */
static uint64_t smallest(const struct check *check, const struct smtpd_row *row,
			 const struct rate **which)
{
	uint64_t number = RATE_UNLIMITED;

	for (size_t i = 0; i < check->config->rates.count; i++) {
		const struct rate *rate = &check->config->rates.rates[i];

		if (rate->count != RATE_RECIPIENTS ||
		    rate->state != RATE_AT_DATA || rate->action >= RATE_HOLD ||
		    !has_key(row, rate) ||
		    find_use(check, row, rate, SMTPD_LIST_CLIENT,
			     SMTPD_LIST_END_OF_DATA) == NULL)
			continue;
		for (unsigned k = 0; k < rate->limits.count; k++)
			if (rate->limits.limit[k].number < number) {
				number = rate->limits.limit[k].number;
				*which = rate;
			}
	}
	return number;
}

/* check_recipients - does Postfix accept a message that never fits? */
static void check_recipients(struct check *check, const struct smtpd_row *row)
{
	static const char name[] = "smtpd_recipient_limit";
	const struct postfix_service *service = row->port.service;
	const char *now = postfix_get(check->postfix, service, name);
	const struct rate *rate = NULL;
	uint64_t number = smallest(check, row, &rate);
	char value[24], *advice;

	if (rate == NULL || number == 0 || strtoull(now, NULL, 10) <= number)
		return;
	snprintf(value, sizeof(value), "%llu", (unsigned long long)number);
	advice = xasprintf("raise the limit of rate %s; a message to %d "
			   "recipients is usual, also on port %s",
			   rate->name, RECIPIENTS_MIN, service->name);
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .service = service,
				       .parameter = name,
				       .here = number >= RECIPIENTS_MIN ? value
									: NULL,
				       .advice = advice },
		    "port %s: Postfix accepts %s recipients in a message, but "
		    "rate %s lets %s through: a larger message is refused for "
		    "good",
		    service->name, now, rate->name, value);
	free(advice);
}

/* rate_of_logins - one that the port comes to, or NULL */
static const struct rate *rate_of_logins(const struct check *check,
					 const struct smtpd_row *row)
{
	for (size_t i = 0; i < check->config->rates.count; i++) {
		const struct rate *rate = &check->config->rates.rates[i];

		if (rate_needs_login(rate) &&
		    find_use(check, row, rate, SMTPD_LIST_CLIENT,
			     SMTPD_LIST_END_OF_DATA) != NULL)
			return rate;
	}
	return NULL;
}

/* users_send - does mail come from here, of users who log in, to elsewhere? */
static bool users_send(const struct smtpd_row *row)
{
	return row->port.works == SMTPD_YES && !row->is_return &&
	       row->port.auth != SMTPD_NO &&
	       (row->outcomes[SMTPD_LOGIN][SMTPD_ELSEWHERE].passes !=
			SMTPD_NO ||
		row->outcomes[SMTPD_LOGIN_TLS][SMTPD_ELSEWHERE].passes !=
			SMTPD_NO);
}

/* found_way_round - a rate counts at the other port, and none at this one */
static void found_way_round(struct check *check, const struct smtpd_row *row,
			    const struct smtpd_row *other,
			    const struct rate *rate)
{
	const struct use *use = find_use(check, row, NULL, SMTPD_LIST_CLIENT,
					 SMTPD_LIST_RECIPIENT);
	char *advice;

	if (use == NULL)
		return;
	advice = xasprintf("write check_rate:%s first into restrictions of "
			   "service %s in policyd.conf, or offer no AUTH there",
			   rate->name, check_service(check, use)->name);
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .service = row->port.service,
				       .parameter = "smtpd_sasl_auth_enable",
				       .advice = advice },
		    "port %s: users who log in may send there, and rate %s "
		    "counts only what they send by port %s",
		    row->port.service->name, rate->name,
		    other->port.service->name);
	free(advice);
}

/* check_ways_round - the ports where a login may send more than elsewhere */
static void check_ways_round(struct check *check)
{
	const struct smtpd_row *limited = NULL;
	const struct rate *rate = NULL;

	for (size_t i = 0; i < check->ports.count && rate == NULL; i++) {
		limited = &check->ports.rows[i];
		rate = users_send(limited) ? rate_of_logins(check, limited)
					   : NULL;
	}
	for (size_t i = 0; i < check->ports.count && rate != NULL; i++) {
		const struct smtpd_row *row = &check->ports.rows[i];

		if (users_send(row) && rate_of_logins(check, row) == NULL)
			found_way_round(check, row, limited, rate);
	}
}

/* check_rates - on all ports, all rates */
void check_rates(struct check *check)
{
	for (size_t i = 0; i < check->ports.count; i++) {
		const struct smtpd_row *row = &check->ports.rows[i];

		if (row->port.works != SMTPD_YES || row->is_return)
			continue;
		for (size_t k = 0; k < check->config->rates.count; k++) {
			check_counted(check, row,
				      &check->config->rates.rates[k]);
			check_hold(check, row, &check->config->rates.rates[k]);
		}
		check_recipients(check, row);
	}
	check_ways_round(check);
}

/* check_print_rates - a line about mail that no rate counts */
void check_print_rates(const struct check *check, FILE *output)
{
	for (size_t i = 0; i < check->ports.count; i++)
		for (size_t k = 0; k < check->config->rates.count; k++)
			if (find_use(check, &check->ports.rows[i],
				     &check->config->rates.rates[k],
				     SMTPD_LIST_CLIENT,
				     SMTPD_LIST_END_OF_DATA) != NULL) {
				fputs("rates do not count mail by "
				      "sendmail(1): Postfix does not ask "
				      "about it\n",
				      output);
				return;
			}
}
