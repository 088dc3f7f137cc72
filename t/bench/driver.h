/* SPDX-License-Identifier: ISC */
#ifndef T_BENCH_DRIVER_H
#define T_BENCH_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "t/bench/endpoint.h"
#include "t/bench/histogram.h"
#include "t/bench/target.h"

struct driver_options {
	struct endpoint endpoint;
	struct target target; /* the processes of the server, or none */
	unsigned connections;
	unsigned domains;    /* see mix.h */
	unsigned entries;    /* likewise */
	unsigned logins;     /* likewise */
	bool data;	     /* likewise */
	unsigned rate;	     /* requests per second in all; 0: each
			      * connection asks when it was answered */
	bool one_shot;	     /* a connection for each request */
	bool sleeps;	     /* while no answer is there; see driver.c */
	bool any_answer;     /* do not look at the verdict */
	uint64_t warmup_ns;  /* not measured */
	uint64_t measure_ns; /* then ends, with what is on its way */
	uint64_t requests;   /* or after so many, with no warm-up; 0: no */
};

enum driver_fault {
	FAULT_WRONG,   /* not the verdict that it must be */
	FAULT_UNASKED, /* more than one answer, or too much of one */
	FAULT_CLOSED,  /* no answer: closed or broken */
	FAULT_CONNECT,
	FAULT_UNANSWERED, /* no answer within some seconds */
	FAULT_LATE,	  /* rate: all connections were busy */
	FAULT_COUNT
};

/* What was measured; all but the faults without the warm-up. */
struct driver_results {
	uint64_t requests; /* answered */
	uint64_t total;	   /* sent, with the warm-up and after the end */
	uint64_t elapsed_ns;
	uint64_t faults[FAULT_COUNT];
	uint64_t slowest;	   /* fewest requests of one connection */
	uint64_t median;	   /* and of that in the middle */
	uint64_t slowest_ns;	   /* longest mean latency of a connection */
	uint64_t median_ns;	   /* and that in the middle */
	struct target_usage usage; /* the difference; memory at the end */
	struct histogram latency;
};

/* driver_run - load the server. 0; or -1: it could not be done, with a reason.
 * Faults are no failure. */
int driver_run(const struct driver_options *options,
	       struct driver_results *results, struct error *error);

#endif
