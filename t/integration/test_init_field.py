#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_init_field - real kinds of Postfix: what policyd --init says that will
change is what a real Postfix changes, cell by cell, when every command that it
prints is run; what it advises to keep a client does that; what it cannot do
well is refused, and nothing is changed.

usage: test_init_field.py POLICYD
"""

import os
import re
import socket
import sys

from kit.daemon import WAIT, run_all
from kit.init import Place, parts, said_changes, switch_on
from kit.ports import (Port, base_of, field, place, policyd, reload,
                       settings_of, shared)
from kit.postfix import Postfix, run, settle
from kit.smtp import Session

LISTS = """compatibility_level = 3.6
mydestination = localhost, example.com
mynetworks = 127.0.0.0/8
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
smtpd_relay_restrictions = """

# main.cf and master.cf: kinds that the shared field does not have.
KINDS = {
    "no logins on port 25": (
        LISTS + "reject_unauth_destination\n",
        "smtp inet n - n - - smtpd\n"),
    "TLS for everybody": (
        LISTS + "reject_plaintext_session, permit_sasl_authenticated, "
        "reject_unauth_destination\n",
        "smtp inet n - n - - smtpd\n"),
    "smtpd does not start": (
        "smtpd_policy_service_retry_delay = 0\n" + LISTS +
        "permit_mynetworks, reject_unauth_destination\n",
        "smtp inet n - n - - smtpd\n"),
    "an access table": (
        LISTS + "check_sender_access inline:{user@far.example=REJECT}, "
        "permit_mynetworks, permit_sasl_authenticated, permit_mx_backup, "
        "reject_unauth_destination\n",
        "smtp inet n - n - - smtpd\n"),
}


class Visit(Session):
    """A session with one of many addresses."""

    def __init__(self, host, port, source):
        self.host = host
        self.socket = socket.create_connection((host, port), WAIT, (source, 0))
        self.buffer = b""


class At(Port):
    """A port at an address."""

    def __init__(self, name, postfix, network):
        self.host, number = name.split(":")
        super().__init__(postfix, int(number), False, network,
                         {"ours": "bob@example.com",
                          "elsewhere": "u@far.example"})

    def connect(self, source, address):
        return Visit(self.host, self.number, source)


class Kind:
    """A Postfix of that kind, and the policyd.conf that is written for it."""

    def __init__(self, program, postfix, main, master):
        self.program = program
        self.postfix = postfix
        self.file = postfix.path("policyd.conf")
        self.ports = place(postfix, {**base_of(postfix), **settings_of(main)},
                           master)
        self.names = ["127.0.0.1:%d" % number
                      for number in self.ports.values()]
        self.move()
        settle(self.postfix.config)
        self.network = "127.0.0.70" if "127.0.0.0/8" in postfix.get(
            "mynetworks") else "127.0.0.1"
        self.before = self.truth()
        self.printed = run(program, "--init", "-c", self.file, postfix.config)
        self.lines = parts(self.printed)

    def move(self):
        """move - the ports to other addresses"""

    def truth(self):
        """truth - {(service, client, recipient): "passes" or "refused"}"""
        reload(self.postfix)
        found = {}
        for name in self.names:
            port = At(name, self.postfix, self.network)
            for (client, recipient), cell in port.truth().items():
                found[name, client, recipient] = cell
        return found

    def switch_on(self):
        """switch_on - every command but those that start and ask programs"""
        switch_on(self.lines["2"], self.postfix.config)

    def served(self):
        """served - the truth with policyd"""
        with policyd(self.program, self.file):
            return self.truth()

    def keep(self):
        """keep - write into policyd.conf what is advised"""
        with open(self.file, encoding="utf-8") as file:
            text = file.read()
        for name, line in set(re.findall(
                r'write in service "(\S+)" in \S+: (restrictions = \{.*?\})',
                self.printed)):
            text = re.sub(r'(service "%s" \{\n.*\n)(\trestrictions.*\n)?' %
                          name, r"\1\t%s\n" % line, text)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)


def check(kind):
    """check - what is said is what changes"""
    kind.switch_on()
    after = kind.served()
    said = said_changes(kind.printed)
    keeps = re.findall(r"; to keep it: (.*)", kind.printed)
    assert all(one != other or one == "as above"
               for one, other in zip(keeps, keeps[1:])), "said twice: %s" % keeps
    for cell, real in after.items():
        was, now = said.get(cell, (kind.before[cell],) * 2)
        assert was in (None, kind.before[cell]) and now in (None, real), (
            cell, "said", (was, now), "is", (kind.before[cell], real),
            kind.printed)
    opened = [cell for cell, real in after.items()
              if (kind.before[cell], real) == ("refused", "passes")]
    assert ("Nothing may pass" in kind.printed) <= (not opened), opened
    return after, opened


def kept(kind):
    """kept - the advice keeps clients in mynetworks, and opens nothing"""
    kind.keep()
    after = kind.served()
    for cell, real in after.items():
        if cell[1].startswith(("network", "host")):
            assert real == kind.before[cell], (cell, real)
        assert (kind.before[cell], real) != ("refused", "passes"), cell


def test_logins_only(program):
    """a port for users who log in stays one"""
    with Postfix() as postfix:
        kind = Kind(program, postfix, field("02", postfix, "main.cf"),
                    field("02", postfix, "master.cf"))
        after, opened = check(kind)
        name = "127.0.0.1:%d" % kind.ports["submission"]
        assert not opened, opened
        assert after[name, "stranger in TLS", "ours"] == "refused"
        assert after[name, "login in TLS", "elsewhere"] == "passes"
        kept(kind)


def test_existing_file(program):
    """a file that exists is not changed: what it would open is said, and what
    to add so that it does not"""
    with Place() as where:
        for name in ("main.cf", "master.cf"):
            with open(os.path.join(where.config, name), "w",
                      encoding="utf-8") as out:
                out.write(shared("02", where.directory, name).replace(
                    "smtpd_tls_security_level = may",
                    "smtpd_tls_security_level = may\n"
                    "smtpd_tls_cert_file = /dev/null"))
        settle(where.config)
        text = ('listen "unix:%s/queue/private/policyd" { }\n'
                'import_postfix = "%s"\n' % (where.directory, where.config))
        with open(where.file, "w", encoding="utf-8") as file:
            file.write(text)
        status, printed, errors = where.init(program)
        assert status == 0, errors
        assert re.search(r"port submission: strangers with TLS may not send "
                         r"mail to our domains now, and may afterwards\n",
                         printed), printed
        assert "#\tSOMETHING MAY PASS" in printed, printed
        added = printed.split("To keep ports narrow, add to %s:\n" %
                              where.file)[1].split("\n\n")[0]
        with open(where.file, "a", encoding="utf-8") as file:
            file.write(re.sub(r"(?m)^#\t\t", "", added) + "\n")
        status, printed, errors = where.init(program)
        assert status == 0 and "Nothing may pass" in printed, (printed, errors)


def test_return_port(program):
    """the port where the filter hands mail back is left alone"""
    with Postfix() as postfix:
        kind = Kind(program, postfix, field("03", postfix, "main.cf"),
                    field("03", postfix, "master.cf"))
        name = "127.0.0.1:%d" % kind.ports["127.0.0.1:10025"]
        after, opened = check(kind)
        assert not opened, opened
        assert after[name, "host", "elsewhere"] == "passes"
        assert "port %s: mail comes back from a filter there, or" % name in \
            kind.printed, kind.printed
        assert not [line for line in kind.lines["2"] if name in line]


def test_kinds(program):
    """other kinds"""
    for name, (main, master) in KINDS.items():
        with Postfix() as postfix:
            kind = Kind(program, postfix, main, master)
            after, opened = check(kind)
            port = "127.0.0.1:%d" % kind.ports["smtp"]
            if name == "no logins on port 25":
                assert after[port, "login in TLS", "elsewhere"] == "refused"
            elif name == "TLS for everybody":
                assert after[port, "stranger", "ours"] == "refused"
                assert after[port, "stranger in TLS", "ours"] == "passes"
            elif name == "smtpd does not start":
                assert set(after.values()) == {"refused"}, after
                assert "may send" not in kind.printed, kind.printed
            else:
                assert (
                    "#\tport %s: not used any more: check_sender_access "
                    "inline:{user@far.example=REJECT}, permit_mx_backup (in "
                    "smtpd_relay_restrictions)\n" % port) in kind.printed
                assert opened and "SOMETHING MAY PASS" in kind.printed
                continue
            assert not opened, (name, opened)


class Two(Kind):
    """Its second port has the number of the first, and another address."""

    def move(self):
        first, second = self.names
        self.names[1] = first.replace("127.0.0.1", "127.0.0.2")
        path = os.path.join(self.postfix.config, "master.cf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(second + " ", self.names[1] + " "))

    def bytes(self):
        """bytes - of both files"""
        found = []
        for name in ("main.cf", "master.cf"):
            with open(os.path.join(self.postfix.config, name), "rb") as file:
                found.append(file.read())
        return found


def test_two_addresses(program):
    """two ports with one number: each stays as narrow as it was; the way back
    is byte for byte. If both are alike, they need nothing of their own."""
    second = "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
    for own in (second, ""):
        with Postfix() as postfix:
            kind = Two(program, postfix, LISTS + "permit_mynetworks, "
                       "permit_sasl_authenticated, reject_unauth_destination\n",
                       "smtp inet n - n - - smtpd\n"
                       "other inet n - n - - smtpd\n" + own)
            was = kind.bytes()
            assert bool(own) == ("policy_context=mx" in kind.printed)
            after, opened = check(kind)
            assert not opened, opened
            for name, ours in zip(kind.names,
                                  ("passes", "refused" if own else "passes")):
                assert after[name, "stranger in TLS", "ours"] == ours, name
                assert after[name, "login in TLS", "elsewhere"] == "passes"
                assert after[name, "stranger in TLS", "elsewhere"] == "refused"
            with policyd(program, kind.file):
                assert "is not asked" not in run(program, "-P", "-c",
                                                 kind.file)
            run(program, "--undo", "-c", kind.file)
            assert kind.bytes() == was


def test_observe_two(program):
    """to watch, each port keeps its list, and asks with its context"""
    lists = ("permit_mynetworks, reject_unauth_destination",
             "permit_sasl_authenticated,reject")
    with Place(LISTS + lists[0] + "\n",
               "192.0.2.1:25 inet n - n - - smtpd\n"
               "127.0.0.1:25 inet n - n - - smtpd\n"
               "  -o smtpd_relay_restrictions=%s\n" % lists[1]) as where:
        status, printed, errors = where.init(
            program, "--observe", "-c", where.file, where.config)
        assert status == 0, errors
        switch_on(parts(printed)["2"], where.config)
        made = run("postconf", "-c", where.config, "-xP")
        for context, own in zip(("inbound", "logins"), lists):
            assert re.search(
                r"smtpd_relay_restrictions = check_policy_service \{ "
                r"unix:private/policyd, policy_context=%s \}, ?%s\n" % (
                    context, own), made), made


# main.cf, master.cf, the whole message behind the directory.
REFUSED = [
    ("", "smtp inet n - n - - smtpd\n"
     "submission inet n - n - - smtpd\n  -o smtpd_tls_security_level=encrypt\n"
     "# between\nsubmission inet n - n - - smtpd\n",
     "master.cf: submission is there twice (lines 2 and 5): Postfix uses the "
     "last one; remove the other"),
    ("", "smtp inet n - n - - smtpd -osyslog_name=x\n",
     "master.cf:1: smtp has the option -osyslog_name=x in one word, which "
     "postconf loses: write -o NAME=VALUE as two words"),
    ("", "127.0.0.1:10025 inet n - n - - smtpd\n  -o "
     "smtpd_relay_restrictions=permit_mynetworks,reject\n",
     "master.cf: every port is for mynetworks only, or takes mail back from a "
     "filter: there is nothing that policyd would decide"),
    ("", "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n"
     "  -o smtpd_tls_security_level=encrypt\n  -o\n",
     "master.cf:2: submission ends with -o and no setting, so smtpd does not "
     "start: remove the -o, or write -o NAME=VALUE"),
    ("", "smtp inet n - n - - smtpd -o syslog_name\n",
     "master.cf:1: smtp has the option -o syslog_name without \"=\", so smtpd "
     "does not start: write -o NAME=VALUE"),
    ("", "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n"
     "  -o smtpd_relay_restrictions=permit_sasl_authenticated, reject\n",
     "master.cf:2: submission has the word reject outside of its options, so "
     "smtpd serves nobody: write white space in braces only: -o { NAME = VALUE "
     "}"),
    ("", "smtp inet n - n - - smtpd -o smtpd_banner = hello\n",
     "master.cf:1: smtp has white space before the \"=\" of -o smtpd_banner, "
     "so smtpd does not start: write white space in braces only: -o { NAME = "
     "VALUE }"),
    ("recipient_delimiter = +", "smtp inet n - n - - smtpd\n",
     "main.cf: the last line has no line end, so that postconf would append "
     "new settings to it: add one"),
    ("x = y\n" * 350000, "smtp inet n - n - - smtpd\n",
     "main.cf has more than 1048576 bytes: --init does not change so large a "
     "file; move lists and tables out of it"),
    ("", "smtp inet n - n - - smtpd\n" + "# comment\n" * 210000,
     "master.cf has more than 1048576 bytes: --init does not change so large "
     "a file; move lists and tables out of it"),
    ("", "smtp inet n - n - - smtpd\n" + "".join(
        "x%d unix - - n - - smtp\n" % number for number in range(500)),
     "master.cf has more than 500 services, too many for --init"),
]


def test_refused(program):
    """what cannot be changed safely"""
    for main, master, wanted in REFUSED:
        with Place(main, master) as where:
            status, output, errors = where.init(program)
            assert (status, output) == (78, ""), (status, output, errors)
            assert errors == "policyd: %s/%s\n" % (where.config, wanted), \
                errors
            assert not os.path.exists(where.file)


# Of the shared field: what --init says where it writes no file.
FIELD = {
    "01": None,
    "09": "master.cf: submission is there twice (lines 2 and 4): Postfix uses "
          "the last one; remove the other",
    "12": None,
}


def test_field(program):
    """kinds of the shared field"""
    for name, wanted in FIELD.items():
        with Place() as where:
            for file in ("main.cf", "master.cf"):
                with open(os.path.join(where.config, file), "w",
                          encoding="utf-8") as out:
                    out.write(shared(name, where.directory, file))
            settle(where.config)
            status, output, errors = where.init(program)
            if wanted:
                assert (status, output) == (78, "") and wanted in errors
            else:
                assert status == 0 and output, (name, errors)


# Large, but not too large.
LARGE = [
    ("", "".join("%d inet n - n - - smtpd\n  -o syslog_name=postfix/%d\n" % (
        port, port) for port in range(2000, 2500))),
    ("", "smtp inet n - n - - smtpd\n" + "".join(
        "  -o name%d=value\n" % number for number in range(500))),
    ("smtpd_recipient_restrictions = " + "reject_non_fqdn_sender " * 10000 +
     "\n", "smtp inet n - n - - smtpd\n"),
    ("relay_domains = " + " ".join(
        "d%d.example" % number for number in range(10000)) + "\n",
     "smtp inet n - n - - smtpd\n"),
]


def test_large(program):
    """services with many options, and long lists"""
    for main, master in LARGE:
        with Place(main, master) as where:
            status, output, errors = where.init(program)
            assert (status, errors) == (0, ""), (status, errors[:500])
            assert "postconf" in output


if __name__ == "__main__":
    sys.exit(run_all([test_field, test_refused, test_large, test_existing_file,
                      test_logins_only, test_return_port, test_kinds,
                      test_two_addresses, test_observe_two]))
