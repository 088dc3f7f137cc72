#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_kinds - real kinds of Postfix (kit/kinds*.py): what policyd --init says
that will change is all that changes, nothing passes that did not unless it says
so, and --undo brings every byte back; each command that policyd -P prints,
before and after, does what it is for and nothing else. Both sides are judged by
port_matrix, which test_ports compares with a real Postfix.

With POLICYD_TEST_KINDS=all in the environment all are tried, or those whose
names hold its value.

usage: test_kinds.py POLICYD
"""

import os
import re
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.init import parts, said_changes
from kit.kinds import FILES, KINDS
from kit.kinds_odd import ODD
from kit.kinds_products import PRODUCTS
from kit.postfix import run, settle
from kit.postfix_files import Files, harm, matrix

ALL = {**KINDS, **PRODUCTS, **ODD}
TLS = """smtpd_tls_chain_files = @D@/tls/server.key, @D@/tls/server.pem
queue_directory = @D@/queue
"""
# Those of which something was wrong once.
USUAL = ["policyd-spf", "submission on loopback, for webmail", "relay host",
         "disabled multi-instance", "IPv6 only", "webmail with a filter",
         "one address for each port", "filter port open to all addresses",
         "a dangling -o", "another policy server everywhere"]
WANTED = os.environ.get("POLICYD_TEST_KINDS", "")
# What --init must say of a kind, or why it writes nothing.
SAYS = {
    "disabled multi-instance": "no smtpd service: this Postfix receives no",
    "policyd-spf": 'service "logins-inbound" {',
    "backup MX": "not used any more: permit_mx_backup",
    "spf in the relay list": "not used any more: check_policy_service",
    "client certificates": "not used any more: permit_tls_clientcerts",
    "amavis and postgrey": "port 127.0.0.1:10025: mail comes back",
    "proxy filter": "port 127.0.0.1:10026: mail comes back",
    "Zimbra": r"port \[127.0.0.1\]:10030: mail comes back",
    "filter on another host": "port 10.0.0.5:10025: mail comes back",
    "one address for each port": r'policy_context = \{ "logins" \}',
    "filter port open to all addresses": "port 10025: mail comes back",
    "another policy server everywhere": "SOMETHING MAY PASS",
    "a word outside of the options": "submission has the word reject outside",
    "a dangling -o": "submission ends with -o and no setting",
    "an option in one word": "-osmtpd_tls_security_level=encrypt in one word",
    "return without a list of its own": "127.0.0.1:10025: mail comes back",
    "private submission for the office": "port 192.168.1.5:2525: mail comes",
}
# What neither --init nor -P may say before.
UNSAID = {
    "submission on loopback, for webmail": "smtpd_tls_auth_only=yes",
    "webmail with a filter": "mail comes back",
    "relay host": "nobody can send to elsewhere",
    "IPv6 only": "maybe",
}
# --init writes nothing.
REFUSED = ("disabled multi-instance", "no port at all", "a dangling -o",
           "an option in one word", "a word outside of the options")


class Kind(Files):
    """Such a Postfix, which does not run."""

    def __init__(self, program, name):
        super().__init__(program)
        self.name = name
        main, master = ALL[name]
        self.put("main.cf", TLS + main)
        self.put("master.cf", master)
        for file, text in FILES.items():
            self.put(file, text)
        run("postmap", "-c", self.config,
            "hash:" + os.path.join(self.config, "relay_domains"))
        settle(self.config)

    def put(self, file, text):
        """put - a file of the configuration"""
        with open(os.path.join(self.config, file), "w",
                  encoding="utf-8") as out:
            out.write(text.replace("@D@", self.directory))

    def bytes(self):
        """bytes - of both files"""
        found = []
        for name in ("main.cf", "master.cf"):
            with open(os.path.join(self.config, name), "rb") as file:
                found.append(file.read())
        return found

    def restore(self, files):
        """restore - both files"""
        for name, text in zip(("main.cf", "master.cf"), files):
            with open(os.path.join(self.config, name), "wb") as file:
                file.write(text)
        settle(self.config)

    def policyd(self, *options):
        """policyd - status, output, errors"""
        settle(self.config)
        done = subprocess.run([self.program, *options], text=True,
                              capture_output=True, timeout=WAIT)
        return done.returncode, done.stdout, done.stderr

    def follow(self):
        """follow - type each command of -P, on the configuration as it is"""
        _, printed, errors = self.policyd("-P", "-c", self.file)
        kept = self.bytes()
        assert "/etc: " in printed, (self.name, printed, errors)
        before = matrix(self.program, self.config, self.file)
        for finding, command in re.findall(
                r"(?m)^(\S+: (?:error|warning): .*)\n    .*\n"
                r"    (postconf .*)$", printed):
            run("sh", "-c", command)
            settle(self.config)
            bad = harm(before, matrix(self.program, self.config, self.file),
                       finding)
            assert not bad, (self.name, command, bad)
            self.restore(kept)
        return printed


def check_changes(kind, before, after, said):
    """check_changes - between two judgements all is said, and nothing else"""
    for cell, was in before.items():
        now = after[cell]
        told = said.get(cell)
        if told is None:
            assert was == now, (kind.name, cell, "not said", was, now)
        else:
            was, now = (None if each == "may" else each for each in (was, now))
            assert told == (was, now), (kind.name, cell, told, was, now)


def relays(cells, left):
    """relays - may anybody, but where mail comes back from a filter?"""
    return any(said != "refused" for (port, _, recipient), said
               in cells.items() if recipient != "ours" and port not in left)


def one(program, name):
    """one - kind"""
    kind = Kind(program, name)
    was = kind.bytes()
    before = matrix(program, kind.config)
    status, printed, errors = kind.policyd("--init", "-c", kind.file,
                                           kind.config)
    if status == 0:
        with open(kind.file, encoding="utf-8") as file:
            errors += file.read()
    assert re.search(SAYS.get(name, ""), printed + errors), (name, printed,
                                                            errors)
    if status != 0:
        assert name in REFUSED, (name, errors)
        return
    assert kind.bytes() == was
    checked = kind.follow()
    if name in UNSAID:
        assert UNSAID[name] not in printed + checked, (name, checked)
    for line in parts(printed)["2"]:
        if line.startswith("postconf"):
            run("sh", "-c", line)
            settle(kind.config)
    after = matrix(program, kind.config, kind.file)
    said = said_changes(printed)
    check_changes(kind, before, after, said)
    left = re.findall(r"port (\S+): mail comes back", printed)
    assert ("NOBODY MAY RELAY AFTERWARDS" in printed) == (
        relays(before, left) and not relays(after, left)), (name, printed)
    opened = [cell for cell, now in after.items()
              if now != "refused" and before[cell] == "refused"]
    assert not opened or "SOMETHING MAY PASS" in printed, (name, opened)
    kind.follow()
    status, _, errors = kind.policyd("--undo", "-c", kind.file)
    assert (status, kind.bytes()) == (0, was), (name, status, errors)


def test_kinds(program):
    """nothing that is not said"""
    for name in ALL:
        if WANTED == "all" or (WANTED in name if WANTED else name in USUAL):
            one(program, name)


if __name__ == "__main__":
    sys.exit(run_all([test_kinds]))
