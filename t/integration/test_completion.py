#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What bash offers to complete a command line of policyd.

usage: test_completion.py POLICYD [TEST ...]
"""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile

from kit.daemon import WAIT, run_all

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "..", "..", "contrib", "bash-completion",
                      "policyd")
# As bash calls it: the words of the line, with "=" for one, and the last one
# is to be completed.
CALL = """
source "$1"; shift
[[ $(complete -p policyd) == 'complete -F _policyd policyd' ]] || exit 1
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_policyd "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(program, *words):
    """offered - the completions of the last word"""
    done = subprocess.run(
        ["bash", "--norc", "-c", CALL, "bash", SCRIPT, program, *words],
        capture_output=True, text=True, timeout=WAIT)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.split()


def test_options(program):
    """each option that --help names, and only those"""
    helped = subprocess.run([program, "--help"], capture_output=True,
                            text=True, check=True).stdout
    options = set(re.findall(r"--[a-z-]+", helped))
    assert "--reload" in options and "--check-postfix" in options, options
    assert set(offered(program, "-")) == options
    assert offered(program, "--check-") == ["--check-postfix"]
    assert offered(program, "-c", "x", "--rel") == ["--reload"]


def test_names(program):
    """the short names of -q; the program knows each"""
    names = offered(program, "-q", "")
    assert "to=" in names and "login=" in names, names
    values = {"port=": "25", "tls=": "1.3", "client=": "192.0.2.1",
              "state=": "RCPT", "recipients=": "1", "sasl=": "PLAIN/x"}
    with tempfile.TemporaryDirectory(prefix="policyd-test-") as directory:
        path = os.path.join(directory, "policyd.conf")
        with open(path, "w") as file:
            file.write('myhostname = "mx.local.test"\n')
        done = subprocess.run(
            [program, "-q", "-c", path] +
            [each + values.get(each, "x") for each in names],
            capture_output=True, text=True, timeout=WAIT)
        assert done.returncode == 0, done
        unknown = subprocess.run([program, "-q", "-c", path, "xyzzy=1"],
                                 capture_output=True, text=True).stderr
    known = re.search(r"there are (.*) and the attributes", unknown).group(1)
    assert {each + "=" for each in known.split(", ")} == set(names), known
    assert offered(program, "-q", "to=x", "lo") == ["login="]


def test_values(program):
    """after an equals sign, and of options with a value"""
    assert offered(program, "-q", "--format", "=", "j") == ["json"]
    assert offered(program, "-q", "--format", "=") == ["text", "json"]
    assert offered(program, "-q", "port", "=", "sub") == [
        "submission", "submissions"]
    assert "1.3" in offered(program, "-q", "tls", "=")
    with tempfile.TemporaryDirectory(prefix="policyd-test-") as directory:
        for name in "old.conf", "new.conf", "log":
            with open(os.path.join(directory, name), "w"):
                pass
        os.mkdir(os.path.join(directory, "etc"))
        start = directory + os.sep
        assert offered(program, "-t", "-c", start + "o") == [
            start + "old.conf"]
        assert offered(program, "-q", "--replay", "--against", start + "n") \
            == [start + "new.conf"]
        assert offered(program, "-q", "--replay", start + "l") == [
            start + "log"]
        assert offered(program, "--init", start) == [start + "etc"]


def test_by_tab(program):
    """a user types a part of an option, and Tab"""
    with tempfile.TemporaryDirectory(prefix="policyd-test-") as directory:
        script = os.path.join(directory, "policyd")
        with open(script, "w") as file:
            file.write('#!/bin/sh\n[ "$1" != --help ] || exec %s --help\n'
                       'echo "got: $*"\n' % os.path.abspath(program))
        os.chmod(script, 0o755)
        ours, theirs = pty.openpty()
        shell = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"], stdin=theirs,
            stdout=theirs, stderr=theirs, start_new_session=True,
            env=dict(os.environ, PATH=directory + ":" + os.environ["PATH"],
                     TERM="dumb", HISTFILE="", INPUTRC="/dev/null"))
        os.close(theirs)
        try:
            os.write(ours, b"source %s\n" % SCRIPT.encode())
            os.write(ours, b"policyd --rel\t-c x; exit\n")
            said = b""
            while b"got: --reload -c x\r\n" not in said:
                assert select.select([ours], [], [], WAIT)[0], said
                said += os.read(ours, 4096)
            shell.wait(WAIT)
        finally:
            shell.kill()
            shell.wait()
            os.close(ours)


if __name__ == "__main__":
    sys.exit(run_all([test_options, test_names, test_values, test_by_tab]))
