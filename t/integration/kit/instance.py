# SPDX-License-Identifier: ISC
"""A Postfix that decides by itself at one service, and asks policyd at another:
what both say of the same recipients."""

import os
import re
import signal
import socket
import time

from kit.daemon import WAIT
from kit.postfix import Postfix, poll, run
from kit.processes import is_group_alive
from kit.smtp import Session

# What Postfix itself has beside the random settings: no limits, and nothing
# that decides about recipients but the restrictions.
SETTINGS = {
    "smtpd_relay_restrictions": "",
    "smtpd_data_restrictions": "",
    "smtpd_helo_required": "no",
    "smtpd_reject_unlisted_recipient": "no",
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "100000000",
    "smtpd_hard_error_limit": "100000000",
    "smtpd_junk_command_limit": "100000000",
    "smtpd_recipient_limit": "100000",
    "smtpd_recipient_overshoot_limit": "100000",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_client_event_limit_exceptions": "",
    "virtual_alias_maps": "",
    "virtual_mailbox_maps": "",
}
RESTRICTIONS = {
    "builtin": "permit_auth_destination, reject",
    "asking": "check_policy_service unix:private/policyd, reject",
    "lenient": "check_policy_service unix:private/policyd, reject",
    "recording": "check_policy_service unix:private/recorder, reject",
}
# What the service "lenient" has, so that it finds less to be bad syntax.
LENIENT = {
    "resolve_null_domain": "yes",
    "resolve_numeric_domain": "yes",
    "allow_min_user": "yes",
}
# Tables that policyd reads; those that this Postfix has are tried.
TYPES = ["btree", "cidr", "hash", "inline", "lmdb", "pcre", "regexp",
         "texthash"]
POLICYD_CONF = """\
listen "unix:%s" { mode = "0666" }
log = "stderr"
log_verdicts = { }
restrictions = { permit_auth_destination, reject_unauth_destination }
reply = "ok"
allow_open_relay = yes
"""


def escape(text):
    """escape - one line of ASCII, as in t/data/vectors"""
    return "".join(
        "\\\\" if byte == 0x5c else chr(byte) if 0x20 <= byte < 0x7f
        else "\\x%02x" % byte
        for byte in text.encode("utf-8", "surrogateescape"))


def unescape(text):
    """unescape - the inverse"""
    return re.sub(rb"\\(?:x([0-9a-f]{2})|\\)",
                  lambda m: bytes([int(m[1], 16)]) if m[1] else b"\\",
                  text.encode()).decode("utf-8", "surrogateescape")


def age(path, seconds):
    """age - make a file look older: Postfix waits while it is too new"""
    past = time.time() - seconds
    os.utime(path, (past, past))


def own_addresses():
    """own_addresses - of this machine"""
    return ["127.0.0.1", "::1"] + run("hostname", "-I").split()


def has_ipv6():
    """has_ipv6 - on loopback at least"""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
            return True
        except OSError:
            return False


class UnixSession(Session):
    """A session with an smtpd that listens on a UNIX-domain socket, which no
    setting of inet_interfaces or inet_protocols can take away."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT)
        try:
            self.socket.connect(path)
        except OSError:
            self.close()
            raise
        self.buffer = b""
        self.must(self.reply(), "220")
        self.must(self.ask("EHLO client.example"), "250")

    def must(self, reply, code):
        """must - this has to work, or there is nothing to compare"""
        if not reply.startswith(code):
            raise RuntimeError("instead of %s: %s" % (code, reply))

    def send_batch(self, batch, utf8):
        """send_batch - a transaction that ends with its recipients"""
        self.send("MAIL FROM:<sender@client.example>" + (
            " SMTPUTF8" if utf8 else ""),
            *["RCPT TO:" + text for text in batch], "RSET")

    def replies(self, batch):
        """replies - to each of them"""
        self.must(self.reply(), "250 2.1.0")
        replies = [self.reply() for _ in batch]
        self.must(self.reply(), "250 2.0.0")
        return replies


class Instance(Postfix):
    """A Postfix with the services of RESTRICTIONS. Between two settings it is
    killed and started: no process can have a setting of before."""

    def __init__(self):
        settings = dict(SETTINGS)
        for name, restrictions in RESTRICTIONS.items():
            settings[name + "_restrictions"] = restrictions
        super().__init__(settings)
        for name in RESTRICTIONS:   # -o takes no white space
            self.service("%s unix n - n - - smtpd" % name, {
                "smtpd_recipient_restrictions":
                    "$%s_restrictions" % name})
        self.service("understanding unix - - n - - trivial-rewrite", LENIENT)
        run("postconf", "-c", self.config, "-P",
            "lenient/unix/rewrite_service_name=understanding")

    def stop(self):
        """stop - at once; nothing in the queue is of value"""
        if self.master is None:
            return
        group = self.master.pid
        os.killpg(group, signal.SIGKILL)
        self.master.wait()
        self.master = None

        def postfix_gone():     # a child may hold a lock or a socket
            return not is_group_alive(group)
        poll(postfix_gone)

    def apply(self, setting):
        """apply - start anew with this setting"""
        self.stop()
        if os.path.exists(self.log):
            os.truncate(self.log, 0)
        self.set(*["%s=%s" % pair for pair in setting.values.items()])
        for path, text in setting.files.items():
            with open(path, "w", encoding="utf-8",
                      errors="surrogateescape", newline="") as out:
                out.write(text)
            age(path, 20)
        for name in setting.maps:
            run("postmap", "-c", self.config, name)
            path = name.partition(":")[2]
            age(path + (".lmdb" if name.startswith("lmdb:") else ".db"), 10)
        self.start()

    def session(self, name):
        """session - with the service of that name"""
        path = os.path.join(self.queue, "public", name)

        def smtpd_answers():
            if self.master.poll() is not None:
                raise RuntimeError("Postfix ended: " + self.said()[-2000:])
            try:
                return UnixSession(path)
            except (ConnectionRefusedError, FileNotFoundError):
                return None
        return poll(smtpd_answers)


def builtin_class(reply):
    """builtin_class - what Postfix decided by itself"""
    return {"250": "permit", "554": "reject", "451": "defer",
            "501": "syntax"}.get(reply[:3], reply[:3])


def asking_class(reply):
    """asking_class - what it decided with policyd. A refusal has to be of
    policyd, which has its own text, not of what follows it or replaces it."""
    found = builtin_class(reply)
    if found == "reject" and "(id " not in reply or \
            found == "defer" and "Temporary lookup failure" not in reply:
        return found + ", but not by policyd"
    return found
