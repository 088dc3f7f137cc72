/* SPDX-License-Identifier: ISC */
/* store_admin - the counts of the store, for the command line
 *
 * One question after the other, each with a deadline. The script reads a key;
 * SCAN finds those of a rate. */

#include "lib/store/store_admin.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "lib/rate/rate_window.h"
#include "lib/store/store_internal.h"

#define VALUES	    16384
#define TEXT	    (1U << 20)
#define INPUT_SIZE  16384
#define KEY_SHOWN   96
#define NUMBER_SIZE 24
#define NEVER	    "1" /* the end of a block without one */

struct store_admin {
	struct store_settings settings;
	struct store_reader *reader;
	int fd;
};

/* wait_for - the socket; 0, or -1: time has run out */
static int wait_for(const struct store_admin *admin, short events,
		    uint64_t end_ms, struct error *error)
{
	struct pollfd poll_fd = { .fd = admin->fd, .events = events };
	int ready;

	do {
		int left = clock_left_ms(end_ms);

		ready = left > 0 ? poll(&poll_fd, 1, left) : 0;
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return error_set(error, "poll: %s", strerror(errno));
	if (ready == 0)
		return error_set(error, "no answer from the store in %u ms",
				 admin->settings.timeout_ms);
	return 0;
}

/* send_all - a command */
static int send_all(const struct store_admin *admin,
		    const struct store_command *command, uint64_t end_ms,
		    struct error *error)
{
	size_t sent = 0;

	while (sent < command->length) {
		ssize_t count = send(admin->fd, command->bytes + sent,
				     command->length - sent,
				     MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count >= 0)
			sent += (size_t)count;
		else if (errno != EAGAIN && errno != EINTR)
			return error_set(error, "writing to the store: %s",
					 strerror(errno));
		else if (wait_for(admin, POLLOUT, end_ms, error) < 0)
			return -1;
	}
	return 0;
}

/* receive - more bytes */
static int receive(const struct store_admin *admin, uint64_t end_ms,
		   struct error *error)
{
	char input[INPUT_SIZE];
	ssize_t count;

	if (wait_for(admin, POLLIN, end_ms, error) < 0)
		return -1;
	count = recv(admin->fd, input, sizeof(input), MSG_DONTWAIT);
	if (count == 0)
		return error_set(error, "the store has closed the connection");
	if (count < 0 && errno != EAGAIN && errno != EINTR)
		return error_set(error, "reading from the store: %s",
				 strerror(errno));
	if (count > 0 &&
	    store_reader_feed(admin->reader, input, (size_t)count) < 0)
		return error_set(error, "what the store sends has no end");
	return 0;
}

/* ask - a question, whose command is freed; its answer, or NULL */
static const struct store_values *ask(const struct store_admin *admin,
				      struct store_command command,
				      struct error *error)
{
	uint64_t end_ms = clock_ms() + admin->settings.timeout_ms;
	const struct store_values *values = NULL;
	int found = 0;

	if (send_all(admin, &command, end_ms, error) == 0)
		do {
			found = store_reader_next(admin->reader, &values);
		} while (found == 0 && receive(admin, end_ms, error) == 0);
	free(command.bytes);
	if (found < 0)
		error_set(error, "what the store sends is no answer");
	if (found <= 0)
		return NULL;
	if (values->value[0].kind != REDIS_REPLY_ERROR)
		return values;
	error_set(error, "the store says: %s", values->value[0].text);
	printable_replace(error->text);
	return NULL;
}

/* odd - an answer of another form */
static int odd(struct error *error)
{
	return error_set(error, "the store's answer has another form");
}

/* open_store - AUTH, and the script */
static int open_store(const struct store_admin *admin, struct error *error)
{
	const struct store_values *values;

	if (admin->settings.password[0] != '\0' &&
	    ask(admin, store_command_auth(&admin->settings), error) == NULL)
		return -1;
	values = ask(admin, store_command_load(&admin->settings), error);
	if (values == NULL)
		return -1;
	if (strcmp(values->value[0].text, admin->settings.sha) != 0)
		return odd(error);
	return 0;
}

/* store_admin_open - a connection that can be used */
struct store_admin *store_admin_open(int fd,
				     const struct store_options *options,
				     struct error *error)
{
	struct store_admin *admin = xcalloc(1, sizeof(*admin));

	store_settings_init(&admin->settings, options);
	admin->reader = store_reader_new(VALUES, TEXT);
	admin->fd = fd;
	if (open_store(admin, error) == 0)
		return admin;
	store_admin_close(admin);
	return NULL;
}

/* store_admin_close - NULL is allowed */
void store_admin_close(struct store_admin *admin)
{
	if (admin == NULL)
		return;
	store_settings_clear(&admin->settings);
	store_reader_free(admin->reader);
	close(admin->fd);
	free(admin);
}

/* ask_key - about one key; its answer, or NULL */
static const struct store_values *
ask_key(const struct store_admin *admin, const char *word,
	const struct store_rate *rate, const char *key, size_t length,
	const char *const numbers[], size_t count, struct error *error)
{
	return ask(admin,
		   store_command_key(&admin->settings, word, rate, key, length,
				     numbers, count),
		   error);
}

/* seconds_of - -1: without an end */
static uint64_t seconds_of(const struct store_value *value)
{
	return value->number < 0 ? UINT64_MAX : (uint64_t)value->number;
}

/* fill_windows - the numbers of a row; the count of values they take; -1 */
static int fill_windows(const struct store_values *values,
			const struct store_rate *rate, struct rate_row *row)
{
	size_t count = 3 + 2 * (size_t)rate->shape.windows;

	if (values->count < count)
		return -1;
	for (size_t i = 1; i < count; i++)
		if (values->value[i].kind != REDIS_REPLY_INTEGER)
			return -1;
	row->blocked_s = seconds_of(&values->value[1]);
	row->idle_s = seconds_of(&values->value[2]);
	row->windows = rate->shape.windows;
	for (unsigned i = 0; i < row->windows; i++) {
		row->length_s[i] = rate->shape.length_s[i];
		row->used[i] = seconds_of(&values->value[3 + 2 * i]);
		row->free_s[i] = seconds_of(&values->value[4 + 2 * i]);
	}
	return (int)count;
}

/* fill_places - the networks, from the value with that number on */
static int fill_places(const struct store_values *values, size_t from,
		       struct rate_place places[RATE_NETWORKS_MAX],
		       struct rate_row *row)
{
	row->places = places;
	row->place_count = 0;
	for (size_t i = from; i < values->count; i += 2) {
		struct rate_place *place = &places[row->place_count];

		if (row->place_count == RATE_NETWORKS_MAX ||
		    i + 1 >= values->count ||
		    values->value[i].kind != REDIS_REPLY_STRING ||
		    values->value[i + 1].kind != REDIS_REPLY_INTEGER)
			return -1;
		snprintf(place->name, sizeof(place->name), "%s",
			 values->value[i].text);
		place->idle_s = seconds_of(&values->value[i + 1]);
		row->place_count++;
	}
	return 0;
}

/* Whom the rows are for. */
struct listing {
	const struct store_admin *admin;
	const struct store_rate *rate;
	rate_handler *handler;
	void *context;
	int result;
};

/* show - one key: 1: handler was called; 0: there is nothing; -1 */
static int show(struct listing *listing, const char *key, size_t length,
		struct error *error)
{
	char lengths[RATE_WINDOWS_MAX][NUMBER_SIZE];
	const char *numbers[RATE_WINDOWS_MAX];
	struct rate_place places[RATE_NETWORKS_MAX];
	char shown[KEY_SHOWN + 1];
	struct rate_row row = { .key = shown, .cut = length > KEY_SHOWN };
	const struct store_values *values;
	unsigned windows = listing->rate->shape.windows;
	int next;

	snprintf(shown, sizeof(shown), "%.*s", (int)length, key);
	for (unsigned i = 0; i < windows; i++) {
		snprintf(lengths[i], NUMBER_SIZE, "%" PRIu32,
			 listing->rate->shape.length_s[i]);
		numbers[i] = lengths[i];
	}
	values = ask_key(listing->admin, "row", listing->rate, key, length,
			 numbers, windows, error);
	if (values == NULL)
		return -1;
	if (values->value[0].kind == REDIS_REPLY_ARRAY && values->count == 1)
		return 0;
	next = fill_windows(values, listing->rate, &row);
	if (next < 0 || fill_places(values, (size_t)next, places, &row) < 0)
		return odd(error);
	listing->result = listing->handler(listing->context, &row);
	return 1;
}

/* One answer of SCAN; the keys follow each other, each with a NUL. */
struct page {
	char cursor[NUMBER_SIZE];
	size_t count;
	size_t *lengths;
	char *keys;
};

/* copy_page - 0, or -1: it is none */
static int copy_page(const struct store_values *values, size_t prefix,
		     struct page *page)
{
	size_t used = 0;

	if (values->count < 3 || values->value[0].number != 2 ||
	    values->value[2].kind != REDIS_REPLY_ARRAY)
		return -1;
	snprintf(page->cursor, sizeof(page->cursor), "%s",
		 values->value[1].text);
	page->count = values->count - 3;
	page->lengths = xcalloc(page->count + 1, sizeof(*page->lengths));
	page->keys = xmalloc(values->used + 1);
	for (size_t i = 0; i < page->count; i++) {
		const struct store_value *value = &values->value[3 + i];

		if (value->kind != REDIS_REPLY_STRING || value->length < prefix)
			return -1;
		page->lengths[i] = value->length - prefix;
		memcpy(page->keys + used, value->text + prefix,
		       page->lengths[i] + 1);
		used += page->lengths[i] + 1;
	}
	return 0;
}

/* show_page - 0, or -1 */
static int show_page(struct listing *listing, const struct page *page,
		     struct error *error)
{
	const char *key = page->keys;

	for (size_t i = 0; i < page->count && listing->result == 0; i++) {
		if (show(listing, key, page->lengths[i], error) < 0)
			return -1;
		key += page->lengths[i] + 1;
	}
	return 0;
}

/* each_page - all of them: 0, or -1. (SCAN may name a key twice while the store
 * grows.) */
static int each_page(struct listing *listing, struct error *error)
{
	const struct store_settings *settings = &listing->admin->settings;
	size_t prefix =
		strlen(settings->prefix) + strlen(listing->rate->name) + 1;
	struct page page = { .cursor = "0" };
	int result = 0;

	do {
		const struct store_values *values =
			ask(listing->admin,
			    store_command_scan(settings, listing->rate,
					       page.cursor),
			    error);

		if (values == NULL)
			return -1;
		if (copy_page(values, prefix, &page) < 0)
			result = odd(error);
		else
			result = show_page(listing, &page, error);
		free(page.lengths);
		free(page.keys);
		page.lengths = NULL;
		page.keys = NULL;
	} while (result == 0 && listing->result == 0 &&
		 strcmp(page.cursor, "0") != 0);
	return result;
}

/* store_admin_each - all keys of a rate */
int store_admin_each(struct store_admin *admin, const struct store_rate *rate,
		     rate_handler *handler, void *context, int *result,
		     struct error *error)
{
	struct listing listing = { admin, rate, handler, context, 0 };
	int failed = each_page(&listing, error);

	*result = listing.result;
	return failed;
}

/* store_admin_key - one of them */
int store_admin_key(struct store_admin *admin, const struct store_rate *rate,
		    const char *key, rate_handler *handler, void *context,
		    struct error *error)
{
	struct listing listing = { admin, rate, handler, context, 0 };

	return show(&listing, key, strlen(key), error);
}

/* change - a key; the number that is answered, 0 or 1, or -1 */
static int change(const struct store_admin *admin, const char *word,
		  const struct store_rate *rate, const char *key,
		  const char *number, struct error *error)
{
	const struct store_values *values =
		ask_key(admin, word, rate, key, strlen(key), &number,
			number != NULL, error);

	if (values == NULL)
		return -1;
	if (values->value[0].kind != REDIS_REPLY_INTEGER)
		return odd(error);
	return values->value[0].number != 0;
}

/* store_admin_reset - a block stays */
int store_admin_reset(struct store_admin *admin, const struct store_rate *rate,
		      const char *key, struct error *error)
{
	return change(admin, "reset", rate, key, NULL, error);
}

/* store_admin_block - for some time, or for good */
int store_admin_block(struct store_admin *admin, const struct store_rate *rate,
		      const char *key, uint64_t seconds, struct error *error)
{
	char ticks[NUMBER_SIZE] = NEVER;

	if (seconds == 0)
		return 0;
	if (seconds < RATE_TICK_MAX / RATE_TICKS)
		snprintf(ticks, sizeof(ticks), "%" PRIu64,
			 seconds * RATE_TICKS);
	return change(admin, "block", rate, key, ticks, error) < 0 ? -1 : 0;
}

/* store_admin_unblock - the counts stay */
int store_admin_unblock(struct store_admin *admin,
			const struct store_rate *rate, const char *key,
			struct error *error)
{
	return change(admin, "block", rate, key, "0", error);
}
