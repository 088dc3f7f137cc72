# SPDX-License-Identifier: ISC
"""What a Postfix lets through (lib/postfix/smtpd_ports.c), compared with what a real
one does: the same clients and recipients at each of its ports. A "may" is
never wrong; a "passes" or "refused" never may be.

With PORTS_SEED and PORTS_PAIRS in the environment other configurations, or
more of them, are tried."""

import collections
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading

from kit.configurations import Maker
from kit.daemon import WAIT, free_port, is_socket, run_all, wait_until
from kit.postfix import PASSWORD, REALM, USER, Postfix, listening, poll, run
from kit.smtp import NO_TLS, Session, auth_plain, tls_context
from kit.snippets import ROOT, main_cf, master_cf

SEED = int(os.environ.get("PORTS_SEED", "1"))
PAIRS = int(os.environ.get("PORTS_PAIRS", "40"))
CLIENTS = ("stranger", "login", "network", "host")
RECIPIENTS = {"ours": "user@local.test", "elsewhere": "user@far.example"}
ACTIONS = ("OK", "DUNNO", "REJECT", "451 4.3.0 later", "permit_mynetworks",
           "DEFER_IF_PERMIT", "permit_auth_destination",
           "permit_sasl_authenticated, reject")
# Not in any mynetworks but 127.0.0.0/8; then XCLIENT makes it another one.
STRANGER = ("127.0.0.9", "203.0.113.9")


class Policy:
    """A policy server that always gives the same reply."""

    def __init__(self, action):
        self.action = action
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.name = "inet:127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,),
                             daemon=True).start()

    def answer(self, connection):
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                if line == b"\n":
                    connection.sendall(b"action=%s\n\n" %
                                       self.action.encode())


class Refused(Exception):
    """the client cannot do what it wants to"""


def expect(session, command, code):
    """expect - a command that must have that answer"""
    said = session.ask(command)
    if not said.startswith(code):
        raise Refused("%s: %s" % (command[:20], said))
    return said


class Port:
    """One port of a real Postfix, and its clients."""

    def __init__(self, postfix, number, wraps, network, recipients):
        self.postfix = postfix
        self.number = number
        self.wraps = wraps
        self.network = network
        self.recipients = recipients
        self.context = tls_context("TLSv1.3", postfix.path("tls", "ca.pem"))

    def failed(self):
        """failed - smtpd(8) has ended by itself"""
        return re.search(r"p%d/smtpd\[\d+\]: fatal: " % self.number,
                         self.postfix.said())

    def greeting(self, session):
        """greeting - smtpd(8) says 220, or ends before it says anything"""
        session.socket.settimeout(0.2)
        while True:
            try:
                said = session.reply()
                break
            except (socket.timeout, TimeoutError):
                if self.failed():
                    raise Refused("fatal")
        session.socket.settimeout(WAIT)
        if not said.startswith("220"):
            raise Refused(said)

    def tls(self, session):
        try:
            session.starttls(self.context)
        except ConnectionError as error:
            raise Refused(str(error))

    def client(self, kind, tls):
        """client - a session that may send mail"""
        source, address = {
            "host": ("127.0.0.1", None),
            "network": (self.network if self.network.startswith("127.")
                        else "127.0.0.1", self.network),
        }.get(kind, STRANGER)
        if self.failed():
            raise Refused("fatal")
        session = Session(self.number, source=source)
        if self.wraps:
            if not tls:
                session.send("EHLO client.far.example")
                self.greeting(session)
            self.tls(session)
        self.greeting(session)
        said = expect(session, "EHLO client.far.example", "250")
        if tls and not self.wraps:
            if "STARTTLS" not in said:
                raise Refused(NO_TLS)
            expect(session, "STARTTLS", "220")
            self.tls(session)
            said = expect(session, "EHLO client.far.example", "250")
        if address and address != source:
            expect(session, "XCLIENT ADDR=" + (
                "IPV6:" + address if ":" in address else address), "220")
            said = expect(session, "EHLO client.far.example", "250")
        if kind == "login":
            if not re.search(r"^250.AUTH ", said, re.MULTILINE):
                raise Refused("no AUTH")
            expect(session, auth_plain(USER + "@" + REALM, PASSWORD), "235")
        return session

    def sends(self, session, recipient):
        """sends - is a whole message taken?"""
        try:
            expect(session, "MAIL FROM:<user@far.example>", "250")
            expect(session, "RCPT TO:<%s>" % recipient, "250")
            expect(session, "DATA", "354")
            expect(session, "Subject: x\r\n\r\nx\r\n.", "250")
            return "passes"
        except Refused:
            session.ask("RSET")
            return "refused"

    def truth(self):
        """truth - {(client, recipient): "passes" or "refused"}"""
        found = {}
        for kind in CLIENTS:
            for tls in (False, True):
                name = kind + (" in TLS" if tls else "")
                try:
                    with self.client(kind, tls) as session:
                        for recipient, address in self.recipients.items():
                            found[name, recipient] = self.sends(session,
                                                                address)
                except Refused:
                    for recipient in RECIPIENTS:
                        found[name, recipient] = "refused"
        return found


class Judged:
    """What port_matrix says of one port."""

    def __init__(self, fields):
        self.facts = dict(re.findall(r"(\w+)=(\S*)", fields))
        self.cells = {}
        self.why = {}


def judged(program, directory, policies=(), configuration=""):
    """judged - {port: Judged}"""
    matrix = os.path.join(os.path.dirname(program), "t", "port_matrix")
    done = subprocess.run(
        [matrix, directory, configuration] +
        ["%s=%s" % (policy.name, policy.action) for policy in policies],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    ports = {}
    for line in done.stdout.splitlines():
        words = line.split("\t")
        if words[0] == "port":
            ports[words[1]] = Judged(words[3])
        else:
            port = ports[words[1]]
            port.cells[words[2], words[3]] = words[4]
            port.why[words[2], words[3]] = " ".join(words[5:])
    return ports


class Tally:
    """How many cells were compared, and which of them were wrong."""

    def __init__(self):
        self.cells = collections.Counter()
        self.wrong = []

    def compare(self, name, port, truth):
        for cell, real in truth.items():
            said = port.cells[cell]
            self.cells[said, real] += 1
            if said not in ("may", real):
                self.wrong.append("%s: %s: said %s (%s), is %s" % (
                    name, ", ".join(cell), said, port.why[cell], real))

    def finish(self, least):
        """finish - none is wrong, and that much of what passes, and of what is
        refused, was said"""
        print("    " + ", ".join("%s %d times %s" % (said, count, real)
                                 for (said, real), count
                                 in sorted(self.cells.items())))
        assert not self.wrong, "%d wrong\n%s" % (
            len(self.wrong), "\n".join(self.wrong[:5]))
        for real in ("passes", "refused"):
            assert self.cells[real, real] >= least * (
                self.cells[real, real] + self.cells["may", real]), real


def reload(postfix):
    """reload - the ports that master.cf has now, and no other"""
    if postfix.master is None:
        postfix.start()
        return
    postfix.master.send_signal(signal.SIGHUP)
    waiting = set(postfix.ports())

    def listens():
        waiting.difference_update([p for p in waiting if listening(p)])
        return not waiting
    try:
        poll(listens)
    except TimeoutError:
        print(postfix.said()[-3000:])
        raise


def place(postfix, settings, master):
    """place - main.cf, and a master.cf whose ports become free ones; {name of
    the service: number of its port}"""
    ports = {}
    postfix._write("main.cf", ["%s = %s" % pair for pair in settings.items()])
    entries = [entry for entry in postfix._entries("master.cf")
               if entry.split()[1] != "inet"]
    for entry in re.findall(r"^\S.*(?:\n[ \t].*)*", master, re.MULTILINE):
        name, rest = entry.split(None, 1)
        if rest.startswith("inet"):
            number = ports.setdefault(name, free_port())
            entry = "127.0.0.1:%d %s\n    -o syslog_name=p%d" % (
                number, rest, number)
        entries.append(entry)
    postfix._write("master.cf", entries)
    return ports


def option(name, value, brace):
    """option - of a service, in one of the two forms"""
    return "\n    -o " + ("{ %s = %s }" if brace else "%s=%s") % (name, value)


def compare(program, postfix, tally, ports, network, configuration="",
            policies=(), recipients=RECIPIENTS, name=""):
    """compare - every port that Postfix has now; network: an address that is
    in mynetworks, for each"""
    reload(postfix)
    said = judged(program, postfix.config, policies, configuration)
    for service, number in ports.items():
        port = said["127.0.0.1:%d" % number]
        real = Port(postfix, number, port.facts["wraps"] == "1",
                    network[service], recipients)
        tally.compare("%s, %s" % (name, service), port, real.truth())
    return {service: said["127.0.0.1:%d" % number]
            for service, number in ports.items()}


@contextlib.contextmanager
def policyd(program, configuration):
    """policyd - serves while the block runs"""
    with subprocess.Popen([program, "-c", configuration]) as process:
        with open(configuration, encoding="utf-8") as file:
            path = re.search(r'listen "unix:(.*?)"', file.read()).group(1)
        wait_until(lambda: is_socket(path) or process.poll() is not None,
                   "the socket of policyd")
        try:
            assert process.poll() is None, "policyd does not start"
            yield
        finally:
            process.terminate()


def base_of(postfix):
    """base_of - the settings of every instance"""
    found = dict(re.split(r"\s*=\s*", entry, maxsplit=1)
                 for entry in postfix._entries("main.cf"))
    found.update({name + "_transport": "discard:" for name in (
        "local", "virtual", "relay", "default")})
    found.update({
        "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
        "smtpd_policy_service_try_limit": "1",
        "smtpd_data_restrictions": "",
        "smtpd_client_connection_rate_limit": "0",
        "smtpd_client_connection_count_limit": "0",
        "smtpd_error_sleep_time": "0",
    })
    return found


def test_random_pairs(program):
    """no cell of random configurations is wrong"""
    policies = [Policy(action) for action in ACTIONS]
    maker = Maker(SEED, [policy.name for policy in policies])
    tally = Tally()
    with Postfix() as postfix:
        base = base_of(postfix)
        for pair in range(PAIRS):
            main, network = maker.main()
            main.setdefault("smtpd_tls_security_level", "may")
            main.setdefault("smtpd_sasl_auth_enable", "yes")
            services = maker.services()
            master = "".join(
                "s%d inet n - n - - smtpd%s\n" % (index, "".join(
                    option(*item, brace=" " in item[1] or len(item[1]) % 2)
                    for item in options.items()))
                for index, options in enumerate(services))
            networks = {
                "s%d" % index: "127.0.0.1" if options.get("mynetworks") ==
                "127.0.0.1/32" else network
                for index, options in enumerate(services)}
            compare(program, postfix, tally,
                    place(postfix, {**base, **main}, master), networks,
                    policies=policies,
                    name="pair %d\n%s\n%s" % (pair, main, master))
    tally.finish(0.5)


def settings_of(text):
    """settings_of - {name: value} of a main.cf"""
    return dict(re.split(r"\s*=\s*", line, maxsplit=1)
                for line in re.findall(r"^\S.*(?:\n[ \t].*)*",
                                       re.sub(r"(?m)^#.*\n", "", text),
                                       re.MULTILINE))


def field(name, postfix, file):
    """field - a file of t/data/field, for that Postfix; "" when there is none.
    No SQL server runs here."""
    path = os.path.join(ROOT, "t", "data", "field", name, file)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as text:
        return text.read().replace("@D@", postfix.directory).replace(
            "proxy:mysql:/etc/postfix/domains.cf", "inline:{sql.example=x}")


def one_field(program, name, tally):
    """one_field - one configuration of a real kind; what was said of it"""
    with Postfix() as postfix:
        for file in ("policyd.conf", "etc/vmd"):
            text = field(name, postfix, os.path.basename(file))
            if text:
                with open(postfix.path(*file.split("/")), "w") as out:
                    out.write(text)
        if os.path.exists(postfix.path("etc", "vmd")):
            run("postmap", "-c", postfix.config, postfix.path("etc", "vmd"))
        ports = place(postfix, {
            **base_of(postfix),
            **settings_of(field(name, postfix, "main.cf"))},
            field(name, postfix, "master.cf"))
        domain = "mail.example.com" if name in ("01", "11") else "example.com"
        recipients = {"ours": "bob@" + domain, "elsewhere": "u@far.example"}
        configuration = postfix.path("policyd.conf")
        serves = policyd(program, configuration)
        if not os.path.exists(configuration):
            serves, configuration = contextlib.nullcontext(), ""
        with serves:
            near = "127.0.0.0/8" in postfix.get("mynetworks")
            return compare(program, postfix, tally, ports, dict.fromkeys(
                ports, "127.0.0.70" if near else "127.0.0.1"), configuration, recipients=recipients,
                           name="field/" + name)


def test_field(program):
    """no cell of the real kinds is wrong, and what they were kept for is
    seen"""
    tally = Tally()
    said = {name: one_field(program, name, tally) for name in sorted(
        os.listdir(os.path.join(ROOT, "t", "data", "field")))}
    tally.finish(0.5)
    # A port for logins only; the one where the filter hands mail back, with
    # policyd and without; one that nobody can say anything of; no login at all.
    assert said["02"]["submission"].cells["stranger in TLS", "ours"] == \
        "refused", said["02"]["submission"].cells
    for name in ("03", "05"):
        assert said[name]["127.0.0.1:10025"].facts["return"] == "1", name
        assert said[name]["smtp"].facts["return"] == "0", name
    assert said["05"]["127.0.0.1:10025"].cells["host", "elsewhere"] == \
        "refused"
    assert set(said["09"]["submission"].cells.values()) == {"may"}
    assert said["12"]["smtp"].cells["login in TLS", "elsewhere"] == "refused"
    assert said["07"]["smtp"].cells["login in TLS", "elsewhere"] == "passes"


def one_snippet(program, variant, tally):
    """one_snippet - main.cf.policyd and master.cf.policyd"""
    with Postfix() as postfix:
        configuration = postfix.path("policyd.conf")
        with open(configuration, "w") as out:
            out.write('listen "unix:%s/private/policyd" {\n'
                      'owner = "postfix"\ngroup = "postfix"\n}\n'
                      'import_postfix = "%s"\n' % (postfix.queue,
                                                  postfix.config))
        settings = dict(line.split("=", 1) for line in main_cf(variant))
        master = "".join("%s%s\n" % (" ".join(words), "".join(
            option(*item, brace=False) for item in options.items()))
            for words, options in master_cf())
        ports = place(postfix, {
            **base_of(postfix), "mynetworks": "127.0.0.0/8", **settings},
            master)
        with policyd(program, configuration):
            return compare(program, postfix, tally, ports, dict.fromkeys(
                ports, "127.0.0.70"), configuration,
                name="snippet, %s" % variant)


def test_snippets(program):
    """no cell of what is shipped is wrong, and it does what it is for: ours
    from anyone, elsewhere for logins in TLS; and all of it is known"""
    tally = Tally()
    for variant in (None, "one list for all ports"):
        for service, port in one_snippet(program, variant, tally).items():
            for (client, recipient), cell in port.cells.items():
                tls = "TLS" in client
                want = (tls or service == "smtp") and (
                    client == "login in TLS" or (
                        recipient == "ours" and client != "login"))
                assert cell == ("passes" if want else "refused"), (
                    variant, service, client, recipient, cell)
    tally.finish(1)


if __name__ == "__main__":
    sys.exit(run_all([test_snippets, test_field, test_random_pairs]))
