/* SPDX-License-Identifier: ISC */
/* forecast_advice - what to write to keep clients that would be refused
 *
 * A client that logs in but is weakly encrypted, or not at all, is accepted
 * when permit_sasl_authenticated comes before the restriction that refuses; one
 * that does not log in, when its address is in mynetworks. Both are weaker than
 * what was configured, so each comes with its condition. test_forecast.py
 * writes them, and tries again. */

#include "policyd/query/forecast_advice.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

/* open_text - a stream into memory; the text is there once it is closed */
static FILE *open_text(char **text, size_t *length)
{
	FILE *out = open_memstream(text, length);

	if (out == NULL)
		xalloc_failed();
	return out;
}

/* forecast_advice_list - the restrictions, with a word before another one */
char *forecast_advice_list(const struct restriction_list *list,
			   const char *word, const char *before)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_text(&text, &length);
	const char *comma = "";
	bool put = false;
	size_t i;

	fputs("restrictions = {", out);
	for (i = 0; i <= list->count; i++) {
		const char *name =
			i < list->count ? restriction_use_word(&list->uses[i])
					: before;

		if (!put && strcmp(name, before) == 0) {
			fprintf(out, "%s %s", comma, word);
			comma = ",";
			put = true;
		}
		if (i == list->count || strcmp(name, word) == 0)
			continue;
		fprintf(out, "%s %s", comma, name);
		comma = ",";
	}
	fputs(" }", out);
	fclose(out);
	return text;
}

/* forecast_advice_where - where the list of a service is */
char *forecast_advice_where(const struct service *service)
{
	return service->line == 0
		       ? xstrdup("at top level")
		       : xasprintf("in service \"%s\"", service->name);
}

/* put_networks - the addresses, as entries of mynetworks */
static char *put_networks(const struct forecast_group *group)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_text(&text, &length);
	unsigned char bytes[16];
	const char *comma = "";
	size_t i;

	for (i = 0; i < group->client_count; i++) {
		const char *address = group->clients[i];

		if (inet_pton(AF_INET6, address, bytes) == 1)
			fprintf(out, "%s\"[%s]/128\"", comma, address);
		else if (inet_pton(AF_INET, address, bytes) == 1)
			fprintf(out, "%s\"%s\"", comma, address);
		else
			continue;
		comma = ", ";
	}
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
	advice->where = forecast_advice_where(group->service);
	advice->restrictions = forecast_advice_list(
		&group->service->restrictions,
		login ? "permit_sasl_authenticated" : "permit_mynetworks",
		group->restriction);
}

/* forecast_advice_clear - free what it holds */
void forecast_advice_clear(struct forecast_advice *advice)
{
	free(advice->networks);
	free(advice->where);
	free(advice->restrictions);
	memset(advice, 0, sizeof(*advice));
}
