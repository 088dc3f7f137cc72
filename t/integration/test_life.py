# SPDX-License-Identifier: ISC
"""Start, sockets and their files, privileges, signals, the end."""

import os
import pwd
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time

from kit.daemon import (Daemon, OURS, PERMIT, WAIT, exists,
                        free_port, in_time, run_all, wait_until)
from kit.processes import contained

ROOT = os.geteuid() == 0
MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                      os.pardir, "policyd", "policyd.8")
STARTS = int(os.environ.get("POLICYD_TEST_STARTS", "3"))


def refused(program, settings, status, why, prepare=None, listen=True):
    """refused - it does not start, and says why"""
    policyd = Daemon(program)
    try:
        if prepare:
            prepare(policyd)
        policyd.configure(settings.replace("DIR", policyd.directory), listen)
        policyd.launch()
        assert policyd.wait() == status, policyd.stderr()
        assert re.search(why, policyd.stderr()), policyd.stderr()
        left = [name for name in os.listdir(policyd.directory)
                if name.startswith(".policyd") or name == "pid"]
        assert not left, left
    finally:
        policyd.__exit__()


def test_refused(program):
    """exit status 78 for the configuration, 75 for what may pass"""
    refused(program, "no_such_option = 1", 78, r"policyd\.conf:\d+: ")
    refused(program, 'user = "no-such-user-here"', 78, "no-such-user-here")
    refused(program, 'listen "unix:private/policyd" { }', 78,
            "/var/spool/postfix/private/policyd")
    refused(program, 'listen "unix:/%s" { }' % ("x" * 120), 78, "at most 107")
    refused(program, 'listen "inet:192.0.2.1:10040" { }', 78, "loopback")
    refused(program, 'listen "unix:DIR/none/socket" { }', 75, "none")
    with Daemon(program):
        pass
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        refused(program, 'listen "inet:127.0.0.1:%d" { }' % port, 75,
                "another program listens")


def test_socket_file(program):
    """mode, owner; gone after the end"""
    with Daemon(program) as policyd:
        policyd.configure('listen "unix:%s" { mode = "0600" %s }\n' % (
            policyd.path("other"), 'owner = "nobody"' if ROOT else ""))
        policyd.reload()
        status = os.lstat(policyd.path("other"))
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert not ROOT or status.st_uid == pwd.getpwnam("nobody").pw_uid
        status = os.lstat(policyd.socket)
        assert stat.S_IMODE(status.st_mode) == 0o666
        assert policyd.stop() == 0
        assert sorted(os.listdir(policyd.directory)) == [
            "log", "policyd.conf", "stderr"], os.listdir(policyd.directory)


def test_no_listener(program):
    """a reload that would make it deaf is refused"""
    with Daemon(program) as policyd:
        policyd.configure(listen=False)
        mark = policyd.mark()
        policyd.reload_refused()
        policyd.expect("there is no listen section", mark)
        assert policyd.ask() == PERMIT


def test_in_the_way(program):
    """a stale socket is replaced, all else is not"""
    def stale(policyd):
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(policyd.socket)
    policyd = Daemon(program)
    try:
        stale(policyd)
        policyd.start()
        assert policyd.ask() == PERMIT
    finally:
        policyd.__exit__()

    def file(policyd):
        with open(policyd.socket, "w") as out:
            out.write("precious")
    refused(program, "", 75, "is not a socket; not touched", file)
    refused(program, "", 75, "is not a socket; not touched",
            lambda policyd: os.mkdir(policyd.socket))
    refused(program, "", 75, "is not a socket; not touched",
            lambda policyd: os.mkfifo(policyd.socket))

    def link(policyd):
        with socket.socket(socket.AF_UNIX) as old:
            old.bind(policyd.path("target"))
        os.symlink(policyd.path("target"), policyd.socket)
    refused(program, "", 75, "is a symbolic link; not touched", link)


def test_live_socket(program):
    """a second policyd does not take the first one's socket"""
    with Daemon(program) as policyd:
        second = subprocess.run(
            [policyd.program, "-c", policyd.config], capture_output=True,
            timeout=WAIT, text=True)
        assert second.returncode == 75, second
        assert "is in use" in second.stderr, second.stderr
        assert policyd.ask() == PERMIT


def process_status(pid):
    """process_status - the lines of /proc/PID/status"""
    with open("/proc/%d/status" % pid) as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file
                    if ":\t" in line)


def test_privileges(program):
    """root is given up for good"""
    with Daemon(program, options=["-v"]) as policyd:
        status = process_status(policyd.server())
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == ("2" if contained(program) else "0")
        # It is logged before the log is open.
        assert re.search(r"contained: seccomp: %s system calls, landlock: "
                         r"version \d" % ("4[0-9]" if contained(program)
                                          else "0"), policyd.stderr())
        if ROOT:
            uid = str(pwd.getpwnam("nobody").pw_uid)
            assert status["Uid"].split() == [uid] * 4, status["Uid"]
            assert "0" not in status["Gid"].split(), status["Gid"]
            assert status["Groups"].strip() == "", status["Groups"]
            for name in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd"):
                assert int(status[name], 16) == 0, (name, status[name])


def test_monitor_privileges(program):
    """of root's power the monitor keeps what starting servers takes"""
    # chown, dac_override, fowner, kill, setgid, setuid, setpcap,
    # net_bind_service
    kept = sum(1 << number for number in (0, 1, 3, 5, 6, 7, 8, 10))
    with Daemon(program) as policyd:
        status = process_status(policyd.monitor)
        assert status["NoNewPrivs"] == "1"
        for name in ("CapPrm", "CapEff", "CapBnd") if ROOT else ():
            assert int(status[name], 16) == kept, (name, status[name])


def test_forbidden_call(program):
    """a server that is killed for a system call: the log says so"""
    with Daemon(program) as policyd:
        policyd.breaks_out = True
        mark = policyd.mark()
        os.kill(policyd.server(), signal.SIGSYS)
        assert policyd.ask() == PERMIT
        policyd.expect(r"died: server \d+ was killed by signal 31 \(Bad system "
                       r"call\): it made a forbidden system call", mark)


def computed():
    """computed - the seconds that all children have, which have ended"""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_many_entries(program):
    """how long Postfix has to wait for a start with 100,000 domains: what is
    judged is what it computes, since the rest is this machine's"""
    policyd = Daemon(program)
    try:
        table = policyd.path("table")
        with open(table, "w") as file:
            file.write("".join("d%d.example ok\n" % number
                               for number in range(100000)))
        for count, value in (("no", ""), ("100,000", "texthash:" + table)):
            policyd.configure('relay_domains = "%s"\n' % value)
            before, begin = computed(), time.monotonic()
            policyd.start()
            seconds = time.monotonic() - begin
            assert policyd.ask() == PERMIT
            assert policyd.stop() == 0
            used = computed() - before
            print("  %s entries: %.0f ms, computed %.0f ms" % (
                count, seconds * 1000, used * 1000))
            assert used < 10
    finally:
        policyd.__exit__()


def test_two_starts(program):
    """of two starts at once exactly one wins"""
    policyd = Daemon(program, 'listen "inet:127.0.0.1:%d" { }' % free_port())
    try:
        for _ in range(STARTS):
            with open(policyd.path("stderr"), "ab") as stderr:
                pair = [subprocess.Popen(
                    [policyd.program, "-c", policyd.config], stderr=stderr)
                    for _ in range(2)]
            wait_until(lambda: any(one.poll() is not None for one in pair),
                       "one of them to give up")
            losers = [one for one in pair if one.poll() is not None]
            assert len(losers) == 1 and losers[0].returncode == 75, \
                policyd.said()
            assert policyd.ask() == PERMIT
            for one in pair:
                if one.poll() is None:
                    one.terminate()
                    assert one.wait(WAIT) == 0
    finally:
        policyd.__exit__()


def test_drain(program):
    """SIGTERM under load: whole replies, then the end"""
    in_time(lambda: drain(program), 5)


def drain(program):
    """drain - once; how long it took"""
    with Daemon(program) as policyd:
        clients = [policyd.client() for _ in range(20)]
        counts = [0] * len(clients)
        halves = []
        ready = threading.Barrier(len(clients) + 1)

        def load(number):
            client = clients[number]
            client.send(OURS)
            ready.wait()
            while True:
                try:
                    reply = client.reply()  # asserts that it is whole
                except AssertionError as error:
                    halves.append(error)
                    return
                if reply == b"":
                    return
                counts[number] += 1
                try:
                    client.send(OURS)
                except (BrokenPipeError, ConnectionResetError):
                    return

        threads = [threading.Thread(target=load, args=(number,))
                   for number in range(len(clients))]
        for thread in threads:
            thread.start()
        ready.wait()
        wait_until(lambda: min(counts) > 20, "load")
        start = time.monotonic()
        assert policyd.stop() == 0
        took = time.monotonic() - start
        for thread in threads:
            thread.join()
        assert not halves, halves
        assert not os.path.lexists(policyd.socket)
        return took


def test_drain_answers(program):
    """what was sent before SIGTERM is answered, in whole batches"""
    with Daemon(program) as policyd:
        clients = [policyd.client() for _ in range(20)]
        for client in clients:
            assert client.ask(OURS) == PERMIT
        server = policyd.server()
        os.kill(server, signal.SIGSTOP)
        for client in clients:
            client.send(OURS * 30 + OURS[:50])
        policyd.signal(signal.SIGTERM)
        os.kill(server, signal.SIGCONT)
        for client in clients:
            for _ in range(30):
                assert client.reply() == PERMIT
            assert client.reply() == b""
        assert policyd.wait() == 0


def test_stop_hung(program):
    """a server that does not end is killed, by time or a second signal"""
    in_time(lambda: stop_hung(program), 4)


def stop_hung(program):
    """stop_hung - by a second signal; how long it took"""
    with Daemon(program) as policyd:
        server = policyd.server()
        os.kill(server, signal.SIGSTOP)
        start = time.monotonic()
        policyd.signal(signal.SIGTERM)
        wait_until(lambda: not os.path.lexists(policyd.socket), "stopping")
        policyd.signal(signal.SIGTERM)
        assert policyd.wait() == 0
        took = time.monotonic() - start
        assert not exists(server)
        return took


def started_with(policyd, call, number):
    """started_with - policyd, which gets a signal at its first such call"""
    policyd.process = subprocess.Popen(
        ["strace", "-o", "/dev/null", "-e", "trace=" + call, "-e",
         "inject=%s:signal=%s:when=1" % (call, number), policyd.program, "-c",
         policyd.config], stdin=subprocess.DEVNULL,
        stderr=open(policyd.path("stderr"), "ab"),
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})


def test_signal_early(program):
    """a signal that comes while policyd starts waits until it can be obeyed"""
    for call in ("capget", "signalfd4", "socketpair"):
        policyd = Daemon(program)
        try:
            started_with(policyd, call, "HUP")
            policyd.expect(r"reloaded: server \d+")
            policyd.monitor = int(re.search(r"policyd\[(\d+)\]: serving: ",
                                  policyd.read(policyd.log)).group(1))
            assert policyd.ask() == PERMIT
            assert policyd.stop() == 0
            started_with(policyd, call, "TERM")
            policyd.monitor = None
            assert policyd.wait() == 0, policyd.stderr()
            assert not os.path.exists(policyd.socket)
        finally:
            policyd.__exit__()


def test_hung(program):
    """a server that hangs is replaced, without any supervisor"""
    with Daemon(program) as policyd:
        hung = policyd.server()
        mark = policyd.mark()
        os.kill(hung, signal.SIGSTOP)
        wait_until(lambda: not exists(hung), "its end", WAIT + 20)
        policyd.expect(r"server %d died: does not answer the monitor" % hung,
                       mark)
        assert policyd.ask() == PERMIT


def test_signals_for_all(program):
    """a terminal's SIGINT, SIGHUP to the whole group: the monitor decides"""
    with Daemon(program) as policyd:
        server = policyd.server()
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM,
                       signal.SIGUSR1):
            os.kill(server, number)
        assert policyd.ask() == PERMIT
        assert policyd.server() == server
        policyd.signal(signal.SIGINT)
        assert policyd.wait() == 0


def test_counters(program):
    """SIGUSR1: counters to the log, also across a reload"""
    with Daemon(program) as policyd:
        for count in (3, 6):
            for _ in range(3):
                assert policyd.ask() == PERMIT
            mark = policyd.mark()
            policyd.signal(signal.SIGUSR1)
            policyd.expect(r"counters: permit=%d .*connections=%d" % (
                count, count), mark)
            policyd.reload()
        with open(MANUAL) as file:
            signals = re.search(r"\.Ss Signals\n(.*?)\.Ss ", file.read(), re.S)
        line = re.search("counters: (.*)", policyd.read(policyd.log)).group(1)
        for word in re.findall(r"(\w+)=", line):
            assert re.search(r"\b%s\b" % word, signals.group(1)), \
                "policyd(8), Signals, has no %s" % word


def test_background(program):
    """-d: the start's exit status, the pid file, a second start"""
    with Daemon(program, background=True) as policyd:
        assert policyd.ask() == PERMIT
        assert exists(policyd.monitor)
        assert os.getsid(policyd.monitor) == policyd.monitor
        assert os.readlink("/proc/%d/cwd" % policyd.monitor) == "/"
        assert stat.S_IMODE(os.lstat(policyd.pid_file).st_mode) == 0o644
        second = subprocess.run(
            [policyd.program, "-d", "-c", policyd.config],
            capture_output=True, timeout=WAIT, text=True)
        assert second.returncode == 75, second
        assert "already running" in second.stderr, second
        assert int(policyd.read(policyd.pid_file)) == policyd.monitor
        policyd.reload()
        policyd.stop()
        assert not os.path.exists(policyd.pid_file)
        assert not os.path.exists(policyd.socket)


def test_background_refused(program):
    """-d with a broken configuration, or a bad pid file"""
    policyd = Daemon(program, "broken {", background=True)
    try:
        policyd.launch()
        assert policyd.wait() == 78
        assert re.search(r"policyd\.conf:\d+: ", policyd.stderr())
        policyd.configure()
        with open(policyd.pid_file, "w") as file:
            file.write("somebody's words")
        policyd.launch()
        assert policyd.wait() == 75
        assert "not a pid file" in policyd.stderr(), policyd.stderr()
        assert policyd.read(policyd.pid_file) == "somebody's words"
        os.unlink(policyd.pid_file)
        os.symlink(policyd.path("target"), policyd.pid_file)
        policyd.launch()
        assert policyd.wait() == 75
        assert not os.path.exists(policyd.path("target"))
        assert not os.path.lexists(policyd.socket)
    finally:
        policyd.__exit__()


def test_background_stale(program):
    """a pid file that a crash left behind is no obstacle"""
    policyd = Daemon(program, background=True)
    try:
        with open(policyd.pid_file, "w") as file:
            file.write("%d\n" % os.getpid())
        policyd.start()
        assert policyd.monitor != os.getpid()
        policyd.stop()
    finally:
        policyd.__exit__()


def test_without_streams(program):
    """started without standard input, output and error: nothing else gets
    their numbers, where log lines would go and what -d closes"""
    for background in (False, True):
        policyd = Daemon(program, background=background)
        policyd.program = policyd.path("closed")
        with open(policyd.program, "w") as script:
            script.write('#!/bin/sh\nexec %s "$@" <&- >&- 2>&-\n' %
                         os.path.abspath(program))
        os.chmod(policyd.program, 0o755)
        with policyd:
            for _ in range(2):
                assert policyd.ask() == PERMIT
                for pid in [policyd.monitor] + policyd.servers():
                    for fd in range(3):
                        assert os.readlink("/proc/%d/fd/%d" % (pid, fd)) == \
                            "/dev/null", (background, pid, fd)
                policyd.reload()
            policyd.stop()
            assert not os.path.exists(policyd.socket)
    with Daemon(program) as policyd:
        # Of -s, which has nothing to read then, it is only known that it ends.
        subprocess.run(["sh", "-c", 'exec "$0" -s -c "$1" <&-', program,
                        policyd.config], check=False, timeout=WAIT)


if __name__ == "__main__":
    sys.exit(run_all([
        test_refused, test_socket_file, test_no_listener, test_in_the_way,
        test_live_socket,
        test_privileges, test_monitor_privileges, test_forbidden_call,
        test_many_entries,
        test_two_starts, test_drain, test_drain_answers, test_stop_hung,
        test_signal_early, test_hung, test_signals_for_all, test_counters, test_background,
        test_background_refused, test_background_stale,
        test_without_streams]))
