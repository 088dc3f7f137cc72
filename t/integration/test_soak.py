# SPDX-License-Identifier: ISC
"""A long time under load, with reloads and bad clients: every answer is right,
and neither memory nor descriptors grow: in the first half those of one server,
in the second half, with a reload every minute, those of the monitor.

usage: test_soak.py POLICYD

POLICYD_TEST_SOAK=7200: seconds; POLICYD_TEST_SOAK_RATE=5000: requests a second.
"""

import contextlib
import os
import random
import sys
import time

sys.path.insert(1, os.path.join(sys.path[0], os.pardir, "tools"))

from kit.bad_clients import Bad
from kit.daemon import (descriptors, free_port, run_all, sanitized,
                        wait_until)
from progress import Progress
from kit.questions import BATCH, QUESTIONS, Asked, judge
from kit.processes import status

SECONDS = float(os.environ.get("POLICYD_TEST_SOAK", "20"))
RATE = int(os.environ.get("POLICYD_TEST_SOAK_RATE", "5000"))
CLIENTS = 20
LINES = 12                      # of the curve


class Curve:
    """What the processes need, once a second."""

    def __init__(self, policyd):
        self.policyd = policyd
        self.points = []        # time, KiB and descriptors of both
        self.begin = time.monotonic()

    def add(self):
        """add - a point; the server that came last is the one that counts"""
        servers = self.policyd.servers()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError,
                                 AttributeError, IndexError):
            self.points.append((
                time.monotonic() - self.begin,
                status(servers[-1], "VmRSS"), descriptors(servers[-1]) or 0,
                status(self.policyd.monitor, "VmRSS"),
                descriptors(self.policyd.monitor)))

    def print(self):
        step = max(1, len(self.points) // LINES)
        for point in self.points[::step]:
            print("  %6.0f s: server %5d KiB, %3d descriptors; monitor %5d "
                  "KiB, %2d descriptors" % point)

    def most(self, column, begin, end):
        """most - in that part of the time, from 0 to 1"""
        last = self.points[-1][0]
        return max(point[column] for point in self.points
                   if begin * last <= point[0] <= end * last)


def one(client):
    """one - all questions, and whether every answer is right"""
    client.send(BATCH)
    judge([client.reply() for _ in QUESTIONS], complete=True)


def known(client):
    """known - a client that has asked: then it may be idle, until it is chosen
    again"""
    one(client)
    return client


def soak(policyd, address, curve, progress):
    """soak - until time is over; requests, bad clients, reloads"""
    clients = [known(policyd.client()) for _ in range(CLIENTS)]
    clients.append(known(policyd.tls_client()))
    bad = Bad(policyd, address)
    requests = reloads = 0
    every = min(60, SECONDS / 16)
    begin = now = time.monotonic()
    sample = begin
    chance = random.Random(1)
    while now < begin + SECONDS:
        one(chance.choice(clients))
        requests += len(QUESTIONS)
        if requests > bad.count * 100:
            bad.next()
        if now > begin + SECONDS / 2 + reloads * every:
            policyd.reload()
            reloads += 1
            # A reload closes who is in TLS.
            with clients.pop() as client:
                assert client.reply() == b"" and not client.cut
            clients.append(known(policyd.tls_client()))
        if now > sample:
            curve.add()
            sample += 1
            progress.step()
        now = time.monotonic()
        time.sleep(max(0, begin + requests / RATE - now))
    for client in clients:
        one(client)             # none was closed
        client.close()
    bad.end()
    return requests, bad.count, reloads, now - begin


def test_soak(program):
    """flat"""
    address = ("127.0.0.1", free_port())
    with Asked(program, 'listen "inet:%s:%d" { }\n' % address +
               "request_timeout = 5s\n") as policyd:
        before = descriptors(policyd.monitor)
        idle = descriptors(policyd.server())
        curve = Curve(policyd)
        with Progress(int(SECONDS), "seconds") as progress:
            requests, bad, reloads, seconds = soak(policyd, address, curve,
                                                   progress)
        curve.print()
        policyd.no_crash(0)
        assert "died" not in policyd.read(policyd.log)
        print("  %d requests, %d a second, %d bad clients, %d reloads" % (
            requests, requests / seconds, bad, reloads))
        server = policyd.server()
        for column, name, half in ((1, "server", 0), (3, "monitor", 0.5)):
            grown = (curve.most(column, half + 0.3, half + 0.49) -
                     curve.most(column, half + 0.05, half + 0.2))
            print("  %s: %+d KiB" % (name, grown))
            if not sanitized(program):
                assert grown <= 1024
                assert curve.most(column, 0, 1) <= 32 * 1024
        wait_until(lambda: descriptors(policyd.monitor) == before,
                   "%d descriptors of the monitor" % before)
        few = descriptors(server)
        if few is not None:
            wait_until(lambda: descriptors(server) <= idle,
                       "descriptors of the server")
        assert policyd.stop() == 0


if __name__ == "__main__":
    sys.exit(run_all([test_soak]))
