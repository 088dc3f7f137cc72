/* SPDX-License-Identifier: ISC */
/* test_system_calls - each library function that a contained server calls, and
 * each system call that some C library may make of it, under the filter
 *
 * The functions show what the C library of this machine does; the system calls
 * show at once what another one would meet. What has to kill is in
 * test_privileges. */

#include "policyd/process/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "t/unit/test.h"

/* What a server has open before it is held. */
static struct {
	int pair[2]; /* a connection */
	int listening;
	int epoll;
	int file;
} held;

/* open_all - before a child is held */
static void open_all(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	char path[] = "/tmp/policyd-test-XXXXXX";

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	held.listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
		bind(held.listening, (struct sockaddr *)&any, sizeof(any)), 0);
	ck_assert_int_eq(listen(held.listening, 8), 0);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, held.pair),
		0);
	held.epoll = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_int_ge(held.epoll, 0);
	held.file = mkstemp(path);
	ck_assert_int_ge(held.file, 0);
	unlink(path);
}

/* Sanitizers make calls of their own. */
#ifdef POLICYD_CONTAIN
#define IS_CONTAINED true
#else
#define IS_CONTAINED false
#endif

/* hold - this process, as a server is; false: it cannot be */
static bool hold(void)
{
	struct error error;

	if (!IS_CONTAINED)
		return true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	return system_calls_limit(&error) == (system_calls_count() > 0);
}

static bool call_fstat(void)
{
	struct stat status;

	return fstat(held.file, &status) == 0 && S_ISREG(status.st_mode);
}

static bool call_ftruncate(void)
{
	return ftruncate(held.file, 0) == 0;
}

static bool call_read_and_write(void)
{
	char byte;

	return write(held.pair[0], "a", 1) == 1 &&
	       read(held.pair[1], &byte, 1) == 1;
}

static bool call_send_and_recv(void)
{
	char byte;

	return send(held.pair[0], "a", 1, MSG_NOSIGNAL) == 1 &&
	       recv(held.pair[1], &byte, 1, MSG_DONTWAIT) == 1;
}

static bool call_messages(void)
{
	char byte = 'a';
	struct iovec bytes = { &byte, 1 };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	return sendmsg(held.pair[0], &message, MSG_NOSIGNAL) == 1 &&
	       recvmsg(held.pair[1], &message, MSG_CMSG_CLOEXEC) == 1;
}

static bool call_vectors(void)
{
	char byte = 'a';
	struct iovec bytes = { &byte, 1 };

	return writev(held.pair[0], &bytes, 1) == 1 &&
	       readv(held.pair[1], &bytes, 1) == 1;
}

static bool call_accept(void)
{
	return accept4(held.listening, NULL, NULL,
		       SOCK_NONBLOCK | SOCK_CLOEXEC) < 0 &&
	       errno == EAGAIN;
}

static bool call_names(void)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	return getsockname(held.listening, (struct sockaddr *)&address,
			   &length) == 0 &&
	       getpeername(held.listening, (struct sockaddr *)&address,
			   &length) < 0 &&
	       errno == ENOTCONN;
}

static bool call_getsockopt(void)
{
	socklen_t length = sizeof(int);
	int error;

	return getsockopt(held.pair[0], SOL_SOCKET, SO_ERROR, &error,
			  &length) == 0;
}

static bool call_socketpair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  0, ends) == 0 &&
	       shutdown(ends[0], SHUT_WR) == 0 && close(ends[0]) == 0;
}

static bool call_dup3(void)
{
	return dup3(held.pair[0], held.pair[1], O_CLOEXEC) == held.pair[1];
}

static bool call_epoll(void)
{
	struct epoll_event event = { .events = EPOLLOUT };

	return epoll_ctl(held.epoll, EPOLL_CTL_ADD, held.pair[0], &event) ==
		       0 &&
	       epoll_wait(held.epoll, &event, 1, 1) == 1;
}

static bool call_poll(void)
{
	struct pollfd ready = { .fd = held.pair[0], .events = POLLIN };

	return poll(&ready, 1, 1) == 0;
}

static bool call_clocks(void)
{
	struct timespec now;
	struct timeval today;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 &&
	       clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	       gettimeofday(&today, NULL) == 0 && time(NULL) > 0;
}

static bool call_local_time(void)
{
	const time_t now = time(NULL);
	struct tm when;
	char text[64];

	return localtime_r(&now, &when) != NULL &&
	       gmtime_r(&now, &when) != NULL &&
	       strftime(text, sizeof(text), "%Y-%m-%dT%T%z %Z", &when) > 20;
}

static bool call_memory(void)
{
	void *pages = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *bytes = malloc(1 << 24);

	memset(bytes, 1, 1 << 24);
	bytes = realloc(bytes, 1 << 26);
	memset(bytes, 1, 1 << 26);
	free(bytes);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
	return bytes != NULL && pages != MAP_FAILED && munmap(pages, 4096) == 0;
}

static bool call_streams(void)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "%s %d\n", "text", 1);
	fclose(stream);
	fprintf(stderr, "%s", "");
	fflush(stderr);
	free(text);
	return true;
}

static bool call_getrandom(void)
{
	char bytes[64];

	return getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes) &&
	       getentropy(bytes, sizeof(bytes)) == 0;
}

/* work - a thread that has a heap of its own, and asks for the same as others
 */
static void *work(void *lock)
{
	char *bytes = malloc(1 << 20);
	int i;

	for (i = 0; i < 1000; i++) {
		pthread_mutex_lock(lock);
		memset(bytes, i, 100);
		pthread_mutex_unlock(lock);
	}
	free(bytes);
	return call_getrandom() && call_fstat() ? lock : NULL;
}

static bool call_threads(void)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[4];
	bool well = true;
	void *result;
	int i;

	for (i = 0; i < COUNT(threads); i++)
		well = pthread_create(&threads[i], NULL, work, &lock) == 0 &&
		       well;
	for (i = 0; well && i < COUNT(threads); i++)
		well = pthread_join(threads[i], &result) == 0 && result;
	return well;
}

static bool call_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0;
}

static bool call_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0 &&
	       pthread_sigmask(SIG_BLOCK, &set, NULL) == 0;
}

static bool call_getpid(void)
{
	return getpid() > 0;
}

static const struct {
	const char *name;
	bool (*call)(void);
} functions[] = {
	{ "fstat", call_fstat },
	{ "ftruncate", call_ftruncate },
	{ "read, write", call_read_and_write },
	{ "send, recv", call_send_and_recv },
	{ "sendmsg, recvmsg", call_messages },
	{ "writev, readv", call_vectors },
	{ "accept4", call_accept },
	{ "getsockname, getpeername", call_names },
	{ "getsockopt", call_getsockopt },
	{ "socketpair, shutdown, close", call_socketpair },
	{ "dup3", call_dup3 },
	{ "epoll_ctl, epoll_wait", call_epoll },
	{ "poll", call_poll },
	{ "clock_gettime, gettimeofday, time", call_clocks },
	{ "localtime_r, gmtime_r, strftime", call_local_time },
	{ "mmap, malloc, realloc, free", call_memory },
	{ "open_memstream, fprintf", call_streams },
	{ "getrandom, getentropy", call_getrandom },
	{ "pthread_create, pthread_mutex_lock", call_threads },
	{ "sched_getaffinity", call_processors },
	{ "sigprocmask", call_signals },
	{ "getpid", call_getpid },
};

/* check_child - it had to end well */
static void check_child(pid_t pid, const char *name)
{
	int status = -1;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS,
		      "%s: made a system call that is not allowed", name);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "%s: status %x", name, (unsigned)status);
}

START_TEST(lets_functions_work)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(hold() ? !functions[_i].call() : 99);
	check_child(pid, functions[_i].name);
}
END_TEST

#define CALL(name) #name, SYS_##name

/* A system call with arguments that make it fail or do nothing; error: that it
 * has to fail with, since it is refused; 0: it is allowed. */
static const struct {
	const char *name;
	long number;
	int error;
	long arguments[6];
} variants[] = {
	/* fstat(3) */
	{ CALL(statx), ENOSYS, { -1, 0, AT_EMPTY_PATH } },
#ifdef SYS_newfstatat
	{ CALL(newfstatat), 0, { -1, 0, 0, AT_EMPTY_PATH } },
#endif
#ifdef SYS_fstat
	{ CALL(fstat), 0, { -1 } },
#endif
	/* send(3), recv(3) */
	{ CALL(sendto), 0, { -1 } },
	{ CALL(recvfrom), 0, { -1 } },
#ifdef SYS_send
	{ CALL(send), 0, { -1 } },
#endif
#ifdef SYS_recv
	{ CALL(recv), 0, { -1 } },
#endif
	/* epoll_wait(3), poll(3) */
	{ CALL(epoll_pwait), 0, { -1 } },
#ifdef SYS_epoll_wait
	{ CALL(epoll_wait), 0, { -1 } },
#endif
#ifdef SYS_epoll_pwait2
	{ CALL(epoll_pwait2), ENOSYS, { -1 } },
#endif
#ifdef SYS_poll
	{ CALL(poll), 0, { 0, 0, 0 } },
#endif
	{ CALL(ppoll), 0, { 0, 1, 0, 0 } },
	/* time(3), where the kernel does not lend its page */
	{ CALL(clock_gettime), 0, { CLOCK_REALTIME } },
	{ CALL(gettimeofday), 0, { 0 } },
#ifdef SYS_time
	{ CALL(time), 0, { 0 } },
#endif
	/* malloc(3): hints are refused, mremap(2) and brk(2) are not */
	{ CALL(brk), 0, { 0 } },
	{ CALL(mremap), 0, { 0 } },
	{ CALL(madvise), EINVAL, { 0, 0, MADV_HUGEPAGE } },
	{ CALL(prctl), EPERM, { PR_SET_NAME } },
	/* getrandom(3): its pages in glibc 2.41, MAP_DROPPABLE */
	{ CALL(getrandom), 0, { 0 } },
#ifdef SYS_mmap
	{ CALL(mmap),
	  0,
	  { 0, 0, PROT_READ | PROT_WRITE, 0x08 | MAP_ANONYMOUS, -1 } },
#endif
	/* pthread_create(3), pthread_mutex_lock(3) */
	{ CALL(clone3), ENOSYS, { 0 } },
	{ CALL(futex), 0, { 0 } },
	{ CALL(set_robust_list), 0, { 0 } },
	{ CALL(rseq), 0, { 0 } },
#ifdef SYS_futex_waitv
	{ CALL(futex_waitv), ENOSYS, { 0 } },
#endif
	/* what functions look for on their own accord */
	{ CALL(openat), EACCES, { AT_FDCWD, 0, O_RDONLY | O_CLOEXEC } },
#ifdef SYS_open
	{ CALL(open), EACCES, { 0, O_RDONLY | O_CLOEXEC } },
#endif
#ifdef SYS_stat
	{ CALL(stat), EACCES, { 0 } },
#endif
#ifdef SYS_newfstatat
	{ CALL(newfstatat), EACCES, { AT_FDCWD } },
#endif
	{ CALL(ioctl), ENOTTY, { STDERR_FILENO } },
	{ CALL(rt_sigaction), EPERM, { SIGPIPE } },
};

/* make - the call; 0: as expected. Not with what kills. */
static int make(int which)
{
	const long *arguments = variants[which].arguments;
	long result;

	if (!hold())
		return 99;
	result =
		syscall(variants[which].number, arguments[0], arguments[1],
			arguments[2], arguments[3], arguments[4], arguments[5]);
	return variants[which].error != 0 &&
	       (result != -1 || errno != variants[which].error);
}

START_TEST(knows_every_variant)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(make(_i));
	check_child(pid, variants[_i].name);
}
END_TEST

/* As musl's abort(3) does it; glibc's way is in test_privileges. */
START_TEST(lets_it_abort)
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(hold() ? (int)syscall(SYS_tkill, getpid(), SIGABRT) : 99);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT,
		      "status %x", (unsigned)status);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("system_calls");

	tcase_add_unchecked_fixture(tests, open_all, NULL);
	tcase_add_loop_test(tests, lets_functions_work, 0, COUNT(functions));
	/* test_no_filter is for machines without a filter. */
	if (IS_CONTAINED && system_calls_count() > 0)
		tcase_add_loop_test(tests, knows_every_variant, 0,
				    COUNT(variants));
	tcase_add_test(tests, lets_it_abort);
	return run_tests("system_calls", tests);
}
