/* SPDX-License-Identifier: ISC */
/* load - ask a policy server as a busy Postfix does, and measure it
 *
 * usage: load [-1Das] [-c CONNECTIONS] [-d SECONDS] [-w SECONDS] [-n REQUESTS]
 *             [-r RATE] [-l DOMAINS] [-e ENTRIES] [-u LOGINS] [-p PID]...
 *             ADDRESS
 *        load -g -n REQUESTS [-D] [-l DOMAINS] [-e ENTRIES] [-u LOGINS]
 *
 *   -1  a connection for each request
 *   -a  any answer will do; else each verdict must be the right one
 *   -s  sleep while no answer is there, so that the server has to wake us
 *   -c  so many connections, one request on its way on each (10)
 *   -d  measure so long (2)
 *   -w  and so long before do the same without measuring (0.3)
 *   -n  end after so many requests; no warm-up
 *   -r  so many requests a second in all; else as many as get answered
 *   -l  so many domains are ours: d0000000.local.test and so on (10)
 *   -e  those who are logged in send from that many addresses, and with that
 *       many certificates (one, and none)
 *   -u  all requests are those of that many logins, none of strangers
 *   -D  and ask at DATA, not at RCPT
 *   -p  a process of the server: its CPU time and memory
 *   -g  write the requests to standard output instead of asking
 *
 * ADDRESS is unix:/path or inet:127.0.0.1:10040. One thread. Prints NAME=VALUE
 * lines; times are in microseconds. Exit status: 0; 1 there were errors: wrong
 * or missing answers; 75 it did not come to measuring; 64 wrong usage. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/number.h"
#include "t/bench/driver.h"
#include "t/bench/mix.h"

#define CONNECTIONS_MAX 20000
#define SECONDS_MAX	600
#define RATE_MAX	100000
#define SECOND_NS	1e9

static const char *const fault_names[] = {
	[FAULT_WRONG] = "wrong",	   [FAULT_UNASKED] = "unasked",
	[FAULT_CLOSED] = "closed",	   [FAULT_CONNECT] = "not_connected",
	[FAULT_UNANSWERED] = "unanswered", [FAULT_LATE] = "late",
};

/* usage - how it is called; returns the exit status */
static int usage(void)
{
	fprintf(stderr,
		"usage: load [-1Das] [-c CONNECTIONS] [-d SECONDS] [-w SECONDS] "
		"[-n REQUESTS]\n"
		"            [-r RATE] [-l DOMAINS] [-e ENTRIES] [-u LOGINS] "
		"[-p PID]...\n"
		"            ADDRESS\n"
		"       load -g -n REQUESTS [-D] [-l DOMAINS] [-e ENTRIES] "
		"[-u LOGINS]\n");
	return EX_USAGE;
}

/* take_count - a number from 1 to max */
static int take_count(const char *text, unsigned long max, unsigned *number)
{
	uint64_t value;

	if (number_parse(text, max, &value) < 0 || value == 0)
		return -1;
	*number = (unsigned)value;
	return 0;
}

/* take_seconds - a decimal fraction */
static int take_seconds(const char *text, uint64_t *ns)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds >= 0) ||
	    seconds > SECONDS_MAX)
		return -1;
	*ns = (uint64_t)(seconds * SECOND_NS);
	return 0;
}

/* take_pid - one more process */
static int take_pid(const char *text, struct target *target)
{
	unsigned pid;

	if (target->count == TARGET_MAX ||
	    take_count(text, INT32_MAX, &pid) < 0)
		return -1;
	target->pids[target->count++] = (pid_t)pid;
	return 0;
}

/* take_option - one of the command line; 0 or -1 */
static int take_option(struct driver_options *options, int letter)
{
	unsigned requests;

	switch (letter) {
	case '1':
		options->one_shot = true;
		return 0;
	case 'D':
		options->data = true;
		return 0;
	case 'a':
		options->any_answer = true;
		return 0;
	case 's':
		options->sleeps = true;
		return 0;
	case 'c':
		return take_count(optarg, CONNECTIONS_MAX,
				  &options->connections);
	case 'd':
		return take_seconds(optarg, &options->measure_ns);
	case 'w':
		return take_seconds(optarg, &options->warmup_ns);
	case 'n':
		if (take_count(optarg, UINT32_MAX, &requests) < 0)
			return -1;
		options->requests = requests;
		return 0;
	case 'r':
		return take_count(optarg, RATE_MAX, &options->rate);
	case 'l':
		return take_count(optarg, MIX_DOMAINS_MAX, &options->domains);
	case 'e':
		return take_count(optarg, MIX_ENTRIES_MAX, &options->entries);
	case 'u':
		return take_count(optarg, MIX_ENTRIES_MAX, &options->logins);
	case 'p':
		return take_pid(optarg, &options->target);
	default:
		return -1;
	}
}

/* raise_limit - as many descriptors as we may have */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* generate - the requests as they are; returns the exit status */
static int generate(const struct driver_options *options)
{
	struct mix mix;
	enum mix_kind kind;
	uint64_t i;

	mix_init(&mix, options->domains, options->entries, options->logins,
		 options->data);
	for (i = 0; i < options->requests; i++) {
		const struct mix_request *request = mix_next(&mix, &kind);

		fwrite(request->bytes, request->length, 1, stdout);
	}
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* print_latency - a quantile in microseconds */
static void print_latency(const struct driver_results *results,
			  const char *name, double share)
{
	uint64_t ns = histogram_quantile(&results->latency, share);

	printf("%s_us=%.3f\n", name, (double)ns / 1e3);
}

/* print_usage - what the server has cost, each request's share of it */
static void print_usage(const struct driver_results *results)
{
	const struct target_usage *usage = &results->usage;
	uint64_t ticks = usage->user_ticks + usage->system_ticks;
	double requests = (double)results->requests;

	if (results->requests > 0)
		printf("cpu_us=%.4f\n", (double)usage->cpu_ns / 1e3 / requests);
	printf("busy=%.4f\n",
	       (double)usage->cpu_ns / (double)results->elapsed_ns);
	if (ticks > 0)
		printf("user_share=%.3f\n",
		       (double)usage->user_ticks / (double)ticks);
	printf("rss_kib=%" PRIu64 "\n", usage->rss_kib);
	printf("peak_kib=%" PRIu64 "\n", usage->peak_kib);
}

/* print_fairness - how far the connection that got the least is from that in
 * the middle: in answers, where none at all is inf, and in mean latency */
static void print_fairness(const struct driver_results *results)
{
	if (results->median == 0)
		return;
	printf("unfair_count=%.3f\n",
	       (double)results->median / (double)results->slowest);
	printf("unfair_latency=%.3f\n",
	       (double)results->slowest_ns / (double)results->median_ns);
}

/* print_results - returns the number of errors */
static uint64_t print_results(const struct driver_results *results,
			      bool has_target)
{
	double seconds = (double)results->elapsed_ns / SECOND_NS;
	uint64_t errors = 0;
	size_t i;

	printf("requests=%" PRIu64 "\n", results->requests);
	printf("total=%" PRIu64 "\n", results->total);
	printf("seconds=%.6f\n", seconds);
	printf("rate=%.1f\n", (double)results->requests / seconds);
	print_latency(results, "p50", 0.5);
	print_latency(results, "p99", 0.99);
	print_latency(results, "p999", 0.999);
	printf("max_us=%.3f\n", (double)results->latency.max_ns / 1e3);
	print_fairness(results);
	if (has_target)
		print_usage(results);
	for (i = 0; i < FAULT_COUNT; i++) {
		errors += results->faults[i];
		if (results->faults[i] > 0)
			printf("errors_%s=%" PRIu64 "\n", fault_names[i],
			       results->faults[i]);
	}
	printf("errors=%" PRIu64 "\n", errors);
	return errors;
}

/* run - load, and print what came of it; returns the exit status */
static int run(const struct driver_options *options)
{
	static struct driver_results results;
	struct error error;

	raise_limit();
	if (driver_run(options, &results, &error) < 0) {
		fprintf(stderr, "load: %s\n", error.text);
		return EX_TEMPFAIL;
	}
	if (print_results(&results, options->target.count > 0) > 0)
		return 1;
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* main - options */
int main(int argc, char **argv)
{
	struct driver_options options = {
		.connections = 10,
		.domains = 10,
		.warmup_ns = 300000000,
		.measure_ns = 2000000000,
	};
	bool only_generate = false;
	struct error error;
	int letter;

	while ((letter = getopt(argc, argv, "1Dasc:d:w:n:r:l:e:u:p:g")) != -1)
		if (letter == 'g')
			only_generate = true;
		else if (take_option(&options, letter) < 0)
			return usage();
	if (only_generate && options.requests > 0 && optind == argc)
		return generate(&options);
	if (only_generate || optind + 1 != argc)
		return usage();
	if (endpoint_parse(&options.endpoint, argv[optind], &error) < 0) {
		fprintf(stderr, "load: %s: %s\n", argv[optind], error.text);
		return EX_USAGE;
	}
	return run(&options);
}
