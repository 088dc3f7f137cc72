#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_files - several files of one log: in their order, and nothing
twice.

usage: test_forecast_files.py POLICYD [TEST ...]
"""

import gzip
import json
import os
import sys

from kit.daemon import run_all
from kit.forecast import DOMAINS, HEAD, LOGS_TLS, ask, session, written

# What other programs log at midnight, before anybody sends anything.
OTHERS = {
    "dovecot": "Nov 24 %s:%02d:%02d mx dovecot: imap-login: Login: user=<u>\n",
    "kernel": "2026-11-24T%s:%02d:%02d.1+01:00 mx kernel: [    1.0] hello\n",
    "sshd": "Nov 24 %s:%02d:%02d mx sshd[9]: Connection closed\n",
}


DECISION = ("Nov 24 15:00:00 mx policyd[812]: id=4F2K7Q service=default "
            "verdict=permit restriction=permit_auth_destination "
            "destination=local client=[192.0.2.33]:1 helo=h from=<a@b> "
            "to=<u@local.test> tls=none sasl=none instance=1.2.3 port=25 "
            "us=9\n")
SENT = session("198.51.100.30", ident="BBBBB").replace("15:", "14:")
LATE = session("198.51.100.31", ident="CCCCC").replace("15:", "16:")


def journal(text):
    """journal - lines as journald exports them"""
    entries = []
    for line in text.splitlines():
        host, name, message = line[16:].split(" ", 2)
        entries.append({
            "__REALTIME_TIMESTAMP": "%d000000" % (
                1795528800 + 3600 * (int(line[7:9]) - 15)),
            "_HOSTNAME": host, "SYSLOG_IDENTIFIER": name.split("[")[0],
            "_PID": name.split("[")[1].strip("]:"), "MESSAGE": message})
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def test_order(program):
    """a message that is delivered after midnight: the older file is read first,
    whatever is at the beginning of the files"""
    mail = LOGS_TLS + session()
    at = mail.rindex("\n", 0, mail.index("smtp[3]: ")) + 1
    parts = mail[:at], mail[at:].replace(" 15:", " 16:")
    for kind in *OTHERS, "journal":
        before = ["".join(OTHERS[kind.replace("journal", "sshd")] % (
            hour, second // 60, second % 60) for second in range(1500))
                  for hour in ("15", "16")]
        old, new = (first + rest for first, rest in zip(before, parts))
        if kind == "journal":
            old, new = journal(old), journal(new)
        with written(c_conf=DOMAINS, mail_log=new, old=old) as directory:
            config, path, other = (os.path.join(directory, each) for each in (
                "c.conf", "mail.log", "old"))
            for files in (path, other), (other, path):
                status, out, err = ask(program, config, *files)
                assert status == 1 and "of 1 recipient that" in out and \
                    "1 would be refused" in out and "note: 1 m" not in out, (
                        kind, files, out, err)


def test_copies(program):
    """a file by two names, a compressed copy, and one that was made before the
    log went on: nothing is counted twice, and the one that has all is read"""
    log = LOGS_TLS + SENT
    more = log + LATE
    with written(c_conf=DOMAINS, log=more, gz=gzip.compress(more.encode()),
                 old=log, other=LATE, decision=DECISION) as directory:
        config, path, gz, old, other, decision = (
            os.path.join(directory, each) for each in (
                "c.conf", "log", "gz", "old", "other", "decision"))
        link = os.path.join(directory, "link")
        os.symlink(path, link)
        copy = ": begins with the same lines as %s, so it is a copy, and not " \
            "read\n" % path
        for files, count, said in (
                ([path], 2, ""),
                ([path, path], 2, ": is the same file as %s, which is read "
                 "once\n" % path),
                ([path, link], 2, link + ": is the same"),
                ([path, gz], 2, copy), ([gz, path, path], 2, "once"),
                ([path, old], 2, old + copy), ([old, path], 2, old + copy),
                ([old, other], 2, "")):
            os.utime(gz, (1, 1))
            status, out, err = ask(program, config, *files)
            assert status == 1 and "of %d recipients" % count in out, (
                files, out, err)
            assert (said in err) if said else ("policyd: /" not in err), (
                files, err)
        for options in [], ["--against", config]:
            err = ask(program, config, *options, decision, decision)[2]
            assert "is the same file" in err, err
        out = ask(program, config, decision, decision)[1]
        assert out.startswith("0 of 1 logged"), out


def test_damaged_copy(program):
    """the compressed copy is the newer one, but not finished; the other way
    round; and a log that begins with lines of another program"""
    text = "".join(OTHERS["dovecot"] % ("14", 0, 0) for _ in range(9)) + \
        LOGS_TLS + "".join(session(ident="%05X" % at) for at in range(2000))
    gz = gzip.compress(text.encode(), mtime=0)
    half = text[:text.index("\n", len(text) // 2) + 1]
    for plain, packed, said in (
            (text, gz, False), (text, gz[:len(gz) // 3], False),
            (half, gz, True)):
        with written(c_conf=DOMAINS, log=plain, gz=packed) as directory:
            config, path, copy = (os.path.join(directory, each)
                                  for each in ("c.conf", "log", "gz"))
            for first in path, copy:
                os.utime(first, (1795528800, 1795528800))
                files = [path, copy]
                for names in files, files[::-1]:
                    status, out, err = ask(program, config, *names)
                    assert status == 1 and "of 2,000 recip" in out, (out, err)
                    assert err.count("it is a copy") == 1 and \
                        ("%s: begins" % (path if said else copy)) in err, err


def test_overlap(program):
    """what a log daemon writes into two files, rotated at different times, in
    different formats, or only a part of it: counted once; equal lines of one
    file are not, nor are those of two hosts"""
    mail = LOGS_TLS + "".join(
        session("192.0.2.%d" % (at % 3), ident="%05X" % at).replace(
            "15:00:00", "15:%02d:00" % at) for at in range(20))
    refused = "".join(HEAD % ("smtpd[1]: " + line) + "\n" for line in [
        "connect from h[192.0.2.30]"] + [
            "NOQUEUE: reject: RCPT from h[192.0.2.30]: 554 5.7.1 "
            "<b@far.example>: Relay access denied; from=<a@b> "
            "to=<b@far.example> proto=ESMTP helo=<h>"] * 3 + [
                "disconnect from h[192.0.2.30] rcpt=0/3 commands=2/5"])
    mail += refused.replace("15:00:00", "15:10:00")
    cut = mail.index(HEAD.replace(":00:00", ":05:00") % "smtpd")
    late = "".join(
        session("192.0.2.9", ident="%05X" % at).replace(
            "15:00:00", "16:%02d:00" % (at - 60)) for at in range(60, 65))
    iso = mail.replace("Nov 24 15:", "2026-11-24T15:").replace(
        ":00 mx", ":00.123+01:00 mx")
    # Before the others.
    warnings = HEAD % "smtpd[1]: warning: x" + "\n"
    warnings = warnings.replace("15:00:00", "14:59:59")
    for name, (one, other, count, denied) in {
            "the same": (mail, warnings + mail, 20, 3),
            "begins later": (mail, mail[cut:], 20, 3),
            "ends later": (mail, mail[cut:] + late, 25, 3),
            "in another format": (mail, iso[iso.index("\n") + 1:], 20, 3),
            "with warnings": (warnings + mail, warnings + warnings.replace(
                "14:59", "15:09"), 20, 3),
            "rotated": (mail, late, 25, 3),
            "of another host": (mail, (warnings + mail).replace(
                " mx ", " mx2 "), 40, 6)}.items():
        with written(c_conf=DOMAINS, one=one, other=other) as directory:
            config, *paths = (os.path.join(directory, each)
                              for each in ("c.conf", "one", "other"))
            for files in paths, paths[::-1]:
                _, out, err = ask(program, config, *files)
                assert "of %d recipients that Postfix accepted" % count in out \
                    and "of %d recipients that Postfix refused" % denied in \
                    out, (name, files, out, err)
                assert ("and counted once" in err) == (name not in (
                    "rotated", "of another host")), (name, err)


def test_overlap_of_decisions(program):
    """the same for decisions of policyd, alone and with --against"""
    decisions = [DECISION.replace("instance=1.2.3", "instance=%d" % at).replace(
        "4F2K7Q", "4F2K%02d" % at).replace("15:00:00", "15:%02d:00" % at)
                 for at in range(20)]
    with written(c_conf=DOMAINS, log="".join(decisions),
                 other="".join(decisions[5:]) + DECISION.replace(
                     "15:00", "16:00")) as directory:
        config, path, other = (os.path.join(directory, each)
                               for each in ("c.conf", "log", "other"))
        for files in (path, other), (other, path):
            _, out, err = ask(program, config, *files)
            assert "0 of 21 logged decisions" in out and \
                "21 requests under" in out and "15 lines are in more than " \
                "one of the files, and counted once" in err, (out, err)
            out = ask(program, config, "--against", config, *files)[1]
            assert out.startswith("0 of 21 requests"), out


if __name__ == "__main__":
    sys.exit(run_all([test_order, test_copies, test_damaged_copy, test_overlap,
                      test_overlap_of_decisions]))
