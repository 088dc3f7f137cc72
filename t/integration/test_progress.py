#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_progress - long work says on a terminal how far it is, takes that away
again, and says nothing where there is no terminal.

usage: test_progress.py POLICYD (POLICYD_TEST_NAMES, POLICYD_TEST_REQUESTS)
"""

import contextlib
import os
import pty
import re
import shutil
import subprocess
import sys

from kit.daemon import REQUEST, WAIT, run_all
from kit.postfix import temporary_directory

NAMES = int(os.environ.get("POLICYD_TEST_NAMES", "300000"))
REQUESTS = int(os.environ.get("POLICYD_TEST_REQUESTS", "300000"))
CLEAR = "\r\x1b[K"
HERE = os.path.dirname(os.path.abspath(__file__))

# What a tool of t/ does, for as long as it takes to say something.
TOOL = ("import sys, time; sys.path.insert(0, %r)\n"
        "from progress import Progress\n"
        "with Progress(5, 'things') as progress:\n"
        "    for _ in range(5):\n"
        "        time.sleep(0.12)\n"
        "        progress.step()\n" % os.path.join(HERE, os.pardir, "tools"))


class Place:
    """A configuration with a huge table, and a capture of many requests."""

    def __init__(self):
        self.directory = temporary_directory()
        self.config = self.path("policyd.conf")
        self.capture = self.path("capture")
        with open(self.path("names"), "w", encoding="ascii") as file:
            for number in range(NAMES):
                file.write("d%d.example x\n" % number)
        with open(self.path("plain"), "w", encoding="ascii") as file:
            for number in range(NAMES):
                file.write("d%d.example\n" % number)
        self.text = ('listen "unix:%s" { }\nmyhostname = "mx.local.test"\n'
                     'relay_domains = "%%s"\n' % self.path("socket"))
        with open(self.config, "w", encoding="ascii") as file:
            file.write(self.text % ("texthash:" + self.path("names")))
        with open(self.capture, "wb") as file:
            file.write(REQUEST % b"user@d7.example" * REQUESTS)

    def path(self, name):
        return os.path.join(self.directory, name)


@contextlib.contextmanager
def place():
    there = Place()
    try:
        yield there
    finally:
        shutil.rmtree(there.directory)


def at_terminal(argv):
    """at_terminal - (status, what a terminal got on standard error)"""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    got = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:     # EIO: nobody has the terminal open any more
            break
        if not data:
            break
        got += data
    os.close(ours)
    return process.wait(WAIT), got.decode()


def both(argv):
    """both - at a terminal, where each line is taken away again; and the
    lines. Through a pipe there must be none."""
    status, got = at_terminal(argv)
    piped = subprocess.run(argv, stdout=subprocess.DEVNULL, text=True,
                           stderr=subprocess.PIPE, timeout=3 * WAIT)
    assert status == piped.returncode == 0, (status, piped)
    assert piped.stderr == "", "through a pipe: %r" % piped.stderr[:500]
    assert got.endswith(CLEAR), "not taken away: %r" % got[-200:]
    lines = got.split(CLEAR)
    assert lines[0] == lines[-1] == "", repr(got[:200])
    assert all(len(line) < 80 for line in lines), lines
    return [line for line in lines if line]


def test_load(program):
    """a huge table, and a huge file of names: whatever loads them"""
    with place() as there:
        for name in "texthash:" + there.path("names"), there.path("plain"):
            with open(there.config, "w", encoding="ascii") as file:
                file.write(there.text % name)
            for argv in ["-t"], ["-T"], ["-q", "to=user@d7.example"]:
                lines = both([program, *argv, "-c", there.config])
                assert lines == [("reading %s ..." % name)[:79]], lines


def test_replay(program):
    """--replay of many requests; --id, which looks for one"""
    with place() as there:
        lines = both([program, "-q", "-c", there.config, "--replay",
                      there.capture])
        found = [re.fullmatch(r" *(\d+) % of /.*, (\d+) requests", line)
                 for line in lines]
        told = [tuple(map(int, each.groups())) for each in found if each]
        assert told, lines
        assert told == sorted(told) and told[-1][0] <= 100, told
        for line, each in zip(lines, found):
            assert each or line.startswith("reading "), line
        argv = [program, "-q", "-c", there.config, "--id", "4F2K7Q",
                there.capture]
        status, got = at_terminal(argv)
        assert status == 1 and " requests" + CLEAR in got, repr(got)
        assert got.split(CLEAR)[-1].startswith(
            "policyd: id 4F2K7Q not found"), got


def test_tools(_):
    """what the tools of t/ use"""
    lines = both([sys.executable, "-c", TOOL])
    assert lines[0] == "0 of 5 things" and len(lines) >= 3, lines
    for line in lines[1:-1]:
        assert re.fullmatch(r"[1-4] of 5 things, about \d+ s more", line), line


if __name__ == "__main__":
    sys.exit(run_all([test_load, test_replay, test_tools]))
