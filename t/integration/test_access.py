# SPDX-License-Identifier: ISC
"""Who may connect to a unix socket: its mode, its directory, allow_users."""

import os
import pwd
import re
import signal
import stat
import subprocess
import sys
import time

from kit.daemon import Client, Daemon, OURS, PERMIT, free_port, run_all

ROOT = os.geteuid() == 0
KNOCKS = 50


def as_user(name, address, count=1):
    """as_user - how often that user got an answer, of count connections"""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answers = 0
        try:
            user = pwd.getpwnam(name)
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            for _ in range(count):
                with Client(address) as client:
                    try:
                        answers += client.ask(OURS) == PERMIT
                    except (BrokenPipeError, ConnectionResetError):
                        pass
            os.write(writer, b"%d" % answers)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return int(said)


def counters(policyd):
    mark = policyd.mark()
    policyd.signal(signal.SIGUSR1)
    policyd.expect(r"counters: .*log_dropped", mark)
    return dict(re.findall(r"(\w+)=(\d+)", policyd.read(policyd.log)[mark:]))


def test_allow_users(program):
    """those who are listed are served; others are closed at once"""
    assert ROOT, "only root can become others"
    port = free_port()
    nobody = pwd.getpwnam("nobody").pw_uid
    with Daemon(program, 'allow_users = { "postfix" }\n'
                'listen "inet:127.0.0.1:%d" { }\n' % port) as policyd:
        assert as_user("postfix", policyd.socket) == 1
        start = time.monotonic()
        assert as_user("nobody", policyd.socket, KNOCKS) == 0
        assert as_user("root", policyd.socket) == 0    # nor is root
        # TCP has no users; there allow_remote is for that.
        assert as_user("nobody", ("127.0.0.1", port)) == 1
        assert as_user("postfix", policyd.socket, KNOCKS) == KNOCKS
        counted = counters(policyd)
        assert int(counted["not_allowed"]) == KNOCKS + 1, counted
        lines = re.findall(r"warning: unix:pid=\d+,uid=(\d+): refused: the "
                           "user is not in allow_users",
                           policyd.read(policyd.log))
        # One in 10 seconds, which it may take to knock so often.
        most = 1 + (time.monotonic() - start) // 10
        assert lines[:1] == [str(nobody)] and len(lines) <= most, lines

        # A section's own list counts, also an empty one.
        own, free = policyd.path("own"), policyd.path("free")
        policyd.configure('allow_users = "postfix"\n'
                          'listen "unix:%s" { mode = "0666" '
                          'allow_users = { "%d", "root" } }\n'
                          'listen "unix:%s" { mode = "0666" '
                          'allow_users = { } }\n' % (own, nobody, free))
        policyd.reload()
        for path, users in ((policyd.socket, ["postfix"]),
                            (own, ["nobody", "root"]),
                            (free, ["nobody", "postfix", "root"])):
            for user in ("nobody", "postfix", "root"):
                assert as_user(user, path) == (user in users), (path, user)
        again = subprocess.run(
            [program, "-Tv", "-c", policyd.config], capture_output=True,
            text=True, check=True).stdout
        assert len(re.findall("allow_users = ", again)) == 4, again
        policyd.write_config(again)
        policyd.reload()
        assert as_user("nobody", own) == 1
        assert as_user("postfix", own) == 0


def test_who_was_there(program):
    """a connection that was let in before a reload stays"""
    assert ROOT, "only root can become others"
    with Daemon(program) as policyd, policyd.client() as client:
        assert client.ask(OURS) == PERMIT
        policyd.configure('allow_users = "postfix"\n')
        assert policyd.reload() == 1
        assert client.ask(OURS) == PERMIT
        assert as_user("root", policyd.socket) == 0


def test_directory(program):
    """a directory that everybody can write to: a warning"""
    policyd = Daemon(program)
    try:
        inside = policyd.path("sockets")
        os.mkdir(inside)
        config = policyd.path("other.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write('listen "unix:%s/s" { }\n' % inside)
        os.chmod(config, 0o644)
        for mode, warned in ((0o755, False), (0o775, False), (0o777, True),
                             (0o1777, True)):
            os.chmod(inside, mode)
            done = subprocess.run([program, "-t", "-c", config],
                                  capture_output=True, text=True)
            assert done.returncode == 0, done
            assert ("listen: the directory %s/ can be written by everybody" %
                    inside in done.stderr) == warned, done
    finally:
        policyd.__exit__()


def test_no_window(program):
    """mode and owner are right before anybody can find the socket"""
    policyd = Daemon(program)
    policyd.options = ["-v"]
    traced = policyd.path("strace")
    try:
        policyd.configure(
            'listen "unix:%s" { mode = "0620" %s }' % (
                policyd.path("other"), 'owner = "nobody"' if ROOT else ""),
            listen=False)
        tracer = subprocess.Popen(
            ["strace", "-D", "-o", traced, "-e",
             "trace=umask,bind,chmod,fchmodat,fchownat,listen,renameat2",
             policyd.program, "-c", policyd.config],
            stdin=subprocess.DEVNULL, stderr=open(policyd.path("stderr"), "w"),
            # LeakSanitizer and strace(1) do not go together.
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        policyd.process = tracer
        policyd.monitor = tracer.pid
        policyd.expect(r"serving: server \d+")
        status = os.lstat(policyd.path("other"))
        assert stat.S_ISSOCK(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o620
        assert policyd.stop() == 0
        calls = re.findall(r"^(umask\(0177|bind\(.*?\.policyd-\d+|"
                           r"chmod\(\S+, 0620|"
                           r"fchownat\(|listen\(|renameat2\()",
                           policyd.read(traced), re.M)
        order = [call.split("(")[0] for call in calls]
        assert order == ["umask", "bind"] + ["fchownat"] * ROOT + [
            "chmod", "listen", "renameat2"], policyd.read(traced)
    finally:
        policyd.__exit__()


if __name__ == "__main__":
    sys.exit(run_all([test_allow_users, test_who_was_there, test_directory,
                      test_no_window]))
