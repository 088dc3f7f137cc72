# SPDX-License-Identifier: ISC
"""policyd against another decider, reference.py, on random requests.

usage: test_decider.py POLICYD [COUNT [SEED]]

All go over one connection for each configuration, in bunches. Each reply is
compared, up to the id. A difference is printed as a command that shows it,
and the configuration is kept. Exit status 1: there was one."""

import collections
import os
import random
import re
import shlex
import shutil
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(sys.path[0], os.pardir, "tools"))

from kit import grammar
from kit import reference
from kit.daemon import Daemon
from progress import Progress

COUNT = 20000           # requests
CONFIGURATIONS = 8
BUNCH = 100             # requests in one write
DIFFERENCES_MAX = 50    # print no more
UNSURE_MAX = 0.1        # share that the reference has no opinion about
STATES = ["RCPT"] * 12 + ["CONNECT", "HELO", "EHLO", "MAIL", "DATA", "ETRN",
                          "END-OF-MESSAGE", "VRFY", "XCLIENT"]
WORDS = ["permit_auth_destination", "reject_unauth_destination",
         "permit_sasl_authenticated", "reject_plaintext_session", "permit",
         "reject", "defer"]
MISSION = ["permit_auth_destination", "reject_plaintext_session",
           "permit_sasl_authenticated", "reject_unauth_destination"]
WEAK = [("TLSv1.2", "NULL-SHA256", "0"), ("TLSv1", "NULL-SHA", "0"),
        ("TLSv1.1", "ECDHE-RSA-AES256-SHA", "256"),
        ("TLSv1.2", "ADH-AES256-GCM-SHA384", "256"),
        ("TLSv1.2", "DES-CBC3-SHA", "168"), ("TLSv1.2", "RC4-SHA", "128"),
        ("TLSv1.3", "ECDHE-RSA-AES256-GCM-SHA384", "256"),
        ("TLSv1.2", "TLS_AES_256_GCM_SHA384", "256"),
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "256"),
        ("TLSv1.3", "TLS_AES_256_GCM_SHA384", "0"),
        ("TLSv1.3", "", "256"), ("TLSv9", "TLS_AES_256_GCM_SHA384", "256"),
        ("SSLv3", "AES256-SHA", "256"), ("x", "y", "z")]
NAMES = ["local.test", "mail.local.test", "localhost", "relay.test",
         "sub.relay.test", "dot.test", "valias.test", "vmail.test",
         "remote.example", "b\u00fccher.test", "xn--bcher-kva.test", "single"]
LITERALS = ["[127.0.0.1]", "[127.0.0.2]", "[IPv6:::1]", "[ipv6:0:0::1]",
            "[::1]", "[10.9.8.7]", "[192.0.2.10]", "[IPv6:2001:db8::10]"]
USERS = ["user", "User", "a.b", "a+b", "x|y", "u=v", "#", "first last", "-u",
         "postmaster", "\u00fcser", "\uff20", "us\uff05er", "x" * 70, "{u}"]


class Configuration:
    """Random settings, for policyd and for the reference."""

    def __init__(self, rng):
        self.rng = rng
        self.parameters = {
            "mydomain": rng.choice(["local.test", "relay.test"]),
            "myorigin": rng.choice(["mail.local.test", "remote.example",
                                    "relay.test", "vmail.test"]),
            "own": ["127.0.0.1", "192.0.2.10", "2001:db8::10"],
            "parents": rng.random() < 0.6,
        }
        for name in ("mydestination", "virtual_alias_domains",
                     "virtual_mailbox_domains", "relay_domains"):
            self.parameters[name] = self.words()
        for name, share in (("allow_percent_hack", 0.8),
                            ("swap_bangpath", 0.8), ("smtputf8_enable", 0.8),
                            ("append_dot_mydomain", 0.2)):
            self.parameters[name] = rng.random() < share
        self.services = [self.service(True) for _ in range(4)]
        self.services.append(self.service(False))

    def words(self):
        """words - a list of domains"""
        rng = self.rng
        return [rng.choice(["", "", "", "", "!", ".", "!."]) +
                grammar.recase(rng, name) for name in
                rng.sample(NAMES, rng.randrange(6))]

    def service(self, named):
        """service - with a port or a context, or the top level"""
        rng = self.rng
        return {
            "ports": rng.sample(["25", "465", "587"], rng.randrange(1, 3))
            if named and rng.random() < 0.7 else [],
            "contexts": [rng.choice(["client", "recipient", "relay"])]
            if named else [],
            "restrictions": MISSION if rng.random() < 0.4 else
            rng.choices(WORDS, [5, 4, 4, 5, 1, 1, 1],
                        k=rng.randrange(1, 6)),
            "observe": rng.random() < 0.1,
            "reply": rng.choice(["lock", "lock", "ok", "dunno"]),
            "reject_reply": rng.choice(["", "554 5.7.1 No", "REJECT"]),
            "plaintext_reply": rng.choice(["", "450 4.7.1 Encrypt"]),
            "protocol": rng.choice(["TLSv1.2", "TLSv1.2", "TLSv1.3"]),
            "keysize": rng.choice([128, 128, 256]),
        }

    def text(self):
        """text - for policyd.conf"""
        said = self.parameters
        lines = ["allow_open_relay = yes", 'inet_interfaces = "127.0.0.1"',
                 'proxy_interfaces = "192.0.2.10, 2001:db8::10"',
                 "parent_domain_matches_subdomains = %s" % (
                     '"relay_domains"' if said["parents"] else '""')]
        for name in ("mydomain", "myorigin"):
            lines.append('%s = "%s"' % (name, said[name]))
        for name, value in said.items():
            if isinstance(value, bool) and name != "parents":
                lines.append("%s = %s" % (name, "yes" if value else "no"))
            elif name.endswith(("domains", "destination")):
                lines.append('%s = "%s"' % (name, ", ".join(value)))
        for number, service in enumerate(self.services):
            text = self.service_text(service)
            if service["contexts"]:
                text = 'service "s%d" {\n%s\n}' % (number, text)
            lines.append(text)
        return "\n".join(lines) + "\n"

    @staticmethod
    def service_text(service):
        """service_text - the statements of a service"""
        text = ["restrictions = { %s }" % ", ".join(service["restrictions"]),
                "mode = " + ("observe" if service["observe"] else "enforce"),
                "reply = " + service["reply"],
                'reject_reply = "%s"' % service["reject_reply"],
                'plaintext_reply = "%s"' % service["plaintext_reply"],
                'tls_protocols = ">=%s"' % service["protocol"],
                "tls_keysize = %d" % service["keysize"]]
        if service["ports"]:
            text.append("server_port = { %s }" % ", ".join(service["ports"]))
        if service["contexts"]:
            text.append('policy_context = "%s"' % service["contexts"][0])
        return "\n".join(text)


def domain(rng):
    """domain - one that a list could know, in some spelling"""
    if rng.random() < 0.15:
        return rng.choice(LITERALS)
    name = rng.choice(NAMES)
    way = rng.randrange(12)
    if way == 0:
        return "sub." + name
    if way == 1:
        return name + rng.choice([".", ".", "..", "-", "x"])
    if way == 2:
        return rng.choice(["-", "x", ".", "_"]) + name
    if way == 3:
        return rng.choice(["127.0.0.1", "1", "a..b.test", "l" * 64 + ".test"])
    return grammar.recase(rng, name) if way < 7 else name


def recipient(rng):
    """recipient - the attribute, hostile more often than not"""
    text = rng.choice(USERS)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        operator = rng.choice("%%!!@")
        text = domain(rng) + "!" + text if operator == "!" \
            else text + operator + domain(rng)
    return text + "@" + domain(rng) if rng.random() < 0.9 else text


def random_request(rng):
    """random_request - attributes by name"""
    strong = rng.choice(sorted(reference.STRONG))
    protocol, cipher, keysize = rng.choice([
        ("", "", "0"), ("", "", ""), ("", strong, "256"), rng.choice(WEAK),
        (reference.STRONG[strong][0], strong,
         str(reference.STRONG[strong][1])),
        (reference.STRONG[strong][0], strong,
         str(reference.STRONG[strong][1]))])
    state = rng.choice(STATES)
    asked = state in ("RCPT", "VRFY") or rng.random() < 0.2
    return {
        "request": "smtpd_access_policy",
        "protocol_state": state,
        "client_address": "192.0.2.1",
        "sender": "user@local.test",
        "recipient": recipient(rng) if asked else "",
        "server_port": rng.choice(["25", "465", "587", "", "2525"]),
        "policy_context": rng.choice(["client", "recipient", "relay", "",
                                      "x"]),
        "sasl_method": rng.choice(["", "PLAIN", "ANONYMOUS", "Anonymous",
                                   "LOGIN", "EXTERNAL"]),
        "sasl_username": rng.choice(["", "alice", "alice", "anonymous@x"]),
        "encryption_protocol": protocol,
        "encryption_cipher": cipher,
        "encryption_keysize": keysize,
    }


class Comparison:
    """Counts and compares."""

    def __init__(self, program, seed):
        self.program = program
        self.seed = seed
        self.counts = collections.Counter()
        self.differences = 0
        self.kept = tempfile.mkdtemp(prefix="policyd-decider-")

    def difference(self, daemon, number, request, expected, action):
        """difference - print how to see it again"""
        self.differences += 1
        if self.differences > DIFFERENCES_MAX:
            return
        path = os.path.join(self.kept, "%d.conf" % number)
        shutil.copy(daemon.config, path)
        print("%s -q -c %s %s # %s, reference: %s" % (
            self.program, path, " ".join(shlex.quote("%s=%s" % pair)
                                         for pair in request.items()),
            action, expected), flush=True)

    def compare(self, daemon, number, configuration, lists, request, reply):
        """compare - one reply"""
        action = re.fullmatch(r"action=(.*?)(?: \(id \w+\))?\n\n",
                              reply.decode())
        assert action, "no reply to %r: %r" % (request, reply)
        action = action[1]
        try:
            expected = reference.decide(lists, configuration.services,
                                        request)
        except reference.Unsure:
            self.counts["unsure"] += 1
            return
        self.counts[action.split(" ")[0]] += 1
        if action != expected and not (expected.endswith("; ") and
                                       action.startswith(expected)):
            self.difference(daemon, number, request, expected, action)

    def configuration(self, number, count, progress):
        """configuration - one, and its requests"""
        rng = random.Random("decider %s %d" % (self.seed, number))
        configuration = Configuration(rng)
        lists = reference.Lists(configuration.parameters)
        daemon = Daemon(self.program)
        daemon.write_config(
            'myhostname = "mail.local.test"\nlog = "%s"\npid_file = "%s"\n'
            'log_verdicts = { }\nlisten "unix:%s" { mode = "0666" }\n' % (
                daemon.log, daemon.pid_file, daemon.socket)
            + configuration.text())
        with daemon, daemon.client() as client:
            while count > 0:
                bunch = [random_request(rng) for _ in range(min(BUNCH, count))]
                client.send("".join("".join(
                    "%s=%s\n" % pair for pair in request.items()) + "\n"
                    for request in bunch).encode())
                for request in bunch:
                    self.compare(daemon, number, configuration, lists,
                                 request, client.reply())
                count -= len(bunch)
                progress.step(len(bunch))

    def result(self):
        """result - the exit status"""
        total = sum(self.counts.values())
        print("seed %s: %d requests (%s), %d differences" % (
            self.seed, total, ", ".join(
                "%d %s" % (count, name)
                for name, count in self.counts.most_common()),
            self.differences))
        if not self.differences:
            shutil.rmtree(self.kept)
        if self.counts["unsure"] > total * UNSURE_MAX:
            print("FAILED: the reference has no opinion too often")
            return 1
        return 1 if self.differences else 0


def main():
    """main - as many requests as asked for"""
    count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
    comparison = Comparison(os.path.abspath(sys.argv[1]),
                            sys.argv[3] if len(sys.argv) > 3 else "1")
    start = time.monotonic()
    configurations = max(CONFIGURATIONS, count // 20000)
    each = -(-count // configurations)
    with Progress(each * configurations, "requests") as progress:
        for number in range(configurations):
            comparison.configuration(number, each, progress)
    print("%.1f s" % (time.monotonic() - start))
    return comparison.result()


if __name__ == "__main__":
    sys.exit(main())
