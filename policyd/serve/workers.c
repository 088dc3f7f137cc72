/* SPDX-License-Identifier: ISC */
/* workers - the other serving threads
 *
 * Workers do not communicate while they serve: apart from counters, and the
 * table of who has how many places (lib/server/server_places.c), nothing that
 * one writes is read or written by another thread. Connections reach a worker
 * through a channel, as if from another process. At the end they leave it
 * through a second channel, to the thread that started it. */

#include "policyd/serve/workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/serve/policy.h"
#include "policyd/serve/store_thread.h"

struct worker {
	struct server *server;
	struct policy *policy;
	struct shadow *shadow;
	struct store_thread *store_thread; /* NULL: there is no store */
	int way_out;  /* its connections leave here; its server closes it */
	int gathered; /* the other end of way_out; -1: in use, or closed */
	pthread_t thread;
	bool runs;
};

struct workers {
	struct server *server; /* of the first thread */
	struct worker *each;
	size_t count;
	size_t next; /* to be gathered */
	void (*done)(void *context);
	void *context;
};

/* on_farewell - no more connections will come: pass on its own */
static void on_farewell(void *context, unsigned long count, const void *bytes,
			size_t length)
{
	struct worker *worker = context;

	(void)count;
	(void)length;
	if (bytes == NULL) {
		log_error("a worker has lost its channel: exiting");
		_exit(EX_TEMPFAIL);
	}
	server_hand_over_local(worker->server, worker->way_out);
	worker->way_out = -1;
}

/* open_worker - its loop and its channels */
static int open_worker(struct worker *worker, const struct config *config,
		       struct server *server, struct error *error)
{
	const int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;
	struct server_handler handler;
	int ins[2], outs[2];

	worker->policy = policy_new(config);
	handler = policy_handler(worker->policy);
	worker->server = server_new(&config->limits, &handler, error);
	if (worker->server == NULL)
		return -1;
	if (socketpair(AF_UNIX, type, 0, ins) < 0)
		return error_set(error, "socketpair: %s", strerror(errno));
	if (server_deal_to(server, ins[0], worker->server, error) < 0) {
		close(ins[1]);
		return -1;
	}
	if (server_take_over_local(worker->server, ins[1], on_farewell, worker,
				   error) < 0)
		return -1;
	if (socketpair(AF_UNIX, type, 0, outs) < 0)
		return error_set(error, "socketpair: %s", strerror(errno));
	worker->gathered = outs[0];
	worker->way_out = outs[1];
	return 0;
}

/* workers_new - create them; none is running yet */
struct workers *workers_new(const struct config *config, struct server *server,
			    struct error *error)
{
	struct workers *workers = xcalloc(1, sizeof(*workers));
	size_t count = config->threads - 1;
	struct worker *worker;

	workers->server = server;
	workers->each = xcalloc(count, sizeof(*workers->each));
	while (workers->count < count) {
		worker = &workers->each[workers->count++];
		worker->way_out = worker->gathered = -1;
		if (open_worker(worker, config, server, error) < 0) {
			workers_free(workers);
			return NULL;
		}
	}
	return workers;
}

/* workers_try - set the capture and the shadow configuration */
void workers_try(struct workers *workers, struct capture *capture,
		 const struct shadow *shadow)
{
	size_t i;

	for (i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->each[i];

		worker->shadow = shadow != NULL ? shadow_share(shadow) : NULL;
		policy_try(worker->policy, capture, worker->shadow);
	}
}

/* workers_rates - set where rates are counted */
void workers_rates(struct workers *workers, struct rate_table *const *tables,
		   struct settle_seen *seen)
{
	size_t i;

	for (i = 0; i < workers->count; i++)
		policy_rates(workers->each[i].policy, tables, seen);
}

/* workers_store - connect each of them to the stores */
int workers_store(struct workers *workers, const struct store_threads *all,
		  const struct store_rate *rates, struct error *error)
{
	size_t i;

	for (i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->each[i];

		worker->store_thread = store_thread_new(all, worker->server,
							(unsigned)i + 1, error);
		if (worker->store_thread == NULL)
			return -1;
		policy_store(worker->policy,
			     store_thread_get(worker->store_thread), rates);
	}
	return 0;
}

/* workers_give - pass on a connection to a store */
void workers_give(struct workers *workers, size_t number, size_t store, int fd,
		  const char *why)
{
	if (number >= 1 && number <= workers->count)
		store_thread_give(workers->each[number - 1].store_thread, store,
				  fd, why);
	else if (fd >= 0)
		close(fd);
}

/* workers_watch - set the files whose changes matter */
void workers_watch(struct workers *workers, struct file_events *events)
{
	size_t i;

	for (i = 0; i < workers->count; i++)
		policy_watch(workers->each[i].policy, events);
}

/* work - the whole life of a thread */
static void *work(void *argument)
{
	struct worker *worker = argument;
	struct error error;

	if (server_run(worker->server, &error) < 0) {
		log_error("worker: %s: exiting", error.text);
		_exit(EX_TEMPFAIL);
	}
	return NULL;
}

/* workers_start - start the threads */
int workers_start(struct workers *workers, struct error *error)
{
	size_t i;

	for (i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->each[i];
		int result =
			pthread_create(&worker->thread, NULL, work, worker);

		if (result != 0)
			return error_set(error, "cannot start a thread: %s",
					 strerror(result));
		worker->runs = true;
	}
	return 0;
}

static void gather_next(struct workers *workers);

/* on_gathered - one has passed on its connections and is ending */
static void on_gathered(void *context, unsigned long count, const void *bytes,
			size_t length)
{
	struct workers *workers = context;
	struct worker *worker = &workers->each[workers->next++];

	(void)count;
	(void)bytes;
	(void)length;
	pthread_join(worker->thread, NULL);
	worker->runs = false;
	gather_next(workers);
}

/* gather_next - one after another */
static void gather_next(struct workers *workers)
{
	struct worker *worker;
	struct error error;
	int channel;

	if (workers->next == workers->count) {
		workers->done(workers->context);
		return;
	}
	worker = &workers->each[workers->next];
	channel = worker->gathered;
	worker->gathered = -1;
	if (server_take_over_local(workers->server, channel, on_gathered,
				   workers, &error) == 0)
		return;
	log_error("cannot gather connections: %s: exiting", error.text);
	_exit(EX_TEMPFAIL);
}

/* workers_gather - bring their connections to the server, and end them */
void workers_gather(struct workers *workers, void (*done)(void *context),
		    void *context)
{
	workers->done = done;
	workers->context = context;
	server_stop_dealing(workers->server);
	gather_next(workers);
}

/* workers_counters - add their counters */
void workers_counters(const struct workers *workers, struct counters *metrics,
		      unsigned *open)
{
	struct server_counters counters;
	size_t i;

	for (i = 0; i < workers->count; i++) {
		server_counters(workers->each[i].server, &counters);
		counters_add(metrics, policy_counters(workers->each[i].policy));
		metrics->timeouts += counters.timeouts;
		*open += counters.open;
	}
}

/* workers_totals - visit the tally of each */
void workers_totals(const struct workers *workers,
		    void (*visit)(void *context, struct totals *totals),
		    void *context)
{
	size_t i;

	for (i = 0; i < workers->count; i++)
		visit(context, policy_totals(workers->each[i].policy));
}

/* workers_running - is any of them still running? */
bool workers_running(const struct workers *workers)
{
	size_t i;

	for (i = 0; workers != NULL && i < workers->count; i++)
		if (workers->each[i].runs)
			return true;
	return false;
}

/* close_open - close a descriptor if there is one */
static void close_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* workers_free - none may be running */
void workers_free(struct workers *workers)
{
	size_t i;

	if (workers == NULL)
		return;
	for (i = 0; i < workers->count; i++) {
		struct worker *worker = &workers->each[i];

		store_thread_free(worker->store_thread);
		server_free(worker->server);
		policy_free(worker->policy);
		shadow_free(worker->shadow);
		close_open(worker->way_out);
		close_open(worker->gathered);
	}
	free(workers->each);
	free(workers);
}
