#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_init_apply - policyd --init --apply, --observe and --undo against a real
Postfix: what is applied is what the printed commands do, byte for byte; so is
the way back; what fails is restored; what an administrator has changed since
is never lost.

usage: test_init_apply.py POLICYD
"""

import os
import shutil
import signal
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.init import MAIN, parts, shell, stranger, three_ports
from kit.mailer import Mailer
from kit.postfix import Postfix, Sink, poll, run, settle

FILES = ("main.cf", "master.cf")


class Machine:
    """A Postfix with three ports, and a policyd.conf beside it."""

    def __init__(self, program, postfix, sink):
        postfix.deliver_to(sink)
        self.program = program
        self.postfix = postfix
        self.ports = three_ports(postfix)
        self.file = postfix.path("policyd.conf")
        self.pid_file = postfix.path("policyd.pid")
        self.before = self.bytes()
        self.mailer = Mailer(postfix, sink, self.ports)

    def bytes(self, directory=None):
        """bytes - of both files"""
        found = []
        for name in FILES:
            with open(os.path.join(directory or self.postfix.config, name),
                      "rb") as file:
                found.append(file.read())
        return found

    def ask(self, *options, status=0):
        """ask - policyd with these options; its output"""
        settle(self.postfix.config)
        done = subprocess.run(
            [self.program, *options, "-c", self.file] + (
                [] if "--undo" in options else [self.postfix.config]),
            capture_output=True, text=True, timeout=WAIT)
        assert done.returncode == status, (options, done)
        return done.stdout + done.stderr

    def write(self, *options):
        """write - policyd.conf, with a pid file of its own; what is printed"""
        printed = self.ask("--init", *options)
        with open(self.file, "a", encoding="utf-8") as file:
            file.write('pid_file = "%s"\nlog = "%s"\n' % (
                self.pid_file, self.postfix.path("policyd.log")))
        return printed

    def typed(self, printed):
        """typed - the files as the printed commands make them, on a copy"""
        copy = self.postfix.path("copy")
        shutil.copytree(self.postfix.config, copy)
        for line in parts(printed)["2"]:
            if line.startswith("postconf"):
                settle(copy)
                shell([line.replace(self.postfix.config, copy, 1)])
        found = self.bytes(copy)
        shutil.rmtree(copy)
        return found

    def stop(self):
        """stop - the policyd that --apply has started"""
        if not os.path.exists(self.pid_file):
            return
        with open(self.pid_file, encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        poll(lambda: not os.path.exists(self.pid_file))


def on_machine(test):
    """on_machine - a test with a machine"""
    def run_test(program):
        with Sink() as sink, Postfix(MAIN) as postfix:
            machine = Machine(program, postfix, sink)
            try:
                test(machine)
            finally:
                machine.stop()
    run_test.__name__ = test.__name__
    return run_test


@on_machine
def test_apply(machine):
    """on, off, on, and off when something else has changed"""
    typed = machine.typed(machine.write())
    machine.postfix.start()
    stranger(machine.mailer, "250 2.1.5")
    printed = machine.ask("--init", "--apply")
    assert "# What will change:\n" in printed and "postconf" not in \
        printed.split("# The same settings by hand")[0], printed
    assert machine.bytes() == typed
    stranger(machine.mailer, "554 5.7.1")
    assert "already asks policyd" in machine.ask("--init", "--apply",
                                                 status=78)
    assert machine.ask("--undo") == (
        "%s: main.cf and master.cf are as they were before policyd --init\n" %
        machine.postfix.config)
    assert machine.bytes() == machine.before
    stranger(machine.mailer, "250 2.1.5")
    machine.ask("--undo")
    # It is running now, and is not started again.
    machine.ask("--init", "--apply")
    assert machine.bytes() == typed
    settle(machine.postfix.config)
    run("postconf", "-c", machine.postfix.config, "-e", "mine = yes")
    changed = machine.bytes()
    printed = machine.ask("--undo", status=1)
    assert machine.bytes() == changed
    assert "has changed since policyd --init" in printed, printed
    for line in printed.splitlines():
        if line.startswith("postconf"):
            settle(machine.postfix.config)
            shell([line])
    assert machine.bytes()[0] == machine.before[0] + b"mine = yes\n"


@on_machine
def test_observe(machine):
    """the first step: everything passes as before"""
    typed = machine.typed(machine.write("--observe"))
    machine.postfix.start()
    # policyd -P reports AUTH without TLS, which stays.
    printed = machine.ask("--init", "--observe", "--apply", status=1)
    assert "Postfix asks policyd\n" in printed, printed
    assert "AUTH is offered without TLS" in printed, printed
    assert machine.bytes() == typed
    stranger(machine.mailer, "250 2.1.5")
    with open(machine.postfix.path("policyd.log"), encoding="utf-8") as log:
        assert "verdict=reject" in log.read()
    assert "policyd logs what it would answer" in printed, printed
    machine.ask("--undo")
    assert machine.bytes() == machine.before
    assert "has mode = observe: remove it, or use --observe" in \
        machine.ask("--init", "--apply", status=78)
    assert machine.bytes() == machine.before


@on_machine
def test_links(machine):
    """main.cf is a link to a file elsewhere, which only root may write"""
    link = machine.postfix.path("etc", "main.cf")
    file = machine.postfix.path("real.cf")
    os.rename(link, file)
    os.symlink(file, link)
    os.chmod(file, 0o640)
    printed = machine.write()
    assert ("#\t%s is a symbolic link, and will be a file; --apply keeps the "
            "link.\n" % link) in printed, printed
    typed = machine.typed(printed)
    for options, wanted in ((["--init", "--apply"], typed),
                            (["--undo"], machine.before)):
        said = machine.ask(*options)
        assert "symbolic link" not in said, said
        assert machine.bytes() == wanted
        assert os.readlink(link) == file
        assert os.stat(file).st_mode & 0o7777 == 0o640
        assert not os.path.exists(link + ".policyd")
        assert not os.path.exists(file + ".policyd")


@on_machine
def test_failures(machine):
    """what fails is restored, or was never begun"""
    machine.write()
    with open(machine.file, encoding="utf-8") as file:
        text = file.read()
    # Postfix may not connect to the socket.
    with open(machine.file, "w", encoding="utf-8") as file:
        file.write(text.replace('owner = "postfix"', 'owner = "root"').replace(
            'mode = "0660"', 'mode = "0600"'))
    machine.postfix.start()
    said = machine.ask("--init", "--apply", status=69)
    assert "main.cf and master.cf are restored" in said, said
    assert machine.bytes() == machine.before
    machine.stop()
    # It cannot start.
    with open(machine.file, "w", encoding="utf-8") as file:
        file.write(text.replace(machine.pid_file,
                                machine.postfix.path("missing", "pid")))
    said = machine.ask("--init", "--apply", status=69)
    assert "policyd: policyd -d -c %s: " % machine.file in said, said
    assert machine.bytes() == machine.before
    # Others could have written the copies.
    with open(machine.file, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(machine.file + ".before", 0o777)
    machine.ask("--init", "--apply", status=73)
    machine.ask("--undo", status=78)
    os.chmod(machine.file + ".before", 0o700)


def test_command_line(program):
    """options that do not go together"""
    for words in (["--apply"], ["--observe"], ["--undo", "--apply"],
                  ["--init", "--undo", "--observe"], ["--undo", "-t"],
                  ["--undo", "/etc/postfix"], ["-P", "--apply"]):
        done = subprocess.run([program, *words], capture_output=True,
                              text=True, timeout=WAIT)
        assert done.returncode == 64 and done.stderr.count("\n") == 1, done
    done = subprocess.run(
        [program, "--undo", "-c", "/nonexistent/policyd.conf"],
        capture_output=True, text=True, timeout=WAIT)
    assert done.returncode == 78 and "there is nothing to undo" in \
        done.stderr, done


if __name__ == "__main__":
    sys.exit(run_all([test_command_line, test_apply, test_observe, test_links,
                      test_failures]))
