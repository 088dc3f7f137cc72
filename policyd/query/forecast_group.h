/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_GROUP_H
#define POLICYD_QUERY_FORECAST_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/postlog/postlog.h"
#include "lib/postlog/postlog_time.h"
#include "policyd/query/forecast_judge.h"

#define FORECAST_EXAMPLES 3
#define FORECAST_CLIENTS  8
#define FORECAST_GROUPS	  2000 /* more are only counted */

/* The fate of a recipient. */
enum forecast_kind {
	FORECAST_REFUSED,  /* accepted by Postfix, refused by policyd */
	FORECAST_ACCEPTED, /* refused by Postfix, permitted by policyd */
	FORECAST_FOREIGN,  /* refused, though policyd takes the domain for ours:
			      Postfix does not */
	FORECAST_DOUBTED,  /* cannot tell */
	FORECAST_KINDS
};

/* A few texts, each once, ignoring case. */
struct forecast_texts {
	char *texts[FORECAST_CLIENTS];
	size_t count;
	bool more; /* for which there is no room */
};

/* Recipients that are alike. */
struct forecast_group {
	enum forecast_kind kind;
	char *port;    /* "587", or "": unknown, or several */
	char *ports;   /* which, of the first recipient: "25 or 2525" */
	char *name;    /* syslog_name */
	char *network; /* of the client: "192.0.2.0/24"; "": of any */
	char *domain;  /* of the recipient, in lower case; "": of any */
	char *class;   /* FOREIGN, or locked: of its destination; or "" */
	char *login;   /* or "" */
	char *reason;
	const struct service *service;
	char *restriction;
	struct forecast_refusal others[FORECAST_SERVICES]; /* that it may be */
	size_t other_count;
	bool ours;	/* the destination is, but something else refuses */
	bool locked;	/* Postfix refuses, when it decides again */
	bool certified; /* permitted now by certificates, as it seems */
	bool weak;	/* the session does not count as encrypted */
	bool encrypted; /* it is, if only a little */
	unsigned long count;
	int64_t first, last; /* or POSTLOG_NO_TIME */
	struct forecast_texts clients;
	struct forecast_texts networks; /* with a domain: of clients */
	struct forecast_texts domains;	/* of recipients */
	struct forecast_texts sessions; /* weak: "PROTOCOL/CIPHER/BITS" */
	char *examples[FORECAST_EXAMPLES];
	size_t example_count;
};

struct forecast_adviser;

/* All groups. Zero it before use. With an adviser, those that can be are merged
 * when there are too many. */
struct forecast_groups {
	struct forecast_group **groups;
	size_t count;
	void *index;				 /* of tsearch(3) */
	const struct forecast_adviser *adviser;	 /* not owned; or NULL */
	bool full;				 /* merging is of no use */
	unsigned long counts[FORECAST_KINDS];	 /* recipients */
	unsigned long ungrouped[FORECAST_KINDS]; /* of them, in no group */
};

/* forecast_groups_add - count a recipient. */
void forecast_groups_add(struct forecast_groups *groups,
			 enum forecast_kind kind,
			 const struct forecast *forecast,
			 const struct postlog_case *taken);

/* forecast_group_of_other - the group, as if its clients had been at another of
 * its services; the texts are those of group. */
struct forecast_group
forecast_group_of_other(const struct forecast_group *group, size_t other);

/* forecast_groups_merge - make one of all strangers that send to a domain. */
void forecast_groups_merge(struct forecast_groups *groups);

/* forecast_groups_sort - by kind, and the largest first. */
void forecast_groups_sort(struct forecast_groups *groups);

/* forecast_groups_clear - free what it holds. */
void forecast_groups_clear(struct forecast_groups *groups);

#endif
