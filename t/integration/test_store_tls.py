#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_store_tls - the store of several hosts, in TLS

A real Valkey or Redis that listens in TLS only: policyd counts in it, keeps
doing so over a reload, and its command line uses it. One that has the wrong
name, or is signed by somebody else, or asks for a certificate, gets nothing.

usage: test_store_tls.py POLICYD [TEST ...]
"""

import os
import re
import shutil
import socket
import subprocess
import threading

from kit.certificates import Authority
from kit.daemon import WAIT, free_port, run_all
from kit.rates import ALICE, OK, OVER, Limited, check, command, request
from kit.sentinel import NAME, Sentinel, settings
from kit.store import Store
from kit.stores import HowtoStore, chapter, is_away, is_back, passes, patient

LIMIT = 4
ALICE_KEPT = "policyd:login:" + ALICE.lower()     # her key in the store


class TlsStore(Store):
    """A store that listens in TLS, and in plain text only on its socket; its
    authority is ca.pem, a host's certificate host.pem and host.key."""

    def __init__(self, asks=False):
        super().__init__()
        self.ca = Authority(self.directory)
        self.ca.issue("store", "server")
        self.ca.issue("host")
        self.other = Authority(self.directory, "other")
        self.other.issue("another", "server")
        self.options.update({
            "port": 0, "tls-port": self.port,
            "tls-cert-file": self.path("store.pem"),
            "tls-key-file": self.path("store.key"),
            "tls-ca-cert-file": self.path("ca.pem"),
            "tls-auth-clients": "yes" if asks else "no"})

    def path(self, name):
        return os.path.join(self.directory, name)

    def section(self, more="", title=None, outer=""):
        """section - of policyd.conf, with a timeout that a busy machine can
        keep; more is for the tls section"""
        return ('store "%s" {\n\ttimeout = 5s\n\t%s\n\ttls {\n'
                '\t\tca = "%s"\n\t\t%s\n\t}\n}\n'
                % (title or "inet:127.0.0.1:%d" % self.port, outer,
                   self.path("ca.pem"), more))


def limited(program, section):
    """limited - a host; threads: the first one and another"""
    return Limited(program,
                   'rate "login" { limit = "%d/1h" }\n' % LIMIT + section,
                   extra="threads = 2\n")


def test_counts(program):
    """two hosts count together, by address and by name, over a reload, and
    after the store was killed; nobody is ever away but then"""
    with TlsStore() as store, \
            limited(program, store.section()) as one, \
            limited(program, store.section(
                'servername = "policyd.local.test"')) as other:
        for i, policyd in enumerate((one, other, one, other)):
            assert passes(policyd, str(i))
        assert not passes(one, "5") and not passes(other, "6")
        for policyd in (one, other):
            policyd.reload()
            assert not passes(policyd, "7")
            assert passes(policyd, "8", sasl_username="bob")
            assert "is away" not in policyd.read(policyd.log)
        store.kill()
        is_away(one, "it has closed the connection")
        store.start()
        is_back(one)
        assert passes(one, "9")     # it has forgotten all


def test_many(program):
    """many requests at once, of several connections, while the server is
    replaced: the limit, and no more"""
    passed = []

    def send(policyd, name):
        for i in range(LIMIT * 3):
            with policyd.client() as client:
                reply = client.ask(request("DATA", "%s.%d" % (name, i), 1))
                if OK in reply.decode():
                    passed.append(name)

    with TlsStore() as store, limited(program, store.section()) as policyd:
        threads = [threading.Thread(target=send, args=(policyd, str(k)))
                   for k in range(4)]
        for thread in threads:
            thread.start()
        policyd.reload()
        for thread in threads:
            thread.join()
        assert len(passed) == LIMIT, passed
        assert "is away" not in policyd.read(policyd.log)


REFUSALS = [
    ('servername = "other.test"', False,
     "its certificate is not for other.test"),
    ("", True, "it may require a certificate of the client"),
]


def test_refused(program):
    """a store that is not the right one gets nothing, and the log says why;
    this host counts, and the command line gives the same reason"""
    for more, asks, why in REFUSALS:
        with TlsStore(asks) as store, \
                limited(program, store.section(more)) as policyd:
            is_away(policyd, re.escape("the store, in TLS: " + why))
            assert [passes(policyd, str(i)) for i in range(LIMIT + 1)] == \
                [True] * LIMIT + [False]
            status, text = command(policyd, "login", ALICE)
            assert status == 0, text
            check(text, "the store cannot be asked: the store, in TLS: " + why)
            assert store.ask("DBSIZE") == b":0\r\n"


def test_renewed(program):
    """the certificate of the store is replaced by one of another authority:
    away, until ca is, too; and with our own certificate"""
    with TlsStore(asks=True) as store:
        own = 'certificate = "%s"\nkey = "%s"' % (store.path("host.pem"),
                                                  store.path("host.key"))
        with limited(program, store.section(own)) as policyd:
            assert passes(policyd, "1")
            store.kill()
            store.options["tls-cert-file"] = store.path("another.pem")
            store.options["tls-key-file"] = store.path("another.key")
            store.start()
            mark = policyd.mark()
            policyd.reload()
            is_away(policyd, "not signed by an authority in ca", mark)
            shutil.copy(store.path("other.pem"), store.path("ca.pem"))
            policyd.reload()
            assert passes(policyd, "2")
            check(command(policyd, "login", ALICE)[1], r" 1  4/1h ")


def test_silent(program):
    """what listens does not speak TLS, or says nothing at all: nobody waits
    longer than for an answer"""
    with TlsStore() as store, socket.socket() as silent:
        store.kill()
        silent.bind(("127.0.0.1", store.port))
        silent.listen()
        section = store.section().replace("5s", "100ms")
        with limited(program, section) as policyd:
            assert passes(policyd, "1")
            is_away(policyd, "no TLS handshake with the store")
            accepted, _ = silent.accept()
            with accepted:
                # The first bytes are those of a handshake, not of a command.
                accepted.settimeout(WAIT)
                assert accepted.recv(1) == b"\x16"
        store.options.pop("tls-port")
        store.options["port"] = store.port
        silent.close()
        store.start()
        with limited(program, store.section()) as policyd:
            is_away(policyd, "TLS")
            assert passes(policyd, "2")


def test_sentinel(program):
    """a sentinel says where the store is; the certificate is for its name"""
    with TlsStore() as store, Sentinel(settings(store)) as sentinel:
        def section(name):
            return store.section('servername = "%s"' % name,
                                 "sentinel:" + NAME,
                                 'sentinels = "%s"' % sentinel.address)

        with limited(program, section("policyd.local.test")) as policyd:
            assert passes(policyd, "1")
            check(command(policyd, "login", ALICE)[1], r" 1  4/1h ")
            assert "is away" not in policyd.said()
        before = store.ask("GET", ALICE_KEPT)
        assert before.startswith(b"$19\r\n"), before
        with limited(program, section("other.test")) as policyd:
            is_away(policyd, "its certificate is not for other.test")
            assert passes(policyd, "2")
            assert store.ask("GET", ALICE_KEPT) == before


def test_stdio(program):
    """policyd -s and policyd -r read the files of tls themselves"""
    with TlsStore() as store, limited(program, store.section()) as policyd:
        for instance, pattern in [(str(i), OK) for i in range(LIMIT)] + \
                [("x", OVER)]:
            done = subprocess.run([program, "-s", "-c", policyd.config],
                                  input=request("DATA", instance, 1),
                                  capture_output=True)
            assert done.returncode == 0, done
            check(done.stdout.decode()[len("action="):].strip(), pattern)
        check(command(policyd, "login", ALICE)[1], r" 4  4/1h +0 ")
        assert command(policyd, "--block", "login", "bob")[0] == 0
        check(policyd.get("DATA", "y", 1, sasl_username="bob"), "554 5.7.1 ")
        assert command(policyd, "--reset", "login", ALICE)[0] == 0
        assert passes(policyd, "z")
        # The files are gone: the server has no need of them, others do.
        os.rename(store.path("ca.pem"), store.path("gone.pem"))
        check(command(policyd, "login", ALICE)[1],
              "the store cannot be asked: ca: .*: No such file")
        done = subprocess.run([program, "-s", "-c", policyd.config],
                              input=request("DATA", "s", 1),
                              capture_output=True)
        assert done.returncode == 75 and not done.stdout, done
        os.rename(store.path("gone.pem"), store.path("ca.pem"))


class HowtoTls(HowtoStore):
    """A store in TLS that is set up as HOWTO says."""

    def __init__(self):
        self.tls = free_port()
        super().__init__()
        make, settings, self.section = chapter()[5:8]
        self.shell(make)
        with open(os.path.join(self.directory, "redis", "tls.conf"),
                  "w") as file:
            file.write(self.moved(settings))
        self.options.pop("port")

    def moved(self, text):
        """moved - with the directories, address and port of the test"""
        text = text.replace("192.0.2.10:6380", "127.0.0.1:%d" % self.tls)
        text = text.replace("tls-port 6380", "tls-port %d" % self.tls)
        return super().moved(text.replace("192.0.2.10", "127.0.0.1"))

    def settings(self):
        """settings - of policyd"""
        return patient(self.moved(self.section))


def test_howto(program):
    """the lines about TLS of the chapter of HOWTO"""
    with HowtoTls() as store, \
            limited(program, store.settings()) as one, \
            limited(program, store.settings()) as other:
        assert passes(one, "1") and passes(other, "2")
        check(command(one, "login", ALICE)[1], r" 2  4/1h +2 ")
        assert "is away" not in one.said() + other.said()
        # There is no plain text but on its socket.
        assert b"NOAUTH" in store.ask("GET", "x")


if __name__ == "__main__":
    run_all([test_counts, test_many, test_refused, test_renewed, test_silent,
             test_sentinel, test_stdio, test_howto])
