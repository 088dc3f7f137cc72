#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_tls - real handshakes: weak sessions never relay, strong ones do.

A throw-away Postfix permits all that OpenSSL can negotiate. openssl s_client
shakes hands with it in every strength, logs in or shows a certificate, and
tries a recipient elsewhere. Reply, log line and its reason are checked, and
that the session really was what it should be. Then the log lines are judged
again by policyd -q, under hostile OpenSSL configurations.

usage: test_tls.py POLICYD
"""

import os
import re
import select
import signal
import subprocess
import sys
import time
import traceback

from kit.daemon import WAIT
from kit.policyd import Policyd
from kit.postfix import PASSWORD, USER, Postfix, poll, run
from kit.smtp import Session, auth_plain, verdict

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                    "data")
WORLD = "user@remote.example"
OURS = "user@local.test"
PERMIT = "250 2.1.5"
DENY = "554 5.7.1"
STRONG = None
TOO_OLD = "protocol too old"
NOTHING = "cipher without encryption"
NOBODY = "anonymous cipher"
WEAK = "weak cipher"
PLAIN = "not encrypted"

ADVICE = {
    ("modern", TOO_OLD): "use TLS 1.3",
    ("default", TOO_OLD): "use TLS 1.2 or newer",
    ("intermediate", TOO_OLD): "use TLS 1.2 or newer",
    NOTHING: "use a cipher that encrypts",
    NOBODY: "use a cipher that authenticates the server",
    WEAK: "use a stronger cipher",
    PLAIN: "use TLS and log in",
}

# Protocol, cipher, bits; why that is weak by default, for intermediate and
# for modern.
SESSIONS = [
    ("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, STRONG, STRONG, STRONG),
    ("TLSv1.3", "TLS_AES_128_GCM_SHA256", 128, STRONG, STRONG, STRONG),
    ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", 256, STRONG, STRONG, STRONG),
    ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", 256,
     STRONG, STRONG, TOO_OLD),
    ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", 128, STRONG, STRONG, TOO_OLD),
    ("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305", 256, STRONG, STRONG, TOO_OLD),
    ("TLSv1.2", "DHE-RSA-AES256-GCM-SHA384", 256, STRONG, STRONG, TOO_OLD),
    ("TLSv1.2", "ECDHE-RSA-AES256-SHA384", 256, STRONG, WEAK, TOO_OLD),
    ("TLSv1.2", "AES256-GCM-SHA384", 256, STRONG, WEAK, TOO_OLD),
    ("TLSv1.2", "AES128-SHA", 128, STRONG, WEAK, TOO_OLD),
    ("TLSv1.2", "CAMELLIA256-SHA256", 256, STRONG, WEAK, TOO_OLD),
    ("TLSv1.1", "ECDHE-RSA-AES256-SHA", 256, TOO_OLD, TOO_OLD, TOO_OLD),
    ("TLSv1.1", "AES128-SHA", 128, TOO_OLD, TOO_OLD, TOO_OLD),
    ("TLSv1", "ECDHE-RSA-AES256-SHA", 256, TOO_OLD, TOO_OLD, TOO_OLD),
    ("TLSv1", "NULL-SHA", 0, TOO_OLD, TOO_OLD, TOO_OLD),
    ("TLSv1.2", "NULL-SHA256", 0, NOTHING, NOTHING, TOO_OLD),
    ("TLSv1.2", "NULL-MD5", 0, NOTHING, NOTHING, TOO_OLD),
    ("TLSv1.2", "ECDHE-RSA-NULL-SHA", 0, NOTHING, NOTHING, TOO_OLD),
    ("TLSv1.2", "AECDH-NULL-SHA", 0, NOTHING, NOTHING, TOO_OLD),
    ("TLSv1.2", "ADH-AES256-GCM-SHA384", 256, NOBODY, NOBODY, TOO_OLD),
    ("TLSv1.2", "ADH-AES128-SHA", 128, NOBODY, NOBODY, TOO_OLD),
    ("TLSv1.2", "AECDH-AES256-SHA", 256, NOBODY, NOBODY, TOO_OLD),
    (None, None, None, PLAIN, PLAIN, PLAIN),
]
LEVELS = ["default", "intermediate", "modern"]

# Name, protocol, cipher, certificate, login; verdict and reason. Of these
# certificates "client" is listed; it alone is signed by an authority.
CERTIFICATES = [
    ("listed-13", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "client", False,
     "permit", STRONG),
    ("listed-12", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "client", False,
     "permit", STRONG),
    ("listed-login", "TLSv1.3", "TLS_AES_128_GCM_SHA256", "client", True,
     "permit", STRONG),
    ("listed-null", "TLSv1.2", "NULL-SHA256", "client", False,
     "reject", NOTHING),
    ("listed-11", "TLSv1.1", "ECDHE-RSA-AES256-SHA", "client", False,
     "reject", TOO_OLD),
    ("unlisted-13", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "selfsigned", False,
     "reject", STRONG),
    ("unlisted-12", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "selfsigned",
     False, "reject", STRONG),
    ("unlisted-login", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "selfsigned",
     True, "permit", STRONG),
    ("none-13", "TLSv1.3", "TLS_AES_256_GCM_SHA384", None, False,
     "reject", STRONG),
    ("none-login", "TLSv1.3", "TLS_AES_256_GCM_SHA384", None, True,
     "permit", STRONG),
]

POLICYD_CONF = """\
listen "unix:%(queue)s/private/policyd" {
        mode = "0660" owner = "postfix" group = "postfix"
}
table_refresh = no
import_postfix = "%(config)s"
user = "nobody"
log = "stderr"
relay_clientcerts = "%(certs)s"
service "default-lock" { policy_context = "default-lock" }
service "default-ok" { policy_context = "default-ok" reply = ok }
service "intermediate-ok" {
        policy_context = "intermediate-ok"
        tls_ciphers = "intermediate"
        reply = ok
}
service "modern-ok" {
        policy_context = "modern-ok"
        tls_ciphers = "modern"
        reply = ok
}
service "certs-lock" {
        policy_context = "certs-lock"
        restrictions = { permit_auth_destination, permit_tls_clientcerts,
                         reject_plaintext_session, permit_sasl_authenticated }
        reply = lock
}
service "certs-ok" {
        policy_context = "certs-ok"
        restrictions = { permit_auth_destination, permit_tls_clientcerts,
                         reject_plaintext_session, permit_sasl_authenticated }
        reply = ok
}
"""
SERVICES = ["default-lock", "default-ok", "intermediate-ok", "modern-ok"]
CERT_SERVICES = ["certs-lock", "certs-ok"]

# All that OpenSSL has, down to plain text.
LOOSE = {
    "smtpd_tls_security_level": "may",
    "smtpd_tls_auth_only": "no",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_tls_protocols": ">=TLSv1",
    "smtpd_tls_ciphers": "medium",
    "tls_medium_cipherlist": "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
    "smtpd_tls_fingerprint_digest": "sha256",
    "smtpd_tls_session_cache_database": "",
    "smtpd_relay_restrictions": "",
    "smtpd_client_connection_count_limit": "0",
}


class Handshake:
    """An SMTP session in openssl s_client, with just that protocol and cipher.
    Its interface is that of smtp.Session."""

    def __init__(self, port, protocol, cipher, certificate=None):
        command = ["openssl", "s_client", "-quiet", "-starttls", "smtp",
                   "-connect", "127.0.0.1:%d" % port,
                   "-" + protocol.lower().replace(".", "_").replace("v", "")]
        if protocol == "TLSv1.3":
            command += ["-ciphersuites", cipher]
        else:
            command += ["-cipher", cipher + ":@SECLEVEL=0"]
        if certificate:
            command += ["-cert", certificate + ".pem",
                        "-key", certificate + ".key"]
        # The system's configuration may know better than to use these.
        environment = dict(os.environ, OPENSSL_CONF="/dev/null")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def line(self):
        """line - the next one; raise when there is none"""
        end = time.monotonic() + WAIT
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, end - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 65536) if ready \
                else b""
            if not data:
                self.process.kill()
                raise ConnectionError("handshake or session failed: %s" %
                                      self.process.stderr.read().decode())
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode().rstrip("\r")

    def ask(self, command):
        """ask - one command, its reply"""
        self.process.stdin.write(command.encode() + b"\r\n")
        self.process.stdin.flush()
        lines = [self.line()]
        while lines[-1][3:4] == "-":
            lines.append(self.line())
        return "\n".join(lines)

    def greet(self, helo):
        """greet - after STARTTLS there is no banner"""
        return self.ask("EHLO " + helo)


class Plain(Session):
    """The same without TLS."""

    def __init__(self, port, *_):
        super().__init__(port)

    def greet(self, helo):
        """greet - after the banner"""
        self.reply()
        return self.ask("EHLO " + helo)


def prepare(postfix):
    """prepare - RSA beside the other certificate, and the ports by service"""
    run("openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey",
        "rsa:2048", "-subj", "/CN=mail.local.test",
        "-CA", postfix.path("tls", "ca.pem"),
        "-CAkey", postfix.path("tls", "ca.key"),
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", postfix.path("tls", "rsa.key"),
        "-out", postfix.path("tls", "rsa.pem"))
    postfix.discard()
    postfix.set("smtpd_tls_cert_file=" + postfix.path("tls", "rsa.pem"),
                "smtpd_tls_key_file=" + postfix.path("tls", "rsa.key"),
                "smtpd_tls_eccert_file=" + postfix.path("tls", "server.pem"),
                "smtpd_tls_eckey_file=" + postfix.path("tls", "server.key"),
                "relay_clientcerts=texthash:" + postfix.path("certs"))
    ports = {}
    for service in SERVICES + CERT_SERVICES:
        postfix.set("%s_way=check_policy_service { unix:private/policyd, "
                    "policy_context=%s }, reject" % (
                        service.replace("-", "_"), service))
        ports[service] = postfix.port(
            smtpd_recipient_restrictions="$%s_way" % service.replace(
                "-", "_"),
            smtpd_tls_ask_ccert="yes" if service in CERT_SERVICES else "no")
    return ports


def fingerprint(postfix, name, key=False):
    """fingerprint - SHA-256 of a certificate or its key, as Postfix has it"""
    path = postfix.path("tls", name + ".pem")
    if not key:
        said = run("openssl", "x509", "-noout", "-fingerprint", "-sha256",
                   "-in", path)
        return said.strip().rpartition("=")[2]
    public = run("openssl", "x509", "-noout", "-pubkey", "-in", path)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                         input=public.encode(), stdout=subprocess.PIPE,
                         check=True).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-c", "-hex"],
                            input=der, stdout=subprocess.PIPE, check=True)
    return digest.stdout.decode().split()[-1].upper()


class Test:
    """Sessions, what became of them, and how many are not as expected."""

    def __init__(self, program, postfix, ports, policyd):
        self.program = program
        self.postfix = postfix
        self.ports = ports
        self.policyd = policyd
        self.done = []          # (service, log line) of each
        self.bad = 0

    def check(self, condition, *said):
        """check - count and show what is wrong"""
        if not condition:
            self.bad += 1
            print("WRONG:", *said, flush=True)

    def play(self, service, helo, protocol, cipher, certificate=None,
             login=True):
        """play - one session; reply for the world, for us, and log line"""
        kind = Handshake if protocol else Plain
        if certificate:
            certificate = self.postfix.path("tls", certificate)
        with kind(self.ports[service], protocol, cipher,
                  certificate) as session:
            self.check(session.greet(helo).startswith("250"), helo, "EHLO")
            if login:
                reply = session.ask(auth_plain(USER, PASSWORD))
                self.check(reply.startswith("235"), helo, reply)
            session.ask("MAIL FROM:<sender@client.example>")
            world = session.ask("RCPT TO:<%s>" % WORLD)
            ours = session.ask("RCPT TO:<%s>" % OURS)
            session.ask("RSET")
        self.check(verdict(ours) == PERMIT, helo, "for us:", ours)
        line = self.logged(helo)
        self.done.append((service, line))
        return world, line

    def logged(self, helo):
        """logged - the line about the recipient elsewhere"""
        def log_line():
            return [line for line in self.policyd.said().splitlines()
                    if "helo=%s " % helo in line
                    and "to=<%s>" % WORLD in line]
        return poll(log_line)[-1]

    def strength(self, service, number, row):
        """strength - one row of SESSIONS"""
        protocol, cipher, bits = row[:3]
        level = service.partition("-")[0]
        reason = row[3 + LEVELS.index(level)]
        helo = "s%d.%s.example" % (number, service)
        world, line = self.play(service, helo, protocol, cipher)
        what = "%s/%s/%s" % (protocol, cipher, bits) if protocol else "none"
        self.check(" tls=%s " % what in line, helo, "not", what, line)
        if reason is STRONG:
            self.check(verdict(world) == PERMIT, helo, what, world)
            self.check(" verdict=permit restriction=permit_sasl" in line
                       and "session=" not in line, helo, what, line)
            return
        advice = ADVICE.get(reason) or ADVICE[level, reason]
        self.check(verdict(world) == DENY and
                   "; %s: %s (id " % (reason, advice) in world,
                   helo, what, world)
        self.check(" verdict=reject restriction=reject_plaintext_session"
                   in line, helo, what, line)
        self.check(' session="%s"' % reason in line or not protocol,
                   helo, what, line)

    def certificate(self, service, row):
        """certificate - one row of CERTIFICATES"""
        name, protocol, cipher, owner, login, want, reason = row
        name = "%s.%s.example" % (name, service)
        world, line = self.play(service, name, protocol, cipher, owner, login)
        self.check(verdict(world) == (PERMIT if want == "permit" else DENY),
                   name, world)
        self.check(" verdict=%s " % want in line, name, line)
        if reason:
            self.check("; %s: " % reason in world and
                       ' session="%s"' % reason in line, name, world, line)
        restriction = re.search(r"restriction=(\S+)", line).group(1)
        self.check((restriction == "permit_tls_clientcerts") ==
                   (want == "permit" and owner == "client"), name, line)
        shown = re.findall(r" (cert|key|subject|issuer)=(\S*)", line)
        self.check(shown == self.shown(owner), name, line)

    def shown(self, owner):
        """shown - what the log has of a certificate"""
        if not owner:
            return []
        shown = [("cert", fingerprint(self.postfix, owner)),
                 ("key", fingerprint(self.postfix, owner, key=True))]
        if owner == "client":   # signed by whom Postfix trusts
            shown += [("subject", "client.local.test"),
                      ("issuer", r"Throw-away\x20test\x20authority")]
        return shown

    def again(self, configuration):
        """again - the log lines to policyd -q; OpenSSL configured like that"""
        lines = "".join(line + "\n" for _, line in self.done)
        said = run(self.program, "-q", "-c", self.policyd.file, "--replay",
                   input=lines,
                   env=dict(os.environ, OPENSSL_CONF=configuration))
        want = "0 of %d logged decisions would be different" % len(
            self.done)
        self.check(said.startswith(want), "judged again under", configuration,
                   said)

    def raw_public_key(self, certs):
        """raw_public_key - the request of a Postfix that has them; before and
        after the key is listed, by file and by reload"""
        path = os.path.join(DATA, "clientcerts", "raw-public-key.req")
        with open(path) as file:
            request = file.read().replace("policy_context=recipient",
                                          "policy_context=certs-ok")
        key = re.search("(?m)^ccert_pubkey_fingerprint=(.+)$", request)
        self.check("\nccert_fingerprint=\n" in request, "no raw public key")

        def query():
            return run(self.program, "-q", "-c", self.policyd.file,
                       input=request)
        self.check(query().startswith("action=554 5.7.1"), "raw public key")
        append(certs, key.group(1) + " a raw public key\n")
        self.check(query().startswith("action=OK"), "listed raw public key")

    def reload(self, certs):
        """reload - list one by its key, take the other away, and reload"""
        with open(certs, "w") as out:
            out.write(fingerprint(self.postfix, "selfsigned", key=True) +
                      " a laboratory\n")
        before = self.policyd.said().count("reloaded: server")
        self.policyd.process.send_signal(signal.SIGHUP)

        def policyd_reloaded():
            return self.policyd.said().count("reloaded: server") > before
        poll(policyd_reloaded)
        world, line = self.play("certs-ok", "now-listed.example", "TLSv1.3",
                                "TLS_AES_256_GCM_SHA384", "selfsigned", False)
        self.check(verdict(world) == PERMIT and
                   "restriction=permit_tls_clientcerts " in line, world, line)
        world, line = self.play("certs-ok", "unlisted-now.example", "TLSv1.3",
                                "TLS_AES_256_GCM_SHA384", "client", False)
        self.check(verdict(world) == DENY, world, line)


def append(path, text):
    """append - one more line"""
    with open(path, "a") as out:
        out.write(text)


def sessions(program, postfix):
    """sessions - all of them; how many are not as expected"""
    ports = prepare(postfix)
    certs = postfix.path("certs")
    append(certs, fingerprint(postfix, "client") + " a client\n")
    text = POLICYD_CONF % {"queue": postfix.queue, "config": postfix.config,
                           "certs": certs}
    policyd = Policyd(program, postfix.directory, text,
                      os.path.join(postfix.queue, "private", "policyd"))
    with policyd:
        policyd.check()
        postfix.start()
        test = Test(program, postfix, ports, policyd)
        for service in SERVICES:
            for number, row in enumerate(SESSIONS):
                test.strength(service, number, row)
        for service in CERT_SERVICES:
            for row in CERTIFICATES:
                test.certificate(service, row)
        for name in "fips.cnf", "narrow.cnf", "broken.cnf", "no-such.cnf":
            test.again(os.path.join(DATA, "tls", name))
        test.raw_public_key(certs)
        test.reload(certs)
        policyd.stop()
    print("%d sessions, %d things wrong" % (len(test.done), test.bad))
    assert len(test.done) == len(SERVICES) * len(SESSIONS) + len(
        CERT_SERVICES) * len(CERTIFICATES) + 2
    return test.bad


def main():
    """main - exit status 0: all as expected"""
    program = os.path.abspath(sys.argv[1])
    with Postfix(LOOSE) as postfix:
        try:
            return 1 if sessions(program, postfix) else 0
        except BaseException:
            traceback.print_exc()
            print(postfix.said()[-3000:])
            return 1


if __name__ == "__main__":
    sys.exit(main())
