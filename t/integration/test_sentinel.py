#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_sentinel - the store is a primary with a replica, found with Sentinel

The primary is killed, or gives its place to the replica: the counts go on there,
and what passes is never more than the limit.

usage: test_sentinel.py POLICYD [TEST ...]
"""

import os
import re
import subprocess

from kit.daemon import run_all, wait_until
from kit.sentinel import NAME, Sentinel, Watched
from kit.rates import ALICE, OK, OVER, Limited, check, command, request
from kit.stores import (LOOKUP, HowtoStore, chapter, is_away, is_back,
                        passes, patient)

LIMIT = 8


def counted(program, watched, more="away = defer\n\ttimeout = 2s"):
    """counted - a host"""
    return Limited(program, 'rate "login" { limit = "%d/1h" }\n' % LIMIT +
                   watched.section(more), extra="threads = 2\n")


def primary_is(policyd, server, mark=0):
    policyd.expect(r"policyd\[\d+\]: store sentinel:%s: the primary is "
                   r"inet:127\.0\.0\.1:%d" % (NAME, server.port), mark)


def answer(policyd, instance):
    """answer - when the thread that is asked has a store, too"""
    def decided():
        got = policyd.get("DATA", instance, 1)
        return None if re.match(LOOKUP, got) else got
    return wait_until(decided, "an answer of the store")


def all_pass(policyds, count):
    """all_pass - is that what is left, of each host in turn?"""
    for i in range(count):
        check(answer(policyds[i % 2], "left%d" % i), OK)
    for policyd in policyds:
        check(answer(policyd, "over"), OVER)


def test_killed(program):
    """the primary is killed: what a rate counts is deferred, until the replica
    has taken over; then it has the counts. A host that starts finds it, and the
    old primary, when it is back, is not used."""
    with Watched(1) as watched, counted(program, watched) as one, \
            counted(program, watched) as other:
        hosts = (one, other)
        for i in range(4):
            assert passes(hosts[i % 2], "before%d" % i)
        primary_is(one, watched.primary)
        watched.replicated()
        marks = [policyd.mark() for policyd in hosts]
        watched.kill_primary()
        for policyd, mark in zip(hosts, marks):
            is_away(policyd, "", mark)
            primary_is(policyd, watched.replica, mark)
            is_back(policyd, mark)
        check(command(one, "login", ALICE)[1], r" 4  %d/1h " % LIMIT)
        watched.primary.start()
        mark = one.mark()
        one.reload()
        all_pass(hosts, LIMIT - 4)
        assert "is away" not in one.read(one.log, mark)


def test_exchanged(program):
    """the primary becomes a replica, which still answers, but counts nothing"""
    with Watched(1) as watched, counted(program, watched) as one, \
            counted(program, watched) as other:
        for i in range(3):
            assert passes(one, "before%d" % i)
        assert passes(other, "before3")
        watched.replicated()
        marks = [policyd.mark() for policyd in (one, other)]
        watched.exchange()
        # What Postfix asks again counts once.
        for policyd, mark in zip((one, other), marks):
            check(answer(policyd, "after%d" % id(policyd)), OK)
            is_away(policyd, "READONLY", mark)
            is_back(policyd, mark)
            primary_is(policyd, watched.replica, mark)
        all_pass((one, other), LIMIT - 6)


def secret(policyd, name, text):
    """secret - a file with a password"""
    path = policyd.path(name)
    with open(path, "w") as file:
        file.write(text + "\n")
    os.chmod(path, 0o600)
    return path


def test_password(program):
    """the store and the sentinels have passwords of their own; policyd -s and
    policyd -r ask the sentinels, too, and one that is gone does not matter"""
    with Watched(2, "of-the-store", "of-the-sentinel") as watched:
        policyd = Limited(program, "")
        policyd.settings = 'rate "login" { limit = "3/1h" }\n' + \
            watched.section('password_file = "%s"\n'
                            '\tsentinel_password_file = "%s"\n'
                            '\ttimeout = 5s' % (
                                secret(policyd, "s", "of-the-store"),
                                secret(policyd, "t", "of-the-sentinel")))
        policyd.restrictions = "check_rate:login, permit_sasl_authenticated"
        policyd.write()
        watched.sentinels[0].kill()
        with policyd:
            assert passes(policyd, "1")
            primary_is(policyd, watched.primary)
            for instance, pattern in (("2", OK), ("3", OK), ("4", OVER)):
                done = subprocess.run([program, "-s", "-c", policyd.config],
                                      input=request("DATA", instance, 1),
                                      capture_output=True)
                assert done.returncode == 0, done
                check(done.stdout.decode()[len("action="):].strip(), pattern)
            check(command(policyd, "login", ALICE)[1], r" 3  3/1h ")
            assert "of-the" not in command(policyd, mode="-T")[1]
            mark = policyd.mark()
            secret(policyd, "t", "wrong")
            policyd.reload()
            is_away(policyd, "no sentinel says where it is: inet:.*WRONGPASS",
                    mark)


def test_nobody_knows(program):
    """sentinels that are not there, or know another name: the log says so, and
    each host goes on alone; -r says what each of them says"""
    with Watched(2) as watched:
        for sentinel in watched.sentinels:
            sentinel.ask("SENTINEL", "remove", NAME)
        with counted(program, watched, "timeout = 2s") as policyd:
            is_away(policyd, "no sentinel says where it is: inet:.*: it knows "
                    "no primary of that name")
            for i in range(LIMIT):
                assert passes(policyd, "here%d" % i)
            assert not passes(policyd, "over")
            status, text = command(policyd, "login", ALICE)
            assert status == 0, text
            check(text, r"(?m)^policyd: the store cannot be asked: "
                  "%s: it knows no primary of that name; "
                  "%s: it knows no primary of that name: its keys are "
                  "listed as this host has counted them$" % tuple(
                      sentinel.address for sentinel in watched.sentinels))
            mark = policyd.mark()
            watched.sentinels[0].ask("SENTINEL", "monitor", NAME, "127.0.0.1",
                                     watched.primary.port, 1)
            is_back(policyd, mark)
            primary_is(policyd, watched.primary, mark)


def section_of(text, store, sentinel):
    """section_of - HOWTO's, with the addresses of the test"""
    for i in range(10, 13):
        assert "192.0.2.%d:26379" % i in text
        text = text.replace("192.0.2.%d:26379" % i,
                            "127.0.0.1:%d" % sentinel.port)
    return patient(store.moved(text))


def test_howto(program):
    """the chapter of HOWTO: its users are enough for a replica, and for
    Sentinel to make it the primary"""
    users, watch, section = chapter()[8:11]
    first = HowtoStore()
    second = HowtoStore(first.secret())
    second.options["replicaof"] = "127.0.0.1 %d" % first.port
    for store in (first, second):
        store.shell(users)
    watch = watch.replace("192.0.2.10 6379 2", "127.0.0.1 %d 1" % first.port)
    sentinel = Sentinel(watch.replace("PASSWORD", first.secret()))
    policyd = Limited(program, 'rate "login" { limit = "3/1h" }\n' +
                      section_of(section, first, sentinel))
    with first, second, sentinel, policyd:
        wait_until(lambda: sentinel.knows("policyd"), "a replica")
        assert passes(policyd, "1")
        second.username, second.password = "policyd", first.secret()
        wait_until(lambda: not second.ask(
            "GET", "policyd:login:" + ALICE.lower()).startswith(b"$-1"),
            "the count in the replica")
        mark = policyd.mark()
        first.kill()
        is_away(policyd, "", mark)
        is_back(policyd, mark)
        policyd.expect(r"the primary is inet:127\.0\.0\.1:%d" % second.port,
                       mark)
        check(command(policyd, "login", ALICE)[1], r" 1  3/1h ")


if __name__ == "__main__":
    run_all([test_killed, test_exchanged, test_password, test_nobody_knows,
             test_howto])
