/* SPDX-License-Identifier: ISC */
/* attacker - actions of an attacker who has taken over a server
 *
 * Loaded with LD_PRELOAD. It waits until a client sends a request that begins
 * with "attack=WORD": then it does in the server what the word says, and
 * continues as if nothing had happened. With ATTACKER_UNHELD the kernel seems
 * to have neither seccomp nor Landlock, with ATTACKER_FILTERED no Landlock. As
 * long as the file is there that ATTACKER_LINGERS names, no server ends, as far
 * as the monitor can see. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIPTORS 256
#define MAGIC	    0x706c6331u /* of a packet of the hand-over */
#define WORD_MAX    32

static char giving[WORD_MAX]; /* what is given instead of connections */

/* switched - is that variable set? */
static int switched(const char *name)
{
	return getenv(name) != NULL;
}

/* prctl - which seems not to know seccomp */
int prctl(int option, ...)
{
	unsigned long arguments[4];
	va_list list;
	int i;

	va_start(list, option);
	for (i = 0; i < 4; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	if (option == PR_SET_SECCOMP && switched("ATTACKER_UNHELD")) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_prctl, option, arguments[0], arguments[1],
			    arguments[2], arguments[3]);
}

/* syscall - which seems not to know Landlock */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long arguments[6];
	va_list list;
	int i;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(list, number);
	for (i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_landlock_create_ruleset &&
	    (switched("ATTACKER_UNHELD") || switched("ATTACKER_FILTERED"))) {
		errno = ENOSYS;
		return -1;
	}
	return real(number, arguments[0], arguments[1], arguments[2],
		    arguments[3], arguments[4], arguments[5]);
}

/* waitpid - whose process has not ended yet, which may take any time */
pid_t waitpid(pid_t pid, int *status, int flags)
{
	const char *file = getenv("ATTACKER_LINGERS");

	if (file != NULL && (flags & WNOHANG) != 0 && access(file, F_OK) == 0)
		return 0;
	return wait4(pid, status, flags, NULL);
}

/* change - a listening socket */
static void change(int fd, const char *how)
{
	const struct timeval moment = { .tv_usec = 1000 };
	struct sock_filter drop = { .code = BPF_RET | BPF_K };
	struct sock_fprog filter = { .len = 1, .filter = &drop };
	struct sockaddr_in nobody = { .sin_family = AF_UNSPEC };
	const int none = 0, one = 1, slow = 3600;

	if (strcmp(how, "shutdown") == 0)
		shutdown(fd, SHUT_RDWR);
	if (strcmp(how, "disconnect") == 0 &&
	    connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)) < 0)
		shutdown(fd, SHUT_RDWR); /* a UNIX socket cannot be */
	if ((strcmp(how, "filter") == 0 || strcmp(how, "occupy") == 0) &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
		       sizeof(filter)) < 0)
		fcntl(fd, F_SETFL, 0); /* on TCP some kernels refuse it */
	if (strcmp(how, "occupy") == 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &none, sizeof(none));
	if (strcmp(how, "block") == 0)
		fcntl(fd, F_SETFL, 0);
	if (strcmp(how, "owner") == 0)
		fcntl(fd, F_SETOWN, getppid());
	if (strcmp(how, "time") == 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment,
			   sizeof(moment));
	if (strcmp(how, "pace") == 0)
		setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &one,
			   sizeof(one));
	if (strcmp(how, "defer") == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &slow, sizeof(slow)) <
		    0)
		setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
}

/* listens - does that descriptor? */
static int listens(int fd)
{
	socklen_t length = sizeof(int);
	int on = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) == 0 &&
	       on;
}

/* attack - as the client says */
static void attack(const char *word)
{
	int fd;

	if (strncmp(word, "give-", 5) == 0) {
		strncpy(giving, word + 5, sizeof(giving) - 1);
		return;
	}
	for (fd = 3; fd < DESCRIPTORS; fd++)
		if (listens(fd))
			change(fd, word);
}

/* look - has a client sent a word for us? */
static ssize_t look(const char *bytes, ssize_t length)
{
	static const char key[] = "attack=";
	const size_t start = sizeof(key) - 1;
	char word[WORD_MAX] = "";
	size_t i;

	if (length < (ssize_t)sizeof(key) || memcmp(bytes, key, start) != 0)
		return length;
	for (i = 0; i < sizeof(word) - 1 && start + i < (size_t)length &&
		    bytes[start + i] != '\n';
	     i++)
		word[i] = bytes[start + i];
	attack(word);
	return length;
}

/* recv - what a server reads clients with */
ssize_t recv(int fd, void *bytes, size_t room, int flags)
{
	return look(bytes, recvfrom(fd, bytes, room, flags, NULL, NULL));
}

ssize_t __recv_chk(int fd, void *bytes, size_t room, size_t size, int flags);

ssize_t __recv_chk(int fd, void *bytes, size_t room, size_t size, int flags)
{
	(void)size;
	return recv(fd, bytes, room, flags);
}

/* instead - the descriptor that is given instead of a connection to the server
 * at the other end of channel; -1: the right one */
static int instead(int channel)
{
	int ends[2] = { -1, -1 }, fd;

	if (strcmp(giving, "channel") == 0)
		return channel;
	if (strcmp(giving, "listener") == 0)
		for (fd = 3; fd < DESCRIPTORS; fd++)
			if (listens(fd))
				return fd;
	if (strcmp(giving, "file") == 0)
		return STDIN_FILENO; /* /dev/null, and drained */
	/* A pair of which nobody reads the other end, that blocks. */
	if (strcmp(giving, "blocking") == 0 || strcmp(giving, "packets") == 0)
		socketpair(AF_UNIX,
			   giving[0] == 'b' ? SOCK_STREAM : SOCK_SEQPACKET, 0,
			   ends);
	return ends[0];
}

/* sendmsg - with which connections are given */
ssize_t sendmsg(int channel, const struct msghdr *message, int flags)
{
	static ssize_t (*real)(int, const struct msghdr *, int);
	uint32_t *header = message->msg_iov[0].iov_base;
	struct cmsghdr *part;
	int fd;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "sendmsg");
	if (giving[0] == '\0' || message->msg_iov[0].iov_len < 32 ||
	    header[0] != MAGIC)
		return real(channel, message, flags);
	part = CMSG_FIRSTHDR(message);
	fd = instead(channel);
	if (part != NULL && fd >= 0)
		memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	if (part == NULL && strcmp(giving, "channel") == 0)
		_exit(0); /* nobody hears an end, as long as it is open */
	if (part == NULL && strcmp(giving, "farewell") == 0)
		memset(message->msg_iov[1].iov_base, 0xff,
		       message->msg_iov[1].iov_len);
	if (strcmp(giving, "nothing") == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (strcmp(giving, "nonsense") == 0)
		header[4] = UINT32_MAX;
	return real(channel, message, flags);
}
