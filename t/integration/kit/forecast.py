# SPDX-License-Identifier: ISC
"""Forecasts of policyd -q --replay, sessions as a log shows them, and a player
that gives the same ones to a real Postfix."""

import contextlib
import json
import os
import re
import subprocess
import tempfile

from kit.daemon import WAIT
from kit.matrix import PORTS, Script
from kit.smtp import CLOSED, NO_TLS, Session, tls_context, verdict

DOMAINS = """\
myhostname = "mail.local.test"
mydestination = "local.test, mail.local.test, localhost"
inet_interfaces = "127.0.0.1"
"""


def ask(program, config, *files, **options):
    """ask - policyd -q --replay: status, output, errors"""
    done = subprocess.run(
        [program, "-q", "-c", config, "--replay", *files],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=WAIT, env=dict(os.environ, TZ="CET-1"), **options)
    assert "AddressSanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def groups(program, config, *files):
    """groups - of --format=json: the groups, and the summary"""
    _, out, err = ask(program, config, "--format=json", *files)
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines and lines[-1]["kind"] == "summary", (out, err)
    return lines[:-1], lines[-1]


@contextlib.contextmanager
def written(**files):
    """written - a directory with these files; _ in a name is a dot"""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = os.path.join(directory, name.replace("_", "."))
            with open(path, "wb") as out:
                out.write(text if isinstance(text, bytes) else text.encode())
        yield directory


BUILT_IN = ("permit_auth_destination, permit_sasl_authenticated, "
            "reject_unauth_destination")
CONFIGURATIONS = {
    "same": "",
    "strict": 'relay_domains = "other.test"\ntls_protocols = ">=TLSv1.3"\n'
              'service "d" {\n\tserver_port = { @D@ }\n\trestrictions = '
              '{ permit_auth_destination, reject }\n}\n',
    "open": 'relay_domains = "relay.test, remote.example"\nreply = "ok"\n',
}
SERVING = """\
listen "unix:%s" { mode = "0660" owner = "postfix" group = "postfix" }
import_postfix = "%s"
user = "nobody"
log = "stderr"
table_refresh = no
"""


class Player:
    """Plays rows against ports that ask in one way."""

    def __init__(self, postfix, way, restrictions):
        self.ports = {}
        ports = dict(PORTS, E={"smtpd_tls_security_level": "may",
                               "smtpd_tls_auth_only": "no"})
        for name, options in ports.items():
            self.ports[name] = postfix.port(
                syslog_name="postfix/%s%s" % (way, name),
                smtpd_relay_restrictions=restrictions, **options)
        self.contexts = {
            version: tls_context(version, postfix.path("tls", "ca.pem"))
            for version in ("TLSv1.2", "TLSv1.3")}

    def play(self, number, row):
        """play - one row; the recipients, and the replies to them"""
        port, tls, login, label, rcpt, _, steps = row
        script = Script(label, rcpt, login)
        found = []
        reply = ended = ""
        source = "127.%d.%d.1" % (1 + number // 200, number % 200)
        with Session(self.ports[port], source=source) as session:
            if port == "C" and tls == "plain":
                session.send("EHLO client.example")
            for step in steps.split(" | "):
                name = step.split("=", 1)[0]
                # Where the answers are new, the steps may not fit.
                if reply.startswith("354") != (name == "DOT"):
                    break
                reply = script.step(session, name, self.contexts.get(tls))
                if name.startswith("RCPT"):
                    found.append((script.command(name), verdict(reply)))
                if reply.startswith("250 2.0.0 Ok: queued"):
                    ended = "queued"
                if reply in (CLOSED, NO_TLS):
                    break
        return found, ended


def count_rows(found, kind):
    """count_rows - {number of the row: recipients} of one kind of group"""
    counts = {}
    for group in found:
        if group["kind"] != kind:
            continue
        high, low = group["network"].split(".")[1:3]
        number = (int(high) - 1) * 200 + int(low)
        counts[number] = counts.get(number, 0) + group["count"]
    return counts


HEAD = "Nov 24 15:00:00 mx postfix/%s"


def session(address="192.0.2.30", tls="", login="", more="", ident="AAAAA"):
    """session - the lines of one that sends to the world"""
    return "".join(HEAD % line + "\n" for line in [
        "smtpd[1]: connect from h[%s]" % address] + ([
            "smtpd[1]: Anonymous TLS connection established from h[%s]: %s "
            "(256/256 bits)" % (address, tls)] if tls else []) + [
                "smtpd[1]: %s: client=h[%s]%s" % (
                    ident, address, ", sasl_method=PLAIN, sasl_username=%s" %
                    login if login else ""),
                "qmgr[2]: %s: from=<a@local.test>, size=1, nrcpt=1 (queue "
                "active)" % ident,
                "smtpd[1]: disconnect from h[%s]%s%s rcpt=1 data=1 "
                "commands=9" % (address, " starttls=1" if tls else "", more),
                "smtp[3]: %s: to=<b@far.example>, relay=m[192.0.2.9]:25, "
                "status=sent (250)" % ident,
                "qmgr[2]: %s: removed" % ident])


# TLS is logged here: a session without such a line has none.
LOGS_TLS = "".join(HEAD % line + "\n" for line in [
    "smtpd[9]: connect from h[198.51.100.9]",
    "smtpd[9]: Anonymous TLS connection established from h[198.51.100.9]: "
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
    "smtpd[9]: disconnect from h[198.51.100.9] ehlo=2 starttls=1 commands=3"])


def put(text, where, write):
    """put - one line, in place of one of that name; it is added at the end"""
    word = write.split()[0]
    if where == "at top level":
        return re.sub(r"(?m)^%s = .*\n" % word, "", text) + write + "\n"
    assert where[3:] + " {\n" in text, (where, text)
    return re.sub(
        r"(?ms)^(%s \{\n)(.*?)^\}\n" % re.escape(where[3:]),
        lambda found: found[1] + re.sub(r"(?m)^\s*%s = .*\n" % word, "",
                                        found[2]) + "\t" + write + "\n}\n",
        text)


def apply(text, advice):
    """apply - write into a configuration what is advised"""
    for where, write in re.findall(
            r'^\s+(at top level|in service "\w+"): (\w+ = .*)$', advice, re.M):
        text = put(text, where, write)
    return text


def lines(*texts):
    """lines - of a log"""
    return "".join(HEAD % text + "\n" for text in texts)


# A message of sendmail(1).
LOCAL = lines("pickup[4]: BBBBB: uid=0 from=<root>",
              "cleanup[5]: BBBBB: message-id=<x>",
              "qmgr[2]: BBBBB: from=<root>, size=1, nrcpt=1 (queue active)",
              "local[3]: BBBBB: to=<a@local.test>, relay=local, status=sent (x)",
              "qmgr[2]: BBBBB: removed")

# Of master.cf: two ports, and an option below a port.
TWO_PORTS = """\
smtp inet n - y - - smtpd
submission inet n - y - - smtpd
    -o syslog_name=postfix/submission
    -o smtpd_tls_security_level=may
%s"""
RELAY = "    -o { smtpd_relay_restrictions=%s }\n"
