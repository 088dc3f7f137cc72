#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_store_kills - clients that are killed while several hosts count together

Clients of several policyds, which share one store, are killed at any time, also
while their request is on its way: what they were told to let through is never
more than the limit, and the last of it is not lost.

POLICYD_TEST_LONG=1: four policyds, and 400 kills.

usage: test_store_kills.py POLICYD [TEST ...]
"""

import contextlib

from kit.daemon import run_all
from kit.kills import kill_rounds
from kit.rates import command
from kit.store import Store
from kit.stores import HERE, HOSTS, LIMIT, limited


def test_kills(program):
    """never more than the limit, and no less is counted"""
    with Store() as store, contextlib.ExitStack() as stack:
        policyds = [stack.enter_context(limited(
            program, store, inet=(None, HERE)[i % 2]))
                    for i in range(HOSTS)]
        for name in kill_rounds(policyds, lambda name: lambda i: name):
            text = command(policyds[0], "login", name)[1]
            assert " %d  %d/1h " % (LIMIT, LIMIT) in text, text


if __name__ == "__main__":
    run_all([test_kills])
