/* SPDX-License-Identifier: ISC */
/* monitor_sentinel - ask the sentinels for the primary of the store
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
		&connecting->process->store.question;

	if (send(connecting->fd, question->bytes, question->length,
		 MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)question->length)
		return error_set(why, "%s: cannot be asked",
				 connecting->address);
	connecting->asked = true;
	return monitor_connect_watch(connecting, EPOLLIN, why);
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
	struct server_process *process = connecting->process;
	const struct channel_store *store = &process->store;
	struct error why;

	while (connecting->tried < store->sentinel_count) {
		unsigned i = (process->next_sentinel + connecting->tried++) %
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
	connecting->process->next_sentinel++;
	ask_next(connecting);
}

/* monitor_sentinel_report - log the primary, when there is a log, unless that
 * of the previous server was the same */
void monitor_sentinel_report(struct server_process *process,
			     const struct server_process *before)
{
	if (process->primary[0] == '\0' ||
	    process->state <= SERVER_PROCESS_PREPARING)
		return;
	if (!process->primary_logged &&
	    (before == NULL || strcmp(before->primary, process->primary) != 0))
		log_info("store %s: the primary is %s", process->store.address,
			 process->primary);
	process->primary_logged = true;
}

/* use - the address that it says */
static void use(struct connecting *connecting, const char *address)
{
	struct server_process *process = connecting->process;

	if (strcmp(process->primary, address) != 0)
		process->primary_logged = false;
	snprintf(process->primary, sizeof(process->primary), "%s", address);
	monitor_sentinel_report(process, NULL);
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
