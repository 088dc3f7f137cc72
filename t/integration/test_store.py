#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_store - several hosts that count together, in one Valkey or Redis

Several policyds share one store: never more passes than the limit. The store is
killed, stopped, restarted empty, made read-only, filled, and asked with a wrong
password: requests are answered all the same, by what each host has counted, and
by the store again when it is back.

POLICYD_TEST_LONG=1: four policyds, and more rounds.

usage: test_store.py POLICYD [TEST ...]
"""

import contextlib
import os
import re
import subprocess
import threading
import urllib.request

from kit.daemon import free_port, run_all, wait_until
from kit.rate_mail import Mail, restrictions
from kit.rates import ALICE, OK, OVER, Limited, check, command, request
from kit.store import Store
from kit.stores import (HERE, HOSTS, LIMIT, LOOKUP, HowtoStore, is_away,
                        is_back, limited, passes, store_section)

LOGIN = "user@local.test"       # of the Postfix


def test_shared(program):
    """all hosts together let through the limit, and no more, from several
    connections at once; also after a reload, and by TCP"""
    with Store() as store, contextlib.ExitStack() as hosts:
        policyds = [hosts.enter_context(limited(
            program, store, inet=(None, HERE)[i % 2]))
                    for i in range(HOSTS)]
        passed = []

        def send(policyd, name):
            with policyd.client() as client:
                for i in range(LIMIT):
                    reply = client.ask(request("DATA", "%s.%d" % (name, i), 1))
                    if OK in reply.decode():
                        passed.append(name)

        threads = [threading.Thread(target=send, args=(policyd, "%d.%d" % (
            i, k))) for i, policyd in enumerate(policyds) for k in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(passed) == LIMIT, "%d passed" % len(passed)
        for policyd in policyds:
            policyd.reload()
            assert not passes(policyd, "after")
            assert passes(policyd, "bob%d" % id(policyd), sasl_username="bob")
            assert "is away" not in policyd.read(policyd.log)


def test_instance(program):
    """a request that is asked again, of any host, counts once"""
    with Store() as store, limited(program, store, limit="2/1h") as one, \
            limited(program, store, limit="2/1h") as other:
        for policyd in (one, other, one, other):
            assert passes(policyd, "same")
        assert passes(other, "second")
        assert not passes(one, "third")


def test_recipients(program):
    """at RCPT the store is asked only if this host would refuse"""
    with Store() as store, limited(program, store, limit="2/1h") as one, \
            limited(program, store, limit="2/1h") as other:
        check(one.get("RCPT", "1"), OK)
        assert passes(one, "1") and passes(other, "2")
        check(one.get("RCPT", "3"), OK)     # it has counted 1 of 2
        assert not passes(one, "3")
        assert passes(one, "x", sasl_username="bob")
        assert passes(one, "y", sasl_username="bob")
        check(one.get("RCPT", "4", sasl_username="bob"), OVER)
        store.set("FLUSHALL")
        check(one.get("RCPT", "5", sasl_username="bob"), OK)
    # A look is no reason to warn: the counting is, once.
    with Store() as store, limited(program, store, limit="5/1h") as policyd:
        for i in range(5):
            for _ in range(3):
                check(policyd.get("RCPT", str(i)), OK)
            assert passes(policyd, str(i))
        text = policyd.read(policyd.log)
        assert text.count("has used 4 of 5") == 1, text
        assert text.count("warning: rate login") == 1, text


def test_stdio(program):
    """policyd -s counts in the store"""
    with Store() as store, limited(program, store, limit="3/1h") as policyd:
        assert passes(policyd, "1")
        for instance, pattern in (("2", OK), ("3", OK), ("4", OVER)):
            done = subprocess.run([program, "-s", "-c", policyd.config],
                                  input=request("DATA", instance, 1),
                                  capture_output=True)
            assert done.returncode == 0, done
            check(done.stdout.decode()[len("action="):].strip(), pattern)
        assert not passes(policyd, "5")


def hurt_by_kill(store):
    store.kill()
    return "", store.start


def hurt_by_stop(store):
    store.stop()
    return "", store.go_on


def hurt_by_memory(store):
    store.set("CONFIG", "SET", "maxmemory", 1)
    return "", lambda: store.set("CONFIG", "SET", "maxmemory", 0)


def hurt_by_replication(store):
    store.set("REPLICAOF", "127.0.0.1", 1)
    return "", lambda: store.set("REPLICAOF", "NO", "ONE")


def hurt_by_password(store):
    store.set("CONFIG", "SET", "requirepass", "secret")
    store.password = "secret"
    store.ask("CLIENT", "KILL", "TYPE", "normal")
    return "", lambda: store.set("CONFIG", "SET", "requirepass", "")


HURTS = [hurt_by_kill, hurt_by_stop, hurt_by_memory, hurt_by_replication,
         hurt_by_password]


def test_away(program):
    """whatever happens to the store: each host goes on with what it has
    counted, which is not more than the limit, and with the store when that is
    back; both are in the log once"""
    for hurt in HURTS:
        with Store() as store, \
                limited(program, store, limit="5/1h") as policyd:
            for i in range(3):
                assert passes(policyd, "before%d" % i), hurt
            why, heal = hurt(store)
            passed = [passes(policyd, "away%d" % i) for i in range(6)]
            assert sum(passed) == 2 and passed[:2] == [True, True], \
                "%s: %s" % (hurt.__name__, passed)
            is_away(policyd, why)
            heal()
            is_back(policyd)
            # The store, whatever it remembers, knows nothing of bob.
            for i in range(5):
                assert passes(policyd, "b%d" % i, sasl_username="bob"), hurt
            assert not passes(policyd, "b5", sasl_username="bob")
            text = policyd.read(policyd.log)
            assert text.count("is away: ") == 1, text
            assert text.count("is back after ") == 1, text


def test_defer_and_permit(program):
    """away = defer, and away = permit"""
    for away, pattern in (("defer", LOOKUP), ("permit", OK)):
        with Store() as store:
            policyd = limited(program, store, "away = %s" % away, "1/1h")
            with policyd:
                assert passes(policyd, "1")
                store.kill()
                is_away(policyd, "")
                for i in range(3):
                    check(policyd.get("DATA", "away%d" % i, 1), pattern)
                store.start()
                is_back(policyd)
                check(policyd.get("DATA", "after", 1), OK)
                check(policyd.get("DATA", "over", 1), OVER)


def test_at_start(program):
    """a host that starts while the store is away; and one with a wrong
    password says so"""
    with Store(requirepass="right") as store:
        policyd = Limited(program, "")
        secret = policyd.path("secret")
        with open(secret, "w") as file:
            file.write("wrong\n")
        os.chmod(secret, 0o600)
        policyd.settings = 'rate "login" { limit = "2/1h" }\n' + \
            store_section(store, 'password_file = "%s"' % secret)
        policyd.restrictions = "check_rate:login, permit_sasl_authenticated"
        policyd.write()
        with policyd:
            assert [passes(policyd, str(i)) for i in range(3)] == \
                [True, True, False]
            is_away(policyd, "[Pp]assword")
            with open(secret, "w") as file:
                file.write("right\n")
            mark = policyd.mark()
            policyd.reload()
            assert passes(policyd, "a", sasl_username="bob")
            assert "is away" not in policyd.read(policyd.log, mark)
            store.kill()
            policyd.stop()
            mark = policyd.mark()
            policyd.start()
            is_away(policyd, "", mark)
            assert not passes(policyd, "late")


def test_waiting(program):
    """requests that wait when their clients go, at a reload, and at the end"""
    with Store() as store, \
            limited(program, store, "timeout = 2s", "5/1h") as policyd:
        assert passes(policyd, "1")
        store.stop()
        with policyd.client() as gone:
            gone.send(request("DATA", "gone", 1))
        with policyd.client() as client:
            client.send(request("DATA", "2", 1))
            policyd.reload()
            assert OK in client.reply().decode()
        # The server that has taken over has to notice it, too.
        policyd.expect(r"policyd\[%d\]: warning: store \S+ is away: " %
                       policyd.server())
        mark = policyd.mark()
        store.go_on()
        is_back(policyd, mark)
        store.stop()
        with policyd.client() as client:
            client.send(request("DATA", "3", 1))
            policyd.stop()
            assert OK in client.reply().decode() or client.reply() == b""


def test_command(program):
    """policyd -r lists what all hosts have counted, and changes it for all;
    while the store is away it lists what this host has counted"""
    with Store() as store, limited(program, store, limit="4/1h") as one, \
            limited(program, store, limit="4/1h") as other:
        assert passes(one, "1") and passes(one, "2") and passes(other, "3")
        for policyd in (one, other):
            check(command(policyd, "login")[1],
                  r"login +alice@local\.test +3  4/1h +1 ")
            check(command(policyd, "login", ALICE)[1], r" 3  4/1h +1 ")
        assert command(one, "--over")[0] == 0
        check(command(other, "state=DATA", "login=" + ALICE, "recipients=1",
                      mode="-q")[1],
              r"alice@local\.test has used 1 of 4 recipients in 1h.*; counted "
              r"on this host alone, see policyd -r")
        assert command(one, "--block", "login", ALICE, "--for", "2h")[0] == 0
        check(other.get("DATA", "4", 1), r"554 5\.7\.1 Sending is blocked")
        check(other.get("RCPT", "4"), r"554 5\.7\.1 Sending is blocked")
        check(command(other, "login", ALICE)[1], "blocked")
        assert command(one, "--unblock", "login", ALICE)[0] == 0
        assert passes(other, "5")
        assert not passes(one, "6")
        assert command(one, "--over")[0] == 1
        assert command(one, "--reset", "login", ALICE)[0] == 0
        check(command(one, "--reset", "login", ALICE)[1],
              "login: alice@local.test has not been counted")
        check(other.get("RCPT", "7"), OK)
        for i in range(4):
            assert passes(other, "again%d" % i)
        assert not passes(one, "8")
        assert command(other, "--block", "login", ALICE)[0] == 0
        assert not re.match(OVER, one.get("DATA", "9", 1))
        store.kill()
        is_away(one, "")
        status, text = command(other, "login", ALICE)
        assert status == 0, text
        check(text, r"(?m)^policyd: the store cannot be asked: unix:.*: its "
              "keys are listed as this host has counted them$")
        check(text, r" 6  4/1h +0 ")
        status, text = command(one, "--unblock", "login", ALICE)
        assert status == 75, text
        check(text, r": nothing was changed$")
        check(one.get("DATA", "10", 1), r"554 5\.7\.1 Sending is blocked")


def test_howto(program):
    """the chapter of HOWTO: its configuration of the store, the least rights
    that suffice, and a Postfix whose mail is counted together with that of
    another host"""
    with HowtoStore() as store:
        other = Limited(program, store.settings(), "check_rate:login, "
                        "permit_sasl_authenticated", "threads = 2")
        mail = Mail(program, ["login"], restrictions("check_rate:login"), [
            ('"200/1h", "1000/1d"', '"8/1h"'),
            ('limit_maps = "texthash:/etc/policyd/limits"', "")])
        store_section_only = re.sub(r'(?m)^rate .*\n', "", store.settings())
        with open(mail.policyd.file, "a") as file:
            file.write(store_section_only)
        other.settings = other.settings.replace('"200/1h", "1000/1d"',
                                                '"8/1h"')
        other.write()
        with other, mail:
            with mail.session() as session:
                check(mail.send(session, 3), "^250 ")
            for i in range(3):
                check(other.get("DATA", str(i), 1, sasl_username=LOGIN), OK)
            with mail.session() as session:
                check(mail.send(session, 3), "^450 4.7.1 <DATA>: ")
                check(mail.send(session, 2), "^250 ")
            check(other.get("DATA", "9", 1, sasl_username=LOGIN), OVER)
            wait_until(lambda: mail.delivered() == 5, "5 recipients")
            assert command(other, "--block", "login", "bob")[0] == 0
            check(command(other, "login", "bob")[1], "blocked until")
            assert "is away" not in mail.policyd.said() + other.said()
        assert store.ask("GET", "x").startswith(b"-NOAUTH")
        store.password, store.username = store.secret(), "policyd"
        for words in (("FLUSHALL",), ("GET", "other:x"), ("KEYS", "*"),
                      ("CONFIG", "GET", "dir")):
            answer = store.ask(*words)
            assert answer.startswith(b"-NOPERM"), (words, answer)
        assert store.ask("GET", "policyd:x").startswith(b"$-1")


def metrics(port):
    """metrics - {name: value} of those of the store"""
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as page:
        text = page.read().decode()
    return {name: float(value) for name, value in re.findall(
        r"^policyd_store_(\w+)(?:{.*?})? (\S+)$", text, re.M)}


def test_seen(program):
    """metrics, the page, and --status"""
    port = free_port()
    with Store() as store, limited(
            program, store,
            extra='metrics "inet:127.0.0.1:%d" { }' % port) as policyd:
        assert passes(policyd, "1")
        seen = metrics(port)
        assert seen["up"] == 1 and seen["seconds_count"] == 1, seen
        assert 0 < seen["seconds_sum"] < 100, seen
        assert seen["fallback_total"] == 0, seen
        store.kill()
        is_away(policyd, "")
        assert passes(policyd, "2")
        seen = metrics(port)
        assert seen["up"] == 0 and seen["fallback_total"] >= 1, seen
        with urllib.request.urlopen("http://127.0.0.1:%d/" % port) as page:
            text = page.read().decode()
        assert "store away" in text and store.socket in text, text
        status, text = command(policyd, mode="--status")
        assert status == 1 and re.search("^store +away; ", text, re.M), text
        store.start()
        is_back(policyd)
        wait_until(lambda: metrics(port)["up"] == 1, "policyd_store_up 1")
        policyd.reload()
        assert metrics(port)["seconds_count"] >= 1


if __name__ == "__main__":
    run_all([test_shared, test_instance, test_recipients, test_stdio, test_away,
             test_defer_and_permit, test_at_start, test_waiting, test_command,
             test_seen, test_howto])
