# SPDX-License-Identifier: ISC
"""What cmake installs, and the program in it."""

import contextlib
import os
import re
import shutil
import subprocess

from packages import ROOT, run, temporary_directory


@contextlib.contextmanager
def staged(build):
    """staged - a directory with what cmake --install makes"""
    directory = temporary_directory()
    try:
        run("cmake", "--install", build,
            env=dict(os.environ, DESTDIR=directory))
        yield directory
    finally:
        shutil.rmtree(directory)


def hardened(program):
    """hardened - what can be seen in a program that has been hardened"""
    options = ["--nocfprotection"]
    usage = subprocess.run(["hardening-check", "--help"], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           check=False).stdout      # its status varies
    if "--nobranchprotection" in usage:
        options.append("--nobranchprotection")      # of arm64
    text = run("hardening-check", *options, program)
    for line in ("Position Independent Executable", "Stack protected",
                 "Fortify Source functions", "Read-only relocations",
                 "Immediate binding"):
        assert re.search(r"^ %s: yes" % line, text, re.MULTILINE), text
    dynamic = run("readelf", "-Wd", program)
    assert "BIND_NOW" in dynamic and re.search(r"FLAGS_1.*\bPIE\b", dynamic)
    assert not re.search("RPATH|RUNPATH|TEXTREL", dynamic), dynamic
    headers = run("readelf", "-Wl", program)
    assert re.search(r"GNU_STACK .* RW ", headers), headers
    assert "GNU_RELRO" in headers
    # separate-code: what can be executed shares no page with anything else.
    loads = re.findall(r"^ *LOAD .* ([R ][W ][E ]) ", headers, re.MULTILINE)
    assert loads == ["R  ", "R E", "R  ", "RW "], headers
    with open(program, "rb") as file:
        contents = file.read()
    assert ROOT.encode() not in contents, "%s tells where it was built" % program
    assert not os.stat(program).st_mode & 0o7022, oct(os.stat(program).st_mode)
