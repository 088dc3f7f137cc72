# SPDX-License-Identifier: ISC
"""Memory runs out: every allocation fails in turn, also those of libraries.

A process of policyd may end then, with status 75; another one takes its place.
It may refuse to start, or an answer may be missing. But it never crashes,
never answers otherwise than it should, and goes on as if nothing had been.

usage: test_allocation.py POLICYD [TEST ...]

POLICYD_TEST_ALLOCATIONS: how many allocations of each kind fail, spread evenly
over all of them; "all": every one.
"""

import contextlib
import mmap
import os
import re
import resource
import signal
import ssl
import struct
import subprocess
import sys

from daemon import (OURS, PERMIT, THEIRS, descriptors, exists, run_all,
                    wait_until)
from test_tls_listener import TlsDaemon

AMOUNT = os.environ.get("POLICYD_TEST_ALLOCATIONS", "60")
FOREVER = 1 << 63
OUT_OF_MEMORY = 75
REFUSED = 78
# Arguments that only a server has, or the monitor.
SERVER = "--server"
MONITOR = "--verbose"

# Whatever is lost of this on the way from the file to the answer changes one
# of the answers below.
SETTINGS = """\
relay_domains = {{ "relay.test", "texthash:{0}/relay", "pcre:{0}/pcre" }}
virtual_mailbox_domains = "!not.vmail.test, .vmail.test, vmail.test"
parent_domain_matches_subdomains = {{ "relay_domains" }}
mynetworks = {{ "!198.51.100.7", "198.51.100.0/24", "cidr:{0}/cidr" }}
sender_login_maps = "texthash:{0}/senders"
tls_ciphers = "HIGH:!aNULL:!SHA1"
service "closed" {{
    server_port = {{ 26 }}
    restrictions = {{ reject }}
}}
service "strong" {{
    server_port = {{ 465 }}
    tls_protocols = ">=TLSv1.3"
    restrictions = {{ reject_sender_login_mismatch, permit_auth_destination,
        reject_plaintext_session, permit_sasl_authenticated, reject }}
}}
service "networks" {{
    server_port = {{ 10025 }}
    restrictions = {{ permit_mynetworks, permit_auth_destination, reject }}
}}
expect "strangers do not relay" {{
    to = "user@far.example"
    verdict = "reject"
}}
"""
TABLES = {
    "relay": "table.test ok\n",
    "pcre": "/^p[0-9]+\\.test$/ ok\n",
    "cidr": "203.0.113.0/28 ok\n",
    "senders": "owner@local.test alice\n",
}


def request(recipient, **attributes):
    """request - from a stranger, if attributes do not say otherwise"""
    lines = {"request": "smtpd_access_policy", "protocol_state": "RCPT",
             "client_address": "192.0.2.1", "server_port": "25",
             "sender": "a@client.example", "recipient": recipient}
    lines.update(attributes)
    return "".join("%s=%s\n" % pair for pair in lines.items()).encode() + b"\n"


def login(protocol, cipher, bits, **attributes):
    """login - the attributes of a session of alice's"""
    return dict(attributes, encryption_protocol=protocol,
                encryption_cipher=cipher, encryption_keysize=str(bits),
                sasl_method="PLAIN", sasl_username="alice")


TLS13 = ("TLSv1.3", "TLS_AES_256_GCM_SHA384", 256)
TLS12 = ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256)
OLD = ("TLSv1.2", "AES256-SHA", 256)

# A request, and whether it is permitted.
QUESTIONS = [
    (OURS, True), (THEIRS, False),
    (request("a@relay.test"), True), (request("a@sub.relay.test"), True),
    (request("a@table.test"), True), (request("a@other.test"), False),
    (request("a@p12.test"), True), (request("a@px.test"), False),
    (request("a@vmail.test"), True), (request("a@not.vmail.test"), False),
    (request("a%far.example@local.test"), False),
    (request("user@local.test", server_port="26"), False),
    (request("a@far.example", **login(*TLS12)), True),
    (request("a@far.example", **login(*OLD)), False),
    (request("a@far.example", **login(*TLS12, server_port="465")), False),
    (request("a@far.example", **login(*TLS13, server_port="465")), False),
    (request("a@far.example", **login(*TLS13, server_port="465",
                                      sender="owner@local.test")), True),
    (request("a@local.test", server_port="465",
             sender="owner@local.test"), False),
    (request("a@far.example", server_port="10025",
             client_address="198.51.100.9"), True),
    (request("a@far.example", server_port="10025",
             client_address="198.51.100.7"), False),
    (request("a@far.example", server_port="10025",
             client_address="203.0.113.15"), True),
    (request("a@far.example", server_port="10025",
             client_address="203.0.113.16"), False),
]
BATCH = b"".join(text for text, _ in QUESTIONS)


def judge(replies, complete=False):
    """judge - each is the right one, or tells to try later"""
    for reply, (text, permitted) in zip(replies, QUESTIONS):
        if reply.startswith(b"action=451 ") and not complete:
            continue
        right = (b"action=permit_" if permitted else b"action=55")
        assert reply.startswith(right), (text, reply)
    assert not complete or len(replies) == len(QUESTIONS), len(replies)


class Memory:
    """What fault_allocation.so does in one kind of process."""

    def __init__(self, policyd):
        self.path = policyd.path("allocation")
        with open(self.path, "wb") as file:
            file.write(bytes(mmap.PAGESIZE))
        os.chmod(self.path, 0o666)
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.fail(SERVER)
        library = os.path.join(os.path.dirname(policyd.program), "t",
                               "fault_allocation.so")
        assert os.path.exists(library), library
        self.environment = {
            "LD_PRELOAD": library, "FAULT_ALLOCATION": self.path,
            # The library must come before that of AddressSanitizer.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
            ":verify_asan_link_order=0"}

    def fail(self, process, first=0, last=None):
        """fail - from the first to the last allocation that it does now"""
        struct.pack_into("QQQQ32s", self.map, 0, 0, first,
                         first if last is None else last, 0, process.encode())

    def enough(self):
        """enough - no other one fails"""
        struct.pack_into("Q", self.map, 8, 0)

    def count(self):
        """count - allocations since then"""
        return struct.unpack_from("Q", self.map)[0]

    def failed(self):
        return struct.unpack_from("Q", self.map, 24)[0]

    @contextlib.contextmanager
    def preloaded(self):
        """preloaded - whoever is started now"""
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def places(total):
    """places - which allocations fail, each alone or with all that follow"""
    assert total > 10, "%d allocations: are they counted?" % total
    step = 1 if AMOUNT == "all" else max(1, total // int(AMOUNT))
    for place in range(1, total + 1, step):
        yield place, place
        if AMOUNT == "all" or (place // step) % 4 == 0:
            yield place, FOREVER


class Result:
    """What came of it, for people to read."""

    def __init__(self, what, total):
        self.what, self.total, self.seen = what, total, {}

    def add(self, outcome):
        self.seen[outcome] = self.seen.get(outcome, 0) + 1

    def print(self):
        print("  %s: %d allocations, %d faults: %s" % (
            self.what, self.total, sum(self.seen.values()), ", ".join(
                "%s %d" % pair for pair in sorted(self.seen.items()))))


class Faulty(TlsDaemon):
    """A daemon whose memory runs out."""

    def __init__(self, program):
        super().__init__(program)
        for name, text in TABLES.items():
            with open(self.path(name), "w") as file:
                file.write(text)
        self.write_config(self.read(self.config) +
                          SETTINGS.format(self.directory))
        self.memory = Memory(self)

    def start(self):
        with self.memory.preloaded():
            return super().start()

    def __exit__(self, *_):
        self.memory.enough()
        super().__exit__()

    def run(self, *options, sent=b""):
        """run - the program, not as a daemon"""
        with self.memory.preloaded():
            return subprocess.run(
                (self.program, "-c", self.config) + options, input=sent,
                capture_output=True, timeout=60)

    def check(self):
        """check - everything is as it was"""
        self.memory.enough()
        with self.client() as client:
            client.send(BATCH)
            judge([client.reply() for _ in QUESTIONS], complete=True)


def split(data):
    """split - whole replies only"""
    *replies, rest = data.split(b"\n\n")
    assert rest == b"", "half a reply: %r" % rest
    return replies


def judge_end(done):
    """judge_end - no signal, nothing of a sanitizer; a word why it failed"""
    text = done.stdout + done.stderr
    assert b"Sanitizer" not in text and b"runtime error" not in text, text
    assert done.returncode in (0, OUT_OF_MEMORY, REFUSED), (
        done.returncode, text)
    assert done.returncode == 0 or done.stderr, "it does not say why"
    return "status %d" % done.returncode


def test_stdio(program):
    """-s from the first allocation to the last answer"""
    policyd = Faulty(program)
    try:
        policyd.memory.fail("-s")
        done = policyd.run("-s", sent=BATCH)
        judge(split(done.stdout), complete=True)
        result = Result("-s", policyd.memory.count())
        for first, last in places(result.total):
            policyd.memory.fail("-s", first, last)
            done = policyd.run("-s", sent=BATCH)
            assert policyd.memory.failed() > 0 or done.returncode == 0
            judge(split(done.stdout))
            outcome = judge_end(done)
            if done.returncode == 0:
                judge(split(done.stdout), complete=True)
            result.add(outcome)
        result.print()
    finally:
        policyd.__exit__()


def test_tools(program):
    """-t, -T and -q: none of them crashes, or says that a stranger may"""
    policyd = Faulty(program)
    try:
        for options in (("-t",), ("-T",), ("-q", "to=user@far.example")):
            policyd.memory.fail(options[0])
            good = policyd.run(*options)
            assert good.returncode == 0, good
            result = Result(options[0], policyd.memory.count())
            for first, last in places(result.total):
                policyd.memory.fail(options[0], first, last)
                done = policyd.run(*options)
                result.add(judge_end(done))
                assert b"permit_auth_destination\n" not in \
                    done.stdout.split(b"\n\n")[0] or options[0] == "-T", done
            result.print()
    finally:
        policyd.__exit__()


def no_crash(policyd, mark):
    """no_crash - no process was ended by a signal of its own doing"""
    text = policyd.read(policyd.log)[mark:] + policyd.stderr()
    assert not re.search(r"killed by signal (?!9 )|Sanitizer|runtime error",
                         text), text[-3000:]


def test_start(program):
    """a server that starts: the daemon serves, rightly, or ends with 75"""
    with Faulty(program) as policyd:
        policyd.memory.fail(SERVER)
        policyd.stop()
        policyd.start()
        result = Result("start", policyd.memory.count())
        assert policyd.stop() == 0
        for first, last in places(result.total):
            policyd.memory.fail(SERVER, first, last)
            mark = policyd.mark()
            with policyd.memory.preloaded():
                policyd.launch()
            policyd.monitor = policyd.process.pid
            wait_until(lambda: policyd.process.poll() is not None or
                       "serving: " in policyd.read(policyd.log)[mark:],
                       "start or end")
            if policyd.process.poll() is None:
                policyd.check()
                assert policyd.stop() == 0
                result.add("serves")
            else:
                status = policyd.wait()
                assert status in (OUT_OF_MEMORY, REFUSED), status
                result.add("status %d" % status)
            no_crash(policyd, mark)
        result.print()


def test_reload(program):
    """a server that is to follow: it does, rightly, or the old one goes on;
    if it dies while it takes over, connections are closed"""
    with Faulty(program) as policyd:
        policyd.reload()
        policyd.memory.fail(SERVER)
        policyd.reload()
        result = Result("reload", policyd.memory.count())
        before = descriptors(policyd.monitor)
        client = policyd.client()
        for first, last in places(result.total):
            mark = policyd.mark()
            policyd.memory.fail(SERVER, first, last)
            policyd.signal(signal.SIGHUP)
            found = policyd.expect(
                r"reloaded: server|reload refused|server \d+ died", mark)
            policyd.memory.enough()
            policyd.check()
            no_crash(policyd, mark)
            result.add(re.sub(r"\d+ ", "", found.group(0)))
            try:
                answer = client.ask(THEIRS)
            except OSError:
                answer = b""
            if answer == b"":
                policyd.expect(r"server \d+ died: .*status 75|"
                               "broke off the hand-over", mark)
                client = policyd.client()
                answer = client.ask(THEIRS)
            assert answer.startswith(b"action=554"), answer
        wait_until(lambda: descriptors(policyd.monitor) == before,
                   "%d descriptors" % before)
        client.close()
        result.print()


def talk(policyd, context):
    """talk - in plain text and in TLS, as far as it goes"""
    def replies(client):
        found = []
        client.send(BATCH)
        while len(found) < len(QUESTIONS):
            reply = client.reply()
            if reply == b"":
                break
            found.append(reply)
        judge(found)
        return len(found)

    done = 0
    for connect in (policyd.client, lambda: policyd.tls_client(context)):
        with contextlib.suppress(OSError, ssl.SSLError):
            with connect() as client:
                client.socket.settimeout(2)
                done += replies(client)
        if done < len(QUESTIONS):       # memory may not come back: no server
            break
    return done


def test_serving(program):
    """a connection, its requests, a handshake: a server that cannot go on is
    replaced, and the next one is right"""
    with Faulty(program) as policyd:
        context = policyd.context()
        policyd.memory.fail(SERVER)
        assert talk(policyd, context) == 2 * len(QUESTIONS)
        result = Result("serving", policyd.memory.count())
        for first, last in places(result.total):
            server = policyd.server()
            mark = policyd.mark()
            policyd.memory.fail(SERVER, first, last)
            done = talk(policyd, context)
            policyd.memory.enough()
            policyd.check()
            no_crash(policyd, mark)
            if exists(server):
                result.add("%s answers" % (
                    "all" if done == 2 * len(QUESTIONS) else "some"))
                continue
            policyd.expect(r"server %d died: .*status 75" % server, mark)
            policyd.expect(r"policyd\[%d\]: error: out of memory" % server,
                           mark)
            result.add("replaced")
            # Whoever dies soon is replaced later and later; a new daemon.
            assert policyd.stop() == 0
            policyd.start()
        result.print()


def test_address_space(program):
    """clients that want more memory than there is: the server is replaced"""
    with open(program, "rb") as file:
        if b"__asan_init" in file.read():
            print("  AddressSanitizer itself ends when memory does")
            return
    with Faulty(program) as policyd:
        size = int(re.search(r"VmSize:\s*(\d+) kB", policyd.read(
            "/proc/%d/status" % policyd.server())).group(1)) * 1024
        resource.prlimit(policyd.monitor, resource.RLIMIT_AS, (size + (8 << 20),) * 2)
        policyd.reload()
        server = policyd.server()
        mark = policyd.mark()
        clients = []
        part = b"request=smtpd_access_policy\n" + (
            b"x=" + b"y" * 4000 + b"\n") * 15
        for _ in range(400):
            client = policyd.client()
            clients.append(client)
            with contextlib.suppress(OSError):
                client.send(part)
        policyd.expect(r"policyd\[%d\]: error: out of memory" % server, mark)
        policyd.expect(r"server %d died: .*status 75" % server, mark)
        policyd.expect("serving: ", mark)
        for client in clients:
            client.close()
        policyd.check()


def live(policyd):
    """live - what a monitor does: start, reload, replace; is it there still?"""
    def come(pattern, mark):
        wait_until(lambda: policyd.process.poll() is not None or
                   re.search(pattern, policyd.read(policyd.log)[mark:]),
                   pattern)
        return policyd.process.poll() is None

    mark = policyd.mark()
    with policyd.memory.preloaded():
        policyd.launch()
    policyd.monitor = policyd.process.pid
    if not come("serving: ", mark):
        return False
    policyd.signal(signal.SIGHUP)
    if not come("reloaded: |reload refused: ", mark):
        return False
    for server in policyd.servers():
        os.kill(server, signal.SIGKILL)
    return come(r"died: .*\n(.*\n)*.*serving: ", mark)


def test_monitor(program):
    """the monitor: it goes on, or ends with 75, and its server with it"""
    with Faulty(program) as policyd:
        policyd.stop()
        policyd.options = [MONITOR]
        policyd.memory.fail(MONITOR)
        assert live(policyd)
        assert policyd.stop() == 0
        result = Result("monitor", policyd.memory.count())
        for place in range(1, result.total + 1):
            mark = policyd.mark()
            policyd.memory.fail(MONITOR, place)
            if live(policyd):
                policyd.check()
                assert policyd.stop() == 0
                result.add("serves")
            else:
                assert policyd.wait() == OUT_OF_MEMORY
                text = policyd.read(policyd.log)[mark:]
                servers = re.findall(r"server (\d+)", text)
                wait_until(lambda: not any(exists(int(pid))
                                           for pid in servers),
                           "end of the servers")
                result.add("status 75")
            no_crash(policyd, mark)
        policyd.memory.enough()
        policyd.start()
        policyd.check()
        result.print()


if __name__ == "__main__":
    sys.exit(run_all([test_stdio, test_tools, test_start, test_reload,
                      test_serving, test_address_space, test_monitor]))
