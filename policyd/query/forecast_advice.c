/* SPDX-License-Identifier: ISC */
/* forecast_advice - what to write to keep clients that would be refused
 *
 * A client that logs in but is weakly encrypted, or not at all, is accepted
 * when permit_sasl_authenticated comes before the restriction that refuses; one
 * that does not log in, when its address is in mynetworks. Both are weaker than
 * what was configured, so each comes with its condition. test_forecast.py
 * writes them, and tries again. */

#include "policyd/query/forecast_advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

/* put_list - the restrictions, with a word before the one that refuses */
static char *put_list(const struct forecast_group *group, const char *word)
{
	const struct restriction_list *list = &group->service->restrictions;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool put = false;
	size_t i;

	if (out == NULL)
		xalloc_failed();
	fputs("restrictions = {", out);
	for (i = 0; i < list->count; i++) {
		const char *name = list->uses[i].restriction->name;

		if (!put && strcmp(name, group->restriction) == 0) {
			fprintf(out, " %s,", word);
			put = true;
		}
		if (strcmp(name, word) != 0)
			fprintf(out, " %s%s", name,
				i + 1 < list->count || !put ? "," : "");
	}
	if (!put)
		fprintf(out, " %s", word);
	fputs(" }", out);
	fclose(out);
	return text;
}

/* put_networks - the addresses, as entries of mynetworks */
static char *put_networks(const struct forecast_group *group)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	size_t i;

	if (out == NULL)
		xalloc_failed();
	for (i = 0; i < group->client_count; i++)
		fprintf(out,
			strchr(group->clients[i], ':') != NULL
				? "%s\"[%s]/128\""
				: "%s\"%s\"",
			i > 0 ? ", " : "", group->clients[i]);
	fclose(out);
	return text;
}

/* forecast_advise - what to write */
void forecast_advise(struct forecast_advice *advice,
		     const struct forecast_group *group)
{
	bool login = *group->login != '\0';

	memset(advice, 0, sizeof(*advice));
	if (group->kind != FORECAST_REFUSED ||
	    strstr(group->restriction, "_sender_") != NULL)
		return;
	if (!login)
		advice->condition = "if these clients are yours, and cannot "
				    "log in";
	else if (!group->weak)
		advice->condition = "if a login is enough";
	else if (group->encrypted)
		advice->condition = "if they cannot use better encryption";
	else
		advice->condition = "if they cannot use TLS, and their "
				    "passwords may be read on the way";
	if (!login)
		advice->networks = put_networks(group);
	advice->where =
		group->service->line == 0
			? xstrdup("at top level")
			: xasprintf("in service \"%s\"", group->service->name);
	advice->restrictions =
		put_list(group, login ? "permit_sasl_authenticated"
				      : "permit_mynetworks");
}

/* forecast_advice_clear - free what it holds */
void forecast_advice_clear(struct forecast_advice *advice)
{
	free(advice->networks);
	free(advice->where);
	free(advice->restrictions);
	memset(advice, 0, sizeof(*advice));
}
