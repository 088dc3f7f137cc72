# SPDX-License-Identifier: ISC
"""Ports of a real Postfix and their clients, as they are, and as port_matrix
judges them (lib/postfix/smtpd_ports.c)."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading

from kit.daemon import WAIT, exists, free_port, is_socket, wait_until
from kit.postfix import PASSWORD, REALM, USER, listening, poll
from kit.processes import name_of
from kit.smtp import NO_TLS, Session, auth_plain, tls_context
from kit.snippets import ROOT

CLIENTS = ("stranger", "login", "network", "host")
RECIPIENTS = {"ours": "user@local.test", "elsewhere": "user@far.example"}
# What is taken is not delivered: nobody looks where it arrives.
UNUSED = ("qmgr", "bounce", "discard")
# Not in any mynetworks but 127.0.0.0/8; then XCLIENT makes it another one.
STRANGER = ("127.0.0.9", "203.0.113.9")


class Policy:
    """A policy server that always gives the same reply."""

    def __init__(self, action):
        self.action = action
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.name = "inet:127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,),
                             daemon=True).start()

    def answer(self, connection):
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                if line == b"\n":
                    connection.sendall(b"action=%s\n\n" %
                                       self.action.encode())


class Refused(Exception):
    """the client cannot do what it wants to"""


def expect(session, command, code):
    """expect - a command that must have that answer"""
    said = session.ask(command)
    if not said.startswith(code):
        raise Refused("%s: %s" % (command[:20], said))
    return said


class Port:
    """One port of a real Postfix, and its clients."""

    def __init__(self, postfix, number, wraps, network, recipients,
                 proxied=False):
        self.postfix = postfix
        self.number = number
        self.wraps = wraps
        self.proxied = proxied
        self.network = network
        self.recipients = recipients
        self.mark = postfix.mark()
        self.context = tls_context("TLSv1.3", postfix.path("tls", "ca.pem"))

    def failed(self):
        """failed - smtpd(8) has ended by itself, maybe before it knew its
        name"""
        return re.search(r"(p%d|postfix)/smtpd\[\d+\]: fatal: " % self.number,
                         self.postfix.said(self.mark))

    def connect(self, source, address):
        """connect - from source; a proxy says that it is address"""
        session = Session(self.number, source=source)
        if self.proxied:
            kind, here = (("TCP6", "::1") if ":" in address else
                          ("TCP4", "127.0.0.1"))
            session.send("PROXY %s %s %s 4711 %d" % (kind, address, here,
                                                     self.number))
        return session

    def greeting(self, session):
        """greeting - smtpd(8) says 220, or ends before it says anything"""
        session.socket.settimeout(0.2)
        while True:
            try:
                said = session.reply()
                break
            except (socket.timeout, TimeoutError):
                if self.failed():
                    raise Refused("fatal")
        session.socket.settimeout(WAIT)
        if not said.startswith("220"):
            raise Refused(said)

    def tls(self, session):
        try:
            session.starttls(self.context)
        except ConnectionError as error:
            raise Refused(str(error))

    def client(self, kind, tls):
        """client - a session that may send mail"""
        source, address = {
            "host": ("127.0.0.1", None),
            "network": (self.network if self.network.startswith("127.")
                        else "127.0.0.1", self.network),
        }.get(kind, STRANGER)
        if self.failed():
            raise Refused("fatal")
        session = self.connect(source, address or source)
        if self.wraps:
            if not tls:
                session.send("EHLO client.far.example")
                self.greeting(session)
            self.tls(session)
        self.greeting(session)
        said = expect(session, "EHLO client.far.example", "250")
        if tls and not self.wraps:
            if "STARTTLS" not in said:
                raise Refused(NO_TLS)
            expect(session, "STARTTLS", "220")
            self.tls(session)
            said = expect(session, "EHLO client.far.example", "250")
        if address and address != source and not self.proxied:
            expect(session, "XCLIENT ADDR=" + (
                "IPV6:" + address if ":" in address else address), "220")
            said = expect(session, "EHLO client.far.example", "250")
        if kind == "login":
            if not re.search(r"^250.AUTH ", said, re.MULTILINE):
                raise Refused("no AUTH")
            expect(session, auth_plain(USER + "@" + REALM, PASSWORD), "235")
        return session

    def sends(self, session, recipient):
        """sends - is a whole message taken?"""
        try:
            expect(session, "MAIL FROM:<user@far.example>", "250")
            expect(session, "RCPT TO:<%s>" % recipient, "250")
            expect(session, "DATA", "354")
            expect(session, "Subject: x\r\n\r\nx\r\n.", "250")
            return "passes"
        except Refused:
            session.ask("RSET")
            return "refused"

    def truth(self):
        """truth - {(client, recipient): "passes" or "refused"}"""
        found = {}
        for kind in CLIENTS:
            for tls in (False, True):
                name = kind + (" in TLS" if tls else "")
                try:
                    with self.client(kind, tls) as session:
                        for recipient, address in self.recipients.items():
                            found[name, recipient] = self.sends(session,
                                                                address)
                except Refused:
                    for recipient in RECIPIENTS:
                        found[name, recipient] = "refused"
        return found


def reload(postfix):
    """reload - the ports that master.cf has now, and no other; what has the
    settings of before has ended"""
    if postfix.master is None:
        postfix.start()
        return
    before = [pid for pid in postfix.children() if name_of(pid) != "postlogd"]
    ports = postfix.ports()
    postfix.master.send_signal(signal.SIGHUP)

    def reloaded():
        return listening(ports) and not any(exists(pid) for pid in before)
    try:
        poll(reloaded)
    except TimeoutError:
        print(postfix.said()[-3000:])
        raise


def place(postfix, settings, master, unused=UNUSED):
    """place - main.cf, and a master.cf whose ports become free ones; {name of
    the service: number of its port}"""
    ports = {}
    postfix._write("main.cf", ["%s = %s" % pair for pair in settings.items()])
    entries = [entry for entry in postfix._entries("master.cf")
               if entry.split()[1] != "inet"
               and entry.split()[0] not in unused]
    for entry in re.findall(r"^\S.*(?:\n[ \t].*)*", master, re.MULTILINE):
        name, rest = entry.split(None, 1)
        if rest.startswith("inet"):
            number = ports.setdefault(name, free_port())
            rest = re.sub(r"\s+-o syslog_name=\S+", "", rest)
            words = rest.split(None, 6)
            program = re.match(r"\S+", words[6]).group(0)
            entry = "127.0.0.1:%d %s %s\n    -o syslog_name=p%d%s" % (
                number, " ".join(words[:6]), program, number,
                words[6][len(program):])
        entries.append(entry)
    postfix._write("master.cf", entries)
    return ports


def option(name, value, brace):
    """option - of a service, in one of the two forms"""
    return "\n    -o " + ("{ %s = %s }" if brace else "%s=%s") % (name, value)


@contextlib.contextmanager
def policyd(program, configuration):
    """policyd - serves while the block runs"""
    with subprocess.Popen([program, "-c", configuration]) as process:
        with open(configuration, encoding="utf-8") as file:
            path = re.search(r'listen "unix:(.*?)"', file.read()).group(1)
        wait_until(lambda: is_socket(path) or process.poll() is not None,
                   "the socket of policyd")
        try:
            assert process.poll() is None, "policyd does not start"
            yield
        finally:
            process.terminate()


def base_of(postfix):
    """base_of - the settings of every instance"""
    found = dict(re.split(r"\s*=\s*", entry, maxsplit=1)
                 for entry in postfix._entries("main.cf"))
    found.update({name + "_transport": "discard:" for name in (
        "local", "virtual", "relay", "default")})
    found.update({
        "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
        "smtpd_policy_service_try_limit": "1",
        "smtpd_data_restrictions": "",
        "smtpd_client_connection_rate_limit": "0",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_error_sleep_time": "0",
    })
    return found


def settings_of(text):
    """settings_of - {name: value} of a main.cf"""
    return dict(re.split(r"\s*=\s*", line, maxsplit=1)
                for line in re.findall(r"^\S.*(?:\n[ \t].*)*",
                                       re.sub(r"(?m)^#.*\n", "", text),
                                       re.MULTILINE))


def shared(name, directory, file):
    """shared - a file of t/data/field, or "" """
    path = os.path.join(ROOT, "t", "data", "field", name, file)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as text:
        return text.read().replace("@D@", directory)


def field(name, postfix, file):
    """field - the same for that Postfix. No SQL server runs here."""
    return shared(name, postfix.directory, file).replace(
        "proxy:mysql:/etc/postfix/domains.cf", "inline:{sql.example=x}")
