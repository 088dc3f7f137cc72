#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_field - real kinds of Postfix (t/data/field): sessions without
policyd, a forecast from their log under the policyd.conf that --init writes,
and the same sessions when every command that it printed was run: what it says
would be refused, or accepted, is what happens, and it can tell of everything.

Clients come from networks of their own, one a session, of which some are in
mynetworks. A content filter is a real one, which hands mail back.
POLICYD_TEST_FIELD=all: every kind, and TLS 1.2, bad passwords and more
recipients.

usage: test_forecast_field.py POLICYD
"""

import concurrent.futures
import itertools
import os
import smtplib
import sys

from kit.daemon import run_all
from kit.forecast import count_rows, groups
from kit.init import parts, switch_on
from kit.ports import (base_of, field, place, policyd, reload, settings_of)
from kit.postfix import (PASSWORD, REALM, USER, Postfix, Sink, poll, run,
                         settle)
from kit.smtp import NO_TLS, Session, auth_plain, tls_context

ALL = os.environ.get("POLICYD_TEST_FIELD") == "all"
# Not 09: --init wants one of its two services removed.
KINDS = ["01", "02", "03", "05", "06", "07", "11", "12", "14"]
SHORT = ["02", "05"]
# What these kinds have of policyd is what they are tried without.
ASKS = "check_policy_service unix:private/policyd, "
BUILT_IN = ("permit_mynetworks, permit_sasl_authenticated, "
            "reject_unauth_destination")
NETWORKS = "127.0.0.1, 127.128.0.0/9"
RECIPIENTS = {
    "": ["bob@example.com", "u@far.example", "u@far.example%example.com"],
    "01": ["u@sql.example", "u@far.example"],
    "06": ["bob@example.com", "u@lists.example.com", "u@far.example"],
    "11": ["u@second.example", "u@far.example"],
}
MORE = ["root@localhost", "u%far.example@mail.example.com", "postmaster",
        "u@mail.example.com", "a!b@far.example"]


class Filter(Sink):
    """A content filter, which hands each message back to a port."""

    def __init__(self):
        super().__init__()
        self.back = None

    def take(self, sender, recipients, text):
        """take - at the end of a test, nobody may be at the port"""
        try:
            return self.hand_back(sender, recipients, text)
        except (OSError, smtplib.SMTPException):
            return "451 4.3.0 later"

    def hand_back(self, sender, recipients, text):
        """hand_back - and say what amavisd says"""
        with smtplib.SMTP("127.0.0.1", self.back) as smtp:
            smtp.ehlo()
            smtp.mail(sender.strip("<>"))
            for recipient in recipients:
                said = smtp.rcpt(recipient)
                assert said[0] == 250, (recipient, said)
            code, said = smtp.data(text)
        return "%d 2.0.0 from MTA: %d %s" % (code, code, said.decode())


class Plan:
    """A session: where, how, from where, and to whom."""

    def __init__(self, number, port, tls, login, near, recipients):
        self.port, self.tls, self.login = port, tls, login
        self.recipients = recipients
        self.source = "127.%d.%d.1" % (1 + 127 * near + number // 200,
                                       number % 200)

    def play(self, contexts):
        """play - the reply to each recipient"""
        with Session(self.port, source=self.source) as session:
            session.reply()
            session.ask("EHLO client.far.example")
            if self.tls:
                if not session.ask("STARTTLS").startswith("220"):
                    return [NO_TLS] * len(self.recipients)
                session.starttls(contexts[self.tls])
                session.ask("EHLO client.far.example")
            if self.login:
                session.ask(auth_plain(USER + "@" + REALM, self.login))
            found = [self.send(session, each) for each in self.recipients]
            session.ask("QUIT")
        return found

    @staticmethod
    def send(session, recipient):
        """send - a whole message"""
        session.ask("MAIL FROM:<user@far.example>")
        said = session.ask("RCPT TO:<%s>" % recipient)
        if said.startswith("250"):
            session.ask("DATA")
            assert session.ask("Subject: x\r\n\r\nx\r\n.").startswith("250")
        else:
            session.ask("RSET")
        return said


def play_all(postfix, plans):
    """play_all - the replies of each"""
    contexts = {version: tls_context(version, postfix.path("tls", "ca.pem"))
                for version in ("TLSv1.2", "TLSv1.3")}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda plan: plan.play(contexts), plans))


def plans_of(name, ports):
    """plans_of - sessions at these ports, in each way"""
    recipients = RECIPIENTS.get(name, RECIPIENTS[""]) + (MORE if ALL else [])
    ways = itertools.product(
        ports, ("", "TLSv1.2", "TLSv1.3") if ALL else ("", "TLSv1.3"),
        ("", PASSWORD, "wrong") if ALL else ("", PASSWORD), (False, True))
    return [Plan(number, *way, recipients)
            for number, way in enumerate(ways)]


def set_up(name, postfix, filtering):
    """set_up - that kind, without policyd; its ports for clients"""
    settings = {**base_of(postfix), "smtpd_sasl_auth_enable": "yes"}
    own = field(name, postfix, "main.cf").replace(
        ASKS + "reject", BUILT_IN).replace(ASKS, "")
    own = own.replace("127.0.0.0/8", NETWORKS).replace(
        ":10024", ":%d" % filtering.port)
    own = own.replace(" # docker", "")      # --init does not allow it
    settings.update({"smtpd_tls_security_level": "may", **settings_of(own),
                     "smtpd_tls_loglevel": "1"})
    settings.setdefault("mynetworks", NETWORKS)
    if name == "11":
        with open(postfix.path("etc", "vmd"), "w") as table:
            table.write("second.example x\n")
        run("postmap", "-c", postfix.config,
            "hash:" + postfix.path("etc", "vmd"))
    ports = place(postfix, settings, field(name, postfix, "master.cf"), ())
    settle(postfix.config)
    filtering.back = ports.pop("127.0.0.1:10025", None)
    return list(ports.values())


def compare(name, forecast, before, after):
    """compare - what was said, and what happened; how many of each"""
    found, summary = forecast
    said = [count_rows([{**group, "network": group["network"].replace(
        "127.128.", "127.1.")} for group in found if "network" in group], kind)
        for kind in ("refused", "accepted")]
    totals = [0, 0]
    for number, (old, new) in enumerate(zip(before, after)):
        pairs = list(zip(old, new))
        happened = [
            sum(one.startswith("250") and not other.startswith("250")
                for one, other in pairs),
            sum(other.startswith("250") and not one.startswith("250")
                for one, other in pairs)]
        for at in 0, 1:
            assert said[at].get(number, 0) == happened[at], (
                name, number, at, said[at].get(number, 0), pairs, found)
            totals[at] += happened[at]
    assert summary["cannot_tell"] == 0, (name, found)
    assert totals == [summary["would_be_refused"],
                      summary["would_be_accepted"]], (
                          name, totals, summary, found)
    print("%s: %d sessions; of %d accepted %d are refused, of %d refused %d "
          "are accepted, as said" % (name, len(before), summary["accepted"],
                                     totals[0], summary["refused"], totals[1]))
    return totals


def check(program, name):
    """check - one kind"""
    with Postfix() as postfix, Filter() as filtering:
        plans = plans_of(name, set_up(name, postfix, filtering))
        postfix.start()
        before = play_all(postfix, plans)
        poll(postfix.all_removed)
        log = postfix.path("before.log")
        with open(log, "w") as out:
            out.write(postfix.said())
        file = postfix.path("policyd.conf")
        printed = run(program, "--init", "-c", file, postfix.config)
        forecast = groups(program, file, log)
        switch_on(parts(printed)["2"], postfix.config)
        reload(postfix)
        with policyd(program, file):
            after = play_all(postfix, plans)
        return compare(name, forecast, before, after)


def test_field(program):
    """each kind: what is forecast is what happens"""
    totals = [check(program, name) for name in (KINDS if ALL else SHORT)]
    assert sum(refused for refused, _ in totals) > 0, totals


if __name__ == "__main__":
    sys.exit(run_all([test_field]))
