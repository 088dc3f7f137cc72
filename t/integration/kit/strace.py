# SPDX-License-Identifier: ISC
"""System calls as strace(1) sees them, or makes them fail."""

import contextlib
import re
import subprocess
import tempfile

from kit.daemon import wait_until


# What the C library calls instead on machines of 32 bits.
INSTEAD = {"fcntl": "fcntl64", "lseek": "_llseek", "mmap": "mmap2",
           "newfstatat": "fstatat64", "recvfrom": "recv", "sendto": "send",
           "setgroups": "setgroups32", "setresgid": "setresgid32",
           "setresuid": "setresuid32"}


def on_each_machine(names):
    """on_each_machine - these calls, "mmap,mprotect", under each name"""
    return ",".join(
        name + (",?" + INSTEAD[name] if name in INSTEAD else "")
        for name in names.split(","))


def inject(names, error, when):
    """inject - options: these calls fail, the when-th time (3, or 1+, ...)"""
    names = on_each_machine(names)
    return ["-e", "trace=" + names, "-e", "inject=%s:error=%s:when=%s" % (
        names, error, when)]


class Strace:
    """strace at work on a process that runs, from here to the end of the
    block."""

    def __init__(self, pid, options):
        self.trace = tempfile.NamedTemporaryFile("r", prefix="policyd-strace.")
        self.errors = tempfile.NamedTemporaryFile("r")
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", self.trace.name, "-p", str(pid)] + options,
            stdin=subprocess.DEVNULL, stderr=open(self.errors.name, "w"))

    def __enter__(self):
        def attached():
            said = self.said()
            assert "attached" in said or self.process.poll() is None, said
            return "attached" in said   # and perhaps its process has ended
        try:
            wait_until(attached, "strace")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            wait_until(self.ended, "the end of strace")
        finally:
            self.process.kill()
            self.process.wait()
            self.errors.close()
            self.trace.close()

    def ended(self):
        """ended - after SIGTERM; repeated, since strace waits for an idle
        process if the signal arrives between its check and wait4(2)"""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        return self.process.poll() is not None

    def said(self):
        with open(self.errors.name) as file:
            return file.read()

    def injected(self):
        """injected - how many calls have failed"""
        with open(self.trace.name, errors="replace") as file:
            return len(re.findall(r"\(INJECTED", file.read()))

    def calls(self):
        """calls - the names of all that were made"""
        with open(self.trace.name, errors="replace") as file:
            return set(re.findall(r"^\d+ +(\w+)\(", file.read(), re.M))
