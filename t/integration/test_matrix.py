#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_matrix - does a Postfix that asks policyd answer like one that uses
its own restrictions?

One throw-away Postfix has its smtpd ports several times over: once with
"permit_auth_destination, permit_sasl_authenticated, reject" (the reference),
and once per way of asking policyd. Every row is played against all of them;
reply code and enhanced status of every step must agree.

Part 1 plays t/data/seed_matrix.reference.tsv step by step, one session a
row. The reference must give the very texts of that recording, so this also
shows that the throw-away Postfix is what it should be.
Part 2 asks about further recipients, by VRFY and by RCPT, in every mixture
of port, TLS version and login.
Part 3 is where policyd differs on purpose: a login in plain text.

usage: test_matrix.py POLICYD
"""

import concurrent.futures
import os
import sys

from kit.daemon import free_port
from kit.matrix import BUILT_IN, LOGINS, Player, seed_rows
from kit.policyd import Policyd
from kit.postfix import count_differences
from kit.smtp import Session, verdict
from kit.stunnel import Stunnel

# The ways of asking: name, settings of the smtpd processes, chroot, and
# whether every row is played or only one of four.
WAYS = [
    ("reference", BUILT_IN, "n", 1),
    ("lock", "check_policy_service { unix:private/policyd,"
     " policy_context=lock }, reject", "n", 1),
    ("ok", "check_policy_service { unix:private/policyd,"
     " policy_context=ok }, reject", "y", 1),
    ("tcp", "check_policy_service { inet:127.0.0.1:@TCP@,"
     " policy_context=ok }, reject", "n", 4),
    ("stunnel", "check_policy_service { inet:127.0.0.1:@STUNNEL@,"
     " policy_context=ok }, reject", "n", 4),
    ("spawn", "check_policy_service { unix:private/spawned,"
     " policy_context=lock }, reject", "n", 4),
]

def verdicts(steps):
    """verdicts - steps with the texts of the replies taken away"""
    return " | ".join("%s=%s" % (name, verdict(reply)) for name, reply in (
        step.split("=", 1) for step in steps.split(" | ")))


def replay(pool, way, player, every, rows):
    """replay - part 1 for one way of asking; rows and differences"""
    rows = rows[::every]
    differences = 0
    for row, steps in zip(rows, pool.map(player.play, rows)):
        want, got = row[6], steps
        if way != "reference":
            want, got = verdicts(want), verdicts(got)
        if want != got:
            differences += 1
            if differences <= 10:
                print("%s: %s\n  want %s\n  got  %s" % (
                    way, "\t".join(row[:6]), want, steps))
    print("recording, %s: %d rows, %d differences" % (
        way, len(rows), differences), flush=True)
    return len(rows), differences


def survey(pool, player, every):
    """survey - part 2 for one way of asking; all verdicts"""
    found = {}
    tasks = [pool.submit(player.survey, port, tls, login, every)
             for port in "ABC" for tls in ("plain", "TLSv1.2", "TLSv1.3")
             for login in ("none", "good", "bad")]
    for task in tasks:
        found.update(task.result())
    return found


def compare(way, want, got):
    """compare - part 2: rows of got and those that differ from want"""
    different = [row for row in sorted(got) if want[row] != got[row]]
    for row in different[:10]:
        print("%s: %r: want %s, got %s" % (way, row, want[row], got[row]))
    print("survey, %s: %d rows, %d differences" % (
        way, len(got), len(different)), flush=True)
    return len(got), len(different)


def plaintext_login(players):
    """plaintext_login - part 3: policyd does not take it for a login"""
    failures = 0
    expected = {"reference": "250 2.1.5"}
    for way, player in players.items():
        for tls in None, "TLSv1.3":
            with Session(player.plain) as session:
                session.reply()
                session.ask("EHLO client.example")
                if tls:
                    session.ask("STARTTLS")
                    session.starttls(player.contexts[tls, ""])
                    session.ask("EHLO client.example")
                auth = session.ask(LOGINS["good"])
                session.ask("MAIL FROM:<sender@client.example>")
                ours = verdict(session.ask("RCPT TO:<user@local.test>"))
                world = session.ask("RCPT TO:<user@remote.example>")
            want = "250 2.1.5" if tls else expected.get(way, "554 5.7.1")
            if (not auth.startswith("235") or ours != "250 2.1.5"
                    or verdict(world) != want):
                failures += 1
                print("login, %s, %s: %s | %s | %s, want %s" % (
                    way, tls, auth, ours, world, want))
    print("login in plain text: %d sessions, %d failures" % (
        2 * len(players), failures), flush=True)
    return failures


# What the running policyd reads.
SERVING = """\
listen "unix:%s" { mode = "0660" owner = "postfix" group = "postfix" }
listen "inet:127.0.0.1:%d" { }
import_postfix = "%s"
user = "nobody"
log = "stderr"
service "lock" { policy_context = { "lock" } }
service "ok" { policy_context = { "ok" } reply = "ok" }
"""

# The one that spawn(8) starts has the domains in its configuration.
SPAWNED = """\
listen "unix:/nonexistent/policyd" { }
log_verdicts = { }
myhostname = "mail.local.test"
mydomain = "local.test"
mydestination = "$myhostname, localhost.$mydomain, localhost, $mydomain"
inet_interfaces = "127.0.0.1"
inet_protocols = "all"
relay_domains = "relay.test"
virtual_alias_domains = "valias.test"
virtual_mailbox_domains = "vmail.test"
"""


def matrix(program, postfix):
    """matrix - all parts; the number of differences"""
    tcp = free_port()
    stunnel = Stunnel(postfix.path("tls"), free_port(), free_port())
    socket_path = os.path.join(postfix.queue, "private", "policyd")
    spawned = postfix.path("spawned.conf")
    with open(spawned, "w") as out:
        out.write(SPAWNED)
    postfix.discard()
    postfix.set("smtpd_relay_restrictions=", "smtpd_sasl_auth_enable=yes",
                "smtpd_tls_auth_only=yes", "virtual_mailbox_maps=",
                "virtual_alias_maps=static:user@local.test",
                "default_process_limit=400", "spawned_time_limit=3600",
                "smtpd_client_connection_count_limit=0")
    postfix.service("spawned unix - n n - 0 spawn user=nobody"
                    " argv=%s -s -c %s" % (postfix.install(program),
                                           spawned))
    players = {}
    for way, restrictions, chroot, _ in WAYS:
        postfix.set("%s_way=%s" % (way, restrictions.replace(
            "@TCP@", str(tcp)).replace("@STUNNEL@", str(stunnel.accept))))
        players[way] = Player(postfix, "$%s_way" % way, chroot)
    rows = seed_rows()
    bad = 0
    text = SERVING % (socket_path, tcp, postfix.config)
    text += stunnel.policyd_conf()
    policyd = Policyd(program, postfix.directory, text, socket_path)
    with (policyd, stunnel,
          concurrent.futures.ThreadPoolExecutor(6) as pool):
        policyd.check()
        postfix.start()
        want = survey(pool, players["reference"], 1)
        assert len(want) > 27 * 240, "survey: only %d rows" % len(want)
        permitted = sum(v == "250 2.1.5" for v in want.values())
        assert 1000 < permitted < len(want) - 1000, permitted
        for way, _, _, every in WAYS:
            _, differences = replay(pool, way, players[way], every, rows)
            bad += differences
            if way != "reference":
                got = survey(pool, players[way], every)
                assert len(got) >= len(want) / every - 27, way
                bad += compare(way, want, got)[1]
        bad += plaintext_login(players)
        policyd.stop()
    return bad


if __name__ == "__main__":
    sys.exit(count_differences(matrix))
