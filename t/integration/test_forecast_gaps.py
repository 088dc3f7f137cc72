#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_gaps - what a log does not have, policyd -q --replay says: never
only zeros.

usage: test_forecast_gaps.py POLICYD [TEST ...]
"""

import os
import sys

from kit.daemon import run_all
from kit.forecast import DOMAINS, HEAD, LOGS_TLS, ask, groups, session, written


def lines(*texts):
    """lines - of a log"""
    return "".join(HEAD % text + "\n" for text in texts)


def stepped(log):
    """stepped - each line a second later than the one before"""
    return "".join(line.replace("15:00:00", "15:%02d:%02d" % divmod(
        number, 60)) + "\n" for number, line in enumerate(log.splitlines()))


def reverse(log):
    """reverse - the newest line first"""
    return "".join(reversed(log.splitlines(True)))


LOCAL = lines("pickup[4]: BBBBB: uid=0 from=<root>",
              "cleanup[5]: BBBBB: message-id=<x>",
              "qmgr[2]: BBBBB: from=<root>, size=1, nrcpt=1 (queue active)",
              "local[3]: BBBBB: to=<a@local.test>, relay=local, status=sent (x)",
              "qmgr[2]: BBBBB: removed")
SENT = session(login="alice")
AT = SENT.index(HEAD % "smtp[3]")
NOTES = {
    # Why: log, status, the note, member of the summary, its value.
    "no smtpd": (LOCAL, 66, "none of the 5 lines of Postfix is about a client "
                 "of smtpd; is this all of the mail log?", "sessions", 0),
    "one line": (lines("master[1]: daemon started"), 66, "none of the 1 line "
                 "of Postfix is about", "lines", 1),
    "only deliveries": (
        LOCAL + SENT[AT:] + SENT[AT:].replace("AAAAA", "CCCCC"), 66,
        "2 messages began before the log, so nobody knows their clients: name "
        "the older files, too", "begun_before", 2),
    "one delivery": (SENT[AT:], 66, "1 message began before the log, so nobody "
                     "knows its client: name", "begun_before", 1),
    "not delivered": (LOGS_TLS + SENT[:AT], 66,
                      "1 more were accepted, but no delivery followed",
                      "not_delivered", 1),
    "no end": (LOGS_TLS + "".join(
        line for line in SENT[:AT].splitlines(True)
        if "disconnect" not in line), 66,
        "1 more were accepted, but no delivery followed", "not_delivered", 1),
    "reversed": (reverse(stepped(LOGS_TLS + SENT)), 66,
                 "1 file has the newest line first, so sessions cannot be "
                 "followed there (journalctl -r? tac(1) reverses it)",
                 "reversed_files", 1),
    "a session without mail": (LOGS_TLS, 66, "of 0 recipients that Postfix "
                               "accepted", "sessions", 1),
    "whole": (LOGS_TLS + stepped(LOCAL + session(
        tls="TLSv1.3 with cipher TLS_AES_256_GCM_SHA384", login="alice")), 0,
        "of 1 recipient that Postfix accepted", "begun_before", 0),
}


def test_notes(program):
    """one sentence for each, as text and as JSON, and the status"""
    for name, (log, status, note, member, value) in NOTES.items():
        with written(c_conf=DOMAINS, log=log) as directory:
            config, path = (os.path.join(directory, each)
                            for each in ("c.conf", "log"))
            found, out, err = ask(program, config, path)
            assert found == status and note in out, (name, found, out, err)
            summary = groups(program, config, path)[1]
            assert summary[member] == value, (name, summary)
            assert ("begun_before" == member) == bool(
                summary["begun_before"]) or member == "reversed_files" or \
                name == "whole", (name, summary)


def test_reversed(program):
    """tac(1) does what the note says; one file of several is enough"""
    log = stepped(LOGS_TLS + session())
    with written(c_conf=DOMAINS, log=log, back=reverse(log)) as directory:
        config, path, back = (os.path.join(directory, each)
                              for each in ("c.conf", "log", "back"))
        status, out, _ = ask(program, config, path)
        assert status == 1 and "newest line" not in out, out
        again = ask(program, config, input=reverse(reverse(log)))[1]
        assert again == out.replace(path, "-"), (again, out)
        assert "1 file has the newest" in ask(program, config, back)[1]


def test_access(program):
    """"Access denied" is of reject, or of a table: nobody can tell, unless
    policyd refuses, too"""
    for domain, count in ("local.test", 1), ("far.example", 0):
        log = lines("smtpd[1]: connect from h[192.0.2.30]",
                    "smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.30]: 554 "
                    "5.7.1 <b@%s>: Recipient address rejected: Access denied; "
                    "from=<a@b> to=<b@%s> proto=ESMTP helo=<h>" % (
                        domain, domain),
                    "smtpd[1]: disconnect from h[192.0.2.30] rcpt=0/1 "
                    "commands=2/3")
        with written(c_conf=DOMAINS, log=log) as directory:
            config, path = (os.path.join(directory, each)
                            for each in ("c.conf", "log"))
            status, out, _ = ask(program, config, path)
            assert status == 0 and "cannot tell: %d" % count in out, out
            assert ('Postfix refused by "reject" or by a table' in out) == \
                bool(count), out


if __name__ == "__main__":
    sys.exit(run_all([test_notes, test_reversed, test_access]))
