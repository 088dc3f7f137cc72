#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_store_hosts - four hosts with networks of their own count in one store

Each host has a policyd, and two of them a Postfix before it. The lines of two
are cut, so that packets are lost and nobody is told: each of these goes on with
what it has counted itself, the others together, and all together when the lines
are back. Nobody gets more than the limit of a host from any of them.

usage: test_store_hosts.py POLICYD
"""

import contextlib
import functools
import re

from kit.daemon import run_all
from kit.network import Host, own_network
from kit.postfix import poll
from kit.rate_mail import Mail, restrictions
from kit.rates import command
from kit.store import Store
from kit.stores import LIMIT, is_away, is_back, limited, passes, store_section

HOSTS, POSTFIXES = 4, 2
LOGIN = "user@local.test"       # of the Postfix
FIRST = 2                       # messages of each host before the cut
# Longer than a busy machine takes for an answer.
TIMEOUT = "timeout = 2s"


class Plain:
    """A host whose policyd is asked as Postfix would."""

    def __init__(self, program, store, address):
        self.policyd = limited(program, store, TIMEOUT, inet=address)
        self.sent = 0

    def __enter__(self):
        self.policyd.__enter__()
        return self

    def __exit__(self, *exception):
        return self.policyd.__exit__(*exception)

    def one(self):
        """one - message; is it let through?"""
        self.sent += 1
        return passes(self.policyd, "%s.%d" % (self.policyd.directory,
                                               self.sent),
                      sasl_username=LOGIN)

    def send(self, most):
        """send - until one is refused; how many were not"""
        for count in range(most):
            if not self.one():
                return count
        return most

    def away(self):
        is_away(self.policyd, ".*")

    def back(self):
        is_back(self.policyd)

    def reset(self):
        return command(self.policyd, "--reset", "login", LOGIN)


class Mailing(Plain):
    """A host with a Postfix."""

    def __init__(self, program, store, address):
        self.mail = Mail(program, ["login"], restrictions("check_rate:login"), [
            ('"200/1h", "1000/1d"', '"%d/1h"' % LIMIT),
            ('limit_maps = "texthash:/etc/policyd/limits"', "")])
        with open(self.mail.policyd.file, "a") as file:
            file.write(store_section(store, TIMEOUT, address))

    def __enter__(self):
        self.mail.__enter__()
        return self

    def __exit__(self, *exception):
        return self.mail.__exit__(*exception)

    def one(self):
        with self.mail.session() as session:
            reply = self.mail.send(session)
        assert re.match(r"250 |450 4\.7\.1 <.*Sending limit reached", reply), \
            reply
        return reply.startswith("250")

    def delivered(self, count):
        """delivered - do all that were let through arrive?"""
        poll(lambda: self.mail.delivered() == count)

    def _said(self, pattern):
        poll(lambda: re.search(pattern, self.mail.policyd.said()))

    def away(self):
        self._said(r"store \S+ is away")

    def back(self):
        self._said(r"store \S+ is back")


def each(hosts, name, *arguments):
    """each - host does it, all at the same time; what they return"""
    for host in hosts:
        host.begin(name, *arguments)
    return [host.end() for host in hosts]


def test_hosts(program):
    """with the network, without it, and with it again"""
    own_network()
    with Store(bind="0.0.0.0", **{"protected-mode": "no"}) as store, \
            contextlib.ExitStack() as stack:
        hosts = [stack.enter_context(Host(number, functools.partial(
            Mailing if number < POSTFIXES else Plain, program, store)))
                 for number in range(HOSTS)]
        passed = each(hosts, "send", FIRST)
        assert passed == [FIRST] * HOSTS, passed
        cut, others = hosts[::2], hosts[1::2]
        for host in cut:
            host.cut()
        alone = each(cut, "send", 2 * LIMIT)
        together = each(others, "send", 2 * LIMIT)
        assert alone == [LIMIT - FIRST] * len(cut), alone
        assert sum(together) == LIMIT - FIRST * HOSTS, together
        each(cut, "away")
        for host in cut:
            host.join()
        each(cut, "back")
        assert each(hosts, "send", 1) == [0] * HOSTS
        assert hosts[-1].do("reset")[0] == 0
        again = each(hosts, "send", 2 * LIMIT)
        assert sum(again) == LIMIT, again
        hosts[0].do("delivered", FIRST + alone[0] + again[0])
        hosts[1].do("delivered", FIRST + together[0] + again[1])
        print("  each %d, then %s alone and %s together, then %s" % (
            FIRST, alone, together, again))


if __name__ == "__main__":
    run_all([test_hosts])
