/* SPDX-License-Identifier: ISC */
/* forecast_foreign - domains that are ours for policyd, and not for Postfix
 *
 * With reply = lock, Postfix decides again, so its refusal remains. But one of
 * the two is wrong: mail is lost that is meant to be accepted, or policyd.conf
 * would open a relay if the reply were OK. A list that is imported from main.cf
 * must have changed since. */

#include <string.h>

#include "lib/base/log.h"
#include "lib/config/config_options.h"
#include "policyd/query/figure.h"
#include "policyd/query/forecast.h"

/* The lists of domains of each class of destinations. */
static const struct {
	const char *class;
	enum parameter parameter;
} lists[] = {
	{ "local", PARAMETER_MYDESTINATION },
	{ "virtual_alias", PARAMETER_VIRTUAL_ALIAS_DOMAINS },
	{ "virtual_mailbox", PARAMETER_VIRTUAL_MAILBOX_DOMAINS },
	{ "relay", PARAMETER_RELAY_DOMAINS },
};

/* put_why - which list has it */
static void put_why(const struct config *config,
		    const struct forecast_group *group, FILE *out)
{
	enum parameter parameter = PARAMETER_MYDESTINATION;
	const char *name;
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(group->class, lists[i].class) == 0)
			parameter = lists[i].parameter;
	if (*group->domain == '[' || *group->domain == '\0')
		parameter = PARAMETER_INET_INTERFACES;
	name = config_option_name(OPTION_PARAMETER + parameter);
	if (settings_top(config->settings, OPTION_PARAMETER + parameter)
		    ->source != NULL)
		fprintf(out,
			": by %s of main.cf; it is accepted now, if Postfix "
			"was reloaded since\n",
			name);
	else
		fprintf(out,
			": by %s of policyd.conf; if it is yours, %s in main.cf "
			"must have it, too; if not, remove it here\n",
			name, name);
}

/* forecast_print_foreign - each domain */
void forecast_print_foreign(const struct forecasts *forecasts, FILE *out)
{
	const struct forecast_groups *groups = &forecasts->groups;
	unsigned long left = groups->ungrouped[FORECAST_FOREIGN];
	size_t shown = 0;
	size_t i, k;

	if (groups->counts[FORECAST_FOREIGN] == 0)
		return;
	fprintf(out,
		"%s of them remain refused, though policyd takes the domain "
		"for ours; Postfix did not, and decides again (reply = "
		"lock):\n",
		figure(groups->counts[FORECAST_FOREIGN]).text);
	for (i = 0; i < groups->count; i++) {
		const struct forecast_group *group = groups->groups[i];
		char domain[161];

		if (group->kind != FORECAST_FOREIGN)
			continue;
		if (shown++ >= FORECAST_GROUPS_SHOWN) {
			left += group->count;
			continue;
		}
		log_quote(domain, sizeof(domain) - 1, group->domain);
		fprintf(out, "%9lu  %s", group->count, domain);
		put_why(forecasts->config, group, out);
		for (k = 0; k < group->example_count; k++)
			fprintf(out, "\t\t%s\n", group->examples[k]);
	}
	if (left > 0)
		fprintf(out, "%9lu  others (--format=json has more)\n", left);
}
