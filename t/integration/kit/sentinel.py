# SPDX-License-Identifier: ISC
"""Sentinels of Valkey or Redis, and the servers that they watch."""

import contextlib
import os
import re
import shutil
import socket
import subprocess

from kit.daemon import WAIT, free_port, wait_until
from kit.postfix import die_with_parent, temporary_directory
from kit.store import PROGRAMS, Store, command

NAME = "mymaster"
# How long a server must not answer until it counts as down: a busy machine may
# take long, too, so that only a test that kills one does not want to wait.
PATIENT_MS, HURRIED_MS = 120000, 400


class Sentinel:
    """One that watches a primary, and decides alone."""

    def __init__(self, settings, password=None):
        self.directory = temporary_directory()
        self.port = free_port()
        self.password = password
        self.address = "inet:127.0.0.1:%d" % self.port
        lines = ["port %d" % self.port, "bind 127.0.0.1",
                 "dir " + self.directory,
                 "logfile " + os.path.join(self.directory, "log"), settings]
        if password:
            lines.append("requirepass " + password)
        self.file = os.path.join(self.directory, "sentinel.conf")
        with open(self.file, "w") as file:
            file.write("\n".join(lines) + "\n")
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory)

    def start(self):
        """start - returns when it answers"""
        program = next(filter(None, map(shutil.which, PROGRAMS)))
        self.process = subprocess.Popen(
            [program, self.file, "--sentinel"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        wait_until(self._answers, "an answer of the sentinel")

    def _answers(self):
        assert self.process.poll() is None, "the sentinel has ended"
        try:
            return b"PONG" in self.ask("PING")
        except ConnectionError:
            return False

    def ask(self, *words):
        """ask - one command; the bytes of the first part of its answer"""
        with socket.create_connection(("127.0.0.1", self.port), WAIT) as asked:
            if self.password:
                asked.sendall(command("AUTH", self.password))
                assert asked.recv(65536).startswith(b"+OK")
            asked.sendall(command(*words))
            return asked.recv(65536)

    def kill(self):
        """kill - at once"""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def knows(self, name=NAME):
        """knows - can it fail over?"""
        return b"slave-priority" in self.ask("SENTINEL", "replicas", name)


def settings(primary):
    """settings - of a sentinel that is quick, once it has decided"""
    lines = ["monitor %s 127.0.0.1 %d 1" % (NAME, primary.port),
             "down-after-milliseconds %s %d" % (NAME, PATIENT_MS),
             "failover-timeout %s 3000" % NAME]
    if primary.password:
        lines.append("auth-pass %s %s" % (NAME, primary.password))
    return "\n".join("sentinel " + line for line in lines)


class Watched(contextlib.ExitStack):
    """A primary, a replica, and a number of sentinels."""

    def __init__(self, sentinels=2, password=None, sentinel_password=None):
        super().__init__()
        more = {"requirepass": password, "masterauth": password} \
            if password else {}
        more["repl-diskless-sync-delay"] = 0
        self.primary = Store(**more)
        self.primary.password = password
        self.replica = Store(replicaof="127.0.0.1 %d" % self.primary.port,
                             **more)
        self.replica.password = password
        self.servers = [self.primary, self.replica]
        self.sentinels = [Sentinel(settings(self.primary), sentinel_password)
                          for _ in range(sentinels)]

    def __enter__(self):
        for each in self.servers + self.sentinels:
            self.enter_context(each)
        for sentinel in self.sentinels:
            wait_until(sentinel.knows, "a replica that the sentinel knows")
        self.replicated()
        return self

    def kill_primary(self):
        """kill_primary - and have the sentinels find it out soon, and nothing
        else"""
        self.primary.kill()
        self._wait_for_servers(HURRIED_MS)
        wait_until(lambda: all(b"%d" % self.replica.port in sentinel.ask(
            "SENTINEL", "get-master-addr-by-name", NAME)
            for sentinel in self.sentinels), "the new primary")
        self._wait_for_servers(PATIENT_MS)

    def _wait_for_servers(self, time_ms):
        """_wait_for_servers - that long"""
        for sentinel in self.sentinels:
            said = sentinel.ask("SENTINEL", "SET", NAME,
                                "down-after-milliseconds", time_ms)
            assert said.startswith(b"+OK"), said

    def replicated(self):
        """replicated - wait until the replica has everything. (WAIT is about
        what the same connection has written.)"""
        def has_all():
            text = self.primary.ask("INFO", "replication").decode()
            found = re.findall(
                r"(?:state=online,|master_repl_)offset[=:](\d+)", text)
            return len(found) == 2 and found[0] == found[1]
        wait_until(has_all, "the replica")

    def exchange(self):
        """exchange - as the first sentinel does, which takes its time to make
        the old primary a replica"""
        said = self.sentinels[0].ask("SENTINEL", "failover", NAME)
        assert said.startswith(b"+OK"), said
        wait_until(lambda: b"%d" % self.replica.port in self.sentinels[0].ask(
            "SENTINEL", "get-master-addr-by-name", NAME), "the new primary")
        self.primary.set("REPLICAOF", "127.0.0.1", self.replica.port)

    def section(self, more=""):
        """section - of policyd.conf"""
        return 'store "sentinel:%s" {\n\tsentinels = { %s }\n\t%s\n}\n' % (
            NAME, ", ".join('"%s"' % each.address for each in self.sentinels),
            more)
