#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_init_forecast - policyd --init ends with a forecast, as comments, where
it can read a log of Postfix; whatever the log is, --init does its work.

usage: test_init_forecast.py POLICYD [TEST ...]
"""

import bz2
import gzip
import lzma
import os
import re
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.forecast import LOGS_TLS, session
from kit.init import Place, parts
from kit.journal import Journal
from kit.postfix import settle

MAIN = "mydestination = local.test\nimport_environment =\n"
HEAD = "# The mail in the log of Postfix:\n"


class Logged(Place):
    """A Postfix that never runs, and its log."""

    def __init__(self, log=None, name="log", main=MAIN):
        super().__init__(main)
        self.log = os.path.join(self.directory, name)
        if log is not None:
            self.write(log)

    def write(self, log, name=None):
        """write - text or bytes"""
        with open(name or self.log, "wb") as out:
            out.write(log if isinstance(log, bytes) else log.encode())

    def forecast(self, program, *options):
        """forecast - what is printed about the log; None: nothing. --init has
        done its work in any case."""
        status, output, errors = self.init(
            program, "-c", self.file, *options, self.config)
        assert status == 0, (status, errors)
        assert not errors, errors
        assert os.path.exists(self.file), output
        assert re.search(r"(?m)^# And to stop policyd:\n", output), output
        at = output.find(HEAD)
        if at < 0:
            return None
        said = output[at + len(HEAD):]
        assert all(line.startswith("#") for line in said.splitlines()), said
        # The lines to type are what they were.
        assert parts(output[:at]).keys() == parts(output).keys() or \
            not parts(said), (output, said)
        return said


def test_named(program):
    """--log FILE; the forecast is that of -q --replay"""
    with Logged(LOGS_TLS + session()) as place:
        said = place.forecast(program, "--log", place.log)
        assert re.search(r"^# of 1 recipient that Postfix accepted .*, 1 would "
                         r"be refused:$", said, re.M), said
        assert "to keep them" in said, said
        replayed = subprocess.run(
            [program, "-q", "-c", place.file, "--replay", place.log],
            stdout=subprocess.PIPE, text=True).stdout
        assert [line for line in said.splitlines()] == [
            "# " + line for line in replayed.splitlines()], (said, replayed)
        # Another time, policyd.conf is kept. The log of this host is not that
        # of this Postfix.
        assert place.forecast(program) is None


def test_found(program):
    """maillog_file of that Postfix, and what it was before it was rotated"""
    with Logged() as place:
        with open(os.path.join(place.config, "main.cf"), "a") as main:
            main.write("maillog_file = %s\n" % place.log)
        settle(place.config)
        place.write(LOGS_TLS + session(ident="BBBBB"))
        place.write(session(), place.log + ".1")
        said = place.forecast(program)
        assert "# of 2 recipients that" in said, said
        assert place.forecast(program, "--no-log") is None


def test_output(program):
    """in a container, Postfix logs to its output, which is not that of --init,
    to whatever that is written, by whatever name"""
    with Logged() as place:
        link = os.path.join(place.directory, "link")
        fifo = os.path.join(place.directory, "fifo")
        out = os.path.join(place.directory, "out")
        os.symlink("/dev/stdout", link)
        os.mkfifo(fifo)
        with open(os.path.join(place.config, "main.cf")) as main:
            text = main.read()
        for name in "/dev/stdout", link, fifo, "/dev/null", "/dev/fd/1":
            with open(os.path.join(place.config, "main.cf"), "w") as main:
                main.write(text + "maillog_file = %s\n" % name)
            settle(place.config)
            said = "# no forecast: Postfix logs to %s (maillog_file), which " \
                "keeps nothing;\n# save its output in a file, and name that " \
                "with --log\n" % name
            for kind in "pipe", "file":
                with open(out, "wb") as file:
                    done = subprocess.run(
                        [program, "--init", "-c", place.file, place.config],
                        stdout=file if kind == "file" else subprocess.PIPE,
                        stderr=subprocess.PIPE, timeout=WAIT)
                with open(out, "rb") as file:
                    printed = (done.stdout or file.read()).decode()
                assert done.returncode == 0 and printed.endswith("\n" + said), (
                    name, kind, printed)
                assert printed.count("forecast") == 1, printed


def test_copies(program):
    """the same lines in both files, whether one is a copy of the other (a backup
    before logrotate runs, or copytruncate), or has older ones, too"""
    old = session("198.51.100.1", ident="CCCCC").replace("15:00:00", "14:00:00")
    log = LOGS_TLS + session(ident="BBBBB")
    both = len(log.splitlines())
    for older, count in (log, 1), (old + log, 2), (log[:len(log) // 2], 1):
        with Logged() as place:
            with open(os.path.join(place.config, "main.cf"), "a") as main:
                main.write("maillog_file = %s\n" % place.log)
            settle(place.config)
            place.write(log)
            place.write(older, place.log + ".1")
            said = place.forecast(program)
            assert "# of %d recipient%s that" % (
                count, "s" if count > 1 else "") in said, (older, said)
            assert "are in both files, and counted once" in said and (
                older[-5:] != log[-5:] or
                "# note: %d lines" % both in said), said


def test_long(program):
    """of a long log, the end is read"""
    line = "Nov 24 15:00:00 mx postfix/smtpd[7]: statistics: x\n"
    with Logged() as place:
        with open(place.log, "wb") as out:
            out.write((session("198.51.100.1", ident="CCCCC")).encode())
            out.truncate(5 << 30)
            out.seek(0, os.SEEK_END)
            out.write(b"\n" + line.encode() * 400000)
            out.write((LOGS_TLS + session()).encode())
        said = place.forecast(program, "--log", place.log)
        assert "# note: only the end was read, " in said, said
        # A slow machine reads less.
        assert "198.51.100.1" not in said, said


def test_journal(program):
    """where only systemd has a log, it is read, by --init and by --replay; what
    other programs write under another facility is not"""
    program = os.path.abspath(program)
    forged = session("203.0.113.66", ident="F0F0F").replace("postfix/", "")
    with Logged() as place, Journal(place.config) as host:
        init = [program, "--init", "-c", place.file]
        done = host.run(init)
        assert done.returncode == 0 and done.stdout.endswith(
            HEAD + "# no forecast: the journal: nothing of Postfix's smtpd in "
            "it\n"), done
        assert "the log" not in host.run(init + ["--no-log"]).stdout
        host.write(LOGS_TLS + session())
        host.write(forged)
        host.write(session("203.0.113.66", ident="F1F1F"), facility=3)
        said = host.run(init).stdout.split(HEAD)[1]
        assert re.search(r"^# of 1 recipient that Postfix accepted in 1 hour "
                         r"\(\S+\), 1 would be refused:$", said, re.M), said
        assert "#\t\tthe journal: from=<a@local.test> to=<b@far.example> " \
            in said.replace("# \t", "#\t"), said
        done = host.run([program, "-q", "-c", place.file, "--replay"])
        assert done.returncode == 1 and \
            "of 1 recipient that Postfix accepted" in done.stdout, done
        assert done.stderr.startswith("policyd: reading the journal\n"), done
        # A file that is empty is no log; one that is not, is.
        host.run(["touch", "/var/log/mail.log"])
        assert host.run(init).stdout.split(HEAD)[1] == said
        again = host.run([program, "-q", "-c", place.file, "--replay"])
        assert again.stdout == done.stdout, (again, done)
        with open(host.root + "/var/log/mail.log", "w") as log:
            log.write(LOGS_TLS)
        assert "of 0 recipients that" in host.run(init).stdout
        done = host.run([program, "-q", "-c", place.file, "--replay"])
        assert "reading /var/log/mail.log\n" in done.stderr, done


BAD = {
    "nothing": (None, "no forecast: .*/log: No such file or directory"),
    "binary": (bytes(range(256)) * 1000, "nothing of Postfix's smtpd in it"),
    "cut": (b"\x1f\x8b\x08\0\0\0\0\0\0\3", "gzip could not read all of it"),
}


def test_bad(program):
    """no log makes --init fail"""
    for name, (content, sentence) in BAD.items():
        with Logged(content) as place:
            said = place.forecast(program, "--log", place.log)
            assert re.search("^# " + sentence + "|" + sentence + "$", said,
                             re.M), (name, said)
            assert len(said.splitlines()) == 1, (name, said)
    with Logged() as place:
        os.mkfifo(place.log)
        assert "is not a file" in place.forecast(program, "--log", place.log)


def test_cut(program):
    """a compressed log that ends too early: what is there is judged"""
    log = (LOGS_TLS + "".join(session(
        "192.0.2.%d" % (number % 250), ident="%05X" % (0xA0000 + number))
        for number in range(2000))).encode()
    with Logged() as place:
        for name, packed in (("gzip", gzip.compress(log)),
                             ("xz", lzma.compress(log)),
                             ("bzip2", bz2.compress(log, 1))):
            place.write(packed[:-300])
            said = place.forecast(program, "--log", place.log)
            assert re.search(r"(?m)^# of [\d,]+ recipients that", said), said
            assert "# note: %s: %s could not read all of it" % (
                place.log, name) in said, said


def test_usage(program):
    """--log and --no-log belong to --init, and exclude each other"""
    for arguments in (["--log", "x"], ["--no-log", "-t"],
                      ["--init", "--undo", "--no-log"],
                      ["--init", "--log", "x", "--no-log"]):
        done = subprocess.run([program, *arguments], stderr=subprocess.PIPE,
                              text=True)
        assert done.returncode == 64 and "--log" in done.stderr, done


if __name__ == "__main__":
    sys.exit(run_all([test_named, test_found, test_output, test_copies,
                      test_journal, test_long, test_bad, test_cut,
                      test_usage]))
