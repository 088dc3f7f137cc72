#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_stores - several hosts that count together in several stores

Two policyds share four stores, each of which has some of the keys: never more
passes than the limit, of a key in one of them, and of two keys in two. One of
the stores is killed: its keys go by what each host has counted, and those of
the others are not disturbed. policyd -r, the metrics, the page and the log know
which store it is.

POLICYD_TEST_LONG=1: four policyds, and 400 kills.

usage: test_stores.py POLICYD [TEST ...]
"""

import contextlib
import re
import subprocess
import threading
import urllib.request

from kit.daemon import free_port, run_all
from kit.kills import kill_rounds
from kit.rates import OK, OVER, Limited, check, command, request
from kit.store import Store
from kit.stores import (HERE, HOSTS, LIMIT, LOOKUP, chapter, passes,
                        store_section)

STORES = 4
MAILBOX = 'rate "mailbox" { limit = "%d/1h" }\n'
CUSTOMER = 'rate "customer" { key = sasl_domain limit = "%d/1h" }\n'


class Stores:
    """Four stores, and hosts that count in them."""

    def __init__(self, program):
        self.program = program
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.each = [self.stack.enter_context(Store()) for _ in range(STORES)]
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    def sections(self, inet=None, more="", count=STORES):
        """sections - each of them by its name, whatever its address"""
        return "".join(store_section(store, "name = s%d\n%s" % (i, more), inet)
                       for i, store in enumerate(self.each[:count]))

    def host(self, rates, more="", inet=None, extra=""):
        """host - the order of its sections is its own"""
        sections = self.sections(inet, more)
        if inet:
            sections = "".join(reversed(re.findall(
                r"(?s)store .*?\n}\n", sections)))
        return self.stack.enter_context(Limited(
            self.program, rates + sections, extra="threads = 2\n" + extra))

    def hosts(self, rates):
        return [self.host(rates, inet=(None, HERE)[i % 2]) for i in range(HOSTS)]

    def has(self, i, key):
        """has - is a key in that store?"""
        return self.each[i].ask("EXISTS", "policyd:" + key) == b":1\r\n"

    def where(self, key):
        """where - the only store that has it"""
        found = [i for i in range(STORES) if self.has(i, key)]
        assert len(found) == 1, (key, found)
        return found[0]


def logins(stores, policyd, count=3, rate="mailbox"):
    """logins - that many for each store, which have one message each"""
    found = [[] for _ in range(STORES)]
    for i in range(1000):
        login = "u%d@d%d.test" % (i, i)
        assert passes(policyd, "find%d" % i, sasl_username=login)
        found[stores.where("%s:%s" % (rate, login))].append(login)
        if min(map(len, found)) == count:
            return [names[:count] for names in found]
    raise AssertionError("a store gets no keys")


def send_all(policyds, login, name, passed):
    """send_all - from all hosts at once, more than is allowed"""
    def send(policyd, k):
        with policyd.client() as client:
            for i in range(LIMIT):
                reply = client.ask(request(
                    "DATA", "%s.%d.%d" % (name, k, i), 1,
                    sasl_username=login(k, i)))
                if OK in reply.decode():
                    passed.append(login(k, i))
    threads = [threading.Thread(target=send, args=(
        policyds[k % len(policyds)], k)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_shared(program):
    """each store has a share of the keys, and all hosts together let through
    the limit of each; also after a reload"""
    with Stores(program) as stores:
        policyds = stores.hosts(MAILBOX % LIMIT)
        for names in logins(stores, policyds[0], 1):
            passed = []
            send_all(policyds, lambda k, i: names[0], names[0], passed)
            assert len(passed) == LIMIT - 1, "%d passed" % len(passed)
            for policyd in policyds:
                assert not passes(policyd, "after", sasl_username=names[0])
        for policyd in policyds:
            policyd.reload()
            assert not passes(policyd, "reloaded", sasl_username=names[0])
            assert "is away" not in policyd.read(policyd.log)


def test_two_keys(program):
    """a message with keys in two stores: never more than the limit of either,
    and what is refused by one is not counted by the other"""
    with Stores(program) as stores:
        policyds = stores.hosts(MAILBOX % (2 * LIMIT) + CUSTOMER % LIMIT)
        passed = []
        send_all(policyds, lambda k, i: "u%d@local.test" % (i % 8), "two",
                 passed)
        # Several may be refused while one of them still holds what it gives
        # back.
        late = 0
        while passes(policyds[0], "late%d" % late,
                     sasl_username="u%d@local.test" % (late % 8)):
            late += 1
        assert len(passed) + late == LIMIT, (len(passed), late)
        text = command(policyds[1], "mailbox")[1]
        counted = dict(re.findall(r"(?m)^mailbox +(u\d@local\.test) +(\d+) ",
                                  text))
        assert sum(map(int, counted.values())) == LIMIT, text
        places = {stores.where("mailbox:" + login) for login in counted}
        assert len(places | {stores.where("customer:local.test")}) > 1
        check(command(policyds[0], "customer", "local.test")[1],
              r" %d  %d/1h " % (LIMIT, LIMIT))


def test_one_away(program):
    """one store is killed: its keys go by what this host has counted, the
    others by all; the log, metrics, page, --status and -r say which it is"""
    port = free_port()
    with Stores(program) as stores:
        other = stores.host(MAILBOX % 4, inet=HERE)
        policyd = stores.host(
            MAILBOX % 4,
            extra='metrics "inet:127.0.0.1:%d" { }' % port)
        names = logins(stores, policyd)
        for login in (names[0][0], names[1][0]):
            assert passes(other, "x", sasl_username=login)
        stores.each[0].kill()
        policyd.expect(r"warning: store unix:%s is away: " %
                       stores.each[0].socket)
        # Of two kinds of keys: 1 here and 1 there of 4.
        for login, left in ((names[0][0], 3), (names[1][0], 2)):
            passed = [passes(policyd, "away%d" % i, sasl_username=login)
                      for i in range(4)]
            assert sum(passed) == left and passed[:left] == [True] * left, \
                (login, passed)
        for store in stores.each[1:]:
            assert "store unix:%s is away" % store.socket not in \
                policyd.read(policyd.log)
        see(policyd, port, stores)
        answer(policyd, stores, names)
        stores.each[0].start()
        policyd.expect(r"store unix:%s is back after " %
                       stores.each[0].socket)
        assert passes(policyd, "back", sasl_username=names[0][0])


def see(policyd, port, stores):
    """see - store s0 is away"""
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as page:
        text = page.read().decode()
    assert re.findall(r'(?m)^policyd_store_up{store="(\w+)"} (\d)$', text) == \
        [("s0", "0"), ("s1", "1"), ("s2", "1"), ("s3", "1")], text
    asked = {(store, answered): int(number) for store, answered, number in
             re.findall(r'(?m)^policyd_store_questions_total{store="(\w+)",'
                        r'answered="(\w+)"} (\d+)$', text)}
    assert len(asked) == 8 and asked["s0", "no"] > 0, asked
    assert all(asked["s%d" % i, "yes"] > 0 for i in range(4)), asked
    assert all(asked["s%d" % i, "no"] == 0 for i in range(1, 4)), asked
    assert len(re.findall(r'(?m)^policyd_store_answer_seconds_total'
                          r'{store="s\d"} 0\.\d*[1-9]', text)) == 4, text
    with urllib.request.urlopen("http://127.0.0.1:%d/" % port) as page:
        text = page.read().decode()
    assert "store away" in text and stores.each[0].socket in text, text
    assert text.count("has been away for") == 1, text
    status, text = command(policyd, mode="--status")
    assert status == 1, text
    check(text, r"(?m)^stores +3 of 4 up; decided without one: [1-9]")


def answer(policyd, stores, names):
    """answer - -r without store s0"""
    said = r"policyd: store unix:%s cannot be asked: .*: " % \
        stores.each[0].socket
    status, text = command(policyd, "mailbox")
    assert status == 0, text
    assert len(re.findall(said + "its keys are listed", text)) == 1, text
    for login in sum(names, []):
        assert text.count(" %s " % login) == 1, (login, text)
    status, text = command(policyd, "--block", "mailbox", names[0][1])
    assert status == 75, text
    check(text, said + "nothing was changed")
    status, text = command(policyd, "--block", "mailbox", names[1][1])
    assert (status, text) == (0, ""), text
    check(policyd.get("DATA", "b", 1, sasl_username=names[1][1]),
          r"554 5\.7\.1 Sending is blocked")
    check(command(policyd, "mailbox", names[1][1])[1], "blocked")
    for what in ("--unblock", "--reset"):
        assert command(policyd, what, "mailbox", names[1][1]) == (0, "")
    for i in range(4):
        assert passes(policyd, "again%d" % i, sasl_username=names[1][1])
    assert not passes(policyd, "over", sasl_username=names[1][1])


def defer_permit_local(stores):
    """defer_permit_local - the sections of the first three, and the last"""
    return "".join(store_section(store, "name = s%d\naway = %s" % (i, away))
                   for i, (store, away) in enumerate(zip(
                       stores.each, ("defer", "permit", "local", "local"))))


def test_away_of_each(program):
    """each store has an away of its own, also for a message with keys in two:
    what is refused so is counted nowhere"""
    with Stores(program) as stores:
        policyd = stores.stack.enter_context(Limited(
            program, MAILBOX % 3 + 'rate "client" { key = client_address '
            'limit = "500/1h" }\n' + defer_permit_local(stores)))
        names = logins(stores, policyd, 2)
        address = {}
        for i in range(50):
            client = "192.0.2.%d" % i
            assert passes(policyd, "c%d" % i, client_address=client,
                          sasl_username="c%d" % i)
            address[stores.where("client:" + client)] = client

        def get(name, login, of=3):
            return policyd.get("DATA", name, 1, sasl_username=login,
                               client_address=address[of])

        def kill(i):
            stores.each[i].kill()
            policyd.expect("store unix:%s is away" % stores.each[i].socket)

        for i in range(3):
            kill(i)
        check(get("1", names[0][0]), LOOKUP)
        for i in range(9):
            check(get("p%d" % i, names[1][0]), OK)
        # Store s0 cannot say: so nothing is counted here, nor in s3.
        for i in range(5):
            for login in (names[2][0], names[3][0], names[3][1]):
                check(get("d%d" % i, login, 0), LOOKUP)
        check(command(policyd, "mailbox", names[3][0])[1], r" 1  3/1h ")
        for login in (names[2][0], names[3][0]):
            assert [get("n%d" % i, login) for i in range(2)] == [OK, OK]
            check(get("n3", login), OVER)
        kill(3)
        assert [get("m%d" % i, names[3][1]) for i in range(2)] == [OK, OK]
        check(get("m3", names[3][1]), OVER)


def test_networks_last(program):
    """a message that is over a limit is refused for that, and its network is
    not remembered in another store, which was not asked"""
    with Stores(program) as stores:
        port = free_port()
        policyd = stores.host(
            'rate "places" { key = sasl_domain count = client_networks '
            'limit = "9/1d" }\n' + MAILBOX % 1, "away = defer",
            extra='metrics "inet:127.0.0.1:%d" { }' % port)
        assert passes(policyd, "first")
        place = stores.where("places:local.test")
        for i in range(20):
            login = "u%d@local.test" % i
            assert passes(policyd, "1", sasl_username=login)
            if stores.where("mailbox:" + login) == place:
                continue
            check(policyd.get("DATA", "2", 1, sasl_username=login,
                              client_address="198.51.100.%d" % i), OVER)
        text = command(policyd, "places", "local.test")[1]
        check(text, r"local\.test +1  9/1d ")
        assert "198.51.100." not in text, text
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) \
                as page:
            assert b"\npolicyd_store_fallback_total 0\n" in page.read()


def test_one_more(program):
    """with one more store, the keys that stay are counted on, those that move
    begin anew, and -r lists each of them once"""
    with Stores(program) as stores:
        policyd = stores.stack.enter_context(Limited(
            program, MAILBOX % 2 + stores.sections(count=3)))
        every = ["u%d@d.test" % i for i in range(40)]
        for login in every:
            assert passes(policyd, login, sasl_username=login)
        policyd.settings = MAILBOX % 2 + stores.sections()
        policyd.write()
        policyd.reload()
        for login in every:
            assert passes(policyd, "2" + login, sasl_username=login)
        moved = [login for login in every if stores.has(3, "mailbox:" + login)]
        assert 0 < len(moved) < 25, moved
        for login in every:
            assert passes(policyd, "3" + login, sasl_username=login) == \
                (login in moved), login
            assert not passes(policyd, "4" + login, sasl_username=login)
        text = command(policyd, "mailbox")[1]
        for login in every:
            check(text, r"(?m)^mailbox +%s +2  2/1h " % login)
            assert text.count(login) == 1, text


def test_kills(program):
    """clients are killed at any time, with keys in two stores: never more than
    the limit"""
    with Stores(program) as stores:
        kill_rounds(stores.hosts(MAILBOX % (4 * LIMIT) + CUSTOMER % LIMIT),
                    lambda name: lambda i: "u%d@%s.test" % (i % 8, name))


def test_stdio(program):
    """policyd -s counts in all of them"""
    with Stores(program) as stores:
        policyd = stores.host(MAILBOX % 2)
        for names in logins(stores, policyd, 1):
            for instance, pattern in (("1", OK), ("2", OVER)):
                done = subprocess.run(
                    [program, "-s", "-c", policyd.config], capture_output=True,
                    input=request("DATA", instance, 1, sasl_username=names[0]))
                check(done.stdout.decode()[len("action="):].strip(), pattern)
            assert not passes(policyd, "5", sasl_username=names[0])


def test_howto(program):
    """the sections of HOWTO, but for TLS and the password, share the keys"""
    text = re.sub(r"(?m)^ +(username|password_file|tls) .*\n", "",
                  chapter()[11])
    with Stores(program) as stores:
        for store, address in zip(stores.each, ("192.0.2.10", "192.0.2.11")):
            assert address + ":6380" in text, text
            text = text.replace(address + ":6380", "127.0.0.1:%d" % store.port)
        text = text.replace("name =", "timeout = 5s\nname =")
        policyd = stores.stack.enter_context(
            Limited(program, MAILBOX % 1 + text))
        for i in range(20):
            assert passes(policyd, str(i), sasl_username="u%d" % i)
        found = {stores.where("mailbox:u%d" % i) for i in range(20)}
        assert found == {0, 1}, found
        done = subprocess.run([program, "-t", "-c", policyd.config],
                              capture_output=True, text=True)
        assert done.returncode == 0 and "store" not in done.stderr, done


if __name__ == "__main__":
    run_all([test_shared, test_two_keys, test_one_away, test_away_of_each,
             test_networks_last, test_one_more, test_kills, test_stdio, test_howto])
