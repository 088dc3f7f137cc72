# SPDX-License-Identifier: ISC
"""Questions with all kinds of answers, and a daemon that knows them: whatever
goes wrong in it, none of them may be answered with a permit that is none."""

import contextlib
import re
import ssl

from kit.daemon import OURS, THEIRS
from kit.tls_daemon import TlsDaemon

REPLIES = (b"554 5.7.1 the first text", b"554 5.7.1 the other text")
# A stranger without TLS gets plaintext_reply.
REPLY_SETTINGS = ["plaintext_reply = \"%s\"\nreject_reply = \"%s\"\n" % (
    text.decode(), text.decode()) for text in REPLIES]

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
    """judge - each is the right one, or says to try later"""
    for reply, (text, permitted) in zip(replies, QUESTIONS):
        later = b"action=451 ", b"action=450 4.3.2 "
        if reply.startswith(later) and not complete:
            continue
        right = (b"action=permit_" if permitted else b"action=55")
        assert reply.startswith(right), (text, reply)
    assert not complete or len(replies) == len(QUESTIONS), len(replies)


def converse(connect, patience, one_by_one=False):
    """converse - ask all, and read as far as it goes: until there is no more,
    or nothing comes for a number of seconds. Every answer is judged; returns
    their number"""
    replies = []
    with contextlib.suppress(OSError, ssl.SSLError):
        with connect() as client:
            client.socket.settimeout(patience)
            if not one_by_one:
                client.send(BATCH)
            for text, _ in QUESTIONS:
                if one_by_one:
                    client.send(text)
                reply = client.reply()
                if reply == b"":
                    break
                replies.append(reply)
    judge(replies)
    return len(replies)


class Asked(TlsDaemon):
    """A daemon, in plain text and in TLS, that knows the answers."""

    def __init__(self, program, more=""):
        super().__init__(program)
        self.judged = 0         # of what it wrote to standard error
        for name, text in TABLES.items():
            with open(self.path(name), "w") as file:
                file.write(text)
        self.write_config(self.read(self.config) +
                          SETTINGS.format(self.directory) + more)

    def check(self, complete=True):
        """check - every answer is there, and is right; or says to try later"""
        with self.client() as client:
            client.send(BATCH)
            judge([client.reply() for _ in QUESTIONS], complete)

    def no_crash(self, mark, allowed="9 "):
        """no_crash - no process was ended by a signal but those allowed"""
        said = self.read(self.path("stderr"), self.judged)
        self.judged += len(said)
        text = self.read(self.log, mark) + said
        assert not re.search(
            r"killed by signal (?!%s)|Sanitizer|runtime error" % allowed,
            text), text[-3000:]
