#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_systems - t/tools/systems, which runs the tests on other systems: which
one CI runs them on, and that nothing is passed over when one is not there. What
makes a bare root, and what runs commands in it, are scripts here.

usage: test_systems.py POLICYD
"""

import os
import platform
import subprocess
import tempfile

from kit.daemon import run_all
from kit.snippets import ROOT

# A bare root is a tar; its name is the last argument but one.
MAKES_ROOT = """
cat >"$DIRECTORY/sources"
while [ $# -gt 2 ]; do shift; done
mkdir -p "$DIRECTORY/root/etc" "$DIRECTORY/root/root"
tar -C "$DIRECTORY/root" -cf "$1" ."""
NO_ROOT = """cat >/dev/null; echo "E: Unable to connect" >&2; exit 25"""
CLONES = """for last; do :; done; mkdir "$last" """
SUITES = {"12": "bookworm", "13": "trixie"}


def systems(directory, *argv, mmdebstrap=MAKES_ROOT, status=0):
    """systems - run it; status is that of what runs in a root"""
    for name, script in (("mmdebstrap", mmdebstrap), ("git", CLONES), (
            "unshare", """echo "$@" >>"$DIRECTORY/ran"; exit %d""" % status)):
        path = os.path.join(directory, name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n%s\n" % script)
        os.chmod(path, 0o755)
    return subprocess.run(
        ["/bin/sh", os.path.join(ROOT, "t", "tools", "systems"), *argv],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
        env=dict(os.environ, DIRECTORY=directory,
                 PATH=directory + ":" + os.environ["PATH"]))


def others():
    """others - of the Debians that policyd supports, those that this is not"""
    here = platform.freedesktop_os_release().get("VERSION_ID")
    return [name for name in SUITES if name != here]


def other_is_what_this_machine_is_not(_):
    """"other" is each Debian that is supported and is not this one; a command
    runs there once, and what it says is said with its name"""
    with tempfile.TemporaryDirectory(prefix="policyd-systems-") as directory:
        done = systems(directory, "--do", "sh t/run portable", "other")
        assert done.returncode == 0, done
        assert done.stdout.splitlines()[-1] == \
            "== %s: all passed" % " ".join(others()), done.stdout
        for name in others():
            assert "== %s: exit 0 after " % name in done.stdout, done.stdout
        with open(os.path.join(directory, "ran")) as file:
            ran = file.read()
        assert ran.count("sh t/run portable\n") == len(others()), ran
        with open(os.path.join(directory, "sources")) as file:
            assert " %s main\n" % SUITES[others()[-1]] in file.read()


def no_root_is_a_failure(_):
    """without a root no command runs, the status is 1, and what mmdebstrap
    said and what was tried are there"""
    with tempfile.TemporaryDirectory(prefix="policyd-systems-") as directory:
        done = systems(directory, "--do", "true", "13", mmdebstrap=NO_ROOT)
        assert done.returncode == 1, done
        assert not os.path.exists(os.path.join(directory, "ran"))
        lines = done.stderr.splitlines()
        assert lines[0] == "E: Unable to connect", lines
        assert any(line.startswith("tried: deb http") and
                   line.endswith(" trixie main") for line in lines), lines
        assert lines[-2:] == [
            "== FAILED:",
            "  13: no bare root: what mmdebstrap says is above"]
        assert "passed" not in done.stdout, done.stdout


def what_fails_there_is_a_failure(_):
    """a command that fails in one root: the next is tried all the same, and the
    status is 1"""
    with tempfile.TemporaryDirectory(prefix="policyd-systems-") as directory:
        done = systems(directory, "--do", "make it so", "12", "13", status=3)
        assert done.returncode == 1, done
        assert done.stderr.splitlines()[-3:] == [
            "== FAILED:", "  12: make it so", "  13: make it so"], done.stderr
        assert "== 13: exit 3 after " in done.stdout, done.stdout
        assert "passed" not in done.stdout, done.stdout


def only_i386_runs_whole_programs(_):
    """for a machine whose programs this kernel runs, the tests of the whole
    program are run, too; an emulator runs the unit tests"""
    for name, count in (("i386", 1), ("s390x", 0), ("i386/testing", 1)):
        with tempfile.TemporaryDirectory(prefix="policyd-systems-") as place:
            done = systems(place, name)
            assert done.returncode == 0, done
            with open(os.path.join(place, "ran")) as file:
                ran = file.read()
            assert ran.count(" -L unit ") == 1, ran
            assert ran.count(" -L integration ") == count, ran
            assert ("libfaketime:i386" in ran) == count, ran


def unknown_names_are_refused(_):
    """a name that is no system is refused before anything is made"""
    with tempfile.TemporaryDirectory(prefix="policyd-systems-") as directory:
        done = systems(directory, "13", "14")
        assert done.returncode == 64 and "14: not a system" in done.stderr, done
        assert not os.path.exists(os.path.join(directory, "sources"))


if __name__ == "__main__":
    run_all([other_is_what_this_machine_is_not, no_root_is_a_failure,
             what_fails_there_is_a_failure, only_i386_runs_whole_programs,
             unknown_names_are_refused])
