/* SPDX-License-Identifier: ISC */
/* check_postfix_try - ask policyd as smtpd(8) would
 *
 * A child process becomes what smtpd(8) is: the user that owns the mail system,
 * in the queue directory, chrooted if master.cf says so. It connects to the
 * address as written in the list, and sends a request without a recipient,
 * about which policyd has no opinion. It records its progress in shared memory,
 * so that the parent knows it even if the time ran out. */

#include "policyd/check/check_postfix_internal.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/xalloc.h"

#define TRY_SECONDS 5

static const char question[] = "request=smtpd_access_policy\n"
			       "protocol_state=CONNECT\n"
			       "protocol_name=ESMTP\n"
			       "instance=check-postfix\n"
			       "\n";

/* The task of the child. */
struct task {
	const struct use *use;
	const char *queue;	    /* queue_directory */
	const struct passwd *owner; /* the user of smtpd */
	struct attempt *attempt;
	bool knock; /* another policy server: only connect, to this host */
};

/* become - take on smtpd's directory, chroot and user; -1 and errno */
static int become(const struct task *task)
{
	const struct passwd *owner = task->owner;

	if (initgroups(owner->pw_name, owner->pw_gid) != 0)
		return -1;
	if (chdir(task->queue) != 0)
		return -1;
	if (task->use->list->service->chroot &&
	    (chroot(task->queue) != 0 || chdir("/") != 0))
		return -1;
	if (setgid(owner->pw_gid) != 0 || setuid(owner->pw_uid) != 0)
		return -1;
	return 0;
}

/* connect_unix - to the path as written; the descriptor or -1 */
static int connect_unix(const char *path, struct attempt *attempt)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	int fd;

	if (*path == '\0' || strlen(path) >= sizeof(address.sun_path)) {
		errno = *path == '\0' ? EINVAL : ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		attempt->peer = peer.pid;
	return fd;
}

/* is_local - is it an address of this host? */
static bool is_local(const struct addrinfo *info)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} address;
	int fd = socket(info->ai_family, SOCK_STREAM, 0);
	bool local = false;

	if (fd >= 0 && info->ai_addrlen <= sizeof(address)) {
		memcpy(&address, info->ai_addr, info->ai_addrlen);
		if (info->ai_family == AF_INET6)
			address.in6.sin6_port = 0;
		else
			address.in.sin_port = 0;
		local = bind(fd, &address.any, info->ai_addrlen) == 0;
	}
	if (fd >= 0)
		close(fd);
	return local;
}

/* is_listener - is this the address of our listener? */
static bool is_listener(const struct addrinfo *info, const struct task *task)
{
	const struct listener_options *listener = task->use->listener;
	char host[NI_MAXHOST], port[NI_MAXSERV], text[NI_MAXHOST + 64];

	if (listener == NULL)
		return !task->knock || is_local(info);
	if (getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host),
			port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(text, sizeof(text),
		 info->ai_family == AF_INET6 ? "inet:[%s]:%s" : "inet:%s:%s",
		 host, port);
	if (strcmp(text, listener->address) == 0)
		return true;
	snprintf(text, sizeof(text), "inet:%s:%s",
		 info->ai_family == AF_INET6 ? "[::]" : "0.0.0.0", port);
	return strcmp(text, listener->address) == 0 && is_local(info);
}

/* connect_any - to the first address that accepts */
static int connect_any(const struct addrinfo *found, const struct task *task)
{
	const struct addrinfo *info;
	int fd = -1;

	task->attempt->foreign = true;
	for (info = found; info != NULL; info = info->ai_next)
		if (is_listener(info, task))
			task->attempt->foreign = false;
	/* Do not send requests to other hosts. */
	if (task->attempt->foreign)
		return -1;
	for (info = found; info != NULL && fd < 0; info = info->ai_next) {
		if (!is_listener(info, task))
			continue;
		fd = socket(info->ai_family, SOCK_STREAM, 0);
		if (fd >= 0 &&
		    connect(fd, info->ai_addr, info->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

/* connect_inet - to "HOST:PORT" or "[HOST]:PORT", looking up names */
static int connect_inet(const char *server, const struct task *task)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char *host = xstrdup(server), *port = strrchr(host, ':'), *start = host;

	task->attempt->stage = ATTEMPT_RESOLVE;
	task->attempt->number = EAI_NONAME;
	if (port == NULL)
		return -1;
	*port++ = '\0';
	if (*start == '[') {
		start++;
		start[strcspn(start, "]")] = '\0';
	}
	task->attempt->number = EAI_AGAIN; /* if the time runs out */
	task->attempt->number = getaddrinfo(
		*start != '\0' ? start : "localhost", port, &hints, &found);
	if (task->attempt->number != 0)
		return -1;
	task->attempt->stage = ATTEMPT_CONNECT;
	task->attempt->number = ETIMEDOUT;
	return connect_any(found, task);
}

/* ask - send the request, read the first line of the reply; -1 and errno */
static int ask(int fd, struct attempt *attempt)
{
	char answer[sizeof(attempt->reply)];
	size_t length = 0;
	ssize_t count = 1;

	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(question) - 1)
		return -1;
	while (length < sizeof(answer) - 1 && count > 0) {
		count = recv(fd, answer + length, sizeof(answer) - 1 - length,
			     0);
		if (count > 0)
			length += (size_t)count;
		answer[length] = '\0';
		if (strstr(answer, "\n\n") != NULL)
			break;
	}
	answer[strcspn(answer, "\n")] = '\0';
	memcpy(attempt->reply, answer, sizeof(answer));
	errno = count == 0 ? ECONNRESET : errno;
	return count > 0 ? 0 : -1;
}

/* attempt_all - all stages, in the child */
static int attempt_all(const struct task *task)
{
	const char *server = task->use->server;
	struct attempt *attempt = task->attempt;
	int fd;

	attempt->stage = ATTEMPT_BECOME;
	if (become(task) != 0)
		return -1;
	attempt->stage = ATTEMPT_CONNECT;
	attempt->number = ETIMEDOUT;
	if (strncmp(server, "inet:", 5) == 0)
		fd = connect_inet(server + 5, task);
	else
		fd = connect_unix(strncmp(server, "unix:", 5) == 0 ? server + 5
								   : "",
				  attempt);
	if (fd < 0)
		return -1;
	attempt->stage = ATTEMPT_ASK;
	attempt->number = ETIMEDOUT;
	if (task->knock)
		return 0;
	if (ask(fd, attempt) != 0)
		return -1;
	attempt->stage = ATTEMPT_DONE;
	return 0;
}

/* child - try, for a limited time, and end */
static _Noreturn void child(const struct task *task)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(TRY_SECONDS);
	if (attempt_all(task) != 0 && task->attempt->stage != ATTEMPT_RESOLVE)
		task->attempt->number = errno;
	_exit(0);
}

/* try_one - start the child, wait for it, and take its result */
static void try_one(struct use *use, const struct task *task)
{
	pid_t pid;

	*task->attempt = (struct attempt){ .stage = ATTEMPT_START };
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(task);
	if (pid < 0)
		task->attempt->number = errno;
	else
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	use->attempt = *task->attempt;
}

/* find_tried - an attempt with the same server and the same chroot, or NULL */
static const struct use *find_tried(const struct use *uses, size_t count,
				    const struct use *wanted)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(uses[i].server, wanted->server) == 0 &&
		    uses[i].list->service->chroot ==
			    wanted->list->service->chroot)
			return &uses[i];
	return NULL;
}

/* try_all - every use, but each server once */
static void try_all(const struct uses *uses, const struct uses *known,
		    struct task *task)
{
	size_t i;

	for (i = 0; i < uses->count; i++) {
		struct use *use = &uses->list[i];
		const struct use *same = find_tried(uses->list, i, use);

		if (same == NULL)
			same = find_tried(known->list, known->count, use);
		task->use = use;
		if (same != NULL)
			use->attempt = same->attempt;
		else if (task->knock || use->kind != USE_MISPLACED)
			try_one(use, task);
	}
}

/* try_servers - policyd, other policy servers, Dovecot, and milters */
static void try_servers(struct check *check, const struct check *known,
			struct task *task)
{
	try_all(&check->uses, &known->uses, task);
	task->knock = true;
	try_all(&check->others, &known->others, task);
	try_all(&check->logins, &known->logins, task);
	try_all(&check->milters, &known->milters, task);
}

/* cannot_try - record that for every use */
static void cannot_try(struct check *check, enum attempt_stage stage,
		       int number)
{
	size_t i;

	for (i = 0; i < check->uses.count; i++)
		if (check->uses.list[i].kind != USE_MISPLACED)
			check->uses.list[i].attempt =
				(struct attempt){ .stage = stage,
						  .number = number };
}

/* check_try - ask policyd at each address, and knock at others */
void check_try(struct check *check)
{
	static const struct check none;

	check_try_new(check, &none);
}

/* check_try_new - but for attempts that are known */
void check_try_new(struct check *check, const struct check *known)
{
	struct task task = {
		.queue = postfix_get(check->postfix, NULL, "queue_directory"),
		.owner = getpwnam(
			postfix_get(check->postfix, NULL, "mail_owner")),
	};

	if (geteuid() != 0 || task.owner == NULL) {
		cannot_try(check, ATTEMPT_BECOME,
			   geteuid() != 0 ? EPERM : ENOENT);
		return;
	}
	task.attempt = mmap(NULL, sizeof(*task.attempt), PROT_READ | PROT_WRITE,
			    /* cppcheck-suppress invalidFunctionArg ; no file */
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (task.attempt != MAP_FAILED) {
		try_servers(check, known, &task);
		munmap(task.attempt, sizeof(*task.attempt));
	} else {
		cannot_try(check, ATTEMPT_START, errno);
	}
}
