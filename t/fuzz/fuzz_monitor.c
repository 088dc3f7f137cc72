/* SPDX-License-Identifier: ISC */
/* fuzz_monitor - any messages to the monitor, which is root
 *
 * From a server that has met clients, in each state that it can be in then.
 * The input is the state, and a list of messages: kind, number, what is wrong,
 * bytes. Whatever they are, nothing comes of them but that the server is
 * killed or leaves: no socket, no file, no other server, no end. What
 * passes the checks of the channel is text that ends, and can be printed. */

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "policyd/monitor/monitor_internal.h"
#include "t/fuzz/fuzz.h"

/* How a message of the input is wrong. */
enum { RIGHT, ENDLESS, OTHER_VERSION, SHORT };

static pid_t idle; /* what may be killed */

/* LLVMFuzzerInitialize - a process that does nothing, and no log */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	struct error error;

	(void)count;
	(void)arguments;
	require(log_open("/dev/null", &error) == 0);
	idle = fork();
	require(idle >= 0);
	if (idle == 0)
		_exit(0); /* nobody waits for it: its number stays */
	return 0;
}

/* check_text - it ends, without control characters */
static void check_text(const char *text, size_t size)
{
	require(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		require((unsigned char)*text >= ' ' && *text != 0x7f);
}

/* check_store - all of it can be used */
static void check_store(const struct channel_store *store)
{
	check_text(store->address, sizeof(store->address));
	require(store->sentinel_count <= SENTINELS_MAX);
	for (uint32_t i = 0; i < store->sentinel_count; i++)
		check_text(store->sentinels[i], sizeof(store->sentinels[i]));
	require(store->question.length <= sizeof(store->question.bytes));
}

/* check_received - what the channel lets through */
static void check_received(int channel)
{
	struct channel_message message;
	struct error error;

	while (channel_receive(channel, &message, NULL, &error) == 1) {
		require(message.kind < CHANNEL_KIND_COUNT);
		if (message.kind == CHANNEL_LINE)
			check_text(message.body.text,
				   sizeof(message.body.text));
		if (message.kind == CHANNEL_SETTINGS) {
			require(message.number >= 0 &&
				message.number <= CHANNEL_LISTENER_MAX);
			check_text(message.body.settings.log,
				   sizeof(message.body.settings.log));
			check_text(message.body.settings.pid_file,
				   sizeof(message.body.settings.pid_file));
		}
		if (message.kind == CHANNEL_WATCH) {
			require(message.body.watch.path[0] == '/');
			check_text(message.body.watch.path,
				   sizeof(message.body.watch.path));
		}
		if (message.kind == CHANNEL_STORE)
			check_store(&message.body.store);
		if (message.kind == CHANNEL_LISTENER)
			check_text(message.body.listener.address,
				   sizeof(message.body.listener.address));
		if (message.kind == CHANNEL_NEWS)
			check_text(message.body.news.reason,
				   sizeof(message.body.news.reason));
	}
}

/* send_all - the messages of the input */
static void send_all(int channel, const uint8_t *place, const uint8_t *end)
{
	struct channel_message message;
	unsigned how;
	size_t length;

	while (end - place >= 4) {
		channel_message_init(&message, place[0] % 20, (int8_t)place[1]);
		how = place[2];
		length = place[3];
		place += 4;
		if (length > (size_t)(end - place))
			length = (size_t)(end - place);
		if (how == ENDLESS)
			memset(&message.body, 'x', sizeof(message.body));
		memcpy(&message.body, place, length);
		if (how == OTHER_VERSION)
			message.version++;
		place += length;
		(void)!send(channel, &message,
			    how == SHORT ? length : sizeof(message),
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

/* hear_all - by a monitor whose server is in that state */
static void hear_all(enum server_process_state state, const uint8_t *place,
		     const uint8_t *end)
{
	static const struct options options;
	struct monitor monitor = {
		.options = &options,
		.program = "/bin/false",
		.started = true,
		.signals = -1,
		.report = -1,
		.accepted = -1,
		.notify = { .fd = -1 },
		.restart_ms = UINT64_MAX,
		.refresh_ms = UINT64_MAX,
		.stop_ms = UINT64_MAX,
		.ping_ms = UINT64_MAX,
	};
	struct server_process *process = xcalloc(1, sizeof(*process));
	struct error error;
	int server;

	TAILQ_INIT(&monitor.children);
	TAILQ_INSERT_TAIL(&monitor.children, process, link);
	require(channel_pair(&process->channel, &server, &error) == 0);
	child_init(process, idle, process->channel);
	process->state = state;
	process->ping = 1;
	monitor.serving = state == SERVER_PROCESS_TAKING ||
					  state == SERVER_PROCESS_SERVING
				  ? process
				  : NULL;
	send_all(server, place, end);
	monitor_hear(&monitor, process);
	require(monitor.sockets.count == 0 && monitor.pid_file.path == NULL);
	require(!monitor.done && !monitor.stopping && monitor.next == NULL);
	require(monitor.news.reloads == 0);
	require((monitor.restart_ms == UINT64_MAX) ==
		(process->state != SERVER_PROCESS_KILLED));
	require((process->state == SERVER_PROCESS_KILLED) ==
		(state != SERVER_PROCESS_LEAVING &&
		 process->reason.text[0] != '\0'));
	require(monitor.accepted == -1 && process->accepted == -1);
	require(process->listeners == NULL && process->watched.count == 0);
	require(process->state == state ||
		process->state == SERVER_PROCESS_KILLED ||
		(state == SERVER_PROCESS_TAKING &&
		 process->state == SERVER_PROCESS_SERVING));
	close(server);
	TAILQ_REMOVE(&monitor.children, process, link);
	server_process_free(process);
}

/* LLVMFuzzerTestOneInput - heard by the monitor, and only received */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error;
	int monitor, server;

	if (size < 1)
		return 0;
	hear_all((enum server_process_state)(SERVER_PROCESS_TAKING +
					     data[0] % (SERVER_PROCESS_ENDING -
							SERVER_PROCESS_TAKING)),
		 data + 1, data + size);
	require(channel_pair(&monitor, &server, &error) == 0);
	send_all(server, data + 1, data + size);
	check_received(monitor);
	close(monitor);
	close(server);
	return 0;
}
