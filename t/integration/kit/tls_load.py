# SPDX-License-Identifier: ISC
"""Clients in TLS that always ask, and count what they were told."""

import ssl
import threading
import time

from kit.daemon import OURS, PERMIT
from kit.tls_daemon import connect_again


class Load(threading.Thread):
    """A client that asks as fast as it can; with often a new connection for
    each request. A reload closes its connection between two requests: it
    connects and asks again, as Postfix does."""

    def __init__(self, policyd, contexts, often):
        super().__init__()
        self.policyd = policyd
        self.contexts = contexts
        self.often = often
        self.client = None
        self.fresh = True       # it has asked nothing yet
        self.times = []
        self.stop = False
        self.error = None

    def once(self):
        start = time.monotonic()
        if self.client is None:
            self.client = connect_again(self.policyd, self.contexts[0])
            self.fresh = True
        reply = self.ask()
        if not reply:
            self.client.close()
            self.client = None
            return
        assert reply == PERMIT
        self.times.append(time.monotonic() - start)
        if self.often:
            self.client.end()
            self.client = None

    def ask(self):
        """ask - b"": the connection was closed, in order, perhaps a while ago:
        then nothing can be sent"""
        try:
            reply = self.client.ask(OURS)
        except (ConnectionError, ssl.SSLEOFError):
            return b""
        # In TLS 1.3 a client may believe that a handshake is done before the
        # other side does.
        assert not self.client.cut or self.fresh
        self.fresh = False
        return reply

    def run(self):
        try:
            while not self.stop:
                self.once()
        except Exception as error:
            self.error = error
        if self.client is not None:
            self.client.close()


def finish(load):
    """finish - end the load; all of its times"""
    for thread in load:
        thread.stop = True
    for thread in load:
        thread.join()
        assert thread.error is None, repr(thread.error)
        assert thread.times
    return [each for thread in load for each in thread.times]
