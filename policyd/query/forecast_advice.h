/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_ADVICE_H
#define POLICYD_QUERY_FORECAST_ADVICE_H

#include "lib/config/config.h"
#include "lib/config/config_options.h"
#include "policyd/query/forecast_group.h"

/* The clients that are probably those of this host. */
struct forecast_adviser {
	const struct config *config;
	const struct forecast_ports *ports;
	struct network_list *ours; /* mynetworks, or all private networks */
	bool named;		   /* it is mynetworks */
	bool used;		   /* restrictions look at mynetworks */
};

/* forecast_adviser_open - config and ports are kept, not copied. */
void forecast_adviser_open(struct forecast_adviser *adviser,
			   const struct config *config,
			   const struct forecast_ports *ports);

/* forecast_adviser_close - free what it holds. */
void forecast_adviser_close(struct forecast_adviser *adviser);

/* forecast_all_strangers - is none of the clients probably ours? */
bool forecast_all_strangers(const struct forecast_adviser *adviser,
			    const struct forecast_group *group);

#define ADVICE_TLS_LINES 2

/* Lines for policyd.conf with which a group is accepted after all; the texts
 * are owned. */
struct forecast_advice {
	const char *condition; /* when that is right; static; NULL: no advice */
	char *networks;	       /* "mynetworks = { ... }", or NULL */
	char *where;	       /* "at top level", or "in service \"NAME\"" */
	char *restrictions;    /* the whole list of that place, or NULL */
	char *tls[ADVICE_TLS_LINES]; /* lines of that place, then NULL */
	char *postfix;		     /* what Postfix needs for it, or NULL */
	char *relay; /* domains, if they are a reason, or NULL */
	bool ours;   /* they are ours already; only the order is a reason */
	char *relay_here; /* "relay_domains = { ... }", if policyd.conf has its
			     own, or NULL */
	char *first; /* the list of that place which permits them first, if that
			is necessary, or NULL */
	const char *remove;  /* the list of policyd.conf from which the domains
				may be removed instead; static, or NULL */
	const char *instead; /* there is nothing to write; static, or NULL */
};

/* forecast_advise - for a group of FORECAST_REFUSED. */
void forecast_advise(struct forecast_advice *advice,
		     const struct forecast_adviser *adviser,
		     const struct forecast_group *group);

#define ADVICE_POSTFIX "in Postfix, when it asks policyd"

/* Gets lines to write, each with its place. */
struct advice_lines {
	void (*put)(void *context, const char *where, const char *write);
	void *context;
};

/* forecast_advice_all - the same for all groups together, but for those of
 * strangers. False: there are fewer than two of them. */
bool forecast_advice_all(const struct forecast_adviser *adviser,
			 const struct forecast_groups *groups,
			 const struct advice_lines *lines);

/* forecast_advice_list - "restrictions = { ... }": the list with a word before
 * another one of it, or at its end. The caller frees it. */
char *forecast_advice_list(const struct restriction_list *list,
			   const char *word, const char *before);

/* advice_is_same - is the list of two services one line of the file? */
bool advice_is_same(const struct service *one, const struct service *other);

/* forecast_advice_where - where that list is: "at top level", or "in service
 * \"NAME\"". The caller frees it. */
char *forecast_advice_where(const struct service *service);

/* forecast_list_of - the list of domains that has a class of destinations, or a
 * domain which is an address. */
enum config_option forecast_list_of(const char *class, const char *domain);

/* advice_is_nowhere - has no client of a group an address? Then no network has
 * it. */
bool advice_is_nowhere(const struct forecast_group *group);

/* forecast_advice_clear - free what it holds. */
void forecast_advice_clear(struct forecast_advice *advice);

#endif
