/* SPDX-License-Identifier: ISC */
/* system_calls - only those that a running server needs
 *
 * Whoever takes over a server can do what it can do: talk to its clients, to
 * the monitor, to the next server, to the log, and compute. Everything else
 * kills it, and the monitor says so.
 *
 * A few calls are only refused, not deadly, since the C library makes them on
 * its own and does without. New threads are allowed, new processes are not;
 * memory is never both new and executable. */

#include "policyd/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

/* Allowed with whatever arguments. What an architecture does not have is
 * negative there. */
static const int allowed[] = {
	/* connections, channels, log */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(accept4),
	SCMP_SYS(connect),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(ftruncate),
	/* waiting */
	SCMP_SYS(epoll_ctl),
#ifdef __NR_epoll_wait
	SCMP_SYS(epoll_wait),
#else
	SCMP_SYS(epoll_pwait),
#endif
#ifdef __NR_poll
	SCMP_SYS(poll),
#else
	SCMP_SYS(ppoll),
#endif
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* threads, locks, the end */
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getrandom),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Depending on one or two arguments; argument & mask == value. */
struct rule {
	int call;
	uint32_t action;
	unsigned count;
	struct {
		unsigned argument;
		uint64_t mask, value;
	} tests[2];
};

#define THREAD	  (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define SOCK_TYPE 0xfu /* the rest are flags */
#define WRITING	  (O_ACCMODE | O_CREAT | O_TRUNC)
#define OWN_PID	  UINT64_MAX /* stands for the value of getpid() */
#define ALL	  UINT64_C(0xffffffff)

static const struct rule rules[] = {
	/* to find the log daemon again; and between TLS and the server */
	{ SCMP_SYS(socket),
	  SCMP_ACT_ALLOW,
	  2,
	  { { 0, ALL, AF_UNIX }, { 1, SOCK_TYPE, SOCK_DGRAM } } },
	{ SCMP_SYS(socketpair), SCMP_ACT_ALLOW, 1, { { 0, ALL, AF_UNIX } } },
	{ SCMP_SYS(fcntl), SCMP_ACT_ALLOW, 1, { { 1, ALL, F_GETFL } } },
	{ SCMP_SYS(fcntl), SCMP_ACT_ALLOW, 1, { { 1, ALL, F_SETFL } } },
	{ SCMP_SYS(fcntl), SCMP_ACT_ALLOW, 1, { { 1, ALL, F_GETFD } } },
	{ SCMP_SYS(fcntl), SCMP_ACT_ALLOW, 1, { { 1, ALL, F_SETFD } } },
	{ SCMP_SYS(mmap), SCMP_ACT_ALLOW, 1, { { 2, PROT_EXEC, 0 } } },
	{ SCMP_SYS(mprotect), SCMP_ACT_ALLOW, 1, { { 2, PROT_EXEC, 0 } } },
	{ SCMP_SYS(clone), SCMP_ACT_ALLOW, 1, { { 0, THREAD, THREAD } } },
	/* abort(3) */
	{ SCMP_SYS(tgkill), SCMP_ACT_ALLOW, 1, { { 0, ALL, OWN_PID } } },
	/* fstat(3), which gives no path */
	{ SCMP_SYS(newfstatat),
	  SCMP_ACT_ALLOW,
	  1,
	  { { 3, AT_EMPTY_PATH, AT_EMPTY_PATH } } },
	/* Refused: to look at files (/proc, /sys, /etc/localtime), what hides
	 * its arguments, what only decorates or asks for more, and the signal
	 * by which the first thread prepares to change users. */
	{ SCMP_SYS(newfstatat),
	  SCMP_ACT_ERRNO(EACCES),
	  1,
	  { { 3, AT_EMPTY_PATH, 0 } } },
	{ SCMP_SYS(openat),
	  SCMP_ACT_ERRNO(EACCES),
	  1,
	  { { 2, WRITING, O_RDONLY } } },
	{ SCMP_SYS(clone3), SCMP_ACT_ERRNO(ENOSYS), 0, { { 0, 0, 0 } } },
	{ SCMP_SYS(statx), SCMP_ACT_ERRNO(ENOSYS), 0, { { 0, 0, 0 } } },
	{ SCMP_SYS(prctl), SCMP_ACT_ERRNO(EPERM), 0, { { 0, 0, 0 } } },
	{ SCMP_SYS(rt_sigaction), SCMP_ACT_ERRNO(EPERM), 0, { { 0, 0, 0 } } },
	{ SCMP_SYS(ioctl), SCMP_ACT_ERRNO(ENOTTY), 0, { { 0, 0, 0 } } },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* system_calls_count - each one once */
unsigned system_calls_count(void)
{
	unsigned count = COUNT(allowed);
	size_t i;

	for (i = 0; i < COUNT(rules); i++)
		count += rules[i].action == SCMP_ACT_ALLOW &&
			 (i == 0 || rules[i].call != rules[i - 1].call);
	return count;
}

/* add_rule - one row of rules; 0 or -errno */
static int add_rule(scmp_filter_ctx filter, const struct rule *rule)
{
	struct scmp_arg_cmp tests[2];
	unsigned i;

	for (i = 0; i < rule->count; i++)
		tests[i] = (struct scmp_arg_cmp){
			.arg = rule->tests[i].argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = rule->tests[i].mask,
			.datum_b = rule->tests[i].value == OWN_PID
					   ? (scmp_datum_t)getpid()
					   : rule->tests[i].value,
		};
	return seccomp_rule_add_array(filter, rule->action, rule->call,
				      rule->count, tests);
}

/* add_rules - all of them; 0 or -errno */
static int add_rules(scmp_filter_ctx filter)
{
	int result = 0;
	size_t i;

	for (i = 0; i < COUNT(allowed) && result == 0; i++)
		if (allowed[i] >= 0)
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
						  allowed[i], 0);
	for (i = 0; i < COUNT(rules) && result == 0; i++)
		if (rules[i].call >= 0)
			result = add_rule(filter, &rules[i]);
	return result;
}

/* The filter as the kernel takes it. */
struct program {
	struct sock_filter steps[BPF_MAXINSNS];
	unsigned short count;
};

/* Call number -1 is none: what a tracer makes of one that it lets fail
 * (strace -e inject). libseccomp has no word for it. */
static const struct sock_filter no_call[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* export - what libseccomp has made, behind no_call; 0 or -errno */
static int export(struct program *program, scmp_filter_ctx filter)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	const size_t start = sizeof(no_call);
	ssize_t length;
	int result;

	if (fd < 0)
		return -errno;
	memcpy(program->steps, no_call, start);
	result = seccomp_export_bpf(filter, fd);
	length = result == 0 ? pread(fd, (char *)program->steps + start,
				     sizeof(program->steps) - start, 0)
			     : 0;
	close(fd);
	if (result != 0)
		return result;
	if (length <= 0 || (size_t)length % sizeof(struct sock_filter) != 0 ||
	    (size_t)length == sizeof(program->steps) - start)
		return -EIO;
	program->count = (unsigned short)((start + (size_t)length) /
					  sizeof(struct sock_filter));
	return 0;
}

/* set_up - make the filter; 0 or -errno */
static int set_up(struct program *program)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int result;

	if (filter == NULL)
		return -ENOMEM;
	result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (result == 0)
		result = add_rules(filter);
	if (result == 0)
		result = export(program, filter);
	seccomp_release(filter);
	return result;
}

/* system_calls_limit - only those from now on. The slower handling of branches
 * that comes with a filter on old kernels is for programs that run code of
 * strangers. */
int system_calls_limit(struct error *error)
{
	struct program program;
	struct sock_fprog what = { .filter = program.steps };
	int result;

	/* EFAULT: it would look for the filter; EINVAL: it knows of none. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 &&
	    errno == EINVAL)
		return 0;
	result = set_up(&program);
	if (result < 0)
		return error_set(error, "seccomp: no filter: %s",
				 strerror(-result));
	what.len = program.count;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &what) < 0)
		return error_set(error, "seccomp: %s", strerror(errno));
	return 1;
}
