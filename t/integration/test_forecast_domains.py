#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_domains - a forecast names the domains about which Postfix and
policyd differ, each of them once; and each network.

usage: test_forecast_domains.py POLICYD [TEST ...]
"""

import os
import re
import sys

from kit.daemon import run_all
from kit.forecast import DOMAINS, HEAD, LOGS_TLS, ask, groups, session, written
from kit.init import Place
from kit.postfix import settle

GOOD = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"


def refused(domain, address="192.0.2.30"):
    """refused - Postfix does not relay to it"""
    return "".join(HEAD % line % {"a": address, "d": domain} + "\n" for line in [
        "smtpd[1]: connect from h[%(a)s]",
        "smtpd[1]: NOQUEUE: reject: RCPT from h[%(a)s]: 554 5.7.1 "
        "<b@%(d)s>: Relay access denied; from=<a@b> to=<b@%(d)s> "
        "proto=ESMTP helo=<h>",
        "smtpd[1]: disconnect from h[%(a)s] rcpt=0/1 commands=2/3"])


FOREIGN = {
    # Domain in the log: option, value, the name of the class.
    "far.example": ("relay_domains", "far.example", "relay"),
    "Alias.example": ("virtual_alias_domains", "alias.example",
                      "virtual_alias"),
    "box.example": ("virtual_mailbox_domains", "box.example",
                    "virtual_mailbox"),
    "local.test": ("mydestination", "local.test", "local"),
    "[203.0.113.1]": ("inet_interfaces", "127.0.0.1, 203.0.113.1", "local"),
}


def test_foreign(program):
    """a domain that only policyd.conf has; Postfix is asked again, unless the
    reply is OK"""
    for domain, (option, value, name) in FOREIGN.items():
        text = "".join(line + "\n" for line in DOMAINS.splitlines()
                       if not line.startswith((option, "mydestination")))
        text += '%s = "%s"\n' % (option, value)
        log = refused(domain) * 2 + refused(domain.upper(), "192.0.2.31")
        with written(c_conf=text, o_conf=text + 'reply = "ok"\n',
                     log=log) as directory:
            c_conf, o_conf, path = (os.path.join(directory, each) for each in (
                "c.conf", "o.conf", "log"))
            status, out, _ = ask(program, c_conf, path)
            assert status == 0 and "3 of them remain refused, though policyd " \
                "takes the domain or the client for ours; Postfix did " \
                "not, and decides again (reply = lock):\n        3  %s: by %s of policyd.conf; " \
                "if it is yours, %s in main.cf must have it, too; if not, " \
                "remove it here\n\t\t" % (domain.lower(), option, option) in \
                out, (domain, out)
            found, summary = groups(program, c_conf, path)
            group, = found
            assert (group["kind"], group["count"], group["domain"],
                    group["destination"], summary["foreign"]) == (
                        "foreign", 3, domain.lower(), name, 3), (group, summary)
            # What opens a relay is a difference of its own.
            status, out, _ = ask(program, o_conf, path)
            assert status == 1 and "remain refused" not in out and \
                " (permit_auth_destination, service default)\n" in out, out


def test_imported(program):
    """main.cf has got the domain since; when policyd.conf adds another one, it
    is as above"""
    with Place("mydestination = local.test\n"
               "relay_domains = partner.example\n") as place:
        done = place.init(program)
        assert done[0] == 0, done
        log = os.path.join(place.directory, "log")
        with open(log, "w") as out:
            out.write(refused("partner.example") + refused("near.example") +
                      refused("local.test"))
        status, out, _ = ask(program, place.file, log)
        assert status == 0 and "2 of them remain refused" in out and \
            "        1  partner.example: by relay_domains of main.cf; it is " \
            "accepted now, if Postfix was reloaded since\n" in out and \
            "        1  local.test: by mydestination of main.cf; it" in out, out
        with open(place.file, "a") as file:
            file.write('virtual_mailbox_domains = "near.example"\n')
        assert "        1  near.example: by virtual_mailbox_domains of " \
            "policyd.conf; if" in ask(program, place.file, log)[1]
        # What it says is done.
        with open(os.path.join(place.config, "main.cf"), "a") as main:
            main.write("virtual_mailbox_domains = near.example\n")
        settle(place.config)
        with open(log, "w") as out:
            out.write(refused("near.example"))
        with open(place.file) as file:
            text = file.read().replace('virtual_mailbox_domains = '
                                       '"near.example"\n', "")
        with open(place.file, "w") as file:
            file.write(text)
        out = ask(program, place.file, log)[1]
        assert "near.example: by virtual_mailbox_domains of main.cf; it is " \
            "accepted now" in out, out


def test_backup(program):
    """strangers may be those of a backup MX, though one of them wrote to an
    address, or they wrote to more domains than are kept"""
    for others, said in (["[192.0.2.1]"], "for x0.example (as"), (
            ["x%d.example" % at for at in range(1, 12)],
            "x7.example and others (as"), ([], "for x0.example (as"):
        log = "".join(session("203.0.113.%d" % at, GOOD, ident="A%04d" %
                              at).replace("far.example", domain)
                      for at, domain in enumerate(["x0.example"] + others))
        with Place("mydestination = local.test\nimport_environment =\n") as \
                place, written(log=LOGS_TLS + log) as directory:
            place.configure()
            out = ask(program, place.file, os.path.join(directory, "log"))[1]
            assert "if this host takes mail from anybody for x0.example" in \
                out and said in out and \
                "add to relay_domains in main.cf: x0.example" in out, out


def test_subdomains(program):
    """of very many, the first are shown"""
    log = "".join(refused("d%02d.far.example" % each) for each in range(25))
    with written(c_conf=DOMAINS + 'relay_domains = "far.example"\n',
                 log=log) as directory:
        out = ask(program, os.path.join(directory, "c.conf"),
                  os.path.join(directory, "log"))[1]
        assert out.count("relay_domains of policyd.conf") == 20 and \
            "\n        5  others (--format=json has more)\n" in out, out


def strangers(count, domain="shop.example", first=0):
    """strangers - a message of each, each from a network of its own"""
    return "".join(
        session("198.%d.%d.5" % (18 + number // 256, number % 256), GOOD,
                ident="%05X" % (0xA0000 + number))
        .replace("b@far.example", "b@" + domain)
        for number in range(first, first + count))


def test_logins(program):
    """of very many logins, those that are not shown are named"""
    names = ["u%02d" % number for number in range(30)]
    log = "".join(session(login=name, ident="A%04d" % number)
                  for number, name in enumerate(names))
    with written(c_conf=DOMAINS, log=LOGS_TLS + log) as directory:
        config, path = (os.path.join(directory, each)
                        for each in ("c.conf", "log"))
        out = ask(program, config, path)[1]
        shown = re.findall(r", login (u\d\d): ", out)
        others = re.findall(r"^\t\tlogins of others: (.*)$", out, re.M)
        assert len(shown) == 20 and len(others) == 1 and \
            sorted(shown + others[0].split(", ")) == names, out


def test_strangers(program):
    """strangers that send to one domain are one group, however many they are;
    clients that are ours, and those that send to several domains, are not.
    JSON has all networks, unless there are very many."""
    cases = [
        (strangers(3), [3], 3, "198.18.0.0/24, 198.18.1.0/24 and "
         "198.18.2.0/24, no login, to shop.example: "),
        (strangers(1), [1], 1, "clients in 198.18.0.0/24, no login: "),
        (strangers(2500), [2500], None,
         "198.18.7.0/24 and others, no login, to shop.example: "),
        (strangers(2100) + strangers(2100, "other.example", 2200),
         [2100, 2100], None, "and others, no login, to other"),
        (strangers(3) + strangers(2, "other.example"), [1, 2, 2], 3,
         "clients in 198.18.1.0/24, no login: "),
        (strangers(2).replace("198.18.", "10.18."), [1, 1], 2,
         "clients in 10.18.1.0/24, no login: "),
        (strangers(3).replace("shop", "SHOP", 3), [3], 3,
         "198.18.2.0/24, no login, to "),
    ]
    for log, expected, in_json, said in cases:
        with written(c_conf=DOMAINS, log=LOGS_TLS + log) as directory:
            config, path = (os.path.join(directory, each)
                            for each in ("c.conf", "log"))
            out = ask(program, config, path)[1]
            shown = [int(count) for count in re.findall(
                r"^ +(\d+)  port 25", out, re.M)]
            assert sorted(shown) == expected, (out, expected)
            assert said in out and "others (--format" not in out, out
            # From everywhere: no list of clients would be of use.
            assert ("to keep them" in out) == ("and others" not in out), out
            assert out.count("(as a backup MX)") == len(
                [domain for domain in ("shop", "other")
                 if "for %s.example" % domain in out.lower()]) or \
                in_json == 3, out
            found, summary = groups(program, config, path)
            assert summary["would_be_refused"] == sum(expected), summary
            found = [group for group in found if group["kind"] == "refused"]
            if in_json is None:
                assert any(group["more_networks"] and group["domains"] and
                           group["network"] == "" for group in found), found
                continue
            assert len(found) == in_json and not any(
                group["networks"] != [group["network"]] for group in
                found), found


def test_reasons(program):
    """strangers that are refused for different reasons are not one group: a
    domain that is ours is never called another one"""
    text = DOMAINS + "restrictions = { reject_plaintext_session, " \
        "permit_sasl_authenticated, reject }\n"
    log = strangers(2, "local.test") + "".join(
        line for line in strangers(2, "local.test", 2).replace(
            " starttls=1", "").splitlines(True) if " TLS " not in line)
    with written(c_conf=text, log=LOGS_TLS + log) as directory:
        out = ask(program, os.path.join(directory, "c.conf"),
                  os.path.join(directory, "log"))[1]
        shown = re.findall(r"^ +2  port 25 .*, to local\.test: (.*)$", out,
                           re.M)
        assert sorted(shown) == [
            "not encrypted (reject_plaintext_session, service default)",
            "the destination is ours, and the client has not logged in "
            "(reject, service default)"], out


USERS = "postfix/submission/smtpd"


def test_networks(program):
    """no address is twice in a list, whatever groups it is in; and of
    mynetworks with more than anybody has, nobody is ours by that"""
    logs_tls = LOGS_TLS + LOGS_TLS.replace("postfix/smtpd", USERS)
    log = logs_tls + "".join(
        session(client, tls, ident="%05X" % (16 * number + len(tls))).replace(
            "postfix/smtpd", port)
        for number, client in enumerate(("192.168.1.30", "203.0.113.9"))
        for tls in ("", GOOD) for port in ("postfix/smtpd", USERS))
    for networks in ("127.0.0.0/8 192.168.1.0/24", "0.0.0.0/0",
                     "127.0.0.0/8 128.0.0.0/1"):
        with Place("mydestination = local.test\nmynetworks = %s\n"
                   "smtpd_tls_security_level = may\n" % networks,
                   "smtp inet n - y - - smtpd\n"
                   "submission inet n - y - - smtpd\n"
                   "  -o syslog_name=postfix/submission\n") as place, \
                written(log=log) as directory:
            place.configure()
            status, out, err = ask(program, place.file,
                                   os.path.join(directory, "log"))
            assert status == 1, (networks, out, err)
            each, _, every = out.partition("to keep all that are ours")
            assert re.findall("mynetworks = .*", every) == [
                'mynetworks = { "192.168.1.30" }'], (networks, out)
            assert "or, if this host takes mail from anybody" in each, out


if __name__ == "__main__":
    sys.exit(run_all([test_foreign, test_imported, test_backup, test_logins, test_subdomains,
                      test_strangers, test_reasons, test_networks]))
