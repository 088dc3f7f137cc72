/* SPDX-License-Identifier: ISC */
/* fuzz_session - any bytes from a client, over a socket pair
 *
 * The whole way: framing, request, decision, reply, log line. The first byte
 * says in how large pieces the others are sent. What comes back must be whole
 * replies, at most one a blank line; each a known action in harmless
 * characters, so that nothing of the request can be in it; and the same as
 * when all is sent at once. The log must be printable lines. */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/decision/reply.h"
#include "lib/server/server.h"
#include "policyd/serve/policy.h"
#include "t/fuzz/fuzz.h"

#define LOG_LINE_MAX 1200

/* A client: what it says, and what it has heard. */
struct client {
	struct server *server;
	struct event *event;
	int fd;
	const uint8_t *bytes;
	size_t size, sent, piece;
	char *heard;
	size_t length, room;
};

static const char configuration[] =
	"myhostname = 'mail.local.test'\n"
	"mydomain = 'local.test'\n"
	"mydestination = { '$mydomain', 'localhost' }\n"
	"inet_interfaces = '127.0.0.1'\n"
	"virtual_alias_domains = 'valias.test'\n"
	"relay_domains = 'relay.test'\n"
	"mynetworks = '10.0.0.0/8'\n"
	"service 'net' { policy_context = { 'net' }\n"
	"        restrictions = { permit_mynetworks, defer } }\n"
	"service 'ok' { policy_context = { 'ok' } reply = 'ok' }\n";
static struct config *config;
static int log_file;

/* LLVMFuzzerInitialize - the configuration never changes; the log is a
 * file without a name */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	char path[] = "/tmp/fuzz_session.XXXXXX";
	char log[] = "/tmp/fuzz_session_log.XXXXXX";
	struct config_messages messages = { 0 };
	struct error error;
	int fd = mkstemp(path);

	(void)count;
	(void)arguments;
	require(write(fd, configuration, sizeof(configuration) - 1) > 0);
	close(fd);
	config = config_load(path, &messages);
	unlink(path);
	if (config == NULL && messages.count > 0)
		fprintf(stderr, "%s\n", messages.lines[0]);
	require(config != NULL);
	config_messages_clear(&messages);
	log_file = mkstemp(log);
	require(log_file >= 0 && log_open(log, &error) == 0);
	unlink(log);
	return 0;
}

/* say - the next piece; after the last one no more comes */
static void say(struct client *client)
{
	size_t left = client->size - client->sent;
	ssize_t count;

	count = send(client->fd, client->bytes + client->sent,
		     left < client->piece ? left : client->piece, MSG_NOSIGNAL);
	if (count > 0)
		client->sent += (size_t)count;
	if (count >= 0 && client->sent < client->size)
		return;
	/* Also when the server has closed: hear what it has said. */
	shutdown(client->fd, SHUT_WR);
	event_del(client->event);
	event_assign(client->event, server_base(client->server), client->fd,
		     EV_READ | EV_PERSIST, event_get_callback(client->event),
		     client);
	event_add(client->event, NULL);
}

/* hear - what the server says; at its end the session is over */
static void hear(struct client *client)
{
	ssize_t count;

	if (client->room - client->length < 65536) {
		client->room += 131072;
		client->heard = xreallocarray(client->heard, client->room, 1);
	}
	count = recv(client->fd, client->heard + client->length, 65535, 0);
	if (count > 0)
		client->length += (size_t)count;
	else
		server_quit(client->server);
}

/* on_client - the client can say something, or hear something */
static void on_client(int fd, short what, void *argument)
{
	(void)fd;
	if (what & EV_READ)
		hear(argument);
	else
		say(argument);
}

/* run_session - the client speaks in pieces until the server closes */
static void run_session(struct client *client)
{
	const struct server_limits limits = { 20000, 20000, 20000, 10 };
	struct policy *policy = policy_new(config);
	struct server_handler handler = policy_handler(policy);
	struct error error;
	int pair[2];

	client->server = server_new(&limits, &handler, &error);
	require(client->server != NULL);
	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			   0, pair) == 0);
	client->fd = pair[0];
	client->event =
		event_new(server_base(client->server), pair[0],
			  EV_READ | EV_WRITE | EV_PERSIST, on_client, client);
	event_add(client->event, NULL);
	server_add(client->server, pair[1], "client");
	require(server_run(client->server, &error) == 0);
	event_free(client->event);
	server_free(client->server);
	policy_free(policy);
	close(pair[0]);
	if (client->heard == NULL)
		client->heard = xcalloc(1, 1);
	client->heard[client->length] = '\0';
}

/* check_action - one of those that there are, in harmless characters; the id
 * is made equal */
static void check_action(char *action)
{
	static const char *const words[] = {
		"permit_auth_destination",
		"permit_sasl_authenticated",
		"permit_mynetworks",
		"OK",
		"DUNNO",
		"554",
		"450",
	};
	size_t length = strcspn(action, " ");
	char *id = strstr(action, "(id ");
	bool known = false;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		known |= strlen(words[i]) == length &&
			 strncmp(words[i], action, length) == 0;
	require(known);
	require(action[strspn(action, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789 .,;:()_-")] == '\0');
	if (id != NULL && strlen(id) >= 10)
		memset(id + 4, '-', 6);
}

/* check_replies - each of them; how many there are */
static size_t check_replies(const struct client *client)
{
	char *place = client->heard, *end;
	size_t count;

	require(strlen(place) == client->length);
	for (count = 0; *place != '\0'; count++) {
		require(strncmp(place, "action=", 7) == 0);
		end = strstr(place, "\n\n");
		require(end != NULL && end + 2 - place <= REPLY_MAX);
		*end = '\0';
		check_action(place + 7);
		*end = '\n';
		place = end + 2;
	}
	return count;
}

/* count_ends - blank lines, each of which may end a request */
static size_t count_ends(const uint8_t *data, size_t size)
{
	size_t i, count = 0;

	for (i = 1; i < size; i++)
		count += data[i] == '\n' && data[i - 1] == '\n';
	return count;
}

/* check_proof - nothing is permitted to whom the bytes prove nothing */
static void check_proof(const struct client *client)
{
	const char *said = (const char *)client->bytes;

	if (strstr(client->heard, "=permit_sasl_authenticated") != NULL)
		require(memmem(said, client->size, "sasl_username=", 14) &&
			memmem(said, client->size, "sasl_method=", 12) &&
			memmem(said, client->size, "encryption_protocol=TLSv",
			       24));
	if (strstr(client->heard, "=permit_mynetworks") != NULL)
		require(memmem(said, client->size, "client_address=10.", 18));
}

/* check_log - printable lines, none of them too long; then it is empty */
static void check_log(void)
{
	static char text[1 << 20];
	ssize_t length = pread(log_file, text, sizeof(text) - 1, 0);
	char *place = text;

	require(length >= 0);
	text[length] = '\0';
	require(strlen(text) == (size_t)length);
	while (*place != '\0') {
		size_t line = strcspn(place, "\n"), i;

		require(line < LOG_LINE_MAX);
		for (i = 0; i < line; i++)
			require(place[i] >= ' ' && place[i] <= '~');
		place += line + (place[line] == '\n');
	}
	require(ftruncate(log_file, 0) == 0);
}

/* LLVMFuzzerTestOneInput - one session in pieces and one in large ones */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client pieces = { 0 }, whole = { 0 };
	size_t count;

	if (size < 2)
		return 0;
	pieces.bytes = whole.bytes = data + 1;
	pieces.size = whole.size = size - 1;
	pieces.piece = data[0] > 0 ? data[0] : 1;
	/* A request in thousands of pieces takes no other way. */
	if (size / pieces.piece > 512)
		pieces.piece = size / 512;
	whole.piece = size;
	run_session(&pieces);
	run_session(&whole);
	count = check_replies(&pieces);
	require(count <= count_ends(pieces.bytes, pieces.size));
	require(check_replies(&whole) == count);
	require(strcmp(pieces.heard, whole.heard) == 0);
	check_proof(&pieces);
	check_log();
	free(pieces.heard);
	free(whole.heard);
	return 0;
}
