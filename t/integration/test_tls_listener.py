#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_tls_listener - the TLS listener: how bytes travel, and what noise does to
clients.

usage: test_tls_listener.py POLICYD [TEST ...]

To measure what noise costs: POLICYD_TEST_TLS_SECONDS=20 and test_noise.
"""

import concurrent.futures
import contextlib
import fcntl
import os
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import termios
import time

from kit.daemon import (OURS, PERMIT, THEIRS, WAIT, descriptors, free_port,
                        run_all, wait_until)
from kit.tls_daemon import (TlsClient, TlsDaemon, attempt, client_hello,
                            forget, raw)
from kit.tls_load import Load, finish

HANDSHAKE_S = 5
LEAST = 20                      # of what a figure is made of


class ByteClient:
    """A client in TLS whose every byte travels on its own, and that can say
    that it is done and still read."""

    def __init__(self, policyd):
        self.socket = socket.create_connection(policyd.tls, WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = policyd.context().wrap_bio(
            self.incoming, self.outgoing, server_hostname="policyd.local.test")
        self.do(self.tls.do_handshake)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def flush(self):
        """flush - send what TLS has to say"""
        for byte in self.outgoing.read():
            self.socket.sendall(bytes([byte]))

    def do(self, call, *args):
        """do - as often as it needs to read more; its result"""
        while True:
            forget()
            try:
                result = call(*args)
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
            data = self.socket.recv(1)
            assert data, "closed"
            self.incoming.write(data)

    def say_end(self):
        """say_end - close_notify, without waiting for another"""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.flush()


def test_stall(program):
    """a stalled handshake is cut after 5 seconds, and not before"""
    with TlsDaemon(program) as policyd:
        hello = client_hello()
        start = time.monotonic()
        pieces = (b"", hello[:1], hello[:-1], hello)
        with concurrent.futures.ThreadPoolExecutor(len(pieces)) as pool:
            ends = [pool.submit(raw, policyd, piece) for piece in pieces]
            assert attempt(policyd, policyd.context()) == PERMIT
            for end in ends:
                assert b"action=" not in end.result()
                took = time.monotonic() - start
                assert HANDSHAKE_S - 0.2 < took, took
        policyd.expect("TLS: handshake not complete in time")
        assert policyd.counters()["tls_failed"] == len(pieces)


def test_small_pieces(program):
    """bytes one by one, of TCP and as records, are the same"""
    with TlsDaemon(program) as policyd:
        with policyd.tls_client() as client:
            for byte in OURS + OURS:
                client.send(bytes([byte]))
            assert client.reply() == PERMIT
            assert client.reply() == PERMIT
            client.end()
        with ByteClient(policyd) as client:
            client.do(client.tls.write, OURS)
            assert client.do(client.tls.read, 100) == PERMIT


def test_cut(program):
    """connections cut without close_notify, by FIN and by RST"""
    with TlsDaemon(program) as policyd, policyd.tls_client() as fixed:
        assert fixed.ask(OURS) == PERMIT
        server = policyd.server()
        before = descriptors(server)
        context = policyd.context()
        for part in range(0, len(OURS) + 1, 10):
            for reset in False, True:
                client = policyd.tls_client(context)
                client.send(OURS[:part])
                if reset:
                    client.reset()
                    continue
                os.close(client.socket.detach())
        with policyd.tls_client(context) as client:
            client.send(OURS + OURS[:20])
            assert client.reply() == PERMIT
            with client.below() as below:
                below.shutdown(socket.SHUT_WR)
            assert client.reply() == b""
        # A client that says that it is done is answered, then told so too.
        with ByteClient(policyd) as client:
            client.do(client.tls.write, OURS * 3 + OURS[:9])
            client.say_end()
            for _ in range(3):
                assert client.do(client.tls.read, len(PERMIT)) == PERMIT
            try:
                got = client.do(client.tls.read, 1)
            except ssl.SSLZeroReturnError:
                got = "close_notify"
            assert got == "close_notify"
            assert client.socket.recv(1) == b""
        with policyd.tls_client(context) as client:
            client.send(OURS)
            with client.below() as below:
                assert client.reply() == PERMIT
                client.end()
                below.settimeout(WAIT)
                assert below.recv(1) == b""
        if before is not None:
            wait_until(lambda: descriptors(server) == before,
                       "%d descriptors" % before)
        assert fixed.ask(OURS) == PERMIT
        assert policyd.server() == server


class SClient:
    """openssl s_client, told what to do by its commands."""

    def __init__(self, policyd, *options):
        self.process = subprocess.Popen(
            ("openssl", "s_client", "-connect", "%s:%d" % policyd.tls,
             "-cert", policyd.path("client.pem"),
             "-key", policyd.path("client.key")) + options,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.said = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):  # what it did not read
            self.process.stdin.close()
        self.process.stdout.close()

    def expect(self, text):
        """expect - read until it has said that; False: it has ended"""
        while text not in self.said:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return False
            self.said += data
        self.said = self.said.split(text, 1)[1]
        return True

    def send(self, data):
        """send - False: it has ended"""
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True


def test_key_updates(program):
    """a few key updates are well, a flood of them ends the connection"""
    with TlsDaemon(program) as policyd, policyd.tls_client() as fixed:
        with SClient(policyd, "-tls1_3") as client:
            assert client.expect(b"Verify return code")
            for _ in range(5):
                assert client.send(b"K\n") and client.expect(b"KEYUPDATE")
            client.send(OURS)
            assert client.expect(PERMIT)
            mark = policyd.mark()
            count = 5
            while client.send(b"k\n") and client.expect(b"KEYUPDATE"):
                count += 1
                assert count < 1000, "1000 key updates"
            policyd.expect("TLS: too many key updates", mark)
            assert count >= 30, count
        with SClient(policyd, "-tls1_2") as client:
            assert client.expect(b"Verify return code")
            client.send(b"R\n")
            assert client.expect(b"RENEGOTIATING")
            # OpenSSL's client gives up when that is declined.
            assert not client.expect(b"Verify return code")
        assert fixed.ask(OURS) == PERMIT


def test_big(program):
    """more than all buffers hold, to a client that reads late"""
    with TlsDaemon(program) as policyd:
        client = TlsClient(policyd.tls, policyd.context(), 65536)
        block, per_block = OURS * 100, 100
        left, waiting, stuck = 2000, 0, 0
        while left:
            client.socket.setblocking(False)
            try:
                while left:
                    assert client.socket.send(block) == len(block)
                    left -= 1
                    waiting += per_block
            except ssl.SSLWantWriteError:
                stuck += 1      # the same block is sent again
            client.socket.settimeout(WAIT)
            for _ in range(waiting if not left else waiting // 2):
                assert client.reply() == PERMIT
                waiting -= 1
        assert waiting == 0 and stuck > 0, (waiting, stuck)
        client.end()


def test_not_taken(program):
    """a client that takes no replies is closed"""
    with TlsDaemon(program) as policyd:
        with policyd.tls_client() as client:
            assert client.ask(OURS) == PERMIT
            server = policyd.server()
            before = descriptors(server)
            client.socket.settimeout(0.5)
            block = OURS * 100

            def closed():
                try:
                    client.socket.send(block)   # the same again, if in vain
                except TimeoutError:
                    return before is None or descriptors(server) < before
                except OSError:
                    return True
            wait_until(closed, "no more is taken")
            if before is not None:
                wait_until(lambda: descriptors(server) < before, "the end")


def test_allow_remote(program):
    """addresses that are not listed are closed at once"""
    port = free_port()
    plain = ('listen "inet:127.0.0.1:%d" { allow_remote = '
             '{ "127.0.0.2/31", "!127.0.0.9", "127.0.0.8/29" } }\n' % port)
    with TlsDaemon(program, listen='allow_remote = "127.0.0.2"') as policyd:
        policyd.write_config(policyd.read(policyd.config) + plain)
        policyd.reload()

        def from_address(address, target):
            client = socket.socket()
            client.settimeout(WAIT)
            client.bind((address, 0))
            client.connect(target)
            return client

        for address, well in (("127.0.0.1", False), ("127.0.0.2", True),
                              ("127.0.0.3", True), ("127.0.0.4", False),
                              ("127.0.0.9", False), ("127.0.0.10", True)):
            with from_address(address, ("127.0.0.1", port)) as client:
                try:
                    client.sendall(OURS)
                    got = client.recv(4096)
                except ConnectionError:
                    got = b""
                assert got == (PERMIT if well else b""), address
        policyd.expect(r"inet:127\.0\.0\.1:\d+: refused: the address is not "
                       "in allow_remote")
        mark = policyd.mark()
        assert attempt(policyd, policyd.context()) == b""
        policyd.expect("not in allow_remote", mark)
        with from_address("127.0.0.2", policyd.tls) as client:
            with policyd.context().wrap_socket(
                    client, server_hostname="policyd.local.test") as tls:
                tls.sendall(OURS)
                assert tls.recv(4096) == PERMIT
        assert policyd.counters()["not_allowed"] == 4


class Noise:
    """Strangers, in a process of their own: plain text, handshakes that stall
    or are cut."""

    PAUSE = 0.002

    def __init__(self, address):
        self.address = address
        self.hello = client_hello()
        self.kept = []
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(reading)
                self.run(writing)
            finally:
                os._exit(0)
        os.close(writing)
        self.count = reading

    def once(self, number):
        """once - one stranger"""
        client = socket.create_connection(self.address, WAIT)
        if number % 3 == 0:
            client.sendall(THEIRS)
            client.close()
        elif number % 3 == 1:
            client.sendall(self.hello)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              b"\1\0\0\0\0\0\0\0")
            client.close()
        else:
            client.sendall(self.hello[:100])
            self.kept.append(client)
            if len(self.kept) > 400:
                self.kept.pop(0).close()

    def run(self, pipe):
        """run - until it is killed; a byte for each stranger"""
        number = 0
        while True:
            with contextlib.suppress(ConnectionError):
                self.once(number)
            number += 1
            os.write(pipe, b".")
            time.sleep(self.PAUSE)

    def made(self):
        """made - how many there are by now"""
        size = fcntl.ioctl(self.count, termios.FIONREAD, bytes(4))
        return int.from_bytes(size, sys.byteorder)

    def end(self):
        """end - how many there were"""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        with open(self.count, "rb") as pipe:
            return len(pipe.read())


def p99(times):
    """p99 - in milliseconds"""
    return statistics.quantiles(times, n=100)[98] * 1000


def test_noise(program):
    """plain text, stalled and cut handshakes do not disturb the others;
    everything is given back. The figures are for people: how long a request
    takes in quiet, while strangers make the same noise at another policyd,
    which only takes the processor from us, and when they make it at this one.
    """
    seconds = float(os.environ.get("POLICYD_TEST_TLS_SECONDS", "0.25"))
    with TlsDaemon(program) as policyd, TlsDaemon(program) as other, \
            policyd.tls_client() as fixed:
        assert fixed.ask(OURS) == PERMIT
        server = policyd.server()
        before = descriptors(server)
        strangers = 0
        for often in False, True:
            figures = []
            for at in (None, other.tls, policyd.tls) * 2:
                noise = Noise(at) if at else None
                load = Load(policyd, [policyd.context()], often)
                load.start()
                time.sleep(seconds)
                # However slow the machine is:
                wait_until(lambda: load.error or len(load.times) >= LEAST and
                           (noise is None or noise.made() >= LEAST),
                           "%d requests, and strangers" % LEAST)
                figures.append(p99(finish([load])))
                if noise:
                    count = noise.end()
                    strangers += count if at == policyd.tls else 0
            print("  p99 of a request%s: quiet %.2f and %.2f ms, noise "
                  "elsewhere %.2f and %.2f ms, noise here %.2f and %.2f ms" % (
                      " with its connection" if often else "",
                      *figures[::3], *figures[1::3], *figures[2::3]))
        assert strangers >= 4 * LEAST, strangers
        if before is not None:
            wait_until(lambda: descriptors(server) == before,
                       "%d descriptors" % before)
        assert fixed.ask(OURS) == PERMIT
        assert policyd.server() == server
        text = policyd.read(policyd.log)
        assert len(text.splitlines()) < 200, "too many lines in the log"


if __name__ == "__main__":
    sys.exit(run_all([
        test_stall, test_small_pieces, test_cut, test_key_updates, test_big,
        test_not_taken, test_allow_remote, test_noise]))
