# SPDX-License-Identifier: ISC
"""Random addresses, put to a real Postfix and to policyd: both must agree.

usage: test_differential.py POLICYD

One Postfix has two smtpd services with the same settings. One decides by
itself (permit_auth_destination, reject), the other asks policyd, which has
the same lists and replies OK or a refusal. Both get the same RCPT TO, in one
long session for each random setting. For details see grammar.py. Environment:

  POLICYD_FUZZ_COUNT    compare at least this number of addresses (10000)
  POLICYD_FUZZ_SECONDS  and continue for this number of seconds
  POLICYD_FUZZ_SEED     another seed makes other settings and addresses
  POLICYD_FUZZ_SETTING  only the setting of this number
  POLICYD_FUZZ_RCPT     only this text, with \\xNN for bytes that do not print

Exit status 1: they differ somewhere, or fewer addresses were compared.
"""

import collections
import contextlib
import os
import shlex
import shutil
import socket
import sys
import tempfile
import time
import traceback

from kit.grammar import Addresses, Host, Setting
from kit.instance import (POLICYD_CONF, TYPES, Instance, asking_class,
                          builtin_class, escape, has_ipv6, own_addresses,
                          unescape)
from kit.policyd import Policyd
from kit.postfix import run
from kit.smtp import CLOSED

COUNT = 10000           # addresses compared
PER_SETTING = 450       # addresses tried with each setting
BATCH = 50              # recipients of one transaction
DIFFERENCES_MAX = 50    # print no more
LEFT = "reply = ok cannot be combined with"
SLOW = " did not end within "


def shell_word(data):
    """shell_word - bytes as one word for a POSIX shell"""
    if all(0x20 <= byte < 0x7f for byte in data):
        return shlex.quote(data.decode())
    return "\"$(printf '%s')\"" % "".join(
        chr(byte) if 0x20 <= byte < 0x7f and byte not in b"%\\'"
        else "\\%03o" % byte for byte in data)


def recipient_of(postfix, text, utf8):
    """recipient_of - the attribute that Postfix makes of it, or None"""
    path = os.path.join(postfix.queue, "private", "recorder")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen()
        listener.settimeout(5)
        try:
            with postfix.session("recording") as session:
                session.send_batch([text], utf8)
                client, _ = listener.accept()
                with client, client.makefile("rb") as lines:
                    found = dict(line.rstrip(b"\n").split(b"=", 1)
                                 for line in iter(lines.readline, b"\n"))
                    client.sendall(b"action=DUNNO\n\n")
                return found[b"recipient"]
        except socket.timeout:
            return None
        finally:
            os.unlink(path)


def is_long(setting, text):
    """is_long - a name that is too long for tables of patterns: it is left to
    Postfix, and with reply = ok it is deferred (policyd.conf(5))"""
    return any(kind in setting.policyd() for kind in ("regexp:", "pcre:")) \
        and any(len(part.encode(errors="surrogateescape")) > 255
                for part in text.split("@"))


class Fuzz:
    """Counts and compares."""

    def __init__(self, program, postfix):
        self.program = os.path.abspath(program)
        self.postfix = postfix
        self.seed = os.environ.get("POLICYD_FUZZ_SEED", "1")
        self.kept = tempfile.mkdtemp(prefix="policyd-differential-")
        os.chmod(self.kept, 0o755)
        self.counts = collections.Counter()
        self.differences = 0
        self.settings = 0
        self.host = Host(own_addresses(), has_ipv6(), [
            name for name in run("postconf", "-c", postfix.config, "-m").split()
            if name in TYPES])

    def compared(self):
        """compared - addresses that both sides decided about"""
        return sum(self.counts[name] for name in (
            "permit", "reject", "defer"))

    def difference(self, setting, text, utf8, builtin, asking):
        """difference - print it, and how to see it again"""
        self.differences += 1
        if self.differences > DIFFERENCES_MAX:
            return
        print("DIFFERENCE: seed %s, setting %d, RCPT TO:%s%s\n"
              "  Postfix: %s\n  policyd: %s" % (
                  self.seed, setting.number, escape(text),
                  " (SMTPUTF8)" if utf8 else "", builtin, asking))
        print("  POLICYD_FUZZ_SEED=%s POLICYD_FUZZ_SETTING=%d "
              "POLICYD_FUZZ_RCPT=%s python3 %s %s" % (
                  shlex.quote(self.seed), setting.number,
                  shlex.quote(escape(text)), shlex.quote(sys.argv[0]),
                  shlex.quote(self.program)))
        recipient = recipient_of(self.postfix, text, utf8)
        if recipient is not None:
            print("  %s -q -c %s request=smtpd_access_policy "
                  "protocol_state=RCPT %s" % (
                      shlex.quote(self.program), self.configuration(setting),
                      shell_word(b"recipient=" + recipient)))
        sys.stdout.flush()

    def configuration(self, setting):
        """configuration - a file that stays, with the lists of a setting"""
        path = os.path.join(self.kept, "%d.conf" % setting.number)
        with open(path, "w", encoding="utf-8",
                  errors="surrogateescape") as out:
            out.write(POLICYD_CONF % os.path.join(self.kept, "socket")
                      + setting.policyd())
        return path

    def batch(self, setting, sessions, texts, utf8):
        """batch - one transaction with both"""
        for session in sessions:
            session.send_batch(texts, utf8)
        replies = [session.replies(texts) for session in sessions]
        for text, builtin, asking in zip(texts, *replies):
            if CLOSED in (builtin, asking):
                raise RuntimeError("closed: RCPT TO:" + escape(text))
            found = builtin_class(builtin)
            other = asking_class(asking)
            wrong = other != found
            if setting.lenient and other in ("syntax", "555"):
                found = "syntax"        # there policyd was not asked
                wrong = False
            elif setting.lenient and found == "syntax":
                found = "syntax, asked"
                wrong = other != "reject"
            if wrong and other == "defer" and is_long(setting, text):
                found = "long"
                wrong = False
            self.counts[found] += 1
            if wrong:
                self.difference(setting, text, utf8, builtin, asking)

    @staticmethod
    def starts(policyd):
        """starts - does it? With reply = ok it must refuse a table that it
        leaves to Postfix, as a few of these patterns are. On a busy machine
        postconf or postmap may take too long, but not each time."""
        for tries in range(10):
            try:
                policyd.start()
                return True
            except RuntimeError:
                said = policyd.said()
                if LEFT not in said and (tries == 9 or SLOW not in said):
                    raise
                os.unlink(policyd.errors)   # the next one has its own
                if LEFT in said:
                    return False
        return False

    def setting(self, number, only=None):
        """setting - one random setting and its addresses"""
        setting = Setting(self.seed, number, self.kept, self.host)
        addresses = Addresses(self.seed, setting)
        self.settings += 1
        self.postfix.apply(setting)
        path = os.path.join(self.postfix.queue, "private", "policyd")
        # What is written wins; postmap reads that directory in any case.
        text = POLICYD_CONF % path + \
            'import_postfix = "%s"\n' % self.postfix.config + (
                "" if setting.imported else setting.policyd())
        policyd = Policyd(self.program, self.postfix.directory, text, path)
        with contextlib.ExitStack() as stack:
            stack.callback(policyd.kill)
            if not self.starts(policyd):
                self.counts["left to Postfix"] += 1
                return
            sessions = [stack.enter_context(self.postfix.session(name))
                        for name in ("builtin", "lenient" if setting.lenient
                                     else "asking")]
            for turn in range(2 if only else PER_SETTING // BATCH):
                utf8 = setting.utf8 and turn % 2 == 1
                texts = [only] if only else [
                    addresses.next() for _ in range(BATCH)]
                self.batch(setting, sessions, texts, utf8)
            policyd.stop()
        if self.differences == 0:
            for name in os.listdir(self.kept):
                os.unlink(os.path.join(self.kept, name))

    def run(self):
        """run - as much as the environment asks for; the exit status"""
        number = os.environ.get("POLICYD_FUZZ_SETTING")
        only = os.environ.get("POLICYD_FUZZ_RCPT")
        count = int(os.environ.get("POLICYD_FUZZ_COUNT", COUNT))
        end = time.monotonic() + float(
            os.environ.get("POLICYD_FUZZ_SECONDS", "0"))
        if number is not None:
            self.setting(int(number), unescape(only) if only else None)
            print(self)
            return 1 if self.differences else 0
        start = reported = time.monotonic()
        # Settings whose addresses are all bad syntax do not exist: a bound.
        bound = 4 * count // PER_SETTING + 4
        while self.differences <= DIFFERENCES_MAX and (
                time.monotonic() < end or
                self.compared() < count and self.settings < bound):
            self.setting(self.settings)
            if time.monotonic() - reported > 60:
                reported = time.monotonic()
                print("%6.0f s: %s" % (reported - start, self), flush=True)
        return self.result(count)

    def result(self, count):
        """result - is it good? the exit status"""
        print(self)
        if self.differences:
            return 1
        if self.compared() < count:
            print("FAILED: %d addresses were to be compared" % count)
            return 1
        if self.counts["left to Postfix"] > self.settings / 10:
            print("FAILED: too many settings are left to Postfix")
            return 1
        for name in ("permit", "reject"):
            if self.counts[name] < self.compared() / 10:
                print("FAILED: hardly any %s" % name)
                return 1
        return 0

    def __str__(self):
        return "seed %s: %d settings, tables: %s; %d addresses " \
            "compared (%s), %d differences" % (
                self.seed, self.settings, " ".join(self.host.types),
                self.compared(), ", ".join(
                    "%s %d" % pair for pair in sorted(self.counts.items())),
                self.differences)

    def clean(self):
        """clean - keep the files of a difference, for policyd -q"""
        if self.differences == 0:
            shutil.rmtree(self.kept)


def main():
    """main - exit status 0: no difference"""
    with Instance() as postfix:
        fuzz = Fuzz(sys.argv[1], postfix)
        try:
            return fuzz.run()
        except BaseException:
            traceback.print_exc()
            print("setting %d, Postfix said:\n%s" % (
                fuzz.settings - 1, postfix.said()[-5000:]))
            return 1
        finally:
            fuzz.clean()


if __name__ == "__main__":
    sys.exit(main())
