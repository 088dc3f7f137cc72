# SPDX-License-Identifier: ISC
"""A host whose only log is a journal: a real systemd-journald, in a mount
namespace with a /run and a /var/log of its own."""

import os
import re
import socket
import subprocess

from kit.daemon import WAIT
from kit.postfix import poll

JOURNALD = "/lib/systemd/systemd-journald"
PLACE = """
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/systemd/journal /run/log/journal /run/private
if test -n "$1"; then mount --bind "$1" /etc/postfix; fi
# A bare root has none, and newer ones do not start without.
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec %s
""" % JOURNALD
MAIL = 2                        # LOG_MAIL of syslog(3), shifted


class Journal:
    """It runs; postfix: what /etc/postfix is there."""

    def __init__(self, postfix=""):
        self.postfix = postfix
        self.written = 0

    def __enter__(self):
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-ec", PLACE, "sh", self.postfix],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.root = "/proc/%d/root" % self.process.pid
        path = self.root + "/run/systemd/journal/socket"

        def journal_ready():    # not that of this host
            assert self.process.poll() is None, "no journald"
            return os.path.exists(self.root + "/run/private") and \
                os.path.exists(path)
        try:
            poll(journal_ready)
        except BaseException:
            self.__exit__()
            raise
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.connect(path)
        return self

    def __exit__(self, *_):
        if hasattr(self, "socket"):
            self.socket.close()
        self.process.terminate()
        self.process.wait(WAIT)

    def write(self, text, facility=MAIL):
        """write - lines of syslog(3), as their programs would log them now.
        All have the number of this process."""
        for line in text.splitlines():
            name, said = re.search(r"([\w/-]+)\[\d+\]: (.*)", line).groups()
            self.socket.send((
                "MESSAGE=%s\nSYSLOG_IDENTIFIER=%s\nSYSLOG_FACILITY=%d\n"
                "PRIORITY=6\n" % (said, name, facility)).encode())
            self.written += 1
        poll(lambda: self.run(["journalctl", "-q", "--no-pager", "_PID=%d" %
                               os.getpid()]).stdout.count("\n") ==
             self.written)

    def run(self, command):
        """run - a command on that host, whose root may be that of a chroot"""
        return subprocess.run(
            ["nsenter", "--mount", "--root", "--target",
             str(self.process.pid), *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=WAIT)
