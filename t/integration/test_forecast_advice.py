#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_advice - what a forecast says to write, so that nobody is
refused, is written into a copy, accepted by -t, and then nobody is.

usage: test_forecast_advice.py POLICYD [TEST ...]
"""

import json
import os
import re
import subprocess
import sys

from kit.daemon import run_all
from kit.forecast import (DOMAINS, LOGS_TLS, apply, ask, groups, put, session,
                          written)
from kit.init import Place, shell
from kit.postfix import run, settle

# What to write to keep those that would be refused.

ADVICE = {
    # Why: session, login, configuration, how the list of restrictions begins.
    "printer": ("", "", "", "permit_auth_destination, permit_mynetworks"),
    "printer in TLS": ("TLSv1.3 with cipher TLS_AES_256_GCM_SHA384", "", "",
                       "permit_auth_destination, reject_plaintext_session"),
    "plain login": ("", "alice", "",
                    "permit_auth_destination, permit_sasl_authenticated"),
    # It need not be plain text.
    "old TLS": ("TLSv1 with cipher ECDHE-RSA-AES256-SHA", "alice", "",
                '\n\t\t  at top level: tls_protocols = ">=TLSv1"\n'),
    "TLS 1.1": ("TLSv1.1 with cipher ECDHE-RSA-AES256-SHA", "alice",
                'service "mx" {\n\tserver_port = { 25, 26 }\n}\n',
                '\n\t\t  in service "mx": tls_protocols = ">=TLSv1.1"\n'),
    "a minimum of 1.3": (
        "TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384", "alice",
        'tls_protocols = ">=TLSv1.3"\n',
        '\n\t\t  at top level: tls_protocols = ">=TLSv1.2"\n'),
    "a weak cipher": (
        "TLSv1.2 with cipher AES256-SHA", "alice",
        'tls_ciphers = "ECDHE+AESGCM"\n',
        '\n\t\t  at top level: tls_ciphers = "medium"\n'),
    "both": ("TLSv1.1 with cipher AES256-SHA", "alice",
             'tls_ciphers = "ECDHE+AESGCM"\n',
             '\n\t\t  at top level: tls_protocols = ">=TLSv1.1"\n'
             '\t\t  at top level: tls_ciphers = "medium"\n'),
    "an obsolete cipher": ("TLSv1 with cipher RC4-MD5", "alice", "",
                           "permit_auth_destination, "
                           "permit_sasl_authenticated"),
    "old TLS, no logins": ("TLSv1 with cipher ECDHE-RSA-AES256-SHA", "alice",
                           "restrictions = { permit_auth_destination, "
                           "reject_plaintext_session, reject }\n",
                           "permit_auth_destination, "
                           "permit_sasl_authenticated"),
    "no logins": ("TLSv1.3 with cipher TLS_AES_256_GCM_SHA384", "alice",
                  'service "mx" {\n\tserver_port = { 25, 26 }\n\t'
                  "restrictions = { permit_auth_destination, reject }\n}\n",
                  "permit_auth_destination, permit_sasl_authenticated"),
    "late": ("", "alice", "restrictions = { permit_auth_destination, "
             "reject_plaintext_session, reject_unauth_destination, "
             "permit_sasl_authenticated }\n",
             "permit_auth_destination, permit_sasl_authenticated"),
    "nothing": ("TLSv1.3 with cipher TLS_AES_256_GCM_SHA384", "",
                "restrictions = { permit_auth_destination }\n",
                "permit_auth_destination, permit_mynetworks"),
}


def test_advice(program):
    """what is advised is accepted by -t, and then nobody is refused"""
    for name, (tls, login, more, begins) in ADVICE.items():
        for address in "192.0.2.30", "2001:db8::30":
            text = 'listen "inet:127.0.0.1:10040" { }\n' + DOMAINS + more
            log = LOGS_TLS + session(address, tls, login)
            with written(c_conf=text, log=log) as directory:
                config = os.path.join(directory, "c.conf")
                logged = os.path.join(directory, "log")
                status, out, _ = ask(program, config, logged)
                assert status == 1 and "to keep them" in out, (name, out)
                assert "to keep all" not in out, (name, out)
                assert (begins if begins[0] == "\n" else
                        "restrictions = { " + begins) in out, (name, out)
                assert (begins[0] == "\n") == (
                    "permit_sasl_authenticated, reject_plain" not in out and
                    "restrictions = " not in out), (name, out)
                changed = apply(text, out)
                with open(config, "w") as file:
                    file.write(changed)
                checked = subprocess.run([program, "-t", "-c", config],
                                         stderr=subprocess.PIPE, text=True)
                assert checked.returncode in (0, 1) and \
                    "error" not in checked.stderr, (name, checked.stderr)
                assert ", }" not in out, out
                status, out, err = ask(program, config, logged)
                assert status == 0, (name, changed, out, err)


# A server as many are, and who uses it.

MAIN = """\
myhostname = mail.shop.example
mydestination = $myhostname, localhost, shop.example
mynetworks = 127.0.0.0/8 [::1]/128 192.168.1.0/24
relay_domains = partner.example
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
    permit_mx_backup, defer_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
import_environment =
"""
MASTER = """\
smtp inet n - y - - smtpd
submission inet n - y - - smtpd
    -o syslog_name=postfix/submission
"""
MX, SUBMISSION = "postfix/smtpd", "postfix/submission/smtpd"
GOOD = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"
OLD = "TLSv1 with cipher ECDHE-RSA-AES256-SHA"
# Port, address, TLS, login, recipient.
USERS = {
    "a stranger": (MX, "203.0.113.5", "", "", "b@shop.example"),
    "a webmail that does not log in": (MX, "127.0.0.1", "", "", "b@far.example"),
    "the same by IPv6": (MX, "::1", "", "", "b@far.example"),
    "a printer": (MX, "192.168.1.30", "", "", "b@far.example"),
    "a client without TLS": (MX, "198.51.100.6", "", "bob", "b@far.example"),
    "an old client": (SUBMISSION, "198.51.100.7", "", "carol",
                      "b@far.example"),
    "old TLS": (SUBMISSION, "198.51.100.8", OLD, "dave", "b@far.example"),
    "a client": (SUBMISSION, "198.51.100.9", GOOD, "erin", "b@far.example"),
    "mail to relay_domains": (MX, "203.0.113.50", "", "", "b@partner.example"),
    "mail to permit_mx_backup": (MX, "203.0.113.60", GOOD, "",
                                 "b@backup.example"),
}
KEPT = {"a stranger", "a client", "mail to relay_domains"}


def log_of(names):
    """log_of - a message of each"""
    lines = LOGS_TLS + LOGS_TLS.replace(MX, SUBMISSION)
    for number, name in enumerate(names):
        port, address, tls, login, to = USERS[name]
        lines += session(address, tls, login, ident="%05X" % (
            0xA0000 + number)).replace(MX, port).replace("b@far.example", to)
    return lines


class Server(Place):
    """It never runs; --init has written its policyd.conf."""

    def __init__(self, program, log=""):
        super().__init__(MAIN, MASTER)
        self.program = program
        self.log = os.path.join(self.directory, "mail.log")
        self.write(log)
        status, _, errors = self.init(program)
        assert (status, errors) == (0, ""), (status, errors)
        with open(self.file) as file:
            self.text = file.read()
        self.checked = set()

    def write(self, log):
        """write - its log"""
        with open(self.log, "w") as out:
            out.write(log)

    def ask(self, text, *options):
        """ask - with this configuration, which -t accepts"""
        file = os.path.join(self.directory, "tried.conf")
        with open(file, "w") as out:
            out.write(text)
        if text not in self.checked:
            done = subprocess.run([self.program, "-t", "-c", file], text=True,
                                  stderr=subprocess.PIPE)
            assert done.returncode in (0, 1) and "error" not in done.stderr, \
                (text, done.stderr)
            self.checked.add(text)
        return ask(self.program, file, *options, self.log)

    def refused(self, text):
        """refused - the networks of those that are, and the lines of advice for
        all together"""
        status, out, _ = self.ask(text, "--format=json")
        lines = [json.loads(line) for line in out.splitlines()]
        found = [line for line in lines if line["kind"] == "refused"]
        assert status == bool(found), (status, out)
        return found, [line for line in lines if line["kind"] == "advice"]


def test_each(program):
    """each user alone: who is refused, and the advice"""
    with Server(program) as server:
        for name in USERS:
            server.write(log_of([name]))
            found, together = server.refused(server.text)
            assert not together, (name, together)
            assert bool(found) == (name not in KEPT), (name, found)
            if not found:
                continue
            advice = found[0]["advice"]
            stranger = name == "mail to permit_mx_backup"
            assert advice["relay_domains"] == (
                "backup.example" if stranger else None), (name, advice)
            text = server.text
            if advice["mynetworks"]:
                text = put(text, "at top level", advice["mynetworks"])
            for write in advice["tls"] or [advice["write"]]:
                text = put(text, advice["where"], write)
            if advice["mynetworks"] and advice["postfix"]:
                # Postfix decides again, and has other networks.
                assert len(server.refused(text)[0]) == 1, (name, text)
                shell([advice["postfix"]])
                settle(server.config)
            assert server.refused(text) == ([], []), (name, text)


def test_together(program):
    """all users: pieces of advice about the same line are one, and nobody
    trusts a stranger by that"""
    with Server(program, log_of(USERS)) as server:
        found, together = server.refused(server.text)
        assert len(found) == len(USERS) - len(KEPT), found
        status, out, _ = server.ask(server.text)
        text = apply(server.text, out.split("to keep all that are ours")[1])
        again = server.text
        later = [line["write"] for line in together[0]["places"]
                 if line["where"] == "in Postfix, when it asks policyd"]
        assert later == ["postconf -c %s -P '%s/inet/smtpd_tls_auth_only=no'" %
                         (server.config, port)
                         for port in ("smtp", "submission")], later
        for line in together[0]["places"]:
            if line["write"] in later:
                continue
            again = put(again, line["where"], line["write"])
        assert text == again, (text, again)
        assert '"127.0.0.1", "192.168.1.30", "[::1]/128" }' in text, text
        left, together = server.refused(text)
        assert not together, together
        assert [group["clients"] for group in left] == [["203.0.113.60"]], left
        # What is in use stays in use.
        assert left[0]["advice"]["mynetworks"] == (
            'mynetworks = { "127.0.0.1", "192.168.1.30", "[::1]/128", '
            '"203.0.113.60" }'), left
        with open(os.path.join(server.config, "main.cf"), "a") as main:
            main.write("relay_domains = partner.example, %s\n" %
                       left[0]["advice"]["relay_domains"])
        settle(server.config)
        assert server.refused(text) == ([], []), text


def test_old(program):
    """several logins with old TLS, at one port: the oldest of them, and nobody
    may use plain text; beside clients that do not log in"""
    log = log_of(["old TLS", "a printer"]) + session(
        "198.51.100.90", "TLSv1.1 with cipher AES256-SHA", "frank",
        ident="F0F0F").replace(MX, SUBMISSION)
    with Server(program, log) as server:
        found, together = server.refused(server.text)
        assert len(found) == 3, found
        places = together[0]["places"]
        assert {"where": 'in service "submission"',
                "write": 'tls_protocols = ">=TLSv1"'} in places, places
        assert len(places) == 3, places
        text = apply(server.text, server.ask(server.text)[1].split(
            "to keep all that are ours")[1])
        assert server.refused(text) == ([], []), text
        server.write(log_of(["an old client"]))
        assert len(server.refused(text)[0]) == 1, text


def test_domains(program):
    """one client does not send to many domains of a backup MX, and none is one
    for an address; what it says of several is all of them"""
    for domains, relay in ((["a.example", "B.example", "b.example"],
                            "a.example, B.example"),
                           (["d%d.example" % each for each in range(9)], None),
                           (["[192.0.2.1]"], None)):
        log = LOGS_TLS + "".join(
            session("203.0.113.60", GOOD, ident="%05X" % (0xA0000 + number))
            .replace("b@far.example", "b@" + domain)
            for number, domain in enumerate(domains))
        with written(c_conf='listen "inet:127.0.0.1:10040" { }\n' + DOMAINS,
                     log=log) as directory:
            out = ask(program, os.path.join(directory, "c.conf"),
                      "--format=json", os.path.join(directory, "log"))[1]
            group = json.loads(out.splitlines()[0])
            assert group["kind"] == "refused" and \
                group["advice"]["relay_domains"] == relay, (domains, out)


def test_network(program):
    """many clients in one network: the network; what is in mynetworks already
    is not written again"""
    log = LOGS_TLS + "".join(session("192.168.1.%d" % number, ident="%05X" % (
        0xA0000 + number)) for number in range(20, 40))
    with Server(program, log) as server:
        found, _ = server.refused(server.text)
        advice = found[0]["advice"]
        assert advice["mynetworks"] == 'mynetworks = { "192.168.1.0/24" }', found
        text = put(server.text, "at top level", advice["mynetworks"])
        assert not server.refused(put(text, advice["where"], advice["write"]))[
            0], text
        # It is in use at another port.
        used = put(server.text, 'in service "submission"', "restrictions = { "
                   "permit_mynetworks, reject }")
        advice = server.refused(used)[0][0]["advice"]
        assert advice["mynetworks"] is None, advice
        assert not server.refused(put(used, advice["where"], advice["write"]))[
            0], used


def test_order(program):
    """a list that permits networks, or logins, early enough stays as it is: a
    client that is accepted is not refused by the advice"""
    text = DOMAINS + 'mynetworks = "192.168.1.9"\nrestrictions = ' \
        "{ permit_auth_destination, permit_mynetworks, " \
        "reject_plaintext_session, permit_sasl_authenticated, " \
        "reject_unauth_destination }\n"
    log = LOGS_TLS + session("192.168.1.9") + session(
        "10.0.0.5", GOOD, ident="BBBBB")
    for more, count in (("", 1), (session("10.0.0.6", ident="CCCCC"), 2)):
        with written(c_conf=text, log=log + more) as directory:
            config, logged = (os.path.join(directory, each)
                              for each in ("c.conf", "log"))
            status, out, _ = ask(program, config, logged)
            assert status == 1 and "restrictions = " not in out and \
                ", %d would be refused" % count in out, out
            written_so_far = text
            for left in reversed(range(count)):
                written_so_far = apply(written_so_far, out)
                with open(config, "w") as file:
                    file.write(written_so_far)
                status, out, _ = ask(program, config, logged)
                assert ", %d would be refused" % left in out, out


def test_excluded(program):
    """an address that mynetworks excludes, here and in main.cf: it comes before
    the "!", since the first match wins"""
    main = MAIN.replace(" 192.168.1.0/24", " !192.168.1.9 192.168.1.0/24")
    with Place(main) as place, written(
            log=LOGS_TLS + session("192.168.1.9", GOOD),
            networks="!192.168.1.9\n192.168.1.0/24\n") as directory:
        logged, networks = (os.path.join(directory, each)
                            for each in ("log", "networks"))
        for value in ("", '"!192.168.1.9", "192.168.1.0/24"', '"%s"' %
                      networks):
            with open(os.path.join(place.config, "main.cf"), "w") as file:
                file.write("compatibility_level = 3.6\n" + main)
            settle(place.config)
            text = place.configure(
                "restrictions = { permit_auth_destination, "
                "permit_mynetworks, reject }\n" + (
                    "mynetworks = { %s }\n" % value if value else ""))
            for left in 1, 1, 0:
                with open(place.file, "w") as file:
                    file.write(text)
                status, out, _ = ask(program, place.file, logged)
                assert status == left, (value, out)
                changed = apply(text, out)
                if changed == text and left:
                    shell(re.findall(r"in Postfix, when it asks policyd: "
                                     "(postconf .*)", out))
                    settle(place.config)
                text = changed
            assert text.count("192.168.1.9") == (
                1 if networks in value else 2), text
            assert run("postconf", "-c", place.config, "-h",
                       "mynetworks").startswith("192.168.1.9, "), value


ANYBODY = {
    # Restrictions, or more; TLS, recipient, and how what is said begins.
    "ours": ("restrictions = { reject_plaintext_session, "
             "permit_sasl_authenticated, reject }\n", "", "b@shop.example",
             "which is ours already, write:\n\t\t  at top level: restrictions "
             "= { permit_auth_destination, reject_plaintext_session, "),
    "ours, in TLS": ("restrictions = { reject }\n", GOOD, "b@shop.example",
                     "which is ours already, write:\n\t\t  at top level: "
                     "restrictions = { permit_auth_destination, reject }\n"),
    "in a service": ('service "s" {\n\tserver_port = { 25 }\n\trestrictions = '
                     "{ reject }\n}\n", GOOD, "b@shop.example",
                     'ours already, write:\n\t\t  in service "s": '
                     "restrictions = { permit_auth_destination, reject }\n"),
    "after senders": ('sender_login_maps = "inline:{ x@y.example=z }"\n'
                      "restrictions = { reject_sender_login_mismatch, "
                      "reject }\n", GOOD, "b@shop.example",
                      "write:\n\t\t  at top level: restrictions = { "
                      "reject_sender_login_mismatch, permit_auth_destination, "
                      "reject }\n"),
    "not ours": ("", GOOD, "b@far.example", " (as a backup MX), add to "
                 "relay_domains in main.cf: far.example\nof "),
    "not ours, and refused before": (
        "restrictions = { reject_plaintext_session, permit_auth_destination, "
        "reject }\n", "", "b@far.example", " (as a backup MX), add to "
        "relay_domains in main.cf: far.example\n\t\tand, so that they are "
        "permitted first:\n\t\t  at top level: restrictions = { "
        "permit_auth_destination, reject_plaintext_session, reject }\n"),
    "relay_domains of policyd.conf": (
        'relay_domains = "r.example"\n', GOOD, "b@far.example", " (as a backup "
        "MX), write, since policyd.conf has relay_domains of its own:\n"
        '\t\t  at top level: relay_domains = { "r.example", "far.example" }\n'),
}


def test_anybody(program):
    """what makes mail of anybody to a domain acceptable: the domain, where it
    counts, and permit_auth_destination before what refuses"""
    for name, (more, tls, to, said) in ANYBODY.items():
        log = LOGS_TLS + session("203.0.113.9", tls).replace(
            "b@far.example", to)
        with Place(MAIN) as place, written(log=log) as directory:
            logged = os.path.join(directory, "log")
            text = place.configure(more)
            for left in 1, 1, 0:
                with open(place.file, "w") as file:
                    file.write(text)
                status, out, _ = ask(program, place.file, logged)
                if not status and left == 1:
                    break
                assert status == left, (name, out)
                if said:
                    assert said in out, (name, out)
                    out = out[out.index("or, if this host takes mail"):]
                said = ""
                text = apply(text, out)
                for domain in re.findall(r"relay_domains in main\.cf: (\S+)",
                                         out):
                    with open(os.path.join(place.config, "main.cf"),
                              "a") as main:
                        main.write("relay_domains = %s\n" % domain)
                shell(re.findall(r"in Postfix, when it asks policyd: "
                                 "(postconf .*)", out))
                settle(place.config)
            assert '"203.0.113.9"' not in text, (name, text)


def test_ambiguous(program):
    """where several ports have one syslog_name, the client may have been at any
    of them: what is written is for each of their services"""
    master = "smtp inet n - y - - smtpd\n587 inet n - y - - smtpd\n" \
        "    -o { smtpd_relay_restrictions=permit_mynetworks, " \
        "permit_sasl_authenticated, reject }\n"
    cases = {"old": session(tls=OLD, login="alice"),
             "plain": session(login="alice"),
             "host": session("192.168.1.7"),
             "two": session("192.168.1.7") + session(
                 tls=OLD, login="alice", ident="BBBBB")}
    text = "".join('service "%s" {\n\tserver_port = { %s }\n}\n' % each
                   for each in (("mx", "25"), ("submission", "587"))) + \
        'tls_protocols = ">=TLSv1.2"\n'
    for name, log in cases.items():
        with Place(MAIN, master) as place, written(
                log=LOGS_TLS + log) as directory:
            logged = os.path.join(directory, "log")
            place.configure(text)
            status, out, _ = ask(program, place.file, logged)
            assert status == 1 and "port 25 or 587 (postfix), " in out and \
                ", service mx or submission)\n" in out, (name, out)
            found, _ = groups(program, place.file, logged)
            assert [other["where"] for other in
                    found[0]["advice"]["others"]] == [
                        'in service "submission"'], (name, found)
            for service in "mx", "submission":
                assert 'in service "%s": ' % service in out, (name, out)
            with open(place.file) as file:
                changed = apply(file.read(), out.split("to keep all that")[-1])
            with open(place.file, "w") as file:
                file.write(changed)
            status, out, _ = ask(program, place.file, logged)
            assert status == 0 and "cannot tell: 0\n" in out, (name, out)


def test_senders(program):
    """what the map of owners needs; it is done"""
    log = LOGS_TLS + session(tls=GOOD, login="bob") + session(
        "198.51.100.6", GOOD, ident="BBBBB").replace("b@far.example",
                                                      "u@shop.example")
    for option, where in (("sender_login_maps", "sender_login_maps"),
                          ("smtpd_sender_login_maps",
                           "smtpd_sender_login_maps of main.cf")):
        with Place(MAIN) as place, written(log=log) as directory:
            logged = os.path.join(directory, "log")
            for entry, count in (("a@local.test=alice", 2),
                                 ("a@local.test=alice bob", 1),
                                 ("x@local.test=alice", 0)):
                text = "restrictions = { " \
                    "reject_known_sender_login_mismatch, " \
                    "permit_auth_destination, permit_sasl_authenticated, " \
                    "reject }\n"
                line = "%s = %s\n" % (option, "inline:{ {%s} }" % entry)
                main = "compatibility_level = 3.6\n" + MAIN
                if option == where:
                    text += line.replace("= ", '= "', 1).replace("\n", '"\n')
                else:
                    main += line
                with open(os.path.join(place.config, "main.cf"), "w") as file:
                    file.write(main)
                settle(place.config)
                place.configure(text)
                status, out, err = ask(program, place.file, logged)
                assert status == (count > 0) and ", %d would be refused" % \
                    count in out, (entry, out, err)
                assert ("\t\tto keep them, add this login to the owners of "
                        "these sender addresses, in %s\n" % where in out) == (
                            count == 2), out
                assert ("\t\tto keep them, let the clients log in as an owner "
                        "of the sender address, or take these addresses out "
                        "of %s\n" % where in out) == (count > 0), out


def test_nowhere(program):
    """a client without an address: no network has it. If it logs in, it is
    accepted."""
    word = "unknown"
    log = LOGS_TLS + session(word, GOOD)
    with Server(program, log) as server:
        found, together = server.refused(server.text)
        group, = found
        assert not together and group["clients"] == [word], found
        assert group["advice"] == {
            "condition": None, "mynetworks": None, "where": None,
            "write": None, "tls": [], "others": [], "postfix": None,
            "relay_domains": "far.example", "relay_domains_here": None,
            "destination_first": None, "remove_from": None,
            "instead":
                "a client without an address is in no network: let it log "
                "in, or deliver with sendmail(1)"}, group
        _, out, _ = server.ask(server.text)
        assert "mynetworks" not in out and "in no network" in out, out
        # It is true: not even the whole world in mynetworks helps.
        text = put(server.text, "at top level",
                   'mynetworks = { "0.0.0.0/0", "[::]/0" }')
        text = put(text, 'in service "%s"' % group["service"],
                   "restrictions = { permit_mynetworks, reject }")
        assert server.ask(text + "allow_open_relay = yes\n")[0] == 1
        server.write(LOGS_TLS + session(word, GOOD, "alice"))
        assert server.refused(server.text) == ([], [])


def postfix_of(program, file, log):
    """postfix_of - what Postfix needs for each group"""
    out = ask(program, file, "--format=json", log)[1]
    return [group["advice"]["postfix"] for group in map(
        json.loads, out.splitlines()) if group["kind"] == "refused"]


def test_postfix(program):
    """what Postfix needs, too: in main.cf, or for a port with networks of its
    own; with reply = lock only. The commands are typed."""
    log = log_of(["a printer"]) + session(
        "2001:db8::30", ident="F0F0F").replace(MX, SUBMISSION)
    main = MAIN.replace(" 192.168.1.0/24", "")
    master = MASTER + "    -o mynetworks=127.0.0.1\n"
    with Place(main, master) as place, written(log=log) as directory:
        logged = os.path.join(directory, "log")
        for more, expected in (
                ('reply = "ok"\n', []),
                ("", ["postconf -c %s -P 'submission/inet/mynetworks="
                      "127.0.0.1,[2001:db8::30]/128'" % place.config,
                      "postconf -c %s -e 'mynetworks=127.0.0.0/8, [::1]/128, "
                      "192.168.1.30'" % place.config])):
            place.configure(more)
            assert sorted(filter(None, postfix_of(
                program, place.file, logged))) == sorted(expected), expected
        shell(expected)
        settle(place.config)
        assert postfix_of(program, place.file, logged) == [None] * 2
        assert run("postconf", "-c", place.config, "-Ph",
                   "submission/inet/mynetworks").strip().endswith("::30]/128")
        # Where nobody knows its Postfix.
        with open(place.file, "w") as out:
            out.write(DOMAINS)
        assert postfix_of(program, place.file, logged) == [
            "the same clients in mynetworks"] * 2
        with open(logged, "w") as out:
            out.write(session(login="alice"))
        with open(place.file, "w") as out:
            out.write(DOMAINS + "restrictions = { reject_plaintext_session, "
                      "permit_sasl_authenticated, reject }\n")
        with open(logged, "w") as out:
            out.write(LOGS_TLS + session(login="alice"))
        assert postfix_of(program, place.file, logged) == [
            "smtpd_tls_auth_only = no for port 25"]


if __name__ == "__main__":
    sys.exit(run_all([test_advice, test_domains, test_old, test_each, test_together,
                      test_network, test_order, test_excluded, test_anybody, test_ambiguous, test_senders, test_nowhere, test_postfix]))
