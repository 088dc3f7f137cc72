# SPDX-License-Identifier: ISC
"""The end of a server: what it has given back is not used any more.

Reloads while clients in TLS and others ask, and while the log is a file, a FIFO
or a socket that nobody reads, so that lines are always left over. Memory that
was freed is overwritten (MALLOC_PERTURB_), or watched (the asan preset).

usage: test_end.py POLICYD [TEST ...]

More of it: POLICYD_TEST_END_RELOADS=100.
"""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from kit.daemon import OURS, PERMIT, exists, run_all, wait_until
from kit.tls_daemon import TlsDaemon, connect_again

UNREAD_S = 2                    # how long nobody reads at the end of a server
RELOADS = int(os.environ.get("POLICYD_TEST_END_RELOADS", "4"))


class EndingDaemon(TlsDaemon):
    """policyd that logs each decision to a file, a FIFO or a socket."""

    def __init__(self, program, kind):
        self.kind = kind
        self.unread = None
        self.parts = []         # of what was read after all
        super().__init__(program)

    def configure(self, settings="", listen=True):
        super().configure(settings, listen)
        text = self.read(self.config).replace(
            "log_verdicts = { }\n", "threads = 2\n")
        if self.kind == "fifo":
            text = text.replace(self.log, self.path("fifo"))
        elif self.kind == "socket":
            text = text.replace('"%s"' % self.log, '"stderr"')
        self.write_config(text)

    def start(self):
        environment = dict(os.environ, MALLOC_PERTURB_="85")
        if self.kind == "fifo":
            os.mkfifo(self.path("fifo"))
            self.unread = os.open(self.path("fifo"),
                                  os.O_RDWR | os.O_NONBLOCK)
        error = open(self.path("stderr"), "ab")
        if self.kind == "socket":
            self.unread, error = socket.socketpair()
        with error:
            self.process = subprocess.Popen(
                [self.program, "-c", self.config], stdin=subprocess.DEVNULL,
                stdout=error, stderr=error, env=environment)
        self.monitor = self.process.pid
        wait_until(self.answers, "an answer")
        return self

    def answers(self):
        with contextlib.suppress(OSError):
            return self.ask() == PERMIT
        return False

    def change(self):
        """change - reload; when the old server is gone"""
        old = self.server()
        self.signal(signal.SIGHUP)
        later = time.monotonic() + UNREAD_S
        wait_until(lambda: not exists(old) or
                   time.monotonic() > later and self.read_some(),
                   "the end of the old server")
        new = self.server()
        assert new != old and self.answers()

    def read_some(self):
        """read_some - what a sanitizer has to say must not wait for ever"""
        if self.kind == "socket":
            with contextlib.suppress(BlockingIOError):
                self.parts.append(self.unread.recv(65536, socket.MSG_DONTWAIT))

    def said(self):
        """said - all that was logged, once policyd has ended; the rest
        was not read until now"""
        if self.kind == "socket":
            reader = threading.Thread(target=self.hear)
            reader.start()
            assert self.stop() == 0
            reader.join()
            return b"".join(self.parts).decode(errors="replace")
        assert self.stop() == 0
        if self.kind == "fifo":
            with contextlib.suppress(BlockingIOError):
                return os.read(self.unread, 1 << 20).decode(errors="replace")
        return self.read(self.log)

    def hear(self):
        """hear - until nobody is left who could say something"""
        with self.unread:
            while part := self.unread.recv(65536):
                self.parts.append(part)


class Asking(threading.Thread):
    """A client that asks until it is stopped. In TLS it may find its
    connection closed between two requests, and connects again."""

    def __init__(self, policyd, context=None):
        super().__init__()
        self.policyd = policyd
        self.context = context
        self.stop = False
        self.asked = self.connected = 0
        self.error = None

    def connect(self):
        self.connected += 1
        return connect_again(self.policyd, self.context) if self.context \
            else self.policyd.client()

    def once(self, client):
        """once - ask; returns the client to continue with"""
        reply = b""
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            reply = client.ask(OURS)
        if reply == PERMIT:
            self.asked += 1
            return client
        assert reply == b"" and self.context, "a connection was lost"
        client.close()
        return self.connect()

    def run(self):
        client = None
        try:
            client = self.connect()
            while not self.stop:
                client = self.once(client)
        except Exception as error:
            self.error = error
        if client is not None:
            client.close()


def knock(policyd, count):
    """knock - strangers that say nothing, in the middle of a handshake"""
    return [socket.create_connection(policyd.tls) for _ in range(count)]


def reloads(program, kind):
    """reloads - none of them may end in a crash"""
    with EndingDaemon(program, kind) as policyd:
        context = policyd.context()
        clients = [Asking(policyd, context) for _ in range(3)]
        clients += [Asking(policyd) for _ in range(2)]
        for client in clients:
            client.start()
        for _ in range(RELOADS):
            strangers = knock(policyd, 5)
            idle = policyd.tls_client(context)
            assert idle.ask(OURS) == PERMIT
            before = [client.asked for client in clients]
            wait_until(lambda: all(client.error or client.asked > count
                                   for client, count in zip(clients, before)),
                       "requests")
            policyd.change()
            assert idle.reply() == b"" and not idle.cut
            with policyd.tls_client(context) as client: # at once
                assert client.ask(OURS) == PERMIT
            for each in strangers + [idle]:
                each.close()
        for client in clients:
            client.stop = True
        for client in clients:
            client.join()
            assert client.error is None, repr(client.error)
            assert client.connected == 1 or client.context
        text = policyd.said()
        for word in ("which was leaving", " died", "Sanitizer", "malformed"):
            assert word not in text, text[-4000:]


def test_file(program):
    """the log is a file"""
    reloads(program, "file")


def test_fifo(program):
    """the log is a FIFO that nobody reads"""
    reloads(program, "fifo")


def test_socket(program):
    """the log is a socket that nobody reads"""
    reloads(program, "socket")


if __name__ == "__main__":
    sys.exit(run_all([test_file, test_fifo, test_socket]))
