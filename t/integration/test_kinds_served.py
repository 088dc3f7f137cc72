#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_kinds_served - kinds of Postfix (kit/kinds*.py), each a real one: what
port_matrix says of their ports is so, before and after policyd --init; what
--init says that will change is what changes; each command that policyd -P
prints does what it is for and nothing else; --undo brings every byte back.

With POLICYD_TEST_KINDS=all in the environment all are tried (some 20 minutes),
or those whose names hold its value.

usage: test_kinds_served.py POLICYD
"""

import os
import re
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.init import parts, said_changes, shell
from kit.kinds import FILES, KINDS
from kit.kinds_odd import ODD
from kit.kinds_products import PRODUCTS
from kit.ports import (Port, base_of, place, policyd, reload, settings_of)
from kit.postfix import Postfix, run, settle
from kit.postfix_files import harm, judged

ALL = {**ODD, **PRODUCTS, **KINDS}
# Those of which something was wrong once.
USUAL = ("a dangling -o", "a key of another certificate")
WANTED = os.environ.get("POLICYD_TEST_KINDS", "")
# Nothing listens on 127.0.0.1 there; or a table is asked for ten seconds before
# each answer.
ELSEWHERE = ("IPv6 only", "disabled multi-instance", "no port at all",
             "tcp and socketmap")
# --init writes nothing, and says why.
REFUSED = {
    "a dangling -o": "",
    "a word outside of the options": "outside of its options",
    "an option in one word": "in one word, which postconf loses",
    "clients refused": "nothing that policyd would decide",
}
# What -P may say all the same when --init has been followed.
EXPECTED = re.compile(r"nobody can log in and encrypt|TLS ends in the front|"
                      r"nobody can be asked there|smtpd ends at once|"
                      r"cannot connect to the milter")
# What a throw-away Postfix does not have, or not like this.
LEFT_OUT = ("smtpd_sasl_type", "smtpd_sasl_path", "inet_interfaces",
            "inet_protocols", "multi_instance_enable", "multi_instance_name",
            "multi_instance_group", "master_service_disable")


class Kind:
    """A real Postfix of that kind."""

    def __init__(self, program, name, postfix):
        self.program = program
        self.name = name
        self.postfix = postfix
        self.file = postfix.path("policyd.conf")
        for file, text in FILES.items():
            with open(postfix.path("etc", file), "w") as out:
                out.write(text)
        run("postmap", "-c", postfix.config,
            "hash:" + postfix.path("etc", "relay_domains"))
        main, master = (re.sub(
            r"(?:proxy:)?(?:mysql|pgsql|sqlite|ldap):[\w/.-]+",
            "inline:{sql.example=x}", text.replace("@D@", postfix.directory))
                        for text in ALL[name])
        self.ports = place(postfix, self.settings(main), master.replace(
            "-o smtpd_authorized_xclient_hosts=", "-o other="))
        self.rename()
        self.network = "127.0.0.70" if "127.0.0.0/8" in postfix.get(
            "mynetworks") else "127.0.0.1"
        # A null client has none of its own.
        self.domain = "example.com" if "example.com" in (
            postfix.get("mydestination") + postfix.get("transport_maps") +
            postfix.get("relay_domains")) else "vmail.test"
        self.unknown = set()
        self.wrong = []

    def settings(self, main):
        """settings - of main.cf, with what a test needs"""
        found = {name: value for name, value in settings_of(main).items()
                 if name not in LEFT_OUT}
        if "smtpd_authorized_xclient_hosts" in found:
            found["smtpd_authorized_xclient_hosts"] += " 127.0.0.0/8"
        return {**base_of(self.postfix), "smtpd_policy_service_try_limit": "2",
                **found}

    def rename(self):
        """rename - the ports where they are named: content_filter"""
        for file in ("main.cf", "master.cf"):
            path = self.postfix.path("etc", file)
            with open(path, encoding="utf-8") as lines:
                text = lines.read()
            for name, number in self.ports.items():
                text = re.sub(r"((?:127\.0\.0\.1|localhost)\]?):%s\b" %
                              name.rpartition(":")[2],
                              r"\g<1>:%d" % number, text)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
        settle(self.postfix.config)

    def bytes(self):
        """bytes - of both files"""
        found = []
        for name in ("main.cf", "master.cf"):
            with open(self.postfix.path("etc", name), "rb") as file:
                found.append(file.read())
        return found

    def restore(self, files):
        """restore - both files"""
        for name, text in zip(("main.cf", "master.cf"), files):
            with open(self.postfix.path("etc", name), "wb") as file:
                file.write(text)
        settle(self.postfix.config)

    def truth(self, configuration="", why=""):
        """truth - of each port; what is said of them is compared"""
        reload(self.postfix)
        settle(self.postfix.config)
        said = judged(self.program, self.postfix.config, (), configuration)
        found = {}
        for number in self.ports.values():
            name = "127.0.0.1:%d" % number
            if name not in said:        # postscreen(8)
                if "smtpd" not in said:
                    continue
                name = "smtpd"
            port = said[name]
            real = Port(self.postfix, number, port.facts["wraps"] == "1",
                        self.network, {"ours": "bob@" + self.domain,
                                       "elsewhere": "u@far.example"},
                        port.facts["proxy"] == "haproxy")
            for cell, now in real.truth().items():
                found[(name, *cell)] = now
                if port.cells[cell] == "may":
                    self.unknown.add((name, *cell))
                if port.cells[cell] not in ("may", now):
                    self.bad("%s: said %s (%s), is %s", why, (
                        name, *cell), port.cells[cell], port.why[cell], now)
        return found

    def bad(self, what, *values):
        """bad - something is wrong"""
        text = (" ".join(["%s"] * (len(values) - what.count("%s"))) + " " +
                what) % values
        print("    WRONG %s: %s" % (self.name, text), flush=True)
        self.wrong.append(text)

    def policyd(self, *options):
        """policyd - status, output, errors"""
        settle(self.postfix.config)
        done = subprocess.run([self.program, *options], text=True,
                              capture_output=True, timeout=WAIT)
        return done.returncode, done.stdout, done.stderr


def follow(kind, before):
    """follow - type each command of -P, on the configuration as it is"""
    _, printed, errors = kind.policyd("-P", "-c", kind.file)
    assert "/etc: " in printed, (kind.name, printed, errors)
    for line in re.findall("(?m)^.*: error: .*$", printed):
        if not EXPECTED.search(line):
            kind.bad("%s", line)
    kept = kind.bytes()
    for finding, command in re.findall(
            r"(?m)^(\S+: (?:error|warning): .*)\n    .*\n"
            r"    (postconf .*)$", printed):
        run("sh", "-c", command)
        settle(kind.postfix.config)
        for line in harm(before, kind.truth(kind.file, "after " + command),
                         finding):
            kind.bad("%s", command, line)
        if finding in kind.policyd("-P", "-c", kind.file)[1]:
            kind.bad("is still there after %s", finding, command)
        kind.restore(kept)
    reload(kind.postfix)


def switch_on(kind, printed):
    """switch_on - every command but those that start and ask programs"""
    for line in parts(printed)["2"]:
        if not line.startswith(("policyd", "postfix")):
            shell([line])
            settle(kind.postfix.config)


def compare(kind, printed, before, after):
    """compare - what is said is what changes; of what is not known, before
    and after, nothing is said but that something may pass"""
    said = said_changes(printed)
    for cell, real in after.items():
        was, now = said.get(cell, (None, None) if cell in kind.unknown
                            else (before[cell],) * 2)
        if was not in (None, before[cell]) or now not in (None, real):
            kind.bad("said %s, is %s", cell, said.get(cell),
                     (before[cell], real))
    opened = [cell for cell, real in after.items()
              if (before[cell], real) == ("refused", "passes")]
    if opened and "SOMETHING MAY PASS" not in printed:
        kind.bad("is open, and not said", opened)


def one(program, name):
    """one - kind; what is wrong"""
    with Postfix() as postfix:
        kind = Kind(program, name, postfix)
        before = kind.truth(why="before")
        was = kind.bytes()
        status, printed, errors = kind.policyd("--init", "-c", kind.file,
                                               postfix.config)
        if kind.bytes() != was:
            kind.bad("--init has changed something")
        if status != 0:
            print("    refused: " + errors.strip())
            if name not in REFUSED or REFUSED[name] not in errors:
                kind.bad(errors)
            return kind.wrong
        switch_on(kind, printed)
        with policyd(program, kind.file):
            after = kind.truth(kind.file, "after")
            compare(kind, printed, before, after)
            follow(kind, after)
        status, _, errors = kind.policyd("--undo", "-c", kind.file)
        if (status, kind.bytes()) != (0, was):
            kind.bad("--undo: %s", errors)
        return kind.wrong


def test_kinds(program):
    """nothing is wrong, and all is said"""
    wrong = {}
    for name in ALL:
        if name not in ELSEWHERE and (WANTED == "all" or (
                re.search(WANTED, name) if WANTED else name in USUAL)):
            print("  " + name, flush=True)
            found = one(program, name)
            if found:
                wrong[name] = found
    assert not wrong, wrong


if __name__ == "__main__":
    sys.exit(run_all([test_kinds]))
