/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_AGAIN_H
#define POLICYD_QUERY_FORECAST_AGAIN_H

#include "lib/request/request.h"
#include "policyd/query/forecast_ports.h"

/* The answer of Postfix when policyd names a restriction. */
enum forecast_again {
	AGAIN_PERMITS,
	AGAIN_REFUSES,	  /* main.cf does not have what policyd.conf has */
	AGAIN_UNKNOWN,	  /* a table cannot be looked up */
	AGAIN_OTHERWISE,  /* master.cf has parameters of its own for that */
	AGAIN_NO_POSTFIX, /* main.cf is not known */
};

/* forecast_again_load - a configuration with the lists of main.cf only. NULL:
 * config has the same, or they cannot be read (*failed). The caller frees
 * it. */
struct config *forecast_again_load(const struct config *config, bool *failed);

/* forecast_again - evaluate a restriction as Postfix does at that port, which
 * is one of ports. */
enum forecast_again forecast_again(const struct forecast_ports *ports,
				   const struct forecast_port *port,
				   const char *restriction,
				   const struct request *request);

/* forecast_again_no_login - can the client not log in at that port any more,
 * because it does so without TLS? */
bool forecast_again_no_login(const struct forecast_port *port,
			     const struct request *request);

/* forecast_again_network - is a client permitted by these mynetworks? */
enum forecast_again forecast_again_network(const char *networks,
					   const char *address);

/* forecast_again_why - why it refuses what that restriction permits; static. */
const char *forecast_again_why(const char *restriction);

#endif
