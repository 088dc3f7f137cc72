/* SPDX-License-Identifier: ISC */
/* store_admin - the counts of the store, for the command line
 *
 * One question after the other, each with a deadline. store_rows.c has the
 * listings. */

#include "lib/store/store_admin.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "lib/rate/rate_window.h"
#include "lib/store/store_admin_internal.h"

#define VALUES	   16384
#define TEXT	   (1U << 20)
#define INPUT_SIZE 16384
#define NEVER	   "1" /* the end of a block without one */

/* wait_for - the socket; 0, or -1: time has run out */
static int wait_for(const struct store_admin *admin, short events,
		    uint64_t end_ms, struct error *error)
{
	struct pollfd poll_fd = { .fd = admin->transport.fd, .events = events };
	int ready;

	do {
		int left = clock_left_ms(end_ms);

		ready = left > 0 ? poll(&poll_fd, 1, left) : 0;
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return error_set(error, "poll: %s", strerror(errno));
	if (ready == 0)
		return error_set(error, "%s in %u ms",
				 store_transport_silence(&admin->transport),
				 admin->settings.timeout_ms);
	return 0;
}

/* receive - more bytes, or wait for them */
static int receive(const struct store_admin *admin, uint64_t end_ms,
		   struct error *error)
{
	char input[INPUT_SIZE];
	ssize_t count = store_transport_read(&admin->transport, input,
					     sizeof(input), error);

	if (count < 0)
		return -1;
	if (count == 0)
		return wait_for(admin,
				store_transport_read_waits(&admin->transport),
				end_ms, error);
	if (store_reader_feed(admin->reader, input, (size_t)count) < 0)
		return error_set(error, "what the store sends has no end");
	return 0;
}

/* send_all - a command; TLS may have to read before it can write */
static int send_all(const struct store_admin *admin,
		    const struct store_command *command, uint64_t end_ms,
		    struct error *error)
{
	size_t sent = 0;

	while (sent < command->length) {
		ssize_t count = store_transport_write(
			&admin->transport, command->bytes + sent,
			command->length - sent, error);

		if (count < 0)
			return -1;
		sent += (size_t)count;
		if (count == 0 &&
		    (store_transport_write_waits(&admin->transport) == POLLIN
			     ? receive(admin, end_ms, error)
			     : wait_for(admin, POLLOUT, end_ms, error)) < 0)
			return -1;
	}
	return 0;
}

/* store_admin_ask - a question, whose command is freed; its answer, or NULL */
const struct store_values *store_admin_ask(const struct store_admin *admin,
					   struct store_command command,
					   struct error *error)
{
	uint64_t end_ms = clock_ms() + admin->settings.timeout_ms;
	const struct store_values *values = NULL;
	char why[STORE_WHY_SIZE];
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
	store_error_why(values->value[0].text, why);
	error_set(error, "%s", why);
	printable_replace(error->text);
	return NULL;
}

/* store_admin_lengths - of the windows, as words */
unsigned store_admin_lengths(const struct store_rate *rate,
			     char lengths[][STORE_NUMBER_SIZE],
			     const char *words[])
{
	for (unsigned i = 0; i < rate->shape.windows; i++) {
		snprintf(lengths[i], STORE_NUMBER_SIZE, "%" PRIu32,
			 rate->shape.length_s[i]);
		words[i] = lengths[i];
	}
	return rate->shape.windows;
}

/* store_admin_odd - an answer of another form */
int store_admin_odd(struct error *error)
{
	return error_set(error, "the store's answer has another form");
}

/* open_store - AUTH, the script, and that it is no cluster */
static int open_store(const struct store_admin *admin, struct error *error)
{
	const struct store_values *values;

	if (admin->settings.password[0] != '\0' &&
	    store_admin_ask(admin, store_command_auth(&admin->settings),
			    error) == NULL)
		return -1;
	values = store_admin_ask(admin, store_command_load(&admin->settings),
				 error);
	if (values == NULL)
		return -1;
	if (strcmp(values->value[0].text, admin->settings.sha) != 0)
		return store_admin_odd(error);
	values = store_admin_ask(admin, store_command_greet(&admin->settings),
				 error);
	return values != NULL ? 0 : -1;
}

/* store_admin_open - a connection that can be used */
struct store_admin *store_admin_open(int fd,
				     const struct store_options *options,
				     struct error *error)
{
	struct store_admin *admin = xcalloc(1, sizeof(*admin));

	store_settings_init(&admin->settings, options);
	admin->reader = store_reader_new(VALUES, TEXT);
	if (store_transport_open(&admin->transport, fd, &admin->settings,
				 error) == 0 &&
	    open_store(admin, error) == 0)
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
	store_transport_close(&admin->transport);
	free(admin);
}

/* store_admin_ask_key - about one key; its answer, or NULL */
const struct store_values *
store_admin_ask_key(const struct store_admin *admin, const char *word,
		    const struct store_rate *rate, const char *key,
		    size_t length, const char *const numbers[], size_t count,
		    struct error *error)
{
	return store_admin_ask(admin,
			       store_command_key(&admin->settings, word, rate,
						 key, length, numbers, count),
			       error);
}

/* change - a key; the number that is answered, 0 or 1, or -1. The script has to
 * know the windows, too. */
static int change(const struct store_admin *admin, const char *word,
		  const struct store_rate *rate, const char *key,
		  const char *number, struct error *error)
{
	char lengths[RATE_WINDOWS_MAX][STORE_NUMBER_SIZE];
	const char *numbers[1 + RATE_WINDOWS_MAX] = { number };
	size_t count = number != NULL;
	const struct store_values *values;

	count += store_admin_lengths(rate, lengths, numbers + count);
	values = store_admin_ask_key(admin, word, rate, key, strlen(key),
				     numbers, count, error);
	if (values == NULL)
		return -1;
	if (values->value[0].kind != REDIS_REPLY_INTEGER)
		return store_admin_odd(error);
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
	char ticks[STORE_NUMBER_SIZE] = NEVER;

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
