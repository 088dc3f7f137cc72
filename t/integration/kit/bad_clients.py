# SPDX-License-Identifier: ISC
"""Clients that break things."""

import collections
import contextlib
import ssl

from kit.daemon import OURS, Client
from kit.questions import BATCH


class Bad:
    """Clients that break things, one after the other."""

    def __init__(self, policyd, address):
        self.policyd, self.address = policyd, address
        self.held = collections.deque()
        self.kinds = [self.junk, self.vanish, self.hold, self.reset,
                      self.no_tls, self.stranger, self.long]
        self.count = 0
        self.nobody = policyd.context(certificate=None)

    def next(self):
        """next - one more"""
        kind = self.kinds[self.count % len(self.kinds)]
        self.count += 1
        with contextlib.suppress(OSError, ssl.SSLError):
            kind()

    def junk(self):
        assert self.policyd.ask(b"this is no request\n\n") == b""

    def vanish(self):
        with self.policyd.client() as client:
            client.send(BATCH[:700])

    def hold(self):
        """hold - in the middle of a request, until time runs out"""
        client = self.policyd.client()
        client.send(OURS[:60])
        self.held.append(client)
        if len(self.held) > 40:
            self.held.popleft().close()

    def reset(self):
        client = Client(self.address)
        client.send(BATCH)
        client.reset()

    def no_tls(self):
        with Client(self.policyd.tls) as client:
            client.send(OURS)
            client.reply()

    def stranger(self):
        with self.policyd.tls_client(self.nobody) as client:
            client.ask(OURS)

    def long(self):
        self.policyd.ask(b"x" * 9000)

    def end(self):
        for client in self.held:
            client.close()
