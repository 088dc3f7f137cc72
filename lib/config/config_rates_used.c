/* SPDX-License-Identifier: ISC */
/* config_rates_used - rates that count nothing, or not what they seem to */

#include <stdio.h>
#include <string.h>

#include "lib/config/config_internal.h"
#include "lib/decision/charges.h"
#include "lib/decision/restrictions.h"

/* rate_of - the rate that a word names, or NULL */
static const struct rate *rate_of(const struct restriction_use *use)
{
	return use->restriction == &restriction_check_rate ? use->state : NULL;
}

/* is_named - is it in some list of restrictions? */
static bool is_named(const struct config *config, const struct rate *rate)
{
	for (size_t i = 0; i < config->services.count; i++) {
		const struct restriction_list *list =
			&config->services.services[i].restrictions;

		for (size_t k = 0; k < list->count; k++)
			if (rate_of(&list->uses[k]) == rate)
				return true;
	}
	return false;
}

/* The words that come before a rate in its list. */
struct before {
	bool permits_ours;  /* permit_auth_destination */
	bool permits_login; /* permit_sasl_authenticated */
};

/* check_order - is it tried when it has something to count? */
static void check_order(const struct restriction_use *use,
			const struct rate *rate, const struct before *before,
			struct config_notes *notes)
{
	if (before->permits_login && rate_needs_login(rate))
		config_warning(notes, use->line,
			       "restrictions: %s comes after "
			       "permit_sasl_authenticated, which permits all "
			       "clients that log in: nothing is counted; write "
			       "it ahead of that",
			       use->word);
	else if (before->permits_ours && rate->state != RATE_AT_RCPT)
		config_warning(notes, use->line,
			       "restrictions: %s comes after "
			       "permit_auth_destination: a message with one "
			       "recipient of ours is not counted, and one "
			       "with two is; write it ahead of that",
			       use->word);
}

/* check_list - the rates of one list of restrictions */
static void check_list(const struct service *service,
		       struct config_notes *notes)
{
	const struct restriction_list *list = &service->restrictions;
	struct before before = { false, false };
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct restriction_use *use = &list->uses[i];
		const struct rate *rate = rate_of(use);

		before.permits_ours |= use->restriction ==
				       &restriction_permit_auth_destination;
		before.permits_login |= use->restriction ==
					&restriction_permit_sasl_authenticated;
		if (rate == NULL)
			continue;
		if (++count == CHARGES_MAX + 1)
			config_error(notes, use->line,
				     "restrictions: more than %d rates in one "
				     "list",
				     CHARGES_MAX);
		check_order(use, rate, &before, notes);
	}
}

/* config_rates_used - all of these */
void config_rates_used(const struct config *config, struct config_notes *notes)
{
	for (size_t i = 0; i < config->rates.count; i++) {
		const struct rate *rate = &config->rates.rates[i];

		if (!is_named(config, rate))
			config_warning(notes, rate->line,
				       "rate %s: no list of restrictions names "
				       "it; write check_rate:%s ahead of the "
				       "words that permit",
				       rate->name, rate->name);
	}
	for (size_t i = 0; i < config->services.count; i++)
		check_list(&config->services.services[i], notes);
}
