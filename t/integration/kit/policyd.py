# SPDX-License-Identifier: ISC
"""policyd as tests start it: in the foreground, with its own file, stopped
by its own process number."""

import os
import re
import signal
import socket
import subprocess

from kit.daemon import WAIT
from kit.postfix import die_with_parent, poll, run

CONFIGURATION = """\
listen "unix:%s" { mode = "0660" owner = "postfix" group = "postfix" }
import_postfix = "%s"
"""
TEST_ONLY = """\
user = "nobody"
log = "stderr"
"""


class Policyd:
    """One running policyd. Use as a context manager."""

    def __init__(self, program, directory, text, socket_path=None, port=None):
        self.program = os.path.abspath(program)
        self.file = os.path.join(directory, "policyd.conf")
        self.errors = os.path.join(directory, "policyd.log")
        self.socket_path = socket_path
        self.port = port
        self.process = None
        if "pid_file" not in text:      # beside it, the state file
            text += '\npid_file = "%s"\n' % os.path.join(directory, "pid")
        with open(self.file, "w") as out:
            out.write(text)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def check(self):
        """check - policyd -t must accept the file"""
        return run(self.program, "-t", "-c", self.file)

    def ask(self, **attributes):
        """ask - policyd -q: the reply and why"""
        return run(self.program, "-q", "-c", self.file, *[
            "%s=%s" % pair for pair in attributes.items()])

    def command(self):
        """command - that runs it"""
        return [self.program, "-c", self.file]

    def start(self):
        """start - returns when it accepts connections"""
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
            stdout=subprocess.DEVNULL, stderr=open(self.errors, "ab"))

        def policyd_ready():
            if self.process.poll() is not None:
                raise RuntimeError("policyd did not start, status %d:\n%s" % (
                    self.process.returncode, self.said()))
            family = socket.AF_UNIX if self.socket_path else socket.AF_INET
            with socket.socket(family) as probe:
                return probe.connect_ex(self.socket_path or
                                        ("127.0.0.1", self.port)) == 0
        poll(policyd_ready)

    def stop(self):
        """stop - as an administrator would; it must end well"""
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        status = process.wait(WAIT)
        bad = re.search(r"Sanitizer|runtime error:| died: |not started:",
                        self.said())
        if status != 0 or bad:
            raise RuntimeError("policyd ended with status %d:\n%s" % (
                status, self.said()[-10000:]))

    def kill(self):
        """kill - whatever happened before"""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def said(self):
        """said - its log"""
        with open(self.errors, errors="replace") as log:
            return log.read()
