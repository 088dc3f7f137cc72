#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_behind - policyd is never behind its Postfix: once Postfix takes mail
to a new domain, policyd, with nothing in its configuration but the two lines,
never makes it refuse that mail for good.

A throw-away Postfix has two smtpd ports, one that decides by itself and one
that asks policyd. Domains come, by postconf -e and in a hash table; Postfix is
reloaded after a change of main.cf, policyd never. From the moment at which the
first port accepts a new domain, the other one accepts or defers it, and at last
accepts it. All of this with policyd in the foreground, again with -d, and again
as in a container (contrib/Containerfile): a user without privileges from the
start, at a TCP port, where nothing can be written but its runtime directory,
and the configuration of Postfix is mounted.

usage: test_behind.py POLICYD
"""

import os
import shlex
import shutil
import signal
import sys

from kit.daemon import exists, free_port
from kit.policyd import CONFIGURATION, Policyd
from kit.postfix import count_differences, poll, run
from kit.smtp import Session, verdict

ROUNDS = int(os.environ.get("POLICYD_TEST_DOMAINS", "3"))
ASKED = "check_policy_service unix:private/policyd, reject"


class Detached(Policyd):
    """One that has detached itself, as policyd -d does."""

    def start(self):
        """start - returns when it serves: that is what -d promises"""
        run(self.program, "-d", "-c", self.file)
        with open(os.path.join(os.path.dirname(self.file), "pid")) as file:
            self.process = int(file.read())

    def stop(self):
        """stop - and wait, which nobody else does"""
        pid, self.process = self.process, None
        os.kill(pid, signal.SIGTERM)
        poll(lambda: not exists(pid))

    def kill(self):
        """kill - whatever happened before"""
        if self.process is not None:
            self.stop()


class Contained(Policyd):
    """One in mounts of its own, as in a container. Its user must be able to run
    the program, which may have been built where only root can go."""

    def __init__(self, program, *more):
        super().__init__(program, *more)
        self.program = shutil.copy(program, os.path.dirname(self.file))

    def command(self):
        """command - the same process becomes policyd"""
        config, run_directory = (
            shlex.quote(os.path.join(os.path.dirname(self.file), name))
            for name in ("etc", "run"))
        return ["unshare", "--mount", "--propagation", "private",
                "sh", "-euc", """
            mount --bind %s %s
            mount -o remount,ro,bind %s
            mkdir -p %s
            mount -t tmpfs -o mode=1777 policyd %s
            mount -o remount,ro,bind /
            RUNTIME_DIRECTORY=%s exec setpriv --reuid=65534 --regid=65534 \
                --clear-groups --no-new-privs --bounding-set=-all \
                --inh-caps=-all %s -c %s""" % (
                    config, config, config, run_directory, run_directory,
                    run_directory, shlex.quote(self.program),
                    shlex.quote(self.file))]

    def start(self):
        """start - it is what it is meant to be"""
        super().start()
        place = "/proc/%d/" % self.process.pid
        with open(place + "status") as status, open(place + "mounts") as mounts:
            text = status.read()
            assert "Uid:\t65534\t65534" in text, text
            assert "CapEff:\t0000000000000000" in text, text
            assert any(line.split()[1] == "/" and
                       line.split()[3].split(",")[0] == "ro"
                       for line in mounts), "not read-only"


def rcpt(port, domain):
    """rcpt - the verdict on a recipient there, in a session of its own"""
    with Session(port) as session:
        session.reply()
        session.ask("EHLO client.example")
        session.ask("MAIL FROM:<sender@client.example>")
        reply = verdict(session.ask("RCPT TO:<user@%s>" % domain))
        session.ask("QUIT")
        return reply


def follow(ports, domain, change):
    """follow - from a domain that nobody knows to one that is accepted; the
    replies of the port that asks policyd, since the other one accepts"""
    alone, asks = ports
    assert rcpt(asks, domain)[0] in "45", domain
    change(domain)
    replies = []

    def postfix_knows():
        return rcpt(alone, domain).startswith("250")

    def policyd_knows():
        replies.append(rcpt(asks, domain))
        return replies[-1].startswith("250")
    poll(postfix_knows)
    poll(policyd_knows)
    return replies


def changes(postfix, table, mark):
    """changes - the ways to add a domain: to main.cf, and to a hash table"""
    def add_key(domain):
        with open(table, "a") as out:
            out.write(domain + " x\n")
        run("postmap", "-c", postfix.config, "hash:" + table)

    def add_word(domain):
        run("postconf", "-c", postfix.config, "-e",
            "mydestination=%s, %s" % (postfix.get("mydestination"), domain))
        postfix.master.send_signal(signal.SIGHUP)    # postfix reload
    return (mark + "word", add_word), (mark + "key", add_key)


def follow_all(policyd, postfix, ports, ways):
    """follow_all - the replies about all new domains"""
    replies = []
    if postfix.master is None:
        postfix.start()
    assert rcpt(ports[1], "first.test").startswith("250")
    for number in range(ROUNDS):
        for name, change in ways:
            replies += follow(ports, "%s%d.test" % (name, number), change)
    poll(lambda: rcpt(ports[1], "remote.example").startswith("554"))
    said = policyd.said()
    policyd.stop()
    assert "reload failed" not in said, said
    assert said.count("has changed: reloading") >= ROUNDS, said
    return replies


def judge(program, postfix):
    """judge - the number of permanent refusals"""
    table = postfix.path("etc", "domains")
    socket_path = os.path.join(postfix.queue, "private", "policyd")
    postfix.discard()
    # Postfix itself must not be behind: no process that has read main.cf or the
    # table outlives the first client.
    postfix.set("max_use=1", "smtpd_relay_restrictions=",
                "relay_domains=hash:" + table)
    ports = [postfix.port(smtpd_recipient_restrictions=words) for words in
             ("permit_auth_destination, reject", ASKED)]
    changes(postfix, table, "")[1][1]("first.test")
    number = free_port()
    contained = (ports[0], postfix.port(
        smtpd_recipient_restrictions="check_policy_service "
        "inet:127.0.0.1:%d, reject" % number))
    at_port = 'listen "inet:127.0.0.1:%d" { }\nimport_postfix = "%s"\n' \
        'log = "stderr"\npid_file = "%s"\n' % (
            number, postfix.config, postfix.path("run", "pid"))
    refused = 0
    for kind, log in ((Policyd, "stderr"), (Detached, postfix.path("log")),
                      (Contained, "stderr")):
        text = CONFIGURATION % (socket_path, postfix.config) + (
            'user = "nobody"\nlog = "%s"\n' % log)
        where = (socket_path, None)
        if kind is Contained:
            text, where, ports = at_port, (None, number), contained
        with kind(program, postfix.directory, text, *where) as policyd:
            if log != "stderr":
                policyd.errors = log
            replies = follow_all(policyd, postfix, ports, changes(
                postfix, table, kind.__name__.lower()))
        print("%s, %d domains: %s" % (kind.__name__, 2 * ROUNDS, {
            reply: replies.count(reply) for reply in set(replies)}))
        refused += sum(reply.startswith("5") for reply in replies)
    return refused


if __name__ == "__main__":
    sys.exit(count_differences(judge))
