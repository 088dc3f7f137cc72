/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_H
#define POLICYD_QUERY_FORECAST_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/config/config.h"
#include "lib/postlog/postlog.h"
#include "policyd/query/forecast_advice.h"
#include "policyd/query/forecast_group.h"
#include "policyd/query/forecast_ports.h"
#include "policyd/query/past.h"
#include "policyd/query/replay_input.h"
#include "policyd/query/replay_overlap.h"

#define FORECAST_GROUPS_SHOWN 20 /* of each kind, as text */

/* The fate of the mail in Postfix's log if policyd had been asked. */
struct forecasts {
	const struct config *config;
	struct forecast_ports ports;
	struct error ports_why; /* Postfix's ports could not be read; or "" */
	struct postlog *log;
	struct postlog_line line;
	struct forecast_groups groups;
	struct forecast_adviser adviser; /* of groups */
	struct replay_overlap *overlap;	 /* of the files; or NULL */
	struct past *past;		 /* counts what is sent; not owned */
	unsigned long accepted; /* recipients, of which the kinds are a part */
	unsigned long refused;
	unsigned long others;	 /* refused, by what policyd does not replace */
	unsigned long ended;	 /* refused, by what it does replace */
	unsigned long returned;	 /* mail at a port for a filter */
	unsigned long forwarded; /* it came back from one, as it says */
	unsigned long elsewhere; /* of another Postfix; names of its ports: */
	struct forecast_texts other_names;
	unsigned long unsure;	/* accepted, if main.cf has the same lists */
	unsigned long replaced; /* accepted, unless a milter replaced another
				   recipient by it */
	unsigned long no_login; /* accepted, if the client does not log in */
	struct forecast_texts plain_logins; /* those clients */
	bool asked;			    /* policyd was, at some time ... */
	int64_t since;	       /* ... first at this one, or POSTLOG_NO_TIME */
	unsigned long decided; /* since then, so they are not judged here */
};

/* forecasts_open - begin; past gets the mail that is accepted. */
void forecasts_open(struct forecasts *forecasts, const struct config *config,
		    struct past *past);

/* forecasts_line - a line of a log; false: it is not of Postfix. Changes it. */
bool forecasts_line(struct forecasts *forecasts, char *line,
		    const struct replay_place *place);

/* forecasts_asked - policyd has logged a decision at that time: what Postfix
 * logs from then on is not judged. */
void forecasts_asked(struct forecasts *forecasts, int64_t time);

/* forecasts_end - there are no more lines. */
void forecasts_end(struct forecasts *forecasts);

/* forecasts_any - was any recipient judged? */
bool forecasts_any(const struct forecasts *forecasts);

/* forecasts_are_whole - was there anything to judge, and could each file be
 * followed? */
bool forecasts_are_whole(const struct forecasts *forecasts);

/* forecasts_print_decided - a line about those that are not judged. */
void forecasts_print_decided(const struct forecasts *forecasts, FILE *output);

/* forecasts_print, forecasts_print_json - the result as text; as JSON Lines:
 * each group, and a summary. */
void forecasts_print(struct forecasts *forecasts, FILE *output);
void forecasts_print_json(struct forecasts *forecasts, FILE *output);

/* forecast_print_notes - what the figures do not contain. */
void forecast_print_notes(const struct forecasts *forecasts, FILE *out);

/* forecast_print_foreign - the domains that are ours for policyd only. */
void forecast_print_foreign(const struct forecasts *forecasts, FILE *out);

/* forecasts_close - free what it holds. */
void forecasts_close(struct forecasts *forecasts);

#endif
