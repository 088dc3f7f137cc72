#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_tables - domains in tables: does policyd find in them what Postfix
finds?

One throw-away Postfix whose domains are in a table of each type in turn,
and a policyd whose configuration is a listen line and import_postfix (and a
service for replies OK, where the type can be read). Everything is asked on
smtpd ports that decide by themselves and on such that ask policyd; all
verdicts must agree, for each port, TLS version, login and recipient.

After that, tables that cannot be read: what is refused, what is deferred,
and that it is tried again.

usage: test_tables.py POLICYD
"""

import concurrent.futures
import os
import re
import sqlite3
import subprocess
import sys

from kit.daemon import REQUEST, Client, WAIT
from kit.policyd import CONFIGURATION, TEST_ONLY, Policyd
from kit.postfix import count_differences, poll, run
from kit.smtp import Session, verdict
from kit.matrix import BUILT_IN, LOGINS, Player

# The lists of every type: what is a table, and the domains in it.
LISTS = {
    "mydestination": ["local.test", "mail.local.test", "localhost"],
    "virtual_alias_domains": ["valias.test"],
    "virtual_mailbox_domains": ["vmail.test"],
    "relay_domains": ["relay.test"],
}
TYPES = ["file", "hash", "lmdb", "texthash", "regexp", "pcre", "sqlite"]
# A /file: which of these Postfix reads depends on its version.
LINES = """\
 indented.test
noted.test # a note
 behind.test
plain.test
\tnext.test
# a comment
 more.test
!no.test # no
 yes.test
"""
RECIPIENTS = """
user@local.test
USER@Local.TEST.
user@sub.local.test
user@valias.test
user@sub.valias.test
user@vmail.test
user@relay.test
user@sub.relay.test
user@sub.sub.relay.test
user@.relay.test
user@xrelay.test
user@remote.example
user@[127.0.0.1]
user@[10.9.8.7]
user
user%relay.test@local.test
user%remote.example@local.test
user%remote.example@relay.test
user%relay.test@relay.test
user%local.test@vmail.test
user@relay.test@local.test
user@remote.example@local.test
"user@remote.example"@local.test
user@relay.test@[127.0.0.1]
user@remote.example@[127.0.0.1]
relay.test!user
remote.example!user@local.test
hey!you@relay.test
@local.test
@relay.test
50%off@local.test
user@127.0.0.1
-user@local.test
""".split() + ["user@" + domain for domain in re.findall(r"\S+\.test", LINES)
               if domain[0] != "!"]
PORTS = "A", "B", "C"
TLS = "plain", "TLSv1.3"

OK_SERVICE = 'service "ok" { policy_context = { "ok" } reply = "ok" }\n'


def make_table(postfix, kind, name, domains):
    """make_table - a table of that type; its type:name"""
    path = postfix.path("etc", "%s.%s" % (name, kind))
    if kind == "file":
        with open(path, "w") as out:
            out.write(LINES * (name == "relay_domains") +
                      "".join(domain + "\n" for domain in domains))
        return path
    if kind == "sqlite":
        database = path + ".db"
        with sqlite3.connect(database) as connection:
            connection.execute("create table domains (name text)")
            connection.executemany("insert into domains values (?)",
                                   [(domain,) for domain in domains])
        connection.close()
        os.chmod(database, 0o644)
        text = "dbpath = %s\nquery = select 'x' from domains" \
               " where name = '%%s'\n" % database
    elif kind in ("regexp", "pcre"):
        # These see the whole domain only.
        text = "".join("/^%s%s$/ x\n" % (
            r"(.*\.)?" if name == "relay_domains" else "",
            domain.replace(".", r"\.")) for domain in domains)
    else:
        text = "".join("%s x\n" % domain for domain in domains)
    with open(path, "w") as out:
        out.write(text)
    os.utime(path, (1, 1))
    if kind in ("hash", "lmdb"):
        run("postmap", "-c", postfix.config, "%s:%s" % (kind, path))
    return "%s:%s" % (kind, path)


def ask(player, port, tls, login):
    """ask - every recipient in one session; {recipient: verdict}"""
    found = {}
    with Session(player.ports[port]) as session:
        found["login"] = " ".join(player.login(session, port, tls, login))
        for rcpt in RECIPIENTS:
            session.ask("MAIL FROM:<sender@client.example>")
            found[rcpt] = verdict(session.ask("RCPT TO:<%s>" % rcpt))
            session.ask("RSET")
    return found


def survey(pool, player):
    """survey - {(port, tls, login, recipient): verdict}"""
    tasks = {(port, tls, login): pool.submit(ask, player, port, tls, login)
             for port in PORTS for tls in TLS for login in ("none", "good")}
    return {key + (rcpt,): result for key, task in tasks.items()
            for rcpt, result in task.result().items()}


def compare(postfix, program, pool, players, kind):
    """compare - one type of table; the number of differences"""
    socket_path = os.path.join(postfix.queue, "private", "policyd")
    text = CONFIGURATION % (socket_path, postfix.config) + TEST_ONLY
    ways = ["lock"]
    if kind != "sqlite":
        text += OK_SERVICE
        ways.append("ok")
    postfix.stop()
    postfix.set(*["%s=%s" % (name, make_table(postfix, kind, name, domains))
                  for name, domains in LISTS.items()])
    policyd = Policyd(program, postfix.directory, text, socket_path)
    bad = 0
    with policyd:
        postfix.start()
        want = survey(pool, players["reference"])
        permitted = sum(v == "250 2.1.5" for v in want.values())
        assert permitted > 100, (kind, permitted)
        assert len(want) - permitted > 50, (kind, permitted)
        for way in ways:
            got = survey(pool, players[way])
            different = [row for row in want if want[row] != got[row]]
            for row in different[:10]:
                print("%s, %s: %r: want %s, got %s" % (
                    kind, way, row, want[row], got[row]))
            print("%s, %s: %d rows, %d permitted, %d differences" % (
                kind, way, len(got), permitted, len(different)), flush=True)
            bad += len(different)
        if kind == "sqlite":
            bad += check_asked(policyd)
        policyd.stop()
    return bad


def check_asked(policyd):
    """check_asked - the reply of the contract; refused with reply = ok"""
    trusted = {"encryption_protocol": "TLSv1.3",
               "encryption_cipher": "TLS_AES_256_GCM_SHA384",
               "encryption_keysize": "256", "sasl_method": "PLAIN",
               "sasl_username": "alice"}
    asked = "action=permit_auth_destination, "
    for attributes, rest in ((trusted, "permit_sasl_authenticated, "
                              "reject_unauth_destination"),
                             ({}, "reject_unauth_destination")):
        reply = policyd.ask(recipient="user@relay.test", **attributes)
        assert reply.startswith(asked + rest + "\n"), reply
    assert "verdict=ask" in policyd.said()
    with open(policyd.file, "a") as out:
        out.write(OK_SERVICE)
    status, said = check(policyd)
    assert status == 78, said
    assert re.search(r":\d+: service ok: reply = ok cannot be combined with "
                     r"sqlite:\S+ in mydestination: only Postfix ", said), said
    return 0


def check(policyd):
    """check - policyd -t; its status, what it said"""
    done = subprocess.run([policyd.program, "-t", "-c", policyd.file],
                          capture_output=True, text=True, timeout=WAIT)
    return done.returncode, done.stderr


def broken(postfix, program):
    """broken - a table that cannot be read, and then can"""
    socket_path = postfix.path("policyd.socket")
    table = postfix.path("etc", "broken")
    text = TEST_ONLY + """\
listen "unix:%s" { mode = "0666" }
import_postfix = "%s"
table_refresh = 1
mydestination = "local.test"
virtual_alias_domains = ""
virtual_mailbox_domains = ""
relay_domains = "early.test, hash:%s, late.test"
""" % (socket_path, postfix.config, table)
    with Policyd(program, postfix.directory, text, socket_path) as policyd:
        status, said = check(policyd)
        assert status == 78 and "hash:" + table in said, said
        for domain, action in (("local.test", "permit_auth_destination"),
                               ("early.test", "permit_auth_destination"),
                               ("in.test", "451 4.3.0"),
                               ("late.test", "451 4.3.0"),
                               ("remote.example", "451 4.3.0")):
            reply = policyd.ask(recipient="user@" + domain)
            assert reply.startswith("action=" + action), (domain, reply)
            with Client(socket_path) as client:
                reply = client.ask(REQUEST % b"user@%s" % domain.encode())
            assert reply.startswith(b"action=" + action.encode()), reply
        assert "1 table or list file cannot be read" in policyd.said()
        with open(table, "w") as out:
            out.write("in.test x\n")
        run("postmap", "-c", postfix.config, "hash:" + table)
        poll(lambda: "reloaded: server" in policyd.said())
        # It may have read the table in the middle of postmap(1), and will
        # read it again.
        poll(lambda: check(policyd) == (0, ""))
        # Half a table: refused, and the previous contents stay in effect.
        with open(table + ".db", "r+b") as out:
            out.truncate(100)
        poll(lambda: "reload failed: " in policyd.said())
        assert "hash:" + table in policyd.said().split("reloaded:")[-1]
        policyd.stop()
    print("a broken table: well", flush=True)
    return 0


def all_types(program, postfix):
    """all_types - the number of differences"""
    postfix.discard()
    postfix.set("smtpd_relay_restrictions=", "smtpd_sasl_auth_enable=yes",
                "smtpd_tls_auth_only=yes", "virtual_mailbox_maps=",
                "virtual_alias_maps=static:user@local.test",
                "default_process_limit=400",
                "smtpd_client_connection_count_limit=0",
                "smtpd_reject_unlisted_recipient=no")
    asking = "check_policy_service { unix:private/policyd," \
             " policy_context=%s }, reject"
    postfix.set("reference_way=" + BUILT_IN, "lock_way=" + asking % "lock",
                "ok_way=" + asking % "ok")
    players = {way: Player(postfix, "$%s_way" % way, "n")
               for way in ("reference", "lock", "ok")}
    assert LOGINS["good"]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for kind in TYPES:
            bad += compare(postfix, program, pool, players, kind)
    postfix.stop()
    return bad + broken(postfix, program)


if __name__ == "__main__":
    sys.exit(count_differences(all_types))
