#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""kill -9 under a real Postfix with many busy clients: nothing is lost but
time, and nothing is accepted that should not be.

usage: test_kill.py POLICYD

POLICYD_TEST_KILLS=50: 50 times instead of a few.
"""

import collections
import os
import random
import signal
import sys
import threading
import time

from kit.daemon import exists, run_all
from kit.policyd import Policyd
from kit.postfix import Postfix, poll
from kit.smtp import Session, verdict

KILLS = int(os.environ.get("POLICYD_TEST_KILLS", "3"))
CLIENTS = 20
# Postfix waits that long before it asks again, and does that once only.
AGAIN = 1
OURS, THEIRS = "user@local.test", "user@remote.example"
RIGHT = {OURS: "250", THEIRS: "554"}
DOWN = "451"

# reply = "ok": Postfix does not look again, so that a wrong permit is seen.
SETTINGS = """\
listen "unix:%s" { mode = "0666" }
mydestination = "local.test"
myhostname = "mail.local.test"
reply = "ok"
log = "stderr"
log_verdicts = { }
"""


class Mail(threading.Thread):
    """A client that asks for recipients of both kinds, again and again."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.session = Session(port)
        self.answers = []       # begin, end, recipient, code
        self.done = False
        self.error = None

    def run(self):
        try:
            self.session.reply()
            assert self.session.ask("EHLO client.example").startswith("250")
            while not self.done:
                self.message()
        except Exception as error:
            self.error = error
        self.session.close()

    def message(self):
        """message - recipients of one message that is never sent"""
        self.session.ask("MAIL FROM:<a@client.example>")
        for number in range(50):
            rcpt = OURS if number % 2 else THEIRS
            begin = time.monotonic()
            reply = self.session.ask("RCPT TO:<%s>" % rcpt)
            self.answers.append((begin, time.monotonic(), rcpt,
                                 verdict(reply)[:3]))
            if self.done:
                break
        assert self.session.ask("RSET").startswith("250")


class Load:
    """All clients, from here to the end of the block."""

    def __init__(self, port):
        self.clients = [Mail(port) for _ in range(CLIENTS)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        self.wait(20)
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.done = True
        for client in self.clients:
            client.join()

    def wait(self, count):
        """wait - until each client has this number of new answers"""
        before = [len(client.answers) for client in self.clients]

        def answered():
            errors = [one.error for one in self.clients if one.error]
            assert not errors, errors
            return all(len(client.answers) >= number + count for
                       client, number in zip(self.clients, before))
        poll(answered)

    def count(self, begin=0, end=float("inf"), outages=()):
        """count - what was asked and answered in between came out how often;
        DOWN is right for what met an outage that lasts until Postfix asks
        again"""
        counts = collections.Counter()
        for client in self.clients:
            for asked, answered, rcpt, code in client.answers:
                if begin <= asked and answered <= end:
                    right = code == RIGHT[rcpt] or code == DOWN and any(
                        asked <= back and answered >= gone and
                        back - gone >= AGAIN for gone, back in outages)
                    counts["right" if right else code] += 1
                    assert not (rcpt == THEIRS and code == "250"), "accepted"
        return counts

    def worst(self):
        return max(answered - asked for client in self.clients
                   for asked, answered, _, _ in client.answers)


def servers(policyd):
    """servers - children of the monitor"""
    pid = policyd.process.pid
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(pid) for pid in file.read().split()]


def kill_servers(policyd, load, moments):
    """kill_servers - at any moment, but not while somebody asks again; the
    monitor has another one at once"""
    for _ in range(KILLS):
        time.sleep(moments.random() * 0.2)
        for pid in servers(policyd):
            os.kill(pid, signal.SIGKILL)
        load.wait(2)
    load.wait(20)
    return []


def kill_monitor(policyd, load, moments):
    """kill_monitor - and start it again, as a supervisor does; the outages"""
    times, outages = [], []
    for _ in range(KILLS):
        time.sleep(moments.random() * 0.2)
        gone = time.monotonic()
        policyd.process.kill()
        policyd.process.wait()
        begin = time.monotonic()
        policyd.start()
        back = time.monotonic()
        times.append(back - begin)
        outages.append((gone, back))
        load.wait(2)
    load.wait(20)
    print("  from start to listening: %.0f ms at most" % (max(times) * 1000))
    return outages


def down(policyd, load):
    """down - until everybody was put off; no answer is another"""
    last = servers(policyd)
    policyd.process.kill()
    policyd.process.wait()
    poll(lambda: not any(exists(pid) for pid in last))
    begin = time.monotonic()
    load.wait(3)        # the first one may have been asked before that
    end = time.monotonic()
    policyd.start()
    load.wait(20)
    return load.count(begin, end)


def test_kill(program):
    """20 clients, a server killed, the monitor killed, none for a while"""
    moments = random.Random(1)
    with Postfix() as postfix:
        path = postfix.path("policyd")
        port = postfix.port(
            smtpd_relay_restrictions="",
            smtpd_recipient_restrictions="check_policy_service,unix:%s,reject"
            % path)
        with Policyd(program, postfix.directory, SETTINGS % path,
                     path) as policyd:
            postfix.start()
            for kill in (kill_servers, kill_monitor):
                begin = time.monotonic()
                with Load(port) as load:
                    outages = kill(policyd, load, moments)
                    seconds = time.monotonic() - begin
                counts = load.count(outages=outages)
                print("  %s: %d times, %s, %d answers a second, worst after "
                      "%.2f s" % (kill.__name__, KILLS, dict(counts),
                                  sum(counts.values()) / seconds,
                                  load.worst()))
                assert set(counts) == {"right"}, counts
            with Load(port) as load:
                counts = down(policyd, load)
                print("  down: %s" % dict(counts))
                assert set(counts) == {DOWN}, counts
            assert set(load.count()) == {"right", DOWN}, load.count()


if __name__ == "__main__":
    sys.exit(run_all([test_kill]))
