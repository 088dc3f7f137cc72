#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_rates - sending limits: what counts, what is over, and that nothing is
lost.

Of policyd alone, by its protocol; test_rate_stories has a Postfix.

usage: test_rates.py POLICYD
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

from kit.daemon import free_port, run_all
from kit.postfix import run
from kit.rates import ALICE, OK, OVER, Limited, check, command, request


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
        check(policyd.get("DATA", "c", 3, sasl_username="carol"), OK)
        check(policyd.get("RCPT", "d", sasl_username="carol"), OK)
        policyd.expect("warning: rate login: carol is over 3 recipients in 1h, "
                       r".* id=\w+: to be held\n")
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


def stdio(policyd):
    """stdio - a policyd -s, as spawn(8) starts it, and how to ask it"""
    process = subprocess.Popen(
        [policyd.program, "-s", "-c", policyd.config], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(instance, count):
        process.stdin.write(request("DATA", instance, count))
        process.stdin.flush()
        reply = process.stdout.readline().decode()
        process.stdout.readline()
        return reply[len("action="):].strip()
    return process, ask


def test_other_windows(program):
    """other windows are enforced at once, though another process has the file
    open that does not end; that one defers"""
    lost = r"451 4\.3\.0 Temporary lookup failure \(id \w+\)$"
    with Limited(program, 'rate "login" { limit = "5/1h" }') as first:
        check(first.get("DATA", "1", 2), OK)
        second = Limited(program, 'rate "login" { limit = "3/30m" }')
        os.rmdir(second.path("rates"))
        os.symlink(first.path("rates"), second.path("rates"))
        with second:
            check(second.get("DATA", "2", 2), OK)
            check(second.get("DATA", "3", 2), OVER)
            check(first.get("DATA", "4", 1), lost)
            check(first.line("4", "DATA"), " rate=login:unknown ")
            check(second.get("DATA", "5", 1), OK)
            check(second.said(), "rate.login: another process has it open")
        first.settings = first.settings.replace("5/1h", "4/30m")
        first.write()
        first.reload()
        check(first.get("DATA", "6", 1), OK)
        check(first.get("DATA", "7", 1), OVER)
    policyd = Limited(program, 'rate "login" { limit = "5/1h" }')
    try:
        old, ask_old = stdio(policyd)
        check(ask_old("1", 2), OK)
        policyd.settings = 'rate "login" { limit = { "3/30m", "5/1h" } }'
        policyd.write()
        for turn in range(2):
            new, ask_new = stdio(policyd)
            check(ask_new("n%d" % turn, 2 - turn), OK)
            check(ask_new("m%d" % turn, 2), OVER)
            check(ask_old("2", 1), lost)
            new.communicate()
            assert new.returncode == 0
        old.communicate()
        check(command(policyd, "login", ALICE)[1],
              r"login +\S+ +3 +3/30m +0 .*\nlogin +\S+ +5 +5/1h +0 ")
    finally:
        shutil.rmtree(policyd.directory)


def test_more_networks(program):
    """a key whose limit_maps has more networks than the rate gets them, and no
    more, by tables of all kinds, and with another number after a reload"""
    with Limited(program, 'rate "places" { count = client_networks\n'
                          'limit = "2/1d" near = 0\n'
                          'limit_maps = { "texthash:DIR/limits",\n'
                          '"pcre:DIR/patterns" } }') as policyd:
        def passed(login):
            replies = [policyd.get("DATA", "%s%d" % (login, number), 1,
                                   sasl_username=login,
                                   client_address="10.0.%d.1" % number)
                       for number in range(12)]
            assert all(re.match(OK + "$|450 4.7.1 Too many networks", reply)
                       for reply in replies), replies
            return sum(reply == OK for reply in replies)

        def limits(text):
            with open(policyd.path("limits"), "w") as file:
                file.write(text)
        limits("carol 5/1d\ndave unlimited\n")
        with open(policyd.path("patterns"), "w") as file:
            file.write("/^n(.)$/ ${1}/1d\n")
        policyd.reload()
        assert [passed(login) for login in
                ("alice", "carol", "dave", "n9")] == [2, 5, 12, 9]
        limits("carol 7/1d\n")
        policyd.reload()
        assert [passed(login) for login in ("carol", "alice")] == [7, 2]
        check(command(policyd, "places", "carol")[1],
              r"(?m)^places +carol +7 +7/1d +0 .*\n( +10\.0\.\d+\.0/24 .*\n){7}$")


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
        check(policyd.line("4", "RCPT"), " rate=login:blocked rate_key=bob ")
        check(command(policyd)[1], r"login +bob +blocked for (2 days|48 hours)")
        assert command(policyd, "--unblock", "login", "bob") == (0, "")
        check(policyd.get("RCPT", "5", sasl_username="bob"), OK)
        check(policyd.get("RCPT", "6"), OVER)
        assert command(policyd, "--reset", "login", ALICE) == (0, "")
        check(policyd.get("RCPT", "7"), OK)
        assert policyd.stop() == 0
        check(command(policyd, "--block", "login", "alice@local.test")[1],
              r"^policyd: login: alice@local\.test is blocked; nothing is "
              r"counted for it now, so make sure that it is spelled as in the "
              r"log \(rate_key=\)$")
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


def test_nothing_counted(program):
    """nothing is over, or nothing is counted: the two are told apart"""
    policyd = Limited(program, 'rate "login" { limit = "5/1h" }\n'
                               'rate "other" { limit = "6/1h" }')
    try:
        for arguments in [], ["--over"], ["login"], ["login", "bob"], \
                ["--format=json"], ["--reset", "login", "bob"]:
            status, text = command(policyd, *arguments)
            said = "policyd: login: nothing has been counted yet; start " \
                   "policyd first\n"
            assert (status, text) == (69, said if "login" in arguments else
                                      said + said.replace("login", "other")), \
                (arguments, status, text)
        with policyd:
            for arguments in [], ["--over"], ["login"]:
                assert command(policyd, *arguments) == (0, "")
            assert command(policyd, "login", "BOB") == (
                0, "policyd: login: bob has not been counted\n")
            check(policyd.get("DATA", "1", 1), OK)
            assert command(policyd, "--over", "login", ALICE) == (0, "")
    finally:
        shutil.rmtree(policyd.directory, ignore_errors=True)


def test_given_keys(program):
    """a login of an account, an address of a network, or an address with an
    extension: each finds, blocks and frees what requests are counted as"""
    with Limited(program, 'recipient_delimiter = "+"\n'
                          'rate "customer" { key = sasl_domain limit = "9/1h"\n'
                          'key_maps = "texthash:DIR/customers" }\n'
                          'rate "net" { key = client_network limit = "9/1h" }\n'
                          'rate "sender" { key = sender limit = "9/1h" }') \
            as policyd:
        with open(policyd.path("customers"), "w") as file:
            file.write("local.test C17\nb.test c18\n")
        policyd.reload()

        def get(instance):
            return policyd.get("DATA", instance, 1, sender="a+x@local.test",
                               client_address="2001:db8::5")
        check(get("0"), OK)
        for name, given, key in (
                ("customer", "alice@Local.Test", "c17"),
                ("customer", "LOCAL.test", "c17"), ("customer", "C17", "c17"),
                ("net", "2001:DB8:0::5", "2001:db8::/64"),
                ("net", "2001:db8::/64", "2001:db8::/64"),
                ("sender", "A+x@local.test", "a@local.test")):
            said = "" if given.lower() == key else \
                "policyd: %s: .* is counted as %s\n" % (name, key)
            check(command(policyd, name, given)[1],
                  "(?m)^%s +%s +1 +9/1h +8 " % (name, key))
            check(command(policyd, "--block", name, given)[1],
                  r"\A%s\Z" % said)
            check(get("1"), "^554 5")
            check(command(policyd, "--unblock", name, given)[1],
                  r"\A%s\Z" % said)
            check(get("0"), OK)

        # What was blocked before key_maps had it can be set free.
        for change in "--block", "--unblock":
            assert command(policyd, change, "customer", "c.test")[0] == 0
            if change == "--block":
                with open(policyd.path("customers"), "a") as file:
                    file.write("c.test c17\n")
                check(command(policyd)[1], "customer +c.test +blocked")
        assert " blocked " not in command(policyd)[1]

        os.unlink(policyd.path("customers"))
        check(command(policyd, "--block", "customer", "c17")[1],
              "(?m)^policyd: customer: c17 is taken as it is, since key_maps "
              "cannot be used: ")
        check(get("2"), "^554 5")


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


def test_page(program):
    """the status page: the fullest keys first, with bars, never as HTML"""
    port = free_port()
    with Limited(program, 'rate "login" { limit = { "50/1h", "100/1d" } }\n'
                          'rate "bytes" { count = bytes limit = "3K/1h" }\n'
                          'metrics "inet:127.0.0.1:%d" { }' % port) as policyd:
        for number in range(9):
            policyd.get("DATA", "a%d" % number, number + 1,
                        sasl_username="user%d" % number)
        policyd.get("DATA", "1", 50)
        policyd.get("DATA", "2", 40, sasl_username="<b>&bob")
        policyd.get("END-OF-MESSAGE", "2", 40, sasl_username="<b>&bob",
                    size=1024)
        command(policyd, "--block", "login", "mallory")
        with urllib.request.urlopen("http://127.0.0.1:%d/" % port) as answer:
            text = answer.read().decode()
        text = re.search('id="limits">(.*?)</section>', text, re.S).group(1)
        login, size = re.findall("<h3>.*?</ul>", text, re.S)
        check(login, "<h3>login: 12 keys</h3>")
        keys = re.findall("<li><span>(.*?)</span><b>(.*?)</b><span .*?>(.*?)"
                          '</span><svg .*?"(\\d+) % used"><rect class="(.)"',
                          login)
        assert [key[0] for key in keys] == [
            "mallory", "alice@local.test", "&lt;b&gt;&amp;bob", "user8",
            "user7", "user6", "user5", "user4"], keys
        assert keys[0][2:] == ("blocked", "100", "r"), keys
        assert keys[1][1] == "50 of 50/1h" and keys[1][3:] == ("100", "r")
        check(keys[1][2], r"^0 left, all free in 6\d minutes$")
        assert keys[2][1] == "40 of 50/1h" and keys[2][3:] == ("80", "d")
        check(keys[2][2], r"^10 left, all free in 6\d minutes$")
        assert keys[3][1] == "9 of 50/1h" and keys[3][3:] == ("18", "p")
        check(size, "(?s)<h3>bytes: 1 key</h3>.*<b>1K of 3K/1h</b>.*>2K left, ")


# What -t says of a rate section, or of the list that names it.
MISTAKES = [
    ('rate "a b" { limit = "1/1h" }', "check_rate:x",
     'the name of a rate must be 1 to 32 letters, digits, "_" or "-", not '
     '"a b"'),
    ('rate "x" { }', "check_rate:x", "limit is required"),
    ('rate "x" { limit = "1/0h" }', "check_rate:x", "limit: "),
    ('rate "x" { limit = { "1/1h", "2/60m" } }', "check_rate:x", "limit: "),
    ('rate "x" { limit = "1/1h, 2/1d" }', "check_rate:x", "limit: 1/1h, 2/1d: "
     'write each limit without blanks, and several as { "200/1h", "1000/1d" }'),
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
    ('rate "x" { limit = "1/1h" limit_maps = "pcre:{ { /@x$/ 5/2h } }" }',
     "check_rate:x", "limit_maps: pcre:{ { /@x$/ 5/2h } }: 5/2h: "),
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
    ('rate "x" { limit = "1/1h" }', "permit_sasl_authenticated, check_rate:x",
     "warning: restrictions: check_rate:x comes after "
     "permit_sasl_authenticated, which permits all clients that log in: "
     "nothing is counted; write it ahead of that"),
    ('rate "x" { limit = "1/1h" key = { client_address, sasl_domain } }',
     "permit_sasl_authenticated, permit_auth_destination, check_rate:x",
     "warning: restrictions: check_rate:x comes after "
     "permit_sasl_authenticated, "),
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


def test_file_in_the_way(program):
    """-t, the start and -r say the same of a file that cannot be used, and leave
    it as it is"""
    def make(path, kind):
        if kind == "link":
            os.symlink("/nowhere", path)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "directory":
            os.mkdir(path)
        else:
            with open(path, "w") as file:
                os.chmod(file.fileno(), 0o666 if kind == "open" else 0o600)
                if kind == "owner":
                    os.chown(file.fileno(), 12345, -1)
    for kind, said in (
            ("link", "is a symbolic link; give the real path"),
            ("fifo", "is not a regular file"),
            ("directory", "(is not a regular file|Is a directory)"),
            ("owner", "belongs to user 12345; it must belong to root or to"),
            ("open", "can be written by everybody; chmod o-w it")):
        policyd = Limited(program, 'rate "login" { limit = "5/1h" }')
        try:
            path = policyd.path("rates/rate.login")
            make(path, kind)
            was = os.lstat(path)
            for arguments, status in (["-t"], 1), (["-r"], 77), ([], 75):
                done = subprocess.run(
                    [program, *arguments, "-c", policyd.config],
                    capture_output=True, text=True)
                check(done.stderr + policyd.said(),
                      "rates/rate.login:? " + said)
                assert done.returncode == status, (kind, arguments, done)
            now = os.lstat(path)
            assert (was.st_ino, was.st_mode, was.st_mtime_ns) == (
                now.st_ino, now.st_mode, now.st_mtime_ns), kind
            os.chmod(policyd.path("rates"), 0o777)
            check(command(policyd, mode="-t")[1],
                  "its directory .*/rates can be written by everybody")
        finally:
            shutil.rmtree(policyd.directory)


if __name__ == "__main__":
    sys.exit(run_all([test_counts, test_log, test_never_asked, test_actions,
                      test_observes,
                      test_unreadable, test_other_windows, test_more_networks, test_mistakes,
                      test_command, test_nothing_counted, test_given_keys,
                      test_explains, test_metrics, test_page,
                      test_file_in_the_way]))
