#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_delivery - real mail through a Postfix that is set up as the
documentation says.

The throw-away Postfix gets etc/main.cf.policyd and etc/master.cf.policyd, the
policyd gets the configuration of HOWTO; only ports and paths differ. Then
messages are sent on each of the three ports, and every one must arrive in the
Maildir or at the sink, or be refused and arrive nowhere: first with Postfix's
own restrictions, then with policyd in both forms of its reply, then in the
variants of the documentation. Last, policyd is stopped and started again.

usage: test_delivery.py POLICYD
"""

import os
import re
import subprocess
import sys
import traceback

from kit import snippets
from kit.postfix import Postfix, Sink, poll, run
from kit.smtp import verdict
from kit.mailer import OK, NO, MESSAGES, Failures, Mailer, howto_policyd

DOWN = "451 4.3.5"
# What etc/main.cf.policyd had in earlier versions.
EARLIER = ["smtpd_relay_restrictions="] + [
    "smtpd_%s_restrictions=check_policy_service { unix:private/policyd, "
    "policy_context=%s }, reject" % (name, name)
    for name in ("client", "recipient")]

def howto_commands(failures):
    """howto_commands - those of HOWTO do what the files in etc/ say"""
    with open(snippets.HOWTO, encoding="utf-8") as text:
        commands = re.search(r"^    postconf -e \S+=may smtpd_tls_auth.*?"
                             r"^    postfix reload$", text.read(),
                             re.M | re.S).group(0)
    with Postfix() as postfix:
        with open(os.path.join(postfix.config, "master.cf"), "a") as out:
            out.write("smtp inet n - y - - smtpd\n")
        subprocess.run(["sh", "-eu"], check=True, text=True, input=(
            "postconf() { command postconf -c '%s' \"$@\"; }\n"
            "postfix() { :; }\n%s\n" % (postfix.config, commands)))
        for setting in snippets.main_cf():
            name, value = setting.split("=", 1)
            got = run("postconf", "-c", postfix.config, "-h", name)
            failures.check(got.split() == value.split(),
                           "HOWTO: %s = %s" % (name, got))
        for words, options in snippets.master_cf():
            line = run("postconf", "-c", postfix.config, "-M",
                       words[0] + "/inet").split()
            want = list(words)
            for pair in options.items():
                want += ["-o", "%s=%s" % pair]
            failures.check(sorted(line) == sorted(want),
                           "HOWTO: " + " ".join(line))


def check_log(policyd, failures):
    """check_log - policyd has said what it decided, and why"""
    log = policyd.said()
    for text in (
            "service=mx verdict=permit restriction=permit_auth_destination "
            "destination=local ",
            "service=mx verdict=permit restriction=permit_auth_destination "
            "destination=relay ",
            "service=mx verdict=reject restriction=reject_plaintext_session "
            "destination=default ",
            "service=submission verdict=permit "
            "restriction=permit_sasl_authenticated destination=default ",
            "service=submission verdict=reject "
            "restriction=reject_unauth_destination destination=default "):
        failures.check(text in log, "not in the log: " + text)


def outage(mailer, policyd, failures):
    """outage - policyd stopped: nothing is accepted; started: mail flows,
    in a session that was open all the time, too"""
    table = [row for row in MESSAGES if row[4] != "530 5.7.0"]
    before = len(mailer.arrived())
    with mailer.open("submission", "TLSv1.3", "good") as old:
        failures.check(verdict(mailer.send(old, "user@local.test")[0]) == OK,
                       "outage: before")
        poll(lambda: len(mailer.arrived()) == before + 1)
        policyd.stop()
        for port, tls, login, rcpt, _, _ in table[::3]:
            with mailer.open(port, tls, login) as session:
                reply, _ = mailer.send(session, rcpt)
            failures.check(verdict(reply) == DOWN,
                           "outage: %s %s: %s" % (port, rcpt, reply))
        reply, _ = mailer.send(old, "user@local.test")
        failures.check(verdict(reply) == DOWN, "outage, old: " + reply)
        failures.check(len(mailer.arrived()) == before + 1,
                       "outage: mail arrived")
        policyd.start()
        reply, _ = mailer.send(old, "user@remote.example")
        failures.check(verdict(reply) == OK, "outage, old, after: " + reply)
        poll(lambda: len(mailer.arrived()) == before + 2)
    print("policyd stopped: %d recipients, all %s" % (
        len(table[::3]) + 1, DOWN), flush=True)


def etrn(mailer, failures, want):
    """etrn - a stranger may not flush our queue"""
    with mailer.open("smtp", None, None) as session:
        reply = session.ask("ETRN relay.test")
    failures.check(verdict(reply) == want, "ETRN: " + reply)


def deliver(program, postfix, sink, failures):
    """deliver - all rounds with one Postfix"""
    postfix.deliver_to(sink)
    ports = snippets.configure(postfix)
    mailer = Mailer(postfix, sink, ports)
    asking = snippets.main_cf()
    postfix.set("policyd_relay_restrictions=permit_auth_destination, "
                "permit_sasl_authenticated, reject")
    postfix.start()
    mailer.round("Postfix alone", failures)
    postfix.set(*asking)
    postfix.restart()
    with howto_policyd(program, postfix, ports, "ok") as policyd:
        policyd.check()
        mailer.round("policyd, reply = ok", failures)
        policyd.stop()
    with howto_policyd(program, postfix, ports, "lock") as policyd:
        mailer.round("policyd, reply = lock", failures)
        check_log(policyd, failures)
        etrn(mailer, failures, NO)
        outage(mailer, policyd, failures)
        mailer.round("policyd, started again", failures)
        postfix.set(*snippets.main_cf("one list for all ports"))
        postfix.restart()
        mailer.round("variant: one list for all ports", failures)
        postfix.set(*EARLIER)
        postfix.restart()
        mailer.round("lists of earlier versions beside it", failures)
        etrn(mailer, failures, NO)
        policyd.stop()


def deliver_spawned(program, postfix, sink, failures):
    """deliver_spawned - policyd started by spawn(8)"""
    postfix.deliver_to(sink)
    file = postfix.path("spawned.conf")
    ports = snippets.configure(postfix, "started by Postfix",
                               "%s -s -c %s" % (postfix.install(program),
                                                file))
    policyd = howto_policyd(program, postfix, ports, "lock")
    with open(policyd.file, encoding="utf-8") as text, \
            open(file, "w", encoding="utf-8") as out:
        out.write(text.read().replace('"stderr"', '"/dev/null"'))
    postfix.start()
    Mailer(postfix, sink, ports).round("variant: spawn(8)", failures)


def main():
    """main - exit status 0: everything as it should be"""
    program = os.path.abspath(sys.argv[1])
    failures = Failures()
    howto_commands(failures)
    for part in deliver, deliver_spawned:
        before = len(failures)
        with Sink() as sink, Postfix() as postfix:
            try:
                part(program, postfix, sink, failures)
            except BaseException:
                failures.append(part.__name__)
                traceback.print_exc()
            log = postfix.said()
            for line in re.findall(r".*(?:panic|fatal): .*", log):
                failures.check(False, line)
            if len(failures) > before:
                print(log[-4000:])
    print("%d failures" % len(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
