# SPDX-License-Identifier: ISC
"""Memory runs out: every allocation fails in turn, also those of libraries.

A process of policyd may end then, with status 75; another one takes its place.
It may refuse to start, or an answer may be missing. But it never crashes,
never gives a wrong answer, and continues as if nothing had happened.

usage: test_allocation.py POLICYD [TEST ...]

POLICYD_TEST_ALLOCATIONS: how many allocations of each kind fail, others each
time; "all": every one; "1-5000": every one of those. POLICYD_TEST_SEED: the
same ones again.
"""

import contextlib
import mmap
import os
import random
import re
import resource
import signal
import struct
import subprocess
import sys

from kit.daemon import (THEIRS, WAIT, descriptors, exists, run_all, sanitized,
                        wait_until)
from kit.questions import BATCH, QUESTIONS, Asked, converse, judge

AMOUNT = os.environ.get("POLICYD_TEST_ALLOCATIONS", "8")
SEED = os.environ.get("POLICYD_TEST_SEED", str(random.randrange(1 << 32)))
FOREVER = 1 << 63
PATIENCE = 2                    # for an answer that may never come
OUT_OF_MEMORY = 75
REFUSED = 78
# libconfuse ends the process by itself: its scanner with exit status 2, an
# assertion with SIGABRT, whose text itself takes memory.
BY_SCANNER = 2
ASSERTIONS = re.compile(r"lexer\.l:\d+: .*Assertion|^Unexpected error\.$", re.M)
# Arguments that only a server has, or the monitor.
SERVER = "--server"
MONITOR = "--verbose"

class Memory:
    """What fault_allocation.so does in one kind of process."""

    def __init__(self, policyd):
        self.path = policyd.path("allocation")
        with open(self.path, "wb") as file:
            file.write(bytes(mmap.PAGESIZE))
        os.chmod(self.path, 0o666)
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.fail(SERVER)
        library = os.path.join(os.path.dirname(policyd.program), "t",
                               "fault_allocation.so")
        assert os.path.exists(library), library
        self.environment = {
            "LD_PRELOAD": library, "FAULT_ALLOCATION": self.path,
            # The library must come before that of AddressSanitizer.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
            ":verify_asan_link_order=0"}

    def fail(self, process, first=0, last=None):
        """fail - from the first to the last allocation that it does now"""
        struct.pack_into("QQQQ32s", self.map, 0, 0, first,
                         first if last is None else last, 0, process.encode())

    def enough(self):
        """enough - no other one fails"""
        struct.pack_into("Q", self.map, 8, 0)

    def count(self):
        """count - allocations since then"""
        return struct.unpack_from("Q", self.map)[0]

    def failed(self):
        return struct.unpack_from("Q", self.map, 24)[0]

    @contextlib.contextmanager
    def preloaded(self):
        """preloaded - whoever is started now"""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def places(total):
    """places - which allocations fail, each alone or with all that follow"""
    assert total > 10, "%d allocations: are they counted?" % total
    first, dash, last = AMOUNT.partition("-")
    chosen = range(1, total + 1)
    every = dash or AMOUNT == "all"
    if dash:
        chosen = range(int(first), min(total, int(last)) + 1)
    elif not every:
        chosen = sorted(random.Random(SEED).sample(
            chosen, min(total, int(AMOUNT))))
    for number, place in enumerate(chosen):
        yield place, place
        if every or number % 4 == 0:
            yield place, FOREVER


class Result:
    """What came of it, for people to read."""

    def __init__(self, what, total):
        self.what, self.total, self.seen = what, total, {}

    def add(self, outcome):
        self.seen[outcome] = self.seen.get(outcome, 0) + 1

    def print(self):
        print("  %s: %d allocations, %d faults: %s" % (
            self.what, self.total, sum(self.seen.values()), ", ".join(
                "%s %d" % pair for pair in sorted(self.seen.items()))))


class Faulty(Asked):
    """A daemon whose memory runs out."""

    def __init__(self, program):
        # AddressSanitizer ends when it has no memory for a thread of its own.
        super().__init__(program,
                         "threads = 1\n" if sanitized(program) else "")
        self.memory = Memory(self)

    def start(self):
        with self.memory.preloaded():
            return super().start()

    def __exit__(self, *_):
        self.memory.enough()
        super().__exit__()

    def run(self, *options, sent=b""):
        """run - the program, not as a daemon"""
        with self.memory.preloaded():
            return subprocess.run(
                (self.program, "-c", self.config) + options, input=sent,
                capture_output=True, timeout=WAIT)

    def check(self, complete=True):
        self.memory.enough()
        super().check(complete)

    def no_crash(self, mark, allowed="9 "):
        if ASSERTIONS.search(self.stderr()):
            allowed += "|6 "
        super().no_crash(mark, allowed)
        os.truncate(self.path("stderr"), 0)     # of thousands of processes


def split(data):
    """split - whole replies only"""
    *replies, rest = data.split(b"\n\n")
    assert rest == b"", "half a reply: %r" % rest
    return replies


def judge_end(policyd, done):
    """judge_end - no signal, nothing of a sanitizer; a word why it failed"""
    text = done.stdout + done.stderr
    if done.returncode == -signal.SIGABRT:
        assert ASSERTIONS.search(done.stderr.decode()), done
        return "libconfuse"
    assert b"Sanitizer" not in text and b"runtime error" not in text, text
    assert done.returncode in (0, OUT_OF_MEMORY, REFUSED, BY_SCANNER), (
        done.returncode, text)
    assert done.returncode == 0 or done.stderr or re.search(
        "out of memory|Cannot allocate memory", policyd.read(policyd.log)), \
        "it does not say why"
    return "status %d" % done.returncode


def test_stdio(program):
    """-s from the first allocation to the last answer"""
    policyd = Faulty(program)
    try:
        policyd.memory.fail("-s")
        done = policyd.run("-s", sent=BATCH)
        judge(split(done.stdout), complete=True)
        result = Result("-s", policyd.memory.count())
        for first, last in places(result.total):
            policyd.memory.fail("-s", first, last)
            done = policyd.run("-s", sent=BATCH)
            assert policyd.memory.failed() > 0 or done.returncode == 0
            judge(split(done.stdout))
            result.add(judge_end(policyd, done))
        result.print()
    finally:
        policyd.__exit__()


def test_tools(program):
    """-t, -T and -q: none of them crashes, or says that a stranger may"""
    policyd = Faulty(program)
    try:
        for options in (("-t",), ("-T",), ("-q", "to=user@far.example")):
            policyd.memory.fail(options[0])
            good = policyd.run(*options)
            assert good.returncode == 0, good
            result = Result(options[0], policyd.memory.count())
            for first, last in places(result.total):
                policyd.memory.fail(options[0], first, last)
                done = policyd.run(*options)
                result.add(judge_end(policyd, done))
                assert b"permit_auth_destination\n" not in \
                    done.stdout.split(b"\n\n")[0] or options[0] == "-T", done
            result.print()
    finally:
        policyd.__exit__()


def test_start(program):
    """a server that starts: the daemon serves, rightly, or ends with 75"""
    with Faulty(program) as policyd:
        policyd.memory.fail(SERVER)
        policyd.stop()
        policyd.start()
        result = Result("start", policyd.memory.count())
        assert policyd.stop() == 0
        for first, last in places(result.total):
            policyd.memory.fail(SERVER, first, last)
            mark = policyd.mark()
            with policyd.memory.preloaded():
                policyd.launch()
            policyd.monitor = policyd.process.pid
            policyd.wait_until(
                lambda: policyd.process.poll() is not None or
                "serving: " in policyd.read(policyd.log, mark),
                "start or end")
            if policyd.process.poll() is None:
                # A table that could not be read waits for a reload.
                policyd.check(complete=False)
                assert policyd.stop() == 0
                result.add("serves")
            else:
                status = policyd.wait()
                assert status in (OUT_OF_MEMORY, REFUSED), status
                result.add("status %d" % status)
            policyd.no_crash(mark)
        result.print()


def test_reload(program):
    """a server that is to follow: it does, correctly, or the old one
    continues; if it dies while it takes over, connections are closed"""
    with Faulty(program) as policyd:
        policyd.reload()
        policyd.memory.fail(SERVER)
        policyd.reload()
        result = Result("reload", policyd.memory.count())
        policyd.server()        # the previous one is gone
        before = descriptors(policyd.monitor)
        client = policyd.client()
        for first, last in places(result.total):
            mark = policyd.mark()
            policyd.memory.fail(SERVER, first, last)
            policyd.signal(signal.SIGHUP)
            found = policyd.expect(
                r"reloaded: server|reload failed|server \d+ died", mark)
            policyd.memory.enough()
            policyd.check()
            policyd.no_crash(mark)
            result.add(re.sub(r"\d+ ", "", found.group(0)))
            try:
                answer = client.ask(THEIRS)
            except OSError:
                answer = b""
            if answer == b"":
                policyd.expect(r"server \d+ died: .*status 75|"
                               "broke off the hand-over", mark)
                client = policyd.client()
                answer = client.ask(THEIRS)
            assert answer.startswith(b"action=554"), answer
        wait_until(lambda: descriptors(policyd.monitor) <= before,
                   "%d descriptors" % before)
        client.close()
        result.print()


def test_library(program):
    """libconfuse, which ends the process by itself: the previous server
    continues, and the next reload is a reload"""
    with Faulty(program) as policyd:
        ended = 0
        for place in range(1, 2000):
            server, mark = policyd.server(), policyd.mark()
            policyd.memory.fail(SERVER, place)
            policyd.signal(signal.SIGHUP)
            policyd.expect("reloaded: server|reload failed", mark)
            policyd.no_crash(mark)
            if re.search(r"ended with status %d;|by signal 6 " % BY_SCANNER,
                         policyd.read(policyd.log)[mark:]):
                ended += 1
                assert policyd.server() == server
                policyd.check()
            if ended == 3:
                break
        assert ended == 3, "%d of %d ended by libconfuse" % (ended, place)
        policyd.memory.enough()
        policyd.reload()
        policyd.check()


def talk(policyd, context):
    """talk - in plain text and in TLS, as far as it goes"""
    done = 0
    for connect in (policyd.client, lambda: policyd.tls_client(context)):
        done += converse(connect, PATIENCE)
        if done < len(QUESTIONS):       # memory may not come back: no server
            break
    return done


def test_serving(program):
    """a connection, its requests, a handshake: a server that cannot
    continue is replaced, and the next one is right"""
    with Faulty(program) as policyd:
        context = policyd.context()
        policyd.memory.fail(SERVER)
        assert talk(policyd, context) == 2 * len(QUESTIONS)
        result = Result("serving", policyd.memory.count())
        for first, last in places(result.total):
            server = policyd.server()
            mark = policyd.mark()
            policyd.memory.fail(SERVER, first, last)
            done = talk(policyd, context)
            policyd.memory.enough()
            policyd.check()
            policyd.no_crash(mark)
            if exists(server):
                result.add("%s answers" % (
                    "all" if done == 2 * len(QUESTIONS) else "some"))
                continue
            policyd.expect(r"server %d died: .*status 75" % server, mark)
            policyd.expect(r"policyd\[%d\]: error: out of memory" % server,
                           mark)
            result.add("replaced")
            # Whoever dies soon is replaced later and later; a new daemon.
            assert policyd.stop() == 0
            policyd.start()
        result.print()


def test_address_space(program):
    """clients that want more memory than there is: the server is replaced"""
    with open(program, "rb") as file:
        if b"__asan_init" in file.read():
            print("  AddressSanitizer itself ends when memory does")
            return
    with Faulty(program) as policyd:
        size = int(re.search(r"VmSize:\s*(\d+) kB", policyd.read(
            "/proc/%d/status" % policyd.server())).group(1)) * 1024
        resource.prlimit(policyd.monitor, resource.RLIMIT_AS, (size + (8 << 20),) * 2)
        policyd.reload()
        server = policyd.server()
        mark = policyd.mark()
        clients = []
        part = b"request=smtpd_access_policy\n" + (
            b"x=" + b"y" * 4000 + b"\n") * 15
        for _ in range(400):
            client = policyd.client()
            clients.append(client)
            with contextlib.suppress(OSError):
                client.send(part)
        policyd.expect(r"policyd\[%d\]: error: out of memory" % server, mark)
        policyd.expect(r"server %d died: .*status 75" % server, mark)
        policyd.expect("serving: ", mark)
        for client in clients:
            client.close()
        policyd.check()


def live(policyd):
    """live - what a monitor does: start, reload, replace; is it there still?"""
    def come(pattern, mark):
        policyd.wait_until(
            lambda: policyd.process.poll() is not None or
            re.search(pattern, policyd.read(policyd.log)[mark:]), pattern)
        return policyd.process.poll() is None

    mark = policyd.mark()
    with policyd.memory.preloaded():
        policyd.launch()
    policyd.monitor = policyd.process.pid
    if not come("serving: ", mark):
        return False
    policyd.signal(signal.SIGHUP)
    if not come("reloaded: |reload failed: ", mark):
        return False
    for server in policyd.servers():
        # The one from before the reload may be gone by now.
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)
    return come(r"died: .*\n(.*\n)*.*serving: ", mark)


def test_monitor(program):
    """the monitor: it continues, or ends with 75, and its server with it"""
    with Faulty(program) as policyd:
        policyd.stop()
        policyd.options = [MONITOR]
        policyd.memory.fail(MONITOR)
        assert live(policyd)
        assert policyd.stop() == 0
        result = Result("monitor", policyd.memory.count())
        # With AddressSanitizer most are its own.
        step = max(1, result.total // 40) if sanitized(program) else 1
        for place in range(1, result.total + 1, step):
            mark = policyd.mark()
            policyd.memory.fail(MONITOR, place)
            if live(policyd):
                policyd.check()
                assert policyd.stop() == 0
                result.add("serves")
            else:
                assert policyd.wait() == OUT_OF_MEMORY
                text = policyd.read(policyd.log)[mark:]
                servers = re.findall(r"server (\d+)", text)
                wait_until(lambda: not any(exists(int(pid))
                                           for pid in servers),
                           "end of the servers")
                result.add("status 75")
            policyd.no_crash(mark)
        policyd.memory.enough()
        policyd.start()
        policyd.check()
        result.print()


if __name__ == "__main__":
    print("  POLICYD_TEST_SEED=%s" % SEED)
    sys.exit(run_all([test_stdio, test_tools, test_start, test_reload,
                      test_library, test_serving, test_address_space, test_monitor]))
