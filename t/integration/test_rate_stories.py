#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_rate_stories - the chapters of HOWTO about sending limits, behind a real
Postfix that is set up as etc/ says: a sink counts what got out, while policyd
is reloaded and its server killed.

usage: test_rate_stories.py POLICYD
"""

import contextlib
import os
import re
import signal
import sys
import threading

from kit.daemon import run_all, wait_until
from kit.postfix import PASSWORD, poll, run
from kit.rate_mail import Mail, chapter, restrictions, table, unindented
from kit.rates import check


def kill_one(mail):
    """kill_one - the newest server; what was newest may just have ended"""
    while True:
        with contextlib.suppress(ProcessLookupError):
            return os.kill(mail.servers()[-1], signal.SIGKILL)


def disturb(mail, stop, failures):
    """disturb - reload, and kill the server, one after the other"""
    try:
        turn = 0
        while not stop.is_set() and turn < 6:
            before = mail.policyd.said().count("serving: server") + \
                mail.policyd.said().count("reloaded: server")
            if turn % 2 == 0:
                mail.policyd.process.send_signal(signal.SIGHUP)
            else:
                kill_one(mail)
            wait_until(lambda: mail.policyd.said().count("serving: server") +
                       mail.policyd.said().count("reloaded: server") > before,
                       "the next server")
            turn += 1
        print("%d reloads, %d kill -9" % ((turn + 1) // 2, turn // 2))
    except Exception as error:      # of a thread
        failures.append(error)


def flood(mail, first, accepted, failures):
    """flood - messages until not even one recipient fits"""
    try:
        with mail.session() as session:
            count = first
            while True:
                reply = mail.send(session, count)
                if reply.startswith("250"):
                    accepted.append(count)
                elif re.match(r"450 4\.7\.1 .*Sending limit reached", reply):
                    if count == 1:
                        return
                    count = 1
                else:
                    assert reply.startswith("451"), reply   # policyd died
    except Exception as error:
        failures.append(error)


def test_story_hosting(program):
    """story 1: exactly the limit gets out, by four clients at once, while
    policyd is reloaded and killed; another login has another limit"""
    with Mail(program, ["login"], restrictions("check_rate:login"),
              [('"200/1h", "1000/1d"', '"40/1h", "1000/1d"')],
              [("limits", "shop@a.example 2000/1h, 20000/1d\n")]) as mail:
        accepted, failures, stop = [], [], threading.Event()
        threads = [threading.Thread(target=flood, args=(
            mail, 1 + number % 3, accepted, failures)) for number in range(4)]
        threads.append(threading.Thread(target=disturb, args=(
            mail, stop, failures)))
        for thread in threads:
            thread.start()
        for thread in threads[:4]:
            thread.join()
        stop.set()
        threads[4].join()
        assert not failures, failures
        assert sum(accepted) == 40, accepted
        poll(lambda: mail.delivered() >= 40)
        with mail.session() as session:
            session.ask("MAIL FROM:<user@local.test>")
            reply = session.ask("RCPT TO:<x@far.example>")
            check(reply, r"^450 4\.7\.1 <.*>: Recipient address rejected: "
                         r"Sending limit reached; try again in \d+ minutes "
                         r"\(id \w+\)$")
        with open(mail.postfix.path("limits"), "w") as file:
            file.write("user@local.test 42/1h\n")
        mail.policyd.process.send_signal(signal.SIGHUP)
        poll(lambda: mail.policyd.said().rstrip().endswith("taken over"))
        with mail.session() as session:
            reply = mail.send(session, 3)
            check(reply, r"^450 4\.7\.1 <DATA>: Data command rejected: "
                         r"Sending limit reached; try again in \d+ minutes")
            check(mail.send(session, 2), "^250")
        poll(lambda: mail.delivered() >= 42)
        assert mail.delivered() == 42


def held(mail):
    """held - messages in the hold queue"""
    return os.listdir(os.path.join(mail.postfix.queue, "hold"))


def test_story_stolen(program):
    """story 2: a burst is held and can be released; new networks are refused,
    the one that is known goes on"""
    with Mail(program, ["burst", "places"], restrictions("check_rate:places"),
              [('"30/1m"', '"3/1h"'), ('"8/1d"', '"2/1d"')],
              [("places", "192.0.2.0/24 pool\n")]) as mail:
        with mail.session() as session:
            for _ in range(3):
                check(mail.send(session), "^250")
            poll(lambda: mail.delivered() == 3)
            check(mail.send(session), "^250")
        poll(lambda: held(mail))
        found = re.search(r"verdict=hold restriction=check_rate:burst .* "
                          r"queue_id=(\w+)", mail.policyd.said())
        assert found and found.group(1) == held(mail)[0], mail.policyd.said()
        assert mail.delivered() == 3
        run("postsuper", "-c", mail.postfix.config, "-H", found.group(1))
        poll(lambda: mail.delivered() == 4)
        with mail.session("127.0.1.1") as session:
            check(mail.send(session), "^250")       # the second network
        with mail.session("127.0.2.1") as session:
            check(mail.send(session),
                  r"^554 5\.7\.1 .*: Too many places; change your password "
                  r"\(id")
        with mail.session("127.0.0.5") as session:
            check(mail.send(session), "^250")


def test_story_newsletter(program):
    """story 3: a login, or a network, without a limit"""
    with Mail(program, ["login"], restrictions("permit_mynetworks"),
              [('"200/1h", "1000/1d"', '"2/1h", "1000/1d"')],
              [("limits", "")], mynetworks="127.0.9.0/24") as mail:
        with mail.session("127.0.9.1") as session:
            check(mail.send(session, 5), "^250")
        with mail.session() as session:
            check(mail.send(session, 5), r"^554 5\.7\.1 <DATA>: Data command "
                                         r"rejected: Too many recipients at "
                                         r"once: 5, at most 2 in 1h \(id")
        with open(mail.postfix.path("limits"), "w") as file:
            file.write("user@local.test unlimited\n")
        mail.reload()
        with mail.session() as session:
            check(mail.send(session, 5), "^250")


def add_user(mail, name):
    """add_user - one more who can log in"""
    database = mail.postfix.path("etc", "sasl", "sasldb2")
    for file in database, mail.postfix.queue + database:
        run("saslpasswd2", "-p", "-c", "-f", file, "-u", "local.test", name,
            input=PASSWORD)


def test_story_customers(program):
    """story 4: a mailbox and its customer are limited at once; two domains of
    one customer share its plan, and a message counts in both rates or none"""
    with Mail(program, ["mailbox", "customer"],
              restrictions("check_rate:mailbox"),
              [('"100/1h", "500/1d"', '"4/1h", "500/1d"'),
               ('"500/1h", "2000/1d"', '"1/1h", "2000/1d"')],
              [table("customers", ("a.example", "local.test")),
               table("plans", ("5000/1h", "6/1h"))]) as mail:
        add_user(mail, "other")
        with mail.session() as session, mail.session(login="other") as other:
            check(mail.send(session, 3), "^250")
            check(mail.send(session, 2), "^450 4.7.1 <DATA>: .* limit reached")
            check(mail.send(other, 4), "^450")      # 7 of the customer's 6
            check(mail.send(session), "^250")       # 4 of the mailbox' 4
            check(mail.send(other, 2), "^250")
            check(mail.send(other), "^450")
        poll(lambda: mail.delivered() == 6)
        used = mail.command("policyd -r mailbox; policyd -r customer")[1]
        check(used, r"(?m)^mailbox +user@local\.test +4 +4/1h ")
        check(used, r"(?m)^mailbox +other@local\.test +2 +4/1h ")
        check(used, r"(?m)^customer +c17 +6 +6/1h ")


def test_story_strangers(program):
    """story 5: servers on port 25 by network, some with another limit"""
    with Mail(program, ["strangers"], restrictions("check_rate:strangers"),
              [('"60/1m", "1000/1h"', '"2/1m", "1000/1h"')],
              [table("known_senders", ("192.0.2.0/24", "127.0.9.0/24"),
                     ("6000/1m", "3/1m"), ("198.51.100.7", "127.0.8.7"))]) \
            as mail:
        for source, fits in ("127.0.0.1", 2), ("127.0.9.1", 3), \
                ("127.0.9.2", 3), ("127.0.8.7", 5):
            with mail.stranger(source) as session:
                for _ in range(fits):
                    check(mail.send(session, to="user@local.test"), "^250")
                check(mail.send(session, to="user@local.test"),
                      "^450 4.7.1 " if fits < 5 else "^250")
                check(mail.send(session), "^(450|554)")     # not ours
        assert "127.0.0.1" in mail.command("policyd -r --over")[1]


def test_story_office(program):
    """story 6: everything passes; one warning for each login, and --over"""
    with Mail(program, ["office"], restrictions("check_rate:office"),
              [('"500/1d"', '"5/1d"')]) as mail:
        with mail.session() as session:
            for _ in range(3):
                check(mail.send(session, 3), "^250")
        poll(lambda: mail.delivered() == 9)
        warnings = re.findall(r"warning: (rate office: .*?), client .*",
                              mail.policyd.said())
        assert warnings == ["rate office: user@local.test is over 5 "
                            "recipients in 1d"], warnings
        status, text = mail.command("policyd -r --over")
        assert status == 1, text
        check(text, r"(?m)^office +user@local\.test +9 +5/1d +0 ")


def test_check_postfix(program):
    """policyd -P finds what a rate needs of Postfix, with commands that work"""
    with Mail(program, ["login"], restrictions("check_rate:login"),
              files=[("limits", "")]) as mail:
        port = mail.ports["submission"]
        text = mail.command("policyd -P")[1]
        check(text, r"(?m)^rates do not count mail by sendmail\(1\): ")
        check(text, "warning: ports? .*%d.*: Postfix accepts 1000 recipients in a "
                    "message, but rate login lets 200 through: " % port)
        assert "counts nothing" not in text, text
        mail.postfix.set("smtpd_data_restrictions=reject_unauth_pipelining",
                         "smtpd_end_of_data_restrictions=")
        text = mail.command("policyd -P")[1]
        check(text, "error: ports? .*%d.*: rate login counts nothing: policyd is "
                    "not asked at DATA" % port)
        typed = re.findall(r"(?m)^    (postconf .*(?:data|limit).*)$", text)
        assert typed, text
        for line in typed:
            run("sh", "-c", line)
        text = mail.command("policyd -P")[1]
        assert not re.search("rate login", text), text
        mail.postfix.restart()
        with mail.session() as session:
            check(mail.send(session, 3), "^250")
        check(mail.command("policyd -r login")[1],
              r"user@local\.test +3 +200/1h")


def commands(title, *changes):
    """commands - the blocks of a chapter, with other texts in them"""
    text = chapter(title)
    for old, new in changes:
        assert old in text, "HOWTO: no " + old
        text = text.replace(old, new)
    return [unindented(block) for block in re.findall(
        r"(?m)(?<=\n\n)(?:    .*\n)+", text)]


def test_stolen_password(program):
    """the tutorial: a login is found, stopped, its mail held and deleted, and
    let go on"""
    with Mail(program, ["login"], restrictions("check_rate:login"),
              [('"200/1h", "1000/1d"', '"4/1h", "1000/1d"')],
              [("limits", "")], defer_transports="smtp") as mail:
        blocks = commands(
            "A PASSWORD WAS STOLEN", ("alice@example.com", "user@local.test"),
            (r"alice@example\.com", r"user@local\.test"),
            ("/var/log/mail.log", mail.postfix.log),
            (" /root/", " %s/" % mail.postfix.directory),
            ("port=587", "port=%d" % mail.ports["submission"]))

        def typed():
            status, text = mail.command(blocks.pop(0))
            assert status == 0, text
            return text
        with mail.session() as session:
            for _ in range(4):
                check(mail.send(session), "^250")
            check(mail.send(session), "^450")
            check(typed(), r"(?m)^login +user@local\.test +4 +4/1h ")
            typed()
            check(mail.send(session),
                  "^554 5.7.1 .*Sending is blocked for this account")
            check(typed(), r"blocked until --unblock")
            typed()
            assert len(held(mail)) == 4, held(mail)
            typed()
            assert not held(mail)
            typed()
            check(mail.send(session), "^250")
            check(typed(), r"user@local\.test has used 1 of 4 recipients in 1h")
        assert not blocks, blocks


if __name__ == "__main__":
    sys.exit(run_all([test_story_hosting, test_story_stolen,
                      test_story_newsletter, test_story_customers,
                      test_story_strangers, test_story_office,
                      test_check_postfix, test_stolen_password]))
