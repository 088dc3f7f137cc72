/* SPDX-License-Identifier: ISC */
#ifndef T_BENCH_ENDPOINT_H
#define T_BENCH_ENDPOINT_H

#include <sys/socket.h>

#include "lib/base/error.h"

/* Where the server under load listens. */
struct endpoint {
	struct sockaddr_storage address;
	socklen_t length;
};

/* endpoint_parse - "unix:/path", "inet:127.0.0.1:10040" or "inet:[::1]:10040";
 * numeric, and loopback only: this is no tool to load other hosts with. */
int endpoint_parse(struct endpoint *endpoint, const char *text,
		   struct error *error);

/* endpoint_connect - a connected, non-blocking socket, or -1. Waits a few
 * seconds at most. */
int endpoint_connect(const struct endpoint *endpoint, struct error *error);

#endif
