#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_install_packages - what contrib/install-packages would install, and what
it says while it does; apt-get is a script here.

usage: test_install_packages.py
"""

import os
import re
import subprocess
import sys
import tempfile

from kit.daemon import run_all
from kit.snippets import ROOT

FAKES = (("dpkg-query", "exit 1"), ("id", "echo 0"), ("apt-get", r"""
case "$*" in *update*) exit 0 ;; esac
for percent in 0.0 10.5 25.1 50.0 75.9 100.0; do
    echo "pmstatus:foo:$percent:Installing foo" >&3
done
[ -z "$FAIL" ] || { echo broken; exit 100; }"""), (
    "debconf-set-selections", "cat >/dev/null"))


def says_how_far_it_is(_):
    """install-packages says what it is doing and how far it is; if that fails,
    what apt-get has said"""
    with tempfile.TemporaryDirectory(prefix="policyd-packages-") as directory:
        for name, script in FAKES:
            path = os.path.join(directory, name)
            with open(path, "w") as file:
                file.write("#!/bin/sh\n%s\n" % script)
            os.chmod(path, 0o755)
        for fails in "", "1":
            done = subprocess.run(
                ["/bin/sh", os.path.join(ROOT, "contrib/install-packages"),
                 "deb"], capture_output=True, text=True,
                env=dict(os.environ, FAIL=fails,
                         PATH=directory + ":" + os.environ["PATH"]))
            assert done.returncode == (100 if fails else 0), done
            assert " debhelper" in done.stdout.splitlines()[0], done.stdout
            assert re.search(r"2 of 2: \d\d packages", done.stdout), done
            assert done.stderr.replace("broken\n", "") == "".join(
                "%3d %% Installing foo\n" % each
                for each in (0, 25, 50, 75, 100)), done.stderr
            assert ("broken" in done.stderr) == bool(fails), done.stderr


def names_each_package_once(_):
    """a package that two purposes want is named once by install-packages; here
    nothing is installed, and nobody may"""
    with tempfile.TemporaryDirectory(prefix="policyd-packages-") as directory:
        for name, script in (("dpkg-query", "exit 1"), ("id", "echo 1000")):
            path = os.path.join(directory, name)
            with open(path, "w") as file:
                file.write("#!/bin/sh\n%s\n" % script)
            os.chmod(path, 0o755)
        done = subprocess.run(
            ["/bin/sh", os.path.join(ROOT, "contrib/install-packages"),
             "build", "test", "ci"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env=dict(os.environ, PATH=directory + ":" + os.environ["PATH"]))
    assert done.returncode == 77, done.returncode
    packages = done.stdout.split()[1:]
    assert "check" in packages and "cppcheck" in packages, done.stdout
    assert len(packages) == len(set(packages)), done.stdout


if __name__ == "__main__":
    sys.exit(run_all([names_each_package_once, says_how_far_it_is]))
