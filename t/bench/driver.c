/* SPDX-License-Identifier: ISC */
/* driver - the connections of a load, and its event loop
 *
 * As smtpd(8) does, a connection has one request on its way and waits for the
 * answer. In a closed loop the next one follows at once. At a fixed rate a
 * timer says which connection is next, and latency counts from when its turn
 * was: a server that is late is not asked less, nor does that hide it.
 *
 * A closed loop asks for answers without sleeping. Else a slow server would pay
 * for waking this process with nearly every answer, and a fast one, which
 * keeps it busy, would not: the difference of the two would be exaggerated.
 *
 * Time: warm-up, then the part that is measured, then nothing more is sent
 * and what is on its way must be answered. */

#include "t/bench/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "t/bench/mix.h"

#define EVENTS	    256
#define TICK_MS	    50		/* to look at the clock */
#define PATIENCE_NS 5000000000U /* for the last answers */
#define FAULTS_MAX  1000	/* then it makes no sense to go on */
#define REPLY_MAX   512
#define SECOND_NS   1000000000U

struct client {
	int fd; /* -1: not connected */
	enum mix_kind kind;
	bool busy; /* a request is on its way */
	uint64_t sent_ns;
	uint64_t answered;
	uint64_t waited_ns; /* for all those answers */
	size_t length;	    /* of the answer so far */
	char reply[REPLY_MAX];
};

struct driver {
	const struct driver_options *options;
	struct driver_results *results;
	struct client *clients;
	struct mix mix;
	int epoll;
	int timer;	 /* -1: closed loop */
	uint64_t due_ns; /* rate: when the next one is sent */
	unsigned turn;	 /* rate: which client it is */
	bool measuring;
	uint64_t start_ns; /* of what is measured */
	uint64_t to_send;
	uint64_t busy;
	uint64_t faults;
	struct target_usage before;
};

/* now_ns - monotonic */
static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* count_fault - too many end the run */
static void count_fault(struct driver *driver, enum driver_fault fault)
{
	driver->results->faults[fault]++;
	if (++driver->faults >= FAULTS_MAX)
		driver->to_send = 0;
}

/* client_close - the request on its way, if any, is lost */
static void client_close(struct driver *driver, struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	if (client->busy)
		driver->busy--;
	client->busy = false;
	client->length = 0;
}

/* client_fault - count it, and do without this connection */
static void client_fault(struct driver *driver, struct client *client,
			 enum driver_fault fault)
{
	count_fault(driver, fault);
	client_close(driver, client);
}

/* client_open - connect; it is watched from then on */
static int client_open(struct driver *driver, struct client *client,
		       struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET,
				     .data.ptr = client };

	client->fd = endpoint_connect(&driver->options->endpoint, error);
	if (client->fd < 0)
		return -1;
	if (epoll_ctl(driver->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
		return error_set(error, "epoll_ctl: %s", strerror(errno));
	return 0;
}

/* client_send - the next request, connecting if need be */
static void client_send(struct driver *driver, struct client *client,
			uint64_t since_ns)
{
	const struct mix_request *request;
	ssize_t sent;

	client->sent_ns = since_ns;
	if (client->fd < 0 && client_open(driver, client, NULL) < 0) {
		client_fault(driver, client, FAULT_CONNECT);
		return;
	}
	request = mix_next(&driver->mix, &client->kind);
	driver->to_send--;
	driver->results->total++;
	sent = send(client->fd, request->bytes, request->length, MSG_NOSIGNAL);
	if (sent != (ssize_t)request->length) {
		client_fault(driver, client, FAULT_CLOSED);
		return;
	}
	client->busy = true;
	driver->busy++;
}

/* client_answered - a whole answer: judge and count it, and go on */
static void client_answered(struct driver *driver, struct client *client)
{
	uint64_t now = now_ns();

	if (!driver->options->any_answer &&
	    !mix_is_expected(client->kind, client->reply, client->length))
		count_fault(driver, FAULT_WRONG);
	client->length = 0;
	client->busy = false;
	driver->busy--;
	if (driver->measuring) {
		client->answered++;
		client->waited_ns += now - client->sent_ns;
		histogram_add(&driver->results->latency, now - client->sent_ns);
	}
	if (driver->options->one_shot) {
		client_close(driver, client);
		now = now_ns();
	}
	if (driver->timer < 0 && driver->to_send > 0)
		client_send(driver, client, now);
}

/* is_whole - does the answer end here? false, with a fault: it is none */
static bool is_whole(struct driver *driver, struct client *client)
{
	const char *end = memmem(client->reply, client->length, "\n\n", 2);

	if (end != NULL && end + 2 == client->reply + client->length)
		return true;
	if (end != NULL || client->length == sizeof(client->reply))
		client_fault(driver, client, FAULT_UNASKED);
	return false;
}

/* client_receive - what has come; one read, as no more can be expected */
static void client_receive(struct driver *driver, struct client *client)
{
	ssize_t received = read(client->fd, client->reply + client->length,
				sizeof(client->reply) - client->length);

	if (received < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (received <= 0) {
		client_fault(driver, client, FAULT_CLOSED);
		if (driver->timer < 0 && driver->to_send > 0)
			client_send(driver, client, now_ns());
		return;
	}
	client->length += (size_t)received;
	if (!client->busy)
		client_fault(driver, client, FAULT_UNASKED);
	else if (is_whole(driver, client))
		client_answered(driver, client);
}

/* next_client - the next one with nothing on its way, or NULL */
static struct client *next_client(struct driver *driver)
{
	unsigned count = driver->options->connections;
	unsigned i;

	for (i = 0; i < count; i++) {
		struct client *client = &driver->clients[driver->turn];

		driver->turn = (driver->turn + 1) % count;
		if (!client->busy)
			return client;
	}
	return NULL;
}

/* on_timer - send what is due */
static void on_timer(struct driver *driver)
{
	uint64_t step = SECOND_NS / driver->options->rate;
	uint64_t count;

	if (read(driver->timer, &count, sizeof(count)) != sizeof(count))
		return;
	for (; count > 0 && driver->to_send > 0; count--) {
		struct client *client = next_client(driver);

		if (client != NULL)
			client_send(driver, client, driver->due_ns);
		else
			count_fault(driver, FAULT_LATE);
		driver->due_ns += step;
	}
}

/* start_timer - at a fixed rate */
static int start_timer(struct driver *driver, struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	uint64_t step = SECOND_NS / driver->options->rate;
	struct itimerspec when = { 0 };

	driver->due_ns = now_ns() + step;
	when.it_value.tv_sec = (time_t)(driver->due_ns / SECOND_NS);
	when.it_value.tv_nsec = (long)(driver->due_ns % SECOND_NS);
	when.it_interval.tv_sec = (time_t)(step / SECOND_NS);
	when.it_interval.tv_nsec = (long)(step % SECOND_NS);
	driver->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (driver->timer < 0 ||
	    timerfd_settime(driver->timer, TFD_TIMER_ABSTIME, &when, NULL) <
		    0 ||
	    epoll_ctl(driver->epoll, EPOLL_CTL_ADD, driver->timer, &event) < 0)
		return error_set(error, "timer: %s", strerror(errno));
	return 0;
}

/* measure_start - from now on it counts */
static int measure_start(struct driver *driver, struct error *error)
{
	driver->measuring = true;
	if (target_usage(&driver->options->target, &driver->before, error) < 0)
		return -1;
	driver->start_ns = now_ns();
	return 0;
}

/* measure_end - nothing more is sent, and what comes does not count */
static int measure_end(struct driver *driver, struct error *error)
{
	struct driver_results *results = driver->results;
	struct target_usage *usage = &results->usage;

	results->elapsed_ns = now_ns() - driver->start_ns;
	if (target_usage(&driver->options->target, usage, error) < 0)
		return -1;
	usage->cpu_ns -= driver->before.cpu_ns;
	usage->user_ticks -= driver->before.user_ticks;
	usage->system_ticks -= driver->before.system_ticks;
	results->requests = results->latency.count;
	driver->measuring = false;
	driver->to_send = 0;
	return 0;
}

/* loop_once - wait for answers, and go on with those connections */
static int loop_once(struct driver *driver, struct error *error)
{
	bool sleeps = driver->options->sleeps || driver->timer >= 0;
	struct epoll_event events[EVENTS];
	int i, count = epoll_wait(driver->epoll, events, EVENTS,
				  sleeps ? TICK_MS : 0);

	if (count < 0 && errno != EINTR)
		return error_set(error, "epoll_wait: %s", strerror(errno));
	for (i = 0; i < count; i++)
		if (events[i].data.ptr == NULL)
			on_timer(driver);
		else
			client_receive(driver, events[i].data.ptr);
	return 0;
}

/* loop_until - as long as there is something to send or to wait for */
static int loop_until(struct driver *driver, uint64_t end_ns,
		      struct error *error)
{
	while (driver->to_send + driver->busy > 0 && now_ns() < end_ns)
		if (loop_once(driver, error) < 0)
			return -1;
	return 0;
}

/* start_clients - all connect before the first one asks */
static int start_clients(struct driver *driver, struct error *error)
{
	const struct driver_options *options = driver->options;
	unsigned i;

	for (i = 0; i < options->connections && !options->one_shot; i++)
		if (client_open(driver, &driver->clients[i], error) < 0)
			return -1;
	if (options->rate > 0)
		return start_timer(driver, error);
	for (i = 0; i < options->connections && driver->to_send > 0; i++)
		client_send(driver, &driver->clients[i], now_ns());
	return 0;
}

/* run - warm-up, measure, wait for the last answers */
static int run(struct driver *driver, struct error *error)
{
	const struct driver_options *options = driver->options;
	bool counted = options->requests > 0;
	uint64_t start;

	if (counted && measure_start(driver, error) < 0)
		return -1;
	if (start_clients(driver, error) < 0)
		return -1;
	start = now_ns();
	if (!counted &&
	    (loop_until(driver, start + options->warmup_ns, error) < 0 ||
	     measure_start(driver, error) < 0))
		return -1;
	start = now_ns();
	if (loop_until(driver, start + options->measure_ns, error) < 0 ||
	    measure_end(driver, error) < 0 ||
	    loop_until(driver, now_ns() + PATIENCE_NS, error) < 0)
		return -1;
	driver->results->faults[FAULT_UNANSWERED] += driver->busy;
	return 0;
}

/* compare_counts - for qsort(3) */
static int compare_counts(const void *left, const void *right)
{
	const struct client *a = left, *b = right;

	return (a->answered > b->answered) - (a->answered < b->answered);
}

/* mean_ns - latency of a connection that was served */
static uint64_t mean_ns(const struct client *client)
{
	return client->answered > 0 ? client->waited_ns / client->answered : 0;
}

/* compare_latencies - for qsort(3) */
static int compare_latencies(const void *left, const void *right)
{
	uint64_t a = mean_ns(left), b = mean_ns(right);

	return (a > b) - (a < b);
}

/* judge_fairness - was any connection served less than others, or later? */
static void judge_fairness(struct driver *driver)
{
	struct driver_results *results = driver->results;
	unsigned count = driver->options->connections;

	qsort(driver->clients, count, sizeof(*driver->clients), compare_counts);
	results->slowest = driver->clients[0].answered;
	results->median = driver->clients[count / 2].answered;
	qsort(driver->clients, count, sizeof(*driver->clients),
	      compare_latencies);
	results->slowest_ns = mean_ns(&driver->clients[count - 1]);
	results->median_ns = mean_ns(&driver->clients[count / 2]);
}

/* driver_run - make all, run, close all */
int driver_run(const struct driver_options *options,
	       struct driver_results *results, struct error *error)
{
	struct driver driver = { .options = options,
				 .results = results,
				 .timer = -1,
				 .to_send = UINT64_MAX / 2 };
	int result = -1;
	unsigned i;

	memset(results, 0, sizeof(*results));
	mix_init(&driver.mix, options->domains, options->entries,
		 options->logins, options->data);
	if (options->requests > 0)
		driver.to_send = options->requests;
	driver.clients = xcalloc(options->connections, sizeof(struct client));
	for (i = 0; i < options->connections; i++)
		driver.clients[i].fd = -1;
	driver.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (driver.epoll < 0)
		error_set(error, "epoll_create1: %s", strerror(errno));
	else
		result = run(&driver, error);
	for (i = 0; i < options->connections; i++)
		client_close(&driver, &driver.clients[i]);
	judge_fairness(&driver);
	if (driver.timer >= 0)
		close(driver.timer);
	if (driver.epoll >= 0)
		close(driver.epoll);
	free(driver.clients);
	return result;
}
