# SPDX-License-Identifier: ISC
"""Mail through a Postfix that is set up as HOWTO's chapter about sending limits
says: its rates, tables and lists, and what a sink gets."""

import contextlib
import os
import re
import shlex
import signal
import subprocess

from kit import snippets
from kit.mailer import howto_policyd
from kit.postfix import PASSWORD, USER, Postfix, Sink, poll
from kit.smtp import Session, auth_plain, tls_context


def chapter(title="SENDING LIMITS"):
    """chapter - of HOWTO"""
    with open(snippets.HOWTO, encoding="utf-8") as lines:
        text = re.search(r"^\d+\. %s$(.*?)(?=^\d+\. [A-Z]|\Z)" % title,
                         lines.read(), re.M | re.S).group(1)
    return text


def unindented(text):
    """unindented - a block of HOWTO"""
    return re.sub("^    ", "", text, flags=re.M)


def rate(name):
    """rate - the section of that name in HOWTO"""
    found = re.search(r'^    rate "%s" \{(?: .*\}$|$.*?^    \}$)' % name,
                      chapter(), re.M | re.S)
    assert found, "HOWTO has no rate %s" % name
    return unindented(found.group(0))


def table(name, *changes):
    """table - (name, text) of a table in HOWTO, with other texts in it"""
    text = unindented(re.search(
        r"(?m)(?:\A|\n).*/etc/policyd/%s:\n\n((?:    .*\n)+)" % name,
        chapter()).group(1))
    for old, new in changes:
        assert old in text, "HOWTO: no %s in %s" % (old, name)
        text = text.replace(old, new)
    return name, text


def restrictions(first):
    """restrictions - the list of HOWTO that begins with that word"""
    found = re.search(r"^ +restrictions = \{ %s.*?\}" % first, chapter(),
                      re.M | re.S)
    assert found, "HOWTO has no list with %s" % first
    return found.group(0).strip()


class Mail:
    """A Postfix, a sink, and a policyd with the rates of HOWTO."""

    def __init__(self, program, rates, words, changes=(), files=(), **main_cf):
        self.stack = contextlib.ExitStack()
        self.postfix = self.stack.enter_context(Postfix(main_cf))
        self.sink = self.stack.enter_context(Sink())
        self.postfix.deliver_to(self.sink)
        self.ports = snippets.configure(self.postfix, "sending limits")
        self.policyd = howto_policyd(program, self.postfix, self.ports,
                                     "lock")
        self._configure(rates, words, changes, files)

    def _configure(self, rates, words, changes, files):
        """_configure - the file of HOWTO, with rates in it"""
        counts = self.postfix.path("counts")
        os.mkdir(counts)
        with open(self.policyd.file) as file:
            text = file.read()
        port = {"strangers": r"\{ \d+ \}",
                "permit_mynetworks": r"\{ \d+, \d+ \}"}.get(
                    re.search(r"strangers|permit_mynetworks|$", words)[0])
        if port:
            text = re.sub(r"(?m)^(\s+server_port = %s)" % port,
                          lambda found: found.group(0) + "\n" + words, text)
        else:
            text += words + "\n"
        text += 'rate_directory = "%s"\nthreads = 2\n' % counts
        text += "\n".join(rate(name) for name in rates)
        for name, content in files:
            with open(self.postfix.path(name), "w") as file:
                file.write(content)
        for old, new in list(changes) + [
                ("/etc/policyd/", self.postfix.directory + "/")]:
            assert old in text or old.startswith("/etc"), old
            text = text.replace(old, new)
        with open(self.policyd.file, "w") as file:
            file.write(text)

    def __enter__(self):
        try:
            self.policyd.check()
            self.stack.enter_context(self.policyd)
            self.postfix.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, failed, *_):
        if failed:
            print(self.policyd.said()[-6000:], self.postfix.said()[-3000:])
        self.stack.close()

    def session(self, source="127.0.0.1", login=USER):
        """session - on the submission port, encrypted and logged in"""
        session = Session(self.ports["submission"], source=source)
        session.reply()
        session.ask("EHLO client.example")
        session.ask("STARTTLS")
        session.starttls(tls_context(
            "TLSv1.3", self.postfix.path("tls", "ca.pem")))
        session.ask("EHLO client.example")
        reply = session.ask(auth_plain(login, PASSWORD))
        assert reply.startswith("235"), reply
        return session

    def stranger(self, source):
        """stranger - on port 25"""
        session = Session(self.ports["smtp"], source=source)
        session.reply()
        session.ask("EHLO client.example")
        return session

    def reload(self):
        """reload - all connections are at the next server"""
        mark = len(self.policyd.said())
        self.policyd.process.send_signal(signal.SIGHUP)
        poll(lambda: "reloaded: server" in self.policyd.said()[mark:])

    def command(self, text):
        """command - of HOWTO, typed here; status, and what it printed"""
        program = shlex.quote(self.policyd.program)
        script = """policyd() { %s "$@" -c %s; }
postsuper() { command postsuper -c %s "$@"; }
%s""" % (program, self.policyd.file, self.postfix.config, text)
        done = subprocess.run(["/bin/sh", "-eu", "-c", script], text=True,
                              capture_output=True)
        return done.returncode, done.stdout + done.stderr

    @staticmethod
    def send(session, count=1, to="x%d@far.example"):
        """send - one message; the reply that decides"""
        reply = session.ask("MAIL FROM:<user@local.test>")
        for number in range(count):
            reply = session.ask("RCPT TO:<%s>" % (to.replace(
                "%d", str(number))))
            if not reply.startswith("250"):
                break
        else:
            reply = session.ask("DATA")
        if reply.startswith("354"):
            reply = session.ask("Subject: x\r\n\r\nx\r\n.")
        session.ask("RSET")
        return reply

    def delivered(self):
        """delivered - recipients that the sink has"""
        return sum(len(rcpts) for _, rcpts, _ in list(self.sink.messages))

    def servers(self):
        """servers - of policyd"""
        monitor = self.policyd.process.pid
        with open("/proc/%d/task/%d/children" % (monitor, monitor)) as file:
            return [int(pid) for pid in file.read().split()]
