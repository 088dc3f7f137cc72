# SPDX-License-Identifier: ISC
"""A policyd with a listener in TLS, and a client in TLS."""

import contextlib
import os
import re
import signal
import socket
import ssl

from kit.certificates import Authority
from kit.daemon import OURS, WAIT, Client, Daemon, free_port, wait_until


class TlsDaemon(Daemon):
    """policyd with an authority, and a listener in TLS at self.tls."""

    def __init__(self, program, more="", listen=""):
        super().__init__(program)
        self.tls = ("127.0.0.1", free_port())
        self.ca = Authority(self.directory)
        self.ca.issue("server", "server")
        self.ca.issue("client")
        self.configure_tls(more, listen)

    def configure_tls(self, more="", listen="", server="server", ca="ca"):
        """configure_tls - more is for the tls section, listen for the one
        around it"""
        self.configure(
            'listen "inet:%s:%d" {\n%s\ntls {\n'
            'certificate = "%s.pem"\nkey = "%s.key"\nca = "%s.pem"\n%s\n}\n}\n'
            % (self.tls + (listen, self.path(server), self.path(server),
                           self.path(ca), more)))

    def context(self, certificate="client", authority="ca"):
        """context - of a client"""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.path(authority + ".pem"))
        if certificate:
            context.load_cert_chain(self.path(certificate + ".pem"),
                                    self.path(certificate + ".key"))
        return context

    def tls_client(self, context=None, timeout=WAIT):
        return TlsClient(self.tls, context or self.context(),
                         timeout=timeout)

    def counters(self):
        """counters - of the log line, by name"""
        mark = self.mark()
        self.signal(signal.SIGUSR1)
        line = self.expect(r"counters: (.*)", mark).group(1)
        return {name: int(value)
                for name, value in re.findall(r"(\w+)=(\d+)", line)}


FORGETFUL = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def forget():
    """forget - the errors of other connections: one that was reset may leave
    its error in OpenSSL's queue, and Python raises it in the next call"""
    with contextlib.suppress(ssl.SSLError):
        FORGETFUL.set_ciphers("no such cipher")     # empties the queue


class TlsClient(Client):
    """A Client in TLS."""

    def __init__(self, address, context, window=None, timeout=WAIT):
        plain = socket.socket()
        plain.settimeout(timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if window:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        try:
            plain.connect(address)
            forget()
            self.socket = context.wrap_socket(
                plain, server_hostname="policyd.local.test",
                suppress_ragged_eofs=False)
        except BaseException:
            plain.close()
            raise
        self.rest = b""
        self.cut = False        # the connection ended without close_notify

    def below(self):
        """below - the TCP connection under TLS"""
        return socket.socket(fileno=os.dup(self.socket.fileno()))

    def send(self, data):
        forget()
        super().send(data)

    def reply(self):
        """reply - b"" also when the peer gave a reason in TLS"""
        forget()
        try:
            return super().reply()
        except ssl.SSLError as error:
            self.cut = isinstance(error, ssl.SSLEOFError)
            assert not self.rest, "half a reply: %r" % self.rest
            return b""

    def end(self):
        """end - close_notify, and wait for that of the peer"""
        forget()
        self.socket.unwrap().close()


def client_hello():
    """client_hello - the bytes of one"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake with nobody")


def connect_again(policyd, context):
    """connect_again - a client, even if a reload cuts its handshake"""
    def connect():
        try:
            return policyd.tls_client(context)
        except (ssl.SSLEOFError, ConnectionError):
            return None
    return wait_until(connect, "a handshake")


def attempt(policyd, context):
    """attempt - what a client in TLS gets"""
    try:
        with policyd.tls_client(context) as client:
            return client.ask(OURS)
    except (ssl.SSLError, ConnectionError):
        return b""


def raw(policyd, data):
    """raw - what somebody gets who does not speak TLS well, until the end"""
    with socket.create_connection(policyd.tls, WAIT) as client:
        client.sendall(data)
        got = b""
        while True:
            try:
                more = client.recv(4096)
            except ConnectionResetError:
                more = b""
            if not more:
                return got
            got += more
