# SPDX-License-Identifier: ISC
"""A Valkey or Redis of the test's own, in a temporary directory."""

import os
import shutil
import signal
import socket
import subprocess

from kit.daemon import WAIT, free_port, wait_until
from kit.postfix import die_with_parent, temporary_directory

PROGRAMS = ("valkey-server", "redis-server")


def command(*words):
    """command - as it is sent"""
    text = b"*%d\r\n" % len(words)
    for word in words:
        data = str(word).encode()
        text += b"$%d\r\n%s\r\n" % (len(data), data)
    return text


class Store:
    """A server of counts; options as on its command line, without "--"."""

    def __init__(self, **options):
        self.directory = temporary_directory()
        os.chmod(self.directory, 0o755)
        self.socket = os.path.join(self.directory, "store.sock")
        self.port = free_port()
        self.options = {"port": self.port, "bind": "127.0.0.1",
                        "unixsocket": self.socket, "unixsocketperm": "700",
                        "dir": self.directory, "save": "",
                        "logfile": os.path.join(self.directory, "log")}
        self.options.update(options)
        self.username, self.password = "default", None  # that ask() uses
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory)

    def start(self):
        """start - returns when it answers"""
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        assert program, "neither of %s is installed" % (PROGRAMS,)
        command = [program]
        for name, value in self.options.items():
            command += ["--" + name, str(value)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_until(self._answers, "an answer of the store")

    def _answers(self):
        assert self.process.poll() is None, "the store has ended"
        try:
            return b"PONG" in self.ask("PING") or b"NOAUTH" in self.ask("PING")
        except (ConnectionError, FileNotFoundError):
            return False

    def ask(self, *words):
        """ask - one command; the bytes of the first part of its answer"""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(WAIT)
            connection.connect(self.socket)
            if self.password:
                connection.sendall(command("AUTH", self.username, self.password))
                assert connection.recv(65536).startswith(b"+OK")
            connection.sendall(command(*words))
            return connection.recv(65536)

    def set(self, *words):
        """set - a command that must succeed"""
        answer = self.ask(*words)
        assert answer.startswith(b"+OK"), "%s: %r" % (words, answer)

    def kill(self):
        """kill - at once, stopped or not"""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def stop(self):
        """stop - it answers nothing, and keeps its connections"""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        """go_on - after a stop"""
        self.process.send_signal(signal.SIGCONT)
