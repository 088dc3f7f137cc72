# SPDX-License-Identifier: ISC
"""An SMTP client that does exactly what a test says and hides nothing.

smtplib would say EHLO again, quote addresses and raise; these tests send the
exact bytes and look at the exact replies.
"""

import base64
import re
import socket
import ssl

from kit.daemon import WAIT

CLOSED = "0 closed"
NO_TLS = "0 no TLS"


def verdict(reply):
    """verdict - reply code and enhanced status: what a client acts on"""
    return " ".join(re.match(r"(\d+)(?:[ -](\d\.\d+\.\d+))?", reply)
                    .group(0).split()[:2])


def tls_context(version, authority, certificate=None):
    """tls_context - exactly one TLS version, the server is verified"""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority)
    context.minimum_version = context.maximum_version = {
        "TLSv1.2": ssl.TLSVersion.TLSv1_2,
        "TLSv1.3": ssl.TLSVersion.TLSv1_3}[version]
    if certificate:
        context.load_cert_chain(certificate + ".pem", certificate + ".key")
    return context


def auth_plain(user, password):
    """auth_plain - the AUTH PLAIN command"""
    secret = "\0%s\0%s" % (user, password)
    return "AUTH PLAIN " + base64.b64encode(secret.encode()).decode()


class Session:
    """One connection. A reply is one text; several lines end in newlines
    between them."""

    def __init__(self, port, timeout=WAIT, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout,
                                               (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """close - without QUIT"""
        self.socket.close()

    def starttls(self, context):
        """starttls - the handshake; the protocol agreed on"""
        try:
            self.socket = context.wrap_socket(
                self.socket, server_hostname="mail.local.test")
        except OSError as error:
            raise ConnectionError("TLS handshake: %s" % error) from error
        return self.socket.version()

    def send(self, *commands):
        """send - commands in one write, each ended by CRLF"""
        data = b"".join(command.encode("utf-8", "surrogateescape") + b"\r\n"
                        for command in commands)
        try:
            self.socket.sendall(data)
        except OSError:
            pass                # the reply will be CLOSED

    def reply(self):
        """reply - one whole reply, or CLOSED"""
        lines = []
        while True:
            end = self.buffer.find(b"\n")
            if end < 0:
                try:
                    more = self.socket.recv(65536)
                except socket.timeout:
                    raise
                except OSError:
                    more = b""
                if not more:
                    return CLOSED
                self.buffer += more
                continue
            line = self.buffer[:end].rstrip(b"\r").decode("utf-8", "replace")
            self.buffer = self.buffer[end + 1:]
            lines.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    def ask(self, command):
        """ask - one command, its reply"""
        self.send(command)
        return self.reply()
