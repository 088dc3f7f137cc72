#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_gaps - what a log does not have, policyd -q --replay says: never
only zeros.

usage: test_forecast_gaps.py POLICYD [TEST ...]
"""

import json
import os
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.forecast import (DOMAINS, HEAD, LOCAL, LOGS_TLS, RELAY, TWO_PORTS, ask,
                          groups, lines, session, written)
from kit.init import Place

GOOD = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"


def stepped(log):
    """stepped - each line a second later than the one before"""
    return "".join(line.replace("15:00:00", "15:%02d:%02d" % divmod(
        number, 60)) + "\n" for number, line in enumerate(log.splitlines()))


def reverse(log):
    """reverse - the newest line first"""
    return "".join(reversed(log.splitlines(True)))


SENT = session(login="alice")
AT = SENT.index(HEAD % "smtp[3]")
REPEATED = LOGS_TLS + lines(
    "smtpd[1]: connect from h[192.0.2.30]",
    "smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.30]: 554 5.7.1 <b@far."
    "example>: Relay access denied; from=<a@b> to=<b@far.example> proto=ESMTP "
    "helo=<h>") + "".join("Nov 24 15:00:0%d mx %s\n" % each for each in [
        (1, "last message repeated 7 times"),
        (2, "syslogd: last message repeated 3 times"),
        (3, "sshd[1]: hello"), (4, "last message repeated 100 times")]) + lines(
            "smtpd[1]: disconnect from h[192.0.2.30] rcpt=0/11 commands=2/13")
SPOKEN = lines("smtpd[7]: connect from localhost[127.0.0.1]",
               "smtpd[7]: 9C8B8A94362: client=localhost[127.0.0.1]",
               "smtpd[7]: disconnect from localhost[127.0.0.1] ehlo=1 mail=1 "
               "rcpt=1 data=1 quit=1 commands=5")
NOTES = {
    # Why: log, status, the note, member of the summary, its value.
    "no smtpd": (LOCAL, 66, "none of the 5 lines of Postfix is about a client "
                 "of smtpd; is this all of the mail log?", "sessions", 0),
    "sendmail": (LOCAL, 66, "note: 1 message of sendmail(1) is not judged: it "
                 "does not come to smtpd, which alone asks policyd\n",
                 "of_sendmail", 1),
    "sendmail twice": (LOCAL + LOCAL.replace("BBBBB", "CCCCC"), 66,
                       "note: 2 messages of sendmail(1) are not judged: they",
                       "of_sendmail", 2),
    "requeued": (
        LOGS_TLS + SENT[:AT] + lines(
            "pickup[4]: BBBBB: uid=102 from=<a@local.test> orig_id=AAAAA") +
        SENT[AT:].replace("AAAAA", "BBBBB"), 1, "of 1 recipient that Postfix "
        "accepted in 1 hour (2026-11-24), 1 would be", "of_sendmail", 0),
    "repeated": (REPEATED, 0, "of 11 recipients that Postfix refused",
                 "refused", 11),
    "sendmail -bs": (LOCAL + SPOKEN, 66, "note: 1 recipient of sendmail -bs is "
                     "not judged: that is an", "of_sendmail_bs", 1),
    "no cleanup": (SPOKEN, 66, "1 more was accepted, but no delivery", "of_"
                   "sendmail_bs", 0),
    "two not delivered": (
        LOGS_TLS + SENT[:AT] + SENT[:AT].replace("AAAAA", "CCCCC"), 66,
        "2 more were accepted, but no delivery followed: they", "not_delivered",
        2),
    "no address": (session("unknown"), 1, "(postfix), clients without "
                   "an address, no login: ", "accepted", 1),
    "from a filter": (session("127.0.0.1").replace(
        "client=h[127.0.0.1]", "client=h[127.0.0.1], orig_client=x[192.0.2.1]"),
        0, "note: 1 came back from a content filter, and is not judged twice\n",
        "returned_from_filter", 1),
    "one line": (lines("master[1]: daemon started"), 66, "none of the 1 line "
                 "of Postfix is about", "lines", 1),
    "only deliveries": (
        LOCAL + SENT[AT:] + SENT[AT:].replace("AAAAA", "CCCCC"), 66,
        "2 messages began before the log, so nobody knows their clients: name "
        "the older files, too", "begun_before", 2),
    "one delivery": (SENT[AT:], 66, "1 message began before the log, so nobody "
                     "knows its client: name", "begun_before", 1),
    "not delivered": (LOGS_TLS + SENT[:AT], 66,
                      "1 more was accepted, but no delivery followed",
                      "not_delivered", 1),
    "no end": (LOGS_TLS + "".join(
        line for line in SENT[:AT].splitlines(True)
        if "disconnect" not in line), 66,
        "1 more was accepted, but no delivery followed", "not_delivered", 1),
    "reversed": (reverse(stepped(LOGS_TLS + SENT)), 66,
                 "1 file has the newest line first, so sessions cannot be "
                 "followed there (journalctl -r? tac(1) reverses it)",
                 "reversed_files", 1),
    "reversed in a second": (reverse(LOGS_TLS + SENT), 66, "1 file has the newest "
                             "line first, so", "reversed_files", 1),
    "each second reversed": (
        reverse(LOGS_TLS) + reverse(SENT).replace("15:00:00", "15:00:01"), 66,
        "1 file has the lines of each second in the reverse order, so sessions",
        "shuffled_files", 1),
    "two hosts": (LOGS_TLS + LOGS_TLS.replace(" mx ", " mx2 "), 66,
                  "note: the log is of 2 hosts (mx, mx2), and all of its mail "
                  "is judged by the ports and lists of one", "hosts", 2),
    "many hosts": ("".join(LOGS_TLS.replace(" mx ", " m%d " % at)
                           for at in range(12)), 66,
                   "note: the log is of more than 8 hosts (m0, m1, m2, m3, m4, "
                   "m5, m6, m7), and", "hosts", 8),
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
                summary["begun_before"]) or member.endswith("ed_files") or \
                name == "whole", (name, summary)


def test_proxy(program):
    """through a smtpd_proxy_filter: the first recipient of each message is
    judged, and the others are not forgotten"""
    log = lines(
        "smtpd[1]: connect from h[192.0.2.30]",
        "smtpd[1]: NOQUEUE: client=h[192.0.2.30]",
        "smtpd[6]: connect from localhost[127.0.0.1]",
        "smtpd[6]: F00D1: client=localhost[127.0.0.1], orig_client="
        "h[192.0.2.30]",
        "qmgr[2]: F00D1: from=<a@b>, size=1, nrcpt=2 (queue active)",
        "smtpd[1]: proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as "
        "F00D1; from=<a@b> to=<b@far.example> proto=ESMTP helo=<h>",
        "smtpd[1]: disconnect from h[192.0.2.30] ehlo=1 mail=1 rcpt=2 data=1 "
        "quit=1 commands=6",
        "smtpd[6]: disconnect from localhost[127.0.0.1] rcpt=2 data=1 "
        "commands=6",
        "smtp[3]: F00D1: to=<b@far.example>, relay=m[192.0.2.9]:25, "
        "status=sent (250)",
        "smtp[3]: F00D1: to=<c@far.example>, relay=m[192.0.2.9]:25, "
        "status=sent (250)",
        "qmgr[2]: F00D1: removed")
    with written(c_conf=DOMAINS, log=LOGS_TLS + log) as directory:
        config, path = (os.path.join(directory, each)
                        for each in ("c.conf", "log"))
        status, out, _ = ask(program, config, path)
        assert status == 1 and "of 1 recipient that Postfix accepted" in out \
            and "from=<a@b> to=<b@far.example> client=192.0.2.30 port=25" in \
            out and "cannot tell: 1:\n        1  more recipient of messages " \
            "that went through a smtpd_proxy_filter: the log names only the " \
            "first one of each message at this port\n" in out, out
        summary = groups(program, config, path)[1]
        assert (summary["cannot_tell"], summary["through_proxy_filter"],
                summary["not_delivered"]) == (1, 1, 0), summary


def test_added(program):
    """a recipient that Postfix may have added (always_bcc) is never advised
    on, whether the session is whole in the log, was cut, or had a message that
    was given up; where nothing adds any, or a message has no other, all are
    those of the client"""
    whole = session(tls=GOOD)
    lines_of = whole.splitlines(True)
    end = next(line for line in lines_of if "disconnect" in line)
    given_up = whole.replace(end, HEAD % "smtpd[1]: CCCCC: client="
                             "h[192.0.2.30]" + "\n" + end)
    copied = whole.replace("b@far.example", "journal@archive.example")
    for log, exact in (
            (whole, True), (copied, True), (whole.replace(end, ""), False),
            (whole.replace("rcpt=1", "rcpt=2"), False), (given_up, False),
            (whole.replace("nrcpt=1", "nrcpt=2"), False),
            (whole.replace(lines_of[0], ""), False)):
        for more, doubted in (
                ("", False),
                ("always_bcc = journal@archive.example\n", not exact),
                ("recipient_bcc_maps = static:j@archive.example\n", not exact),
                ("smtpd_milters = unix:/nowhere\n", not exact)):
            with Place("mydestination = local.test\nimport_environment =\n" +
                       more, TWO_PORTS % "") as place, \
                    written(log=LOGS_TLS + log) as directory:
                place.configure()
                path = os.path.join(directory, "log")
                out = ask(program, place.file, path)[1]
                assert ("cannot tell: 1" in out) == doubted and (
                    "1 would be refused" in out) != doubted, (more, log, out)


def test_copies(program):
    """a recipient that Postfix added to some messages is not the client's; as
    far as the tables can be looked up"""
    copy = HEAD % "smtp[3]: AAAAA: to=<sent@mail.local.test>, relay=m[192.0.2." \
        "9]:25, status=sent (250)\n"
    log = session().replace("nrcpt=1", "nrcpt=2")
    at = log.index(HEAD % "qmgr[2]: AAAAA: removed")
    log = LOGS_TLS + log[:at] + copy + log[at:]
    for maps, known in (
            ("sender_bcc_maps = inline:{a@local.test=sent@mail.local.test}",
             True),
            ("sender_bcc_maps = inline:{@local.test=sent}", True),
            ("recipient_bcc_maps = inline:{@far.example=sent}", True),
            ("sender_bcc_maps = regexp:{{/^a@/ sent@mail.local.test}}", True),
            ("sender_bcc_maps = inline:{x@local.test=sent}", False),
            ("sender_bcc_maps = inline:{a@local.test=other}", False),
            ("recipient_bcc_maps = tcp:127.0.0.1:1", False)):
        with Place("mydestination =\nmyorigin = mail.local.test\n"
                   "import_environment =\n" + maps + "\n") as place, \
                written(log=log) as directory:
            place.configure()
            summary = groups(program, place.file,
                             os.path.join(directory, "log"))[1]
            assert (summary["accepted"], summary["would_be_refused"],
                    summary["cannot_tell"]) == (
                        (1, 1, 0) if known else (2, 0, 2)), (maps, summary)
            # The client may have given one of them twice, which is delivered
            # once, or both.
            with open(os.path.join(directory, "log"), "w") as twice:
                twice.write(log.replace("rcpt=1", "rcpt=2"))
            summary = groups(program, place.file,
                             os.path.join(directory, "log"))[1]
            assert (summary["accepted"], summary["would_be_refused"],
                    summary["cannot_tell"]) == (
                        (2, 1, 1) if known else (2, 2, 0)), (maps, summary)


def test_archive(program):
    """always_bcc without a domain, which Debian keeps in a file, and a client
    that writes to nobody but that address"""
    for address, ours in ("archive", "archive@mail.local.test"), (
            "archive@far.example", "archive@far.example"):
        copy = HEAD % "smtp[3]: AAAAA: to=<%s>, relay=m[192.0.2.9]:25, " \
            "status=sent (250)\n" % ours
        both, alone = (session().replace("nrcpt=1", "nrcpt=%d" % count)
                       for count in (2, 1))
        at = both.index(HEAD % "qmgr[2]: AAAAA: removed")
        both = both[:at] + copy + both[at:]
        alone = alone.replace("b@far.example", ours).replace("AAAAA", "BBBBB")
        with written(name="mail.local.test\n", log=LOGS_TLS + both + alone) as \
                directory, \
                Place("mydestination =\nimport_environment =\nmyorigin = "
                      "%s/name\nalways_bcc = %s\n" % (directory, address)) as \
                place:
            place.configure()
            summary = groups(program, place.file,
                             os.path.join(directory, "log"))[1]
            assert (summary["accepted"], summary["would_be_refused"],
                    summary["cannot_tell"]) == (2, 2, 0), (address, summary)


def test_replaced(program):
    """a milter may have replaced a recipient: the note says for how many"""
    log = session(tls=GOOD).replace("b@far.example", "b@local.test")
    for milter in "", "smtpd_milters = unix:/nowhere\n":
        for count in 1, 2:
            with Place("mydestination = local.test\nimport_environment =\n" +
                       milter) as place, written(log=LOGS_TLS + log.replace(
                           "nrcpt=1", "nrcpt=%d" % count)) as directory:
                place.configure()
                out = ask(program, place.file,
                          os.path.join(directory, "log"))[1]
                assert ("note: 1 recipient is accepted, if it is the one" in
                        out) == (milter != "" and count == 2), out


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


def denied(what, about="b@local.test"):
    """denied - a refusal with these words"""
    return lines("smtpd[1]: connect from h[192.0.2.30]",
                 "smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.30]: 554 5.7.1 "
                 "<%s>: %s; from=<a@b> to=<%s> proto=ESMTP helo=<h>" % (
                     about, what, about),
                 "smtpd[1]: disconnect from h[192.0.2.30] rcpt=0/1 "
                 "commands=2/3")


CLIENT, RECIPIENT = ("%s rejected: Access denied" % each
                     for each in ("Client host", "Recipient address"))
def test_lists(program):
    """only smtpd_relay_restrictions is replaced: what another list has refused
    remains, and what another one would refuse afterwards is not accepted"""
    for options, what, remains in (
            ("", CLIENT, True), ("", RECIPIENT, True),
            (RELAY % "permit_mynetworks, reject", CLIENT, True),
            (RELAY % "permit_mynetworks, reject", RECIPIENT, False),
            (RELAY % "check_client_access inline:{x=y}, reject", CLIENT, False),
            (RELAY % "check_policy_service unix:private/x", RECIPIENT, False),
            (RELAY % "unknown_word", RECIPIENT, False)):
        with Place("mydestination = local.test\nimport_environment =\n"
                   "unknown_word = reject\n",
                   "smtp inet n - y - - smtpd\n" + options) as place, \
                written(log=denied(what)) as directory:
            place.configure()
            out = ask(program, place.file, os.path.join(directory, "log"))[1]
            assert ("cannot tell: 0" in out) == remains == (
                "for a reason that remains" in out), (options, what, out)
    listing = "    -o { smtpd_recipient_restrictions=%s }\n"
    sender = "    -o { smtpd_sender_restrictions=%s }\n"
    for options, doubted in (
            ("", False), (sender % "permit_mynetworks", False),
            (sender % "permit_mynetworks, reject_unauth_destination", True), (listing % "reject_unknown_sender_domain", False),
            (listing % "permit_mynetworks, reject_unauth_destination", True),
            (listing % "reject", True),
            (listing % "check_policy_service unix:private/policyd, reject",
             False)):
        with Place("mydestination = local.test\nimport_environment =\n",
                   "smtp inet n - y - - smtpd\n" + options) as place, \
                written(log=denied("Relay access denied", "b@far.example")) as \
                directory:
            place.configure('reply = "ok"\nlisten "unix:/run/private/policyd" '
                            '{ }\nrelay_domains = "far.example"\n')
            out = ask(program, place.file, os.path.join(directory, "log"))[1]
            assert ("1 would be accepted:" in out) != doubted and (
                "smtpd_%s_restrictions may still refuse" % (
                    "sender" if "sender_r" in options else "recipient") in out
            ) == doubted, (options, out)


REASONS = {
    # Restriction: what it says to a client.
    "reject_rbl_client bl.example": "Service unavailable; Client host "
                                    "[192.0.2.30] blocked using bl.example",
    "reject_unknown_client_hostname":
        "Client host rejected: cannot find your hostname, [192.0.2.30]",
    "reject_unknown_sender_domain": "Sender address rejected: Domain not found",
    "reject_non_fqdn_sender":
        "Sender address rejected: need fully-qualified address",
    "reject_invalid_helo_hostname": "Helo command rejected: Invalid name",
    "check_policy_service unix:private/grey":
        "Recipient address rejected: Greylisted for 5 minutes",
    "check_client_access inline:{x=y}": "Client host rejected: go away",
}


def test_ends(program):
    """what only smtpd_relay_restrictions refuses now is accepted, once policyd
    replaces them; what another list may have refused, nobody can tell"""
    other = "    -o { smtpd_sender_restrictions=%s }\n"
    base = RELAY % "permit_mynetworks, reject_unauth_destination, %s"
    for word, said in REASONS.items():
        for options, about, figures in (
                (base % word, "b@local.test", (1, 0, 0)),
                (base % word, "b@far.example", (0, 0, 0)),
                (base % "reject_unauth_pipelining", "b@local.test", (0, 0, 1)),
                (base % ("warn_if_reject " + word), "b@local.test", (0, 0, 1)),
                (base % word + other % word, "b@local.test", (0, 1, 0)),
                (other % word, "b@local.test", (0, 0, 1))):
            with Place("mydestination = local.test\nimport_environment =\n",
                       "smtp inet n - y - - smtpd\n" + options) as place, \
                    written(log=denied(said, about).replace(
                        "<%s>: Client host rejected: cannot" % about,
                        "Client host rejected: cannot").replace(
                            "<%s>: Service" % about, "Service")) as directory:
                place.configure()
                path = os.path.join(directory, "log")
                summary = groups(program, place.file, path)[1]
                assert (summary["would_be_accepted"], summary["cannot_tell"],
                        summary["refused_for_other_reasons"]) == figures, (
                            word, options, about, summary)
                out = ask(program, place.file, path)[1]
                assert ("note: 1 of the refused would be accepted only because "
                        "smtpd_relay_restrictions" in out) == bool(
                            figures[0]), out


def test_rewritten(program):
    """addresses that are rewritten before they are logged, by main.cf or by a
    cleanup of one port"""
    owned = 'sender_login_maps = "inline:{ a@local.test=alice }"\n' \
        "restrictions = { reject_sender_login_mismatch, permit_auth_destination, " \
        "reject }\n"
    log = LOGS_TLS + session(tls=GOOD).replace("far.example", "local.test")
    cleanup = "cleanup2 unix n - n - 0 cleanup\n    -o %s\n"
    for main, master, text, said in (
            ("", "", owned, ""),
            ("canonical_maps = static:a@local.test\n", "", owned, "the sender"),
            ("", cleanup % "sender_canonical_maps=static:a@local.test", owned,
             "the sender"),
            ("", cleanup % "enable_original_recipient=no",
             "restrictions = { permit_auth_destination, reject }\n",
             "the recipient")):
        with Place("mydestination = local.test\nimport_environment =\n" + main,
                   "smtp inet n - y - - smtpd\n" + master) as place, \
                written(log=log) as directory:
            place.configure(text)
            out = ask(program, place.file, os.path.join(directory, "log"))[1]
            assert ("cannot tell: 1:\n        1  %s was rewritten before" % said
                    in out) == bool(said), (main, master, out)


LOGINS = """\
sender_login_maps = "inline:{ a@local.test=alice }"
restrictions = { permit_auth_destination, reject_plaintext_session,
    reject_authenticated_sender_login_mismatch, permit_sasl_authenticated,
    reject }
"""


def test_senders(program):
    """a sender that is not known leaves open only what depends on it"""
    ours = session(tls=GOOD).replace("far.example", "local.test")
    cases = {
        # Log: accepted, refused, cannot tell, where any sender is rewritten.
        "ours": (ours, (1, 0, 0)),
        "a printer": (session(), (1, 1, 0)),
        "not logged in": (session(tls=GOOD), (1, 1, 0)),
        "logged in": (session(tls=GOOD, login="alice"), (1, 0, 1)),
        "in plain text": (session(login="alice"), (1, 1, 0)),
        "a bounce": (session(tls=GOOD, login="alice").replace(
            "from=<a@local.test>", "from=<>"), (1, 0, 0))}
    for main, missing in ("sender_canonical_maps = tcp:localhost:1\n",
                          False), ("", True), ("", False):
        with Place("mydestination = local.test\nimport_environment =\n"
                   "smtpd_sasl_auth_enable = yes\n" + main) as place:
            place.configure(LOGINS)
            for name, (log, figures) in cases.items():
                if missing:
                    log = "".join(line for line in log.splitlines(True)
                                  if "from=<" not in line)
                if not main and not missing or name == "a bounce" and missing:
                    figures = figures[:2] + (int(missing),)
                with written(log=LOGS_TLS + log) as directory:
                    summary = groups(program, place.file, os.path.join(
                        directory, "log"))[1]
                assert (summary["accepted"], summary["would_be_refused"],
                        summary["cannot_tell"]) == figures, (
                            main, missing, name, summary)


DECISION = ("Nov 24 15:00:00 mx policyd[812]: id=4F2K7Q service=default "
            "verdict=permit restriction=permit_auth_destination "
            "destination=local client=[192.0.2.33]:1 helo=h from=<a@b> "
            "to=<u@local.test> tls=none sasl=none instance=1.2.3 port=25 "
            "us=9\n")
OWN_LOG = "Nov 24 14:59:59 mx systemd[1]: Starting policyd...\n" \
    "Nov 24 14:59:59 mx policyd[812]: reading /etc/policyd/policyd.conf\n"
EARLY = session("198.51.100.30", ident="BBBBB").replace("15:", "14:")
LATE = session("198.51.100.31", ident="CCCCC").replace("15:", "16:")
MIXTURES = {
    # Log: recipients that are judged, those that are not.
    "since": (DECISION + session(), 0, 1),
    "in the same second": (DECISION + session() + LATE, 0, 2),
    "before": (EARLY + DECISION, 1, 0),
    "both": (EARLY + DECISION + LATE + session(), 1, 2),
    "an old refusal": (lines(
        "smtpd[1]: connect from h[192.0.2.30]",
        "smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.30]: 554 5.7.1 "
        "<b@far.example>: Relay access denied; from=<a@b> to=<b@far.example> "
        "proto=ESMTP helo=<h>",
        "smtpd[1]: disconnect from h[192.0.2.30] rcpt=0/1 commands=2/3")
                       .replace("15:", "14:") + DECISION + LATE, 0, 1),
    "no policyd": (EARLY + LATE, 2, 0),
}


def test_repeated(program):
    """a decision of policyd was repeated, and not the refusal before it"""
    log = REPEATED.replace("sshd[1]: hello", DECISION[19:].strip())
    log = log.replace(" 15:00:0", " 14:00:0")
    assert log.count("policyd[812]: id=") == 1
    with written(c_conf=DOMAINS, log=log) as directory:
        config, path = (os.path.join(directory, each)
                        for each in ("c.conf", "log"))
        summary = groups(program, config, path)[1]
        assert (summary["refused"], summary["decided_by_policyd"]) == (11, 0), \
            summary


def test_examples(program):
    """-q takes an example as it is, and judges the same request, whatever a
    stranger has written into it"""
    log = LOGS_TLS + session().replace(
        "from=<a@local.test>", 'from=<"it\'s me\\\\\\""@local.test>').replace(
            "to=<b@far.example>", 'to=<"a\\\\\\" =[b]"@far.example>')
    with written(c_conf=DOMAINS, log=log) as directory:
        config, path = (os.path.join(directory, each)
                        for each in ("c.conf", "log"))
        group, = groups(program, config, path)[0][:1]
        example = group["examples"][0].split(": ", 1)[1]
        assert "\\x" in example, example
        done = subprocess.run(
            [program, "-q", "-c", config, "--format=json", *example.split()],
            stdout=subprocess.PIPE, text=True, timeout=WAIT)
        request = json.loads(done.stdout)["request"]
        assert (request["sender"], request["recipient"]) == (
            'it\'s me\\"@local.test', 'a\\" =[b]@far.example'), (
                example, request)


def test_mixture(program):
    """where policyd was asked, its decisions are judged; before that, the lines
    of Postfix; how many are not is said"""
    for name, (log, judged, left) in MIXTURES.items():
        decision = "".join(OWN_LOG + line for line in log.splitlines(True)
                           if "policyd[" in line)
        others = "".join(line for line in log.splitlines(True)
                         if "policyd[" not in line)
        with written(c_conf=DOMAINS, log=LOGS_TLS.replace("15:", "13:") + log,
                     decision=decision, others=LOGS_TLS.replace(
                         "15:", "13:") + others) as directory:
            config, path, *parts = (os.path.join(directory, each) for each in (
                "c.conf", "log", "decision", "others"))
            for files in [path], parts if decision else [path]:
                status, out, err = ask(program, config, *files)
                assert status == (judged > 0), (name, out, err)
                assert ("0 of 1 logged decisions" in out) == bool(decision), out
                assert ("before policyd was asked:\n" in out) == (
                    judged > 0 or "old" in name) & bool(decision), (name, out)
                assert ("%d would be refused" % judged in out) == (
                    judged > 0 or "old" in name), (name, out)
                note = "note: %d recipient%s of Postfix since policyd was " \
                    "first asked (2026-11-24 15:00:00) " % (
                        left, "s" if left > 1 else "")
                assert (note in out) == bool(left), (name, out)
                summary = groups(program, config, *files)[1]
                assert summary["decided_by_policyd"] == left, (name, summary)
                assert summary["would_be_refused"] == judged, (name, summary)
                assert (summary["policyd_since"] is None) == (
                    not decision), summary
            if decision:
                assert "1 judged, " in err or "skipped" not in err, err
            # As the manual says: without the lines of policyd.
            status, out, _ = ask(program, config, parts[1])
            assert status == 1 and "before policyd" not in out and \
                "first asked" not in out, (name, out)


if __name__ == "__main__":
    sys.exit(run_all([test_notes, test_proxy, test_added, test_copies,
                      test_archive, test_replaced, test_reversed, test_access,
                      test_lists, test_ends, test_rewritten, test_senders,
                      test_repeated, test_examples, test_mixture]))
