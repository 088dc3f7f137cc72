# SPDX-License-Identifier: ISC
"""What policyd -P says of real kinds of Postfix (t/data/field): the ports, and
what is wrong with them. Each command that it prints is typed, to the
configuration that it is printed for, and must do what it is for and nothing
else."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

from kit.daemon import run_all
from kit.policyd import Policyd
from kit.postfix import Postfix, run, settle
from kit.postfix_files import Files, harm, matrix
from kit.smtp import Session
from kit.snippets import ROOT

FIELD = os.path.join(ROOT, "t", "data", "field")
RECIPIENT = "smtpd_recipient_restrictions"
USERS = {"smtpd_sasl_auth_enable": "yes", "smtpd_tls_auth_only": "yes",
         "smtpd_tls_security_level": "may",
         "smtpd_tls_chain_files": "@D@/tls/server.key, @D@/tls/server.pem"}


class Kind(Files):
    """One of these configurations; with a policyd that runs, in a block."""

    def __init__(self, program, name, **settings):
        super().__init__(program)
        self.name = name
        with open(os.path.join(FIELD, name, "main.cf")) as text:
            self.put("main.cf", text.read())
        with open(os.path.join(FIELD, name, "master.cf")) as text:
            self.put("master.cf", text.read())
        self.set(**settings)
        if os.path.exists(os.path.join(FIELD, name, "vmd")):
            with open(os.path.join(FIELD, name, "vmd")) as text:
                self.put("vmd", text.read())
            run("postmap", "-c", self.config,
                "hash:" + os.path.join(self.config, "vmd"))
        self.ours("listen \"unix:%s\" { owner = \"postfix\" "
                  "group = \"postfix\" }\n" % self.socket)
        self.policyd = None

    def put(self, file, text):
        """put - a file of the configuration"""
        with open(os.path.join(self.config, file), "w") as out:
            out.write(text.replace("@D@", self.directory).replace(
                "proxy:mysql:/etc/postfix/domains.cf",
                "inline:{sql.example=x}"))

    def set(self, **settings):
        """set - in main.cf; the last value wins"""
        with open(os.path.join(self.config, "main.cf"), "a") as out:
            for pair in settings.items():
                out.write(("%s = %s\n" % pair).replace("@D@",
                                                       self.directory))

    def __enter__(self):
        with open(self.file) as text:
            self.policyd = Policyd(self.program, self.directory, text.read(),
                                   self.socket)
        settle(self.config)
        self.policyd.start()
        return self

    def __exit__(self, *_):
        self.policyd.kill()
        shutil.rmtree(self.directory)

    def said(self):
        """said - by policyd -P: {port: its row}, findings, status"""
        status, text, errors = self.check("-P", "--format=json")
        assert status in (0, 1), (status, text, errors)
        answer = json.loads(text)
        return ({row["port"]: row for row in answer["ports"]},
                answer["findings"], status)

    def texts(self):
        """texts - of the findings"""
        return [finding["text"] for finding in self.said()[1]]

    def follow(self, deep=False):
        """follow - type each command, to the configuration as it was; deep:
        and go on with what is said then. The number of commands."""
        kept = os.path.join(self.directory, "kept")
        _, findings, _ = self.said()
        commands = {}
        for finding in findings:
            if finding["command"]:
                commands.setdefault(finding["command"], []).append(
                    finding["text"])
        shutil.copytree(self.config, kept)
        words = before = None
        for command, texts in commands.items():
            if deep or before is None:
                words = self.words()
                before = matrix(self.program, self.config, self.file)
            run("/bin/sh", "-c", command)
            bad = harm(before, matrix(self.program, self.config, self.file),
                       " ".join(texts))
            assert not bad, (self.name, command, bad)
            left = self.said()[1]
            assert not set(texts) & {each["text"] for each in left}, (
                self.name, command, left)
            known = {each["text"] for each in findings}
            assert not [each for each in left if each["severity"] == "error"
                        and each["text"] not in known], (command, left)
            now = self.words()
            for name, wanted in words.items():
                missing = [word for word in wanted
                           if word not in now.get(name, ())]
                assert not missing, (command, name, missing)
            if not deep:
                shutil.rmtree(self.config)
                shutil.copytree(kept, self.config)
        shutil.rmtree(kept)
        return len(commands)

    def files(self):
        """files - what both hold"""
        found = []
        for name in ("main.cf", "master.cf"):
            with open(os.path.join(self.config, name)) as file:
                found.append(file.read())
        return found

    def words(self):
        """words - {list: its words}, of main.cf"""
        settle(self.config)
        lines = run("postconf", "-c", self.config, "-n")
        return {line.split(" =")[0]: re.findall(r"[^\s,]+", line)[2:]
                for line in lines.splitlines()
                if re.match(r"\w+_(restrictions|domains)|my\w+ =", line)}


def has(texts, wanted):
    """has - is there one like this?"""
    return any(re.search(wanted, text) for text in texts)


def test_ports(program):
    """the table says who is asked, and what people may send"""
    with Kind(program, "05", **USERS) as kind:
        rows, _, status = kind.said()
        text = kind.check("-P")[1]
    assert status == 1
    row = rows["smtp"]
    assert (row["asks"], row["tls"], row["auth"]) == (
        "policyd", "may", "in TLS"), row
    assert row["strangers"] == {"to_us": "yes", "elsewhere": "no"}, row
    assert row["users"] == {"to_us": "yes", "elsewhere": "yes"}, row
    line = re.search(r"(?m)^smtp .*", text).group(0)
    assert line.split() == ["smtp", "policyd", "may", "in", "TLS", "yes/no",
                            "yes/yes", "yes/no"], line
    table = text.partition("\n\n")[0]
    assert all(len(each) <= 80 for each in table.splitlines()), table


def test_return(program):
    """a port where a filter hands mail back needs no policyd (03); one that
    asks it loses mail (05)"""
    with Kind(program, "03", **USERS) as kind:
        run("postconf", "-c", kind.config, "-P", "smtp/inet/"
            "smtpd_relay_restrictions=$ours")
        kind.set(ours="check_policy_service unix:private/policyd, reject")
        rows, findings, status = kind.said()
        assert rows["127.0.0.1:10025"]["asks"] == "return", rows
        assert (findings, status) == ([], 0), findings
    with Kind(program, "05", **USERS) as kind:
        texts = kind.texts()
        assert len(texts) == 1 and has(texts, "mail comes back .*:10025"), texts
        assert kind.follow(deep=True) == 1
        rows, findings, status = kind.said()
        assert (findings, status) == ([], 0), findings
        assert rows["127.0.0.1:10025"]["mynetworks"] == {
            "to_us": "yes", "elsewhere": "yes"}, rows


def test_return_data(program):
    """a port where a filter hands mail back asks at DATA, as main.cf says for
    rates: it must not, and keeps the rest of the list"""
    ask = "check_policy_service { unix:private/policyd, policy_context=data }"
    for before, after in (("reject_unauth_pipelining, ", ""),
                          ("", ", reject_multi_recipient_bounce"), ("", "")):
        for name in "smtpd_data_restrictions", "smtpd_end_of_data_restrictions":
            with Kind(program, "06", **USERS, **{name: before + ask + after}
                      ) as kind:
                with open(os.path.join(kind.config, "master.cf"), "a") as out:
                    out.write("127.0.0.1:10025 inet n - n - - smtpd\n"
                              "  -o content_filter=\n"
                              "  -o mynetworks=127.0.0.0/8\n"
                              "  -o smtpd_relay_restrictions="
                              "permit_mynetworks,reject\n")
                texts = kind.texts()
                assert len(texts) == 1 and has(
                    texts, "^mail comes back .*:10025, and policyd is asked "
                    "in " + name), texts
                command = kind.said()[1][0]["command"]
                run("sh", "-c", command)
                assert kind.texts() == [], kind.texts()
                kept = run("postconf", "-c", kind.config, "-x", "-P",
                           "127.0.0.1:10025/inet/" + name).partition("=")[2]
                assert kept.split() == (before + after).replace(
                    ",", "").split(), kept
                cells = matrix(program, kind.config, kind.file)
                assert cells["127.0.0.1:10025", "host", "elsewhere"] == "passes"


def test_return_tls(program):
    """a port that demands TLS of the filter, of its own or by main.cf"""
    for main, own, count in (("encrypt", "", 1), ("may", "", 0),
                             ("may", "smtpd_tls_security_level=encrypt", 1),
                             ("may", "smtpd_tls_wrappermode=yes", 1),
                             ("encrypt", "smtpd_tls_security_level=may", 0)):
        with Kind(program, "06", **dict(USERS, smtpd_tls_security_level=main)
                  ) as kind:
            with open(os.path.join(kind.config, "master.cf"), "a") as out:
                out.write("127.0.0.1:10025 inet n - n - - smtpd\n"
                          "  -o content_filter=\n  -o mynetworks=127.0.0.0/8\n"
                          "  -o smtpd_relay_restrictions=permit_mynetworks,"
                          "reject\n" + ("  -o %s\n" % own if own else ""))
            texts = kind.texts()
            assert len(texts) == count, (main, own, texts)
            if count:
                assert has(texts, "^mail comes back .*:10025, and TLS is"), texts
            assert kind.follow(deep=True) == count
            assert kind.said()[1] == [], kind.said()
            cells = matrix(program, kind.config, kind.file)
            assert cells["127.0.0.1:10025", "host", "elsewhere"] == "passes"


def test_domains(program):
    """relay_domains = $mydestination is no mistake (06)"""
    with Kind(program, "06", **USERS) as kind:
        assert kind.said()[1:] == ([], 0), kind.said()


def test_one_command(program):
    """findings of one list have one command, after which it is content (07)"""
    for settings, count in ((USERS, 1), (dict(USERS, smtpd_tls_auth_only="no"),
                                         2)):
        with Kind(program, "07", **settings) as kind:
            before = kind.texts()
            assert has(before, "permit_sasl_authenticated comes before")
            assert kind.follow(deep=True) == count
            assert kind.said()[1:] == ([], 0), kind.said()
            assert kind.words()[RECIPIENT][0] == "check_policy_service"


def test_twice(program):
    """a service that is in master.cf more than once (09)"""
    with Kind(program, "09", **USERS) as kind:
        texts = kind.texts()
        assert has(texts, "^submission is there more than once"), texts
        assert not has(texts, "not asked on port submission"), texts
        kind.follow()


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
                 **{RECIPIENT: "reject_unauth_destination"})
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
            for name in ("virtual_mailbox_domains", "smtpd_sender_login_maps"):
                if name.endswith("_maps"):      # what is no table ends smtpd
                    value = re.sub(r"a.example, !|\[192.0.2.1\], ", "", value)
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
    ("inet:127.0.0.1:9", {}, "inet:127.0.0.1:9: Connection refused: each "
     "message is refused for now \\(default action: tempfail\\)$", True),
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


def test_useless(program):
    """a port where users can log in, and nobody can send"""
    early = "smtpd_client_restrictions=permit_sasl_authenticated,reject"
    for options, wanted, cured in (
            (early, None, False),
            (early + "\n  -o smtpd_delay_reject=no",
             "port 2525, but nobody may send anything there: reject in "
             "smtpd_client_restrictions refuses all before they can log in",
             True),
            ("smtpd_sender_restrictions=reject",
             "reject in smtpd_sender_restrictions refuses all$", False)):
        with Kind(program, "06", **USERS) as kind:
            kind.put("master.cf", "smtp inet n - n - - smtpd\n"
                     "2525 inet n - n - - smtpd\n  -o " + options + "\n")
            _, findings, status = kind.said()
            texts = [each["text"] for each in findings]
            assert status == 0 and len(texts) == (1 if wanted else 0), texts
            if wanted:
                assert has(texts, wanted), texts
                assert bool(findings[0]["command"]) == cured, findings
            if cured:
                run("/bin/sh", "-c", findings[0]["command"])
                assert kind.said()[1:] == ([], 0), kind.said()


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


def test_ours(program):
    """what policyd -t says is said, too, and counts"""
    with Kind(program, "06", **USERS) as kind:
        listen = "listen \"unix:%s\" { }\n" % kind.socket
        kind.ours(listen + "service x { server_port = 2587 }\n")
        status, text, errors = kind.check("-P")
        assert "no smtpd of" in errors and status == 0, (status, errors)
        assert text.endswith("no problems found; those of policyd are above\n")
        kind.ours(listen + "relay_domains = 'hash:/no/such'\n")
        status, text, errors = kind.check("-P")
        assert "cannot read hash:/no/such" in errors, errors
        assert status == 1 and "are above" in text, (status, text)
        # What it will load by itself is no problem.
        kind.file = kind.policyd.file
        kind.policyd.process.send_signal(signal.SIGSTOP)
        kind.set(mail_name="other")
        status, text, errors = kind.check("-P")
        kind.policyd.process.send_signal(signal.SIGCONT)
        assert "does by itself" in errors and status == 0, (status, errors)
        assert text.endswith("no problems found\n"), text


def test_notation(program):
    """what Postfix accepts is understood: case, local:, braces, a port"""
    with Kind(program, "06", **USERS) as kind:
        for text in ("Check_Policy_Service unix:private/policyd, Reject",
                     "check_policy_service local:private/policyd, reject",
                     "check_policy_service {local:private/policyd}, reject",
                     "CHECK_POLICY_SERVICE { unix:private/policyd, "
                     "{ policy_context = x } } reject"):
            kind.set(smtpd_relay_restrictions=text)
            rows, findings, status = kind.said()
            assert (findings, status) == ([], 0), (text, findings)
            assert rows["smtp"]["asks"] == "policyd", (text, rows)


def test_unasked(program):
    """status 1 for a port without policyd, if it takes mail from others"""
    ask = "check_policy_service unix:private/policyd, reject"
    for options, wanted in (
            ("smtpd_relay_restrictions=reject_unauth_destination", True),
            ("smtpd_relay_restrictions=reject", False),
            ("smtpd_relay_restrictions=permit_mynetworks,reject", True)):
        with Kind(program, "06", **USERS) as kind:
            kind.put("master.cf", "smtp inet n - n - - smtpd\n"
                     "2525 inet n - n - - smtpd\n  -o " + options + "\n")
            kind.set(mynetworks="127.0.0.0/8 10.0.0.0/8",
                     smtpd_relay_restrictions=ask)
            _, findings, status = kind.said()
            assert status == (1 if wanted else 0), (options, findings)
            assert has([each["text"] for each in findings],
                       "policyd on port 2525") == wanted, findings


def runs(program, directory, *options):
    """runs - how often policyd runs postconf(1)"""
    trace = os.path.join(directory, "trace")
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, program,
         *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode in (0, 1), done
    with open(trace) as lines:
        count = len(re.findall(r'execve\("[^"]*/postconf".* = 0$', lines.read(),
                               re.M))
    return count, done.stdout


def test_many(program):
    """many ports that are alike cost few runs of postconf(1), though each of
    them has a command of its own, which was tried"""
    counts = []
    for number in (2, 20):
        with Kind(program, "06", **USERS) as kind:
            kind.put("master.cf", "".join(
                "%d inet n - n - - smtpd\n  -o syslog_name=postfix/%d\n"
                "  -o smtpd_tls_auth_only=no\n"
                "  -o smtpd_sender_restrictions=$smtpd_helo_restrictions\n" %
                (port, port) for port in range(2000, 2000 + number)))
            settle(kind.config)
            checks, said = runs(program, kind.directory, "-P", "-c", kind.file)
            assert said.count("smtpd_tls_auth_only=yes'\n") == number, said
            first, _ = runs(program, kind.directory, "--init", "-c",
                            kind.file + "2", kind.config)
            counts.append((checks, first))
    few, many = counts
    print("    -P, --init: %s runs for 2 ports, %s for 20" % (few, many))
    assert all(now <= was + 4 for was, now in zip(few, many)), counts


# Appended to main.cf and master.cf; the exit statuses of -P and --init, and
# what they must say.
BAD = (
    ("what is this\n", "", 78, 75, "main.cf, line .*missing '='"),
    ("", "what is this\n", 78, 75, "master.cf: line .*bad field count"),
    ("mydestination = ${x\n", "", 78, 75, "macro processing error"),
    ("nosuch = 1\nnosuch = 2\n", "", 0, 0, ""),
    ("x = y\n" * 500000, "", 0, 78, "more than 1048576 bytes"),
    ("smtpd_sender_restrictions = " + "reject_non_fqdn_sender " * 10000 +
     "\n", "", 0, 0, ""),
    ("", "  -o x=y" * 500 + "\n", 0, 0, ""),
)


def test_bad(program):
    """what postconf(1) refuses, or warns of, and what is too large: a clear
    message, and no file has changed"""
    for main, master, checked, init, wanted in BAD:
        with Kind(program, "06", **USERS) as kind:
            for name, text in (("main.cf", main), ("master.cf", master)):
                with open(os.path.join(kind.config, name), "a") as out:
                    out.write(text)
            settle(kind.config)
            before = kind.files()
            other = kind.file + "2"
            for status, options in (
                    (checked, ["-P", "-c", kind.file]),
                    (init, ["--init", "-c", other, kind.config])):
                done = subprocess.run([program, *options], text=True,
                                      capture_output=True)
                assert done.returncode == status, (main[:80], master[:80],
                                                   options, done)
                if status > 1:
                    assert re.search(wanted, done.stderr), done
                    assert not os.path.exists(other)
                assert kind.files() == before


def test_commands(program):
    """every command that is printed for these kinds"""
    count = 0
    for name in sorted(os.listdir(FIELD)):
        with Kind(program, name, **dict(USERS, smtpd_tls_auth_only="no")) \
                as kind:
            count += kind.follow()
    print("    %d commands" % count)
    assert count >= 10, count


if __name__ == "__main__":
    sys.exit(run_all([
        test_ports, test_return, test_return_data, test_return_tls,
        test_domains, test_one_command, test_twice, test_nobody,
        test_certificate, test_networks, test_tables, test_front, test_servers,
        test_misspelt, test_dovecot, test_milters, test_useless, test_words,
        test_patterns,
        test_ours, test_notation, test_unasked, test_many, test_bad, test_commands]))
