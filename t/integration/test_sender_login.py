#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_sender_login - who may use which sender: does policyd decide as the
four restrictions of Postfix do?

One throw-away Postfix with two smtpd ports for each of the restrictions: one
decides by itself, the other asks policyd, whose configuration is a listen
line, import_postfix and a service for each restriction. Both get the same
senders from the same logins (XCLIENT LOGIN), under maps of several types and
under several settings of recipient_delimiter and of the domains; all verdicts
must agree.

Then the same with random maps, settings, senders and logins.

After that: maps that cannot be read or that say nothing, what is refused at
load, what the log line says, and a hundred thousand senders.

usage: test_sender_login.py POLICYD [CASE ...]

Environment:

  SENDER_LOGIN_ALL=1          every sender from every login in every case, which
                              is fourteen times as much
  SENDER_LOGIN_COUNT          at least this number of random pairs of a sender
                              and a login (200)
  SENDER_LOGIN_SEED           another seed makes other settings and pairs
  SENDER_LOGIN_ONLY_RANDOM=1  only these
  SENDER_LOGIN_SETTING        only the random setting of this number
"""

import collections
import concurrent.futures
import os
import re
import sqlite3
import subprocess
import sys

from kit.daemon import REQUEST, Client, WAIT
from kit.policyd import Policyd
from kit.postfix import (PASSWORD, REALM, USER, count_differences, poll, run,
                         settle)
from kit.smtp import Session, auth_plain, verdict
from kit.matrix import recipients
from kit.sender_login import CASES, DEFAULTS, ENTRIES, PATTERNS, SENDERS
from kit.sender_login_random import USUAL, RandomCase

RESTRICTIONS = ["reject_sender_login_mismatch",
                "reject_authenticated_sender_login_mismatch",
                "reject_unauthenticated_sender_login_mismatch",
                "reject_known_sender_login_mismatch"]
# The lists that are compared by all verdicts, and others by what passes: a
# reply of policyd may stand for more than one restriction.
LISTS = {word: word + ", permit_auth_destination, reject"
         for word in RESTRICTIONS}
MIXED = {
    "first": "reject_sender_login_mismatch, permit_auth_destination,"
             " permit_sasl_authenticated, reject_unauth_destination",
    "between": "permit_auth_destination, reject_known_sender_login_mismatch,"
               " permit_sasl_authenticated, reject",
    "behind": "reject_unauth_destination, reject_sender_login_mismatch,"
              " permit",
    "both": "reject_unauthenticated_sender_login_mismatch,"
            " permit_auth_destination,"
            " reject_authenticated_sender_login_mismatch,"
            " permit_sasl_authenticated, reject",
}
# Of random senders: 554 is what passes the first restriction, as it takes long
# to accept a recipient. (Not if only Postfix can look into a map: whatever it
# finds there, these refuse, and so does policyd, with 554.)
BARE = {"bare_" + word: word + ", reject" for word in RESTRICTIONS}
ALL_LISTS = LISTS | MIXED | BARE
LOGINS = ["", "alice", "ALICE", "carol", "dave", "b$b", "list", "jürgen",
          "JÜRGEN", "local.test"]

EVERYTHING = bool(os.environ.get("SENDER_LOGIN_ALL"))
RANDOM = int(os.environ.get("SENDER_LOGIN_COUNT", "200"))
SETTING = os.environ.get("SENDER_LOGIN_SETTING")
ONLY_RANDOM = bool(SETTING or os.environ.get("SENDER_LOGIN_ONLY_RANDOM"))
SEED = os.environ.get("SENDER_LOGIN_SEED", "1")
DIFFERENCES_MAX = 100
AT_ONCE = 6             # sessions

CONFIGURATION = """\
listen "unix:%s" { mode = "0660" owner = "postfix" group = "postfix" }
import_postfix = "%s"
user = "nobody"
log = "stderr"
"""
SERVICE = """\
service "%s" {
	policy_context = "%s"
	restrictions = { %s }
}
"""


def senders(case):
    """senders - as in MAIL FROM; every second one, and of the odd ones every
    thirty-second, others in the next case"""
    turn = list(CASES).index(case)
    for number, line in enumerate(SENDERS.split("\n"), turn):
        if number % 2 == 0 or EVERYTHING:
            yield "<%s>" % line
    for number, recipient in enumerate(recipients(), turn):
        if number % 32 == 0 or EVERYTHING:
            yield recipient


def write_table(path, text):
    """write_table - so that Postfix does not wait for it to settle"""
    with open(path, "w") as out:
        out.write(text)
    os.utime(path, (1, 1))


def write_sqlite(path, select, create, rows):
    """write_sqlite - a data base and the file that names it"""
    with sqlite3.connect(path + ".db") as connection:
        connection.execute(create)
        connection.executemany("insert into t values (?, ?)", rows)
    connection.close()
    os.chmod(path + ".db", 0o644)
    write_table(path, "dbpath = %s.db\nquery = %s\n" % (path, select))


def write_tables(postfix):
    """write_tables - one of each type; {type: path}"""
    paths = {kind: postfix.path("etc", "logins." + kind) for kind in (
        "hash", "lmdb", "texthash", "pcre", "regexp", "sqlite")}
    for kind in "hash", "lmdb", "texthash":
        write_table(paths[kind], ENTRIES)
    for kind in "hash", "lmdb":
        run("postmap", "-c", postfix.config, "%s:%s" % (kind, paths[kind]))
    for kind in "pcre", "regexp":
        write_table(paths[kind], PATTERNS)
    rows = [re.split(r"\s{2,}", line, maxsplit=1)
            for line in ENTRIES.splitlines()]
    write_sqlite(paths["sqlite"], "select o from t where k = '%s'",
                 "create table t (k text, o text)",
                 [(key.lower(), owners) for key, owners in rows])
    write_sqlite(paths["sqlite"] + ".domains",
                 "select o from t where k = '%s'",
                 "create table t (k text, o text)",
                 [("local.test", "x"), ("mail.local.test", "x"),
                  ("localhost", "x"), ("relay.test", "x")])
    return paths


def xtext(text):
    """xtext - as RFC 3461 has it"""
    return "".join(chr(byte) if 33 <= byte <= 126 and byte not in b"+="
                   else "+%02X" % byte for byte in text.encode())


def ask(port, login, recipient, texts):
    """ask - every sender in one session; {sender: verdict}"""
    found = {}
    with Session(port) as session:
        session.reply()
        session.ask("EHLO client.example")
        if login:
            reply = session.ask("XCLIENT LOGIN=" + xtext(login))
            assert reply.startswith("220"), reply
        session.ask("EHLO client.example")
        for sender in texts:
            utf8 = "" if sender.isascii() else " SMTPUTF8"
            session.send("MAIL FROM:%s%s" % (sender, utf8),
                         "RCPT TO:<%s>" % recipient, "RSET")
            mail, rcpt, _ = [session.reply() for _ in range(3)]
            found[sender] = verdict(mail if mail[:3] != "250" else rcpt)
    return found


def some_logins(case):
    """some_logins - nobody, alice, and another from case to case"""
    if EVERYTHING:
        return LOGINS
    others = LOGINS[2:]
    return LOGINS[:2] + [others[list(CASES).index(case) % len(others)]]


def survey(pool, ports, table):
    """survey - {(list, login, recipient, sender): verdict}"""
    tasks = {(name, login, rcpt): pool.submit(ask, ports[name], login, rcpt,
                                              table.senders)
             for name in table.lists for login in table.logins
             for rcpt in table.recipients}
    return {key + (sender,): result for key, task in tasks.items()
            for sender, result in task.result().items()}


def same(want, got, mixed):
    """same - do two verdicts agree? Postfix also says 4.3.5."""
    return want == got or (want[:3] == "451" and got == "451 4.3.0") or (
        mixed and want[0] == got[0] == "5")


def make_policyd(postfix, program, text, socket_path):
    """make_policyd - with a log of its own"""
    policyd = Policyd(program, postfix.directory, text, socket_path)
    if os.path.exists(policyd.errors):
        os.unlink(policyd.errors)
    return policyd


class Table:
    """What is asked under a setting."""

    def __init__(self, case):
        """of one of CASES"""
        self.mixed = case.startswith("mixed")
        self.senders = list(senders(case))
        self.lists = LISTS
        self.logins = some_logins(case)
        self.recipients = ["user@valias.test"]
        if self.mixed:
            self.lists = MIXED
            self.logins = ["", "alice", "carol"]
            self.recipients = ["user@relay.test", "user@remote.example"]

    @classmethod
    def of_random(cls, case):
        """of_random - of a RandomCase"""
        table = cls(list(CASES)[0])
        if not case.asks():
            table.lists = BARE
        table.senders, table.logins = case.senders, case.logins
        return table


class Comparison:
    """Postfix, policyd, what was asked and how often."""

    def __init__(self, postfix, program, pool):
        self.postfix = postfix
        self.program = program
        self.pool = pool
        self.ports = {"reference": {}, "asking": {}}
        self.paths = write_tables(postfix)
        self.pairs = 0

    def add_ports(self):
        """add_ports - two for each list"""
        for name, words in ALL_LISTS.items():
            self.postfix.set(
                name + "_own=" + words,
                name + "_ask=check_policy_service { unix:private/policyd,"
                " policy_context=%s }, reject" % name)
            for way, ending in ("reference", "_own"), ("asking", "_ask"):
                self.ports[way][name] = self.postfix.port(
                    smtpd_recipient_restrictions="$" + name + ending)

    def play(self, name, settings, table):
        """play - the verdicts of Postfix, those with policyd that differ, and
        the log lines of policyd's decisions"""
        socket_path = os.path.join(self.postfix.queue, "private", "policyd")
        text = CONFIGURATION % (socket_path, self.postfix.config)
        for pair in ALL_LISTS.items():
            text += SERVICE % (pair[:1] + pair)
        self.postfix.stop()
        self.postfix.set(*["%s=%s" % pair for pair in settings.items()])
        policyd = make_policyd(self.postfix, self.program, text, socket_path)
        status, said = check(policyd)
        assert status == 0, (name, settings, said)
        with policyd:
            self.postfix.start()
            want = survey(self.pool, self.ports["reference"], table)
            got = survey(self.pool, self.ports["asking"], table)
            policyd.stop()
            decided = [line for line in policyd.said().splitlines()
                       if " verdict=" in line]
        different = [row for row in want
                     if not same(want[row], got[row], table.mixed)]
        for row in different[:20]:
            print("%s: %r: want %s, got %s" % (name, row, want[row],
                                               got[row]))
        self.pairs += len(table.senders) * len(table.logins)
        return want, different, decided

    def fixed(self, case):
        """fixed - one of CASES; the number of differences"""
        settings = {name: re.sub(r"(\w+):@", lambda found: "%s:%s" % (
            found.group(1), self.paths[found.group(1)]), value)
                    for name, value in (DEFAULTS | CASES[case]).items()}
        want, different, decided = self.play(case, settings, Table(case))
        count = count_codes(want)
        print("%s: %s, %d differences" % (case, shown(count),
                                          len(different)), flush=True)
        assert min(count["250"], count["553"]) > 80, count
        assert ("fail" not in case) or count["451"] > 200, count
        asks = sum(" verdict=ask " in line for line in decided)
        assert (asks > 100) == ("sqlite" in case), asks
        return len(different)

    def random(self, seed, count, number=0):
        """random - settings from this number on, until there are so many
        pairs; the number of differences"""
        bad = 0
        start = number
        first = self.pairs
        counts = collections.Counter()
        while self.pairs - first < count and bad < DIFFERENCES_MAX:
            case = RandomCase(seed, number, self.postfix.path("etc"),
                              self.paths)
            for path, text in case.files.items():
                write_table(path, text)
            for name in case.maps:
                run("postmap", "-c", self.postfix.config, name)
                settle(os.path.dirname(case.prefix))
            want, different, _ = self.play(case.name, case.values,
                                           Table.of_random(case))
            if different:
                print("%s: %r %r" % (case.name, case.values, case.files))
            bad += len(different)
            counts.update(count_codes(want))
            number += 1
            if number % 20 == 0:
                print("%d pairs, %s, %d differences" % (
                    self.pairs - first, shown(counts), bad), flush=True)
        print("random: %d settings, %d pairs: %s, %d differences" % (
            number - start, self.pairs - first, shown(counts), bad),
              flush=True)
        passed = counts["250"] + counts["554"]
        assert min(passed, counts["553"]) > counts.total() / 20, counts
        self.postfix.set(*["%s=%s" % pair
                           for pair in (USUAL | DEFAULTS).items()])
        return bad


def count_codes(verdicts):
    """count_codes - how many of each"""
    return collections.Counter(value[:3] for value in verdicts.values())


def shown(count):
    """shown - such counts"""
    return "%d rows, %s" % (count.total(), ", ".join(
        "%d %s" % (count[code], code) for code in sorted(count)))


def check(policyd, option="-t"):
    """check - policyd -t; its status, what it said"""
    done = subprocess.run([policyd.program, option, "-c", policyd.file],
                          capture_output=True, text=True, timeout=WAIT)
    return done.returncode, done.stderr + done.stdout


def all_cases(program, postfix):
    """all_cases - the number of differences"""
    postfix.discard()
    postfix.set("smtpd_relay_restrictions=", "smtpd_sasl_auth_enable=yes",
                "smtpd_authorized_xclient_hosts=127.0.0.1",
                "virtual_alias_maps=static:user@valias.test",
                "default_process_limit=400",
                "smtpd_client_connection_count_limit=0",
                "smtpd_reject_unlisted_recipient=no")
    wanted = sys.argv[2:] or CASES
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        comparison = Comparison(postfix, program, pool)
        comparison.add_ports()
        bad = 0
        if not ONLY_RANDOM:
            bad = sum(comparison.fixed(case) for case in wanted)
        if not sys.argv[2:]:
            bad += comparison.random(SEED, 1, int(SETTING)) if SETTING \
                else comparison.random(SEED, RANDOM)
        print("%d pairs of a sender and a login" % comparison.pairs)
    postfix.stop()
    return bad


def logged_in(postfix, program):
    """logged_in - a real login, its name for Postfix, and the log line"""
    socket_path = os.path.join(postfix.queue, "private", "policyd")
    login = "%s@%s" % (USER, REALM)
    postfix.set("smtpd_sender_login_maps=inline:{ a@local.test=%s,"
                " { b@local.test = x, y } }" % login,
                "smtpd_tls_auth_only=no", "mydestination=local.test",
                "smtpd_recipient_restrictions=check_policy_service {"
                " unix:private/policyd, policy_context=first }, reject")
    port = postfix.port()
    text = CONFIGURATION % (socket_path, postfix.config)
    text += SERVICE % ("first", "first", LISTS[RESTRICTIONS[0]])
    with make_policyd(postfix, program, text, socket_path) as policyd:
        postfix.start()
        said = []
        with Session(port) as session:
            session.reply()
            session.ask("EHLO client.example")
            for command in "", auth_plain(USER, PASSWORD):
                if command:
                    assert session.ask(command)[:3] == "235"
                for sender in "a@local.test", "b@local.test", "":
                    session.ask("MAIL FROM:<%s>" % sender)
                    said.append(session.ask("RCPT TO:<user@local.test>"))
                    session.ask("RSET")
        policyd.stop()
        lines = [line for line in policyd.said().splitlines()
                 if " verdict=" in line]
    for reply, want in zip(said, (
            "553 5.7.1 .*rejected: not logged in \\(id ", ) * 2 + (
            "250 ", "250 ", "553 5.7.1 .*rejected: not owned by user \\(id ",
            "250 ")):
        assert re.match(want, reply), said
    for line, want in zip(lines, (
            " verdict=reject restriction=reject_sender_login_mismatch "
            ".* owners=%s " % login, r" owners=x,\\x20y ",
            " verdict=permit ((?!owners=).)*$", " verdict=permit .* owners=" +
            login, r" verdict=reject .* owners=x,\\x20y ",
            " verdict=permit ((?!owners=).)*$")):
        assert re.search(want, line), (want, lines)
    postfix.stop()
    print("logged in: well", flush=True)


def several(postfix, program):
    """several - DATA and the end of a message of two recipients: policyd is
    given none, and what only Postfix can look up it still looks up"""
    socket_path = os.path.join(postfix.queue, "private", "policyd")
    asking = "check_policy_service { unix:private/policyd," \
             " policy_context=first }, reject"
    postfix.set("smtpd_sender_login_maps=sqlite:" + postfix.path(
        "etc", "logins.sqlite"), "recipient_delimiter=",
                "smtpd_recipient_restrictions=" + asking,
                "smtpd_data_restrictions=" + asking,
                "smtpd_end_of_data_restrictions=" + asking)
    port = postfix.port()
    text = CONFIGURATION % (socket_path, postfix.config)
    text += SERVICE % ("first", "first", MIXED["first"])
    with make_policyd(postfix, program, text, socket_path) as policyd:
        postfix.start()
        said = {}
        for login in "alice", "carol":
            with Session(port) as session:
                session.reply()
                session.ask("EHLO client.example")
                session.ask("XCLIENT LOGIN=" + login)
                session.ask("EHLO client.example")
                said[login] = [session.ask(command)[:3] for command in (
                    "MAIL FROM:<alice@local.test>", "RCPT TO:<u@local.test>",
                    "RCPT TO:<u@remote.example>", "DATA")]
                if said[login][-1] == "354":
                    said[login].append(session.ask("\r\n.")[:3])
        policyd.stop()
        lines = [line for line in policyd.said().splitlines()
                 if " verdict=" in line]
    assert said == {"alice": ["250", "250", "250", "354", "250"],
                    "carol": ["250", "553", "553", "554"]}, said
    for state in "DATA", "END-OF-MESSAGE":
        assert any(" verdict=ask " in line and "state=" + state in line
                   for line in lines), lines
    postfix.stop()
    print("several recipients: well", flush=True)


def broken(postfix, program):
    """broken - a table that cannot be read, and then can"""
    socket_path = postfix.path("policyd.socket")
    table = postfix.path("etc", "broken")
    text = CONFIGURATION % (socket_path, postfix.config)
    text = text.replace('owner = "postfix" group = "postfix"', "")
    text = text.replace("0660", "0666")
    text += """\
table_refresh = 1
mydestination = "local.test"
sender_login_maps = { "inline:{ early@local.test=alice }", "hash:%s" }
restrictions = { reject_sender_login_mismatch, permit_auth_destination }
""" % table

    def answers(**want):
        """answers - for those senders, when nobody is logged in"""
        for sender, action in want.items():
            request = REQUEST.replace(b"a@client.example", b"%s@local.test" % (
                sender.encode())) % b"user@local.test"
            with Client(socket_path) as client:
                reply = client.ask(request).decode()
            assert reply.startswith("action=" + action), (sender, reply)

    with make_policyd(postfix, program, text, socket_path) as policyd:
        status, said = check(policyd)
        assert status == 78, said
        assert re.search(r"conf:7: sender_login_maps: \"hash:%s\": " % table,
                         said), said
        answers(early="553 5.7.1", late="451 4.3.0", other="451 4.3.0")
        assert re.search(
            "the owners of the sender address could not be looked up: "
            "hash:%s: postmap: .*: answered 451\n" % table,
            policyd.said()), policyd.said()
        write_table(table, "late@local.test bob\n")
        run("postmap", "-c", postfix.config, "hash:" + table)
        poll(lambda: "reloaded: server" in policyd.said())
        # It may have been loaded while postmap was still writing.
        poll(lambda: check(policyd) == (0, ""))
        answers(early="553 5.7.1", late="553 5.7.1",
                other="permit_auth_destination")
        # Half a table: refused, and the previous contents stay in effect; but
        # a refusal may be wrong by now, and is temporary.
        with open(table + ".db", "r+b") as out:
            out.truncate(100)
        poll(lambda: "reload failed: " in policyd.said())
        answers(late="450 4.3.2", other="permit_auth_destination")
        policyd.stop()
    print("a broken table: well", flush=True)


def memory(policyd):
    """memory - of its server, in KiB"""
    pid = policyd.process.pid
    with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
        server = children.read().split()[0]
    with open("/proc/%s/status" % server) as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


def many(postfix, program):
    """many - a hundred thousand senders, in the memory that they need once"""
    socket_path = postfix.path("policyd.socket")
    table = postfix.path("etc", "many")
    text = 'listen "unix:%s" { mode = "0666" }\nlog = stderr\n' \
           'user = nobody\nsender_login_maps = "texthash:%s"\n' % (
               socket_path, table)
    for name, words in LISTS.items():
        text += SERVICE % (name, name, words)
    # Sanitizers keep what was freed, unless told not to.
    os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + \
        ":quarantine_size_mb=1"
    used = []
    for count in 1, 100000:
        write_table(table, "".join(
            "user%d@example%d.test login%d, other%d\n" % (
                number, number % 1000, number, number)
            for number in range(count)))
        with make_policyd(postfix, program, text, socket_path) as policyd:
            used.append(memory(policyd))
            reply = policyd.ask(
                sender="user99999@example999.test", sasl_username="x",
                recipient="user@" + os.uname().nodename + ".localdomain",
                policy_context=RESTRICTIONS[3])
            assert ("action=553" in reply) == (count > 1), reply
            policyd.stop()
    print("100000 senders: %d KiB more than 1" % (used[1] - used[0]))
    # Some 70 bytes for each, and what was only needed to read them.
    assert used[1] - used[0] < 24 * 1024, used


def judge(program, postfix):
    """judge - how many differences"""
    bad = all_cases(program, postfix)
    if ONLY_RANDOM:
        return bad
    logged_in(postfix, program)
    several(postfix, program)
    broken(postfix, program)
    many(postfix, program)
    return bad


if __name__ == "__main__":
    sys.exit(count_differences(judge))
