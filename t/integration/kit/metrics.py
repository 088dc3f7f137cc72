# SPDX-License-Identifier: ISC
"""policyd with a metrics section, and what it counts."""

import http.client
import socket

from kit.daemon import THEIRS, WAIT, Daemon, free_port

SERIES_MAX = 200
ENCRYPTED = (b"encryption_protocol=TLSv1.3\n"
             b"encryption_cipher=TLS_AES_256_GCM_SHA384\n"
             b"encryption_keysize=256\n")
LOGGED_IN = (THEIRS[:-1] + ENCRYPTED +
             b"sasl_method=PLAIN\nsasl_username=alice\n\n")


class Watched(Daemon):
    """policyd with a metrics section."""

    def __init__(self, program, settings="", **options):
        self.port = free_port()
        super().__init__(program, settings, **options)

    def configure(self, settings="", listen=True):
        super().configure('metrics "inet:127.0.0.1:%d" { }\n%s' % (
            self.port, settings), listen)

    def get(self, path="/metrics", method="GET", connection=None):
        """get - (status, headers, text)"""
        connection = connection or http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=WAIT)
        connection.request(method, path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text

    def metrics(self):
        """metrics - {series: value}; they must be well-formed, and few"""
        status, headers, text = self.get()
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        rows = [line.rpartition(" ") for line in text.splitlines()
                if not line.startswith("#")]
        assert 0 < len(rows) <= SERIES_MAX, len(rows)
        values = {series: float(value) for series, _, value in rows}
        assert len(values) == len(rows), "a series appears twice"
        return values

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), WAIT)


def decisions(values, **labels):
    """decisions - the sum of the series with these labels"""
    return sum(value for series, value in values.items()
               if series.startswith("policyd_decisions_total{") and
               all('%s="%s"' % label in series for label in labels.items()))


def values_of(policyd):
    try:
        return policyd.metrics()
    except (ConnectionError, http.client.HTTPException):
        return None
