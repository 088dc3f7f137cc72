#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_tls_certificates - the TLS listener: whose certificate is accepted, with
which protocols and ciphers, and what policyd says of the files it is given.

usage: test_tls_certificates.py POLICYD [TEST ...]
"""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys

from kit.certificates import Authority, fingerprint, openssl
from kit.daemon import OURS, PERMIT, WAIT, run_all, wait_until
from kit.tls_daemon import TlsDaemon, attempt, client_hello, raw


def weak(context, **settings):
    """weak - a client that offers what it should not"""
    for name, value in settings.items():
        if name == "ciphers":
            context.set_ciphers(value)
        else:
            setattr(context, name, value)
    return context


def test_certificates(program):
    """only a valid certificate of our authority lets in"""
    with TlsDaemon(program) as policyd:
        ca, v12 = policyd.ca, ssl.TLSVersion.TLSv1_2
        ca.issue("expired", start=-3, end=-1)
        ca.issue("early", start=1, end=2)
        ca.issue("revoked")
        ca.issue("other", "server")
        ca.issue("mail", "email")
        ca.revoke(policyd.path("revoked"))
        ca.crl(policyd.path("crl.pem"))
        Authority(policyd.directory, "foreign").issue("stranger")
        policyd.configure_tls('crl = "%s"' % policyd.path("crl.pem"))
        policyd.reload()
        fixed = policyd.tls_client()
        cases = ((None, "did not return a certificate"),
                 ("expired", "certificate has expired"),
                 ("early", "not yet valid"),
                 ("stranger", "unable to get local issuer"),
                 ("other", "purpose"), ("mail", "purpose"),
                 ("revoked", "certificate revoked"))
        for number, (name, reason) in enumerate(cases):
            for version in None, v12:
                context = policyd.context(name)
                if version:
                    context.maximum_version = version
                mark = policyd.mark()
                assert attempt(policyd, context) == b"", name
                if number < 5:      # ten lines are logged
                    policyd.expect(r"inet:127\.0\.0\.1:\d+: TLS: .*%s" %
                                   reason, mark)
                assert fixed.ask(OURS) == PERMIT
        assert policyd.counters()["tls_failed"] == 2 * len(cases)
        assert attempt(policyd, policyd.context()) == PERMIT
        fixed.close()


def join(policyd, name, *parts):
    """join - several files into one"""
    with open(policyd.path(name), "w") as file:
        file.write("".join(policyd.read(policyd.path(part))
                           for part in parts))
    return policyd.path(name)


def use_lists(policyd, *lists, ca="both"):
    """use_lists - from now on these are in force"""
    path = join(policyd, "all.crl", *lists)
    policyd.configure_tls('crl = "%s"' % path, ca=ca)
    policyd.reload()


def refused(policyd, name, reason):
    """refused - that client does not get in, and the log says why"""
    mark = policyd.mark()
    assert attempt(policyd, policyd.context(name)) == b"", name
    policyd.expect(r"TLS: .*%s" % reason, mark)


def test_chains(program):
    """what an authority has revoked lets nobody in, at every level"""
    with TlsDaemon(program) as policyd:
        root = policyd.ca
        middle = Authority(policyd.directory, "middle", root)
        last = Authority(policyd.directory, "last", middle)
        for authority, name in ((root, "top"), (middle, "gone"),
                                (middle, "well"), (last, "low")):
            authority.issue(name)
        join(policyd, "both.pem", "ca.pem", "middle.pem", "last.pem")
        middle.revoke(policyd.path("gone"))
        lists = ["ca.crl", "middle.crl", "last.crl"]
        for authority, name in zip((root, middle, last), lists):
            authority.crl(policyd.path(name))
        use_lists(policyd, *lists)
        for name in "top", "well", "low":
            assert attempt(policyd, policyd.context(name)) == PERMIT, name
        refused(policyd, "gone", "certificate revoked")
        # Authorities that clients send along need lists too.
        for chain, name in (("well", "chain"), ("low", "long")):
            join(policyd, name + ".pem", chain + ".pem", "last.pem",
                 "middle.pem")
            join(policyd, name + ".key", chain + ".key")
        use_lists(policyd, *lists, ca="ca")
        for name in "chain", "long":
            assert attempt(policyd, policyd.context(name)) == PERMIT, name
        use_lists(policyd, *lists[:2], ca="ca")
        assert attempt(policyd, policyd.context("chain")) == PERMIT
        refused(policyd, "long", "crl has no list of an authority")
        use_lists(policyd, lists[0], lists[2], ca="ca")
        for name in "chain", "long":
            refused(policyd, name, "crl has no list of an authority")
        # An authority in the middle is revoked.
        middle.revoke(policyd.path("last"))
        middle.crl(policyd.path("middle.crl"))
        use_lists(policyd, *lists)
        assert attempt(policyd, policyd.context("well")) == PERMIT
        refused(policyd, "low", "certificate revoked")
        root.revoke(policyd.path("middle"))
        root.crl(policyd.path("ca.crl"))
        for ca, name in (("both", "well"), ("both", "low"), ("ca", "long")):
            use_lists(policyd, *lists, ca=ca)
            refused(policyd, name, "certificate revoked")
        assert attempt(policyd, policyd.context("top")) == PERMIT


def test_lists(program):
    """a list that is missing or too old, at every level"""
    with TlsDaemon(program) as policyd:
        middle = Authority(policyd.directory, "middle", policyd.ca)
        middle.issue("well")
        join(policyd, "both.pem", "ca.pem", "middle.pem")
        names = {"ca.crl": "CN=Throw-away authority ca",
                 "middle.crl": "CN=middle"}
        for authority, name in ((policyd.ca, "ca"), (middle, "middle")):
            authority.crl(policyd.path(name + ".crl"))
            authority.crl(policyd.path(name + ".old"), crl_lastupdate=-2,
                          crl_nextupdate=-1)
        use_lists(policyd, *names)
        for name, other in zip(names, reversed(names)):
            join(policyd, "all.crl", other)
            found = policyd.reload_refused()
            assert "no list of %s, " % names[name] in found, found
            join(policyd, "all.crl", other, name.replace("crl", "old"))
            assert "it has expired" in policyd.reload_refused()
        # One that expires while the server runs; a busy machine needs longer
        # to load it before.
        for authority, name in ((policyd.ca, "ca"), (middle, "middle")):
            for seconds in 2, 15:
                authority.crl(policyd.path(name + ".new"),
                              crl_nextupdate=seconds / 86400)
                join(policyd, "all.crl", name + ".new",
                     "middle.crl" if name == "ca" else "ca.crl")
                with contextlib.suppress(AssertionError):
                    policyd.reload()
                    break
            mark = policyd.mark()
            wait_until(lambda: attempt(policyd, policyd.context("well"))
                       == b"", "the list expires")
            policyd.expect("TLS: .*CRL has expired", mark)


def test_protocol(program):
    """TLS 1.2 and up, strong ciphers, nothing else"""
    with TlsDaemon(program) as policyd:
        versions = ssl.TLSVersion
        cases = (
            ({"minimum_version": versions.TLSv1,
              "maximum_version": versions.TLSv1_1,
              "ciphers": "ALL:@SECLEVEL=0"},
             "unsupported protocol"),
            ({"maximum_version": versions.TLSv1_2,
              "ciphers": "AES128-GCM-SHA256:@SECLEVEL=0"},
             "no shared cipher"),
            ({"maximum_version": versions.TLSv1_2,
              "ciphers": "ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"},
             "no shared cipher"),
            ({"maximum_version": versions.TLSv1_2,
              "ciphers": "aNULL:eNULL:@SECLEVEL=0"},
             "no shared cipher"))
        for settings, reason in cases:
            mark = policyd.mark()
            assert attempt(policyd, weak(policyd.context(),
                                         **settings)) == b"", settings
            policyd.expect("TLS: " + reason, mark)
        # Data that is no TLS gets no answer but an alert.
        for data, reason in ((OURS, "wrong version|http request"),
                             (b"GET / HTTP/1.0\r\n\r\n", "http request"),
                             (bytes(range(256)), "")):
            mark = policyd.mark()
            assert b"action=" not in raw(policyd, data)
            policyd.expect("TLS: (?i:%s)" % reason, mark)
        for version in versions.TLSv1_2, versions.TLSv1_3:
            context = policyd.context()
            context.minimum_version = context.maximum_version = version
            with policyd.tls_client(context) as client:
                assert client.ask(OURS) == PERMIT
                cipher, _, bits = client.socket.cipher()
                assert bits >= 128 and re.search("GCM|CHACHA20", cipher)
                assert "ECDHE" in cipher or version == versions.TLSv1_3
                assert client.socket.compression() is None
                session = client.socket.session
                assert session is None or not session.has_ticket
                client.end()
        assert policyd.counters()["tls_failed"] == len(cases) + 3


def test_fingerprints(program):
    """of the certificates that our authority has signed, only those listed"""
    with TlsDaemon(program) as policyd:
        policyd.ca.issue("second")
        policyd.configure_tls('fingerprints = { "%s" }' % fingerprint(
            policyd.path("client.pem")))
        policyd.reload()
        assert attempt(policyd, policyd.context()) == PERMIT
        mark = policyd.mark()
        assert attempt(policyd, policyd.context("second")) == b""
        policyd.expect("TLS: the certificate is not in fingerprints", mark)


def test_optional(program):
    """require_client_certificate = no: without is well, a wrong one is not"""
    with TlsDaemon(program, "require_client_certificate = no") as policyd:
        Authority(policyd.directory, "foreign").issue("stranger")
        assert attempt(policyd, policyd.context(None)) == PERMIT
        assert attempt(policyd, policyd.context()) == PERMIT
        assert attempt(policyd, policyd.context("stranger")) == b""


HOST_SETTINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir, "data", "tls")


def test_host_settings(program):
    """what openssl.cnf of the host says changes nothing"""
    for name in "broken.cnf", "fips.cnf", "narrow.cnf":
        policyd = TlsDaemon(program)
        os.environ["OPENSSL_CONF"] = os.path.join(HOST_SETTINGS, name)
        try:
            policyd.launch()
        finally:
            del os.environ["OPENSSL_CONF"]
        policyd.monitor = policyd.process.pid
        try:
            policyd.expect(r"serving: server \d+")
            assert attempt(policyd, policyd.context()) == PERMIT
            assert attempt(policyd, policyd.context(None)) == b""
            assert attempt(policyd, weak(
                policyd.context(), minimum_version=ssl.TLSVersion.TLSv1,
                maximum_version=ssl.TLSVersion.TLSv1_1,
                ciphers="ALL:@SECLEVEL=0")) == b""
        finally:
            policyd.__exit__()


def ask_program(policyd, *options):
    """ask_program - run it with options: status, output, errors"""
    done = subprocess.run([policyd.program, "-c", policyd.config, *options],
                          capture_output=True, text=True, timeout=WAIT)
    return done.returncode, done.stdout, done.stderr


def test_load(program):
    """a mistake in a tls section is reported with its line, status 78"""
    with TlsDaemon(program) as policyd:
        policyd.ca.issue("expired", "server", start=-3, end=-1)
        policyd.ca.issue("open", "server")
        os.chmod(policyd.path("open.key"), 0o640 | 0o004)
        policyd.ca.issue("wrong", "server")
        os.unlink(policyd.path("wrong.key"))
        os.symlink(policyd.path("server.key"), policyd.path("wrong.key"))
        with open(policyd.path("none.pem"), "w"):
            pass
        pin = fingerprint(policyd.path("client.pem"))
        # The section begins at line 8; certificate, key, ca are 10, 11, 12.
        cases = (
            ({"server": "expired"}, 10, "certificate: .* has expired"),
            ({"server": "nowhere"}, 10, "certificate: .*: No such file"),
            ({"server": "open"}, 11, "key: .* mode is 0644.* chmod 0600"),
            ({"server": "wrong"}, 11, "key: .*not the key of the certif"),
            ({"ca": "none"}, 12, "ca: .*there is no certificate in it"),
            ({"more": 'fingerprints = {\n"%s",\n"%s" }' % (pin, pin[:-3])},
             15, "fingerprints: .*31 bytes; a SHA-256"),
            ({"more": 'crl = "%s"' % policyd.path("none.pem")}, 13,
             "crl: .*no certificate revocation list"))
        for settings, line, reason in cases:
            policyd.configure_tls(**settings)
            status, _, errors = ask_program(policyd, "-t")
            assert status == 78 and len(errors.splitlines()) == 1, errors
            assert re.match(r"\S+/policyd\.conf:%d: %s" % (line, reason),
                            errors), (settings, errors)


def thread_times(pid):
    """thread_times - what each thread has computed, in ms, the first before"""
    times = []
    for task in sorted(os.listdir("/proc/%d/task" % pid), key=int):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as file:
            times.append(int(file.read().split()[0]) / 1e6)
    return times


def test_costly_key(program):
    """an RSA key of 4096 bits is warned about; strangers who have it used cost
    the thread of TLS, not the one that accepts"""
    with TlsDaemon(program) as policyd:
        openssl("req", "-x509", "-nodes", "-newkey", "rsa:4096", "-subj",
                "/CN=x", "-days", "2", "-keyout", policyd.path("rsa.key"),
                "-out", policyd.path("rsa.pem"))
        policyd.write_config(policyd.read(policyd.config).replace(
            policyd.path("server"), policyd.path("rsa")) + "threads = 1\n")
        status, _, errors = ask_program(policyd, "-t")
        assert status == 0, errors
        assert re.match(r"\S+/policyd\.conf:\d+: warning: tls: .* RSA key of "
                        "4096 bits", errors), errors
        policyd.reload()
        server = policyd.server()
        before = thread_times(server)
        hello = client_hello()
        for _ in range(40):
            with socket.create_connection(policyd.tls, WAIT) as stranger:
                stranger.sendall(hello)
                assert stranger.recv(1)
        first, *others = (after - at for after, at in
                          zip(thread_times(server), before))
        assert others and first < max(others) / 2, (first, others)
        assert policyd.ask() == PERMIT


def test_dump(program):
    """-T -v prints a tls section as it can be loaded again"""
    with TlsDaemon(program) as policyd:
        policyd.ca.crl(policyd.path("crl.pem"))
        pin = fingerprint(policyd.path("client.pem"))
        policyd.configure_tls(
            'crl = "%s"\nfingerprints = { "%s", "%s" }' % (
                policyd.path("crl.pem"), pin, pin.lower()),
            'allow_remote = { "127.0.0.1", "[2001:db8::]/32" }')
        dumps = []
        for _ in range(2):
            status, output, errors = ask_program(policyd, "-Tv")
            assert status == 0 and not errors, errors
            policyd.write_config(output)
            dumps.append(re.sub(r"\t?# .*", "", output))
        assert dumps[0] == dumps[1]
        for text in ('allow_remote = { "127.0.0.1", "[2001:db8::]/32" }',
                     'crl = "/', "require_client_certificate = yes", pin,
                     pin.lower(), "\n\ttls {"):
            assert text in dumps[0], text
        policyd.reload()
        assert attempt(policyd, policyd.context()) == PERMIT


if __name__ == "__main__":
    sys.exit(run_all([
        test_certificates, test_chains, test_lists, test_protocol,
        test_fingerprints, test_optional, test_host_settings, test_load,
        test_costly_key, test_dump]))
