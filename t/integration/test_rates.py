#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_rates - sending limits: what counts, what is over, and that nothing is
lost.

First policyd alone, by its protocol; then the chapter "Sending limits" of HOWTO
behind a real Postfix that is set up as etc/ says: a sink counts what got out,
while policyd is reloaded and its server killed.

usage: test_rates.py POLICYD
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request

from kit import snippets
from kit.daemon import Daemon, free_port, run_all, wait_until
from kit.mailer import howto_policyd
from kit.postfix import PASSWORD, USER, Postfix, Sink, poll, run
from kit.smtp import Session, auth_plain, tls_context

ALICE = "Alice@Local.Test"


def request(state, instance, count=0, **more):
    """request - as Postfix asks"""
    attributes = {
        "request": "smtpd_access_policy", "protocol_state": state,
        "client_address": "192.0.2.1", "sasl_method": "PLAIN",
        "sasl_username": ALICE, "sender": "a@local.test",
        "recipient": "x@far.example" if state == "RCPT" else "",
        "recipient_count": count, "size": 0, "instance": instance,
        "queue_id": "4F2K7Q"}
    attributes.update(more)
    return "".join("%s=%s\n" % pair for pair in attributes.items()).encode() \
        + b"\n"


class Limited(Daemon):
    """policyd with rates; NAME in the settings is its directory"""

    def __init__(self, program, settings, restrictions=None, extra=""):
        super().__init__(program)
        os.mkdir(self.path("rates"))
        self.settings = settings
        self.extra = extra
        names = re.findall(r'^rate "(.*?)"', settings, re.M)
        self.restrictions = restrictions or "%s, permit_sasl_authenticated" % (
            ", ".join("check_rate:" + name for name in names))
        self.write()

    def write(self):
        """write - with all decisions in the log"""
        self.configure(
            'rate_directory = "%s"\ntable_refresh = no\n'
            "allow_open_relay = yes\nrestrictions = { %s }\n%s\n%s\n" % (
                self.path("rates"), self.restrictions, self.extra,
                self.settings.replace("DIR", self.directory)))
        with open(self.config) as file:
            text = file.read()
        self.write_config(text.replace(
            "log_verdicts = { }",
            "log_verdicts = { permit, reject, defer, dunno, hold }"))

    def get(self, *arguments, **more):
        """get - the action"""
        reply = self.ask(request(*arguments, **more)).decode()
        return reply[len("action="):].strip()

    def line(self, instance, state):
        """line - the last line of the log about that"""
        def found():
            lines = [line for line in self.read(self.log).splitlines()
                     if " instance=%s " % instance in line and
                     ("state=%s " % state in line or state == "RCPT")]
            return lines[-1] if lines else None
        return self.wait_until(found, "a line about %s" % instance)


OK = "permit_sasl_authenticated"
OVER = r"450 4\.7\.1 Sending limit reached; try again in \d+ minutes " \
       r"\(id \w+\)$"


def check(got, pattern):
    """check - a reply, or a line"""
    assert re.search(pattern, got), "%s is not in: %s" % (pattern, got)


def command(policyd, *arguments, mode="-r"):
    """command - policyd MODE; its exit status and what it printed"""
    done = subprocess.run([policyd.program, mode, "-c", policyd.config,
                           *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_counts(program):
    """what fits passes, and no more; a reload, a killed server and a restart
    lose nothing"""
    with Limited(program, 'rate "login" { limit = { "5/1h", "100/1d" } }') \
            as policyd:
        check(policyd.get("RCPT", "1"), OK)
        check(policyd.get("DATA", "1", 2), OK)
        check(policyd.get("DATA", "1", 2), OK)      # asked again
        check(policyd.get("END-OF-MESSAGE", "1", 2), OK)
        policyd.reload()
        check(policyd.get("DATA", "2", 2), OK)
        mark, server = policyd.mark(), policyd.server()
        os.kill(server, signal.SIGKILL)
        policyd.expect(r"serving: server (?!%d\b)" % server, mark)
        check(policyd.get("DATA", "3", 2), OVER)
        check(policyd.get("DATA", "4", 1), OK)
        check(policyd.get("RCPT", "5"), OVER)
        check(policyd.get("DATA", "6", 6),
              r"554 5\.7\.1 Too many recipients at once: 6, at most 5 in 1h ")
        assert policyd.stop() == 0
        policyd.start()
        check(policyd.get("RCPT", "7", sasl_username="aLICE@local.test"), OVER)
        check(policyd.get("DATA", "8", 5, sasl_username="bob"), OK)
        check(policyd.get("DATA", "9", 9, sasl_username="", sasl_method=""),
              "DUNNO")


def test_log(program):
    """the decision line, and one warning for each key and limit"""
    with Limited(program, 'rate "login" { limit = "5/1h" }') as policyd:
        policyd.get("DATA", "1", 4)
        check(policyd.line("1", "DATA"),
              " verdict=permit restriction=%s .* rate=login:4/5/1h "
              "rate_key=alice@local.test recipients=4 size=0 .*"
              "queue_id=4F2K7Q " % OK)
        for instance in "2", "3", "4":
            policyd.get("DATA", instance, 3)
        check(policyd.line("4", "DATA"),
              " verdict=defer restriction=check_rate:login .* "
              "rate=login:7/5/1h rate_key=alice@local.test recipients=3 ")
        status, text = command(policyd, "--replay", policyd.log, mode="-q")
        assert status == 0, text
        check(text, "^0 of 1 logged decisions would be different ")
        log = policyd.read(policyd.log)
        assert re.findall("warning: (rate .*?), id", log) == [
            "rate login: alice@local.test has used 4 of 5 recipients in 1h, "
            "client [192.0.2.1]",
            "rate login: alice@local.test is over 5 recipients in 1h, "
            "client [192.0.2.1]"], log
        check(log, r"is over .* id=\w+: deferred")


def test_never_asked(program):
    """Postfix asks at RCPT only: a warning says that nothing is counted"""
    with Limited(program, 'rate "login" { limit = "5/1h" }',
                 extra="threads = 2") as policyd:
        def ask(count):
            with policyd.client() as client:
                for number in range(count):
                    client.ask(request("RCPT", "i%d" % number))
        text = r"warning: Postfix has asked 500 times at RCPT, and never at " \
               r"DATA: rates count nothing; add check_policy_service to " \
               r"smtpd_data_restrictions"
        ask(300)
        assert not re.search(text, policyd.read(policyd.log))
        ask(300)
        policyd.expect(text)
        assert len(re.findall(text, policyd.read(policyd.log))) == 1


def test_actions(program):
    """hold, warn, reject, and bytes at END-OF-MESSAGE, where what was counted
    at DATA is given back"""
    with Limited(program, 'rate "login" { limit = "3/1h" }\n'
                          'rate "bytes" { count = bytes limit = "1K/1h"\n'
                          "action = reject }") as policyd:
        check(policyd.get("DATA", "1", 3, size=10), OK)
        check(policyd.get("END-OF-MESSAGE", "1", 3, size=2000),
              r"554 5\.7\.1 Message too large: at most 1K bytes in 1h ")
        check(policyd.get("DATA", "2", 3, size=10), OK)
        check(policyd.get("END-OF-MESSAGE", "2", 3, size=1000), OK)
        check(policyd.get("DATA", "3", 1), OVER)
        policyd.settings = 'rate "login" { limit = "3/1h" action = hold }'
        policyd.restrictions = "check_rate:login, " + OK
        policyd.write()
        policyd.reload()
        check(policyd.get("RCPT", "4"), OK)
        check(policyd.get("DATA", "4", 1), r"HOLD Sending limit reached \(id")
        check(policyd.line("4", "DATA"), " verdict=hold restriction=check_rate"
                                         ":login .* queue_id=4F2K7Q ")
        policyd.settings = 'rate "login" { limit = "3/1h" action = warn }'
        policyd.write()
        policyd.reload()
        check(policyd.get("DATA", "5", 7), OK)
        check(policyd.line("5", "DATA"), " verdict=permit .*rate=login:10/3/1h")


def test_observes(program):
    """a service that observes counts nothing"""
    with Limited(program, 'rate "login" { limit = "3/1h" }',
                 extra="mode = observe") as policyd:
        for instance in "1", "2":
            check(policyd.get("DATA", instance, 3), "DUNNO")
            check(policyd.line(instance, "DATA"),
                  " verdict=permit .* rate=login:0/3/1h .* mode=observe")
        check(policyd.get("DATA", "3", 4), "DUNNO")
        check(policyd.line("3", "DATA"), " verdict=reject .* mode=observe")


def test_unreadable(program):
    """limits that cannot be looked up defer, also without a recipient; a
    directory that is not there refuses to start, and refuses a reload"""
    with Limited(program, 'rate "login" { limit = "3/1h"\n'
                          'limit_maps = "texthash:DIR/none" }') as policyd:
        for state in "RCPT", "DATA":
            check(policyd.get(state, "1", 1),
                  r"451 4\.3\.0 Temporary lookup failure \(id \w+\)$")
        check(policyd.read(policyd.log), "key or limit of the rate cannot be "
                                         "looked up: texthash:/.*: ")
        with open(policyd.path("none"), "w") as file:
            file.write("alice@local.test 9/1h\n@local.test 5/2h\n"
                       "carol gold\n")
        text = command(policyd, mode="-t")[1]
        check(text, r"(?m):\d+: limit_maps: texthash:/.*/none: "
                    r'"@local\.test": .*2h')
        check(text, r'(?m)"carol": gold: neither a limit, nor the key of one$')
        check(policyd.reload_refused(), r"limit_maps: texthash:/.*2h")
        with open(policyd.path("none"), "w") as file:
            file.write("alice@local.test 9/1h\n")
        policyd.reload()
        check(policyd.get("DATA", "2", 9), OK)
        text = policyd.read(policyd.config)
        policyd.write_config(text.replace("/rates\"", "/nowhere\""))
        check(policyd.reload_refused(), "nowhere")
        advice = re.search("install -d -m 0700 -o .*/nowhere$",
                           command(policyd, mode="-t")[1], re.M).group(0)
        run("sh", "-c", advice)
        policyd.reload()
        policyd.write_config(text)
        policyd.reload()
        check(policyd.get("DATA", "4", 1), OVER)


def test_command(program):
    """policyd -r lists, blocks and forgets, with a server and without"""
    with Limited(program, 'rate "login" { limit = { "5/1h", "100/1d" } }\n'
                          'rate "places" { count = client_networks\n'
                          'limit = "2/1d" near = 0 }') as policyd:
        policyd.get("DATA", "1", 4)
        policyd.get("DATA", "2", 1, sasl_username="bob")
        status, text = command(policyd)
        assert status == 0 and " bob " not in text, text
        check(text, r"(?m)^RATE +KEY +USED +LIMIT +LEFT +ALL FREE IN\n"
                    r"login +alice@local\.test +4 +5/1h +1 +\d+ minutes\n"
                    r"login +alice@local\.test +4 +100/1d +96 +\d+ hours$")
        assert command(policyd, "--over") == (0, "")
        policyd.get("DATA", "3", 1)
        status, text = command(policyd, "--over")
        check(text, r"login +alice@local\.test +5 +5/1h +0 +\d+ minutes\n$")
        assert status == 1 and "/1d" not in text, text
        status, text = command(policyd, "login")
        assert status == 0 and text.index("alice") < text.index("bob"), text
        status, text = command(policyd, "places", ALICE)
        check(text, r"places +alice@local\.test +1 +2/1d +1 .*\n"
                    r" +192\.0\.2\.0/24 +last seen .* ago")
        status, text = command(policyd, "--format=json", "login", "BOB")
        bob = json.loads(text)
        assert (bob["rate"], bob["key"], bob["windows"][0]["used"],
                bob["windows"][0]["limit"]) == ("login", "bob", 1, 5), text

        assert command(policyd, "--block", "login", "Bob", "--for", "2d") == \
            (0, "")
        check(policyd.get("RCPT", "4", sasl_username="bob"),
              r"554 5\.7\.1 Sending is blocked for this account \(id")
        check(command(policyd)[1], r"login +bob +blocked for (2 days|48 hours)")
        assert command(policyd, "--unblock", "login", "bob") == (0, "")
        check(policyd.get("RCPT", "5", sasl_username="bob"), OK)
        check(policyd.get("RCPT", "6"), OVER)
        assert command(policyd, "--reset", "login", ALICE) == (0, "")
        check(policyd.get("RCPT", "7"), OK)
        assert policyd.stop() == 0
        assert command(policyd, "--block", "login", "alice@local.test") == \
            (0, "")
        check(command(policyd)[1], r"alice@local\.test +blocked until "
                                   r"--unblock")
        for arguments, status, message in (
                (["logn"], 64, "there is no rate \"logn\"; did you mean login?"),
                (["login", "a", "b"], 64, "too many arguments"),
                (["--reset", "login"], 64, "need RATE and KEY"),
                (["--block", "login", "a", "--for", "2y"], 64, "--for 2y: "),
                (["--for", "2d"], 64, "--for requires --block"),
                (["--reset", "login", "nobody"], 0, "has not been counted"),
                (["--unblock", "login", "nobody"], 0, "is not blocked")):
            got, text = command(policyd, *arguments)
            assert got == status and message in text, (arguments, got, text)
        policyd.start()
        check(policyd.get("RCPT", "8"), "^554 5")


def test_explains(program):
    """policyd -q says what is used, and only looks"""
    with Limited(program, 'rate "login" { limit = "5/1h"\n'
                          'limit_maps = "texthash:DIR/limits" }') as policyd:
        with open(policyd.path("limits"), "w") as file:
            file.write("bob 9/1h\nalice@local.test 6/1h\n")
        policyd.reload()
        policyd.get("DATA", "1", 4)
        login = "login=" + ALICE
        for _ in range(2):
            check(command(policyd, login, "state=DATA", "recipients=2",
                          mode="-q")[1],
                  r"check_rate:login +dunno +alice@local\.test has used 4 of 6 "
                  r"recipients in 1h \(limit_maps: /.*/limits:2\), 2 left \(")
        text = command(policyd, login, "state=DATA", "recipients=3",
                       mode="-q")[1]
        check(text, r"^action=450 4\.7\.1 Sending limit reached; try again in ")
        check(text, r"check_rate:login +defer +alice@local\.test has used 4 of "
                    r"6 recipients in 1h \(.*\), this fits in \d+ minutes")
        check(command(policyd, "state=DATA", mode="-q")[1],
              "check_rate:login +dunno +a part of the key is empty")


def test_metrics(program):
    """the metrics of rates: no key is a label"""
    port = free_port()
    with Limited(program, 'rate "login" { limit = "5/1h" }\n'
                          'metrics "inet:127.0.0.1:%d" { }' % port) as policyd:
        policyd.get("DATA", "1", 5)
        policyd.get("DATA", "2", 1)
        policyd.get("DATA", "3", 1, sasl_username="bob")
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as \
                answer:
            text = answer.read().decode()
        for line in ('policyd_rate_total{rate="login",result="within"} 2',
                     'policyd_rate_total{rate="login",result="over"} 1',
                     'policyd_rate_total{rate="login",result="held"} 0',
                     'policyd_rate_keys{rate="login"} 2',
                     'policyd_rate_keys_over{rate="login"} 1',
                     'policyd_rate_displaced_total{rate="login"} 0'):
            assert line + "\n" in text, text
        assert "alice" not in re.sub("(?m)^.*decisions.*$", "", text)


# What -t says of a rate section, or of the list that names it.
MISTAKES = [
    ('rate "a b" { limit = "1/1h" }', "check_rate:x",
     'the name of a rate is 1 to 32 letters, digits, "_" or "-", not "a b"'),
    ('rate "x" { }', "check_rate:x", "limit is required"),
    ('rate "x" { limit = "1/0h" }', "check_rate:x", "limit: "),
    ('rate "x" { limit = { "1/1h", "2/60m" } }', "check_rate:x", "limit: "),
    ('rate "x" { limit = "65/1d" count = client_networks }', "check_rate:x",
     "limit: "),
    ('rate "x" { limit = "1/1h" key = login }', "check_rate:x",
     'key: "login" is not one of sasl_username, '),
    ('rate "x" { limit = "1/1h" key = { sender, sender } }', "check_rate:x",
     "key: sender is in the list twice"),
    ('rate "x" { limit = "1/1h" count = recipient }', "check_rate:x",
     'count: "recipient" is not one of recipients, messages, bytes, '
     "client_networks; did you mean recipients?"),
    ('rate "x" { limit = "1/1h" action = delay }', "check_rate:x",
     'action: "delay" is not one of defer, reject, hold, warn'),
    ('rate "x" { limit = "1/1h" action = hold state = RCPT }', "check_rate:x",
     "action: hold has no effect at RCPT"),
    ('rate "x" { limit = "1/1h" count = bytes state = RCPT }', "check_rate:x",
     "state: the size of a message is known at END-OF-MESSAGE"),
    ('rate "x" { limit = "1/1h" key = recipient state = DATA }',
     "check_rate:x", "state: a recipient is known at RCPT only"),
    ('rate "x" { limit = "1/1h" over_reply = "OK" }', "check_rate:x",
     "over_reply: "),
    ('rate "x" { limit = "1/1h" over_reply = "554 5.7.1 No" }',
     "check_rate:x", "over_reply: it rejects, but the action is defer; write "
     "action = reject"),
    ('rate "x" { limit = "1/1h" place_maps = "static:a" }', "check_rate:x",
     "place_maps: only with count = client_networks"),
    ('rate "x" { limit = "1/1h" limit_maps = "mysql:/x" }', "check_rate:x",
     "limit_maps: "),
    ('rate "x" { limit = "1/1h" keys = 10 }', "check_rate:x", "keys: 10 is "),
    ('rate "x" { limit = "1/1h" near = 100 }', "check_rate:x", "near: "),
    ('rate "login" { limit = "1/1h" }', "check_rate:logn",
     'check_rate: there is no rate section "logn"; did you mean '
     "check_rate:login?"),
    ('rate "x" { limit = "1/1h" }', "check_rate",
     "restrictions: check_rate needs the name of a rate: write "
     "check_rate:NAME"),
    ('rate "x" { limit = "1/1h" }', "permit",
     "warning: rate x: no list of restrictions names it; write check_rate:x "),
    ('rate "x" { limit = "1/1h" }', "permit_auth_destination, check_rate:x",
     "warning: restrictions: check_rate:x comes after "
     "permit_auth_destination: "),
    ('rate "x" { limit = "1/1h" }', "reject, check_rate:x",
     "warning: restrictions: nothing after reject is ever tried"),
    ("\n".join('rate "x%d" { limit = "1/1h" }' % i for i in range(9)),
     ", ".join("check_rate:x%d" % i for i in range(9)),
     "restrictions: more than 8 rates in one list"),
    ('limit = "1/1h"', "permit", "limit can only be set in a rate section"),
]


def test_mistakes(program):
    """each has its message, and -t refuses it or warns"""
    policyd = Limited(program, "")
    try:
        for settings, restrictions, message in MISTAKES:
            policyd.settings, policyd.restrictions = settings, restrictions
            policyd.write()
            done = subprocess.run([program, "-t", "-c", policyd.config],
                                  capture_output=True, text=True)
            assert message in done.stderr, "%s: %s" % (settings, done.stderr)
            assert (done.returncode == 0) == ("warning: " in message), \
                "%s: %d %s" % (settings, done.returncode, done.stderr)
    finally:
        shutil.rmtree(policyd.directory)


# ---- behind a real Postfix

def chapter():
    """chapter - of HOWTO, without the indentation of its blocks"""
    with open(snippets.HOWTO, encoding="utf-8") as lines:
        text = re.search(r"^\d+\. SENDING LIMITS$(.*?)(?=^\d+\. [A-Z]|\Z)",
                         lines.read(), re.M | re.S).group(1)
    return text


def rate(name):
    """rate - the section of that name in HOWTO"""
    found = re.search(r'^    rate "%s" \{(?: .*\}$|$.*?^    \}$)' % name,
                      chapter(), re.M | re.S)
    assert found, "HOWTO has no rate %s" % name
    return re.sub("^    ", "", found.group(0), flags=re.M)


def restrictions(first):
    """restrictions - the list of HOWTO that begins with that word"""
    found = re.search(r"^ +restrictions = \{ %s.*?\}" % first, chapter(),
                      re.M | re.S)
    assert found, "HOWTO has no list with %s" % first
    return found.group(0).strip()


class Mail:
    """A Postfix, a sink, and a policyd with the rates of HOWTO."""

    def __init__(self, program, rates, words, changes=(), files=(), **main_cf):
        self.stack = contextlib.ExitStack()
        self.postfix = self.stack.enter_context(Postfix(main_cf))
        self.sink = self.stack.enter_context(Sink())
        self.postfix.deliver_to(self.sink)
        self.ports = snippets.configure(self.postfix, "sending limits")
        self.policyd = howto_policyd(program, self.postfix, self.ports,
                                     "lock")
        self._configure(rates, words, changes, files)

    def _configure(self, rates, words, changes, files):
        """_configure - the file of HOWTO, with rates in it"""
        counts = self.postfix.path("counts")
        os.mkdir(counts)
        with open(self.policyd.file) as file:
            text = file.read()
        text = re.sub(r"(?m)^(\s+server_port = \{ \d+, \d+ \})",
                      lambda found: found.group(0) + "\n" + words, text)
        text += 'rate_directory = "%s"\nthreads = 2\ntable_refresh = no\n' % (
            counts)
        text += "\n".join(rate(name) for name in rates)
        for name, content in files:
            with open(self.postfix.path(name), "w") as file:
                file.write(content)
        for old, new in list(changes) + [
                ("/etc/policyd/", self.postfix.directory + "/")]:
            assert old in text or old.startswith("/etc"), old
            text = text.replace(old, new)
        with open(self.policyd.file, "w") as file:
            file.write(text)

    def __enter__(self):
        try:
            self.policyd.check()
            self.stack.enter_context(self.policyd)
            self.postfix.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, failed, *_):
        if failed:
            print(self.policyd.said()[-6000:], self.postfix.said()[-3000:])
        self.stack.close()

    def session(self, source="127.0.0.1", login=True):
        """session - on the submission port, encrypted and logged in"""
        session = Session(self.ports["submission"], source=source)
        session.reply()
        session.ask("EHLO client.example")
        session.ask("STARTTLS")
        session.starttls(tls_context(
            "TLSv1.3", self.postfix.path("tls", "ca.pem")))
        session.ask("EHLO client.example")
        if login:
            reply = session.ask(auth_plain(USER, PASSWORD))
            assert reply.startswith("235"), reply
        return session

    @staticmethod
    def send(session, count=1):
        """send - one message; the reply that decides"""
        reply = session.ask("MAIL FROM:<user@local.test>")
        for number in range(count):
            reply = session.ask("RCPT TO:<x%d@far.example>" % number)
            if not reply.startswith("250"):
                break
        else:
            reply = session.ask("DATA")
        if reply.startswith("354"):
            reply = session.ask("Subject: x\r\n\r\nx\r\n.")
        session.ask("RSET")
        return reply

    def delivered(self):
        """delivered - recipients that the sink has"""
        return sum(len(rcpts) for _, rcpts, _ in list(self.sink.messages))

    def servers(self):
        """servers - of policyd"""
        monitor = self.policyd.process.pid
        with open("/proc/%d/task/%d/children" % (monitor, monitor)) as file:
            return [int(pid) for pid in file.read().split()]


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
                os.kill(mail.servers()[-1], signal.SIGKILL)
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
            check(reply, r"^450 4\.7\.1 <.*>: Client host rejected: Sending "
                         r"limit reached; try again in \d+ minutes \(id \w+\)$")
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
        mark = len(mail.policyd.said())
        mail.policyd.process.send_signal(signal.SIGHUP)
        poll(lambda: "reloaded: server" in mail.policyd.said()[mark:])
        with mail.session() as session:
            check(mail.send(session, 5), "^250")


if __name__ == "__main__":
    sys.exit(run_all([test_counts, test_log, test_never_asked, test_actions,
                      test_observes,
                      test_unreadable, test_mistakes, test_command,
                      test_explains, test_metrics, test_story_hosting,
                      test_story_stolen, test_story_newsletter]))
