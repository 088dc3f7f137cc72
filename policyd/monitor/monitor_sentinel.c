/* SPDX-License-Identifier: ISC */
/* monitor_sentinel - ask the sentinels for the primary of a store
 *
 * One after the other, each for a short time, and without waiting for any of
 * them; each question begins with another one, so that one that is mistaken is
 * not asked for ever. The first address decides, and is connected to: the
 * server notices whether it can be written to, and asks again if not.
 * What comes from a sentinel is never more than an address of the network. */

#include "policyd/monitor/monitor_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/base/log.h"
#include "lib/net/sentinel.h"

#define SENTINEL_MS 500

/* ask - it is connected; 0, or -1 */
static int ask(struct connecting *connecting, struct error *why)
{
	const struct sentinel_question *question =
		&connecting->store->told.question;

	if (send(connecting->fd, question->bytes, question->length,
		 MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)question->length)
		return error_set(why, "%s: cannot be asked",
				 connecting->address);
	connecting->asked = true;
	return monitor_connect_await(connecting, EPOLLIN, why);
}

/* try - one of them; false: it cannot be asked */
static bool try(struct connecting *connecting, const char *address,
		struct error *why)
{
	int result;

	connecting->asked = false;
	connecting->answer_length = 0;
	result = monitor_connect_begin(connecting, address, SENTINEL_MS, why);
	return result == 0 || (result > 0 && ask(connecting, why) == 0);
}

/* keep - the reason that helps most: what one has said */
static void keep(struct connecting *connecting, const struct error *why)
{
	bool has_said = connecting->answer_length > 0;

	if (connecting->has_said && !has_said)
		return;
	connecting->why = *why;
	connecting->has_said = has_said;
}

/* ask_next - until one can be asked, or there are no more */
static void ask_next(struct connecting *connecting)
{
	const struct store_target *target = connecting->store;
	const struct channel_store *store = &target->told;
	struct error why;

	while (connecting->tried < store->sentinel_count) {
		unsigned i = (target->next_sentinel + connecting->tried++) %
			     store->sentinel_count;

		if (try(connecting, store->sentinels[i], &why))
			return;
		keep(connecting, &why);
		child_connecting_leave(connecting);
	}
	why = connecting->why;
	error_prefix(&why, "no sentinel says where it is: ");
	monitor_connect_end(connecting, &why);
}

/* monitor_sentinel_next - the last one did not help; why not */
void monitor_sentinel_next(struct connecting *connecting,
			   const struct error *why)
{
	keep(connecting, why);
	child_connecting_leave(connecting);
	ask_next(connecting);
}

/* monitor_sentinel_start - with the first one */
void monitor_sentinel_start(struct connecting *connecting)
{
	connecting->is_sentinel = true;
	connecting->store->next_sentinel++;
	ask_next(connecting);
}

/* same_before - did the previous server have the same primary of it? */
static bool same_before(const struct server_process *before,
			const struct store_target *store)
{
	for (size_t i = 0; before != NULL && i < before->store_count; i++)
		if (strcmp(before->stores[i].told.address,
			   store->told.address) == 0 &&
		    strcmp(before->stores[i].primary, store->primary) == 0)
			return true;
	return false;
}

/* report - the primary of one store */
static void report(struct store_target *store,
		   const struct server_process *before)
{
	if (store->primary[0] == '\0')
		return;
	if (!store->primary_logged && !same_before(before, store))
		log_info("store %s: the primary is %s", store->told.address,
			 store->primary);
	store->primary_logged = true;
}

/* monitor_sentinel_report - log each primary, when there is a log, unless that
 * of the previous server was the same */
void monitor_sentinel_report(struct server_process *process,
			     const struct server_process *before)
{
	if (process->state <= SERVER_PROCESS_PREPARING)
		return;
	for (size_t i = 0; i < process->store_count; i++)
		report(&process->stores[i], before);
}

/* use - the address that it says */
static void use(struct connecting *connecting, const char *address)
{
	struct store_target *store = connecting->store;

	if (strcmp(store->primary, address) != 0)
		store->primary_logged = false;
	snprintf(store->primary, sizeof(store->primary), "%s", address);
	monitor_sentinel_report(connecting->process, NULL);
	child_connecting_leave(connecting);
	connecting->is_sentinel = false;
	monitor_connect_to(connecting, address);
}

/* hear - more of its answer. 1: address; 0: more follows; -1: why */
static int hear(struct connecting *connecting, char address[SENTINEL_ADDRESS],
		struct error *why)
{
	size_t length = connecting->answer_length;
	ssize_t count = recv(connecting->fd, connecting->answer + length,
			     sizeof(connecting->answer) - length, MSG_DONTWAIT);
	int found;

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (count < 0)
		return error_set(why, "%s: %s", connecting->address,
				 strerror(errno));
	if (count == 0)
		return error_set(why, "%s: it closed the connection",
				 connecting->address);
	connecting->answer_length += (size_t)count;
	found = sentinel_answer(connecting->answer, connecting->answer_length,
				address, why);
	return found < 0 ? error_prefix(why, "%s: ", connecting->address)
			 : found;
}

/* monitor_sentinel_ready - it is connected, or has answered, or has failed */
void monitor_sentinel_ready(struct connecting *connecting)
{
	char address[SENTINEL_ADDRESS];
	struct error why;
	int result = 0;

	if (connecting->asked)
		result = hear(connecting, address, &why);
	else if (listener_connect_end(connecting->fd, connecting->address,
				      &why) < 0 ||
		 ask(connecting, &why) < 0)
		result = -1;
	if (result > 0)
		use(connecting, address);
	else if (result < 0)
		monitor_sentinel_next(connecting, &why);
}
