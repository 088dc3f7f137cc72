/* SPDX-License-Identifier: ISC */
/* sentinel - ask a Sentinel of Valkey or Redis for the primary of a store
 *
 * The question and the answer are two lists of texts. The monitor asks, too,
 * and it is root: so this reads nothing but the one form that an answer has, in
 * bounded memory, and without a parser that could do more. The answer is the
 * address of the primary and its port, each as "$LENGTH", a line end, the text
 * and a line end; before it comes "+OK" if there was a password. */

#include "lib/net/sentinel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/ip_address.h"
#include "lib/base/clock.h"
#include "lib/base/printable.h"
#include "lib/net/listener.h"

#define TEXT_MAX    64 /* bytes of an address, or a port */
#define ERROR_SHOWN 200
#define NO_ANSWER   "what it sends is no answer of a Sentinel"
#define FULL	    (-1)

/* room - for more bytes, and the end of a string */
static size_t room(const struct sentinel_question *question)
{
	return sizeof(question->bytes) - question->length;
}

/* printed - snprintf(3) says how much; FULL: there was no room */
static int printed(struct sentinel_question *question, int length)
{
	if (length < 0 || (size_t)length >= room(question))
		return FULL;
	question->length += (uint32_t)length;
	return 0;
}

/* add - a text of a list, behind the others */
static int add(struct sentinel_question *question, const char *text)
{
	return printed(question, snprintf(question->bytes + question->length,
					  room(question), "$%zu\r\n%s\r\n",
					  strlen(text), text));
}

/* add_list - a command of count texts */
static int add_list(struct sentinel_question *question,
		    const char *const texts[], size_t count)
{
	int length = snprintf(question->bytes + question->length,
			      room(question), "*%zu\r\n", count);

	if (printed(question, length) == FULL)
		return FULL;
	for (size_t i = 0; i < count; i++)
		if (add(question, texts[i]) == FULL)
			return FULL;
	return 0;
}

/* add_auth - if there is a password */
static int add_auth(struct sentinel_question *question, const char *username,
		    const char *password)
{
	const char *texts[3] = { "AUTH" };
	size_t count = 1;

	if (password == NULL || password[0] == '\0')
		return 0;
	if (username != NULL && username[0] != '\0')
		texts[count++] = username;
	texts[count++] = password;
	return add_list(question, texts, count);
}

/* sentinel_ask - the bytes */
int sentinel_ask(struct sentinel_question *question, const char *name,
		 const char *username, const char *password,
		 struct error *error)
{
	const char *const texts[] = { "SENTINEL", "get-master-addr-by-name",
				      name };

	memset(question, 0, sizeof(*question));
	if (add_auth(question, username, password) == FULL ||
	    add_list(question, texts, 3) == FULL)
		return error_set(error, "the name, the user and the password "
					"are too long");
	return 0;
}

/* The rest of an answer. */
struct rest {
	const char *at;
	size_t length;
};

/* line - the next one, without its end. 1; 0: it has no end yet; -1: it is too
 * long */
static int line(struct rest *rest, char *text, size_t size)
{
	const char *end = memchr(rest->at, '\n', rest->length);
	size_t length = end != NULL ? (size_t)(end - rest->at) : rest->length;

	if (length > size)
		return -1;
	if (end == NULL)
		return 0;
	if (length == 0 || rest->at[length - 1] != '\r')
		return -1;
	memcpy(text, rest->at, length - 1);
	text[length - 1] = '\0';
	rest->at = end + 1;
	rest->length -= length + 1;
	return strlen(text) == length - 1 ? 1 : -1;
}

/* number - of one to five digits, without a 0 before them; -1: it is none */
static long number(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long value = 0;

	if (digits == 0 || digits > 5 || text[digits] != '\0' ||
	    (text[0] == '0' && digits > 1))
		return -1;
	for (; *text != '\0'; text++)
		value = value * 10 + (*text - '0');
	return value;
}

/* bulk - the next text of the list, likewise */
static int bulk(struct rest *rest, char text[TEXT_MAX])
{
	char length[16];
	int found = line(rest, length, sizeof(length));

	if (found <= 0)
		return found;
	if (length[0] != '$' || number(length + 1) < 1 ||
	    number(length + 1) >= TEXT_MAX)
		return -1;
	found = line(rest, text, TEXT_MAX);
	if (found > 0 && (long)strlen(text) != number(length + 1))
		return -1;
	return found;
}

/* use - the address and the port that it says */
static int use(const char *host, const char *port,
	       char address[SENTINEL_ADDRESS], struct error *error)
{
	struct ip_address ip;

	if (ip_parse(&ip, host) < 0)
		return error_set(error,
				 "it says a name, \"%s\", and not an address: "
				 "announce-hostnames must be no",
				 host);
	if (number(port) < 1 || number(port) > 65535)
		return error_set(error, "it says the port \"%s\"", port);
	snprintf(address, SENTINEL_ADDRESS,
		 ip.family == AF_INET6 ? "inet:[%s]:%s" : "inet:%s:%s", host,
		 port);
	return 1;
}

/* refused - an error of it, or that it knows no such name */
static int refused(const char *head, struct error *error)
{
	if (head[0] == '-')
		return error_set(error, "it says: %s", head + 1);
	if (strcmp(head, "*-1") == 0 || strcmp(head, "$-1") == 0)
		return error_set(error, "it knows no primary of that name");
	return error_set(error, NO_ANSWER);
}

/* read_answer - 1, 0 or -1 */
static int read_answer(struct rest *rest, char address[SENTINEL_ADDRESS],
		       struct error *error)
{
	char head[ERROR_SHOWN], host[TEXT_MAX], port[TEXT_MAX];
	int found = line(rest, head, sizeof(head));

	if (found > 0 && strcmp(head, "+OK") == 0)
		found = line(rest, head, sizeof(head));
	if (found > 0 && strcmp(head, "*2") != 0)
		return refused(head, error);
	if (found > 0)
		found = bulk(rest, host);
	if (found > 0)
		found = bulk(rest, port);
	if (found < 0 || (found > 0 && rest->length > 0))
		return error_set(error, NO_ANSWER);
	return found > 0 ? use(host, port, address, error) : 0;
}

/* sentinel_answer - see above */
int sentinel_answer(const char *bytes, size_t length,
		    char address[SENTINEL_ADDRESS], struct error *error)
{
	struct rest rest = { bytes, length };
	int found = read_answer(&rest, address, error);

	if (found == 0 && length >= SENTINEL_ANSWER_MAX)
		found = error_set(error, NO_ANSWER);
	if (found < 0)
		printable_replace(error->text);
	return found;
}

/* hear - until the answer is there, or it is too late */
static int hear(int fd, uint64_t end_ms, char address[SENTINEL_ADDRESS],
		struct error *error)
{
	char bytes[SENTINEL_ANSWER_MAX];
	size_t length = 0;
	int found = 0;

	while (found == 0) {
		ssize_t count =
			recv(fd, bytes + length, sizeof(bytes) - length, 0);

		if (clock_ms() > end_ms)
			return error_set(error, "no answer in time");
		if (count == 0)
			return error_set(error, "it closed the connection");
		if (count < 0 && errno != EINTR)
			return error_set(error, "no answer: %s",
					 strerror(errno));
		length += count > 0 ? (size_t)count : 0;
		found = sentinel_answer(bytes, length, address, error);
	}
	return found;
}

/* sentinel_find - for a process that may wait */
int sentinel_find(const char *sentinel,
		  const struct sentinel_question *question, unsigned seconds,
		  char address[SENTINEL_ADDRESS], struct error *error)
{
	int fd = listener_connect(sentinel, seconds, error);
	int found;

	if (fd < 0)
		return -1;
	if (send(fd, question->bytes, question->length, MSG_NOSIGNAL) ==
	    (ssize_t)question->length)
		found = hear(fd, clock_ms() + seconds * UINT64_C(1000), address,
			     error);
	else
		found = error_set(error, "writing: %s", strerror(errno));
	close(fd);
	return found > 0 ? 0 : error_prefix(error, "%s: ", sentinel);
}
