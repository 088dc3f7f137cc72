#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast - policyd -q --replay with the log of a Postfix: what it says
would be refused, or accepted, is what happens.

test_real plays a part of t/data/seed_matrix.reference.tsv, and logins in plain
text, to a real Postfix without policyd, has its log judged under several
configurations, and then plays the same with a policyd that has them. Each
session has its own network of clients, so its recipients are told apart.
POLICYD_TEST_EVERY=1: all rows, and not one of seven.

usage: test_forecast.py POLICYD [TEST ...]
"""

import concurrent.futures
import contextlib
import gzip
import json
import os
import re
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.forecast import (BUILT_IN, CONFIGURATIONS, DOMAINS, HEAD, LOGS_TLS,
                          SERVING, Player, ask, count_rows, groups, session,
                          written)
from kit.matrix import seed_rows
from kit.policyd import Policyd
from kit.postfix import Postfix, poll

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                    "data", "postlog")


# The same sessions without policyd and with it.

STEPS = "BANNER= | EHLO= | AUTH= | MAIL= | RCPT= | DATA= | DOT= | QUIT="
TLS_STEPS = ("BANNER= | EHLO= | STARTTLS= | TLS= | EHLO2= | AUTH= | MAIL= | "
             "RCPT= | DATA= | DOT= | QUIT=")
EXTRA = [["E", tls, login, "extra", rcpt, "", steps]
         for tls, steps in (("plain", STEPS), ("TLSv1.2", TLS_STEPS),
                            ("TLSv1.3", TLS_STEPS))
         for login in ("good", "bad")
         for rcpt in ("<user@local.test>", "<user@remote.example>",
                      "<user@relay.test>")]
EVERY = int(os.environ.get("POLICYD_TEST_EVERY", "7"))


def play_all(player, rows):
    """play_all - {number of the row: (recipients, replies; was it queued)}"""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(range(len(rows)), pool.map(
            player.play, range(len(rows)), rows)))


def compare(name, found, summary, before, after):
    """compare - the forecast, and what happened; the numbers of both"""
    refused = count_rows(found, "refused")
    accepted = count_rows(found, "accepted")
    missing = []
    numbers = [0, 0]
    for number in before:
        replies = list(zip(before[number][0], after[number][0]))
        queued = before[number][1]
        now_refused = len({old[0] for old, new in replies
                           if queued and old[1].startswith("250")
                           and not new[1].startswith("250")})
        now_accepted = sum(old[1].startswith("554")
                           and new[1].startswith("250")
                           for old, new in replies)
        for at, (said, is_now) in enumerate((
                (refused.get(number, 0), now_refused),
                (accepted.get(number, 0), now_accepted))):
            assert said <= is_now, (name, number, before[number],
                                    after[number], found)
            missing += [(number, before[number], after[number])] * (
                is_now - said)
            numbers[at] += said
    unknown = summary["cannot_tell"]
    everything = summary["accepted"] + summary["refused"]
    assert len(missing) <= unknown, (name, missing, unknown)
    assert unknown < 0.02 * everything, (name, summary, found)
    print("%s: %d accepted, %d of them refused; %d refused, %d of them "
          "accepted; cannot tell: %d" % (
              name, summary["accepted"], numbers[0], summary["refused"],
              numbers[1], unknown))
    return numbers


def test_real(program):
    """what is forecast is what happens"""
    rows = seed_rows()[::EVERY] + EXTRA
    with Postfix() as postfix:
        postfix.discard()
        postfix.set("smtpd_relay_restrictions=", "smtpd_sasl_auth_enable=yes",
                    "smtpd_tls_auth_only=yes", "smtpd_tls_loglevel=1",
                    "virtual_mailbox_maps=", "default_process_limit=400",
                    "virtual_alias_maps=static:user@local.test",
                    "smtpd_client_connection_count_limit=0")
        players = {"before": Player(postfix, "before", BUILT_IN)}
        policyds = {}
        for name, text in CONFIGURATIONS.items():
            path = os.path.join(postfix.queue, "private", name)
            os.mkdir(postfix.path(name))
            players[name] = Player(
                postfix, name, "check_policy_service { unix:private/%s }, "
                "reject" % name)
            ports = "%d, %d" % (players["before"].ports["D"],
                                players[name].ports["D"])
            policyds[name] = Policyd(
                program, postfix.path(name), SERVING % (path, postfix.config)
                + text.replace("@D@", ports), path)
        with contextlib.ExitStack() as stack:
            for policyd in policyds.values():
                stack.enter_context(policyd)
            postfix.start()
            before = play_all(players["before"], rows)
            poll(postfix.all_removed)
            log = postfix.path("before.log")
            with open(log, "w") as out:
                out.write(postfix.said())
            totals = [0, 0]
            for name, policyd in policyds.items():
                found, summary = groups(program, policyd.file, log)
                assert summary["ports_from_postfix"], summary
                after = play_all(players[name], rows)
                for at, number in enumerate(compare(
                        name, found, summary, before, after)):
                    totals[at] += number
            assert totals[0] > 20 and totals[1] > 20, totals


# Logs of other systems.

SHAPES = ["debian", "suse", "freebsd", "compose", "journal", "journal-short",
          "postfix-3.4", "postfix-3.12"]


def test_shapes(program):
    """the same story in each form, alone, and the files in any order"""
    with written(c_conf=DOMAINS) as directory:
        config = os.path.join(directory, "c.conf")
        for name in SHAPES:
            path = os.path.join(DATA, name)
            found, summary = groups(program, config, path)
            for member, value in (("accepted", 4), ("refused", 2),
                                  ("would_be_refused", 1),
                                  ("would_be_accepted", 0),
                                  ("refused_for_other_reasons", 1),
                                  ("cannot_tell", int(name == "suse")),
                                  ("unclear", int(name == "suse")),
                                  ("returned_from_filter",
                                   int(name == "suse")),
                                  ("not_delivered",
                                   int(name == "postfix-3.12"))):
                assert summary[member] == value, (name, member, summary)
            group, = [g for g in found if g["kind"] == "refused"]
            assert group["network"] == "192.0.2.0/24", (name, group)
            assert group["port"] == "25" and group["login"] == "", group
            assert group["clients"] == ["192.0.2.30"], group
            assert "to=<archive@far.example>" in group["examples"][0], group
            assert "forged" not in json.dumps(found), (name, found)
            with open(path) as whole:
                lines = whole.read().splitlines(True)
            for end in "\n", "\r\n":
                parts = [os.path.join(directory, "mail.log"),
                         os.path.join(directory, "mail.log.1")]
                for part, text in zip(parts, (lines[20:], lines[:20])):
                    with open(part, "w", newline="") as out:
                        out.write("".join(text).replace("\n", end))
                    os.utime(part, (1795530600, 1795530600))
                again, both = groups(program, config, *parts)
                assert {k: v for k, v in both.items() if "line" not in k} == {
                    k: v for k, v in summary.items() if "line" not in k}, (
                        name, both, summary)
                assert len(again) == len(found), (name, again)


# How other log daemons write "STAMP HOST NAME[PID]: TEXT", by its parts.
REWRITTEN = {
    "Solaris": "{0} {1} {2}: [ID 197553 mail.info] {3}",
    "AIX": "{0} {1} mail:info {2}: {3}",
    "with priority": "<22>{0} {1} {2}: {3}",
    "chain of hosts": "{0} s_sys@{1} {2}: {3}",
    "podman logs -t": "2026-11-24T15:00:00+01:00 {0} {1} {2}: {3}",
    "socklog": "2026-11-24T14:00:00.12345 mail.info: {0} {2}: {3}",
    "kubectl": "[pod/mail-0/postfix] {0} {1} {2}: {3}",
    "colours": "\033[36mpostfix-1  |\033[0m {0} {1} {2}: {3}",
}


def test_other_shapes(program):
    """the story of Debian, as other systems write it"""
    with open(os.path.join(DATA, "debian")) as file:
        parts = [re.match(r"(.{15}) (\S+) ([^:]+): (.*)", line).groups()
                 for line in file]
    for name, form in REWRITTEN.items():
        log = "".join(form.format(*part) + "\n" for part in parts)
        with written(c_conf=DOMAINS, log=log) as directory:
            _, summary = groups(program, os.path.join(directory, "c.conf"),
                                os.path.join(directory, "log"))
            assert [summary[member] for member in (
                "accepted", "refused", "would_be_refused", "cannot_tell",
                "lines")] == [4, 2, 1, 0, summary["lines"]], (name, summary)


def test_compressed(program):
    """a rotated log: the older part is compressed; one that is cut; those of
    docker"""
    with open(os.path.join(DATA, "suse"), "rb") as whole:
        lines = whole.read().splitlines(True)
    docker = "".join(json.dumps({
        "log": line.decode(), "stream": "stdout",
        "time": "2026-11-24T14:00:00Z"}) + "\n" for line in lines)
    timed = "".join("2026-11-24T14:00:00.123456789Z " + line.decode()
                    for line in lines)
    old = gzip.compress(b"".join(lines[:20]))
    with written(c_conf=DOMAINS, mail_log=b"".join(lines[20:]), old=old,
                 cut=old[:-20], docker=docker, timed=timed) as directory:
        config, log, old, cut = (os.path.join(directory, name) for name in (
            "c.conf", "mail.log", "old", "cut"))
        found, summary = groups(program, config, log, old)
        assert summary["accepted"] == 4 and summary["cannot_tell"] == 1, (
            summary, found)
        assert summary["returned_from_filter"] == 1, summary
        for name in "docker", "timed":
            again = groups(program, config, os.path.join(directory, name))[1]
            assert again == summary, (name, again, summary)
        status, _, err = ask(program, config, log, cut)
        assert status == 66 and "could not read all of it" in err, err


def test_new_year(program):
    """a log over New Year, with time stamps that have no year: the newer part
    first, the older one compressed, and both written in the new year"""
    with open(os.path.join(DATA, "debian"), "rb") as whole:
        lines = whole.read().splitlines(True)
    old = b"".join(lines[:20]).replace(b"Nov 24", b"Dec 31")
    new = b"".join(lines[20:]).replace(b"Nov 24", b"Jan  1")
    with written(c_conf=DOMAINS, new=new, old=gzip.compress(old)) as directory:
        parts = [os.path.join(directory, name) for name in ("new", "old")]
        for part in parts:
            os.utime(part, (1798800000, 1798800000))    # 2027-01-01, 11:40
        _, out, _ = ask(program, os.path.join(directory, "c.conf"), *parts)
        assert "\nof 4 recipients that Postfix accepted in 24 hours " \
            "(2026-12-31 to 2027-01-01), 1 would be refused:\n" in out, out


def test_text(program):
    """the text, its status, and what it reports on standard error"""
    with written(c_conf=DOMAINS, o_conf=DOMAINS + 'mode = "observe"\n',
                 e_conf=DOMAINS + 'mynetworks = "192.0.2.30"\nrestrictions = '
                 "{ permit_auth_destination, permit_mynetworks, "
                 "reject_plaintext_session, permit_sasl_authenticated, "
                 "reject }\n") as directory:
        def path(name):
            return os.path.join(directory, name)
        log = os.path.join(DATA, "debian")
        status, out, err = ask(program, path("c.conf"), log)
        assert status == 1, (status, out, err)
        assert re.search(r"^of 4 recipients that Postfix accepted in 1 hour "
                         r"\(\d{4}-11-24\), 1 would be refused:$", out,
                         re.M), out
        assert "\n        1  port 25 (postfix), clients in 192.0.2.0/24, no " \
            "login: not encrypted (reject_plaintext_session, service " \
            "default)\n" in out, out
        assert "\nof 2 recipients that Postfix refused, 0 would be " \
            "accepted\ncannot tell: 0\n" in out, out
        assert err == "policyd: 35 lines of Postfix, 4 skipped (other lines:" \
            " 4)\n", err
        assert ask(program, path("e.conf"), log)[0] == 0
        status, out, _ = ask(program, path("o.conf"), log)
        assert status == 1 and "mode = observe" in out, out
        with open(log) as text:
            assert ask(program, path("c.conf"), input=text.read())[0] == 1


def test_same_advice(program):
    """what is the same for several groups is written once"""
    old = "TLSv1.1 with cipher ECDHE-RSA-AES256-SHA"
    log = "".join(session(tls=old, login=login, ident="%05X" % number)
                  for number, login in enumerate(("alice", "bob", "carol")))
    with written(c_conf=DOMAINS, log=log + session()) as directory:
        config = os.path.join(directory, "c.conf")
        _, out, _ = ask(program, config, os.path.join(directory, "log"))
        assert "of 4 recipients" in out and "4 would be refused" in out, out
        assert out.count("\t\tto keep them, if they cannot use better "
                         "encryption, write:\n") == 1, out
        assert out.count("\t\tto keep them: the same as for port 25 (postfix), "
                         "clients in 192.0.2.0/24, login alice, above\n") == 2, \
            out
        found, _ = groups(program, config, os.path.join(directory, "log"))
        assert all(group["advice"]["condition"] for group in found
                   if group["kind"] == "refused"), found


def test_readme(program):
    """README shows what is printed, in narrower lines"""
    root = os.path.join(DATA, os.pardir, os.pardir, os.pardir)
    with open(os.path.join(root, "README")) as file:
        shown = re.search(r"\n\n(  of \d+ recipients that Postfix accepted.*?)"
                          r"\n\n", file.read(), re.S).group(1)
    with written(c_conf=DOMAINS) as directory:
        log = os.path.join(DATA, "suse")
        _, out, _ = ask(program, os.path.join(directory, "c.conf"), log)
    out = " ".join(out.replace(log, "/var/log/mail.log").split())
    assert " ".join(shown.split()) in out, (shown, out)


def test_unknown(program):
    """what the log does not say is not guessed"""
    good = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"
    ports = ('service "a" { server_port = 25 restrictions = { permit } }\n'
             'service "b" { server_port = 26 }\nallow_open_relay = yes\n')
    contexts = ports.replace("server_port = 25", 'policy_context = "x"')
    lost = session(login="alice", more=" starttls=1")
    cases = [
        (DOMAINS, lost, "smtpd_tls_loglevel = 1"),
        # It may have been port 465.
        (DOMAINS, session(login="alice"), "smtpd_tls_loglevel = 1"),
        (DOMAINS + ports, LOGS_TLS + session(), "syslog_name"),
        (DOMAINS + contexts, LOGS_TLS + session(), "policy_context"),
        (DOMAINS, session().replace("far.example", "f?r.example"),
         "all characters"),
        (DOMAINS + "restrictions = { reject_plaintext_session, reject }\n",
         session(tls=good).replace(
            "smtp[3]: AAAAA: to=<b@far", "smtp[3]: AAAAA: to=<bcc@far.example>"
            ", relay=none, status=sent (250)\n" + HEAD %
            "smtp[3]: AAAAA: to=<b@far"), "always_bcc"),
    ]
    for text, log, reason in cases:
        with written(c_conf=text, log=log) as directory:
            config = os.path.join(directory, "c.conf")
            status, out, err = ask(program, config,
                                   os.path.join(directory, "log"))
            assert "\ncannot tell: 0" not in out and reason in out, (
                reason, out, err)
            assert status == 0 and ", 0 would be refused" in out, (reason, out)
    # Nobody asks about postmaster without a domain.
    with written(c_conf=DOMAINS + "restrictions = { reject }\n",
                 log=session().replace("b@far.example",
                                       "Postmaster")) as directory:
        status, out, _ = ask(program, os.path.join(directory, "c.conf"),
                             os.path.join(directory, "log"))
        assert status == 0, out


def test_ports(program):
    """a client that may have been at several ports, and was refused at all"""
    for others, said in (([], "port 25 or 465 (postfix)"),
                         ([26], "port 25 or 465 or 26 (postfix)"),
                         (range(1025, 1045), " or 1027 or others (postfix)")):
        text = DOMAINS + "".join('service "s%d" { server_port = %d }\n' % (
            number, number) for number in others)
        with written(c_conf=text, log=session()) as directory:
            _, out, _ = ask(program, os.path.join(directory, "c.conf"),
                            os.path.join(directory, "log"))
            assert said in out, (said, out)


def test_ours(program):
    """a domain that only policyd takes for ours: Postfix checks again, unless
    it is told OK"""
    log = "".join(HEAD % line + "\n" for line in [
        "smtpd[1]: connect from h[192.0.2.30]",
        "smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.30]: 554 5.7.1 "
        "<b@far.example>: Relay access denied; from=<a@b> to=<b@far.example> "
        "proto=ESMTP helo=<h>",
        "smtpd[1]: disconnect from h[192.0.2.30] rcpt=0/1 commands=2/3"])
    for reply, count in ("lock", 0), ("ok", 1):
        with written(c_conf=DOMAINS + 'relay_domains = "far.example"\nreply = '
                     '"%s"\n' % reply, log=log) as directory:
            status, out, _ = ask(program, os.path.join(directory, "c.conf"),
                                 os.path.join(directory, "log"))
            assert status == count and "refused, %d would be accepted" % \
                count in out, (reply, out)


NOTHING = (r"^policyd: \S+%s: nothing of Postfix's smtpd or of policyd among "
           r"%d lines?; is this the mail log\?\n"
           r"policyd: 0 judged, %d skipped \(.*\)\n$")
BAD = {
    "empty": (b"", r"^policyd: \S+empty: is empty\n$"),
    "binary": (bytes(range(256)) * 40, NOTHING % ("binary", 41, 41)),
    "other": (b"Nov 24 15:00:00 mx sshd[1]: x\n" * 3,
              NOTHING % ("other", 3, 3)),
    # Its name is a path.
    "cron": (b"Nov 24 15:00:00 mx /usr/sbin/cron[1]: (root) CMD (x)\n" * 2,
             NOTHING % ("cron", 2, 2)),
    "names": (b"mx postfix/smtpd[1]: connect from h[192.0.2.1]\n"
              b"mx postfix/qmgr[2]: AAAAA: removed\n",
              r"^policyd: \S+names: 1 of 2 lines speaks of smtpd, but not "
              r"behind just a time and the name of a host, where log daemons "
              r"write it\npolicyd: 0 judged, 2 skipped \(.*\)\n$"),
    "zeros": (b"\0" * 1000, NOTHING % ("zeros", 1, 1)),
    "gzip": (gzip.compress(b"Nov 24 15:00:00 mx sshd[1]: x\n")[:20],
             r"^policyd: \S+gzip: gzip could not read all of it\n"
             r"policyd: 0 judged, 1 skipped \(other lines: 1\)\n$"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", r"^policyd: \S+zstd: zstd could not "
             r"read all of it\n$"),
}


def test_bad(program):
    """one sentence for each file that is not a log of Postfix"""
    for name, (content, sentence) in BAD.items():
        with written(**{"c_conf": DOMAINS, name: content}) as directory:
            config = os.path.join(directory, "c.conf")
            log = os.path.join(directory, name)
            status, out, err = ask(program, config, log)
            assert (status, out) == (66, ""), (name, status, out, err)
            assert re.search(sentence, err), (name, err)
            status, out, err = ask(program, config, "--against", config, log)
            assert (status, out) == (66, ""), (name, status, out, err)
            assert re.search(sentence, err), (name, err)


def test_against(program):
    """--against says that it does not judge the log of Postfix"""
    with written(c_conf=DOMAINS, log=session()) as directory:
        config = os.path.join(directory, "c.conf")
        status, out, err = ask(program, config, "--against", config,
                               os.path.join(directory, "log"))
        assert (status, out) == (66, ""), (status, out)
        assert "only lines of Postfix; without --against, these are judged\n" \
            in err, err


def start(program, config, log):
    """start - policyd -q --replay of one file"""
    return subprocess.Popen(
        [program, "-q", "-c", config, "--replay", log], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=dict(os.environ, TZ="CET-1"))


def test_huge(program):
    """a file of any size needs no more memory; it may come through a FIFO"""
    good = (LOGS_TLS + session()).encode()
    with written(c_conf=DOMAINS, log=good) as directory:
        config = os.path.join(directory, "c.conf")
        log = os.path.join(directory, "log")
        expected = ask(program, config, log)
        with open(log, "r+b") as out:
            out.truncate(256 << 20)
            out.seek(0, os.SEEK_END)
            out.write(b"\n" + session("198.51.100.30", ident="B").replace(
                "B:", "BBBBB:").encode())
        process = start(program, config, log)
        out, err = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        process.stderr.close()
        assert process.returncode == 1 and "of 2 recipients" in out, (out, err)
        assert "skipped (other lines: 1)" in err, err
        assert usage.ru_maxrss < 128 << 10, usage
        fifo = os.path.join(directory, "fifo")
        os.mkfifo(fifo)
        with start(program, config, fifo) as process:
            with open(fifo, "wb") as into:
                into.write(good)
            out, err = process.communicate(timeout=WAIT)
        assert (process.returncode, out.replace("/fifo:", "/log:"),
                err) == expected, (out, err)


def test_rotated(program):
    """a log that is emptied while it is read"""
    with written(c_conf=DOMAINS, log=LOGS_TLS + session()) as directory:
        log = os.path.join(directory, "log")
        os.truncate(log, 4 << 30)
        with start(program, os.path.join(directory, "c.conf"), log) as process:
            def is_read():
                files = "/proc/%d/fd" % process.pid
                for each in os.listdir(files):
                    if os.path.realpath(os.path.join(files, each)) == log:
                        with open("/proc/%d/fdinfo/%s" % (
                                process.pid, each)) as info:
                            return int(re.search(r"pos:\s+(\d+)",
                                                 info.read()).group(1)) > 0
                return False
            poll(is_read)
            os.truncate(log, 0)
            out, err = process.communicate(timeout=WAIT)
        assert "log: became shorter while it was read; was it rotated? Its " \
            "end is missing\n" in err, err
        assert process.returncode == 1 and "of 1 recipient " in out, out


if __name__ == "__main__":
    sys.exit(run_all([test_shapes, test_other_shapes, test_compressed,
                      test_new_year, test_text, test_same_advice, test_readme,
                      test_unknown, test_ports, test_ours, test_against,
                      test_bad, test_huge, test_rotated, test_real]))
