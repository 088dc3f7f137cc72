#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_tls_reload - the TLS listener: what a reload, a refresh and the end do
to connections.

usage: test_tls_reload.py POLICYD [TEST ...]
"""

import contextlib
import os
import signal
import socket
import sys
import time

from kit.certificates import Authority
from kit.daemon import OURS, PERMIT, WAIT, exists, in_time, run_all, wait_until
from kit.tls_daemon import TlsDaemon, attempt
from kit.tls_load import Load, finish

RELOADS = int(os.environ.get("POLICYD_TEST_TLS_RELOADS", "12"))


def test_reload(program):
    """other certificates: who is in TLS is closed between two requests, and
    connects again to the new certificate; others are not even touched"""
    with TlsDaemon(program) as policyd, policyd.client() as plain:
        policyd.ca.issue("server2", "server")
        other = Authority(policyd.directory, "ca2")
        other.issue("client2")
        other.issue("server3", "server")
        with open(policyd.path("both.pem"), "w") as file:
            for name in "ca.pem", "ca2.pem":
                file.write(policyd.read(policyd.path(name)))
        contexts = [policyd.context(authority="both")]
        load = [Load(policyd, contexts, number % 2 == 0)
                for number in range(6)]
        for thread in load:
            thread.start()
        names = ("server", "server2", "server3")
        for number in range(1, RELOADS + 1):
            fixed = [policyd.tls_client(contexts[0]) for _ in range(4)]
            plain.send(OURS[:number * 5])
            for place, client in enumerate(fixed):
                assert client.ask(OURS) == PERMIT
                client.send(OURS[:place])
            stalled = socket.create_connection(policyd.tls, WAIT)
            policyd.configure_tls(server=names[number % 3], ca="both")
            assert policyd.reload() >= 1
            for client in fixed:
                assert client.reply() == b"" and not client.cut
                client.close()
            assert stalled.recv(1) == b""
            stalled.close()
            plain.send(OURS[number * 5:])
            assert plain.reply() == PERMIT
            with policyd.tls_client(policyd.context(
                    "client2", "both")) as client:
                assert client.ask(OURS) == PERMIT
                names_of = dict(pair[0] for pair in client.socket
                                .getpeercert()["subject"])
                assert names_of["commonName"] == names[number % 3]
            errors = [thread.error for thread in load if thread.error]
            assert not errors, errors
        times = finish(load)
        print("  %d requests, %d reloads" % (len(times), RELOADS))
        policyd.server()
        text = policyd.read(policyd.log)
        for word in (" died", "which was leaving", "malformed"):
            assert word not in text, text


def test_reload_asking(program):
    """what was asked in whole before a reload is answered"""
    with TlsDaemon(program) as policyd:
        clients = [policyd.tls_client() for _ in range(5)]
        for client in clients:
            assert client.ask(OURS) == PERMIT
        old = policyd.server()
        os.kill(old, signal.SIGSTOP)
        for client in clients:
            client.send(OURS * 50)
        policyd.signal(signal.SIGHUP)
        wait_until(lambda: policyd.servers()[1:], "another server")
        assert policyd.ask() == PERMIT
        os.kill(old, signal.SIGCONT)
        for client in clients:
            for _ in range(50):
                assert client.reply() == PERMIT
            assert client.reply() == b"" and not client.cut
            client.close()
        assert attempt(policyd, policyd.context()) == PERMIT


def test_reload_not_taken(program):
    """a client that takes no replies does not hold up a reload"""
    with TlsDaemon(program) as policyd, policyd.tls_client() as client:
        assert client.ask(OURS) == PERMIT
        client.socket.settimeout(0.5)
        with contextlib.suppress(OSError):
            while True:
                client.send(OURS * 100)
        old = policyd.server()
        policyd.reload()
        wait_until(lambda: not exists(old), "its end")
        assert "did not end" not in policyd.read(policyd.log)
        assert attempt(policyd, policyd.context()) == PERMIT


def test_reload_refused(program):
    """what is wrong with the new certificate changes nothing"""
    with TlsDaemon(program) as policyd, policyd.tls_client() as client:
        policyd.ca.issue("old", "server", start=-3, end=-1)
        policyd.configure_tls(server="old")
        text = policyd.reload_refused()
        assert "policyd.conf:10: certificate: " in text, text
        assert "has expired" in text, text
        assert client.ask(OURS) == PERMIT
        assert attempt(policyd, policyd.context()) == PERMIT


def test_refresh(program):
    """with table_refresh a new certificate needs no signal"""
    with TlsDaemon(program) as policyd:
        policyd.configure_tls()
        text = policyd.read(policyd.config)
        policyd.write_config(text + "table_refresh = 1s\n")
        policyd.reload()
        policyd.ca.issue("server2", "server")
        with policyd.tls_client() as client:
            assert client.ask(OURS) == PERMIT
            mark = policyd.mark()
            for ending in ".key", ".pem":
                os.rename(policyd.path("server2" + ending),
                          policyd.path("server" + ending))
            policyd.expect("has changed: reloading", mark)
            policyd.expect(r"reloaded: .* 0 connections taken over", mark)
            assert client.reply() == b"" and not client.cut
        with policyd.tls_client() as client:
            assert "server2" in str(client.socket.getpeercert()["subject"])


def test_stop(program):
    """SIGTERM: what was asked is answered"""
    in_time(lambda: stop(program), 5)


def stop(program):
    """stop - once; how long it took"""
    with TlsDaemon(program) as policyd:
        clients = [policyd.tls_client() for _ in range(10)]
        stalled = socket.create_connection(policyd.tls, WAIT)
        for client in clients:
            assert client.ask(OURS) == PERMIT
        for client in clients[::2]:
            client.send(OURS * 20)
        start = time.monotonic()
        assert policyd.stop() == 0
        took = time.monotonic() - start
        for number, client in enumerate(clients):
            for _ in range(0 if number % 2 else 20):
                assert client.reply() == PERMIT
            assert client.reply() == b"" and not client.cut
            client.close()
        stalled.close()
        return took


def test_monitor_dies(program):
    """with the monitor its server ends"""
    with TlsDaemon(program) as policyd, policyd.tls_client() as client:
        assert client.ask(OURS) == PERMIT
        servers = policyd.servers()
        os.kill(policyd.monitor, signal.SIGKILL)
        assert client.reply() == b""
        wait_until(lambda: not any(exists(pid) for pid in servers), "the end")
        policyd.process.wait()
        policyd.process = None


if __name__ == "__main__":
    sys.exit(run_all([
        test_reload, test_reload_asking, test_reload_not_taken,
        test_reload_refused, test_refresh, test_stop, test_monitor_dies]))
