/* SPDX-License-Identifier: ISC */
/* board - the metrics listener and its pages
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

struct board {
	const struct config *config;
	char *configuration;
	struct history *history;
	struct web *web;
	struct event *timer;
	board_gather *gather;
	void *context;
	struct channel_news news;
	int64_t loaded_ms;
	int files[BOARD_FILES]; /* policyd.conf, main.cf */
	bool heard;		/* the monitor has sent news */
	bool complete; /* nothing is to come from the previous server */
	bool closed;   /* the next server accepts instead */
	bool draining;
};

/* read_totals - once a second, for the charts */
static void read_totals(evutil_socket_t fd, short what, void *argument)
{
	struct board *board = argument;

	(void)fd;
	(void)what;
	history_read(board->history, (uint64_t)clock_ms());
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
static struct board_file look_at(const char *name, const char *path, int fd)
{
	struct board_file file = { .name = name, .path = path };
	struct stat status;

	if (fd >= 0 && fstat(fd, &status) == 0)
		file.changed_ms = milliseconds(&status.st_ctim);
	return file;
}

/* take_status - all that is shown, at this moment */
static void take_status(struct board *board, struct board_status *status)
{
	history_read(board->history, (uint64_t)clock_ms());
	*status = (struct board_status){
		.config = board->config,
		.configuration = board->configuration,
		.history = board->history,
		.news = board->news,
		.draining = board->draining,
		.now = time(NULL),
		.loaded_ms = board->loaded_ms,
		.files = { look_at("policyd.conf", board->config->path,
				   board->files[0]),
			   look_at("main.cf", board->config->main_cf,
				   board->files[1]) },
	};
	board->gather(board->context, &status->counters, &status->open);
}

/* board_changed - a file that was changed after it was loaded */
const struct board_file *board_changed(const struct board_status *status)
{
	size_t i;

	for (i = 0; i < BOARD_FILES; i++)
		if (status->files[i].changed_ms > status->loaded_ms)
			return &status->files[i];
	return NULL;
}

/* show - answer with the page at path */
static int show(void *context, const char *path, struct web_answer *answer)
{
	struct board *board = context;
	struct board_status status;

	if (strcmp(path, "/healthz") == 0) {
		answer->status = board->draining ? 503 : 200;
		fputs(board->draining ? "draining\n" : "ok\n", answer->body);
		return 0;
	}
	if (strcmp(path, "/metrics") != 0 && strcmp(path, "/") != 0)
		return -1;
	take_status(board, &status);
	if (strcmp(path, "/metrics") == 0) {
		answer->type = "text/plain; version=0.0.4; charset=utf-8";
		board_metrics(&status, answer->body);
	} else {
		answer->type = "text/html; charset=utf-8";
		board_page(&status, answer->nonce, answer->body);
	}
	return 0;
}

/* print_configuration - as -T prints it */
static char *print_configuration(const struct config *config)
{
	char *text = NULL;
	size_t length;
	FILE *output = open_memstream(&text, &length);

	if (output == NULL)
		return xstrdup("");
	config_dump(config, output);
	if (fclose(output) != 0) {
		free(text);
		return xstrdup("");
	}
	return text;
}

/* board_new - it does not accept yet */
struct board *board_new(const struct config *config, struct server *server,
			const struct timespec *loaded, board_gather *gather,
			void *context, int fd, struct error *error)
{
	static const struct timeval often = { .tv_sec = READ_SECONDS };
	struct event_base *base = server_base(server);
	struct board *board = xcalloc(1, sizeof(*board));

	board->config = config;
	board->loaded_ms = milliseconds(loaded);
	board->gather = gather;
	board->context = context;
	board->configuration = print_configuration(config);
	board->files[0] = hold(config->path);
	board->files[1] = hold(config->main_cf);
	board->history = history_new(&config->services);
	tzset(); /* reads a file */
	board->timer = event_new(base, -1, EV_PERSIST, read_totals, board);
	if (board->timer == NULL || event_add(board->timer, &often) < 0)
		error_set(error, "metrics: %s", strerror(errno));
	else
		board->web = web_new(base, fd, show, board, error);
	if (board->web == NULL) {
		board_free(board);
		return NULL;
	}
	return board;
}

/* board_free - NULL is allowed */
void board_free(struct board *board)
{
	size_t i;

	if (board == NULL)
		return;
	for (i = 0; i < BOARD_FILES; i++)
		if (board->files[i] >= 0)
			close(board->files[i]);
	web_free(board->web);
	if (board->timer != NULL)
		event_free(board->timer);
	history_free(board->history);
	free(board->configuration);
	free(board);
}

/* board_add - add the tally of one worker */
void board_add(struct board *board, struct totals *totals)
{
	if (board != NULL)
		history_add(board->history, totals);
}

/* board_close - stop accepting */
void board_close(struct board *board)
{
	if (board == NULL)
		return;
	board->closed = true;
	web_accept(board->web, 0);
}

/* let_in - accept once no counter can go backwards any more */
static void let_in(struct board *board)
{
	if (board->heard && board->complete && !board->closed)
		web_accept(board->web, 1);
}

/* board_finish - answer the remaining requests */
void board_finish(struct board *board, unsigned limit_ms)
{
	if (board != NULL)
		web_finish(board->web, limit_ms);
}

/* board_news - news from the monitor, before or after the farewell of another
 * server */
void board_news(struct board *board, const struct channel_news *news,
		bool takes)
{
	if (board == NULL)
		return;
	board->news = *news;
	board->heard = true;
	board->complete |= !takes;
	let_in(board);
}

/* board_drain - the server is going to end */
void board_drain(struct board *board)
{
	if (board != NULL)
		board->draining = true;
}

/* board_farewell - our counts, for the next server */
size_t board_farewell(struct board *board, char *bytes, size_t size)
{
	if (board == NULL)
		return 0;
	history_read(board->history, (uint64_t)clock_ms());
	return history_write(board->history, bytes, size);
}

/* board_take - the counts of the previous server */
void board_take(struct board *board, const char *bytes, size_t length)
{
	if (board == NULL)
		return;
	history_read(board->history, (uint64_t)clock_ms());
	if (history_take(board->history, bytes, length) < 0)
		log_warning("the counters of the previous server are "
			    "incomplete");
	board->complete = true;
	let_in(board);
}
