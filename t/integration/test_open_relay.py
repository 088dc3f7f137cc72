#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_open_relay - what policyd refuses to load would really be an open relay

Each configuration is refused; with allow_open_relay = yes it is served, with
reply = lock, and a stranger sends through a real Postfix to a domain that is
not ours. The one that is not refused does not let them. And no sample of ours
is refused.

usage: test_open_relay.py POLICYD
"""

import os
import re
import signal
import subprocess
import sys

from kit.daemon import WAIT
from kit.policyd import Policyd
from kit.postfix import Postfix, poll
from kit.smtp import Session, tls_context

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
VICTIM = "RCPT TO:<victim@far.example>"
NETWORKS = "{ permit_auth_destination, permit_mynetworks, reject }"

# What it is, the settings, and the stranger: address, TLS, certificate.
CASES = [
    ("permit behind reject_plaintext_session",
     "restrictions = { permit_auth_destination, reject_plaintext_session, "
     "permit }", "203.0.113.9", "TLSv1.3", None),
    ("all of IPv6", 'mynetworks = "[::]/0"\nrestrictions = ' + NETWORKS,
     "2001:db8:bad::1", None, None),
    ("half of IPv4, where no stranger was tried",
     'mynetworks = "0.0.0.0/1"\nrestrictions = ' + NETWORKS,
     "100.64.0.9", None, None),
    ("half of IPv6 in a cidr: table",
     'mynetworks = "cidr:{{8000::/1 x}}"\nrestrictions = ' + NETWORKS,
     "fd00::1", None, None),
    ("all but one network", "mynetworks = 'cidr:{{!10.0.0.0/8 x}}'\n"
     "restrictions = " + NETWORKS, "203.0.113.9", None, None),
    ("every certificate", 'relay_clientcerts = "static:x"\nrestrictions = '
     "{ permit_auth_destination, permit_tls_clientcerts, reject }",
     "203.0.113.9", "TLSv1.2", "selfsigned"),
    ("every domain", 'relay_domains = "static:x"\n', "203.0.113.9", None,
     None),
    ("all domains that matter", "relay_domains = 'com, net, org, example'\n",
     "203.0.113.9", None, None),
]
SAFE = ("restrictions = { permit_auth_destination, permit_mynetworks, "
        "permit_tls_clientcerts, reject }\nmynetworks = '10.0.0.0/8'\n"
        "relay_clientcerts = '%s'\n" % ":".join(["AB"] * 32))


def check(program, text, directory):
    """check - status of policyd -t, and what it says"""
    file = os.path.join(directory, "checked.conf")
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    done = subprocess.run([program, "-t", "-c", file], capture_output=True,
                          text=True, timeout=WAIT)
    return done.returncode, done.stderr


class Place:
    """A Postfix that asks policyd, and believes it"""

    def __init__(self, program, postfix):
        self.program = program
        self.postfix = postfix
        postfix.discard()
        postfix.set(
            "smtpd_tls_security_level=may", "smtpd_tls_ask_ccert=yes",
            "smtpd_tls_fingerprint_digest=sha256", "relay_clientcerts=static:x",
            "relay_domains=static:x", "mynetworks=0.0.0.0/0 [::]/0",
            "smtpd_authorized_xclient_hosts=127.0.0.1",
            "smtpd_recipient_restrictions=",
            "smtpd_relay_restrictions="
            "check_policy_service unix:private/policyd, reject")
        self.port = postfix.port()
        self.socket = os.path.join(postfix.queue, "private", "policyd")

    def text(self, settings):
        """text - of a configuration"""
        return ('listen "unix:%s" { owner = "postfix" group = "postfix" }\n'
                'import_postfix = ""\nuser = "nobody"\nlog = "stderr"\n'
                'mydestination = "local.test"\n%s\n' % (self.socket, settings))

    def send(self, settings, address, version, certificate):
        """send - the reply to a stranger who sends to VICTIM"""
        tls = self.postfix.path("tls", "")
        name = "IPV6:" + address if ":" in address else address
        with Policyd(self.program, self.postfix.directory,
                     self.text(settings), self.socket), \
                Session(self.port) as session:
            session.reply()
            session.ask("EHLO stranger.example")
            said = session.ask("XCLIENT ADDR=%s NAME=[UNAVAILABLE]" % name)
            assert said.startswith("220"), said
            session.ask("EHLO stranger.example")
            if version:
                session.ask("STARTTLS")
                session.starttls(tls_context(
                    version, tls + "ca.pem",
                    certificate and tls + certificate))
                session.ask("EHLO stranger.example")
            said = session.ask("MAIL FROM:<spam@stranger.example>")
            assert said.startswith("250"), said
            return session.ask(VICTIM)


def test_refused(place):
    """refused, and rightly"""
    for what, settings, address, version, certificate in CASES:
        status, said = check(place.program, place.text(settings),
                             place.postfix.directory)
        assert status == 78 and re.search(
            r"checked\.conf:\d+: .* is an open relay", said), (what, said)
        open_relay = settings + "\nallow_open_relay = yes\n"
        status, said = check(place.program, place.text(open_relay),
                             place.postfix.directory)
        assert status == 0, (what, said)
        said = place.send(open_relay, address, version, certificate)
        assert said.startswith("250 2.1.5"), (what, said)
        print("refused, and would relay: %s" % what)


def test_safe(place):
    """what is not refused does not relay for any of them"""
    status, said = check(place.program, place.text(SAFE),
                         place.postfix.directory)
    assert status == 0, said
    for what, _, address, version, certificate in CASES:
        said = place.send(SAFE, address, version, certificate)
        assert said.startswith("554 5.7.1"), (what, said)


def test_samples(place):
    """those that come with policyd"""
    for name in "etc/policyd.conf", "contrib/policyd.conf":
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        text = text.replace('user = "policyd"', 'user = "nobody"')
        text = text.replace("/etc/postfix", place.postfix.config)
        text = text.replace("/var/spool/postfix", place.postfix.queue)
        place.postfix.set("relay_domains=relay.test")
        status, said = check(place.program, text, place.postfix.directory)
        # The sample with every option listens nowhere until it is edited.
        assert status == (1 if name.startswith("etc/") else 0), (name, said)
        assert "open relay" not in said, (name, said)


def test_log(place):
    """a warning has that word once, in the log of a start, of a reload and of
    a shadow"""
    shadow = os.path.join(place.postfix.directory, "shadow.conf")
    warns = "\nidle_timeout = 999s\n"
    with open(shadow, "w", encoding="utf-8") as out:
        out.write('import_postfix = ""\n' + warns)
    text = place.text(SAFE + warns + 'shadow = "%s"\n' % shadow)
    with Policyd(place.program, place.postfix.directory, text,
                 place.socket) as policyd:
        def warnings():
            return [line for line in policyd.said().splitlines()
                    if "below 1000s" in line]
        poll(lambda: len(warnings()) == 2)
        policyd.process.send_signal(signal.SIGHUP)
        poll(lambda: len(warnings()) == 4)
        lines = warnings()
    assert sum(": shadow: " in line for line in lines) == 2, lines
    for line in lines:
        assert re.search(r"policyd\[\d+\]: warning: ", line), line
        assert line.count("warning:") == 1, line


def main():
    """main - each test, with one Postfix"""
    program = os.path.abspath(sys.argv[1])
    with Postfix() as postfix:
        place = Place(program, postfix)
        postfix.start()
        for test in test_refused, test_safe, test_samples, test_log:
            test(place)
            print("ok %s" % test.__name__)


if __name__ == "__main__":
    main()
