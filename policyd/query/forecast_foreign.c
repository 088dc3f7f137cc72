/* SPDX-License-Identifier: ISC */
/* forecast_foreign - domains and clients that are ours for policyd only
 *
 * With reply = lock, Postfix decides again, so its refusal remains. But one of
 * the two is wrong: mail is lost that is meant to be accepted, or policyd.conf
 * would open a relay if the reply were OK. A list that is imported from
 * main.cf, or has the same entry now, must have changed since. */

#include <string.h>

#include "lib/config/config_options.h"
#include "policyd/query/figure.h"
#include "policyd/query/forecast.h"

/* put_why - which list has it */
static void put_why(const struct config *config,
		    const struct forecast_group *group, FILE *out)
{
	enum config_option option =
		forecast_list_of(group->class, group->domain);
	const char *name = config_option_name(option);

	if (!group->locked &&
	    settings_top(config->settings, option)->source != NULL)
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

/* put_client - clients, that only policyd.conf trusts */
static void put_client(const struct forecast_group *group, FILE *out)
{
	bool networks = strcmp(group->restriction, "permit_mynetworks") == 0;

	fprintf(out, "clients in %s: by %s of policyd.conf; ", group->network,
		networks ? "mynetworks" : "relay_clientcerts");
	if (networks)
		fputs("if they are yours, mynetworks of Postfix must have "
		      "them, too; if not, remove them here\n",
		      out);
	else
		fputs("Postfix must know their certificates, too, or remove "
		      "them here\n",
		      out);
}

/* forecast_print_foreign - each domain, and each network */
void forecast_print_foreign(const struct forecasts *forecasts, FILE *out)
{
	const struct forecast_groups *groups = &forecasts->groups;
	unsigned long left = groups->ungrouped[FORECAST_FOREIGN];
	size_t shown = 0;
	size_t i, k;

	if (groups->counts[FORECAST_FOREIGN] == 0)
		return;
	fprintf(out,
		"%s of them remain%s refused, though policyd takes the domain "
		"or the client for ours; Postfix did not, and decides again "
		"(reply = lock):\n",
		figure(groups->counts[FORECAST_FOREIGN]).text,
		groups->counts[FORECAST_FOREIGN] == 1 ? "s" : "");
	for (i = 0; i < groups->count; i++) {
		const struct forecast_group *group = groups->groups[i];

		if (group->kind != FORECAST_FOREIGN)
			continue;
		if (shown++ >= FORECAST_GROUPS_SHOWN) {
			left += group->count;
			continue;
		}
		fprintf(out, "%9lu  %s", group->count,
			quoted(group->domain).text);
		if (*group->network != '\0')
			put_client(group, out);
		else
			put_why(forecasts->config, group, out);
		for (k = 0; k < group->example_count; k++)
			fprintf(out, "\t\t%s\n", group->examples[k]);
	}
	if (left > 0)
		fprintf(out, "%9lu  others (--format=json has more)\n", left);
}
