#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_http - the listener of the metrics section as a server of HTTP: what
watchdogs ask, strange requests, and guests who say nothing.

usage: test_http.py POLICYD [TEST ...]
"""

import re
import signal
import socket
import sys
import threading
import time

from kit.daemon import (OURS, PERMIT, WAIT, descriptors, in_time, run_all,
                        wait_until)
from kit.metrics import Watched, values_of


def test_healthz(program):
    """200 while it serves, 503 while it drains"""
    wait_until(lambda: healthz(program), "four answers while it drains")


def healthz(program):
    """healthz - False: this machine takes longer to ask than it drains"""
    seen = True
    with Watched(program) as policyd:
        assert policyd.get("/healthz")[::2] == (200, "ok\n")
        with policyd.client() as stuck:
            # Replies that nobody takes: the server cannot end at once.
            stuck.fill(policyd.server(), OURS)
            policyd.signal(signal.SIGTERM)
            try:
                wait_until(lambda: policyd.get("/healthz")[0] == 503, "503")
                assert policyd.get("/healthz")[2] == "draining\n"
                assert policyd.metrics()["policyd_draining"] == 1
                assert ">draining<" in policyd.get("/")[2]
            except ConnectionError:     # it drains for four seconds
                seen = False
        assert policyd.wait() == 0
        return seen


def raw(policyd, data, finish=True):
    """raw - what comes back for these bytes, until the end"""
    with policyd.connect() as connection:
        connection.sendall(data)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while True:
                more = connection.recv(65536)
                if not more:
                    return answer
                answer += more
        except ConnectionResetError:
            return answer


def test_http(program):
    """read-only, one request for each connection, few and short ones"""
    with Watched(program) as policyd:
        status, headers, text = policyd.get("/")
        assert status == 200 and "<script" not in text
        nonce = re.search(r'<style nonce="([0-9a-f]{32})">', text).group(1)
        assert headers["Content-Security-Policy"].startswith(
            "default-src 'none'; style-src 'nonce-%s';" % nonce)
        assert nonce not in policyd.get("/")[2]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Connection"] == "close"
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            status, headers, _ = policyd.get("/", method)
            assert (status, headers["Allow"]) == (405, "GET, HEAD"), method
        assert policyd.get("/", "HEAD")[::2] == (200, "")
        for path in ("/metrics/", "/x", "//", "/../etc/passwd", "/%2e",
                     "/healthz%00", "/<b>"):
            status, _, text = policyd.get(path)
            assert status == 404 and "<" not in text, (path, text)
        assert policyd.get("/healthz?x=1")[0] == 200
        # A name that was made to point here is not this host.
        for host, status in ((b"localhost:1", b"200"), (b"127.0.0.1", b"200"),
                             (b"[::1]:9154", b"200"), (b"", b"200"),
                             (b"evil.example", b"421"),
                             (b"127.0.0.1.evil.example:9154", b"421"),
                             (b"localhost.evil.example", b"421")):
            answer = raw(policyd, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n"
                         % host)
            assert answer.startswith(b"HTTP/1.1 " + status), (host, answer)
        # One request, whatever the client would like.
        line = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" \
               b"Connection: keep-alive\r\n\r\n"
        assert raw(policyd, line * 20).count(b"HTTP/1.1 200") == 1
        # Too much of anything.
        huge = b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\n"
        assert b" 200 " not in raw(policyd, huge)
        many = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000 + b"\r\n"
        assert b" 200 " not in raw(policyd, many)
        body = b"GET / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999
        assert b" 200 " not in raw(policyd, body)
        for nonsense in (b"\0" * 100, b"\r\n" * 100, b"\x16\x03\x01" * 50,
                         b"GET\r\n\r\n", b"FOO / HTTP/1.1\r\n\r\n",
                         b"GET / HTTP/9.9\r\n\r\n", OURS):
            assert b" 200 " not in raw(policyd, nonsense), nonsense
        assert policyd.get("/healthz")[0] == 200
        assert policyd.ask(OURS) == PERMIT


def test_guests(program):
    """who only takes a place is shown out, and policyd does not care"""
    in_time(lambda: guests(program), 6)


def guests(program):
    """guests - how long the first one stayed"""
    with Watched(program) as policyd:
        server = policyd.server()
        assert policyd.get("/healthz")[0] == 200
        wait_until(lambda: policyd.get("/healthz")[0] == 200, "a place")
        before = descriptors(server)
        crowd = [policyd.connect() for _ in range(60)]
        start = time.monotonic()
        stop = threading.Event()

        def trickle():
            while not stop.wait(0.5):
                for guest in crowd:
                    try:
                        guest.send(b"G")
                    except OSError:
                        pass
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            assert policyd.ask(OURS) == PERMIT
            time.sleep(0.5)
            if before is not None:
                assert descriptors(server) - before <= 32, descriptors(server)
            # The first ones had to make room, the last one has ten seconds.
            ends = []
            for guest in crowd[0], crowd[-1]:
                guest.settimeout(WAIT)
                try:
                    assert guest.recv(1) in (b"", b"H")
                except ConnectionResetError:
                    pass
                ends.append(time.monotonic() - start)
            assert ends[1] >= 8, ends
        finally:
            stop.set()
            thread.join()
            for guest in crowd:
                guest.close()
        wait_until(lambda: values_of(policyd), "metrics")
        if before is not None:
            wait_until(lambda: descriptors(server) <= before + 1,
                       "all descriptors")
    return ends[0]


def test_silent_guests(program):
    """who says nothing holds no place against one who asks"""
    with Watched(program) as policyd:
        times = []
        for _ in range(20):
            crowd = [policyd.connect() for _ in range(16)]
            begin = time.monotonic()
            assert policyd.get("/healthz")[0] == 200
            times.append(time.monotonic() - begin)
            for guest in crowd:
                guest.close()
        times.sort()
        print("  /healthz beside 16 silent guests: median %.1f ms, worst "
              "%.1f ms" % (times[10] * 1000, times[-1] * 1000))
        # By themselves they leave after five seconds.
        assert times[10] < 2, times
        # Those that have closed their end leave before those that are here.
        for _ in range(20):
            for guest in [policyd.connect() for _ in range(16)]:
                guest.close()
            crowd = [policyd.connect() for _ in range(10)]
            for guest in crowd:
                guest.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for guest in crowd:
                guest.settimeout(WAIT)
                assert guest.recv(12) == b"HTTP/1.1 200"
                guest.close()
        # Those who have asked are not shown out, slow as they may be.
        asked = [policyd.connect() for _ in range(10)]
        for guest in asked:
            guest.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        crowd = [policyd.connect() for _ in range(40)]
        for guest in asked:
            guest.settimeout(WAIT)
            text = b""
            while data := guest.recv(65536):
                text += data
            assert b"policyd_build_info" in text, text
        for guest in asked + crowd:
            guest.close()


if __name__ == "__main__":
    sys.exit(run_all([
        test_healthz, test_http, test_guests, test_silent_guests]))
