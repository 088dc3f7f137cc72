#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_international - domains that are not ASCII: what this Postfix takes for
a valid one, and for the same one, policyd does too

usage: test_international.py POLICYD [test_name ...]

Both have the ICU of this system; the unit tests compare all of Unicode with
it, and this a sample with a real Postfix. In test_differential, Postfix refuses
a domain that is not valid before it asks; here policyd gets it all the same.

  POLICYD_FUZZ_COUNT    compare this number of addresses (12000)
  POLICYD_FUZZ_SEED     another seed makes other addresses
"""

import os
import random
import re
import sys
import types

from kit.daemon import REQUEST, Client, Daemon, run_all
from kit.instance import POLICYD_CONF, Instance, builtin_class, escape
from kit.policyd import Policyd
from kit.postfix import daemon_directory, run
from kit.strace import Strace

COUNT = int(os.environ.get("POLICYD_FUZZ_COUNT", "12000"))
SEED = os.environ.get("POLICYD_FUZZ_SEED", "1")
BATCH = 50
LETTERS = 150           # listed, in one of their forms
# Where a character may be; what is below relay.test is permitted, if valid.
PLACES = ["%s.relay.test", "a%sb.relay.test", "xn--bcher-kva.A%s.relay.test",
          "a.%sz.relay.test", "a%s.relay.test"]
# Most characters are below the first of these.
DENSE, LAST = 0x33480, 0x10ffff
OWN = ["xn--bcher-kva.test", "stra\u00dfe.test", "\u03c3\u03c2.test"]
SPELLINGS = ["b\u00fccher.test", "B\u00dcCHER.test", "XN--Bcher-kva.TEST",
             "strasse.test", "STRASSE.TEST", "stra\u1e9ee.test",
             "xn--strae-oqa.test", "\u03a3\u03a3.test", "\u03c3\u03c3.test",
             "b\u00fccher\u3002test", "other.\u00fc.test"]
# What a request needs whose domain is ASCII, in one thread, and memory.
MEMORY = {"brk", "mmap", "munmap", "mremap", "madvise"}


def letters(chance):
    """letters - some that have another form"""
    cased = [chr(point) for point in range(0x80, DENSE)
             if not 0xd800 <= point <= 0xdfff
             and len({chr(point), chr(point).lower(), chr(point).upper(),
                      chr(point).casefold()}) > 1]
    return chance.sample(cased, LETTERS)


def domains(chance, listed):
    """domains - without end"""
    yield from OWN + SPELLINGS
    for letter in listed:
        for form in {letter, letter.lower(), letter.upper(), letter.title(),
                     letter.casefold(), letter.swapcase()}:
            yield "x%sy.fold.test" % form
    while True:
        point = chance.randrange(0x80, DENSE if chance.random() < .95
                                 else LAST)
        if not 0xd800 <= point <= 0xdfff:
            yield chance.choice(PLACES) % chr(point)


def judged(client, texts):
    """judged - what policyd decides about these recipients"""
    client.send(b"".join(REQUEST % text.encode() for text in texts))
    replies = [client.reply() for _ in texts]
    for reply in replies:
        assert reply.startswith((b"action=OK", b"action=554 ")), reply
    return [reply.startswith(b"action=OK") for reply in replies]


def compare(session, client, texts):
    """compare - one transaction; how many are permitted"""
    session.send_batch(["<%s>" % text for text in texts], True)
    expected = []
    for text, reply in zip(texts, session.replies(texts)):
        found = builtin_class(reply)
        assert found in ("permit", "reject", "syntax"), (text, reply)
        expected.append(found == "permit")
    wrong = ["%s: Postfix: %s, policyd: %s" % (escape(text), theirs, ours)
             for text, theirs, ours in zip(texts, expected,
                                           judged(client, texts))
             if theirs != ours]
    assert not wrong, "\n".join(wrong)
    return sum(expected)


def test_agrees(program):
    """the same domains are valid, and the same are alike"""
    chance = random.Random(SEED)
    listed = letters(chance)
    texts = ("user@" + domain for domain in domains(chance, listed))
    with Instance() as postfix:
        names = os.path.join(postfix.directory, "names")
        postfix.apply(types.SimpleNamespace(
            values={"mydestination": ", ".join(OWN),
                    "relay_domains": "relay.test, " + names},
            files={names: "".join("x%sy.fold.test\n" % letter
                                  for letter in listed)}, maps=[]))
        path = os.path.join(postfix.queue, "private", "policyd")
        text = POLICYD_CONF % path + \
            'import_postfix = "%s"\n' % postfix.config
        permitted = compared = 0
        with Policyd(program, postfix.directory, text, path) as policyd, \
                Client(path) as client, \
                postfix.session("builtin") as session:
            while compared < COUNT:
                batch = [next(texts) for _ in range(BATCH)]
                permitted += compare(session, client, batch)
                compared += BATCH
            client.close()
            policyd.stop()
    print("  %d compared, %d of them permitted" % (compared, permitted))
    assert compared / 10 < permitted < compared * 9 / 10


def calls(daemon, domain):
    """calls - that the server makes for a request about this domain, and for
    others: strace has written it down when the next one is answered"""
    with Client(daemon.socket) as client:
        requests = [REQUEST % ("user@" + name).encode()
                    for name in ("relay.test", domain, "relay.test")]
        client.ask(requests[0])
        with Strace(daemon.server(), []) as strace:
            for request in requests:
                reply = client.ask(request)
                assert reply.startswith(b"action=permit_auth"), reply
            return strace.calls()


def test_opens_nothing(program):
    """the first international domain needs nothing of the system that another
    one does not: what ICU reads, it has read before"""
    settings = 'threads = 1\nrelay_domains = "relay.test"\n'
    with Daemon(program, settings) as daemon:
        usual = calls(daemon, "relay.test")
        assert usual, "nothing was seen"
        more = calls(daemon, "\u00fc.relay.test") - usual - MEMORY
        assert not more, more


def libraries(path):
    """libraries - of ICU that a program is linked with"""
    return set(re.findall(r"libicu\w+\.so\.\d+", run("ldd", path)))


def test_same_library(program):
    """that of Postfix, and -V names it"""
    smtpd = os.path.join(daemon_directory(), "smtpd")
    assert libraries(program) and libraries(program) <= libraries(smtpd), (
        libraries(program), libraries(smtpd))
    version = re.search(r"^library: ICU (\d+)\S*, Unicode \d+\.\d+$",
                        run(program, "-V"), re.M)
    assert {name.rpartition(".")[2] for name in libraries(program)} == \
        {version[1]}, version


if __name__ == "__main__":
    sys.exit(run_all([test_agrees, test_opens_nothing, test_same_library]))
