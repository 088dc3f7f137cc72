#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""demo - policyd at work: real SMTP sessions with a throw-away Postfix that
asks it, set up as etc/main.cf.policyd, etc/master.cf.policyd and contrib/HOWTO say.

Each row of the table is one message. "why" is what policyd wrote to its log
about that recipient. Started by contrib/demo.

usage: demo.py POLICYD
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(sys.path[0], os.pardir))

from kit import snippets
from kit.daemon import WAIT
from kit.postfix import Postfix, Sink, poll
from kit.smtp import verdict
from kit.mailer import Mailer, howto_policyd

GIVEN = "permit_auth_destination"
LOGIN = "permit_sasl_authenticated"
PLAIN = "reject_plaintext_session"
OTHER = "reject_unauth_destination"

# Whose mail, port, TLS, login, recipient, reply, restriction.
ROWS = [
    ("another server", "smtp", None, None, "user@local.test", "250", GIVEN),
    ("another server", "smtp", "TLSv1.2", None, "user@valias.test", "250",
     GIVEN),
    ("another server", "smtp", None, None, "user@vmail.test", "250", GIVEN),
    ("another server", "smtp", None, None, "user@sub.relay.test", "250",
     GIVEN),
    ("a stranger", "smtp", None, None, "user@sub.local.test", "554", PLAIN),
    ("a stranger", "smtp", None, None, "user@remote.example", "554", PLAIN),
    ("a stranger", "smtp", "TLSv1.3", None, "user@remote.example", "554",
     OTHER),
    ("a stranger", "smtp", None, None, "user%remote.example@local.test",
     "554", PLAIN),
    ("a stranger", "smtp", "TLSv1.3", None, "remote.example!user@relay.test",
     "554", OTHER),
    ("a stranger", "submission", None, None, "user@local.test", "530", None),
    ("a stranger", "submission", "TLSv1.3", None, "user@remote.example",
     "554", OTHER),
    ("a guesser", "submission", "TLSv1.3", "bad", "user@remote.example",
     "554", OTHER),
    ("a guesser", "submissions", "TLSv1.2", "bad", "user@remote.example",
     "554", OTHER),
    ("our user", "submission", "TLSv1.3", "good", "user@remote.example",
     "250", LOGIN),
    ("our user", "submission", "TLSv1.3", "good", "user@local.test", "250",
     GIVEN),
    ("our user", "submissions", "TLSv1.2", "good", "user@remote.example",
     "250", LOGIN),
    ("our user", "smtp", "TLSv1.3", "good", "user@remote.example", "250",
     LOGIN),
]
NUMBERS = {"smtp": "25", "submission": "587", "submissions": "465"}


def decision(policyd, start, asked):
    """decision - restriction and destination of the last line in the log
    from start on; the line may come a little later than the reply"""
    def logged():
        return re.findall(r" restriction=(\S+) destination=(\S+) ",
                          policyd.said()[start:])
    try:
        return poll(logged, WAIT if asked else 0)[-1]
    except TimeoutError:
        return None, None


def how(tls, login):
    """how - the session, in words"""
    words = {None: "", "good": ", login", "bad": ", wrong password"}
    return (tls or "plain text") + words[login]


def why(restriction, destination):
    """why - in words"""
    if restriction is None:
        return "Postfix did not ask: encryption is demanded first"
    return "%s, destination %s" % (restriction, destination)


def play(mailer, policyd, row):
    """play - one message; the line of the table, whether it is as expected,
    and the token if it was accepted"""
    who, port, tls, login, rcpt, reply, restriction = row
    start = len(policyd.said())
    with mailer.open(port, tls, login) as session:
        got, token = mailer.send(session, rcpt)
    said, destination = decision(policyd, start, restriction)
    right = got.startswith(reply) and said == restriction
    print("%-14s %-4s %-24s %-31s %-9s %s%s" % (
        who, NUMBERS[port], how(tls, login), rcpt, verdict(got),
        why(said, destination),
        "" if right else "   <-- expected %s %s" % (reply, restriction)),
        flush=True)
    return right, token if got.startswith("250") else None


def demonstrate(program, postfix, sink):
    """demonstrate - print the table; the number of surprises"""
    postfix.deliver_to(sink)
    ports = snippets.configure(postfix)
    mailer = Mailer(postfix, sink, ports)
    surprises, tokens = 0, set()
    with howto_policyd(program, postfix, ports, "lock") as policyd:
        postfix.start()
        print("\n%-14s %-4s %-24s %-31s %-9s %s" % (
            "WHO", "PORT", "HOW", "WHERE", "REPLY", "WHY"))
        for row in ROWS:
            right, token = play(mailer, policyd, row)
            surprises += not right
            if token:
                tokens.add(token)

        def all_mail():
            return tokens <= mailer.arrived().keys()
        poll(all_mail)
        print("\n%d messages accepted, %d delivered: %d to mailboxes, %d "
              "to other servers (a sink)" % (
                  len(tokens), len(mailer.arrived()),
                  len(postfix.messages()), len(sink.messages)))
        surprises += len(mailer.arrived()) != len(tokens)
        question = {"recipient": "user@remote.example"}
        print("\nThe same question by hand: policyd -q recipient=%s\n%s" % (
            question["recipient"], policyd.ask(**question).strip()))
        policyd.stop()
    with mailer.open("submission", "TLSv1.3", "good") as session:
        reply, _ = mailer.send(session, "user@local.test")
    print("\nAnd with policyd stopped, our user to user@local.test: " + reply)
    surprises += not reply.startswith("451")
    return surprises


def main():
    """main - exit status 0: all as expected"""
    with Sink() as sink, Postfix() as postfix:
        surprises = demonstrate(os.path.abspath(sys.argv[1]), postfix, sink)
    print("\n%s" % ("All as expected." if not surprises else
                    "%d not as expected." % surprises))
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
