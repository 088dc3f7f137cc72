# SPDX-License-Identifier: ISC
"""The real stunnel, by contrib/stunnel.conf: its commands make the
certificates, its lines are the two configurations. Only addresses and
directories differ from what is written."""

import os
import pwd
import re
import subprocess

from kit.daemon import WAIT
from kit.postfix import die_with_parent, listening, poll

SNIPPET = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                       os.pardir, os.pardir, "contrib", "stunnel.conf")


def replaced(text, changes):
    """replaced - every text to be replaced must occur"""
    for old, new in changes.items():
        assert old in text, "contrib/stunnel.conf: no %s" % old
        text = text.replace(old, new)
    return text


def user():
    """user - that the package has made, by one of the names in the snippet"""
    for name in "stunnel4", "stunnel":
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise AssertionError("stunnel is not installed: it has no user")


class Stunnel:
    """accept: the port for Postfix; connect: that of policyd."""

    def __init__(self, directory, accept, connect):
        self.directory = directory
        self.accept = accept
        self.connect = connect
        self.config = os.path.join(directory, "stunnel.conf")
        self.log = os.path.join(directory, "stunnel.log")
        self.process = None
        with open(SNIPPET, encoding="utf-8") as file:
            self.text = file.read()
        self.prose = re.sub(r"^; ?", "", self.text, flags=re.M)
        self._certificates()
        with open(self.config, "w") as file:
            file.write(replaced(self.text, {
                "127.0.0.1:10040\nconnect": "127.0.0.1:%d\nconnect" % accept,
                "= policyd.example.com:10041": "= 127.0.0.1:%d" % connect,
                "setuid = stunnel4\nsetgid = stunnel4": "setuid = %s\nsetgid = %s"
                                                       % (user(), user()),
                "/etc/stunnel/": directory + "/"}))

    def _certificates(self):
        """_certificates - by the commands of the snippet"""
        commands = re.findall(r"^ +openssl (?:.*\\\n)*.*$", self.prose, re.M)
        assert len(commands) == 2, commands
        for command in commands:
            done = subprocess.run(["sh", "-ec", "umask 077; " + command],
                                  cwd=self.directory, capture_output=True,
                                  text=True, timeout=WAIT)
            assert done.returncode == 0, done.stderr

    def policyd_conf(self):
        """policyd_conf - the listen section of the snippet"""
        section = re.search(r"^ +listen (?:.*\n)*?   }\n", self.prose, re.M)
        return replaced(section.group(0), {
            "0.0.0.0:10041": "127.0.0.1:%d" % self.connect,
            "192.0.2.25": "127.0.0.1",
            "/etc/policyd/tls/": self.directory + "/"})

    def __enter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["stunnel4", self.config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=die_with_parent)

        def ready():
            assert self.process.poll() is None, self.said()
            return listening([self.accept])
        poll(ready)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()
