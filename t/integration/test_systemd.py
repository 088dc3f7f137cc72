# SPDX-License-Identifier: ISC
"""What a supervisor sees and gives: its notification socket, the watchdog,
and listening sockets that were there before."""

import contextlib
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

from kit.daemon import (Client, Daemon, OURS, PERMIT, WAIT, exists, free_port,
                        is_socket, run_all, wait_until)
from kit.strace import Strace, inject
from kit.supervised import Supervised, listening

RESTARTS = int(os.environ.get("POLICYD_TEST_RESTARTS", "20"))
TIMES = (2, 8, 32)              # of the watchdog, for slower and slower machines


class Supervisor:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, name):
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name[0] == "@" else name)
        self.socket.settimeout(WAIT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def next(self):
        """next - one message, as a dictionary"""
        return dict(line.split("=", 1) for line in
                    self.socket.recv(4096).decode().splitlines())

    def is_silent(self, seconds):
        return not select.select([self.socket], [], [], seconds)[0]


def notified(program, name):
    """notified - ready, reload, refused reload, death, stop: in order"""
    with Supervisor(name) as supervisor, \
            Supervised(program, {"NOTIFY_SOCKET": name}) as policyd:
        message = supervisor.next()
        assert message["READY"] == "1", message
        assert message["STATUS"] == "serving: server %d" % policyd.server()

        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        policyd.reload()
        message = supervisor.next()
        assert message["RELOADING"] == "1", message
        assert before <= int(message["MONOTONIC_USEC"]) <= \
            time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        message = supervisor.next()
        assert message["READY"] == "1", message
        assert message["STATUS"] == "serving: server %d" % policyd.server()

        policyd.write_config("broken {\n")
        policyd.reload_refused()
        assert supervisor.next()["RELOADING"] == "1"
        message = supervisor.next()
        assert message["READY"] == "1", message
        assert message["STATUS"] == "serving: server %d" % policyd.server()

        policyd.configure()
        os.kill(policyd.server(), signal.SIGKILL)
        message = supervisor.next()
        if "READY" not in message:      # the next one was ready at once
            assert message["STATUS"].startswith("no server"), message
            message = supervisor.next()
        assert message["READY"] == "1", message

        # Nobody that policyd starts can speak for it.
        if os.geteuid() == 0:
            with open("/proc/%d/environ" % policyd.server(), "rb") as file:
                assert b"NOTIFY_SOCKET" not in file.read()
        assert policyd.stop() == 0
        assert supervisor.next()["STOPPING"] == "1"
        assert supervisor.is_silent(0)


def test_reload_at_once(program):
    """a reload that fails as soon as it begins: the supervisor, which waits
    for it, learns that it began and that it is over"""
    name = "@policyd-reload-%d" % os.getpid()
    with Supervisor(name) as supervisor, Supervised(
            program, {"NOTIFY_SOCKET": name}) as policyd:
        assert supervisor.next()["READY"] == "1"
        with Strace(policyd.monitor, inject("clone", "EAGAIN", "1+")):
            assert "fork: " in policyd.reload_refused()
            assert supervisor.next()["RELOADING"] == "1"
            assert supervisor.next()["READY"] == "1"
        policyd.reload()
        assert supervisor.next()["RELOADING"] == "1"
        assert supervisor.next()["READY"] == "1"


def test_notify_path(program):
    """messages to a socket with a path"""
    with Daemon(program) as other:
        notified(program, other.path("notify"))


def test_notify_abstract(program):
    """messages to a socket without one"""
    notified(program, "@policyd-test-%d" % os.getpid())


def test_notify_nobody(program):
    """a socket that is not there: a warning, and policyd serves"""
    with Supervised(program, {"NOTIFY_SOCKET": "/nonexistent/s"}) as policyd:
        assert policyd.ask() == PERMIT
        assert "warning: NOTIFY_SOCKET: " in policyd.stderr()
    with Supervised(program, {"NOTIFY_SOCKET": "nonsense"}) as policyd:
        assert policyd.ask() == PERMIT
        assert "neither /PATH nor @NAME" in policyd.stderr()


def test_watchdog(program):
    """alive as long as the server answers; one that hangs is replaced"""
    assert any(watchdog(program, seconds) for seconds in TIMES)


def watchdog(program, seconds):
    """watchdog - with that time; False: this machine was too busy for it"""
    name = "@policyd-watchdog-%d" % os.getpid()
    with Supervisor(name) as supervisor, Supervised(
            program, {"NOTIFY_SOCKET": name,
                      "WATCHDOG_USEC": "%d000000" % seconds}) as policyd:
        assert supervisor.next()["READY"] == "1"
        last = time.monotonic()
        for _ in range(3):
            if supervisor.next() != {"WATCHDOG": "1"}:
                policyd.expect("died: does not answer the monitor")
                return False
            now = time.monotonic()
            if now - last > 0.95 * seconds:
                return False
            last = now
        mark = policyd.mark()
        hung = policyd.server()
        os.kill(hung, signal.SIGSTOP)
        start = time.monotonic()
        message = supervisor.next()
        while "STATUS" not in message:      # asked before it was stopped
            message = supervisor.next()
        policyd.expect(r"server %d died: does not answer the monitor" % hung,
                       mark)
        while "WATCHDOG" not in message:
            message = supervisor.next()
        took = time.monotonic() - start
        assert policyd.ask() == PERMIT
        wait_until(lambda: not exists(hung), "the end of the hung one")
        return took < 1.95 * seconds


def state(pid):
    """state - of a process, a letter"""
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rpartition(")")[2].split()[0]


def test_watchdog_late(program):
    """where the monitor could not run, the server is not to blame"""
    name = "@policyd-watchdog-%d" % os.getpid()
    with Supervisor(name) as supervisor, Supervised(
            program, {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "8000000"}
            ) as policyd:
        while "WATCHDOG" not in supervisor.next():
            pass
        answered = time.monotonic()     # it is asked 4 s later, and killed
        server = policyd.server()       # another 4 s later
        with policyd.client() as client:
            assert client.ask(OURS) == PERMIT
            os.kill(server, signal.SIGSTOP)
            time.sleep(5.5)
            os.kill(policyd.monitor, signal.SIGSTOP)
            late = time.monotonic() - answered > 7
            # However late the server was asked: more than a second longer than
            # it has to answer.
            time.sleep(5.5)
            os.kill(policyd.monitor, signal.SIGCONT)
            wait_until(lambda: state(policyd.monitor) == "S",
                       "the monitor has looked")
            os.kill(server, signal.SIGCONT)
            assert client.ask(OURS) == PERMIT or late
        assert policyd.server() == server or late


def test_watchdog_without_server(program):
    """no server can start, and the monitor tries again: that is no reason to
    kill it"""
    assert any(watchdog_without_server(program, seconds) for seconds in TIMES)


def watchdog_without_server(program, seconds):
    """watchdog_without_server - with that time; False: this machine was too
    busy for it"""
    name = "@policyd-watchdog-%d" % os.getpid()
    policyd = Supervised(program, {"NOTIFY_SOCKET": name,
                                   "WATCHDOG_USEC": "%d000000" % seconds})
    main_cf = policyd.path("main.cf")
    with open(main_cf, "w") as file:
        file.write("compatibility_level = 3.6\n")
    policyd.configure('import_postfix = "%s"\n' % policyd.directory)
    with Supervisor(name) as supervisor, policyd:
        assert supervisor.next()["READY"] == "1"
        mark = policyd.mark()
        os.rename(main_cf, main_cf + ".orig")
        os.kill(policyd.server(), signal.SIGKILL)
        while not supervisor.next().get("STATUS", "").startswith("no server"):
            pass
        longest = 0
        for _ in range(4):
            start = time.monotonic()
            assert supervisor.next() == {"WATCHDOG": "1"}
            longest = max(longest, time.monotonic() - start)
        policyd.expect("no server: .*next try in", mark)
        os.rename(main_cf + ".orig", main_cf)
        policyd.expect("serving: ", mark)
        assert policyd.ask() == PERMIT
        return longest < 0.9 * seconds


def test_watchdog_of_others(program):
    """WATCHDOG_PID names somebody else: no watchdog"""
    name = "@policyd-watchdog-%d" % os.getpid()
    with Supervisor(name) as supervisor, Supervised(
            program, {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000",
                      "WATCHDOG_PID": "1"}):
        assert supervisor.next()["READY"] == "1"
        assert supervisor.is_silent(0.5)


def test_inherited(program):
    """used instead of opened, left as they are; what fits nothing is closed"""
    port, other, sixth = free_port(), free_port(), free_port("::1")
    policyd = Supervised(program, {})
    with contextlib.ExitStack() as stack:
        path = policyd.socket
        files = [stack.enter_context(one) for one in (
            listening(path), listening(("127.0.0.1", port)),
            listening(("127.0.0.1", other)), socket.socket(),
            listening("\0policyd-test-%d" % os.getpid()),
            listening(("::1", sixth)))]
        os.chmod(path, 0o600)
        inode = os.lstat(path).st_ino
        policyd.sockets = files
        policyd.configure('listen "inet:127.0.0.1:%d" { }' % port)
        stack.enter_context(policyd)
        assert policyd.ask() == PERMIT
        with policyd.client(("127.0.0.1", port)) as client:
            assert client.ask(OURS) == PERMIT
        said = policyd.stderr() + policyd.read(policyd.log)
        assert re.search(r"warning: inet:127.0.0.1:%d was inherited .*: closed"
                         % other, said), said
        assert re.search(r"descriptor 6 was inherited .*: closed", said), said
        assert re.search(r"descriptor 7 was inherited .*: closed", said), said
        assert "inet:[::1]:%d was inherited" % sixth in said, said
        # The test has the socket, too; policyd has it not any more.
        with open("/proc/net/tcp") as table:
            assert ":%04X" % other in table.read()
        names = ["socket:[%d]" % os.fstat(one.fileno()).st_ino
                 for one in files]

        def others_closed():
            links = opened(policyd.monitor)
            return [name in links for name in names] == [
                True, True, False, False, False, False]
        wait_until(others_closed, "the others are closed")
        status = os.lstat(path)
        assert status.st_ino == inode
        assert stat.S_IMODE(status.st_mode) == 0o600
        policyd.reload()
        assert policyd.ask() == PERMIT
        assert policyd.stop() == 0
        assert is_socket(path) and os.lstat(path).st_ino == inode


def opened(pid):
    """opened - what a process has open"""
    directory = "/proc/%d/fd" % pid
    found = []
    for name in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):    # closed meanwhile
            found.append(os.readlink(os.path.join(directory, name)))
    return found


def test_not_for_us(program):
    """LISTEN_PID names somebody else: nothing is touched"""
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    with Supervised(program, environment) as policyd:
        assert policyd.ask() == PERMIT
        assert "inherited" not in policyd.stderr()
        assert "inherited" not in policyd.read(policyd.log)


class Clients(threading.Thread):
    """Somebody who connects again and again, asks as Postfix does (once more,
    if the connection ended without an answer), and counts."""

    def __init__(self, address):
        super().__init__()
        self.address = address
        self.done = False
        self.asked = self.again = 0
        self.lost = []

    def run(self):
        while not self.done:
            self.asked += 1
            try:
                if not self.ask() and not self.ask():
                    self.lost.append("no answer")
            except OSError as error:
                self.lost.append(repr(error))

    def ask(self):
        with Client(self.address) as client:
            try:
                if client.ask(OURS) == PERMIT:
                    return True
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.again += 1
        return False


def test_restarts(program):
    """restarts with an inherited socket: no connection attempt is lost"""
    policyd = Supervised(program, {})
    port = free_port()
    with contextlib.ExitStack() as stack:
        policyd.sockets = [
            stack.enter_context(listening(policyd.socket)),
            stack.enter_context(listening(("127.0.0.1", port)))]
        os.chmod(policyd.socket, 0o666)
        policyd.configure('listen "inet:127.0.0.1:%d" { }' % port)
        clients = [Clients(address) for address in
                   [policyd.socket, ("127.0.0.1", port)] * 2]
        stack.enter_context(policyd)
        for one in clients:
            one.start()
        try:
            for _ in range(RESTARTS):
                asked = [one.asked for one in clients]
                wait_until(lambda: all(one.asked > before + 3 for one, before
                                       in zip(clients, asked)), "clients")
                assert policyd.stop() == 0
                policyd.start()
        finally:
            for one in clients:
                one.done = True
            for one in clients:
                one.join()
        lost = sum((one.lost for one in clients), [])
        print("  %d restarts, %d connections, %d asked again, %d lost" % (
            RESTARTS, sum(one.asked for one in clients),
            sum(one.again for one in clients), len(lost)))
        assert not lost, lost[:5]


def test_socket_activate(program):
    """as systemd-socket-activate(1) starts it, with the first client"""
    policyd = Daemon(program)
    port = free_port()
    policyd.write_config(
        'myhostname = "mx.local.test"\nmydestination = "local.test"\n'
        'log = "%s"\nlisten "inet:127.0.0.1:%d" { }\n' % (policyd.log, port))
    try:
        with open(policyd.path("stderr"), "ab") as stderr:
            policyd.process = subprocess.Popen(
                ["systemd-socket-activate", "-l", "127.0.0.1:%d" % port,
                 policyd.program, "-c", policyd.config],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)
        policyd.monitor = policyd.process.pid

        def connected():
            with contextlib.suppress(ConnectionRefusedError):
                return Client(("127.0.0.1", port))
        with policyd.wait_until(connected, "the port") as client:
            assert client.ask(OURS) == PERMIT
        assert policyd.stop() == 0
    finally:
        policyd.__exit__()


if __name__ == "__main__":
    sys.exit(run_all([
        test_reload_at_once, test_notify_path, test_notify_abstract,
        test_notify_nobody, test_watchdog, test_watchdog_late,
        test_watchdog_without_server, test_watchdog_of_others, test_inherited,
        test_not_for_us, test_restarts, test_socket_activate]))
