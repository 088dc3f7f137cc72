# SPDX-License-Identifier: ISC
"""What policyd -P says of values and words in main.cf that Postfix cannot use, or
not as they were meant: certificates, addresses, tables, programs that nobody
has started, restrictions that are none."""

import os
import socket
import sys

from kit.daemon import run_all
from kit.field import RECIPIENT, USERS, Kind, has
from kit.postfix import Postfix, run
from kit.smtp import Session


def test_nobody(program):
    """an error where nobody could ever log in and encrypt (12), as long as
    policyd is to permit that"""
    ours = "smtpd_relay_restrictions"
    ask = "check_policy_service unix:private/policyd, reject"
    for wrong, settings in (
            ("no port offers AUTH", {}),
            ("AUTH offers TLS", dict(USERS, smtpd_tls_security_level="none")),
            ("certificate", dict(USERS, smtpd_tls_chain_files="")),
            ("certificate: /no/such: there is no such file",
             dict(USERS, smtpd_tls_chain_files="/no/such"))):
        with Kind(program, "12", **settings, **{ours: ask}) as kind:
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert len(texts) == 1 and status == 1, texts
            assert has(texts, "nobody can log in and encrypt.*" + wrong), texts
            kind.ours('listen "unix:%s" { owner = "postfix" }\nrestrictions = '
                      '{ permit_auth_destination, reject }\n' % kind.socket)
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert status == 0 and texts == (
                ["there is no TLS on port smtp: /no/such: there is no such "
                 "file"]
                if "/no/such" in wrong else []), texts


def test_certificate(program):
    """one port whose certificate smtpd cannot use, while others work"""
    with Kind(program, "06", **USERS) as kind:
        with open(os.path.join(kind.config, "master.cf"), "a") as out:
            out.write("2525 inet n - n - - smtpd\n  -o smtpd_tls_chain_files=" +
                      kind.directory + "/tls/server.pem\n")
        _, findings, status = kind.said()
        texts = [finding["text"] for finding in findings]
        assert len(texts) == 1 and status == 1, texts
        assert has(texts, "no TLS on port 2525: .*server.pem: holds no key"), \
            texts


NETWORKS = (
    ("127.0.0.0/8, 172.19.0.0/24 # docker", "#, which begins a comment"),
    ("127.0.0.0/8 fd00::/8", "fd00::/8, which is a table of type fd00"),
    ("127.0.0.0/8 !fd00::/8", "!fd00::/8, which is a table of type fd00"),
    ("127.0.0.0/8 /32", "/32, which Postfix cannot read"),
    ("[127.0.0.0/8, 192.0.2.1]", r"\[127.0.0.0/8, which Postfix cannot read"),
    ("127.0.0.1/8", "127.0.0.1/8, which Postfix cannot read"),
    ("127.0.0.0/8 203.0.113.7/32", "203.0.113.7/32, which is neither"),
    ("127.0.0.0/8 128.0.0.0/1", "128.0.0.0/1, which nobody owns"),
    ("127.0.0.0/8 @D@/networks", "networks, which contains a network that"),
    ("cidr:@D@/table", "table, which contains a network that nobody owns"),
    ("127.0.0.0/8 mail.example", "mail.example, which is not an address"),
    ("127.0.0.0/8 hash:/etc/x [fd00::]/8 cidr:/etc/y /etc/z !10.0.0.1", None),
)


def test_networks(program):
    """mynetworks is read as Postfix reads it (14), where it is used"""
    with Kind(program, "14", **USERS) as kind:
        for name, text in (("networks", "10.0.0.0/8\n[::]/0\n"),
                           ("table", "0.0.0.0/0 x\n")):
            with open(os.path.join(kind.directory, name), "w") as out:
                out.write(text)
        for value, wanted in NETWORKS:
            kind.set(mynetworks=value)
            kind.set(**{RECIPIENT: "permit_mynetworks, "
                                   "reject_unauth_destination"})
            texts = kind.texts()
            if wanted:
                assert has(texts, wanted), (value, texts)
            else:
                assert not texts, (value, texts)
        kind.set(mynetworks=NETWORKS[0][0],
                 **{RECIPIENT: "permit_sasl_authenticated, "
                               "reject_unauth_destination"})
        assert not kind.texts(), kind.texts()


def test_tables(program):
    """tables that only Postfix can look up: it has their type, and they have
    their file; a real Postfix defers mail that needs another one"""
    with Kind(program, "06", **USERS) as kind:
        types = run("postconf", "-c", kind.config, "-m").split()
        missing = next(each for each in ("mysql", "pgsql", "ldap", "netinfo")
                       if each not in types)
        file = os.path.join(kind.directory, "server.cf")
        for value, wanted in (
                (missing + ":" + file, "no tables of type " + missing),
                ("a.example, !proxy:%s:%s" % (missing, file),
                 "no tables of type " + missing),
                ("memcache:" + file, file + ": No such file or directory: "),
                ("proxy:memcache:" + file, file + ": No such file"),
                ("memcache:{{x=y}}, [192.0.2.1], texthash:/dev/null", None)):
            # Of these, the second is a list of nothing but tables.
            for name, value in (
                    ("virtual_mailbox_domains", value),
                    ("smtpd_sender_login_maps", value.replace(
                        "a.example, !", "").replace("[192.0.2.1], ", ""))):
                kind.set(**{name: value})
                texts = kind.texts()
                if wanted:
                    assert len(texts) == 1, (name, value, texts)
                    assert has(texts, "^%s: .*%s.*defers" % (name, wanted)), \
                        texts
                else:
                    assert not texts, (name, value, texts)
                kind.set(**{name: ""})
        with open(file, "w"):
            kind.set(virtual_mailbox_domains="memcache:" + file)
            assert not kind.texts(), kind.texts()
    with Postfix() as postfix:
        port = postfix.port(smtpd_relay_restrictions="reject_unauth_"
                                                     "destination")
        for kind in missing, "memcache":
            postfix.set("virtual_mailbox_domains=%s:%s" % (
                kind, postfix.path("server.cf")))
            postfix.restart()
            with Session(port) as session:
                session.reply()
                for line, code in (("EHLO client.example", "250"),
                                   ("MAIL FROM:<>", "250"),
                                   ("RCPT TO:<a@local.test>", "250"),
                                   ("RCPT TO:<a@vmail.test>", "451")):
                    said = session.ask(line)
                    assert said.startswith(code), (kind, line, said)


def test_front(program):
    """TLS that ends before Postfix is not seen by policyd"""
    for name, value in (("smtpd_upstream_proxy_protocol", "haproxy"),
                        ("smtpd_authorized_xclient_hosts", "127.0.0.1")):
        with Kind(program, "06", **dict(USERS, smtpd_tls_security_level="none",
                                        smtpd_tls_auth_only="no",
                                        **{name: value})) as kind:
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert len(texts) == 1 and status == 1, texts
            assert has(texts, "TLS ends in the front"), texts


SERVERS = (
    ("unix:private/polcyd", "did you mean unix:private/policyd\\?"),
    ("local:private/polcyd", "did you mean unix:private/policyd\\?"),
    ("{ unix:private/polcyd, timeout=9s }", "did you mean unix:private/pol"),
    ("unix:private/postgrey", "nobody can be asked there: No such file[^;]*$"),
    ("inet:127.0.0.1:9", "nobody can be asked there: Connection refused$"),
    ("inet:9", "nobody can be asked there: Connection refused$"),
    ("unix:private/spawned", None),
)


def test_servers(program):
    """a policy server that nobody listens for, whatever list it is in"""
    with Kind(program, "06", **USERS) as kind:
        with open(os.path.join(kind.config, "master.cf"), "a") as out:
            out.write("spawned unix - n n - 0 spawn argv=/bin/false\n")
        for one, other in zip(SERVERS, SERVERS[1:] + SERVERS[:1]):
            kind.set(smtpd_recipient_restrictions="check_policy_service " +
                     one[0], smtpd_end_of_data_restrictions=
                     "check_policy_service " + other[0])
            texts = kind.texts()
            expected = [wanted for _, wanted in (one, other) if wanted]
            assert len(texts) == len(expected), (one, other, texts)
            for wanted in expected:
                assert has(texts, wanted), (wanted, texts)


def test_misspelt(program):
    """a typing mistake in all lists is one mistake, not two"""
    with Kind(program, "06", smtpd_relay_restrictions=
              "check_policy_service unix:private/polcyd, reject",
              smtpd_recipient_restrictions="", **USERS) as kind:
        finding, = kind.said()[1]
        assert has([finding["text"]], "did you mean"), finding
        run("/bin/sh", "-c", finding["command"])
        assert kind.said()[1:] == ([], 0), kind.said()


def test_dovecot(program):
    """a port whose smtpd ends, because Dovecot is not where it looks"""
    dovecot = dict(USERS, smtpd_sasl_type="dovecot")
    with Kind(program, "06", **dovecot, smtpd_sasl_path="private/auth") as kind:
        texts = kind.texts()
        assert len(texts) == 1 and has(
            texts, "cannot connect to Dovecot at unix:private/auth: No such"), \
            texts
        with socket.socket(socket.AF_UNIX) as server:
            path = os.path.join(kind.queue, "private", "auth")
            server.bind(path)
            server.listen()
            os.chmod(path, 0o666)
            assert kind.said()[1:] == ([], 0), kind.said()
            os.chmod(path, 0o600)
            assert has(kind.texts(), "Dovecot at .*: Permission denied")
            os.chmod(path, 0o666)
            for path in ("unix:private/auth", "inet:127.0.0.1:9"):
                kind.set(smtpd_sasl_path=path)
                assert has(kind.texts(), "Connection refused") == (
                    path[0] == "i"), kind.texts()
        kind.set(smtpd_sasl_type="cyrus")
        assert kind.said()[1:] == ([], 0), kind.said()


# smtpd_milters, other settings: what is said, and whether mail stops.
MILTERS = (
    # What it does by default changed with Postfix 3.11.
    ("inet:127.0.0.1:9", {}, "inet:127.0.0.1:9: Connection refused: each "
     "(message is refused for now \\(default action: tempfail"
     "|session is ended \\(default action: shutdown)\\)$", True),
    ("inet:127.0.0.1:9", {"milter_default_action": "tempfail"},
     "each message is refused for now \\(default action: tempfail\\)$", True),
    ("unix:run/milter", {"milter_default_action": "Accept"},
     "No such file.*: messages pass without it", False),
    ("{ inet:9, default_action=reject }", {"milter_default_action": "accept"},
     "inet:9: Connection refused: each message is refused \\(", True),
    ("local:run/milter", {"milter_default_action": "quarantine"},
     "each message is put on hold", True),
    ("inet:127.0.0.1:9", {"smtpd_milter_maps": "inline:{192.0.2.1=DISABLE}"},
     "but for clients in smtpd_milter_maps$", True),
    ("localhost:9", {}, "localhost:9: it has to begin with inet: or unix:",
     True),
    ("Unix:private/policyd", {}, "it has to begin with inet: or unix:", True),
    ("unix:private/policyd", {}, None, False),
    ("inet:192.0.2.1:9", {}, None, False),
    ("inet:127.0.0.1:9", {"receive_override_options": "no_milters"}, None,
     False),
)


def test_milters(program):
    """a milter that nobody listens for, which stops all mail by default"""
    for milters, settings, wanted, stops in MILTERS:
        with Kind(program, "06", **USERS, smtpd_milters=milters,
                  **settings) as kind:
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert len(texts) == (1 if wanted else 0), (milters, texts)
            assert not wanted or has(texts, wanted), (milters, texts)
            assert status == (1 if stops else 0), (milters, status, texts)


# A list of patterns, what is said, and what the command makes of it.
PATTERNS = (
    ({"mynetworks": "127.0.0.0/8, ::1"}, "port smtp: ::1 in "
     "mynetworks is no address, for want of brackets$",
     "mynetworks = 127.0.0.0/8, [::1]"),
    ({"mynetworks": "127.0.0.0/8 !::ffff:10.0.0.1/128 ::ffff:10.0.0.1/128"},
     ": !::ffff:10.0.0.1/128 in mynetworks", None),
    ({"mynetworks": "127.0.0.0/8 hash:"},
     "hash: in mynetworks is no address, and no table$", None),
    ({"mynetworks": "127.0.0.0/8 ! 10.0.0.1"}, ": ! in mynetworks is", None),
    ({"debug_peer_list": "::1"}, "debug_peer_list is no .* brackets$",
     "debug_peer_list = [::1]"),
    ({"mynetworks": "127.0.0.0/8 [::1] /etc/hosts inline:{} # ::1"}, None,
     None),
)


def test_patterns(program):
    """a list of addresses or domains at which smtpd ends, whether or not a
    restriction looks at it"""
    for settings, wanted, cured in PATTERNS:
        with Kind(program, "06", **dict(USERS, **settings)) as kind:
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert len(texts) == (1 if wanted else 0), (settings, texts)
            assert status == (1 if wanted else 0), (settings, status)
            if wanted:
                assert has(texts, wanted), (settings, texts)
                command = findings[0]["command"] or ""
                assert ("'%s'" % cured in command) == bool(cured), command
            if cured:
                run("/bin/sh", "-c", command)
                assert kind.said()[1:] == ([], 0), kind.said()


# Values with which smtpd does not start, and what is said; none has a command.
VALUES = (
    ({"smtpd_policy_service_retry_delay": "0"},
     'smtpd_policy_service_retry_delay is "0", and must be a time of at least '
     "1s$"),
    ({"smtpd_timeout": "1y"}, 'smtpd_timeout is "1y", and must be a time'),
    ({"soft_bounce": "true"}, 'soft_bounce is "true", and must be yes or no$'),
    ({"smtpd_recipient_limit": "$nothing"},
     'smtpd_recipient_limit is "", and must be a number of at least 1$'),
    ({"unverified_sender_reject_code": "600"},
     'reject_code is "600", and must be a number from 200 to 599$'),
    ({"smtpd_banner": ""}, 'smtpd_banner is "", and must be a value, not an'),
    ({"canonical_maps": "/etc/canonical"},
     "/etc/canonical in canonical_maps is no TYPE:NAME$"),
    ({"mynetworks": "127.0.0.0/8 @/networks"},
     "::1 in @/networks:2, of mynetworks, is no address, for want of brack"),
    ({"mynetworks": "127.0.0.0/8 @"},
     "@ in mynetworks is a directory$"),
    ({"smtpd_end_of_data_restrictions":
      "check_policy_service { inet:127.0.0.1:1, timeout=0 }"},
     'timeout of check_policy_service is "0", and must be a time of at least'),
    ({"smtpd_end_of_data_restrictions": "check_client_access hash:"},
     "hash: is no table TYPE:NAME$"),
    ({"mynetworks": "127.0.0.0/8", "smtpd_timeout": "1m"}, None),
)


def test_values(program):
    """values, and words in files, with which smtpd does not start"""
    for settings, wanted in VALUES:
        with Kind(program, "06", **USERS) as kind:
            with open(os.path.join(kind.directory, "networks"), "w") as out:
                out.write("10.0.0.0/8\n::1\n")
            kind.set(**{name: value.replace("@", kind.directory)
                        for name, value in settings.items()})
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert status == (1 if wanted else 0), (settings, status, texts)
            if wanted:
                text = wanted.replace("@", kind.directory)
                assert has(texts, "smtpd ends at once on port.*" + text), (
                    settings, texts)
                assert not findings[0]["command"], findings


ASKS = "check_policy_service unix:private/policyd, "
# Words behind policyd, what is said, whether it is an error, and whether there
# is a command.
WORDS = (
    ("permit_sasl_authentcated, reject", "permit_sasl_authentcated is no "
     "restriction of Postfix, which defers every message that comes to it; "
     "did you mean permit_sasl_authenticated\\?$", True, True),
    ("check_clients_access inline:{x=REJECT}, reject",
     "did you mean check_client_access", True, True),
    ("warn_if_reject rejct, reject", "rejct is no .*did you mean reject", True,
     True),
    ("reject_rbl_clent bl.example, reject", "did you mean reject_rbl_client",
     True, False),
    ("permt, reject", "did you mean permit\\?", True, False),
    ("dunno, reject", "dunno is no restriction of Postfix, .* to it$", True,
     False),
    ("reject_all_of_tomorrow, reject", "reject_all_of_tomorrow is no",
     False, False),
    ("insiders, reject", "insiders is no restriction", True, False),
    ("check_client_access /etc/access, reject", "check_client_access needs a "
     "table, TYPE:NAME behind it: Postfix defers every", True, False),
    ("sleep, reject", "sleep needs a number", True, False),
    ("inline:{x=REJECT}, sleep 0, reject, dunno", None, False, False),
    ("reject_rbl_client", None, False, False),
)


def test_words(program):
    """a word that stops mail, since it is no restriction, or lacks its table;
    the other lists decide about all else"""
    with Kind(program, "06", **USERS) as kind:
        for words, wanted, stops, cured in WORDS:
            kind.set(smtpd_relay_restrictions=ASKS + "reject",
                     smtpd_recipient_restrictions="",
                     smtpd_data_restrictions="permit_mynetworks, " + words)
            _, findings, status = kind.said()
            texts = [finding["text"] for finding in findings]
            assert len(texts) == (1 if wanted else 0), (words, texts)
            assert status == (1 if stops else 0), (words, status, texts)
            if wanted:
                assert has(texts, wanted), (words, texts)
                assert bool(findings[0]["command"]) == cured, (words, findings)
            if cured:
                run("/bin/sh", "-c", findings[0]["command"])
                assert kind.said()[1:] == ([], 0), (words, kind.said())


if __name__ == "__main__":
    sys.exit(run_all([
        test_nobody, test_certificate, test_networks, test_tables, test_front,
        test_servers, test_misspelt, test_dovecot, test_milters, test_patterns,
        test_values, test_words]))
