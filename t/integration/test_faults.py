# SPDX-License-Identifier: ISC
"""System calls fail, descriptors run out, clocks jump: no answer is a permit
that should not be, nothing crashes or spins, and afterwards all is well.

usage: test_faults.py POLICYD [TEST ...]

POLICYD_TEST_DEEP=1: every place and every error; minutes instead of seconds.
"""

import collections
import contextlib
import itertools
import os
import pwd
import resource
import signal
import subprocess
import sys
import time

from kit.daemon import (OURS, PERMIT, WAIT, exists, run_all, sanitized,
                        wait_until)
from kit.processes import cpu
from kit.program import machine_of
from kit.questions import Asked, converse
from kit.strace import Strace, inject, on_each_machine

DEEP = bool(os.environ.get("POLICYD_TEST_DEEP"))
PATIENCE = 0.15                 # for an answer that may never come
ROOT = os.geteuid() == 0

# What a server calls while it serves, and what a test must have seen fail.
SERVING = ["recvfrom", "read", "sendto", "epoll_wait", "accept4", "epoll_ctl",
           "write", "recvmsg", "sendmsg", "getsockopt", "poll", "setsockopt",
           "close", "writev", "getsockname", "fcntl", "getrandom",
           "socketpair"]
CERTAIN = ["recvfrom", "sendto", "epoll_wait", "accept4", "epoll_ctl"]
ERRORS = ["EINTR", "EAGAIN", "ENOBUFS", "EPIPE", "EIO", "ENOMEM"]
# What a server calls to give up root, and else on its way to serve.
CONFINING = ["setgroups", "setresuid", "setresgid", "capset", "prctl"]
STARTING = ["openat", "read", "newfstatat", "fcntl", "sendmsg", "recvmsg",
            "epoll_create1", "epoll_ctl", "prlimit64", "getsockopt",
            "socketpair", "clone", "execve", "socket", "bind", "listen",
            "fchmodat", "rename", "rt_sigprocmask", "signalfd4", "getrandom",
            "rt_sigaction", "connect", "getdents64", "lseek", "write", "dup2",
            "pread64", "memfd_create"]


def talk(policyd, context):
    """talk - in all ways; how many answers came"""
    return (converse(policyd.client, PATIENCE, one_by_one=True) +
            converse(policyd.client, PATIENCE) +
            converse(lambda: policyd.tls_client(context, PATIENCE), PATIENCE,
                     one_by_one=True))


def serving(policyd, context, call, error, when):
    """serving - one fault while requests come; how often it was met"""
    server = policyd.server()
    mark = policyd.mark()
    with Strace(server, inject(call, error, when)) as strace:
        talk(policyd, context)
        met = strace.injected()
    policyd.check()
    policyd.no_crash(mark)
    if not exists(server):
        policyd.expect(r"server %d died: .*status 75" % server, mark)
        # Who dies soon is replaced later and later: a new daemon.
        policyd.stop()
        policyd.start()
        return met, True
    return met, False


def test_serving(program):
    """each call of a server that serves fails: once, late, always"""
    whens = ("1", "2", "10", "1+") if DEEP else ("1", "10+")
    cases = list(itertools.product(SERVING, ERRORS, whens))
    if not DEEP:                # each call, error and place, not all of all
        cases = [case for number, case in enumerate(cases)
                 if case[0] in CERTAIN[:4] or number % 7 == 0]
    seen, deaths = {}, 0
    with Asked(program) as policyd:
        context = policyd.context()
        policyd.check()
        for case in cases:
            met, died = serving(policyd, context, *case)
            seen[case[0]] = seen.get(case[0], 0) + met
            deaths += died
        assert policyd.stop() == 0
    print("  %d cases, %d failed calls, %d servers replaced: %s" % (
        len(cases), sum(seen.values()), deaths, seen))
    assert all(seen[call] for call in CERTAIN), seen


def traced(policyd, options):
    """traced - policyd -c FILE under strace; the process"""
    return subprocess.Popen(
        ["strace", "-f", "-o", policyd.path("trace")] + options +
        [policyd.program, "-c", policyd.config], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=open(policyd.path("stderr"), "ab"))


def is_confined(policyd, pid):
    """is_confined - has it given up root? One that has ended has"""
    try:
        text = policyd.read("/proc/%d/status" % pid)
    except (FileNotFoundError, ProcessLookupError):
        return True
    return ("NoNewPrivs:\t1" in text and
            "CapEff:\t0000000000000000" in text and
            (not ROOT or "Uid:\t%d\t" % pwd.getpwnam("nobody").pw_uid in text))


def confined(policyd):
    """confined - all servers have given up root: the one that has answered,
    and one that is being started in its place, in a moment"""
    wait_until(lambda: all(is_confined(policyd, pid)
                           for pid in policyd.servers()), "confined servers")


def start(policyd, call, error, when):
    """start - with a fault in every process, also in the line of the log that
    would tell of it; a word how it ended, None: there was no such call"""
    process = traced(policyd, inject(call, error, when))
    try:
        children = "/proc/%d/task/%d/children" % (process.pid, process.pid)
        wait_until(lambda: process.poll() is not None or
                   converse(policyd.client, True),
                   "start or end: %s %s %s" % (call, error, when))
        injected = policyd.read(policyd.path("trace")).count("(INJECTED")
        if process.poll() is not None:
            status = process.wait()
            assert 0 < status < 128 or not injected, (
                status, call, error, when, policyd.stderr()[-2000:])
            return "status %d" % status if injected else None
        policyd.monitor = int(policyd.read(children).split()[0])
        confined(policyd)
        os.kill(policyd.monitor, signal.SIGTERM)
        process.wait(WAIT)
        return "serves" if injected else None
    finally:
        if process.poll() is None:
            for pid in policyd.read(children).split():
                os.kill(int(pid), signal.SIGKILL)
            process.wait(WAIT)


def after_faults(policyd, results):
    """after_faults - after many failed starts: none left anything behind that
    keeps the next one from serving"""
    policyd.no_crash(0)
    policyd.start()
    policyd.check()
    print("  %d faults: %s" % (sum(results.values()), dict(results)))


def test_start(program):
    """each call of a start fails: it serves, confined, or it ends"""
    results = collections.Counter()
    policyd = Asked(program)
    try:
        calls = CONFINING + STARTING
        if sanitized(program):
            calls = CONFINING   # AddressSanitizer has calls of its own
        for number, call in enumerate(calls):
            errors = ("EIO", "ENOMEM") if DEEP else ("EIO",)
            wanted = (itertools.count(1) if DEEP or call in CONFINING
                      else (1, 2 + number % 3 * 9))
            for when in wanted:
                words = [start(policyd, call, error, str(when))
                         for error in errors]
                if None in words:
                    break
                results.update(words)
        after_faults(policyd, results)
        assert "serves" in results and len(results) > 1, results
    finally:
        policyd.__exit__()


def loader_calls(policyd, call):
    """loader_calls - how often it is made before main(), at most"""
    trace = policyd.path("loader")
    subprocess.run(["strace", "-o", trace, "-e",
                    "trace=" + on_each_machine(call), policyd.program, "-V"],
                   check=True, stdout=subprocess.DEVNULL)
    return policyd.read(trace).count("(")


def test_start_memory(program):
    """mmap(2) of a start fails, once ld.so, which crashes then, is done: once,
    or from there on"""
    if sanitized(program):
        print("  AddressSanitizer itself ends when mmap(2) fails")
        return
    results = collections.Counter()
    policyd = Asked(program)
    try:
        first = loader_calls(policyd, "mmap") + 1
        assert first > 20, first
        for when in itertools.count(first):
            words = [start(policyd, "mmap", "ENOMEM", form % when)
                     for form in ("%d", "%d+")]
            if None in words:
                break
            results.update(words)
        after_faults(policyd, results)
        assert results
    finally:
        policyd.__exit__()


def test_serving_memory(program):
    """mmap(2) and mprotect(2) of a server that serves fail when clients make
    it need more: it takes brk(2), or is replaced. That one cannot be made to
    fail like this, see test_address_space of test_allocation.py"""
    if sanitized(program):
        print("  AddressSanitizer itself ends when mmap(2) fails")
        return
    part = b"request=smtpd_access_policy\n" + (
        b"x=" + b"y" * 4000 + b"\n") * 15
    with Asked(program) as policyd, contextlib.ExitStack() as stack:
        policyd.check()
        server, mark = policyd.server(), policyd.mark()
        with Strace(server, inject("mmap,mprotect", "ENOMEM",
                                   "1+")) as strace:
            for _ in range(400):
                client = stack.enter_context(policyd.client())
                with contextlib.suppress(OSError):
                    client.send(OURS + part)
            policyd.check()
            assert strace.injected() > 0
        policyd.no_crash(mark)
        if not exists(server):
            policyd.expect(r"server %d died: .*status 75" % server, mark)


def test_wait(program):
    """a monitor that cannot wait for its servers ends, and they with it"""
    for error, when in (("ECHILD", "1"), ("EINVAL", "1+"), ("EINTR", "1")):
        with Asked(program) as policyd:
            server, mark = policyd.server(), policyd.mark()
            with policyd.client() as client, Strace(
                    policyd.monitor, inject("wait4", error, when)):
                os.kill(server, signal.SIGKILL)
                policyd.expect("error: cannot wait for servers: ", mark)
                assert policyd.wait() == 75
                assert client.reply() == b""
            assert not exists(server)
            policyd.no_crash(mark)
            policyd.start()
            policyd.check()


def test_accept(program):
    """no descriptor, no memory to accept: no spinning, and all are served
    soon after"""
    seconds = 10 if DEEP else 1.5
    with Asked(program) as policyd:
        policyd.check()
        server = policyd.server()
        for error in ("EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"):
            with Strace(server, inject("accept4", error, "1+")) as strace:
                clients = [policyd.client() for _ in range(20)]
                for client in clients:
                    client.send(OURS)
                before, begin = cpu(server), time.monotonic()
                time.sleep(seconds)
                used = cpu(server) - before
                tries = strace.injected()
                took = time.monotonic() - begin
            begin = time.monotonic()
            for client in clients:
                assert client.reply() == PERMIT
                client.close()
            waited = time.monotonic() - begin
            print("  %s: %.2f s of %.2f computed, %d tries, serves after "
                  "%.2f s" % (error, used, took, tries, waited))
            assert 2 <= tries < 25 * took, (tries, took)
            assert used < 0.1 * took, (used, took)
        assert policyd.server() == server


def test_descriptors(program):
    """more clients than descriptors: who leaves makes room for the next"""
    with Asked(program) as policyd:
        resource.prlimit(policyd.monitor, resource.RLIMIT_NOFILE, (48, 48))
        policyd.reload()
        policyd.expect("only 48 descriptors")
        server = policyd.server()
        clients = [policyd.client() for _ in range(100)]
        for client in clients:
            client.send(OURS)
        assert clients[0].reply() == PERMIT
        before, begin = cpu(server), time.monotonic()
        time.sleep(1)
        used = cpu(server) - before
        took = time.monotonic() - begin
        clients[0].close()
        for client in clients[1:]:
            assert client.reply() == PERMIT
            client.close()
        print("  %.2f s of %.2f computed" % (used, took))
        assert used < 0.2 * took
        policyd.check()
        assert policyd.server() == server


def test_clock(program):
    """the clock on the wall jumps by ten years, back and forth: no time limit
    runs out early, nobody is cut off"""
    settings = "idle_timeout = 30m\ntable_refresh = 1s\nrequest_timeout = "
    libraries = subprocess.run(
        ["dpkg-query", "-S", "*/libfaketime.so.1"], capture_output=True,
        text=True, check=True).stdout.splitlines()
    library = [path for path in (line.split(": ")[1] for line in libraries)
               if machine_of(path) == machine_of(program)]
    assert library, ("none for the machine of", program, libraries)
    # libfaketime reads a file, which a server may not.
    policyd = Asked(os.path.join(os.path.dirname(program), "t", "uncontained"),
                    settings + "10m\n")
    clock = policyd.path("clock")

    def turn(words):
        with open(clock + ".new", "w") as file:
            file.write(words + "\n")
        os.chmod(clock + ".new", 0o644)
        os.rename(clock + ".new", clock)
    environment = dict(os.environ)
    try:
        turn("+0")
        os.environ.update(
            LD_PRELOAD=library[0], FAKETIME_TIMESTAMP_FILE=clock,
            FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1",
            FAKETIME_DONT_RESET="1", NO_FAKE_STAT="1",
            ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") +
            ":verify_asan_link_order=0")
        policyd.start()
        os.environ.clear()
        os.environ.update(environment)
        years = set()
        with policyd.client() as idle, policyd.tls_client() as tls:
            assert idle.ask(OURS) == PERMIT
            assert tls.ask(OURS) == PERMIT  # its certificate is judged by now
            for jump in ("+10y", "-10y", "+0", "-10y", "+10y", "+0") * 2:
                with policyd.client() as slow:
                    slow.send(OURS[:40])
                    mark = policyd.mark()
                    turn(jump)
                    time.sleep(0.1)
                    slow.send(OURS[40:])
                    assert slow.reply() == PERMIT
                assert idle.ask(OURS) == PERMIT
                assert tls.ask(OURS) == PERMIT
                slow = policyd.client()
                slow.send(b"junk\n\n")
                assert slow.reply() == b""
                years.add(policyd.expect(r"(\d\d\d\d)-.*malformed",
                                         mark).group(1))
            # A limit that is over counts, whatever the clock says.
            text = policyd.read(policyd.config)
            policyd.write_config(text.replace(settings + "10m",
                                              settings + "2s"))
            policyd.reload()
            with policyd.client() as slow:
                slow.send(OURS[:40])
                begin = time.monotonic()
                turn("-10y")
                assert slow.reply() == b""
                assert time.monotonic() - begin > 1.5
            turn("+0")      # now the certificates are valid
            policyd.reload()
            assert idle.ask(OURS) == PERMIT
        policyd.check()
        assert len(years) == 3, years       # the clock did jump
        assert policyd.stop() == 0
    finally:
        os.environ.clear()
        os.environ.update(environment)
        policyd.__exit__()


if __name__ == "__main__":
    # LeakSanitizer cannot work in a process that strace looks at.
    os.environ["ASAN_OPTIONS"] = (os.environ.get("ASAN_OPTIONS", "") +
                                  ":detect_leaks=0")
    sys.exit(run_all([test_serving, test_start, test_start_memory, test_serving_memory,
                      test_wait, test_accept, test_descriptors, test_clock]))
