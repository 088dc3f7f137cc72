/* SPDX-License-Identifier: ISC */
/* system_calls - only those that a running server needs
 *
 * An attacker who has taken over a server can do what it can do: talk to its
 * clients, to the monitor, to the next server and to the log, and compute.
 * Any other system call kills the process, and the monitor logs that.
 *
 * The attacker cannot change what the server shares with the monitor and with
 * later servers, above all the listening sockets: socket(2), connect(2),
 * bind(2), listen(2), setsockopt(2) and fcntl(2) are not allowed, and of
 * shutdown(2) only the half that has no effect on a listening socket. This does
 * not depend on Landlock.
 *
 * A few calls are refused instead of killing the process, since the C library
 * makes them by itself and can do without. New threads are allowed, new
 * processes are not; memory is never newly mapped as executable.
 *
 * Which system call a library function makes differs between C libraries and
 * their versions: fstat(3) was newfstatat(2) in glibc 2.33 to 2.40 and is
 * fstat(2) since. So each purpose below lists every variant that may serve it;
 * a newer one, without which the C library works too, is refused with ENOSYS.
 *
 * The filter is written out here, without a library and without allocation:
 * when an allocation fails, libseccomp crashes or leaves calls out. */

#include "policyd/process/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
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

/* The only machines for which the positions of arguments have been checked. The
 * others have no filter, and the server says so when it starts. */
#if defined(POLICYD_NO_FILTER) /* as on one of those, for a test */
#elif defined(__x86_64__) && !defined(__ILP32__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define MACHINE AUDIT_ARCH_PPC64LE
#endif

#ifdef MACHINE

/* Allowed with any arguments. */
static const unsigned allowed[] = {
	/* connections, channels, log */
	SYS_read,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_close,
	SYS_recvfrom,
#ifdef SYS_recv
	SYS_recv,
#endif
#ifdef SYS_send
	SYS_send,
#endif
	SYS_recvmsg,
	SYS_sendmsg,
	SYS_accept4,
	SYS_getsockopt,
	SYS_getsockname,
	SYS_getpeername,
	SYS_ftruncate,
	SYS_dup3, /* to replace the socket to the log daemon */
#ifdef SYS_fstat
	SYS_fstat, /* otherwise SYS_newfstatat, see rules */
#endif
	/* waiting */
	SYS_epoll_ctl,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
#endif
	SYS_epoll_pwait,
#ifdef SYS_poll
	SYS_poll,
#endif
	SYS_ppoll,
	SYS_restart_syscall,
	/* what the time is, where the kernel's own page does not say */
	SYS_clock_gettime,
	SYS_gettimeofday,
#ifdef SYS_time
	SYS_time,
#endif
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	/* threads, locks, the end */
	SYS_futex,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_sched_getaffinity,
	SYS_rt_sigprocmask,
	SYS_getpid,
	SYS_gettid,
	SYS_getrandom,
	SYS_exit,
	SYS_exit_group,
};

#define TESTS_MAX 2

/* Depends on one or two arguments; argument & mask == value. */
struct rule {
	unsigned call;
	uint32_t action;
	unsigned count;
	struct {
		unsigned argument; /* only its lower half is compared */
		uint32_t mask, value;
	} tests[TESTS_MAX];
};

#define THREAD	      (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define SOCK_TYPE     0xfu /* the rest are flags */
#define WRITING	      (O_ACCMODE | O_CREAT | O_TRUNC)
#define OWN_PID	      UINT32_MAX /* replaced by the value of getpid() */
#define ALL	      UINT32_MAX
#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))

static const struct rule rules[] = {
	/* only to the peer: no address is given */
	{ SYS_sendto, SECCOMP_RET_ALLOW, 1, { { 5, ALL, 0 } } },
	/* end of data in TLS; has no effect on a listening socket */
	{ SYS_shutdown, SECCOMP_RET_ALLOW, 1, { { 1, ALL, SHUT_WR } } },
	/* between TLS and the server; datagram sockets could send anywhere */
	{ SYS_socketpair,
	  SECCOMP_RET_ALLOW,
	  2,
	  { { 0, ALL, AF_UNIX }, { 1, SOCK_TYPE, SOCK_STREAM } } },
	{ SYS_madvise, SECCOMP_RET_ALLOW, 1, { { 2, ALL, MADV_DONTNEED } } },
	{ SYS_mmap, SECCOMP_RET_ALLOW, 1, { { 2, PROT_EXEC, 0 } } },
	{ SYS_mprotect, SECCOMP_RET_ALLOW, 1, { { 2, PROT_EXEC, 0 } } },
	{ SYS_clone, SECCOMP_RET_ALLOW, 1, { { 0, THREAD, THREAD } } },
	/* abort(3) */
	{ SYS_tgkill, SECCOMP_RET_ALLOW, 1, { { 0, ALL, OWN_PID } } },
	{ SYS_tkill, SECCOMP_RET_ALLOW, 1, { { 0, ALL, OWN_PID } } },
	/* fstat(3), which gives no path */
	{ SYS_newfstatat,
	  SECCOMP_RET_ALLOW,
	  1,
	  { { 3, AT_EMPTY_PATH, AT_EMPTY_PATH } } },
	/* Refused: looking at files (/proc, /sys, /etc/localtime), calls that
	 * hide their arguments, calls that are not essential, and the signal
	 * handler by which the first thread prepares to change users. */
	{ SYS_newfstatat, REFUSE(EACCES), 1, { { 3, AT_EMPTY_PATH, 0 } } },
#ifdef SYS_stat
	{ SYS_stat, REFUSE(EACCES), 0, { { 0, 0, 0 } } },
#endif
	{ SYS_openat, REFUSE(EACCES), 1, { { 2, WRITING, O_RDONLY } } },
#ifdef SYS_open
	{ SYS_open, REFUSE(EACCES), 1, { { 1, WRITING, O_RDONLY } } },
#endif
	{ SYS_clone3, REFUSE(ENOSYS), 0, { { 0, 0, 0 } } },
	{ SYS_statx, REFUSE(ENOSYS), 0, { { 0, 0, 0 } } },
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, REFUSE(ENOSYS), 0, { { 0, 0, 0 } } },
#endif
#ifdef SYS_futex_waitv
	{ SYS_futex_waitv, REFUSE(ENOSYS), 0, { { 0, 0, 0 } } },
#endif
	{ SYS_prctl, REFUSE(EPERM), 0, { { 0, 0, 0 } } },
	{ SYS_rt_sigaction, REFUSE(EPERM), 0, { { 0, 0, 0 } } },
	{ SYS_ioctl, REFUSE(ENOTTY), 0, { { 0, 0, 0 } } },
	{ SYS_madvise, REFUSE(EINVAL), 0, { { 0, 0, 0 } } },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* system_calls_count - counting each call once */
unsigned system_calls_count(void)
{
	unsigned count = COUNT(allowed);
	size_t i;

	for (i = 0; i < COUNT(rules); i++)
		count += rules[i].action == SECCOMP_RET_ALLOW &&
			 (i == 0 || rules[i].call != rules[i - 1].call);
	return count;
}

/* Instructions: load a word of the call's data, compare it, return an action.
 */
#define LOAD	   (BPF_LD | BPF_W | BPF_ABS)
#define EQUAL	   (BPF_JMP | BPF_JEQ | BPF_K)
#define AND	   (BPF_ALU | BPF_AND | BPF_K)
#define RETURN	   (BPF_RET | BPF_K)
#define CALL	   offsetof(struct seccomp_data, nr)
#define TEST_STEPS 3

/* The filter while it is being written. */
struct program {
	struct sock_filter steps[8 + 2 * COUNT(allowed) +
				 (3 + TESTS_MAX * TEST_STEPS) * COUNT(rules)];
	unsigned short count;
};

/* add - one instruction; a comparison that holds continues with the next one,
 * and one that fails skips the given number */
static void add(struct program *program, unsigned code, size_t value,
		size_t skip)
{
	program->steps[program->count++] = (struct sock_filter){
		.code = (unsigned short)code,
		.jf = (unsigned char)skip,
		.k = (uint32_t)value,
	};
}

/* allow - a call; its number has been loaded */
static void allow(struct program *program, unsigned call)
{
	add(program, EQUAL, call, 1);
	add(program, RETURN, SECCOMP_RET_ALLOW, 0);
}

/* add_rule - one row of rules; the call's number is loaded before it, and again
 * after it if the rule does not apply */
static void add_rule(struct program *program, const struct rule *rule)
{
	size_t left = rule->count * TEST_STEPS + 1;
	unsigned i;

	add(program, EQUAL, rule->call, left + 1);
	for (i = 0; i < rule->count; i++) {
		left -= TEST_STEPS;
		add(program, LOAD,
		    offsetof(struct seccomp_data, args) +
			    rule->tests[i].argument * sizeof(uint64_t),
		    0);
		add(program, AND, rule->tests[i].mask, 0);
		add(program, EQUAL,
		    rule->tests[i].value == OWN_PID ? (uint32_t)getpid()
						    : rule->tests[i].value,
		    left);
	}
	add(program, RETURN, rule->action, 0);
	add(program, LOAD, CALL, 0);
}

/* write_filter - all of it. Call number -1 does not exist: a tracer uses it for
 * a call that it makes fail (strace -e inject). */
static void write_filter(struct program *program)
{
	size_t i;

	program->count = 0;
	add(program, LOAD, offsetof(struct seccomp_data, arch), 0);
	add(program, EQUAL, MACHINE, 2);
	add(program, LOAD, CALL, 0);
	add(program, BPF_JMP | BPF_JA, 1, 0);
	add(program, RETURN, SECCOMP_RET_KILL_PROCESS, 0);
	allow(program, UINT32_MAX);
	for (i = 0; i < COUNT(allowed); i++)
		allow(program, allowed[i]);
	for (i = 0; i < COUNT(rules); i++)
		add_rule(program, &rules[i]);
	add(program, RETURN, SECCOMP_RET_KILL_PROCESS, 0);
}

/* system_calls_limit - only these calls from now on. SPEC_ALLOW: the slower
 * branches that a filter entails on old kernels are meant for programs that run
 * untrusted code. */
int system_calls_limit(struct error *error)
{
	struct program program;
	struct sock_fprog what = { .filter = program.steps };

	/* EFAULT: filters are supported; EINVAL: they are not. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) < 0 &&
	    errno == EINVAL)
		return 0;
	write_filter(&program);
	what.len = program.count;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &what) < 0)
		return error_set(error, "seccomp: %s", strerror(errno));
	return 1;
}

#else /* no MACHINE */

/* system_calls_count - none is known */
unsigned system_calls_count(void)
{
	return 0;
}

/* system_calls_limit - not possible */
int system_calls_limit(struct error *error)
{
	(void)error;
	return 0;
}

#endif
