#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_reject_filter - what clients get where Postfix (3.11 and later) filters
its refusals, and what policyd -P says of it: the same. An earlier Postfix does
not know such a filter, and nothing is said.

usage: test_reject_filter.py POLICYD [TEST ...]
"""

import json
import os
import re
import subprocess
import sys

from kit.daemon import WAIT, chosen, run_one
from kit.policyd import CONFIGURATION, TEST_ONLY, Policyd
from kit.postfix import Postfix, run
from kit.smtp import Session

# What may be in smtpd_reject_filter_maps.
FILTERS = [
    "/^5/ 554 5.7.1 No",
    "/^[45]/ 550 5.0.0 No",
    "/^4(.*) 4(.*)/ 5$1 5$2",
    "/^4/ 450 4.3.0 Later",
    "/^(5.*[^.])$/ $1. See you later.",
    "/^(...) .*( .id ......\\))/ $1 5.7.1 No$2",
    "/^[45]/ 250 2.0.0 Ok",
    "/^[45]/ 454 4.0.0",
    "/^[45]/ 4 4.0.0 Later",
    "/^[45]/ 45",
    "/^[45]/ 5550 no",
    "/^[45]/ 599 no",
    "/^[45]/ 5.7.1 no",
    "/^[45]/ no",
    "/^[45]/ 550",
    "/^[45]/ 550\tno",
    "/^[45]/ 5a0 no",
]
LATER = """\
service "later" {
    policy_context = "later"
    reject_reply = "450 4.3.2 Try again later"
    plaintext_reply = "450 4.3.2 Try again later"
}
"""
ASK = "check_policy_service { unix:private/policyd, policy_context=%s }, reject"


def add_ports(postfix):
    """add_ports - two for each filter: one that refuses, and one that asks to
    try again; as numbers"""
    ports = []
    for number, line in enumerate(FILTERS):
        path = postfix.path("etc", "filter%d" % number)
        with open(path, "w") as file:
            file.write(line + "\n")
        ports.append([postfix.port(smtpd_reject_filter_maps="regexp:" + path,
                                   smtpd_recipient_restrictions=ASK % context)
                      for context in ("now", "later")])
    return ports


def refusal(port):
    """refusal - the reply to a stranger"""
    with Session(port) as session:
        session.reply()
        session.ask("EHLO client.example")
        session.ask("MAIL FROM:<sender@client.example>")
        return session.ask("RCPT TO:<user@elsewhere.example>")


def said(policyd, postfix):
    """said - of these filters, by port: "id" or "later" """
    done = subprocess.run(
        [policyd.program, "-P", "-c", policyd.file, "--format=json"],
        capture_output=True, text=True, timeout=6 * WAIT, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = set()
    for finding in json.loads(done.stdout)["findings"]:
        match = re.match(r"smtpd_reject_filter_maps on port \S+?:(\d+) "
                         r"(takes the id|makes a refusal for good)",
                         finding["text"])
        if match:
            assert finding["severity"] == "warning", finding
            found.add((int(match[1]), match[2].split()[-1]))
        else:
            assert "reject_filter" not in finding["text"], finding
    assert postfix.master.poll() is None
    return found


def test_filters(program):
    """as it is said, so it is"""
    with Postfix({"smtpd_relay_restrictions": "",
                  "smtpd_reject_unlisted_recipient": "no"}) as postfix:
        ports = add_ports(postfix)
        path = os.path.join(postfix.queue, "private", "policyd")
        with Policyd(program, postfix.directory, CONFIGURATION % (
                path, postfix.config) + TEST_ONLY + LATER, path) as policyd:
            postfix.start()
            found = said(policyd, postfix)
            expected, replies = set(), []
            for now, later in ports:
                replies += [refusal(now), refusal(later)]
                if not re.search(r" \(id \w{6}\)", replies[-2]):
                    expected |= {(now, "id"), (later, "id")}
                if not replies[-1].startswith("4"):
                    expected |= {(now, "good"), (later, "good")}
            for line, pair, two in zip(FILTERS, ports, zip(replies[::2],
                                                           replies[1::2])):
                got, want = ([sorted(what for port, what in facts
                                     if port == one) for one in pair]
                             for facts in (found, expected))
                assert got == want, (line, two, got, want)
            known = run("postconf", "-d", "smtpd_reject_filter_maps") != ""
            assert bool(found) == known, (found, known)
            policyd.stop()


TESTS = [test_filters]

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(0 if all([run_one(test, sys.argv[1])
                       for test in chosen(TESTS)]) else 1)
