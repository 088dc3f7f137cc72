/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_JUDGE_H
#define POLICYD_QUERY_FORECAST_JUDGE_H

#include "lib/config/config.h"
#include "lib/postlog/postlog.h"
#include "lib/request/request.h"
#include "policyd/query/forecast_ports.h"

enum forecast_answer {
	FORECAST_PERMIT,
	FORECAST_REFUSE,
	FORECAST_UNKNOWN, /* the log, or this program, does not know */
	FORECAST_RETURN,  /* mail from a filter: nobody asks */
};

#define FORECAST_REASON_MAX 160

#define FORECAST_SERVICES 8 /* at which a client may have been */

/* A service that refuses, and its restriction that does. */
struct forecast_refusal {
	const struct service *service;
	const char *restriction;
};

/* The decision about one recipient of the log. The strings are of the
 * configuration, of the case or static. */
struct forecast {
	enum forecast_answer answer;
	const struct service *service;
	const char *restriction; /* that refuses, or "end" */
	/* Other services where it may have been, which refuse, too. */
	struct forecast_refusal others[FORECAST_SERVICES];
	size_t other_count;
	bool locked;	/* permitted by it; refused by Postfix, which decides
			   again */
	bool ours;	/* refused, though the destination is ours */
	bool unsure;	/* permitted, if Postfix has the same lists */
	bool no_login;	/* it cannot log in without TLS any more */
	bool certified; /* permitted now by its certificate, as it seems */
	bool weak;	/* the session does not count as encrypted */
	bool encrypted; /* it is encrypted, if only a little */
	char port[12];	/* "": unknown, or several */
	/* "25 or 2525": where it may have been */
	char ports[FORECAST_PORTS_MAX];
	char reason[FORECAST_REASON_MAX]; /* why it is refused, or unknown */

	/* One of the ways in which it is permitted; NULL: in none. */
	const struct service *permitting;
	const char *permitted_by; /* the restriction; "": none is needed */
	const char *destination;  /* its class then, or if locked; static */
	struct request request;
};

/* forecast_judge - judge a recipient as a server would. Whatever the log does
 * not say is tried in each way that it can have been; if the ways differ, the
 * answer is unknown. */
void forecast_judge(struct forecast *forecast, const struct config *config,
		    const struct forecast_ports *ports,
		    const struct postlog_case *taken);

#endif
