/* SPDX-License-Identifier: ISC */
/* test_privileges - what somebody who has taken over a server can try, and
 * what comes of it; and that a server still can do what it needs to */

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policyd/process/privileges.h"
#include "policyd/process/system_calls.h"
#include "t/unit/test.h"

#ifdef POLICYD_CONTAIN
#define HELD true
#else
#define HELD false
#endif
/* Exit statuses of a child that could do it, or could not. */
#define DONE	0
#define REFUSED 3

/* run_held - in a child that is held like that; what wait(2) says */
static int run_held(int (*hold)(struct error *error), int (*attempt)(void))
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct error error;

		if (hold(&error) < 0) {
			fprintf(stderr, "%s\n", error.text);
			_exit(99);
		}
		_exit(attempt());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* drop_all - what a server gives up */
static int drop_all(struct error *error)
{
	struct privileges privileges;

	if (privileges_find(&privileges, "nobody", NULL, error) < 0)
		return -1;
	return privileges_drop(&privileges, NULL, error);
}

/* run - in a child that has given up what a server gives up */
static int run(int (*attempt)(void))
{
	return run_held(drop_all, attempt);
}

/* outcome - of a call that fails with -1 */
static int outcome(long result)
{
	return result < 0 ? REFUSED : DONE;
}

static int try_execve(void)
{
	char *const arguments[] = { (char *)"true", NULL };

	return outcome(execve("/bin/true", arguments, arguments + 1));
}

static int try_ptrace(void)
{
	return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_netlink(void)
{
	return outcome(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int try_write(void)
{
	return outcome(open("/dev/null", O_WRONLY));
}

static int try_create(void)
{
	return outcome(open("/tmp/policyd-test-privileges",
			    O_RDONLY | O_CREAT | O_EXCL, 0600));
}

static int try_truncate(void)
{
	return outcome(open("/dev/null", O_RDONLY | O_TRUNC));
}

static int try_fork(void)
{
	return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int try_inet(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_unix_stream(void)
{
	return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* Descriptors that a server has: a listening one of each kind. */
static int listening[2];

static int try_socket(void)
{
	return outcome(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static int try_connect(void)
{
	const struct sockaddr_in nobody = { .sin_family = AF_UNSPEC };

	return outcome(connect(listening[0], (const struct sockaddr *)&nobody,
			       sizeof(nobody)));
}

static int try_shutdown(void)
{
	return outcome(shutdown(listening[1], SHUT_RDWR));
}

static int try_shutdown_half(void)
{
	return outcome(shutdown(listening[0], SHUT_RD));
}

static int try_flags(void)
{
	return outcome(fcntl(listening[0], F_SETFL, 0));
}

static int try_owner(void)
{
	return outcome(fcntl(listening[1], F_SETOWN, getpid()));
}

static int try_filter(void)
{
	struct sock_filter none = { .code = BPF_RET | BPF_K };
	struct sock_fprog filter = { .len = 1, .filter = &none };

	return outcome(setsockopt(listening[0], SOL_SOCKET, SO_ATTACH_FILTER,
				  &filter, sizeof(filter)));
}

static int try_backlog(void)
{
	return outcome(listen(listening[0], 0));
}

static int try_bind(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };

	return outcome(bind(listening[1], (const struct sockaddr *)&any,
			    sizeof(sa_family_t)));
}

static int try_send_elsewhere(void)
{
	const struct sockaddr_un log = { .sun_family = AF_UNIX,
					 .sun_path = "/dev/log" };

	return outcome(sendto(listening[1], "", 0, 0,
			      (const struct sockaddr *)&log, sizeof(log)));
}

static int try_datagrams(void)
{
	int ends[2];

	return outcome(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
}

static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? REFUSED
		       : DONE;
}

static int try_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int try_root(void)
{
	return outcome(syscall(SYS_setuid, 0));
}

static int try_kill(void)
{
	return outcome(kill(getppid(), 0));
}

static int try_unlink(void)
{
	return outcome(unlink("/tmp/policyd-test-privileges"));
}

static int try_listen(void)
{
	return outcome(listen(STDIN_FILENO, 1));
}

static int try_uring(void)
{
	return outcome(syscall(SYS_io_uring_setup, 1, NULL));
}

static int try_memory(void)
{
	return outcome(
		syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}

static int try_x32(void)
{
	return outcome(syscall(0x40000000L | SYS_getpid));
}

/* try_x86 - as programs of 32 bits do it: number 3 is read(2) there, and
 * close(2), which is allowed, elsewhere */
static int try_x86(void)
{
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(3L), "b"(-1L));
	return outcome(result);
#else
	return outcome(kill(getppid(), 0));
#endif
}

static const struct {
	const char *name;
	int (*attempt)(void);
} deadly[] = {
	{ "execve", try_execve },
	{ "ptrace", try_ptrace },
	{ "socket(AF_NETLINK)", try_netlink },
	{ "open for writing", try_write },
	{ "open to create", try_create },
	{ "open to truncate", try_truncate },
	{ "fork", try_fork },
	{ "socket(AF_INET)", try_inet },
	{ "socket(AF_UNIX, SOCK_STREAM)", try_unix_stream },
	{ "mmap(PROT_EXEC)", try_code },
	{ "mprotect(PROT_EXEC)", try_executable },
	{ "setuid", try_root },
	{ "kill", try_kill },
	{ "unlink", try_unlink },
	{ "listen", try_listen },
	{ "socket", try_socket },
	{ "connect", try_connect },
	{ "shutdown", try_shutdown },
	{ "shutdown(SHUT_RD)", try_shutdown_half },
	{ "F_SETFL", try_flags },
	{ "F_SETOWN", try_owner },
	{ "SO_ATTACH_FILTER", try_filter },
	{ "listen(0)", try_backlog },
	{ "bind", try_bind },
	{ "sendto with an address", try_send_elsewhere },
	{ "socketpair(SOCK_DGRAM)", try_datagrams },
	{ "io_uring", try_uring },
	{ "process_vm_readv", try_memory },
	{ "x32", try_x32 },
	{ "x86", try_x86 },
};

/* has_x86 - a kernel without an entry for programs of 32 bits kills who tries,
 * with another signal than the filter and without it, too */
static bool has_x86(void)
{
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		try_x86();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return !WIFSIGNALED(status) || WTERMSIG(status) != SIGSEGV;
}

/* hold_by_filter - nothing but that: what a kernel without Landlock does */
static int hold_by_filter(struct error *error)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, "prctl: %s", strerror(errno));
	return system_calls_limit(error) > 0 ? 0 : -1;
}

/* open_listening - as the monitor has them, before a server is held */
static void open_listening(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listening[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	listening[1] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
		bind(listening[0], (struct sockaddr *)&any, sizeof(any)), 0);
	/* AF_UNIX: a name of the kernel's choice */
	any.sin_family = AF_UNIX;
	ck_assert_int_eq(bind(listening[1], (struct sockaddr *)&any,
			      sizeof(sa_family_t)),
			 0);
	ck_assert_int_eq(listen(listening[0], 8), 0);
	ck_assert_int_eq(listen(listening[1], 8), 0);
}

/* The same with and without the rest of what holds a server. */
START_TEST(kills_who_tries)
{
	size_t which = (size_t)_i % COUNT(deadly);
	int status =
		run_held((size_t)_i < COUNT(deadly) ? drop_all : hold_by_filter,
			 deadly[which].attempt);
	int expected = SIGSYS;

	if (deadly[which].attempt == try_x86 && !has_x86())
		expected = SIGSEGV;
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == expected,
		      "%s: status %x", deadly[which].name, status);
}
END_TEST

static int read_file(void)
{
	return outcome(open("/etc/passwd", O_RDONLY));
}

static int look_at_file(void)
{
	struct stat status;

	return outcome(stat("/etc/passwd", &status));
}

/* Calls that libraries make by themselves fail, but do not kill. Landlock keeps
 * nobody from stat(2). */
static const struct {
	int (*attempt)(void);
	bool by_filter;
} refused[] = { { read_file, false }, { look_at_file, true } };

START_TEST(refuses_files)
{
	bool held =
		HELD && (!refused[_i].by_filter || system_calls_count() > 0);
	int status = run(refused[_i].attempt);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), held ? REFUSED : DONE);
}
END_TEST

static int replace_log(void)
{
	return dup3(listening[0], listening[1], O_CLOEXEC) != listening[1];
}

static int tell_time(void)
{
	time_t now = time(NULL);
	struct tm when;
	char text[64];

	localtime_r(&now, &when);
	if (strftime(text, sizeof(text), "%Y-%m-%dT%T%z %Z", &when) == 0)
		return 1;
	return strlen(text) < 20;
}

static int make_no_call(void)
{
	return syscall(-1) == 0; /* as when strace(1) lets a call fail */
}

static void *work(void *argument)
{
	char *bytes = malloc(1 << 20);

	if (bytes != NULL)
		memset(bytes, 1, 1 << 20);
	free(bytes);
	return argument;
}

static int start_threads(void)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, work, threads) != 0)
			return 1;
	for (i = 0; i < 4; i++)
		if (pthread_join(threads[i], NULL) != 0)
			return 1;
	return 0;
}

static int use_memory(void)
{
	char *bytes = malloc(1 << 24);

	memset(bytes, 1, 1 << 24);
	bytes = realloc(bytes, 1 << 26);
	memset(bytes, 1, 1 << 26);
	free(bytes);
	return bytes == NULL;
}

static int make_pair(void)
{
	struct pollfd ready = { .events = POLLIN };
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		return 1;
	ready.fd = ends[0];
	return poll(&ready, 1, 1) != 0 || write(ends[0], "x", 1) != 1 ||
	       send(ends[0], "x", 1, MSG_NOSIGNAL) != 1 ||
	       shutdown(ends[0], SHUT_WR) < 0;
}

static int (*const harmless[])(void) = { replace_log,	tell_time,
					 start_threads, use_memory,
					 make_no_call,	make_pair };

START_TEST(lets_a_server_work)
{
	int status = run(harmless[_i]);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == DONE,
		      "%d: status %x", _i, status);
}
END_TEST

static int give_up(void)
{
	abort();
}

START_TEST(abort_is_seen_as_such)
{
	int status = run(give_up);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

/* wait_for_end - what a thread does that was started too early */
static void *wait_for_end(void *argument)
{
	poll(NULL, 0, -1);
	return argument;
}

START_TEST(refuses_to_be_late)
{
	struct privileges privileges = { .keep = true };
	struct error error;
	pthread_t thread;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		pthread_create(&thread, NULL, wait_for_end, NULL);
		_exit(privileges_drop(&privileges, NULL, &error) == 0
			      ? DONE
			      : REFUSED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), REFUSED);
}
END_TEST

START_TEST(says_what_is_built_in)
{
	ck_assert_str_eq(
		privileges_built_in(),
		HELD ? system_calls_count() > 0
				? "seccomp landlock"
				: "landlock (no seccomp filter for this machine)"
		     : "none");
	ck_assert_uint_le(system_calls_count(), 50);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("privileges");

	tcase_add_unchecked_fixture(tests, open_listening, NULL);
	if (HELD && system_calls_count() > 0) /* says_what_is_built_in */
		tcase_add_loop_test(tests, kills_who_tries, 0,
				    2 * COUNT(deadly));
	tcase_add_loop_test(tests, refuses_files, 0, COUNT(refused));
	tcase_add_loop_test(tests, lets_a_server_work, 0, COUNT(harmless));
	tcase_add_test(tests, abort_is_seen_as_such);
	tcase_add_test(tests, refuses_to_be_late);
	tcase_add_test(tests, says_what_is_built_in);
	return run_tests("privileges", tests);
}
