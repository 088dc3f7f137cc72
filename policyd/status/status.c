/* SPDX-License-Identifier: ISC */
/* status - the metrics listener and its pages
 *
 * Counters are read when a page is requested, or once a second for the charts;
 * workers only count. After a reload the listener accepts nobody until the
 * previous server has sent its counters: no counter ever goes backwards. */

#include "policyd/status/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/status/http.h"
#include "policyd/status/status_internal.h"

#define READ_SECONDS 1

struct status {
	const struct config *config;
	char *configuration;
	struct history *history;
	struct rate_table *const *tables; /* NULL: there is no rate */
	struct http *http;
	struct event *timer;
	status_gather *gather;
	void *context;
	status_store_asked *ask_store; /* NULL: there is no store */
	void *store_context;
	struct channel_news news;
	int64_t loaded_ms;
	int files[STATUS_FILES]; /* policyd.conf, main.cf */
	bool heard;		 /* the monitor has sent news */
	bool complete; /* nothing is to come from the previous server */
	bool closed;   /* the next server accepts instead */
	bool draining;
};

/* read_totals - once a second, for the charts */
static void read_totals(evutil_socket_t fd, short what, void *argument)
{
	struct status *status = argument;

	(void)fd;
	(void)what;
	history_read(status->history, clock_ms());
}

/* hold - open a file of the configuration, to check its time later, when paths
 * can no longer be used; it is not read. -1: none, or no permission. */
static int hold(const char *path)
{
	return path != NULL ? open(path, O_PATH | O_CLOEXEC) : -1;
}

/* milliseconds - since the epoch; file timestamps are no finer */
static int64_t milliseconds(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000;
}

/* look_at - the time at which a file was changed. One that was replaced by
 * another file has changed as well, since it lost its name then. */
static struct status_file look_at(const char *name, const char *path, int fd)
{
	struct status_file file = { .name = name, .path = path };
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0)
		file.changed_ms = milliseconds(&status.st_ctim);
	return file;
}

/* take_status - all that is shown, at this moment */
static void take_status(struct status *status, struct status_view *view)
{
	history_read(status->history, clock_ms());
	*view = (struct status_view){
		.config = status->config,
		.configuration = status->configuration,
		.history = status->history,
		.tables = status->tables,
		.news = status->news,
		.draining = status->draining,
		.now = time(NULL),
		.loaded_ms = status->loaded_ms,
		.files = { look_at("policyd.conf", status->config->path,
				   status->files[0]),
			   look_at("main.cf", status->config->main_cf,
				   status->files[1]) },
	};
	status->gather(status->context, &view->counters, &view->open);
	while (status->ask_store != NULL &&
	       view->store_count < CONFIG_STORES_MAX &&
	       status->ask_store(status->store_context, view->store_count,
				 &view->stores[view->store_count]))
		view->store_count++;
}

/* status_changed - a file that was changed after it was loaded */
const struct status_file *status_changed(const struct status_view *view)
{
	size_t i;

	for (i = 0; i < STATUS_FILES; i++)
		if (view->files[i].changed_ms > view->loaded_ms)
			return &view->files[i];
	return NULL;
}

/* show - answer with the page at path */
static int show(void *context, const char *path, struct http_answer *answer)
{
	struct status *status = context;
	struct status_view view;

	if (strcmp(path, "/healthz") == 0) {
		answer->status = status->draining ? 503 : 200;
		fputs(status->draining ? "draining\n" : "ok\n", answer->body);
		return 0;
	}
	if (strcmp(path, "/metrics") != 0 && strcmp(path, "/") != 0)
		return -1;
	take_status(status, &view);
	if (strcmp(path, "/metrics") == 0) {
		answer->type = "text/plain; version=0.0.4; charset=utf-8";
		status_prometheus(&view, answer->body);
	} else {
		answer->type = "text/html; charset=utf-8";
		status_page(&view, answer->nonce, answer->body);
	}
	return 0;
}

/* print_configuration - as -T -v prints it */
static char *print_configuration(const struct config *config)
{
	char *text = NULL;
	size_t length;
	FILE *output = xmemstream(&text, &length);

	config_dump(config, true, output);
	xmemstream_close(output);
	return text;
}

/* status_new - it does not accept yet */
struct status *status_new(const struct config *config, struct server *server,
			  const struct timespec *loaded, status_gather *gather,
			  void *context, int fd, struct error *error)
{
	static const struct timeval often = { .tv_sec = READ_SECONDS };
	struct event_base *base = server_base(server);
	struct status *status = xcalloc(1, sizeof(*status));

	status->config = config;
	status->loaded_ms = milliseconds(loaded);
	status->gather = gather;
	status->context = context;
	status->configuration = print_configuration(config);
	status->files[0] = hold(config->path);
	status->files[1] = hold(config->main_cf);
	status->history = history_new(&config->services);
	tzset(); /* reads a file */
	status->timer = event_new(base, -1, EV_PERSIST, read_totals, status);
	if (status->timer == NULL || event_add(status->timer, &often) < 0)
		error_set(error, "metrics: %s", strerror(errno));
	else
		status->http = http_new(base, fd, show, status, error);
	if (status->http == NULL) {
		status_free(status);
		return NULL;
	}
	return status;
}

/* status_free - NULL is allowed */
void status_free(struct status *status)
{
	size_t i;

	if (status == NULL)
		return;
	for (i = 0; i < STATUS_FILES; i++)
		if (status->files[i] >= 0)
			close(status->files[i]);
	http_free(status->http);
	if (status->timer != NULL)
		event_free(status->timer);
	history_free(status->history);
	free(status->configuration);
	free(status);
}

/* status_add - add the tally of one worker */
void status_add(struct status *status, struct totals *totals)
{
	if (status != NULL)
		history_add(status->history, totals);
}

/* status_rates - show the counts of the rates, too */
void status_rates(struct status *status, struct rate_table *const *tables)
{
	if (status != NULL)
		status->tables = tables;
}

/* status_store - show the state of the stores, too */
void status_store(struct status *status, status_store_asked *ask, void *context)
{
	if (status == NULL)
		return;
	status->ask_store = ask;
	status->store_context = context;
}

/* status_close - stop accepting */
void status_close(struct status *status)
{
	if (status == NULL)
		return;
	status->closed = true;
	http_accept(status->http, 0);
}

/* let_in - accept once no counter can go backwards any more */
static void let_in(struct status *status)
{
	if (status->heard && status->complete && !status->closed)
		http_accept(status->http, 1);
}

/* status_finish - answer the remaining requests */
void status_finish(struct status *status, unsigned limit_ms)
{
	if (status != NULL)
		http_finish(status->http, limit_ms);
}

/* status_news - news from the monitor, before or after the farewell of another
 * server */
void status_news(struct status *status, const struct channel_news *news,
		 bool takes)
{
	if (status == NULL)
		return;
	status->news = *news;
	status->heard = true;
	status->complete |= !takes;
	let_in(status);
}

/* status_drain - the server is going to end */
void status_drain(struct status *status)
{
	if (status != NULL)
		status->draining = true;
}

/* status_farewell - our counts, for the next server */
size_t status_farewell(struct status *status, char *bytes, size_t size)
{
	if (status == NULL)
		return 0;
	history_read(status->history, clock_ms());
	return history_write(status->history, bytes, size);
}

/* status_take - the counts of the previous server */
void status_take(struct status *status, const char *bytes, size_t length)
{
	if (status == NULL)
		return;
	history_read(status->history, clock_ms());
	if (history_take(status->history, bytes, length) < 0)
		log_warning("the counters of the previous server are "
			    "incomplete");
	status->complete = true;
	let_in(status);
}
