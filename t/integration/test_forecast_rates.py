#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_rates - policyd -q --replay: whom would the rates have met, in
the log of Postfix and in that of policyd, and which limits meet nobody.

What is expected is computed by a model of a few lines, which keeps everything.

usage: test_forecast_rates.py POLICYD [TEST ...]
"""

import contextlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

from kit.daemon import WAIT, run_all

START = 1795530600  # 2026-11-24, 15:30 in CET
DOMAINS = 'listen "inet:127.0.0.1:10040" { }\nmydestination = "local.test"\n'
LIST = ("permit_auth_destination, reject_plaintext_session, "
        "permit_sasl_authenticated, reject_unauth_destination }\n")
LISTED = DOMAINS + "restrictions = { check_rate:r, " + LIST
TLS = ("Anonymous TLS connection established from h[%s]: TLSv1.3 with cipher "
       "TLS_AES_256_GCM_SHA384 (256/256 bits)")


class Mail:
    """A message: when, by whom, from where, to how many, and how large."""

    def __init__(self, at, login, recipients, address="192.0.2.30", size=1000,
                 late=0):
        self.at, self.login, self.recipients = at, login, recipients
        self.address, self.size, self.late = address, size, late


def stamp(at):
    """stamp - of a log line"""
    return time.strftime("%b %e %H:%M:%S", time.gmtime(START + at + 3600))


def postfix_log(mails):
    """postfix_log - what Postfix logs about messages, in the order of time"""
    lines = []
    for number, mail in enumerate(mails):
        ident = "%05X" % (0xA0000 + number)
        pid = 1000 + number

        def put(at, text):
            lines.append((at, len(lines), "%s mx postfix/%s\n" % (
                stamp(at), text)))
        put(mail.at, "smtpd[%d]: connect from h[%s]" % (pid, mail.address))
        put(mail.at, "smtpd[%d]: %s" % (pid, TLS % mail.address))
        put(mail.at, "smtpd[%d]: %s: client=h[%s]%s" % (
            pid, ident, mail.address, ", sasl_method=PLAIN, sasl_username=%s" %
            mail.login if mail.login else ""))
        put(mail.at, "qmgr[2]: %s: from=<%s>, size=%d, nrcpt=%d (queue "
            "active)" % (ident, mail.login, mail.size, mail.recipients))
        put(mail.at, "smtpd[%d]: disconnect from h[%s] starttls=1 rcpt=%d "
            "data=1 commands=9" % (pid, mail.address, mail.recipients))
        for each in range(mail.recipients):
            put(mail.at + mail.late, "smtp[3]: %s: to=<b%d@far.example>, "
                "relay=m[192.0.2.9]:25, status=sent (250)" % (ident, each))
        put(mail.at + mail.late, "qmgr[2]: %s: removed" % ident)
    return "".join(line for _, _, line in sorted(lines))


def policyd_log(mails, with_data=True):
    """policyd_log - what policyd logs about the same messages"""
    lines = []
    for number, mail in enumerate(mails):
        for each in range(mail.recipients + with_data):
            data = each == mail.recipients
            lines.append((mail.at + each % 3 if not data else mail.at + 3,
                          len(lines),
                          "policyd[812]: id=4F2K7Q service=default "
                          "verdict=permit restriction="
                          "permit_sasl_authenticated destination=default "
                          "client=[%s]:1 helo=h from=<%s> to=<%s> "
                          "tls=TLSv1.3/TLS_AES_256_GCM_SHA384/256 "
                          "sasl=PLAIN/%s%s instance=1.%d.3 port=25%s us=9\n" % (
                              mail.address, mail.login,
                              "" if data else "b%d@far.example" % each,
                              mail.login, " recipients=%d size=%d" % (
                                  mail.recipients, mail.size) if data and
                              number % 2 else "", number,
                              " state=DATA" if data else "")))
    return "".join("%s mx %s" % (stamp(at), line)
                   for at, _, line in sorted(lines))


def model(mails, amount, limits, key=lambda mail: mail.login):
    """model - {(key, limit): messages that are over}; limits: (number,
    seconds)"""
    sent, over = [], {}
    for mail in sorted(mails, key=lambda mail: mail.at):
        met = None
        for number, length in limits:
            part = length / 30
            now = (START + mail.at) // part
            used = sum(amount(old) for old in sent
                       if key(old) == key(mail) and
                       (START + old.at) // part >= now - 30)
            if amount(mail) > number or used + amount(mail) > number:
                met = met or (number, length)
        if met is None:
            sent.append(mail)
        else:
            over[key(mail)] = over.get(key(mail), 0) + 1
    return over


@contextlib.contextmanager
def written(config, log, **more):
    """written - the names of these files"""
    with tempfile.TemporaryDirectory() as directory:
        names = []
        for name, text in (("c.conf", config), ("log", log), *more.items()):
            names.append(os.path.join(directory, name))
            with open(names[-1], "w") as out:
                out.write(text.replace("@DIR@", directory))
            os.utime(names[-1], (START + 40 * 86400,) * 2)
        yield names


def ask(program, config, *arguments):
    """ask - policyd -q --replay: status, output, errors"""
    done = subprocess.run([program, "-q", "-c", config, "--replay",
                           *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=WAIT,
                          env=dict(os.environ, TZ="CET-1"))
    assert "AddressSanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def rated(program, config, log):
    """rated - {key: messages that a rate met}, and the summary of the rates"""
    _, out, err = ask(program, config, "--format=json", log)
    lines = [json.loads(line) for line in out.splitlines()]
    summary = [line for line in lines if line.get("kind") == "rates"]
    assert len(summary) == 1, (out, err)
    counts = {}
    for line in lines:
        if line.get("kind") == "rate":
            counts[line["key"]] = counts.get(line["key"], 0) + line["messages"]
    return counts, summary[0]


def some_mails(seed, days=3, count=400):
    """some_mails - of a few logins, some of them in bursts"""
    chance = random.Random(seed)
    mails = []
    for _ in range(count):
        login = "u%d@local.test" % chance.choice((1, 1, 1, 2, 2, 3))
        at = chance.randrange(days * 86400)
        for _ in range(chance.choice((1, 1, 1, 12))):
            mails.append(Mail(
                at, login, chance.randrange(1, 6),
                address="192.0.%d.30" % chance.randrange(5),
                size=chance.randrange(500, 90000),
                late=chance.choice((0, 0, 5, 100000))))
            at += chance.randrange(90)
    return mails


RATES = {
    # name: (the section, amount, limits)
    "recipients": ('key = sasl_username limit = { "40/1h", "150/1d" }',
                   lambda mail: mail.recipients, [(40, 3600), (150, 86400)]),
    "messages": ('key = sasl_username count = messages limit = "9/10m"',
                 lambda mail: 1, [(9, 600)]),
    "bytes": ('key = sasl_username count = bytes limit = "1M/1h"',
              lambda mail: mail.size, [(1 << 20, 3600)]),
    "all": ('key = { } action = reject limit = "60/1h"',
            lambda mail: mail.recipients, [(60, 3600)]),
}


def test_model(program):
    """what is said is what the model says, in both logs"""
    mails = some_mails(1, days=2, count=250)
    for name, (section, amount, limits) in RATES.items():
        key = (lambda mail: "*") if name == "all" else (
            lambda mail: mail.login)
        expected = model(mails, amount, limits, key)
        assert expected, name
        logs = {"Postfix": postfix_log(mails)}
        if name in ("recipients", "messages"):
            logs["policyd"] = policyd_log(mails)
            logs["policyd without DATA"] = policyd_log(mails, False)
        for kind, log in logs.items():
            with written(LISTED + 'rate "r" { %s }\n' % section,
                         log) as (config, path):
                found, summary = rated(program, config, path)
                assert found == expected, (name, kind, found, expected)
                assert summary["would_be_stopped"] == sum(
                    expected.values()), summary
                assert summary["messages"] == len(mails), summary


def test_kinds(program):
    """networks, recipients as keys, plans, exemptions, only a warning"""
    mails = [Mail(10 * n, "a@local.test", 2, address="192.0.%d.1" % n)
             for n in range(9)]
    mails += [Mail(1000, "b@local.test", 3), Mail(1001, "B@LOCAL.test", 3),
              Mail(1002, "c@local.test", 3), Mail(2000, "", 2)]
    mails.sort(key=lambda mail: mail.at)
    rate = LISTED + 'rate "r" { key = sasl_username %s }\n'
    cases = [
        (rate % 'count = client_networks limit = "8/1d"',
         {"a@local.test": 1}, 1, 0),
        (LISTED + 'rate "r" { key = recipient state = RCPT limit = "10/1d" }',
         {"b0@far.example": 2, "b1@far.example": 2}, 2, 0),
        (rate % 'limit = "5/1h" limit_maps = "texthash:@DIR@/plans"',
         {"b@local.test": 1, "c@local.test": 1}, 2, 0),
        (rate % 'limit = "17/1h" action = warn', {"a@local.test": 1}, 0, 1),
        (rate % 'limit = "17/1h" action = hold', {"a@local.test": 1}, 1, 0),
        (rate % 'limit = "2/1h"', {"a@local.test": 8, "b@local.test": 2,
                                   "c@local.test": 1}, 11, 0),
        (rate.replace("check_rate:r, ", "permit_mynetworks, check_rate:r, ") %
         'limit = "1/1h"' + 'mynetworks = "192.0.0.0/16"\n', {}, 0, 0),
    ]
    for text, expected, stopped, warned in cases:
        with written(text, postfix_log(mails),
                     plans="a@local.test unlimited\nc@local.test plan\n"
                     "plan 2/1h\n") as (config, path, _):
            if not expected:
                out = ask(program, config, path)[1]
                assert "that rates count" not in out, out
                continue
            found, summary = rated(program, config, path)
            assert found == expected, (text, found)
            assert summary["would_be_stopped"] == stopped, (text, summary)
            assert summary["would_be_warned_of"] == warned, (text, summary)


def test_text(program):
    """the text, and its status"""
    mails = [Mail(60 * n, "alice@local.test", 5) for n in range(30)]
    with written(LISTED + 'rate "r" { key = sasl_username limit = "100/1h" }\n',
                 postfix_log(mails)) as (config, path):
        status, out, err = ask(program, config, path)
        assert status == 1, (status, out, err)
        assert re.search(
            r"^of 30 messages that rates count, 10 would be over a limit:\n"
            r"       10  rate r, key alice@local\.test: over 100/1h "
            r"\(up to 101\),"
            r" first at 2026-11-24 15:50:00, last at 2026-11-24 15:59:00: "
            r"deferred\n\t\t%s:\d+$" % re.escape(path), out, re.M), out
    with written(LISTED + 'rate "r" { key = sasl_username limit = "150/1h" }\n',
                 postfix_log(mails)) as (config, path):
        status, out, err = ask(program, config, path)
        assert status == 0, (status, out, err)
        assert "\nof 30 messages that rates count, 0 would be over a limit\n" \
            in out, out
    # Only the tables need room.
    with written(LISTED + 'rate "r" { key = sasl_username limit = "1/1h" }\n',
                 postfix_log(mails)) as (config, path):
        text, lines = [subprocess.run(
            [program, "-q", "-c", config, form, "--replay", path], text=True,
            stdout=subprocess.PIPE, env=dict(os.environ, TMPDIR="/nowhere"))
            for form in ("--format=text", "--format=json")]
        assert text.returncode == lines.returncode == 75, (text, lines)
        assert "note: the rates were not counted: /nowhere/" in text.stdout, \
            text
        assert "150 recipients that Postfix accepted" in text.stdout, text
        note, _ = map(json.loads, lines.stdout.splitlines())
        assert note["kind"] == "not_counted" and note["reason"].startswith(
            "/nowhere/") and note["without_time"] == note["late"] == 0, note


def suggested(out):
    """suggested - the lines of --suggest-limits: rate, and where, list"""
    rate = re.search(r'^rate "[^"]*" \{\n(?:\t.*\n)+\}\n|^in rate "\w+": .*\n',
                     out, re.M).group(0)
    places = re.findall(r'^(at top level|in service "\w+"): (.*)$', out, re.M)
    return rate, places


def apply(text, rate, places):
    """apply - write them into a configuration"""
    inside = re.match(r'in rate ("\w+"): (limit = .*)\n', rate)
    if inside:
        before, after = text.split("rate %s {" % inside.group(1))
        return before + "rate %s {" % inside.group(1) + re.sub(
            r'limit = "\S*"', inside.group(2), after, count=1)
    for where, write in places:
        if where == "at top level":
            text = re.sub(r"^restrictions = \{.*?\}\n", "", text, flags=re.M)
            text = write + "\n" + text
        else:
            name = where[3:] + " {"
            before, after = text.split(name)
            after = re.sub(r"restrictions = \{.*?\}", "", after, count=1)
            text = before + name + "\n\t" + write + after
    return text + rate


SERVICES = ('service "mx" {\n\tserver_port = 26\n\trestrictions = { '
            'permit_auth_destination, reject }\n}\nservice "plain" {\n\t'
            'server_port = 587\n}\nservice "own" {\n\tserver_port = { 25, 465 '
            '}\n\trestrictions = { permit_sasl_authenticated, reject }\n}\n')


def at_the_edge(text, out):
    """at_the_edge - with the largest numbers as limits; and with one less"""
    hour, day = (int(number.replace(",", "")) for number in re.search(
        r"^  largest +([\d,]+) +([\d,]+)$", out, re.M).groups())
    for by in 0, 1:
        changed = re.sub(
            r'limit = \{ "\d+/1h", "\d+/1d" \}',
            'limit = { "%d/1h", "%d/1d" }' % (hour - by, day), text)
        assert changed != text, text
        yield changed, bool(by)


def test_suggest(program):
    """limits that would have met nobody; a little less would have"""
    mails = some_mails(2, count=100)
    more = {
        "nothing": DOMAINS,
        "list": DOMAINS + "restrictions = { " + LIST,
        "services": DOMAINS + SERVICES,
        "rate": LISTED.replace(":r,", ":login,") + 'rate "login" { key = '
                'sasl_username limit = "100000/1h" }\n',
    }
    for name, text in more.items():
        log = (policyd_log if name == "services" else postfix_log)(mails)
        with written(text, log) as (config, path):
            _, out, err = ask(program, config, "--suggest-limits", path)
            assert "3 logins sent mail" in out, (name, out, err)
            rate, places = suggested(out)
            assert len(places) == {"services": 2, "rate": 0}.get(name, 1), out
            changed = apply(text, rate, places)
            contents = [(changed, False)]
            if name == "list":
                contents += at_the_edge(changed, out)
            for content, meets in contents:
                with open(config, "w") as file:
                    file.write(content)
                checked = subprocess.run([program, "-t", "-c", config],
                                         stderr=subprocess.PIPE, text=True)
                assert checked.returncode == 0, (content, checked.stderr)
                found, summary = rated(program, config, path)
                assert bool(found) == meets, (name, content, found)
                assert summary["messages"] == len(mails), summary


def test_suggest_json(program):
    """the same as JSON: each login, and what to write"""
    mails = some_mails(3)
    with written(DOMAINS, postfix_log(mails)) as (config, path):
        _, out, _ = ask(program, config, "--suggest-limits", "--format=json",
                        path)
        lines = [json.loads(line) for line in out.splitlines()]
        logins = {line["login"]: line for line in lines
                  if line["kind"] == "login"}
        assert len(logins) == 3, out
        for login, line in logins.items():
            mine = [mail for mail in mails if mail.login == login]
            assert line["messages"] == len(mine), line
            assert line["recipients"] == sum(
                mail.recipients for mail in mine), line
            # A limit of the largest meets nobody, and one less somebody.
            for by in 0, 1:
                over = model(mine, lambda mail: mail.recipients,
                             [(line["largest_hour"] - by, 3600)])
                assert bool(over) == bool(by), (line, over)
        said, = [line for line in lines if line["kind"] == "suggestion"]
        hours = sorted(line["largest_hour"] for line in logins.values())
        assert said["median"][0] == hours[1] and said["largest"][0] == \
            said["p99"][0] == hours[2], (said, hours)
        assert said["places"][0]["where"] == "at top level", said
        # Nobody has logged in.
    with written(DOMAINS, postfix_log([Mail(0, "", 1)])) as (config, path):
        _, out, _ = ask(program, config, "--suggest-limits", path)
        assert "no limits are suggested" in out, out


def test_left_out(program):
    """logins whose mail the configuration refuses are named: they are in no
    figure"""
    mails = [Mail(10, "alice@local.test", 2), Mail(20, "Bob@local.test", 3),
             Mail(30, "bob@local.test", 1), Mail(40, "", 1)]
    first = Mail(5, "", 1)      # TLS is logged from here on.
    plain = postfix_log([first] + mails).splitlines(True)
    # Bob does not use TLS.
    bob = [line.split("[", 1)[1].split("]")[0] for line in plain
           if "ob@local.test" in line and "client=" in line]
    assert len(bob) == 2, plain
    plain = "".join(line.replace("starttls=1 ", "") for line in plain
                    if not ("TLS connection" in line and any(
                        "[%s]" % pid in line for pid in bob)) or
                    "[%s]" % bob[0] not in line and
                    "[%s]" % bob[1] not in line)
    decisions = policyd_log(mails, False).replace(
        "tls=TLSv1.3/TLS_AES_256_GCM_SHA384/256 sasl=PLAIN/Bob",
        "tls=none sasl=PLAIN/Bob").replace(
            "tls=TLSv1.3/TLS_AES_256_GCM_SHA384/256 sasl=PLAIN/bob",
            "tls=none sasl=PLAIN/bob")
    for log in plain, decisions:
        with written(DOMAINS, log) as (config, path):
            _, out, _ = ask(program, config, "--suggest-limits", path)
            assert "1 login sent mail" in out and "note: mail of 1 login to " \
                "4 recipients is not in these figures, since this " \
                "configuration refuses it: bob@local.test\n" in out, out
            _, out, _ = ask(program, config, "--suggest-limits",
                            "--format=json", path)
            left, = [json.loads(line) for line in out.splitlines()
                     if '"left_out"' in line]
            assert (left["logins"], left["recipients"]) == (
                ["bob@local.test"], 4), left
        with written(DOMAINS + "restrictions = { permit_auth_destination, "
                     "reject }\n", log) as (config, path):
            _, out, _ = ask(program, config, "--suggest-limits", path)
            assert "no limits are suggested" in out and "of 2 logins to 6 " \
                "recipients" in out, out


def test_copies(program):
    """a copy that Postfix adds to each message is not counted: Postfix says the
    number of recipients before"""
    mails = [Mail(60 * number, "alice", 1) for number in range(20)]
    log = "".join(
        line + (line.replace("b0@far", "archive@far")
                if "smtp[3]" in line else "")
        for line in postfix_log(mails).splitlines(True))
    config = DOMAINS + 'rate "r" { key = sasl_username limit = "20/1h" }\n' \
        "restrictions = { check_rate:r, " + LIST
    with written(config, log) as (path, name):
        assert rated(program, path, name)[0] == {}
    with written(config.replace("20/1h", "19/1h"), log) as (path, name):
        assert rated(program, path, name)[0] == {"alice": 1}


def test_usage(program):
    """--suggest-limits goes with --replay only"""
    for arguments in (["-q", "--suggest-limits"], ["-t", "--suggest-limits"],
                      ["-q", "--replay", "--suggest-limits", "--against",
                       "/nowhere"]):
        done = subprocess.run([program, *arguments], stderr=subprocess.PIPE,
                              text=True)
        assert done.returncode == 64 and "--suggest-limits" in done.stderr, \
            done


if __name__ == "__main__":
    sys.exit(run_all([test_model, test_kinds, test_text, test_suggest,
                      test_suggest_json, test_left_out, test_copies, test_usage]))
