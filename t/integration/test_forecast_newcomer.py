#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_newcomer - whom will policyd refuse tomorrow, and what do I
write so that it does not? A real Postfix with users of many kinds; the forecast
at the end of --init; what it says is written, until only those are listed whose
mail is to be refused; and then Postfix asks policyd, and the same users come
again.

usage: test_forecast_newcomer.py POLICYD
"""

import re
import subprocess
import sys

from kit.daemon import run_all
from kit.forecast import apply, ask
from kit.init import parts, shell, switch_on
from kit.ports import policyd, reload
from kit.postfix import PASSWORD, REALM, USER, Postfix, poll, run, settle
from kit.smtp import Session, auth_plain, tls_context

# Name: port, address, TLS, login, recipient; is the mail to be accepted?
USERS = {
    "a printer": ("smtp", "127.7.1.1", "", False, "b@far.example", True),
    "a webmail": ("smtp", "127.0.0.1", "", False, "b@remote.example", True),
    "a login in plain text": ("smtp", "127.50.1.1", "", True, "b@far.example",
                              True),
    "old TLS": ("submission", "127.50.2.1", "TLSv1.2", True, "b@far.example",
                True),
    "new TLS": ("submission", "127.50.2.2", "TLSv1.3", True, "b@far.example",
                True),
    "a stranger": ("smtp", "127.50.3.1", "TLSv1.3", False, "user@local.test",
                   True),
    "another stranger": ("smtp", "127.50.4.1", "", False, "user@local.test",
                         True),
    "a backup MX": ("smtp", "127.50.5.1", "TLSv1.3", False, "b@backup.example",
                    True),
    "the same": ("smtp", "127.50.6.1", "", False, "c@backup.example", True),
    "a client by its address": ("smtp", "127.51.1.1", "", False,
                                "b@far.example", True),
    "the same, elsewhere": ("smtp", "127.51.1.1", "", False,
                            "b@other.example", True),
    "a spammer": ("smtp", "127.50.8.1", "", False, "victim@far.example",
                  False),
}
BEFORE = ("check_client_access inline:{127.51.1=OK}, permit_mynetworks, "
          "check_recipient_access inline:{backup.example=OK}, "
          "permit_sasl_authenticated, reject_unauth_destination")


def send(postfix, ports, name):
    """send - the reply to the recipient, or to what came before"""
    port, address, tls, login, recipient, _ = USERS[name]
    with Session(ports[port], source=address) as session:
        session.reply()
        session.ask("EHLO client.far.example")
        if tls:
            assert session.ask("STARTTLS").startswith("220")
            session.starttls(tls_context(tls, postfix.path("tls", "ca.pem")))
            session.ask("EHLO client.far.example")
        if login:
            session.ask(auth_plain(USER + "@" + REALM, PASSWORD))
        session.ask("MAIL FROM:<someone@far.example>")
        said = session.ask("RCPT TO:<%s>" % recipient)
        if said.startswith("250"):
            session.ask("DATA")
            assert session.ask("Subject: x\r\n\r\nx\r\n.").startswith("250")
        session.ask("QUIT")
    return said


def set_up(postfix):
    """set_up - a Postfix as many are; its ports"""
    postfix.discard()
    postfix.set("smtpd_relay_restrictions=" + BEFORE,
                "smtpd_sasl_auth_enable=yes", "smtpd_tls_security_level=may",
                "smtpd_tls_auth_only=no", "smtpd_tls_loglevel=1",
                "mynetworks=127.0.0.1, 127.7.0.0/16", "relay_domains=",
                "smtpd_client_restrictions=", "smtpd_recipient_restrictions=",
                "virtual_alias_maps=static:user@local.test")
    return {"smtp": postfix.port(),
            "submission": postfix.port(syslog_name="postfix/submission")}


def is_refused(out):
    """is_refused - how many are, as the text says"""
    return int(re.search(r", ([\d,]+) would be refused", out).group(1))


def together(out):
    """together - the advice for all"""
    return out.split("to keep all that are ours or log in")[1].split(
        "\nof ")[0]


def alone(out, network):
    """alone - the advice for the group of a network, which are ours"""
    return re.search(r"(?ms)^ +\d+  port \d+ \(\S+\), clients in %s.*?"
                     r"(?=^ +\d+  |^ +to keep all|^of )" % re.escape(network),
                     out).group(0)


class Newcomer:
    """A Postfix with users, and somebody who reads what policyd says."""

    def __init__(self, program, postfix):
        self.program, self.postfix = program, postfix
        self.file = postfix.path("policyd.conf")
        self.log = postfix.path("before.log")
        self.ports = set_up(postfix)
        self.commands = []
        settle(postfix.config)
        postfix.start()
        for name, user in USERS.items():
            said = send(postfix, self.ports, name)
            assert said.startswith("250") == user[5], (name, said)
        poll(postfix.all_removed)
        with open(self.log, "w") as out:
            out.write(postfix.said())

    def init(self):
        """init - what --init prints; TLS 1.3 is what this user wants"""
        printed = run(self.program, "--init", "-c", self.file, "--log",
                      self.log, self.postfix.config)
        with open(self.file, "a") as out:
            out.write('tls_protocols = ">=TLSv1.3"\n')
        return printed

    def forecast(self, refused):
        """forecast - the text, which -t agrees with"""
        done = subprocess.run([self.program, "-t", "-c", self.file], text=True,
                              stderr=subprocess.PIPE)
        assert done.returncode == 0 and (
            not done.stderr or "without encryption may relay" in done.stderr
        ), done
        status, out, err = ask(self.program, self.file, self.log)
        assert is_refused(out) == refused and status == (refused > 0), (
            out, err)
        return out

    def write(self, advice):
        """write - into policyd.conf; commands for Postfix are for later"""
        with open(self.file) as file:
            text = apply(file.read(), advice)
        with open(self.file, "w") as out:
            out.write(text)
        self.commands += re.findall(
            r"(?m)^\s+in Postfix, when it asks policyd: (postconf .*)$", advice)

    def connect(self, printed):
        """connect - type the commands of --init, and then those of advice"""
        switch_on(parts(printed)["2"], self.postfix.config)
        for command in self.commands:
            shell([command])
            settle(self.postfix.config)
        reload(self.postfix)


def test_newcomer(program):
    """what is written keeps whom it is written for, and nobody else"""
    with Postfix() as postfix:
        newcomer = Newcomer(program, postfix)
        printed = newcomer.init()
        assert "# of 11 recipients that Postfix accepted" in printed, printed
        out = newcomer.forecast(8)
        # One domain is one group for each reason: in TLS, and without.
        for reason in ("not encrypted (reject_plaintext_session",
                       "the destination is not ours, and the client has not "
                       "logged in (reject_unauth_destination"):
            assert out.count("no login: %s, service mx)" % reason) >= 1, out
        assert out.count("add to relay_domains in main.cf: backup.example") \
            == 2, out
        newcomer.write(together(out))
        # A login in plain text needs a command, which is for later.
        out = newcomer.forecast(5)
        assert "(smtpd_tls_auth_only, which --init sets) (permit_sasl" in out, \
            out
        newcomer.write(alone(out, "127.51.1.0/24"))
        # Until Postfix has it, too, it would refuse them.
        assert "at top level" not in alone(newcomer.forecast(5),
                                           "127.51.1.0/24")
        run("postconf", "-c", postfix.config, "-e",
            "relay_domains=backup.example")
        settle(postfix.config)
        newcomer.forecast(3)
        newcomer.connect(printed)
        newcomer.forecast(0)
        with policyd(program, newcomer.file):
            for name, user in USERS.items():
                said = send(postfix, newcomer.ports, name)
                assert said.startswith("250") == user[5], (name, said)


if __name__ == "__main__":
    sys.exit(run_all([test_newcomer]))
