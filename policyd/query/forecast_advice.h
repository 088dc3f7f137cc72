/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_ADVICE_H
#define POLICYD_QUERY_FORECAST_ADVICE_H

#include "policyd/query/forecast_group.h"

/* Lines for policyd.conf with which a group is accepted after all; the texts
 * are owned. */
struct forecast_advice {
	const char *condition; /* when that is right; static; NULL: no advice */
	char *networks;	       /* entries for mynetworks, or NULL */
	char *where;	       /* "at top level", or "in service \"NAME\"" */
	char *restrictions;    /* the whole list of that place */
};

/* forecast_advise - for a group of FORECAST_REFUSED. */
void forecast_advise(struct forecast_advice *advice,
		     const struct forecast_group *group);

/* forecast_advice_list - "restrictions = { ... }": the list with a word before
 * another one of it, or at its end. The caller frees it. */
char *forecast_advice_list(const struct restriction_list *list,
			   const char *word, const char *before);

/* forecast_advice_where - where that list is: "at top level", or "in service
 * \"NAME\"". The caller frees it. */
char *forecast_advice_where(const struct service *service);

/* forecast_advice_clear - free what it holds. */
void forecast_advice_clear(struct forecast_advice *advice);

#endif
