#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_again - with reply = lock, Postfix decides again, by lists of
its own: what policyd.conf permits and main.cf does not is refused, until the
commands that the forecast prints have been typed.

usage: test_forecast_again.py POLICYD [TEST ...]
"""

import os
import re
import sys

from kit.certificates import openssl
from kit.daemon import run_all
from kit.forecast import (BUILT_IN, DOMAINS, HEAD, LOGS_TLS, ask, groups, session,
                          written)
from kit.init import Place, shell
from kit.postfix import Postfix, settle
from kit.smtp import Session

MAIN = """\
myhostname = mail.shop.example
mydestination = $myhostname, shop.example
mynetworks = 127.0.0.0/8
relay_domains = partner.example
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
import_environment =
"""
TRUSTING = ("restrictions = { permit_auth_destination, permit_mynetworks, "
            "reject_plaintext_session, permit_sasl_authenticated, reject }\n")
LOGINS = ("restrictions = { permit_auth_destination, "
          "permit_sasl_authenticated, reject }\n")
GOOD = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"
FINGERPRINT = ":".join(["CD"] * 32)
CERTIFICATE = HEAD % (
    "smtpd[1]: h[192.0.2.30]: subject_CN=h, issuer=i, fingerprint=AA:BB, "
    "pkey_fingerprint=%s") % FINGERPRINT + "\n"


def with_certificate():
    """with_certificate - the client has one"""
    lines = session(tls=GOOD).splitlines(True)
    return "".join(lines[:2]) + CERTIFICATE + "".join(lines[2:])


# main.cf, -o of the port, policyd.conf, log, restriction, end of the command.
CASES = {
    "mynetworks": ("", "", 'mynetworks = "192.0.2.0/24"\n' + TRUSTING,
                   session(), "permit_mynetworks",
                   "-e 'mynetworks=127.0.0.0/8, 192.0.2.30'"),
    "mynetworks of the port": (
        "", "    -o mynetworks=127.0.0.1\n",
        'mynetworks = "127.0.0.1, 192.0.2.0/24"\n' + TRUSTING, session(),
        "permit_mynetworks",
        "-P 'smtp/inet/mynetworks=127.0.0.1,192.0.2.30'"),
    # It is imported, but the port has another one.
    "imported, but not at the port": (
        "mynetworks = 127.0.0.0/8, 192.0.2.0/24\n",
        "    -o mynetworks=127.0.0.1\n", TRUSTING, session(),
        "permit_mynetworks",
        "-P 'smtp/inet/mynetworks=127.0.0.1,192.0.2.30'"),
    "relay_domains": (
        "", "", 'relay_domains = "far.example, partner.example"\n', session(),
        "permit_auth_destination",
        "-e 'relay_domains=partner.example, far.example'"),
    "mydestination": (
        "", "", 'mydestination = "far.example, shop.example"\n', session(),
        "permit_auth_destination",
        "-e 'mydestination=mail.shop.example, shop.example, far.example'"),
    "virtual_alias_domains": (
        "virtual_alias_domains =\n", "",
        'virtual_alias_domains = "far.example"\n', session(),
        "permit_auth_destination", "-e 'virtual_alias_domains=far.example'"),
    "two clients, two domains": (
        "", "", 'relay_domains = "far.example, near.example"\n',
        session() + session("198.51.100.8", ident="BBBBB").replace(
            "b@far", "b@near"), "permit_auth_destination",
        "-e 'relay_domains=partner.example, far.example, near.example'"),
    "no login without TLS": (
        "smtpd_tls_auth_only = yes\n", "", LOGINS, session(login="alice"),
        "permit_sasl_authenticated",
        "-P 'smtp/inet/smtpd_tls_auth_only=no'"),
}


def test_typed(program):
    """it is refused until main.cf has it, too; in no other way of replying"""
    for name, (main, options, text, log, restriction,
               command) in CASES.items():
        with Place(MAIN + main, "smtp inet n - y - - smtpd\n" + options) as \
                place, written(log=LOGS_TLS + log) as directory:
            logged = os.path.join(directory, "log")
            place.configure(text)
            status, out, err = ask(program, place.file, logged)
            count = log.count("connect from") // 2
            assert (status, err) == (1, "") and out.count(
                " (%s, service default)\n" % restriction) == count and \
                "%d would be refused:" % count in out, (name, out)
            typed = re.findall(r"^\t\t  in Postfix, when it asks policyd: "
                               r"(postconf .*)$", out, re.M)
            assert typed[-1].endswith(command), (name, typed)
            assert "at top level" not in out, (name, out)
            found, _ = groups(program, place.file, logged)
            assert found[0]["advice"]["postfix"] == typed[0], (name, found)
            shell(typed[-1:])
            settle(place.config)
            status, out, _ = ask(program, place.file, logged)
            assert status == 0 and ", 0 would be refused\n" in out and \
                "cannot tell: 0\n" in out, (name, out)
            if restriction == "permit_sasl_authenticated":
                continue
            with open(os.path.join(place.config, "main.cf"), "w") as file:
                file.write("compatibility_level = 3.6\n" + MAIN + main)
            settle(place.config)
            with open(place.file, "a") as out:
                out.write('reply = "ok"\n')
            assert ask(program, place.file, logged)[0] == 0, name


def test_mistaken(program):
    """a domain that policyd.conf has by mistake: without it, a login in TLS is
    accepted, and another client is advised on as usual"""
    options = {"far.example": 'relay_domains = "far.example"\n',
               "[203.0.113.1]": 'inet_interfaces = "127.0.0.1, 203.0.113.1"\n'}
    for domain, option in options.items():
        name = option.split()[0]
        for login in "alice", "":
            log = session(tls=GOOD, login=login).replace("far.example", domain)
            with Place(MAIN + "inet_interfaces = 127.0.0.1\n") as place, \
                    written(log=LOGS_TLS + log) as directory:
                path = os.path.join(directory, "log")
                place.configure(option)
                status, out, err = ask(program, place.file, path)
                assert status == 1 and "(permit_auth_destination, service" in \
                    out and "\t\tor, if they are not yours, remove them from " \
                    "%s in policyd.conf, and try again\n" % name in out, (
                        out, err)
                assert ("let main.cf have them, too\n\t\tor, if" in out) == (
                    domain[0] == "[") and "write:\n\t\tor" not in out, out
                (group,), _ = groups(program, place.file, path)
                assert group["advice"]["remove_from"] == name, group
                place.configure()
                status, out, err = ask(program, place.file, path)
                assert status == (not login) and "if they are not" not in out, (
                    login, out, err)


def test_lists_of_a_port(program):
    """smtpd(8) does not read lists of domains: those of a port do not count,
    and those of trivial-rewrite(8) are not known"""
    log = LOGS_TLS + session(tls=GOOD).replace(
        "b@far.example", "u@shop.example")
    for master, doubted in (
            ("", False), ("    -o mydestination=far.example\n", False),
            ("    -o relay_domains=\n", False),
            ("    -o relay_clientcerts=\n", False),
            ("    -o rewrite_service_name=x\n", True),
            ("rewrite unix - - y - - trivial-rewrite\n"
             "    -o mydestination=far.example\n", True),
            ("rewrite unix - - y - - trivial-rewrite\n"
             "    -o syslog_name=x\n", False)):
        with Place(MAIN, "smtp inet n - y - - smtpd\n" + master) as place, \
                written(log=log) as directory:
            place.configure()
            path = os.path.join(directory, "log")
            status, out, err = ask(program, place.file, path)
            assert status == 0 and ("cannot tell: 1" in out) == doubted == (
                "by parameters of master.cf which" in out), (master, out, err)


def test_lists_of_a_real_port(program):
    """the same, by Postfix itself"""
    with Postfix() as postfix:
        postfix.discard()
        postfix.set("smtpd_relay_restrictions=" + BUILT_IN)
        ports = [postfix.port(**options) for options in (
            {}, {"mydestination": "far.example"},
            {"relay_domains": "far.example"},
            {"virtual_mailbox_domains": "far.example"})]
        postfix.start()
        for port in ports:
            with Session(port) as client:
                client.reply()
                client.ask("EHLO client.example")
                client.ask("MAIL FROM:<a@client.example>")
                assert client.ask("RCPT TO:<u@local.test>").startswith("250")
                assert client.ask("RCPT TO:<u@far.example>").endswith(
                    "Relay access denied"), port


def test_login_in_plain_text(program):
    """it is possible today, and --init ends that, however policyd replies;
    where the port asks policyd, what is set there is what counts"""
    asking = "    -o { smtpd_relay_restrictions=check_policy_service " \
        "unix:private/%s, reject }\n"
    local = session(login="alice").replace("far.example", "shop.example")
    note = "note: 1 recipient is accepted, but the client logs in without TLS"
    for reply in "", 'reply = "ok"\n', 'reply = "dunno"\n':
        for options, refused in (
                ("", 1), (asking % "postgrey", 1), (asking % "policyd", 0),
                # Only observed, as either file says.
                (asking % "policyd" + "#", 1),
                (asking % "policyd,$policyd_previous_1", 1),
                (asking % "policyd" + "    -o smtpd_tls_auth_only=yes\n", 1),
                ("    -o smtpd_tls_security_level=none\n", 0)):
            with Place(MAIN, "smtp inet n - y - - smtpd\n" + options) as \
                    place, written(log=LOGS_TLS + session(login="alice"),
                                   l_log=LOGS_TLS + local) as directory:
                pem = os.path.join(directory, "pem")
                openssl("req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj",
                        "/CN=mail.shop.example", "-keyout", pem, "-out", pem)
                with open(os.path.join(place.config, "main.cf"), "a") as main:
                    main.write("smtpd_tls_cert_file = %s\n" % pem)
                    if "previous" in options:
                        main.write("policyd_previous_1 = permit_mynetworks\n")
                settle(place.config)
                mode = 'mode = "observe"\n' if options.endswith("#") else ""
                place.configure(
                    'listen "unix:/var/spool/postfix/private/policyd" { }\n' +
                    mode + "allow_open_relay = yes\n" + LOGINS + reply)
                log = os.path.join(directory, "log")
                status, out, err = ask(program, place.file, log)
                assert status == refused and "%d would be ref" % refused in \
                    out and ("smtp/inet/smtpd_tls_auth_only=no'" in out) == \
                    refused, (reply, options, out, err)
                # It is accepted for our domains, if the client tries at all.
                log = os.path.join(directory, "l.log")
                status, out, err = ask(program, place.file, log)
                assert status == 0 and (note in out) == refused, out
                assert ("note: these log in without TLS: alice; let" in
                        out) == refused, out
                assert groups(program, place.file, log)[1][
                    "logins_not_possible"] == refused, out


def test_certificates(program):
    """relay_clientcerts, which main.cf does not even have"""
    with Place(MAIN) as place, written(
            log=LOGS_TLS + with_certificate()) as directory:
        logged = os.path.join(directory, "log")
        place.configure(
            'relay_clientcerts = "inline:{ %s=h }"\nrestrictions = { '
            "permit_tls_clientcerts, permit_auth_destination, reject }\n" %
            FINGERPRINT)
        status, out, err = ask(program, place.file, logged)
        assert status == 1 and "(permit_tls_clientcerts, service" in out and \
            "into relay_clientcerts in main.cf, too\n" in out, (out, err)
        with open(os.path.join(place.config, "main.cf"), "a") as main:
            main.write("relay_clientcerts = inline:{ %s=h }\n" %
                       FINGERPRINT)
        settle(place.config)
        assert ask(program, place.file, logged)[0] == 0


def test_any_certificate(program):
    """who is permitted by a certificate now is not to be trusted by address;
    what is said is done"""
    for word, certified in ("permit_tls_all_clientcerts", True), (
            "permit_mynetworks", False):
        with Place(MAIN.replace("127.0.0.0/8", "127.0.0.0/8, 192.0.2.0/24") +
                   "smtpd_relay_restrictions = %s, reject_unauth_destination\n"
                   % word) as place, \
                written(log=LOGS_TLS + with_certificate()) as directory:
            logged = os.path.join(directory, "log")
            place.configure()
            status, out, err = ask(program, place.file, logged)
            assert status == 1 and ("put permit_tls_clientcerts before that "
                                    "restriction" in out) == certified and (
                                        "permit_mynetworks, reject" in out
                                    ) != certified, (word, out, err)
        with Place(MAIN + "relay_clientcerts = inline:{ %s=h }\n" %
                   FINGERPRINT) as place, \
                written(log=LOGS_TLS + with_certificate()) as directory:
            place.configure("restrictions = { permit_auth_destination, "
                            "permit_tls_clientcerts, reject }\n")
            assert ask(program, place.file,
                       os.path.join(directory, "log"))[0] == 0


def test_certificate_not_logged(program):
    """at smtpd_tls_loglevel = 1 the log says that there was a certificate, and
    not which; nobody can tell then, unless no restriction looks at it"""
    known = session(tls=GOOD).replace("Anonymous", "Trusted")
    dark = "".join(line for line in known.splitlines(True)
                   if "Trusted" not in line)
    certified = "permit_tls_clientcerts, permit_auth_destination, "
    late = "permit_auth_destination, reject_unauth_destination, " \
        "permit_tls_clientcerts, "
    asks = "    -o smtpd_tls_ask_ccert=yes\n"
    for log, first, options, doubted in (
            (known, certified, asks, True), (known, certified, "", True),
            (known, "", asks, False), (known, late, asks, False),
            (session(tls=GOOD), certified, asks, False),
            (dark, certified, asks, True), (dark, certified, "", False),
            (with_certificate(), certified, asks, False)):
        with Place(MAIN, "smtp inet n - y - - smtpd\n" + options) as place, \
                written(log=log) as directory:
            place.configure('relay_clientcerts = "inline:{ AA=h }"\n'
                            "restrictions = { %sreject }\n" % first)
            path = os.path.join(directory, "log")
            status, out, err = ask(program, place.file, path)
            assert ("cannot tell: 1" in out) == doubted and (
                "1 would be refused" in out) != doubted and \
                status == (not doubted), (log, first, options, out, err)
            assert ("(write smtpd_tls_loglevel = 2 in main.cf)" in out) == (
                doubted and log != dark), out


def refused(address="192.0.2.30", to="b@far.example"):
    """refused - "Relay access denied" """
    return "".join(HEAD % line + "\n" for line in [
        "smtpd[1]: connect from h[%s]" % address,
        "smtpd[1]: NOQUEUE: reject: RCPT from h[%s]: 554 5.7.1 <%s>: Relay "
        "access denied; from=<a@b> to=<%s> proto=ESMTP helo=<h>" % (
            address, to, to),
        "smtpd[1]: disconnect from h[%s] rcpt=0/1 commands=2/3" % address])


def test_refused(program):
    """a client that Postfix has refused remains refused, until it is in its
    mynetworks"""
    with Place(MAIN) as place, written(log=refused()) as directory:
        logged = os.path.join(directory, "log")
        place.configure('mynetworks = "192.0.2.0/24"\n' + TRUSTING)
        status, out, _ = ask(program, place.file, logged)
        assert status == 0 and "\n1 of them remains refused, though" in out \
            and "clients in 192.0.2.0/24: by mynetworks of policyd.conf; if " \
            "they are yours, mynetworks of Postfix must have them" in out, out
        (group,), summary = groups(program, place.file, logged)
        assert (group["kind"], group["network"], group["domain"],
                group["restriction"], summary["foreign"]) == (
                    "foreign", "192.0.2.0/24", "", "permit_mynetworks", 1), \
            group
        with open(os.path.join(place.config, "main.cf"), "a") as main:
            main.write("mynetworks = 192.0.2.30\n")
        settle(place.config)
        status, out, _ = ask(program, place.file, logged)
        assert status == 1 and ", 1 would be accepted:\n" in out, out


def test_unknown(program):
    """where main.cf is not known, it cannot be told"""
    text = DOMAINS + 'mynetworks = "192.0.2.0/24"\n' + TRUSTING
    with written(c_conf=text, o_conf=text + 'reply = "ok"\n',
                 log=LOGS_TLS + session(), r_log=refused()) as directory:
        config, other, log, rejected = (
            os.path.join(directory, each)
            for each in ("c.conf", "o.conf", "log", "r.log"))
        note = "note: 1 recipient is accepted if the lists of Postfix have " \
            "what those of policyd.conf have: Postfix decides again (reply = " \
            "lock), and its lists are not known here (import_postfix)\n"
        status, out, _ = ask(program, config, log)
        assert status == 0 and note in out, out
        assert groups(program, config, log)[1]["lists_of_postfix_unknown"] == 1
        assert "(reply = lock)" not in ask(program, other, log)[1]
        status, out, _ = ask(program, config, rejected)
        assert "cannot tell: 1:\n        1  Postfix decides again (reply = " \
            "lock), by lists that are not known here (import_postfix)\n" in \
            out, out
        assert ask(program, other, rejected)[0] == 1


if __name__ == "__main__":
    sys.exit(run_all([test_typed, test_mistaken,
                      test_lists_of_a_port, test_lists_of_a_real_port,
                      test_login_in_plain_text,
                      test_certificates, test_any_certificate,
                      test_certificate_not_logged, test_refused,
                      test_unknown]))
