# SPDX-License-Identifier: ISC
"""Reload and upgrade: nothing is lost, nothing is old when it is done; what
fails changes nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

from kit.daemon import (Client, Daemon, OURS, PERMIT, THEIRS, WAIT,
                        descriptors, exists, free_port, is_socket, run_all,
                        wait_until)
from kit.questions import REPLIES, REPLY_SETTINGS

RELOADS = int(os.environ.get("POLICYD_TEST_RELOADS", "50"))


def which(reply):
    """which - the configuration that a reply is from"""
    for number, text in enumerate(REPLIES):
        if reply.startswith(b"action=" + text) and reply.endswith(b"\n\n"):
            return number
    raise AssertionError("neither old nor new: %r" % reply)


class Load(threading.Thread):
    """One connection that asks as fast as it can, in small batches."""

    def __init__(self, address, batch):
        super().__init__()
        self.client = Client(address)
        self.batch = batch
        self.count = 0
        self.worst = 0.0        # seconds until a whole batch was answered
        self.stop = False
        self.error = None

    def run(self):
        try:
            while not self.stop:
                begin = time.monotonic()
                self.client.send(THEIRS * self.batch)
                for _ in range(self.batch):
                    reply = self.client.reply()
                    assert reply, "connection closed"
                    which(reply)
                    self.count += 1
                self.worst = max(self.worst, time.monotonic() - begin)
        except Exception as error:
            self.error = error
        self.client.close()


def test_under_load(program):
    """no request lost, no connection closed, no old reply when it is done"""
    port = free_port()
    listen = 'listen "inet:127.0.0.1:%d" { }\n' % port
    with Daemon(program, REPLY_SETTINGS[0] + listen) as policyd:
        tcp = ("127.0.0.1", port)
        load = [Load((policyd.socket, tcp)[number % 2], 1 + number % 5)
                for number in range(10)]
        fixed = [Client((policyd.socket, tcp)[number % 2])
                 for number in range(30)]
        for thread in load:
            thread.start()
        begin = time.monotonic()
        monitor_fds = None
        for number in range(1, RELOADS + 1):
            # Some wait with the beginning of a request, some are idle.
            place = number * 7 % len(THEIRS)
            for client in fixed[:20]:
                client.send(THEIRS[:place])
            policyd.configure(REPLY_SETTINGS[number % 2] + listen)
            taken = policyd.reload()
            assert taken >= len(fixed) + len(load), taken
            for client in fixed[:20]:
                client.send(THEIRS[place:])
            for client in fixed[20:]:
                client.send(THEIRS)
            for client in fixed:
                assert which(client.reply()) == number % 2
            errors = [thread.error for thread in load if thread.error]
            assert not errors, errors
            if number == 10:
                monitor_fds = descriptors(policyd.monitor)
        for thread in load:
            thread.stop = True
        for thread in load:
            thread.join()
            assert thread.error is None and thread.count > RELOADS, (
                thread.error, thread.count)
        wait_until(lambda: len(policyd.servers()) == 1, "one server")
        if RELOADS > 10:
            assert descriptors(policyd.monitor) == monitor_fds
        seconds = time.monotonic() - begin
        print("  %d requests, %d reloads in %.1f s, %d requests a second, "
              "longest pause %.0f ms" % (
                  sum(thread.count for thread in load), RELOADS, seconds,
                  sum(thread.count for thread in load) / seconds,
                  max(thread.worst for thread in load) * 1000))


def test_broken(program):
    """20 broken configurations change nothing, then a good one works"""
    with Daemon(program, REPLY_SETTINGS[0]) as policyd, \
            policyd.client() as client:
        assert which(client.ask(THEIRS)) == 0
        server = policyd.server()
        good = policyd.read(policyd.config)
        before = descriptors(policyd.monitor)
        for number in range(20):
            policyd.write_config((b"", b"nonsense\n", b"a\0b", b"x = {" * 99,
                                  b'listen "unix:relative" { }\n')
                                 [number % 5] or good[:len(good) - 9])
            text = policyd.reload_refused()
            assert "policyd.conf" in text, text
            assert which(client.ask(THEIRS)) == 0
            assert which(policyd.ask(THEIRS)) == 0
        assert policyd.server() == server
        wait_until(lambda: descriptors(policyd.monitor) == before,
                   "%d descriptors" % before)
        policyd.configure(REPLY_SETTINGS[1])
        assert policyd.reload() == 1
        assert which(client.ask(THEIRS)) == 1


def test_sockets(program):
    """listeners come and go with the configuration; all or nothing"""
    with Daemon(program) as policyd:
        other = policyd.path("other")
        new = 'listen "unix:%s" { }\n' % other
        policyd.configure(new)
        policyd.reload()
        with Client(other) as client:
            assert client.ask(OURS) == PERMIT
            # The second one cannot be opened: the third must not stay.
            third = policyd.path("third")
            policyd.configure('listen "unix:%s" { }\n'
                              'listen "unix:%s" { }\n' % (
                                  third, policyd.path("none/socket")))
            assert "none" in policyd.reload_refused()
            assert not os.path.lexists(third)
            assert is_socket(other)
            assert client.ask(OURS) == PERMIT
            policyd.configure()
            policyd.reload()
            assert not os.path.lexists(other)
            assert client.ask(OURS) == PERMIT
        assert policyd.ask() == PERMIT
        # Somebody removed the name: a reload brings it back.
        os.unlink(policyd.socket)
        policyd.reload()
        assert policyd.ask() == PERMIT


def replace(path, source=None, script=None):
    """replace - another program at that path, as a package manager does it"""
    new = path + ".new"
    if script is not None:
        with open(new, "w") as file:
            file.write("#!/bin/sh\n" + script)
    else:
        shutil.copy(source, new)
    os.chmod(new, 0o755)
    os.rename(new, path)


def copied(program):
    """copied - a policyd of our own, which can be replaced"""
    policyd = Daemon(program)
    policyd.own_program()
    return policyd


def test_bad_program(program):
    """a new program that fails in any way changes nothing"""
    with copied(program) as policyd, policyd.client() as client:
        assert client.ask(OURS) == PERMIT
        server = policyd.server()
        before = descriptors(policyd.monitor)
        for script, why in (("exit 0\n", "status 0"),
                            ("exit 1\n", "status 1"),
                            ("kill -SEGV $$\n", "signal 11"),
                            ("kill -KILL $$\n", "signal 9")):
            replace(policyd.program, script=script)
            text = policyd.reload_refused()
            assert why in text, text
            assert client.ask(OURS) == PERMIT
        with open(policyd.program + ".new", "wb") as file:
            file.write(b"no program")
        os.rename(policyd.program + ".new", policyd.program)
        assert "cannot run" in policyd.reload_refused()
        os.unlink(policyd.program)
        assert "cannot run" in policyd.reload_refused()
        assert policyd.server() == server
        wait_until(lambda: descriptors(policyd.monitor) == before,
                   "%d descriptors" % before)
        replace(policyd.program, source=program)
        assert policyd.reload() == 1
        assert client.ask(OURS) == PERMIT


def test_closed_channel(program):
    """a new program that closes what it got, and does not end: the reload
    fails, and says so"""
    with copied(program) as policyd, policyd.client() as client:
        assert client.ask(OURS) == PERMIT
        replace(policyd.program, script=(
            "exec python3 -c 'import os, time\n"
            "os.closerange(3, 1000)\ntime.sleep(1000)'\n"))
        text = policyd.reload_refused()
        assert "closed its channel, and did not end" in text, text
        assert client.ask(OURS) == PERMIT


def test_hung_program(program):
    """a new program that hangs: the old one serves, and policyd can stop"""
    with copied(program) as policyd, policyd.client() as client:
        replace(policyd.program, script="exec sleep 1000\n")
        policyd.signal(signal.SIGHUP)
        wait_until(lambda: len(policyd.servers()) == 2, "the new server")
        assert client.ask(OURS) == PERMIT
        assert policyd.ask() == PERMIT
        if os.environ.get("POLICYD_TEST_DEEP"):
            time.sleep(60)
            policyd.expect("reload failed: not ready in time")
            assert len(policyd.servers()) == 1
            assert client.ask(OURS) == PERMIT
        servers = policyd.servers()
        assert policyd.stop() == 0
        assert not any(exists(pid) for pid in servers)


def test_dies_meanwhile(program):
    """the old server dies while a new one starts: the new one takes over"""
    with copied(program) as policyd:
        old = policyd.server()
        replace(policyd.program, script=(
            'while [ -e "%s" ]; do :; done\nexec "%s" "$@"\n' % (
                policyd.path("wait"), os.path.abspath(program))))
        with open(policyd.path("wait"), "w"):
            pass
        policyd.signal(signal.SIGHUP)
        wait_until(lambda: len(policyd.servers()) == 2, "the new server")
        mark = policyd.mark()
        os.kill(old, signal.SIGKILL)
        policyd.expect("died", mark)
        with policyd.client() as client:
            client.send(OURS)
            os.unlink(policyd.path("wait"))
            assert client.reply() == PERMIT
        assert policyd.server() != old


def test_upgrade(program):
    """a newly installed program is used at the next reload"""
    with copied(program) as policyd, policyd.client() as client:
        assert client.ask(OURS) == PERMIT
        old = os.lstat(policyd.program).st_ino
        replace(policyd.program, source=program)
        client.send(OURS[:60])
        assert policyd.reload() == 1
        client.send(OURS[60:])
        assert client.reply() == PERMIT
        if os.geteuid() == 0:
            new = os.stat("/proc/%d/exe" % policyd.server()).st_ino
            assert new == os.lstat(policyd.program).st_ino != old


def test_deadline_moves(program):
    """the time of an unfinished request continues across reloads"""
    # Where a reload, or its news, takes too long to see that, with more time.
    assert any(deadline_moves(program, limit) for limit in (2, 8, 32))


def deadline_moves(program, limit):
    """deadline_moves - with that limit; did the request end before it would
    have, if a reload had given it the whole limit again?"""
    with Daemon(program, "request_timeout = %ds\n" % limit) as policyd:
        with policyd.client() as client:
            start = time.monotonic()
            client.send(OURS[:60])
            while time.monotonic() < start + 0.75 * limit:
                last = time.monotonic()
                policyd.reload()
            assert client.reply() == b""
            ended = time.monotonic()
            assert ended - start > limit - 0.1, ended - start
            return last > start + 0.3 * limit and ended < last + limit - 0.1


def test_unsent_moves(program):
    """replies that were not taken yet move with their connection"""
    with Daemon(program) as policyd, policyd.client() as client:
        client.socket.setblocking(False)
        count = 0
        try:
            while count < 100000:
                assert client.socket.send(OURS) == len(OURS)
                count += 1
        except BlockingIOError:
            pass
        # Both buffers are full: a request may have been cut in two.
        client.socket.settimeout(WAIT)
        assert policyd.reload() == 1
        done = 0
        while done < count:
            assert client.reply() == PERMIT, done
            done += 1
        assert client.ask(OURS) == PERMIT


def fill_channel(policyd):
    """fill_channel - have the monitor say more to a server that is stopped than
    there is room for"""
    path = "/proc/%d/status" % policyd.monitor
    bit = 1 << (signal.SIGUSR1 - 1)
    mark = policyd.mark()

    def is_read():
        return not int(re.search(r"ShdPnd:\s*(\w+)",
                                 policyd.read(path)).group(1), 16) & bit
    while "counters: channel: " not in policyd.read(policyd.log, mark):
        policyd.signal(signal.SIGUSR1)
        wait_until(is_read, "the signal is read")
        assert not was_killed(policyd)


def was_killed(policyd):
    """was_killed - the monitor has not waited any longer for a server that was
    stopped"""
    return re.search(r"(died|was leaving): does not (answer|read)",
                     policyd.read(policyd.log))


def orders(policyd, client):
    """orders - to hand over, and to end, to a server that is stopped"""
    assert client.ask(OURS) == PERMIT
    old = policyd.server()
    mark = policyd.mark()
    os.kill(old, signal.SIGSTOP)
    fill_channel(policyd)
    policyd.signal(signal.SIGHUP)
    assert policyd.ask() == PERMIT          # the new one serves
    os.kill(old, signal.SIGCONT)
    found = policyd.expect(r"reloaded: server \d+, (.*)|died: ", mark)
    assert re.match(r"\d+ connections? taken over", found.group(1) or ""), found
    assert client.ask(OURS) == PERMIT
    old = policyd.server()
    mark = policyd.mark()
    os.kill(old, signal.SIGSTOP)
    fill_channel(policyd)
    client.send(OURS * 3)
    policyd.signal(signal.SIGTERM)
    policyd.expect("stopping", mark)
    os.kill(old, signal.SIGCONT)
    for _ in range(3):
        assert client.reply() == PERMIT
    assert policyd.wait() == 0


def full_channel(program):
    """full_channel - False: the monitor was faster than we"""
    with Daemon(program) as policyd, policyd.client() as client:
        try:
            orders(policyd, client)
        except (AssertionError, OSError):
            if was_killed(policyd):
                return False
            raise
    return True


def test_full_channel(program):
    """orders to a server that does not read for a while arrive later"""
    # On a busy machine that may take longer than the watchdog waits.
    assert any(full_channel(program) for _ in range(5))


def test_storm(program):
    """many SIGHUPs at once are one or a few reloads, the last one counts"""
    with Daemon(program, REPLY_SETTINGS[0]) as policyd, \
            policyd.client() as client:
        for number in range(1, 6):
            for _ in range(20):
                policyd.signal(signal.SIGHUP)
            policyd.configure(REPLY_SETTINGS[number % 2])
            policyd.signal(signal.SIGHUP)
            wait_until(lambda: which(client.ask(THEIRS)) == number % 2,
                       "the new text")
        wait_until(lambda: len(policyd.servers()) == 1, "one server")


def test_stop_meanwhile(program):
    """SIGTERM during a reload"""
    for number in range(10):
        with Daemon(program) as policyd, policyd.client() as client:
            assert client.ask(OURS) == PERMIT
            policyd.signal(signal.SIGHUP)
            time.sleep(number * 0.002)
            servers = policyd.servers()
            assert policyd.stop() == 0
            assert not any(exists(pid) for pid in servers)
            assert not os.path.lexists(policyd.socket)


def test_pieces(program):
    """no call to the kernel takes so long that a server would have to wait
    for the one that loads, on a kernel that does not preempt itself"""
    with Daemon(program) as policyd:
        domains, table = policyd.path("domains"), policyd.path("table")
        names = ["d%07u.example" % i for i in range(40000)]
        with open(domains, "w") as file:
            file.write("\n".join(names))
        with open(table, "w") as file:
            file.write("\n".join(name + " x" for name in names))
        with open(policyd.path("large.conf"), "w") as file:
            file.write('myhostname = "mx.example"\nmydestination = "%s"\n'
                       'relay_domains = "texthash:%s"\n'
                       'listen "unix:%s" { }\n' % (
                           domains, table, policyd.path("other")))
        subprocess.run(
            ["strace", "-f", "-o", policyd.path("trace"), "-e", "trace=read",
             policyd.program, "-t", "-c", policyd.path("large.conf")],
            check=True, capture_output=True, timeout=WAIT,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        taken = [int(number) for number in re.findall(
            r"^\d+ +read\(.* = (\d+)$", policyd.read(policyd.path("trace")),
            re.M)]
        assert sum(taken) > os.path.getsize(domains) + os.path.getsize(table)
        assert max(taken) <= 65536, max(taken)


if __name__ == "__main__":
    sys.exit(run_all([
        test_under_load, test_broken, test_sockets, test_bad_program,
        test_closed_channel, test_hung_program, test_dies_meanwhile,
        test_upgrade,
        test_deadline_moves, test_unsent_moves, test_full_channel, test_storm,
        test_stop_meanwhile, test_pieces]))
