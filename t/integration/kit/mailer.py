# SPDX-License-Identifier: ISC
"""Mail through a Postfix that is set up as the documentation says: sent,
and found again where it must arrive."""

import os
import re
import uuid

from kit import snippets
from kit.policyd import Policyd
from kit.postfix import PASSWORD, USER, poll
from kit.smtp import Session, auth_plain, tls_context, verdict

OK = "250 2.1.5"

NO = "554 5.7.1"

# port, TLS, login, recipient, reply, where it must arrive: as the recipient
# of the Maildir or of the sink.
MESSAGES = [
    ("smtp", None, None, "user@local.test", OK, "maildir user@local.test"),
    ("smtp", None, None, "user@valias.test", OK, "maildir user@local.test"),
    ("smtp", None, None, "user@vmail.test", OK, "maildir user@vmail.test"),
    ("smtp", None, None, "user@relay.test", OK, "sink user@relay.test"),
    ("smtp", None, None, "user@sub.relay.test", OK,
     "sink user@sub.relay.test"),
    ("smtp", None, None, "user@remote.example", NO, None),
    ("smtp", None, None, "user%remote.example@local.test", NO, None),
    ("smtp", "TLSv1.3", None, "user@local.test", OK,
     "maildir user@local.test"),
    ("smtp", "TLSv1.3", None, "user@remote.example", NO, None),
    ("smtp", "TLSv1.2", "good", "user@remote.example", OK,
     "sink user@remote.example"),
    ("submission", None, None, "user@local.test", "530 5.7.0", None),
    ("submission", "TLSv1.3", "good", "user@local.test", OK,
     "maildir user@local.test"),
    ("submission", "TLSv1.3", "good", "user@remote.example", OK,
     "sink user@remote.example"),
    ("submission", "TLSv1.2", "good", "user@relay.test", OK,
     "sink user@relay.test"),
    ("submission", "TLSv1.2", "bad", "user@remote.example", NO, None),
    ("submission", "TLSv1.3", None, "user@remote.example", NO, None),
    ("submission", "TLSv1.3", None, "user@vmail.test", OK,
     "maildir user@vmail.test"),
    ("submissions", "TLSv1.2", "good", "user@remote.example", OK,
     "sink user@remote.example"),
    ("submissions", "TLSv1.3", "good", "user@valias.test", OK,
     "maildir user@local.test"),
    ("submissions", "TLSv1.3", None, "user@local.test", OK,
     "maildir user@local.test"),
    ("submissions", "TLSv1.3", None, "user@remote.example", NO, None),
    ("submissions", "TLSv1.3", "bad", "user@remote.example", NO, None),
]



class Failures(list):
    """What went wrong, printed at once."""

    def check(self, right, text):
        """check - remember text unless right"""
        if not right:
            self.append(text)
            print("FAILED " + text, flush=True)



class Mailer:
    """Sends messages and finds them again."""

    def __init__(self, postfix, sink, ports):
        self.postfix = postfix
        self.sink = sink
        self.ports = ports

    def open(self, port, tls, login):
        """open - a session on a port, up to the login"""
        session = Session(self.ports[port])
        context = tls and tls_context(tls, self.postfix.path("tls", "ca.pem"))
        if port == "submissions":
            session.starttls(context)
        session.reply()
        session.ask("EHLO client.example")
        if tls and port != "submissions":
            session.ask("STARTTLS")
            session.starttls(context)
            session.ask("EHLO client.example")
        if login:
            session.ask(auth_plain(USER, PASSWORD if login == "good"
                                   else "wrong-password"))
        return session

    def send(self, session, rcpt):
        """send - one message; reply to RCPT, and the token in its text"""
        token = uuid.uuid4().hex
        session.ask("MAIL FROM:<sender@client.example>")
        reply = session.ask("RCPT TO:<%s>" % rcpt)
        if reply.startswith("250"):
            assert session.ask("DATA").startswith("354")
            end = session.ask("Subject: %s\r\n\r\n%s\r\n." % (token, token))
            assert end.startswith("250 2.0.0"), end
        session.ask("RSET")
        return reply, token

    def arrived(self):
        """arrived - {token: "maildir RECIPIENT" or "sink RECIPIENT"}"""
        found = {}
        for mail in self.postfix.messages():
            found[mail["Subject"]] = "maildir " + mail["Delivered-To"]
        for _, recipients, text in list(self.sink.messages):
            token = re.search(r"^Subject: (\w+)", text, re.M).group(1)
            found[token] = "sink " + " ".join(recipients)
        return found

    def round(self, name, failures, messages=None):
        """round - every message of the table"""
        wanted, refused = {}, set()
        for port, tls, login, rcpt, reply, place in messages or MESSAGES:
            with self.open(port, tls, login) as session:
                got, token = self.send(session, rcpt)
            failures.check(verdict(got) == reply, "%s: %s %s %s %s: %s" % (
                name, port, tls, login, rcpt, got))
            if place:
                wanted[token] = place
            else:
                refused.add(token)

        def all_mail():
            return wanted.keys() <= self.arrived().keys()
        try:
            poll(all_mail)
        except TimeoutError as error:
            failures.check(False, "%s: %s" % (name, error))
        arrived = self.arrived()
        for token, place in wanted.items():
            failures.check(arrived.get(token) == place, "%s: %s is at %s" % (
                name, place, arrived.get(token)))
        failures.check(not refused & arrived.keys(),
                       name + ": refused mail arrived")
        print("%s: %d messages, %d arrived, %d refused" % (
            name, len(MESSAGES), len(wanted), len(refused)), flush=True)



def howto_policyd(program, postfix, ports, reply):
    """howto_policyd - a policyd with the configuration of HOWTO, which does not
    look at main.cf while a test changes it: test_import.py does"""
    path = os.path.join(postfix.queue, "private", "policyd")
    text = snippets.policyd_conf({
        "/var/spool/postfix/private/policyd": path,
        "/etc/postfix": postfix.config,
        '"policyd"\n': '"nobody"\n',
        "{ 25 }": "{ %d }" % ports["smtp"],
        "{ 465, 587 }": "{ %d, %d }" % (ports["submissions"],
                                        ports["submission"]),
    }) + 'log = "stderr"\nreply = "%s"\ntable_refresh = no\n' % reply
    return Policyd(program, postfix.directory, text, path)
