#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_documents - every command of README, contrib/HOWTO, contrib/CONTRIBUTING
and contrib/SECURITY is run, in the order in which it appears, chapter by
chapter, against a throw-away Postfix.

kit/documents.py says what in them is a command, kit/documents_place.py where
they are run, and kit/documents_exceptions.py which are only checked.

usage: test_documents.py POLICYD
"""

import os
import re
import sys

from kit import demo
from kit.daemon import free_port, run_all, wait_until
from kit.documents import CONTRIBUTING, HOWTO, README, SECURITY, chapters, read
from kit.documents_exceptions import tests
from kit.documents_place import Place
from kit.init import parts, state
from kit.mailer import Failures, Mailer
from kit.postfix import Sink
from kit.postfix_files import judged
from kit.snippets import ROOT

FILES = [README, HOWTO, CONTRIBUTING, SECURITY]


def stranger(place, block, port):
    """stranger - what HOWTO has a stranger type, to a Postfix that insists on
    the pauses; the first one may be too short for a busy machine"""
    text = block.text.replace("127.0.0.1:25", "127.0.0.1:%d" % port)
    assert text != block.text and block.expected, block.where

    def answered():
        return all(line in place.shell(text) for line in block.expected)
    wait_until(answered, "answer to a stranger")


def mail(place, block):
    """mail - the three ports are protected; see test_delivery"""
    failures = Failures()
    ports = {name: free_port() for name in ("smtp", "submission",
                                            "submissions")}
    names = {name: "127.0.0.1:%d" % port for name, port in ports.items()}
    place.replace_ports(names)
    place.shell("policyd --reload")
    with Sink() as sink:
        saved = state(place.postfix.config)[0]
        place.postfix.deliver_to(sink)
        place.postfix.set("smtpd_forbid_unauth_pipelining=yes")
        place.postfix.start()
        stranger(place, block, ports["smtp"])
        Mailer(place.postfix, sink, ports).round("HOWTO, chapter 1", failures)
        place.postfix.stop()
        place.write(os.path.join(place.postfix.config, "main.cf"), saved)
    place.replace_ports({new: old for old, new in names.items()})
    assert not failures, failures


def switch_on(place, init):
    """switch_on - what --init has printed under "1." and "2." """
    assert init["2"][-1].startswith("policyd -P"), init
    assert init["1"] == ["policyd -t -c " + place.conf,
                         "policyd -d -c " + place.conf], init
    place.shell("\n".join(init["1"] + init["2"][:-1]))


def switch_off(place, init, before, block):
    """switch_off - the last lines of --init, after real mail"""
    mail(place, block)
    place.shell("\n".join(init["To"]))
    assert state(place.postfix.config) == before, "not as before"
    place.shell("\n".join(init["And"]))
    wait_until(lambda: not os.path.exists(place.path("policyd.pid")),
               "end of policyd")


def first_chapter(place, blocks):
    """first_chapter - from a bare Postfix to three ports, real mail, and
    back; what takes real ports, the package or Dovecot is done by
    t/package/newcomer.py"""
    bare = state(place.postfix.config)
    before = init = to_stranger = None
    done = []
    for block in blocks:
        if "type the lines printed under \"2.\"" in block.before:
            switch_on(place, init)
            done.append("on")
        if "type the lines that policyd --init has printed" in block.before:
            switch_off(place, init, before, to_stranger)
            done.append("off")
        if block.text.startswith("policyd --init"):
            before = state(place.postfix.config)
        if "s_client" in block.text:
            to_stranger = block
            continue
        if "--replay" in block.text:
            place.write(place.path("log", "mail.log"), "".join(
                line for line in read("t/data/postlog/debian").splitlines(True)
                if not re.search("printer|6D0DE1C0D7", line)))
        printed = place.do(block)
        if block.text.startswith("policyd --init"):
            init = parts(printed)
        if block.text.startswith("policyd -P"):
            assert done and "no problems found" in printed, printed
        if "--replay" in block.text:
            done.append("judged")
        elif block.text.startswith("policyd -q"):
            replies = re.findall(r"(?m)^action=(\S+)", printed)
            assert replies == [["554"], ["permit_sasl_authenticated"]][
                "login=" in block.text] or len(replies) == 2, printed
    assert done == ["judged", "on", "off"], "a step of chapter 1 is missing"
    assert state(place.postfix.config) == bare, "not as it was"


def second_chapter(place, starts, changes):
    """second_chapter - Postfix has its three ports, and policyd runs as in
    chapter 2, unless what follows starts it; so does Postfix ask it, unless
    what follows changes that"""
    second = dict(chapters(HOWTO))["2. THE SAME BY HAND"]
    place.shell("""
        postconf -M submission/inet='submission inet n - y - - smtpd' \
            submissions/inet='submissions inet n - y - - smtpd'
        postconf -P submissions/inet/smtpd_tls_wrappermode=yes
        postconf -P submission/inet/smtpd_tls_security_level=encrypt
        postconf -e smtpd_tls_security_level=may \
            smtpd_tls_auth_only=yes smtpd_sasl_auth_enable=yes""")
    for block in second:
        if block.file or (block.word == "postconf" and not changes):
            place.do(block)
    if not starts:
        place.shell("policyd -d")


RETURN = "127.0.0.1:10025"


def add_return_port(place):
    """add_return_port - where a content filter hands mail back"""
    place.shell("""
        postconf -M %s/inet='%s inet n - y - - smtpd'
        postconf -P %s/inet/content_filter= \
            %s/inet/smtpd_end_of_data_restrictions= \
            %s/inet/mynetworks=127.0.0.0/8 \
            %s/inet/smtpd_recipient_restrictions=permit_mynetworks,reject
        """ % ((RETURN,) * 6))


def check_return_port(program, place):
    """check_return_port - the filter can still hand mail back; the port is
    gone then"""
    port = judged(program, place.postfix.config)[RETURN]
    assert port.cells["host", "elsewhere"] == "passes", port.why
    place.shell("postconf -MX %s/inet" % RETURN)


def type_lines(place, block, init):
    """type_lines - what HOWTO has typed of what --init has printed"""
    if 'lines printed under "1."' in block.before:
        place.shell("\n".join(init["1"]))
    if re.search(r'lines\s+printed\s+under .*"2\."', block.before):
        place.shell("\n".join(init["2"]))


def add_rates(place):
    """add_rates - policyd.conf has the first rate that HOWTO shows"""
    blocks = dict(chapters(HOWTO))["12. SENDING LIMITS"]
    first = [block.word for block in blocks].index("rate")
    os.mkdir(place.path("rates"))
    place.do(next(block for block in blocks if block.file))
    with open(place.conf, encoding="utf-8") as file:
        text = file.read()
    place.write(place.conf, '%s\n%s\nrate_directory = "%s"\n' % (
        text, place.moved(blocks[first].text), place.path("rates")))


def later_chapter(program, place, blocks):
    """later_chapter - a chapter that continues the second"""
    init = None
    limited = any("policyd -r login" in block.text for block in blocks)
    second_chapter(place, any(re.search("policyd -d|--init|"
                                        "systemctl restart|podman run -d", block.text)
                              for block in blocks),
                   any("postconf" in block.text for block in blocks))
    if limited:
        add_rates(place)
        place.shell("policyd --reload")
    changes = [block for block in blocks if "relay_restr" in block.text]
    if changes:
        add_return_port(place)
    for block in blocks:
        if init:
            type_lines(place, block, init)
        if "A variant" in block.before:
            check_return_port(program, place)
            changes = []
        printed = place.do(block)
        init = parts(printed) if "policyd --init" in block.text else None
        if "policyd -P" in block.text:
            assert re.search("no problems found| 0 errors", printed), printed
    if changes:
        check_return_port(program, place)


def test_howto(program):
    """every chapter, with a Postfix of its own"""
    found = chapters(HOWTO)
    titles = [title for title, _ in found]
    listed = re.findall(r"(?m)^  (\d+)\. ", read(HOWTO))
    assert listed == [str(n) for n in range(1, len(listed) + 1)]
    assert len(found) >= len(listed) - 1, titles
    for title, blocks in found:
        with Place(program) as place:
            if title.startswith("1. "):
                first_chapter(place, blocks)
            elif title.startswith("2. "):
                add_return_port(place)
                for block in blocks:
                    place.do(block)
                check_return_port(program, place)
            else:
                later_chapter(program, place, blocks)
            place.check_exceptions()
        print("%s: %d blocks" % (title, len(blocks)), flush=True)


def test_readme(program):
    """README, from --init to -q; the lines of --init are those of HOWTO"""
    count = 0
    init = ""
    with Place(program) as place:
        place.shell("postconf -e smtpd_tls_security_level=may "
                    "smtpd_tls_auth_only=yes smtpd_sasl_auth_enable=yes")
        for _, blocks in chapters(README):
            for block in blocks:
                if block.text.startswith("policyd -P"):
                    switch_on(place, parts(init))
                printed = place.do(block)
                if "policyd --init" in block.text:
                    init = printed
                count += 1
        place.check_exceptions()
    assert count >= 4, count


def test_others(program):
    """CONTRIBUTING and SECURITY"""
    for path in (CONTRIBUTING, SECURITY):
        with Place(program) as place:
            blocks = [block for _, each in chapters(path) for block in each]
            later_chapter(program, place, blocks)
            place.check_exceptions()
            assert len(blocks) >= 2, path


def test_names(_):
    """files that these documents name are there, and so are the tests"""
    known = tests()
    for path in FILES + ["contrib/ARCHITECTURE", "contrib/NEWS"]:
        text = read(path)
        for name in re.findall(r"(?<![\w/.])((?:lib|policyd|etc|t|contrib)/"
                               r"[\w./-]*\w)", text):
            found = os.path.exists(os.path.join(ROOT, name)) or any(
                os.path.exists(os.path.join(ROOT, name + end))
                for end in (".c", ".h"))
            assert found or "X" in name or "WORD" in name, \
                "%s: no %s" % (path, name)
        for name in re.findall(r"\b((?:integration_)?test_[a-z_]*[a-z])\b",
                               text):
            assert name in known or "integration_" + name in known, \
                "%s: no test %s" % (path, name)
        for number, line in enumerate(text.splitlines(), 1):
            assert len(line) <= 80 and "\t" not in line, \
                "%s:%d: too long, or a tab" % (path, number)


def test_demo_lines(_):
    """the lines of contrib/demo that README shows are lines of contrib/demo"""
    shown = [re.split("  +", line.strip())
             for line in read(README).splitlines()
             if re.match(r"  \S.* (25|587|465) .* \d\d\d$", line)]
    assert len(shown) >= 5, shown
    made = []
    for who, port, tls, login, recipient, reply, _ in demo.ROWS:
        made.append([who, demo.NUMBERS[port], demo.how(tls, login), recipient,
                     reply])
    for row in shown:
        assert row in made, "README: contrib/demo has no line %s" % row


if __name__ == "__main__":
    sys.exit(run_all([test_howto, test_readme, test_others, test_names,
                      test_demo_lines]))
