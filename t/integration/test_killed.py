# SPDX-License-Identifier: ISC
"""A server or a monitor that is killed: it is replaced, by what was accepted
last, or ends."""

import os
import signal
import subprocess
import sys

from kit.daemon import (Daemon, OURS, PERMIT, THEIRS, exists, is_socket,
                        run_all, wait_until)
from kit.program import unwarned
from kit.strace import inject


def test_kill_server(program):
    """a server that is killed is replaced; the sockets stay"""
    with Daemon(program) as policyd:
        for _ in range(5):
            old = policyd.server()
            mark = policyd.mark()
            inode = os.lstat(policyd.socket).st_ino
            os.kill(old, signal.SIGKILL)
            assert policyd.ask() == PERMIT      # waits in the backlog
            policyd.expect(r"server %d died: .*signal 9" % old, mark)
            policyd.expect(r"serving: server \d+", mark)
            assert policyd.server() != old
            assert os.lstat(policyd.socket).st_ino == inode


def kill(policyd):
    """kill - the server; where the log was before"""
    mark = policyd.mark()
    os.kill(policyd.server(), signal.SIGKILL)
    policyd.expect(r"died: .*signal 9", mark)
    return mark


def test_kill_server_broken(program):
    """killed while main.cf is away, which a replacement reads, too: policyd
    keeps trying"""
    policyd = Daemon(program)
    main_cf = policyd.path("main.cf")
    with open(main_cf, "w") as file:
        file.write("compatibility_level = 3.6\n")
    policyd.configure('import_postfix = "%s"\n' % policyd.directory)
    with policyd:
        os.rename(main_cf, main_cf + ".orig")
        mark = kill(policyd)
        policyd.expect(r"policyd\.conf:7: (.*\n)*.*no server: .*next try", mark)
        with policyd.client() as waiting:
            waiting.send(OURS)
            os.rename(main_cf + ".orig", main_cf)
            assert waiting.reply() == PERMIT
        policyd.configure()
        os.unlink(main_cf)
        mark = kill(policyd)
        policyd.expect("no server: .*next try", mark)
        assert CHANGED in policyd.read(policyd.log, mark)
        policyd.signal(signal.SIGHUP)   # reads the file, which helps
        assert policyd.ask() == PERMIT


CHANGED = "policyd.conf has changed since it was loaded; the replacement uses " \
    "the version that was in force; reload to use the new one"


def replaced(policyd, request, changed=True):
    """replaced - killed, and the next server answers that as before, and says
    whether the file is another one now"""
    old = policyd.server()
    mark = kill(policyd)
    assert policyd.ask(request) == PERMIT
    policyd.expect(r"serving: server \d+", mark)
    said = unwarned(policyd.program, policyd.read(policyd.log, mark))
    assert said.count(CHANGED) == changed, said
    assert said.count("warning: ") == changed, said
    assert policyd.server() != old


def test_kill_server_edited(program):
    """killed while policyd.conf is being edited: what was accepted last stays
    in force until a reload"""
    with Daemon(program) as policyd:
        good = policyd.read(policyd.config)
        other = good.replace('= "local.test"', '= "remote.example"')
        replaced(policyd, OURS, False)
        policyd.write_config(good[:-20])
        replaced(policyd, OURS)
        policyd.reload_refused()
        assert policyd.ask() == PERMIT
        policyd.write_config(other)
        replaced(policyd, OURS)
        assert policyd.ask(THEIRS) != PERMIT
        policyd.reload()
        assert policyd.ask(THEIRS) == PERMIT
        policyd.write_config("broken {\n")
        policyd.reload_refused()
        replaced(policyd, THEIRS)
        assert policyd.ask() != PERMIT


def test_kill_server_untrusted(program):
    """what is no file to be trusted any more has changed, too"""
    with Daemon(program) as policyd:
        os.chmod(policyd.config, 0o666)
        replaced(policyd, OURS)
        os.unlink(policyd.config)
        replaced(policyd, OURS)
        policyd.reload_refused()
        assert policyd.ask() == PERMIT
        policyd.configure()
        replaced(policyd, OURS, False)


def test_kill_server_unkept(program):
    """where there are no files in memory policyd says so, and a replacement
    reads the file as it is"""
    policyd = Daemon(program)
    try:
        policyd.process = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null"] +
            inject("memfd_create", "ENOSYS", "1+") +
            [policyd.program, "-c", policyd.config],
            stdin=subprocess.DEVNULL, stderr=open(policyd.path("stderr"), "ab"),
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        path = "/proc/%d/task/%d/children" % (policyd.process.pid,
                                              policyd.process.pid)
        policyd.expect("serving: ")
        policyd.monitor = int(policyd.read(path).split()[0])
        assert "policyd.conf cannot be kept (memfd_create: Function not " \
            "implemented)" in policyd.stderr(), policyd.stderr()
        policyd.write_config(policyd.read(policyd.config).replace(
            '= "local.test"', '= "remote.example"'))
        mark = kill(policyd)
        assert policyd.ask(THEIRS) == PERMIT
        assert CHANGED not in policyd.read(policyd.log, mark)
        assert policyd.stop() == 0
    finally:
        if policyd.monitor and exists(policyd.monitor):
            os.kill(policyd.monitor, signal.SIGKILL)    # strace lets it go
        policyd.__exit__()


def test_kill_monitor(program):
    """kill -9 of the monitor: the server ends too; a new start just works"""
    with Daemon(program) as policyd:
        server = policyd.server()
        with policyd.client() as client:
            assert client.ask(OURS) == PERMIT
            policyd.process.kill()
            policyd.process.wait()
            assert client.reply() == b""
        wait_until(lambda: not exists(server), "end of the server")
        assert is_socket(policyd.socket)
        policyd.process = None
        policyd.start()
        assert policyd.ask() == PERMIT


if __name__ == "__main__":
    sys.exit(run_all([
        test_kill_server, test_kill_server_broken, test_kill_server_edited,
        test_kill_server_untrusted, test_kill_server_unkept,
        test_kill_monitor]))
